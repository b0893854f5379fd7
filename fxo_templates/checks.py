"""What a device must satisfy before a file is made: it can do what is asked, and no value can break out of its place.

A file that a colleague's password can add a line to is a file in which anybody can open a relay.
"""

import re
from collections.abc import Iterable
from typing import Final, NoReturn

from fxo_templates.country import CountryProfile, Tone
from fxo_templates.model import Device, ModelInfo
from fxo_templates.models import FXS_ONLY, MODELS
from vocabulary.errors import ConfigurationError
from vocabulary.problems import nearest

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_MAC: Final = re.compile(r"[0-9a-f]{12}")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_URL: Final = re.compile(r"(https?|tftp)://[A-Za-z0-9._:/~%-]+")

_BREAKS: Final = {
    "ini": "\"'`;,\\[]$=",
    "text": "\"'`;\\#!?$",
    "script": "\"'`;\\#[]$",
}
"""Characters a user or password cannot hold in that format: they quote, comment, separate or expand."""

_EXPANDS: Final = frozenset({"spa3102", "obi110", "obi212"})
"""Devices that replace `$NAME` inside values."""

_LONGEST: Final = {"gxw4104": 30, "gxw4108": 30, "ht813": 30, "ht503": 30}
"""Characters of the administrator's password; from the GXW410x template, P2."""


def check(device: Device) -> None:
    """Pass, or say which field is wrong.

    Raises: ConfigurationError naming the field and what would be right; never with a secret in it.
    """
    info = _known_model(device.model)
    _names(device)
    _network(device, info)
    _lines(device, info)
    _accounts(device, info)
    _values(device)
    _country(device.country)


def _wrong(field: str, message: str) -> NoReturn:
    raise ConfigurationError(f"{field}: {message}")


def _known_model(model: str) -> ModelInfo:
    key = model.lower()
    if key in FXS_ONLY:
        relative = FXS_ONLY[key]
        _wrong(
            "model",
            f"{model} has sockets for telephones only (FXS) and takes no telephone line; "
            f"{MODELS[relative].vendor} {MODELS[relative].name} ({relative!r}) does",
        )
    if model not in MODELS:
        _wrong("model", f"{model!r} is not known.{nearest(model, MODELS)} For any other gateway write 'other'.")
    return MODELS[model]


def _names(device: Device) -> None:
    if not _ID.fullmatch(device.gateway_id):
        _wrong("gateway_id", "letters, digits, - and _ only, 64 at most: it names a file")
    if device.mac and not _MAC.fullmatch(device.mac):
        _wrong("mac", "12 lowercase hexadecimal digits without separators, or empty")


def _network(device: Device, info: ModelInfo) -> None:
    if not _HOST.fullmatch(device.pbx_host):
        _wrong("pbx_host", "an IPv4 address or a host name")
    for name, port in (("pbx_port", device.pbx_port), ("local_sip_port", device.local_sip_port)):
        if not 1 <= port <= 65535:
            _wrong(name, f"a port between 1 and 65535, not {port}")
    if device.transport not in info.transports:
        _wrong(
            "transport",
            f"{info.name} speaks {' and '.join(info.transports)} only, not {device.transport}"
            + ("; for TLS choose another model" if device.transport == "tls" else ""),
        )
    if device.srtp and device.transport != "tls":
        _wrong("srtp", 'needs transport = "tls": otherwise its keys travel in clear')
    if device.srtp and not info.srtp:
        _wrong("srtp", f"{info.name} has no SRTP that Asterisk understands")
    if device.provisioning_url and not _URL.fullmatch(device.provisioning_url):
        _wrong("provisioning_url", "an http, https or tftp URL of a folder, without query, user or special characters")


def _lines(device: Device, info: ModelInfo) -> None:
    if not device.lines:
        _wrong("lines", "at least one line is needed")
    if len(device.lines) > info.most_ports:
        _wrong("lines", f"{len(device.lines)} lines do not fit: {info.name} has {_ports(info)}")
    ports = [line.port for line in device.lines]
    for number, line in enumerate(device.lines):
        field = f"lines[{number}]"
        if not 1 <= line.port <= info.most_ports:
            _wrong(f"{field}.port", f"there is no port {line.port}: {info.name} has {_ports(info)}")
        if ports.index(line.port) != number:
            _wrong(f"{field}.port", f"port {line.port} has two lines")
        if not _E164.fullmatch(line.did):
            _wrong(f"{field}.did", "a number in E.164 such as +525512345678")


def _ports(info: ModelInfo) -> str:
    return "1 FXO port" if info.most_ports == 1 else f"{info.most_ports} FXO ports at most"


def _accounts(device: Device, info: ModelInfo) -> None:
    breaks = _BREAKS.get(info.emits, "") + ("$" if device.model in _EXPANDS else "")
    _word("user", device.user, breaks)
    _word("password", device.password, breaks)
    _word("admin_password", device.admin_password, breaks)
    if not device.admin_password:
        _wrong("admin_password", "is empty: the device would keep the password of its factory")
    longest = _LONGEST.get(device.model, 128)
    if len(device.admin_password) > longest:
        _wrong("admin_password", f"{info.name} takes {longest} characters at most")
    for number, line in enumerate(device.lines):
        _word(f"lines[{number}].user", line.user, breaks)
        _word(f"lines[{number}].password", line.password, breaks)
        user, password = device.account(line)
        if device.registers and not user:
            _wrong("user", f"is empty, and line {line.port} has none of its own: it could not register")
        if device.registers and not password:
            _wrong(f"lines[{number}].password" if line.user else "password", "is empty: it could not register")


def _word(field: str, value: str, breaks: str) -> None:
    """Refuse what a name or password cannot be in the device's format, without repeating it."""
    for letter in value:
        if not 0x21 <= ord(letter) <= 0x7E:
            _wrong(field, f"holds {_name(letter)}: printable ASCII characters without spaces only")
        if letter in breaks:
            _wrong(field, f"holds the character {letter!r}, which has a meaning of its own in this device's file")
    if len(value) > 128:
        _wrong(field, "128 characters at most")


def _name(letter: str) -> str:
    return "a space" if letter == " " else f"the character U+{ord(letter):04X}"


def _values(device: Device) -> None:
    if not device.codecs or device.codecs[0] == "g729":
        _wrong("codecs", "must begin with ulaw or alaw: G.711 is what speech is recognised from")
    if len(set(device.codecs)) != len(device.codecs):
        _wrong("codecs", "holds one twice")
    if device.rings is not None and not 1 <= device.rings <= 10:
        _wrong("rings", f"between 1 and 10, not {device.rings}")
    if not 0 <= device.hang_up.silence_seconds <= 3600:
        _wrong("hang_up.silence_seconds", "between 0 (off) and 3600")
    for name, gain in (("gain_from_line_db", device.gain_from_line_db), ("gain_to_line_db", device.gain_to_line_db)):
        if not -12 <= gain <= 12:
            _wrong(name, f"between -12 and 12 dB, not {gain}")


def _country(country: CountryProfile) -> None:
    if not re.fullmatch(r"[A-Z]{2}", country.iso):
        _wrong("country.iso", "two capital letters")
    texts = {"name": country.name, "name_es": country.name_es}
    texts |= {f"{name}.source": value.source for name, value in country.values().items()}
    for name, text in texts.items():
        if not text.isprintable():
            _wrong(f"country.{name}", "holds a control character")
    for name, value in country.values().items():
        if isinstance(value, Tone):
            _tone(f"country.{name}", value)
    _cadence("country.ring", country.ring.cadence_ms)


def _tone(field: str, tone: Tone) -> None:
    if not 1 <= len(tone.frequencies_hz) <= 2 or not all(50 <= hertz <= 3900 for hertz in tone.frequencies_hz):
        _wrong(field, "one or two frequencies between 50 and 3900 Hz")
    _cadence(field, tone.cadence_ms)


def _cadence(field: str, cadence: Iterable[tuple[int, int]]) -> None:
    if not all(10 <= milliseconds <= 60_000 for pair in cadence for milliseconds in pair):
        _wrong(field, "every sound and silence between 10 and 60000 ms")
