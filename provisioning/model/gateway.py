"""An analogue (FXO) gateway: a box that turns telephone lines into SIP."""

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.model.dids import DIDNumber
from provisioning.model.numbers import NumberFormat
from provisioning.model.part import Part
from provisioning.model.passwords import Password
from provisioning.model.words import Country, Label, MaybeHost, MaybeId, MaybeMac, OnlyNetwork, Port, SipUser, Word

Codec = Literal["ulaw", "alaw", "g729"]
Transport = Literal["udp", "tcp", "tls"]


class HangUp(Part):
    """By what the gateway notices that the far end has hung up; without one of them lines stay off-hook."""

    busy_tone: bool = True
    """The country's busy or congestion tone."""
    current_disconnect: bool = True
    """The exchange interrupts the loop current."""
    polarity_reversal: bool = False
    """The exchange reverses the polarity; only if the carrier says so."""
    silence_seconds: int = Field(default=0, ge=0, le=3600)
    """Last resort; 0: off, for a silent caller is no hang-up."""


class FXOGatewayConfig(Part):
    """A gateway and the numbers of its lines. The first seven fields are those of the users' documents."""

    ip: MaybeHost = ""
    """Address of the gateway in the LAN."""
    sip_port: Port = 5060
    """UDP or TCP port on which the gateway takes calls."""
    user: SipUser = "gateway"
    """Name it logs in with, if not its SIP user, which is always centralita-<id>; "gateway" stands for that one."""
    password: Password = Password()
    """Empty: one is made and kept when the gateway registers."""
    fxo_ports: int = Field(default=4, ge=1, le=48)
    """Lines it has; also how many calls it can carry at a time."""
    codec: Codec = "ulaw"
    """What it speaks first; the other G.711 law is offered after it."""
    dids: tuple[DIDNumber, ...] = ()
    """The numbers of its lines."""

    label: Label = ""
    """Name for people."""
    model: Word = "generic"
    """Which device files are made: see `centralita gateway models`."""
    mac: MaybeMac = ""
    """Names the device's file; "" if unknown."""
    country: Country | None = None
    """Whose tones and caller-id its lines use; none: the site's."""
    attach: Literal["register", "ip"] = "register"
    """register: it logs in with user and password · ip: it is known by its address."""
    transport: Transport = "udp"
    """How SIP travels; the sound is always UDP."""
    srtp: bool = False
    """Encrypts the sound; only with TLS."""
    permit: tuple[OnlyNetwork, ...] = ()
    """Networks from which it may register or call; empty: only its own address, or the site's LAN."""
    did_format: NumberFormat = "digits"
    """How it writes the dialled number in the request."""
    caller_id: Literal["from", "pai"] = "from"
    """Header in which it reports who calls."""
    hang_up: HangUp = HangUp()
    """By what it notices that the far end has hung up."""
    rings: int = Field(default=0, ge=0, le=10)
    """Rings before it picks up; 0: what the country's caller-id needs."""
    gain_from_line_db: int = Field(default=0, ge=-12, le=12)
    """Louder (+) or softer (-) what comes from the line."""
    gain_to_line_db: int = Field(default=0, ge=-12, le=12)
    """Louder (+) or softer (-) what goes to the line."""
    tones: MaybeId = ""
    """Tones learned from a recording (`centralita gateway tone-learn`): `tones/<name>.toml` beside this file."""
    fax: bool = False
    """T.38 on its lines."""
    outbound: bool = False
    """True: calls may go out over its lines too."""
    max_calls_per_second: float = Field(default=1.0, gt=0, le=50)
    """New calls we start over it in a second, at most."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.srtp and self.transport != "tls":
            raise ValueError('srtp needs transport = "tls": otherwise its keys travel in clear')
        if len(self.dids) > self.fxo_ports:
            raise ValueError(f"{len(self.dids)} numbers do not fit on {self.fxo_ports} lines (fxo_ports)")
        lines = [did.line for did in self.dids if did.line]
        twice = sorted({line for line in lines if lines.count(line) > 1})
        if twice:
            raise ValueError(f"line {twice[0]} has two numbers")
        above = [line for line in lines if line > self.fxo_ports]
        if above:
            raise ValueError(f"there is no line {above[0]}: fxo_ports is {self.fxo_ports}")
        return self

    def lines(self) -> dict[int, DIDNumber]:
        """Return the number of each line, by port: those without a `line` take the free ports in order."""
        taken = {did.line for did in self.dids if did.line}
        free = (port for port in range(1, self.fxo_ports + 1) if port not in taken)
        placed = {did.line or next(free): did for did in self.dids}
        return dict(sorted(placed.items()))
