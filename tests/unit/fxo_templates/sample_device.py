"""A gateway for the tests, made from one place so that each test names only what it is about."""

import re
from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree

from fxo_templates.device import (
    MODELS,
    CountryProfile,
    Device,
    HangUpSignals,
    Line,
    country_profile,
    produce,
)

FILE_MODELS = tuple(model for model, info in MODELS.items() if info.emits != "checklist")
HAND_MODELS = tuple(model for model, info in MODELS.items() if info.emits == "checklist")

_ASSIGNMENT = re.compile(r"([^=\[]+(?:\[[^\]]*\])?[^=\[]*)=(.*)")
"""`key = value`; a key may name a row of a table: `Table[Id=1].Column`."""


def device(model: str = "gxw4104", country: str | CountryProfile = "MX", lines: int = 1, **changes: object) -> Device:
    """Return a device that can be produced; `changes` are fields of `Device`."""
    profile = country_profile(country) if isinstance(country, str) else country
    plain = Device(
        gateway_id="oficina",
        model=model,
        mac="000b82aabbcc",
        pbx_host="192.168.1.10",
        pbx_port=5060,
        transport="udp",
        srtp=False,
        registers=True,
        user="gw-oficina",
        password="Clave123",
        lines=tuple(Line(port, f"+52551234567{port}") for port in range(1, lines + 1)),
        country=profile,
        codecs=("ulaw", "alaw"),
        caller_id_header="from",
        did_style="digits",
        hang_up=HangUpSignals(),
        rings=None,
        fax=False,
        gain_from_line_db=0,
        gain_to_line_db=0,
        local_sip_port=5062,
        admin_password="Admin999",
    )
    return changed(plain, changes)


def changed(made: Device, changes: Mapping[str, object]) -> Device:
    """Return the device with these fields, right or wrong."""
    return replace(made, **changes)  # type: ignore[arg-type]  # the tests name the fields


def text(made: Device) -> str:
    """Return the content of the device's only file."""
    (file,) = produce(made).files
    return file.content.decode("utf-8")


def parameters(made: Device) -> dict[str, str]:
    """Return the parameters of an XML file, as an XML parser that is not ours reads them."""
    (file,) = produce(made).files
    root = ElementTree.fromstring(file.content)
    if root.tag == "ParameterList":
        found: dict[str, str] = {}
        for group in root.findall("O"):
            name = group.findtext("N") or ""
            found |= {name + (p.findtext("N") or ""): p.findtext("V") or "" for p in group.findall("P")}
        return found
    elements = root.find("config") if root.tag == "gs_provision" else root
    assert elements is not None
    return {element.tag: element.text or "" for element in elements}


def assignments(made: Device) -> dict[str, str]:
    """Return the `key = value` lines of an ini file or script."""
    found = (_ASSIGNMENT.fullmatch(line) for line in text(made).splitlines() if not line.startswith("FORMAT"))
    return {match[1].strip(): match[2].strip() for match in found if match}
