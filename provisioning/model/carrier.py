"""A carrier's trunk: calls come from an operator's servers over SIP."""

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.model.dids import DIDNumber
from provisioning.model.gateway import Transport
from provisioning.model.numbers import MaybeE164, NumberFormat
from provisioning.model.part import Part
from provisioning.model.passwords import Password
from provisioning.model.words import (
    Country,
    Digits,
    Label,
    MaybeHost,
    MaybeId,
    MaybePath,
    MaybePort,
    MaybeSipUser,
    Network,
)

TrunkCodec = Literal["ulaw", "alaw", "g722", "g729", "opus"]


class Registration(Part):
    """How we log in at the carrier. The retries never end: a carrier that was down for a night is found again."""

    expiration_seconds: int = Field(default=0, ge=0, le=7200)
    """0: 120 over UDP (keeps the NAT open), 300 over TCP and TLS."""
    retry_seconds: int = Field(default=60, ge=10, le=3600)
    """After no answer or a passing refusal."""
    forbidden_retry_seconds: int = Field(default=600, ge=60, le=86400)
    """After 403."""
    fatal_retry_seconds: int = Field(default=120, ge=30, le=86400)
    """After a refusal that Asterisk holds to be final, like 404."""
    max_retries: int = Field(default=10000, ge=100, le=1000000)
    """In Asterisk 0 means none, and its default of 10 gives up for ever after ten minutes."""


class CarrierGradeConfig(Part):
    """A trunk and its numbers. The first six fields are those of the users' documents."""

    host: MaybeHost = ""
    """The carrier's registrar or proxy."""
    user: MaybeSipUser = ""
    """Our account at the carrier."""
    password: Password = Password()
    """The account's password: `env:NAME`, `file:PATH`, or itself."""
    outbound_caller_id: MaybeE164 = ""
    """Number shown to people we call; the carrier must know it as ours."""
    auth_type: Literal["register", "ip_auth"] = "register"
    """register: we log in · ip_auth: the carrier knows our address, and we know its servers'."""
    dids: tuple[DIDNumber, ...] = ()
    """The numbers that ring over this trunk."""

    label: Label = ""
    """Name for people."""
    preset: MaybeId = ""
    """Which carrier's facts fill what is left open: see `centralita trunk presets`."""
    country: Country | None = None
    """Whose way of writing numbers `national` means; none: the site's."""
    port: MaybePort = 0
    """0: 5060, or 5061 with TLS."""
    transport: Transport = "udp"
    """How SIP travels; the sound is always UDP."""
    srtp: bool = False
    """Encrypts the sound (SDES); only with TLS."""
    verify_server: bool = True
    """TLS: the carrier must prove who it is."""
    ca_file: MaybePath = ""
    """TLS: whom to believe; "": the machine's own authorities."""
    auth_user: MaybeSipUser = ""
    """User of the digest when it differs from `user`."""
    domain: MaybeHost = ""
    """Domain of our address at the carrier; "": host."""
    from_user: MaybeSipUser = ""
    """User in From of calls we make; "": the caller id shown, or user."""
    from_domain: MaybeHost = ""
    """Domain in From; "": domain."""
    outbound_proxy: MaybeHost = ""
    """Everything goes through this host."""
    outbound_proxy_port: MaybePort = 0
    """0: the usual one."""
    contact_user: MaybeSipUser = ""
    """User under which calls reach us after registering; "": user."""
    signalling: tuple[Network, ...] = ()
    """Addresses its calls come from; with ip_auth and empty: host."""
    number_format: NumberFormat = "e164"
    """How it wants the numbers we call."""
    did_format: NumberFormat = "e164"
    """How it writes our number in calls to us."""
    local_digits: int = Field(default=0, ge=0, le=15)
    """With the format `local`: how many last digits it writes."""
    dial_prefix: Digits = ""
    """Put before every number we call (technical prefix)."""
    caller_id_header: Literal["pai", "rpid", "from", "none"] = "pai"
    """Where it wants to read the caller id of our calls."""
    trust_caller_id: bool = True
    """Take who calls from P-Asserted-Identity when it sends one."""
    codecs: tuple[TrunkCodec, ...] = ()
    """Empty: G.711, the law of the country first."""
    channels: int = Field(default=0, ge=0, le=10000)
    """Calls at a time that the contract allows; 0: unknown, no limit of ours."""
    max_calls_per_second: float = Field(default=1.0, gt=0, le=1000)
    """New calls we start over it in a second, at most."""
    outbound: bool = True
    """False: this trunk only receives."""
    registration: Registration = Registration()
    """How we log in, with auth_type register."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.srtp and self.transport != "tls":
            raise ValueError('srtp needs transport = "tls": otherwise its keys travel in clear')
        if self.ca_file and self.transport != "tls":
            raise ValueError('ca_file is only for transport = "tls"')
        if "local" in (self.number_format, self.did_format) and not self.local_digits:
            raise ValueError("the format local needs local_digits")
        return self
