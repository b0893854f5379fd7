"""Grandstream HT813 and HT503: one FXO port, one FXS port.

Source: FusionPBX, resources/templates/provision/grandstream/ht503, which explains each P-value; the HT813's own
template confirms those in `CONFIRMED_ON_HT813`, the rest is taken to be the same. Special here: cadences in ms,
enumerations that begin with 0, gains in steps of 2 dB, switches that are worded the other way round (P825, P276).
"""

from typing import Final

from fxo_templates.country import CallerIdType, Impedance, Mark
from fxo_templates.emitters.emitted import Emitted, LeftOut, Sheet
from fxo_templates.emitters.grandstream import codec_choices, fetching, tone_text, xml_file
from fxo_templates.model import Device, Words
from vocabulary.errors import ConfigurationError

CADENCE_UNIT_MS: Final = 1
DISCONNECT_LEVEL_DB: Final = -24
MOST_CADENCES: Final = 3

CALLER_ID: Final[dict[CallerIdType, int]] = {
    "bellcore_fsk": 0,
    "etsi_fsk_during_ring": 1,
    "etsi_fsk_dtas": 2,
    "etsi_fsk_line_reversal": 3,
    "etsi_fsk_ring_pulse": 4,
    "dtmf_during_ring": 5,
    "dtmf_dtas": 6,
    "dtmf_line_reversal": 7,
    "dtmf_ring_pulse": 8,
    "bt_fsk": 9,
    "ntt_fsk": 10,
    "dtmf_brazil": 7,
}
"""P863. 14 is DTMF Brazil, in newer firmware of the HT813 only."""

HT813_BRAZIL: Final = 14

IMPEDANCE: Final[dict[Impedance, int]] = {"600": 30, "900": 32, "270+750||150nF": 35, "220+820||120nF": 34}
"""P849; 34 has 115 nF."""

TRANSPORT: Final = {"udp": 0, "tcp": 1, "tls": 2}
"""P830."""

CALLER_ID_HEADER: Final = {"from": 0, "pai": 1}
"""P839."""

GAIN: Final = {0: 0, 6: 1, 4: 2, 2: 3, -2: 4, -4: 5, -6: 6}
"""P248 and P283: dB → code."""

CONFIRMED_ON_HT813: Final = frozenset(
    {"P2", "P196", "P212", "P237", "P145", "P401", "P734", "P735", "P736", "P740", "P747", "P748", "P830"}
)

_SAME: Final = Words(
    "taken from the HT503; the HT813's own list has not been read",
    "tomado del HT503; no se ha leído la lista propia del HT813",
)
_NEAREST: Final = Words("the nearest code has 115 nF, not 120 nF", "el código más parecido tiene 115 nF, no 120 nF")
_PLUS: Final = Words("a forward to a number with + is not documented", "no está documentado el desvío con +")
_NEWER: Final = Words(
    "14 (DTMF Brazil) needs newer firmware; if it is refused, use 7",
    "14 (DTMF Brasil) necesita un firmware más nuevo; si lo rechaza, use 7",
)
_BRAZIL: Final = Words(
    "no scheme for Brazil; 7 (DTMF after a reversed line) is the nearest",
    "no hay esquema para Brasil; 7 (DTMF tras inversión de polaridad) es el más parecido",
)
_DIRECTION: Final = Words(
    "that TX is towards the line and RX from it is inferred",
    "que TX va hacia la línea y RX viene de ella es una deducción",
)
_TELEPHONE: Final = Words(
    "that P271 switches off the account of the telephone socket is inferred from other models",
    "que P271 apague la cuenta del puerto de teléfono se deduce de otros modelos",
)
_POLARITY: Final = Words(
    "no P-value for polarity reversal on the FXO port is known; set it on the web page if there is one",
    "no se conoce el valor P de la inversión de polaridad del puerto FXO; póngala en la página web si existe",
)
_SILENCE: Final = Words(
    "no P-value for hanging up on silence on the FXO port is known",
    "no se conoce el valor P para colgar por silencio en el puerto FXO",
)


class _Values:
    """Adds P-values; on an HT813 those that only the HT503's list explains are marked."""

    def __init__(self, sheet: Sheet, model: str) -> None:
        self._sheet, self._model = sheet, model

    def add(self, key: str, value: str | int, mark: Mark = "sourced", why: Words | None = None) -> None:
        if mark == "sourced" and self._model == "ht813" and key not in CONFIRMED_ON_HT813:
            mark, why = "derived", _SAME
        self._sheet.add(key, value, mark, why)


def emit(device: Device) -> Emitted:
    """Return `cfg<mac>.xml` and its P-values.

    Raises: ConfigurationError when a gain is no step of the device or its disconnect tone has too many parts.
    """
    sheet = Sheet()
    values = _Values(sheet, device.model)
    values.add("P2", device.admin_password)
    values.add("P196", device.admin_password)
    fetching(device, sheet, https=True)
    values.add("P276", 1)
    if device.model == "ht813":
        values.add("P1414", 0)
    values.add("P271", 0, "derived", _TELEPHONE)
    _account(device, values)
    _hang_up(device, values)
    _calls(device, values)
    _sound(device, values)
    settings = tuple(sheet.settings)
    left_out = [LeftOut("hang_up.polarity_reversal", _POLARITY)] if device.hang_up.polarity_reversal else []
    left_out += [LeftOut("hang_up.silence_seconds", _SILENCE)] if device.hang_up.silence_seconds else []
    return Emitted((xml_file(device, settings),), settings, tuple(left_out))


def _account(device: Device, values: _Values) -> None:
    user, password = device.account(device.lines[0])
    port = "" if device.pbx_port == 5060 else f":{device.pbx_port}"
    values.add("P401", 1)
    values.add("P747", device.pbx_host + port)
    values.add("P748", "")
    values.add("P830", TRANSPORT[device.transport])
    values.add("P735", user)
    values.add("P736", user)
    values.add("P734", password)
    values.add("P731", int(device.registers))
    values.add("P732", 10)
    values.add("P813", int(not device.registers))
    values.add("P740", device.local_sip_port)
    values.add("P743", 1)
    values.add("P443", 2 if device.srtp else 0)


def _hang_up(device: Device, values: _Values) -> None:
    signals = device.hang_up
    tone = device.country.disconnect_tones()[0]
    if len(tone.cadence_ms) > MOST_CADENCES:
        raise ConfigurationError(
            f"country: the disconnect tone has {len(tone.cadence_ms)} parts, "
            f"this device takes {MOST_CADENCES} at most (P841); learn or write a shorter cadence"
        )
    values.add("P893", int(signals.current_disconnect))
    values.add("P764", 100)
    values.add("P712", int(signals.busy_tone))
    values.add("P841", tone_text(tone, DISCONNECT_LEVEL_DB, tone.cadence_ms, CADENCE_UNIT_MS))
    values.add("P899", 1)
    impedance = device.country.impedance.value
    if impedance == "220+820||120nF":
        values.add("P849", IMPEDANCE[impedance], "derived", _NEAREST)
    else:
        values.add("P849", IMPEDANCE[impedance])


def _calls(device: Device, values: _Values) -> None:
    kind = device.country.caller_id.type
    if device.did_style == "e164":
        values.add("P3305", device.called_number(device.lines[0]), "derived", _PLUS)
    else:
        values.add("P3305", device.called_number(device.lines[0]))
    values.add("P3306", device.pbx_host)
    values.add("P3307", device.pbx_port)
    values.add("P794", "")
    values.add("P795", "")
    values.add("P796", "")
    values.add("P3303", 0)
    values.add("P3304", 1)
    values.add("P798", device.rings_before_answer)
    values.add("P842", 0)
    if kind == "dtmf_brazil" and device.model == "ht813":
        values.add("P863", HT813_BRAZIL, "derived", _NEWER)
    elif kind == "dtmf_brazil":
        values.add("P863", CALLER_ID[kind], "derived", _BRAZIL)
    else:
        values.add("P863", CALLER_ID[kind])
    values.add("P839", CALLER_ID_HEADER[device.caller_id_header])
    values.add("P710", int(not device.fax))


def _sound(device: Device, values: _Values) -> None:
    for key, code in zip(
        ("P757", "P758", "P759", "P760", "P761", "P762", "P814", "P815"), codec_choices(device.codecs, 8), strict=True
    ):
        values.add(key, code)
    values.add("P750", 0)
    for key in ("P860", "P861", "P862"):
        values.add(key, 101)
    values.add("P779", 101)
    values.add("P248", _gain(device.gain_to_line_db, "gain_to_line_db"), "derived", _DIRECTION)
    values.add("P283", _gain(device.gain_from_line_db, "gain_from_line_db"), "derived", _DIRECTION)
    values.add("P825", 0)


def _gain(decibels: int, field: str) -> int:
    if decibels not in GAIN:
        steps = ", ".join(str(step) for step in sorted(GAIN))
        raise ConfigurationError(f"{field}: this device knows {steps} dB, not {decibels}")
    return GAIN[decibels]
