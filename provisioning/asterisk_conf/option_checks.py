"""Types, options and values: does Asterisk know them, and does it take them?

A wrong option or value makes Asterisk refuse the whole object; a wrong type, or a word that is neither yes nor no,
passes in silence and does something else than was meant.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from rapidfuzz import process

from provisioning.asterisk_conf.objects import PjsipObject, Site, first, truth, words
from provisioning.asterisk_conf.schema import Option, Schema
from provisioning.asterisk_conf.sections import Entry
from provisioning.finding import Finding

_OLD_NAMES: Final = {
    "allow_guest": "pjsip.conf has no such option: strangers come in only through an endpoint named 'anonymous'",
    "allowguest": "pjsip.conf has no such option: strangers come in only through an endpoint named 'anonymous'",
    "dtmfmode": "did you mean 'dtmf_mode'?",
    "aor": "did you mean 'aors'?",
    "auths": "did you mean 'auth'?",
    "secret": "did you mean 'password', in an object of type auth?",
    "host": "an address belongs into 'contact' of an aor, or 'match' of an identify",
    "insecure": "chan_sip's option: a trunk without password simply has no 'auth' in its endpoint",
    "canreinvite": "did you mean 'direct_media'?",
    "directmedia": "did you mean 'direct_media'?",
    "nat": "chan_sip's option: use 'force_rport', 'rewrite_contact' and 'rtp_symmetric'",
    "qualify": "did you mean 'qualify_frequency', in an object of type aor?",
    "callgroup": "did you mean 'call_group'?",
    "encryption": "did you mean 'media_encryption'?",
    "fromuser": "did you mean 'from_user'?",
    "fromdomain": "did you mean 'from_domain'?",
}
"""Names people bring from chan_sip and from guides."""

_CODEC: Final = re.compile(
    r"all|alaw|ulaw|g722|g723|g726|g726aal2|g729|g719|gsm|ilbc|lpc10|adpcm|opus|amr|amrwb|codec2|none"
    r"|speex|speex16|speex32|siren7|siren14|silk8|silk12|silk16|silk24"
    r"|slin|slin12|slin16|slin24|slin32|slin44|slin48|slin96|slin192"
    r"|jpeg|png|t38|h261|h263|h263p|h264|h265|mpeg4|vp8|vp9|red|t140"
)
"""`core show codecs` of Asterisk 22.10, and `all`."""

_REQUIRED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "transport": (("bind",),),
    "identify": (("endpoint",), ("match", "match_header", "match_request_uri")),
    "registration": (("server_uri",), ("client_uri",)),
    "outbound-publish": (("server_uri",), ("event",)),
    "auth": (("username", "refresh_token"), ("password", "md5_cred", "password_digest", "refresh_token")),
}
"""Type → groups of which one option must be there; without it Asterisk 22.10 refuses the object (measured)."""

_ALSO_TRUTHS: Final = frozenset({"endpoint/100rel", "endpoint/timers"})
"""Enumerations that take every word for yes and no as well (measured)."""
_URI: Final = re.compile(r"(?i)sips?:[^\s;]+|<\s*sips?:[^>]+>|\"?[^\"<]*\"?\s*<\s*sips?:[^>]+>")
_TOS: Final = re.compile(r"(?i)cs[0-7]|af[1-4][1-3]|ef|va|lowdelay|throughput|reliability|mincost|none")
_INTEGER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[+]?[0-9]+")
_LARGEST: Final = 2**32 - 1


def check_options(site: Site, schema: Schema) -> Iterator[Finding]:
    """Find unknown types and options, values of the wrong kind, and missing options."""
    for one in site.objects:
        if one.type in schema.types:
            yield from _object(site, schema, one)
        elif one.type:
            meant = _nearest(one.type, schema.types)
            yield site.says(
                one,
                "unknown-type",
                f"Asterisk knows no type '{one.type}' and ignores the section{meant}",
                one.where("type"),
            )
        else:
            message = f"section [{one.id}] has no 'type': Asterisk ignores it"
            yield site.says(one, "type-missing", message, theirs="notice")


def _object(site: Site, schema: Schema, one: PjsipObject) -> Iterator[Finding]:
    declared = first(one.section, "type")
    for entry in one.section.entries:
        if entry.key.lower() == "type":
            if declared is not None and entry.value != declared.value:
                message = f"a second 'type = {entry.value}': the first one decides, this is '{declared.value}'"
                yield site.says(one, "second-type", message, entry.where)
            continue
        if entry.key.startswith("@"):
            continue  # an extended field: any name is allowed (sorcery, measured)
        option = schema.option(one.type, entry.key)
        if option is None:
            yield site.says(one, "unknown-option", _unknown(schema, one.type, entry.key), entry.where)
        elif trouble := value_trouble(option, entry.value, f"{one.type}/{entry.key.lower()}"):
            code, message = trouble
            yield site.says(one, code, f"{entry.key} = {_shown(entry)}: {message}", entry.where)
    for group in _REQUIRED.get(one.type, ()):
        if not any(one.get(name) for name in group) and (one.get("protocol") or "").lower() != "flow":
            message = f"{one.type} needs {' or '.join(group)}: Asterisk refuses the object without"
            yield site.says(one, "option-missing", message)


def _unknown(schema: Schema, object_type: str, name: str) -> str:
    old = _OLD_NAMES.get(name.lower())
    elsewhere = sorted(kind for kind, options in schema.types.items() if name.lower() in options)
    if old:
        meant = f"; {old}"
    elif elsewhere:
        meant = f"; it belongs to type {', '.join(elsewhere[:3])}"
    else:
        meant = _nearest(name.lower(), schema.types[object_type])
    return f"type {object_type} has no option '{name}', Asterisk refuses the whole object{meant}"


def _nearest(name: str, known: Mapping[str, object]) -> str:
    found = process.extractOne(name, list(known), score_cutoff=60)
    return f"; did you mean '{found[0]}'?" if found else ""


def _shown(entry: Entry) -> str:
    secret = re.search(r"(?i)pass|secret|cred|digest|token", entry.key)
    return "***" if secret else f"'{entry.value[:60]}'"


def value_trouble(option: Option, value: str, name: str) -> tuple[str, str] | None:
    """Return the code and text of what is wrong with a value, or None."""
    match option.kind:
        case "bool" if truth(value) is None:
            return "not-yes-or-no", "neither yes nor no; Asterisk takes it for no without a word"
        case "enum" if value.lower() not in (word.lower() for word in option.words):
            # an empty method is Asterisk's own default for transports
            is_taken = (name == "transport/method" and not value) or (name in _ALSO_TRUTHS and truth(value) is not None)
            return None if is_taken else ("not-one-of", f"must be one of {_or(option.words)}")
        case "int" if not (_INTEGER.fullmatch(value) and int(value, 0 if "x" in value.lower() else 10) <= _LARGEST):
            return "not-a-number", f"must be a whole number from 0 to {_LARGEST}"
        case "signed" if not (re.fullmatch(r"[+-]?[0-9]{1,10}", value) and abs(int(value)) <= _LARGEST // 2):
            return "not-a-number", "must be a whole number"
        case "number" if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", value):
            return "not-a-number", "must be a number"
        case "list" if option.words:
            known = {word.lower() for word in option.words}
            strange = [word for word in words(value) if word.lower() not in known]
            return ("not-one-of", f"'{strange[0]}' is none of {_or(option.words)}") if strange else None
        case "uri" if value and not all(_URI.fullmatch(part.split(";")[0].strip()) for part in _uris(value)):
            return "not-a-uri", "must begin with 'sip:' or 'sips:'"
        case "codecs":
            strange = [word for word in words(value) if not _CODEC.fullmatch(_codec(word))]
            return ("unknown-codec", f"'{strange[0]}' is no codec of Asterisk") if strange else None
        case "net":
            strange = [word for word in words(value) if not is_network(word)]
            return ("not-a-network", f"'{strange[0]}' is no address or network") if strange else None
        case "tos" if not (_TOS.fullmatch(value) or _INTEGER.fullmatch(value)):
            return "not-one-of", "must be a DSCP name like ef, af41, cs3, or a number"
        case "pair" if "=" not in value:
            return "not-a-pair", "must be NAME=value"
        case _:
            return None


def _uris(value: str) -> list[str]:
    return value.split(",") if "," in value and "<" not in value else [value]


def _codec(word: str) -> str:
    return word.lower().lstrip("!").partition(":")[0]


def _or(choices: tuple[str, ...]) -> str:
    return ", ".join(choices)


def is_network(word: str) -> bool:
    """Return whether a word is an address or a network, as an ACL takes it (`!` negates it)."""
    try:
        ipaddress.ip_network(word.removeprefix("!"), strict=False)
    except ValueError:
        return False
    return True
