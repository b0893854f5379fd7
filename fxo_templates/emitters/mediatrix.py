"""Media5 Mediatrix C7 with FXO ports: a script of `Service.Scalar=value` and `Service.Table[Key=…].Column=value`.

Source: MX-POTS-MIB for everything below `Pots.` (names, ranges, numbers of the enumerations). The rest of the script
(account, automatic call, codecs) follows experience with DGW and is marked. Special here: enumerations in steps of
100, milliseconds for answering, one custom frequency between 350 and 620 Hz.
"""

from typing import Final

from fxo_templates.country import CallerIdType, Impedance, Mark, Tone
from fxo_templates.emitters.emitted import Emitted, LeftOut, Sheet, answer_delay_ms, file_stem
from fxo_templates.model import Codec, Device, DeviceFile, Line, Words

CUSTOMIZATION: Final = {"country": 100, "dtmf": 200, "fsk": 300}
"""Pots.CallerIdCustomization: country, etsiDtmf, etsiFsk."""

CALLER_ID: Final[dict[CallerIdType, tuple[str, int]]] = {
    "bellcore_fsk": ("country", 100),
    "etsi_fsk_during_ring": ("fsk", 200),
    "etsi_fsk_dtas": ("fsk", 500),
    "etsi_fsk_line_reversal": ("fsk", 600),
    "etsi_fsk_ring_pulse": ("fsk", 300),
    "dtmf_during_ring": ("dtmf", 200),
    "dtmf_dtas": ("dtmf", 500),
    "dtmf_line_reversal": ("dtmf", 600),
    "dtmf_ring_pulse": ("dtmf", 300),
    "bt_fsk": ("fsk", 600),
    "ntt_fsk": ("country", 100),
    "dtmf_brazil": ("dtmf", 700),
}
"""Type → customization and Pots.CallerIdTransmission (100 country, 200 firstRing, 300 ringPulse, 500 dtAs,
600 lineReversalDtAs, 700 noRingPulse)."""

IMPEDANCE: Final[dict[Impedance, int]] = {"600": 100, "900": 300, "270+750||150nF": 2200, "220+820||120nF": 1300}
"""Impedance: i600, i900, spain, germany."""

CODECS: Final[dict[Codec, str]] = {"ulaw": "G711uLaw", "alaw": "G711aLaw", "g729": "G729"}

CUSTOM_TONE: Final = 300
NO_TONE: Final = 100
LOWEST_HZ, HIGHEST_HZ = 350, 620
MOST_SILENCE_SECONDS: Final = 300

_NAME: Final = Words(
    "this name is known from experience with DGW, not read in a document; compare it with an exported script",
    "este nombre se conoce por experiencia con DGW, no se ha leído en un documento; compárelo con un script exportado",
)
_KIND: Final = Words(
    "the numbers are those of the MIB; that they mean this country's caller id is inferred",
    "los números son los de la MIB; que correspondan al identificador de este país es una deducción",
)
_COUNTRY: Final = Words(
    "impedances are named after countries; the one with the same network was chosen",
    "las impedancias llevan nombres de países; se eligió la de la misma red",
)
_DELAY: Final = Words(
    "computed from the country's ring and caller id; measure it on the line",
    "calculado con el timbre y el identificador de llamada del país; mídalo en la línea",
)
_CADENCE: Final = Words(
    "the format of the cadence (on,off in ms) is inferred",
    "el formato de la cadencia (sonido,pausa en ms) es una deducción",
)
_FREQUENCY: Final = Words(
    "the device detects one frequency between 350 and 620 Hz; the country's own tone is used instead",
    "el aparato detecta una sola frecuencia entre 350 y 620 Hz; se usa el tono del país elegido en él",
)
_SILENCE: Final = Words("300 s of silence is the most it takes", "admite 300 s de silencio como máximo")
_SIGNALS: Final = Words(
    "loop break and polarity reversal follow the country chosen in the device; no parameter for them is known",
    "corte de bucle e inversión de polaridad siguen al país elegido en el aparato; no se conoce su parámetro",
)
_GAIN: Final = Words(
    "gains are not written; no parameter is known", "las ganancias no se escriben; no se conoce su parámetro"
)


class _Script:
    def __init__(self) -> None:
        self.sheet = Sheet()

    def pots(self, key: str, value: int, mark: Mark = "sourced", why: Words | None = None) -> None:
        self.sheet.add(f"Pots.{key}", value, mark, why)

    def text(self, key: str, value: str) -> None:
        self.sheet.add(key, f'"{value}"', "memory", _NAME)

    def number(self, key: str, value: int) -> None:
        self.sheet.add(key, value, "memory", _NAME)


def emit(device: Device) -> Emitted:
    """Return `<mac>.cfg`, a script, and its parameters."""
    script = _Script()
    script.text("Aaa.User[UserName=admin].Password", device.admin_password)
    _sip(device, script)
    _pots(device, script)
    for line in sorted(device.lines, key=lambda line: line.port):
        _line(device, line, script)
    settings = tuple(script.sheet.settings)
    text = "".join(f"{setting.key}={setting.value}\n" for setting in settings)
    left_out = [LeftOut("hang_up.current_disconnect", _SIGNALS)]
    if device.gain_to_line_db or device.gain_from_line_db:
        left_out.append(LeftOut("gain_to_line_db", _GAIN))
    if device.hang_up.busy_tone and _custom_frequency(device.country.disconnect_tones()[0]) is None:
        left_out.append(LeftOut("country.busy", _FREQUENCY))
    if device.hang_up.silence_seconds > MOST_SILENCE_SECONDS:
        left_out.append(LeftOut("hang_up.silence_seconds", _SILENCE))
    file = DeviceFile(f"{file_stem(device)}.cfg", text.encode("ascii"), "text/plain")
    return Emitted((file,), settings, tuple(left_out))


def _custom_frequency(tone: Tone) -> int | None:
    hertz = tone.frequencies_hz[0]
    return hertz if len(tone.frequencies_hz) == 1 and LOWEST_HZ <= hertz <= HIGHEST_HZ and tone.cadence_ms else None


def _sip(device: Device, script: _Script) -> None:
    address = f"{device.pbx_host}:{device.pbx_port}"
    script.text("SipEp.DefaultStaticProxyHost", address)
    script.text("SipEp.DefaultStaticRegistrarHost", address if device.registers else "")
    for name in ("udp", "tcp", "tls"):
        script.number(f"SipEp.Transport{name.capitalize()}Enable", int(device.transport == name))
    script.number("SipEp.DefaultGatewayPort", device.local_sip_port)
    script.number("SipEp.InteropAllowOnlyProxyCalls", 1)
    script.number("SipEp.InteropAssertedIdentity", int(device.caller_id_header == "pai"))
    for codec, name in CODECS.items():
        place = device.codecs.index(codec) + 1 if codec in device.codecs else 0
        script.number(f"Mipt.DefaultCodec{name}VoiceEnable", int(bool(place)))
        script.number(f"Mipt.DefaultCodec{name}VoicePriority", 10 - place if place else 0)
    script.number("Mipt.DefaultVoiceActivityDetectionEnable", 0)
    script.text("Mipt.DefaultDtmfTransportMethod", "outOfBandUsingRtp")
    script.number("Mipt.DefaultDtmfTransportPayloadType", 101)
    script.text("Mipt.DefaultSrtpMode", "secure" if device.srtp else "unsecure")
    script.number("Mipt.DefaultCodecT38Enable", int(device.fax))


def _pots(device: Device, script: _Script) -> None:
    kind, transmission = CALLER_ID[device.country.caller_id.type]
    script.pots("CallerIdCustomization", CUSTOMIZATION[kind], "derived", _KIND)
    script.pots("CallerIdTransmission", transmission, "derived", _KIND)
    script.pots("FxoDialToneDetectionMode", 100)
    script.pots("FxoLinkStateVerification", 1)
    tone = device.country.disconnect_tones()[0]
    frequency = _custom_frequency(tone)
    if not device.hang_up.busy_tone:
        script.pots("FxoFeocOnToneDetectionMode", NO_TONE)
    elif frequency is not None:
        script.pots("FxoFeocOnToneDetectionMode", CUSTOM_TONE)
        script.pots("FxoFeocToneCustomFrequency", frequency)
        cadence = ",".join(f"{on},{off}" for on, off in tone.cadence_ms)
        script.sheet.add("Pots.FxoFeocToneCustomCadence", f'"{cadence}"', "derived", _CADENCE)
        script.pots("FxoFeocToneCustomRepetition", 3)
    else:
        script.pots("FxoFeocOnToneDetectionMode", 200)
    silence = device.hang_up.silence_seconds
    script.pots("FxoFeocOnSilenceDetectionMode", 400 if silence else 100)
    if silence:
        script.pots("FxoFeocOnSilenceDetectionTimeout", min(MOST_SILENCE_SECONDS, silence))
    script.pots("FxoFeocOnCallFailureEnable", 1)
    script.pots("FxoFeocOnCallFailureTimeout", 30)


def _line(device: Device, line: Line, script: _Script) -> None:
    endpoint = f"Slot1/FXO{line.port}"
    user, password = device.account(line)
    answering = f"FxoAnsweringDelay[Id={endpoint}]"
    script.pots(f"{answering}.WaitBeforeAnsweringDelay", min(30_000, answer_delay_ms(device)), "derived", _DELAY)
    script.pots(f"{answering}.AnsweringOnCallerIdDetection", 1)
    script.pots(f"{answering}.WaitForCalleeToAnswer", 0)
    basic = f"FxoCustomBasicParameters[Id={endpoint}]"
    script.pots(f"{basic}.OverrideDefaultCountryParameters", 1)
    script.pots(f"{basic}.Impedance", IMPEDANCE[device.country.impedance.value], "derived", _COUNTRY)
    script.text(f"SipEp.UserAgent[EndpointId={endpoint}].Username", user)
    script.number(f"SipEp.UserAgent[EndpointId={endpoint}].Register", int(line in device.registering()))
    script.text(f"SipEp.Authentication[EndpointId={endpoint}].Username", user)
    script.text(f"SipEp.Authentication[EndpointId={endpoint}].Password", password)
    script.number(f"EpServ.EndpointAutoCall[EndpointId={endpoint}].Enable", 1)
    script.text(f"EpServ.EndpointAutoCall[EndpointId={endpoint}].Target", device.called_number(line))
