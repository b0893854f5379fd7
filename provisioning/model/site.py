"""What is true of the whole PBX: where it is, who may be called from it, and to whom callers may be handed over."""

from typing import Literal

from pydantic import Field

from provisioning.model.dids import Place
from provisioning.model.numbers import MaybeE164
from provisioning.model.part import Part
from provisioning.model.words import (
    Country,
    Digits,
    Label,
    MaybeHost,
    MaybeId,
    MaybePath,
    MaybePrompt,
    ObjectId,
    OnlyNetwork,
    Port,
    Word,
)


class TransportNames(Part):
    """Transports that Asterisk already has and we use; "": none, then we bring our own (standalone only)."""

    udp: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """FreePBX calls it `0.0.0.0-udp`."""
    tcp: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """As udp."""
    tls: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """As udp."""


class Network(Part):
    """Addresses and ports of this PBX."""

    bind: MaybeHost = ""
    """Address SIP listens on; "": all of them."""
    sip_port: Port = 5060
    """UDP and TCP port of our own transports."""
    tls_port: Port = 5061
    """TCP port of our own TLS transport."""
    lan_address: MaybeHost = ""
    """Our address as gateways in the LAN see it; their files need it."""
    external_address: MaybeHost = ""
    """Our public address, when we are behind a NAT."""
    local_networks: tuple[OnlyNetwork, ...] = ()
    """The LAN: the gateways' permits, and what needs no public address."""
    rtp_first: Port = 10000
    """First UDP port of the sound (standalone)."""
    rtp_last: Port = 20000
    """Last UDP port of the sound (standalone)."""
    certificate: MaybePath = ""
    """TLS: our own certificate (PEM); required when a gateway or carrier uses TLS and the transport is ours."""
    private_key: MaybePath = ""
    """TLS: the key of `certificate`."""
    transports: TransportNames = TransportNames()
    """Transports that are there already."""


class Outbound(Part):
    """Who may be called. Everything that is not allowed here is refused, in the dialplan and in the code."""

    countries: tuple[Country, ...] = ()
    """Countries whose ordinary numbers may be called; empty: none."""
    numbers: tuple[MaybeE164, ...] = ()
    """Single numbers that may be called whatever else is said."""
    trunks: tuple[ObjectId, ...] = ()
    """Carriers or gateways in the order they are tried; empty: all that may call out, in the order of the file."""
    max_minutes: int = Field(default=60, ge=1, le=600)
    """No call of ours lasts longer."""
    max_channels: int = Field(default=10, ge=1, le=10000)
    """Calls out at a time, all trunks together."""


class TransferTarget(Part):
    """Somebody an agent may hand a caller to; the agent only knows the id."""

    place: Place
    """Where the caller goes."""
    label: Label = ""
    """Name for people."""
    trunk: MaybeId = ""
    """For an outside number: the trunk it goes out over; "": as `outbound.trunks` says."""


class AriAccess(Part):
    """Our user of Asterisk's REST interface."""

    user: Word = "centralita"
    """Name of the user."""
    app: Word = "centralita"
    """Name of our Stasis application, as in the product's own settings."""
    bind: MaybeHost = "127.0.0.1"
    """Address of Asterisk's HTTP server; loopback, or a firewall is needed."""
    port: Port = 8088
    """TCP port of Asterisk's HTTP server."""


class ManagerAccess(Part):
    """Our user of Asterisk's manager interface, read-only; off unless something needs it."""

    enabled: bool = False
    """True: make the user."""
    user: Word = "centralita"
    """Name of the user."""
    bind: MaybeHost = "127.0.0.1"
    """Address the manager interface listens on (standalone)."""
    port: Port = 5038
    """TCP port of the manager interface."""


class SiteConfig(Part):
    """The PBX."""

    pbx: Literal["standalone", "freepbx"] = "standalone"
    """Beside FreePBX, which keeps its files, or alone."""
    country: Country | None = None
    """Where it stands: its emergency numbers, its way of dialling. Never guessed; required before writing."""
    asterisk_etc: MaybePath = "/etc/asterisk"
    """Asterisk's configuration folder."""
    agent: Word = "telecom"
    """Who answers numbers that name nobody."""
    fallback: Place | None = None
    """Where callers go when the agent cannot, for numbers without a fallback of their own."""
    recording_notice: MaybePrompt = ""
    """Sound file that says calls are recorded, played before the agent; "": none."""
    emergency: tuple[Digits, ...] = ()
    """More numbers to be treated as emergency numbers."""
    emergency_trunk: MaybeId = ""
    """Who carries emergency calls of the phones; "": we do not touch them (FreePBX's own route stays first)."""
    network: Network = Network()
    """Addresses and ports."""
    outbound: Outbound = Outbound()
    """Who may be called."""
    transfers: dict[ObjectId, TransferTarget] = Field(default_factory=dict)
    """To whom agents may hand callers over, by id."""
    ari: AriAccess = AriAccess()
    """Our user of the REST interface."""
    manager: ManagerAccess = ManagerAccess()
    """Our user of the manager interface."""
