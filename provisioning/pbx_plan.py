"""What a private PBX shall be, and its configuration files as text: pure, every value checked before it is written.

A value with a newline, a `;` or a bracket would become configuration of its own, so each field has a pattern.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final, Literal

from vocabulary.errors import ConfigurationError

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "dialplan"

FALLBACK_TONE_HZ: Final = 1300
"""The fallback `tone`: no country's ring, busy or dial tone, and not 601's 1004 Hz."""
FALLBACK_TONE_SECONDS: Final = 8
RTP_RANGE_LENGTH: Final = 2000
"""Ports: two a leg, and a call through the agent has one SIP leg."""

Codec = Literal["ulaw", "alaw", "g722", "slin16", "opus"]

_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_NUMBER: Final = re.compile(r"\+?[0-9*#]{2,24}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_.~+/=-]{3,128}")
_PROMPT: Final = re.compile(r"|[A-Za-z0-9_./-]{1,128}")
_PATH: Final = re.compile(r"/[A-Za-z0-9_./@+~-]*")
_HOST: Final = re.compile(r"[0-9.]{7,15}")


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """A telephone that registers; its user name is its extension in `centralita-people`."""

    user: str
    password: str = field(repr=False)
    codecs: tuple[Codec, ...] = ("g722", "alaw", "ulaw")
    """In the order Asterisk offers them."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where a caller goes when the agent does not have the call (any more)."""

    kind: Literal["person", "tone", "busy"] = "tone"
    target: str = ""
    """The extension that rings, for `person`."""
    prompt: str = ""
    """A sound file spoken before it rings, without ending, or ""."""


@dataclass(frozen=True, slots=True)
class Did:
    """A number that rings, the agent who answers it, and what happens when the agent cannot."""

    number: str
    agent: str
    fallback: Fallback = Fallback()


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """Where the agent may send a caller: `centralita-transfer,<id>,1` goes on to this place in the dialplan."""

    id: str
    context: str
    extension: str


@dataclass(frozen=True, slots=True)
class PbxPlan:
    """What the private PBX shall be; says nothing about the machine it runs on."""

    ari_password: str = field(repr=False)
    ami_password: str = field(repr=False)
    phones: tuple[PhoneAccount, ...] = ()
    dids: tuple[Did, ...] = ()
    transfers: tuple[TransferTarget, ...] = ()
    app: str = "centralita"
    """Name of the Stasis application."""
    ari_user: str = "centralita"
    ami_user: str = "centralita"
    caller_user: str = "caller"
    """From-name of the endpoint that neither registers nor has a password (loopback only)."""
    caller_codecs: tuple[Codec, ...] = ("alaw", "ulaw", "g722", "slin16")
    ring_seconds: int = 20
    """How long a person's phone rings."""


@dataclass(frozen=True, slots=True)
class PbxPorts:
    """Where the private PBX listens."""

    sip: int
    """UDP."""
    http: int
    """TCP, ARI; always 127.0.0.1."""
    ami: int
    """TCP, always 127.0.0.1."""
    rtp_first: int
    rtp_last: int


@dataclass(frozen=True, slots=True)
class PbxSite:
    """The machine's share: folders, ports, and what this Asterisk has."""

    folder: Path
    """Everything the PBX writes lies below it."""
    run_folder: Path
    """Holds the control socket, whose path must be short."""
    modules_dir: Path
    data_dir: Path
    modules: frozenset[str]
    """File names in `modules_dir`, like `chan_pjsip.so`."""
    ports: PbxPorts
    host: str = "127.0.0.1"
    """Address of SIP and RTP."""


class AtTemplate(Template):
    """`@{name}` is a place to fill in; everything else, Asterisk's `${…}` too, stays as it is."""

    delimiter = "@"
    pattern = r"@(?:(?P<escaped>@@)|\{(?P<braced>[a-z_]+)\}|(?P<named>(?!))|(?P<invalid>(?!)))"  # type: ignore[assignment] # Template compiles it


def render(plan: PbxPlan, site: PbxSite) -> dict[str, str]:
    """Return the configuration files of the private PBX, by name.

    Raises: ConfigurationError for a value that must not be written, a name used twice, a fallback or transfer to a
    phone that does not exist, or a module without which nothing works.
    """
    _check(plan, site)
    values = _values(plan, site)
    files = {path.name: path.read_text("utf-8") for path in sorted((TEMPLATES / "private_pbx").glob("*.conf"))}
    files["centralita.conf"] = (TEMPLATES / "centralita.conf").read_text("utf-8")
    return {name: AtTemplate(text).substitute(values) for name, text in files.items()}


def _values(plan: PbxPlan, site: PbxSite) -> dict[str, str]:
    people = [{"user": p.user, "ring_seconds": str(plan.ring_seconds)} for p in plan.phones]
    phones = [{"user": p.user, "password": p.password, "codecs": ",".join(p.codecs)} for p in plan.phones]
    transfers = [{"id": t.id, "context": t.context, "extension": t.extension} for t in plan.transfers]
    dids = [
        {
            "number": did.number,
            "agent": did.agent,
            "app": plan.app,
            "kind": did.fallback.kind,
            "target": did.fallback.target,
            "prompt": did.fallback.prompt,
        }
        for did in plan.dids
    ]
    return {
        "folder": str(site.folder),
        "run_folder": str(site.run_folder),
        "modules_dir": str(site.modules_dir),
        "data_dir": str(site.data_dir),
        "modules": _load_lines(site.modules),
        "host": site.host,
        "sip_port": str(site.ports.sip),
        "http_port": str(site.ports.http),
        "ami_port": str(site.ports.ami),
        "rtp_first": str(site.ports.rtp_first),
        "rtp_last": str(site.ports.rtp_last),
        "ari_user": plan.ari_user,
        "ari_password": plan.ari_password,
        "ami_user": plan.ami_user,
        "ami_password": plan.ami_password,
        "caller_user": plan.caller_user,
        "caller_codecs": ",".join(plan.caller_codecs),
        "spoken_prompt": "demo-congrats",
        "fallback_tone_hz": str(FALLBACK_TONE_HZ),
        "fallback_tone_seconds": str(FALLBACK_TONE_SECONDS),
        "dids": _repeat("did.conf", dids),
        "people": _repeat("person.conf", people),
        "phones": _repeat("phone.conf", phones),
        "transfers": _repeat("transfer.conf", transfers),
    }


def _repeat(part: str, rows: Iterable[Mapping[str, str]]) -> str:
    template = AtTemplate((TEMPLATES / "parts" / part).read_text("utf-8"))
    return "".join(template.substitute(row) for row in rows).rstrip("\n")


def _load_lines(available: frozenset[str]) -> str:
    """Return the `load =` lines for the modules this Asterisk has."""
    lines: list[str] = []
    for line in (TEMPLATES / "private_pbx" / "modules.list").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        file_name = line.lstrip("?") + ".so"
        if file_name in available:
            lines.append(f"load = {file_name}")
        elif not line.startswith("?"):
            raise ConfigurationError(f"this Asterisk has no {file_name}; install the package that brings it")
    return "\n".join(lines)


def _check(plan: PbxPlan, site: PbxSite) -> None:
    """Refuse what would break out of its line in a configuration file, or what points nowhere."""
    for what, value in (("app", plan.app), ("ari_user", plan.ari_user), ("ami_user", plan.ami_user),
                        ("caller_user", plan.caller_user)):  # fmt: skip
        _must_match(_WORD, what, value)
    _must_match(_SECRET, "ari_password", plan.ari_password, is_secret=True)
    _must_match(_SECRET, "ami_password", plan.ami_password, is_secret=True)
    _must_match(_HOST, "host", site.host)
    for what, path in (("folder", site.folder), ("run_folder", site.run_folder), ("modules_dir", site.modules_dir),
                       ("data_dir", site.data_dir)):  # fmt: skip
        _must_match(_PATH, what, str(path))
    for phone in plan.phones:
        _must_match(_WORD, "phone.user", phone.user)
        _must_match(_SECRET, f"password of phone {phone.user}", phone.password, is_secret=True)
    for did in plan.dids:
        _must_match(_NUMBER, "did.number", did.number)
        _must_match(_WORD, f"agent of {did.number}", did.agent)
        _must_match(_PROMPT, f"fallback prompt of {did.number}", did.fallback.prompt)
    for target in plan.transfers:
        _must_match(_WORD, "transfer.id", target.id)
        _must_match(_WORD, f"context of transfer {target.id}", target.context)
        _must_match(_WORD, f"extension of transfer {target.id}", target.extension.lstrip("+*#"))
    _must_be_unique("phone or caller", [plan.caller_user, *(phone.user for phone in plan.phones)])
    _must_be_unique("DID", [did.number for did in plan.dids])
    _must_be_unique("transfer target", [target.id for target in plan.transfers])
    users = {phone.user for phone in plan.phones}
    for did in plan.dids:
        if did.fallback.kind == "person" and did.fallback.target not in users:
            raise ConfigurationError(f"the fallback of {did.number} rings {did.fallback.target!r}, which is no phone")
    for target in plan.transfers:
        if target.context == "centralita-people" and target.extension not in users:
            raise ConfigurationError(f"transfer target {target.id} rings {target.extension!r}, which is no phone")


def _must_match(pattern: re.Pattern[str], what: str, value: str, is_secret: bool = False) -> None:
    if pattern.fullmatch(value) is None:
        shown = "its value" if is_secret else repr(value)
        raise ConfigurationError(f"{what}: {shown} must match {pattern.pattern}")


def _must_be_unique(what: str, names: list[str]) -> None:
    """Asterisk drops every endpoint when one name stands twice, and says "reloaded successfully"."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"{what} {', '.join(twice)} is there twice")
