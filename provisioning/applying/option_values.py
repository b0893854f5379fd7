"""Is what Asterisk shows what we wrote? Compared by meaning: `yes` is `true`, `/24` is `/255.255.255.0`. Pure.

There are three answers. Asterisk takes an object whole or not at all, so one option that is shown in a way this module
does not know proves nothing, and must not undo an apply: it is UNKNOWN.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

SECRETS: Final = frozenset({"password", "secret", "md5_cred", "password_digest", "oauth_secret", "refresh_token"})
"""Options whose values are compared and never said."""

_TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_FALSE: Final = frozenset({"no", "false", "n", "f", "0", "off"})
_SAYS_BOOL: Final = frozenset({"yes", "no", "true", "false"})

_UNORDERED: Final = frozenset({"contact", "match", "local_net", "match_header", "match_request_uri"})
"""Options that may be written several times, or with commas; Asterisk keeps them as a set."""
_NETWORKS: Final = frozenset({"match", "local_net"})
_GROUPS: Final = frozenset({"call_group", "pickup_group"})
_PLAIN: Final = frozenset(
    {
        "context",
        "aors",
        "auth",
        "outbound_auth",
        "transport",
        "from_user",
        "from_domain",
        "username",
        "realm",
        "server_uri",
        "client_uri",
        "contact_user",
        "endpoint",
        "outbound_proxy",
        "language",
        "accountcode",
        "message_context",
        "subscribe_context",
        "mailboxes",
        "moh_suggest",
        "tenantid",
        "protocol",
        "password",
        "md5_cred",
        "oauth_secret",
        "refresh_token",
        "oauth_clientid",
        "dtmf_mode",
        "named_call_group",
        "named_pickup_group",
        "media_address",
        "voicemail_extension",
        "tone_zone",
        "identify_by",
        "external_media_address",
        "external_signaling_address",
        "domain",
        "user_agent",
    }
)
"""Shown as written, blanks after commas apart."""
_NOT_SHOWN: Final = frozenset(
    {"type", "disallow", "deny", "permit", "acl", "contact_deny", "contact_permit", "contact_acl"}
)
_ANOTHER_NAME: Final = {("direct_media_method", "reinvite"): "invite", ("connected_line_method", "reinvite"): "invite"}


class Verdict(Enum):
    """What a comparison says."""

    EQUAL = auto()
    DIFFERENT = auto()
    UNKNOWN = auto()


def written_options(options: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return option → values in order. An empty value clears nothing here; the comparison sees to it."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in options:
        found[key] = (*found.get(key, ()), value)
    return found


def differing(
    written: Mapping[str, Sequence[str]], shown: Mapping[str, Sequence[str]], former: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[str]]:
    """Return (options that differ, options that cannot be told).

    `former` is what was written before this change: a value shown that says the former one was retained.
    """
    different, unknown = [], []
    for key, values in written.items():
        if key == "set_var":
            wrong = [name for name, value in map(_variable, values) if shown.get(name, ("",))[-1].strip() != value]
            different += [f"set_var {name}" for name in wrong]
            continue
        if key in _NOT_SHOWN:
            continue
        if key == "allow":
            codecs = codec_list([(k, v) for k in ("disallow", "allow") for v in written.get(k, ())])
            verdict = _codecs(codecs, shown.get("allow", ()))
        elif key not in shown:
            verdict = Verdict.UNKNOWN
        else:
            verdict = compare(key, values, shown[key])
            is_changed = key in former and tuple(former[key]) != tuple(values)
            if verdict is Verdict.UNKNOWN and is_changed and compare(key, former[key], shown[key]) is Verdict.EQUAL:
                verdict = Verdict.DIFFERENT
        if verdict is Verdict.DIFFERENT:
            different.append(key)
        elif verdict is Verdict.UNKNOWN:
            unknown.append(key)
    return different, unknown


def compare(key: str, written: Sequence[str], shown: Sequence[str]) -> Verdict:
    """Compare the values of one option."""
    if key in _UNORDERED:
        return _compare_sets(key, written, shown)
    wanted, seen = written[-1].strip(), shown[-1].strip()
    if _same(key, wanted, seen):
        return Verdict.EQUAL
    if key in _GROUPS:
        return Verdict.EQUAL if _numbers(wanted) == _numbers(seen) else Verdict.DIFFERENT
    if key in ("tos", "tos_audio", "tos_video"):
        return Verdict.EQUAL if str(_type_of_service(wanted)) == seen else Verdict.UNKNOWN
    if _bool(wanted) is not None and seen.lower() in _SAYS_BOOL:
        return Verdict.DIFFERENT
    if _number(wanted) is not None and _number(seen) is not None:
        return Verdict.DIFFERENT
    return Verdict.DIFFERENT if key in _PLAIN else Verdict.UNKNOWN


def codec_list(options: Sequence[tuple[str, str]]) -> list[str] | None:
    """Return the codecs that `disallow` and `allow` leave, in order; None when they say `all` or a minus."""
    codecs: list[str] = []
    for key, value in options:
        for word in (part.strip().lower() for part in value.split(",")):
            if key == "disallow":
                codecs = [] if word == "all" else [codec for codec in codecs if codec != word]
            elif word == "!all":
                codecs = []
            elif word == "all" or word.startswith("!"):
                return None
            elif word and word.partition(":")[0] not in codecs:
                codecs.append(word.partition(":")[0])
    return codecs


def _codecs(wanted: Sequence[str] | None, shown: Sequence[str]) -> Verdict:
    if wanted is None or not shown:
        return Verdict.UNKNOWN
    seen = [word.partition(":")[0] for word in shown[-1].strip("() ").lower().split("|") if word]
    return Verdict.EQUAL if list(wanted) == seen else Verdict.DIFFERENT


def _compare_sets(key: str, written: Sequence[str], shown: Sequence[str]) -> Verdict:
    split = key not in ("match_header", "match_request_uri")
    wanted = {part.strip() for value in written for part in (value.split(",") if split else [value]) if part.strip()}
    seen = {part.strip() for part in shown if part.strip()}
    if key not in _NETWORKS:
        return Verdict.EQUAL if wanted == seen else Verdict.DIFFERENT
    networks = {_network(part) for part in wanted}
    shown_networks = {_network(part) for part in seen}
    if None in networks:  # a host name: Asterisk shows the addresses it found
        return Verdict.UNKNOWN if networks - {None} <= shown_networks else Verdict.DIFFERENT
    return Verdict.EQUAL if networks == shown_networks else Verdict.DIFFERENT


def _same(key: str, wanted: str, seen: str) -> bool:
    if key in SECRETS:
        return wanted == seen
    wanted = _ANOTHER_NAME.get((key, wanted.lower()), wanted)
    if _without_blanks(wanted) == _without_blanks(seen):
        return True
    if seen.lower() in _SAYS_BOOL and _bool(wanted) is not None:
        return _bool(wanted) == _bool(seen)
    one, other = _number(wanted), _number(seen)
    return one is not None and one == other


def _variable(value: str) -> tuple[str, str]:
    name, _, said = value.partition("=")
    return name.strip(), said.strip()


def _without_blanks(value: str) -> str:
    return ",".join(part.strip() for part in value.lower().split(","))


def _bool(value: str) -> bool | None:
    return True if value.lower() in _TRUE else False if value.lower() in _FALSE else None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _numbers(value: str) -> frozenset[int]:
    found: set[int] = set()
    for part in value.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit() and (last or first).isdigit():
            found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _network(value: str) -> str | None:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return None


def _type_of_service(word: str) -> int | None:
    """RFC 2474, 2597, 3246: `cs3`, `af31`, `ef`, as Asterisk shows them (the whole byte)."""
    word = word.lower()
    if word == "ef":
        return 184
    if len(word) == 3 and word.startswith("cs") and word[2] in "01234567":
        return int(word[2]) * 32
    if len(word) == 4 and word.startswith("af") and word[2] in "1234" and word[3] in "123":
        return (int(word[2]) * 8 + int(word[3]) * 2) * 4
    return int(word, 0) if word.isdigit() else None
