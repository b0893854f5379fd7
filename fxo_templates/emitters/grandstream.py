"""What every Grandstream file shares: P-values in XML, and where the device asks for its next file.

Source: FusionPBX, resources/templates/provision/grandstream (gxw410x, ht503, ht813).
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

from fxo_templates.country import Cadence, Tone
from fxo_templates.emitters.emitted import Sheet
from fxo_templates.model import Codec, Device, DeviceFile, Setting
from vocabulary.errors import ConfigurationError

CODECS: Final[dict[Codec, int]] = {"ulaw": 0, "alaw": 8, "g729": 18}

_FETCH: Final = {"tftp": 0, "http": 1, "https": 2}


def tone_text(tone: Tone, level_db: int, cadence: Cadence, unit_ms: int) -> str:
    """Return a tone as Grandstream writes it: `f1=425@-11,f2=0@-11,c=25/25;`.

    `unit_ms` is 10 on the GXW410x and 1 on the HT: the trap of this vendor.
    """
    first, second = (*tone.frequencies_hz, 0)[:2]
    pairs = [f"{_in_units(on, unit_ms)}/{_in_units(off, unit_ms)}" for on, off in cadence] or ["0/0"]
    return f"f1={first}@{level_db},f2={second}@{level_db},c={'-'.join(pairs)};"


def _in_units(milliseconds: int, unit_ms: int) -> int:
    return (milliseconds + unit_ms // 2) // unit_ms


def codec_choices(codecs: Iterable[Codec], places: int) -> list[int]:
    """Return one code per place; what is left over repeats the first, so that nothing else is ever offered."""
    codes = [CODECS[codec] for codec in codecs]
    return [*codes, *[codes[0]] * places][:places]


def fetching(device: Device, sheet: Sheet, https: bool) -> None:
    """Add where the device asks for its file next time; without a URL it asks nobody.

    Raises: ConfigurationError when the firmware cannot fetch by that scheme.
    """
    if not device.provisioning_url:
        sheet.add("P237", "")
        return
    parts = urlsplit(device.provisioning_url)
    if parts.scheme not in _FETCH or (parts.scheme == "https" and not https):
        raise ConfigurationError(
            f"provisioning_url: this firmware fetches by {'http, https' if https else 'http'} or tftp, "
            f"not by {parts.scheme}"
        )
    sheet.add("P212", _FETCH[parts.scheme])
    sheet.add("P237", (parts.netloc + parts.path).rstrip("/"))
    sheet.add("P145", 0)


def xml_file(device: Device, settings: Iterable[Setting]) -> DeviceFile:
    """Return the P-values as the file `cfg<mac>.xml`."""
    root = ElementTree.Element("gs_provision", {"version": "1"})
    config = ElementTree.SubElement(root, "config", {"version": "1"})
    for setting in settings:
        ElementTree.SubElement(config, setting.key).text = setting.value
    ElementTree.indent(root)
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True, short_empty_elements=False) + b"\n"
    return DeviceFile(f"cfg{device.mac or device.gateway_id}.xml", content, "application/xml")
