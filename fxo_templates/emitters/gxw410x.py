"""Grandstream GXW4104 and GXW4108: 4 or 8 FXO ports, firmware 1.3.4.13.

Source: FusionPBX, resources/templates/provision/grandstream/gxw410x, which explains each P-value. What is special
here and nowhere else: values per channel (`ch1-4:Y;`), cadences in units of 10 ms, enumerations that begin with 1,
UDP and TCP only.
"""

from typing import Final

from fxo_templates.country import CallerIdType, Impedance
from fxo_templates.emitters.emitted import Emitted, LeftOut, Sheet, ring_timeout_seconds
from fxo_templates.emitters.grandstream import codec_choices, fetching, tone_text, xml_file
from fxo_templates.model import Device, Line, Words
from fxo_templates.models import MODELS

CADENCE_UNIT_MS: Final = 10
TONE_LEVEL_DB: Final = -11

CALLER_ID: Final[dict[CallerIdType, int]] = {
    "bellcore_fsk": 1,
    "etsi_fsk_during_ring": 2,
    "etsi_fsk_dtas": 3,
    "etsi_fsk_line_reversal": 4,
    "etsi_fsk_ring_pulse": 5,
    "dtmf_during_ring": 6,
    "dtmf_dtas": 7,
    "dtmf_line_reversal": 8,
    "dtmf_ring_pulse": 9,
    "bt_fsk": 10,
    "ntt_fsk": 11,
    "dtmf_brazil": 8,
}
"""P3600. There is no code for Brazil: DTMF after a reversed line is the nearest."""

IMPEDANCE: Final[dict[Impedance, int]] = {"600": 0, "900": 1, "270+750||150nF": 2, "220+820||120nF": 3}
"""P3631."""

TRANSPORT: Final = {"udp": 1, "tcp": 2}
"""P130."""

CALLER_ID_HEADER: Final = {"from": 1, "pai": 4}
"""P3601."""

NEVER_SECONDS: Final = 3600
"""P3202 when silence is no hang-up: how to switch it off is not documented."""

_SILENCE: Final = Words(
    "how to switch the silence timeout off is not documented, so it is set to an hour",
    "no está documentado cómo apagar el corte por silencio, así que se pone una hora",
)
_PLUS: Final = Words("a forward to a number with + is not documented", "no está documentado el desvío con +")
_BRAZIL: Final = Words(
    "this firmware has no scheme for Brazil; 8 (DTMF after a reversed line) is the nearest",
    "este firmware no tiene esquema para Brasil; 8 (DTMF tras inversión de polaridad) es el más parecido",
)
_REORDER: Final = Words(
    "P3605 is said to listen for the reorder tone (P3003) only, and here busy and reorder differ: if lines stay busy, "
    "learn the tone",
    "se dice que P3605 solo escucha el tono reorder (P3003), y aquí ocupado y reorder son distintos: si las líneas "
    "quedan tomadas, aprenda el tono",
)
_CHANNELS: Final = Words(
    "the format in which an account names its channels is not documented",
    "no está documentado el formato con que una cuenta nombra sus canales",
)


def emit(device: Device) -> Emitted:
    """Return `cfg<mac>.xml` and its P-values.

    Raises: ConfigurationError when `provisioning_url` is not http or tftp.
    """
    sheet = Sheet()
    ports = MODELS[device.model].most_ports
    _system(device, sheet)
    _profile(device, sheet)
    _hang_up(device, sheet, ports)
    _calls(device, sheet, ports)
    _accounts(device, sheet, ports)
    _sound(device, sheet, ports)
    settings = tuple(sheet.settings)
    differ = device.hang_up.busy_tone and not device.country.hang_up and len(device.country.disconnect_tones()) > 1
    left_out = (LeftOut("country.congestion", _REORDER),) if differ else ()
    return Emitted((xml_file(device, settings),), settings, left_out)


def _all(ports: int, value: str | int) -> str:
    """Return one value for every channel."""
    return f"ch1-{ports}:{value};"


def _each(values: dict[int, str]) -> str:
    """Return one value per channel."""
    return "".join(f"ch{port}:{value};" for port, value in sorted(values.items()))


def _system(device: Device, sheet: Sheet) -> None:
    sheet.add("P2", device.admin_password)
    sheet.add("P196", device.admin_password)
    fetching(device, sheet, https=False)
    sheet.add("P79", 101)


def _profile(device: Device, sheet: Sheet) -> None:
    port = "" if device.pbx_port == 5060 else f":{device.pbx_port}"
    sheet.add("P271", 1)
    sheet.add("P47", device.pbx_host + port)
    sheet.add("P31", int(device.registers))
    sheet.add("P32", 10)
    sheet.add("P130", TRANSPORT[device.transport])
    sheet.add("P743", 101)
    for key, code in zip(
        ("P57", "P58", "P59", "P60", "P61", "P62", "P46", "P98"), codec_choices(device.codecs, 8), strict=True
    ):
        sheet.add(key, code)
    sheet.add("P401", 0)
    sheet.add("P501", 0)


def _hang_up(device: Device, sheet: Sheet, ports: int) -> None:
    signals = device.hang_up
    sheet.add("P3603", _all(ports, _yn(signals.current_disconnect)))
    sheet.add("P3604", _all(ports, 100))
    sheet.add("P3605", _all(ports, _yn(signals.busy_tone)))
    sheet.add("P3606", _all(ports, _yn(signals.polarity_reversal)))
    sheet.add("P3629", _all(ports, "N"))
    if signals.silence_seconds:
        sheet.add("P3202", _all(ports, signals.silence_seconds))
    else:
        sheet.add("P3202", _all(ports, NEVER_SECONDS), "derived", _SILENCE)
    sheet.add("P3630", _all(ports, min(10, ring_timeout_seconds(device))))
    sheet.add("P3631", _all(ports, IMPEDANCE[device.country.impedance.value]))


def _calls(device: Device, sheet: Sheet, ports: int) -> None:
    kind = device.country.caller_id.type
    sheet.add("P3303", _all(ports, "N"))
    sheet.add("P3304", _all(ports, 1))
    sheet.add("P3206", _all(ports, 500))
    dids = {line.port: device.called_number(line) for line in device.lines}
    if device.did_style == "e164":
        sheet.add("P3607", _each(dids), "derived", _PLUS)
    else:
        sheet.add("P3607", _each(dids))
    sheet.add("P3306", _all(ports, "p1"))
    sheet.add("P3307", _all(ports, device.pbx_port))
    sheet.add("P3599", _all(ports, device.rings_before_answer))
    if kind == "dtmf_brazil":
        sheet.add("P3600", _all(ports, CALLER_ID[kind]), "derived", _BRAZIL)
    else:
        sheet.add("P3600", _all(ports, CALLER_ID[kind]))
    sheet.add("P3601", _all(ports, CALLER_ID_HEADER[device.caller_id_header]))
    sheet.add("P3602", _all(ports, f"mode={1 if device.fax else 2},rate=9600,ecm=1"))


def _accounts(device: Device, sheet: Sheet, ports: int) -> None:
    """Write one account for each line that has its own; the gateway's own account serves the other channels."""
    own = [line for line in device.lines if line.user]
    shared = [line for line in device.lines if not line.user]
    accounts: list[tuple[str, Line]] = [(str(line.port), line) for line in own]
    if shared:
        accounts.append((",".join(str(line.port) for line in shared), shared[0]))
    for place, (channels, line) in enumerate(sorted(accounts, key=lambda account: account[1].port)):
        user, password = device.account(line)
        sheet.add(f"P{3030 + place}", channels, "derived", _CHANNELS)
        sheet.add(f"P{3060 + place}", user)
        sheet.add(f"P{3090 + place}", user)
        sheet.add(f"P{3120 + place}", password)
        sheet.add(f"P{3150 + place}", 3000)
    for place in range(len(accounts), ports):
        for first in (3060, 3090, 3120):
            sheet.add(f"P{first + place}", "")


def _sound(device: Device, sheet: Sheet, ports: int) -> None:
    country = device.country
    reorder = country.hang_up or country.congestion
    for key, tone in (
        ("P3000", country.dial),
        ("P3001", country.ringback),
        ("P3002", country.hang_up or country.busy),
        ("P3003", reorder),
    ):
        text = tone_text(tone, TONE_LEVEL_DB, tone.cadence_ms, CADENCE_UNIT_MS)
        sheet.add(key, f"ch1-{ports}:{text}")
    sheet.add("P3400", _all(ports, device.gain_to_line_db))
    sheet.add("P3401", _all(ports, device.gain_from_line_db))
    sheet.add("P3402", _all(ports, "N"))
    sheet.add("P3403", _all(ports, "Y"))
    sheet.add("P3404", _all(ports, 2))
    sheet.add("P3406", f"ch1-{ports}:{device.local_sip_port}++;")
    sheet.add("P3409", _all(ports, 1))


def _yn(value: bool) -> str:
    return "Y" if value else "N"
