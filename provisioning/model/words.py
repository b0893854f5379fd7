"""The grammar of every kind of text in the config: what may be written into a configuration file, and nothing else.

Each type refuses line breaks, `;`, brackets and backslashes, because in Asterisk's language they begin something new.
"""

import ipaddress
import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_FORBIDDEN: Final = re.compile(r"[;\[\]\\]")
_HOST_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def plain_text(value: str) -> str:
    """Return `value` when it cannot become configuration of its own.

    Raises: ValueError naming the character.
    """
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            raise ValueError(f"must not hold the control character {character!r}")
    found = _FORBIDDEN.search(value)
    if found:
        raise ValueError(f"must not hold {found[0]!r}: it would become configuration of its own")
    return value


def _pattern(pattern: str, what: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        plain_text(value)
        if compiled.fullmatch(value) is None:
            raise ValueError(f"must be {what}")
        return value

    return AfterValidator(check)


def host(value: str) -> str:
    """Return `value` when it is an IPv4 or IPv6 address or a host name.

    Raises: ValueError.
    """
    plain_text(value)
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    labels = value.removesuffix(".").split(".")
    if len(value) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError("must be an IP address or a host name, like 192.168.1.50 or sip.example.com")
    return value


def network(value: str) -> str:
    """Return an address or a network in CIDR form, host bits cleared; host names stay as they are.

    Raises: ValueError.
    """
    plain_text(value)
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        if "/" in value:
            raise ValueError("must be an address or a network, like 192.168.1.0/24") from None
        return host(value)


def only_network(value: str) -> str:
    """Return a network in CIDR form; a host name is refused. Raises: ValueError."""
    try:
        return str(ipaddress.ip_network(plain_text(value), strict=False))
    except ValueError:
        raise ValueError("must be an address or a network, like 192.168.1.0/24") from None


def mac_address(value: str) -> str:
    """Return 12 lowercase hexadecimal digits from any usual way of writing a MAC address. Raises: ValueError."""
    digits = re.sub(r"[:.\-]", "", value).lower()
    if re.fullmatch(r"[0-9a-f]{12}", digits) is None:
        raise ValueError("must be a MAC address, like 00:0b:82:aa:bb:cc")
    return digits


def or_empty(check: AfterValidator) -> AfterValidator:
    """Let "" pass: the field may stay open in a config that is not finished."""

    def optional(value: str) -> str:
        return check.func(value) if value else ""  # type: ignore[call-arg]

    return AfterValidator(optional)


_ID: Final = _pattern(
    r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "lowercase letters and digits with single hyphens, like oficina-2"
)
ObjectId = Annotated[str, Field(max_length=40), _ID]
"""Name of a gateway, a carrier, a transfer target; becomes part of object ids in Asterisk."""
MaybeId = Annotated[str, Field(max_length=40), or_empty(_ID)]
Label = Annotated[str, Field(max_length=80), AfterValidator(plain_text)]
"""For people to read; any letters."""
_WORD: Final = _pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "letters, digits, _ . and -")
Word = Annotated[str, Field(max_length=64), _WORD]
"""A name in Asterisk: a context, a mailbox, a transport, an agent."""
MaybeWord = Annotated[str, Field(max_length=64), or_empty(_WORD)]
_EXTENSION: Final = _pattern(r"[A-Za-z0-9_*#+][A-Za-z0-9_.*#-]*", "letters, digits and * # + . _ -")
MaybeExtension = Annotated[str, Field(max_length=64), or_empty(_EXTENSION)]
_SIP_USER: Final = _pattern(r"[A-Za-z0-9_.+~*!-]+", "letters, digits and . + _ ~ * ! -")
SipUser = Annotated[str, Field(max_length=64), _SIP_USER]
MaybeSipUser = Annotated[str, Field(max_length=64), or_empty(_SIP_USER)]
Host = Annotated[str, AfterValidator(host)]
MaybeHost = Annotated[str, or_empty(AfterValidator(host))]
Network = Annotated[str, AfterValidator(network)]
"""An address, a network in CIDR form, or a host name that Asterisk resolves when it loads."""
OnlyNetwork = Annotated[str, AfterValidator(only_network)]
MaybeMac = Annotated[str, or_empty(AfterValidator(mac_address))]
MaybePath = Annotated[
    str, Field(max_length=255), or_empty(_pattern(r"/[A-Za-z0-9_./@+~-]*", "an absolute path without spaces"))
]
MaybePrompt = Annotated[
    str, Field(max_length=128), or_empty(_pattern(r"[A-Za-z0-9_./-]+", "a sound file's path without its ending"))
]
Digits = Annotated[str, Field(max_length=12), or_empty(_pattern(r"[0-9*#]+", "digits, * and #"))]
Port = Annotated[int, Field(ge=1, le=65535)]
MaybePort = Annotated[int, Field(ge=0, le=65535)]
"""0: the usual one."""
Country = Annotated[str, _pattern(r"[A-Z]{2}", "a country's two capital letters, like MX or ES")]
