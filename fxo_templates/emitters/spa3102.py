"""Cisco (Linksys) SPA3102: one FXO port, which it calls "PSTN Line", and one FXS port.

Sources: Cisco Small Business ATA Administration Guide (PSTN Line page); FusionPBX linksys/spa3102; the tags of a
published SPA8800/SPA3102 template for the gateway part. Special here: a disconnect tone in seconds that must name two
frequencies, an answer delay of 16 s by default, and an open relay when nobody closes it.
"""

from typing import Final
from xml.etree import ElementTree

from fxo_templates.country import CallerIdType, Tone
from fxo_templates.emitters.emitted import Emitted, LeftOut, Sheet, answer_delay_ms, file_stem, yes_no
from fxo_templates.model import Codec, Device, DeviceFile, Setting, Words

DISCONNECT_LEVEL_DB: Final = -30
"""The device ignores it."""

CODECS: Final[dict[Codec, str]] = {"ulaw": "G711u", "alaw": "G711a", "g729": "G729a"}

CALLER_ID: Final[dict[CallerIdType, str]] = {
    "bellcore_fsk": "Bellcore(N.Amer,China)",
    "etsi_fsk_during_ring": "ETSI FSK",
    "etsi_fsk_dtas": "ETSI FSK",
    "etsi_fsk_line_reversal": "ETSI FSK With PR(UK)",
    "etsi_fsk_ring_pulse": "ETSI FSK",
    "dtmf_during_ring": "ETSI DTMF After Ring",
    "dtmf_dtas": "ETSI DTMF",
    "dtmf_line_reversal": "ETSI DTMF With PR",
    "dtmf_ring_pulse": "ETSI DTMF",
    "bt_fsk": "ETSI FSK With PR(UK)",
    "ntt_fsk": "Bellcore(N.Amer,China)",
    "dtmf_brazil": "ETSI DTMF With PR",
}
"""Caller_ID_Method. Only the first text has been read in a document."""

_NAME: Final = Words(
    "the name of this parameter is known from experience, not read in a document",
    "el nombre de este parámetro se conoce por experiencia, no se ha leído en un documento",
)
_METHOD: Final = Words(
    "the exact texts of this list are known from experience; if it stays empty, choose it on the web page",
    "los textos exactos de esta lista se conocen por experiencia; si queda vacío, elíjalo en la página web",
)
_DELAY: Final = Words(
    "computed from the country's ring and caller id; measure it on the line",
    "calculado con el timbre y el identificador de llamada del país; mídalo en la línea",
)
_TONE: Final = Words(
    "the length of the tone to listen for is inferred from published examples",
    "la duración del tono que se escucha se deduce de ejemplos publicados",
)
_SILENCE: Final = Words(
    "the parameter for the time of silence is not known; set it on the PSTN Line page",
    "no se conoce el parámetro del tiempo de silencio; póngalo en la página PSTN Line",
)
_SUFFIX: Final = Words(
    "the suffix _2_ of this parameter is inferred from its neighbours",
    "el sufijo _2_ de este parámetro se deduce de sus vecinos",
)
_HEADER: Final = Words(
    'this device reports the caller in From only: say caller_id = "from" for it',
    'este aparato informa de quien llama solo en From: ponga caller_id = "from"',
)
_ADDRESS: Final = Words(
    "VoIP_Access_List takes addresses; a host name may let nobody call out over the line",
    "VoIP_Access_List espera direcciones; con un nombre puede que nadie pueda llamar por la línea",
)


def emit(device: Device) -> Emitted:
    """Return `<mac>.xml`, the file the device asks for as `$MA.xml`, and its parameters."""
    sheet = Sheet()
    _system(device, sheet)
    _account(device, sheet)
    _inbound(device, sheet)
    _outbound(device, sheet)
    _hang_up(device, sheet)
    _sound(device, sheet)
    settings = tuple(sheet.settings)
    pai = [LeftOut("caller_id_header", _HEADER)] if device.caller_id_header == "pai" else []
    silence = [LeftOut("hang_up.silence_seconds", _SILENCE)] if device.hang_up.silence_seconds else []
    left_out = [*pai, *silence]
    if not device.pbx_host.replace(".", "").isdigit():
        left_out.append(LeftOut("pbx_host", _ADDRESS))
    return Emitted((_file(device, settings),), settings, tuple(left_out))


def disconnect_tone(tone: Tone) -> str:
    """Return a tone as the device's script: `425@-30,425@-30;4(0.25/0.25/1+2)`, in seconds.

    The device wants two frequencies even where the exchange plays one, and one set of segments.
    """
    first, second = (*tone.frequencies_hz, tone.frequencies_hz[0])[:2]
    cadence = tone.cadence_ms or ((1000, 0),)
    segments = ",".join(f"{_seconds(on)}/{_seconds(off)}/1+2" for on, off in cadence)
    length = 4 if len(cadence) == 1 else 10
    return f"{first}@{DISCONNECT_LEVEL_DB},{second}@{DISCONNECT_LEVEL_DB};{length}({segments})"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


def _system(device: Device, sheet: Sheet) -> None:
    sheet.add("Admin_Passwd", device.admin_password)
    sheet.add("User_Password", device.admin_password)
    if device.provisioning_url:
        sheet.add("Profile_Rule", device.provisioning_url.rstrip("/") + "/$MA.xml")
        sheet.add("Resync_On_Reset", "yes")
    else:
        sheet.add("Profile_Rule", "")
    sheet.add("Line_Enable_1_", "no")
    sheet.add("AVT_Dynamic_Payload", 101, "memory", _NAME)


def _account(device: Device, sheet: Sheet) -> None:
    user, password = device.account(device.lines[0])
    port = "" if device.pbx_port == 5060 else f":{device.pbx_port}"
    sheet.add("Line_Enable_2_", "yes")
    sheet.add("SIP_Transport_2_", device.transport.upper(), "memory", _NAME)
    sheet.add("SIP_Port_2_", device.local_sip_port)
    sheet.add("Proxy_2_", device.pbx_host + port)
    sheet.add("Register_2_", yes_no(device.registers))
    sheet.add("Make_Call_Without_Reg_2_", yes_no(not device.registers), "memory", _NAME)
    sheet.add("Ans_Call_Without_Reg_2_", yes_no(not device.registers))
    sheet.add("User_ID_2_", user)
    sheet.add("Password_2_", password)
    sheet.add("Use_Auth_ID_2_", "no")
    sheet.add("Restrict_Source_IP_2_", "yes")


def _inbound(device: Device, sheet: Sheet) -> None:
    did = device.called_number(device.lines[0])
    sheet.add("Dial_Plan_1_2_", f"(S0<:{did}>)")
    sheet.add("PSTN-To-VoIP_Gateway_Enable_2_", "yes")
    sheet.add("PSTN_Caller_Auth_Method_2_", "none")
    sheet.add("PSTN_Caller_Default_DP_2_", 1)
    sheet.add("PSTN_Ring_Thru_Line_1_2_", "no")
    sheet.add("PSTN_CID_For_VoIP_CID_2_", "yes")
    sheet.add("PSTN_Answer_Delay_2_", -(-answer_delay_ms(device) // 1000), "derived", _DELAY)
    sheet.add("Off_Hook_While_Calling_VoIP_2_", "No")
    kind = device.country.caller_id.type
    if kind == "bellcore_fsk":
        sheet.add("Caller_ID_Method", CALLER_ID[kind])
        sheet.add("Caller_ID_FSK_Standard", "bell 202")
    else:
        sheet.add("Caller_ID_Method", CALLER_ID[kind], "memory", _METHOD)
        sheet.add("Caller_ID_FSK_Standard", "v.23", "memory", _METHOD)


def _outbound(device: Device, sheet: Sheet) -> None:
    """Close the relay: only our PBX, by its address or by digest with the line's own account."""
    user, password = device.account(device.lines[0])
    sheet.add("VoIP-To-PSTN_Gateway_Enable_2_", "yes")
    sheet.add("VoIP_Caller_Auth_Method_2_", "HTTP Digest")
    sheet.add("VoIP_User_1_Auth_ID_2_", user)
    sheet.add("VoIP_User_1_Password_2_", password, "memory", _NAME)
    sheet.add("VoIP_User_1_DP_2_", 2)
    sheet.add("VoIP_Caller_Default_DP_2_", 2)
    sheet.add("VoIP_Access_List_2_", device.pbx_host)
    sheet.add("One_Stage_Dialing_2_", "yes")
    sheet.add("Dial_Plan_2_2_", "(xx.)", "memory", _NAME)


def _hang_up(device: Device, sheet: Sheet) -> None:
    signals = device.hang_up
    sheet.add("Detect_CPC_2_", yes_no(signals.current_disconnect))
    sheet.add("Detect_Polarity_Reversal_2_", yes_no(signals.polarity_reversal))
    sheet.add("Detect_Disconnect_Tone_2_", yes_no(signals.busy_tone))
    sheet.add("Disconnect_Tone_2_", disconnect_tone(device.country.disconnect_tones()[0]), "derived", _TONE)
    sheet.add("Detect_PSTN_Long_Silence_2_", yes_no(bool(signals.silence_seconds)), "derived", _SUFFIX)
    sheet.add("Detect_VoIP_Long_Silence_2_", "no", "memory", _NAME)
    sheet.add("FXO_Port_Impedance_2_", device.country.impedance.value)


def _sound(device: Device, sheet: Sheet) -> None:
    sheet.add("Preferred_Codec_2_", CODECS[device.codecs[0]])
    sheet.add("Use_Pref_Codec_Only_2_", yes_no(len(device.codecs) == 1), "memory", _NAME)
    sheet.add("Silence_Supp_Enable_2_", "no", "memory", _NAME)
    sheet.add("Echo_Canc_Enable_2_", "yes", "memory", _NAME)
    sheet.add("DTMF_Tx_Method_2_", "AVT")
    sheet.add("FAX_Enable_T38_2_", yes_no(device.fax), "memory", _NAME)
    sheet.add("SPA_To_PSTN_Gain_2_", device.gain_to_line_db, "derived", _SUFFIX)
    sheet.add("PSTN_To_SPA_Gain_2_", device.gain_from_line_db, "derived", _SUFFIX)


def _file(device: Device, settings: tuple[Setting, ...]) -> DeviceFile:
    root = ElementTree.Element("flat-profile")
    for setting in settings:
        ElementTree.SubElement(root, setting.key).text = setting.value
    ElementTree.indent(root)
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True, short_empty_elements=False) + b"\n"
    return DeviceFile(f"{file_stem(device)}.xml", content, "application/xml")
