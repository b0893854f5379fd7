"""An analogue gateway and its lines, typed once for every vendor; and what comes out: files, a checklist, notes."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fxo_templates.country import CountryProfile, Mark

Language = Literal["es", "en"]
Codec = Literal["ulaw", "alaw", "g729"]
Transport = Literal["udp", "tcp", "tls"]
Emits = Literal["xml", "ini", "text", "script", "checklist"]


@dataclass(frozen=True, slots=True)
class Line:
    """One analogue line, plugged into one FXO port."""

    port: int
    """1-based, as printed on the box."""
    did: str
    """The line's own number in E.164, with +."""
    user: str = ""
    """SIP user of this line alone; "": the gateway's."""
    password: str = dataclasses.field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class HangUpSignals:
    """By what the gateway knows that the other side has hung up."""

    busy_tone: bool = True
    current_disconnect: bool = True
    polarity_reversal: bool = False
    silence_seconds: int = 0
    """0: silence is never a hang-up. A caller may be silent for a while: keep it off, or high."""


@dataclass(frozen=True, slots=True)
class Device:
    """One gateway on the customer's network."""

    gateway_id: str
    """As in the settings: "oficina"."""
    model: str
    """A key of `MODELS`."""
    mac: str
    """12 lowercase hexadecimal digits; "": not known."""
    pbx_host: str
    pbx_port: int
    transport: Transport
    srtp: bool
    registers: bool
    """True: it registers at our PBX; False: it is known by its address."""
    user: str
    password: str = dataclasses.field(repr=False)
    lines: tuple[Line, ...]
    country: CountryProfile
    codecs: tuple[Codec, ...]
    """The preferred first."""
    caller_id_header: Literal["from", "pai"]
    """Where the caller's number travels in the INVITE."""
    did_style: Literal["e164", "digits"]
    """How the DID is called in the INVITE: with + or without."""
    hang_up: HangUpSignals
    rings: int | None
    """Rings before it answers; None: what the caller-id type needs."""
    fax: bool
    gain_from_line_db: int
    gain_to_line_db: int
    local_sip_port: int
    admin_password: str = dataclasses.field(repr=False)
    provisioning_url: str = dataclasses.field(repr=False, default="")
    """The folder the device fetches its file from; it holds the device's token, so it is kept out of repr."""

    @property
    def rings_before_answer(self) -> int:
        """`rings`, or what the country's caller id needs."""
        return self.country.caller_id.rings_needed if self.rings is None else self.rings

    def called_number(self, line: Line) -> str:
        """Return the number under which this line's calls reach our PBX."""
        return line.did if self.did_style == "e164" else line.did.removeprefix("+")

    def registering(self) -> tuple[Line, ...]:
        """Return one line for each account, in the order of the ports: two registrations of one would fight."""
        if not self.registers:
            return ()
        first: dict[str, Line] = {}
        for line in sorted(self.lines, key=lambda line: line.port):
            first.setdefault(self.account(line)[0], line)
        return tuple(first.values())

    def account(self, line: Line) -> tuple[str, str]:
        """Return (user, password) of this line: its own, or the gateway's."""
        return (line.user, line.password) if line.user else (self.user, self.password)


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """One file the device fetches."""

    name: str
    """As the device asks for it."""
    content: bytes = dataclasses.field(repr=False)
    """Holds passwords."""
    media_type: str


@dataclass(frozen=True, slots=True)
class Step:
    """One value a person types into the device's web pages, in one language."""

    page: str
    field: str
    value: str = dataclasses.field(repr=False)
    why: str
    secret: bool = False
    """True: the value is a password."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the person who installs has to know. It never holds a secret."""

    severity: Literal["warning", "notice"]
    code: str
    """Stable, for scripts: "unverified-parameter", "learn-the-tone"."""
    subject: str
    """The parameter or setting it is about: "P863", "country.caller_id"."""
    message: str
    message_es: str

    def text(self, language: Language) -> str:
        """Return the message in that language."""
        return self.message_es if language == "es" else self.message


@dataclass(frozen=True, slots=True)
class DeviceOutput:
    """All that is made for one device."""

    files: tuple[DeviceFile, ...]
    """Empty for a device that is set up by hand."""
    checklist: Mapping[Language, tuple[Step, ...]]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages; a sentence comes without its full stop."""

    en: str
    es: str

    def text(self, language: Language) -> str:
        """Return it in that language."""
        return self.es if language == "es" else self.en


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter of one device's file."""

    key: str
    value: str = dataclasses.field(repr=False)
    mark: Mark = "sourced"
    why: Words | None = None
    """What is not proven about it; told to the person when the mark is not `sourced`."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What we know about one model."""

    vendor: str
    name: str
    fxo_ports: tuple[int, ...]
    """How many FXO ports its variants have."""
    emits: Emits
    zero_touch: str
    """How the device asks for its file."""
    unverified: tuple[str, ...]
    """Parameters whose names or values nobody has checked on the device."""
    source: str
    transports: tuple[Transport, ...] = ("udp", "tcp", "tls")
    srtp: bool = True

    @property
    def most_ports(self) -> int:
        """The FXO ports of its largest variant."""
        return max(self.fxo_ports)
