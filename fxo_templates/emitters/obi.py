"""Obihai OBi110 and OBi212: one FXO port, which they call LINE.

Sources: the OBi Device Administration Guide names the parameters of the web pages; their place in the XML tree follows
TR-104 and is known from experience, so every parameter here is marked. Special here: SP2 rings whatever
`X_InboundCallRoute` says for anybody who reaches the box, until `X_AccessList` closes it.
"""

from typing import Final
from xml.etree import ElementTree

from fxo_templates.country import CallerIdType, Tone
from fxo_templates.emitters.emitted import Emitted, LeftOut, answer_delay_ms, file_stem
from fxo_templates.model import Codec, Device, DeviceFile, Setting, Words

LINE: Final = "VoiceService.1.X_FXO.1."
PROFILE: Final = "VoiceService.1.VoiceProfile.1."
ACCOUNT: Final = "VoiceService.1.VoiceProfile.1.Line.2."

CODECS: Final[dict[Codec, str]] = {"ulaw": "G711U", "alaw": "G711A", "g729": "G729"}

TRANSPORT: Final = {"udp": "UDP", "tcp": "TCP", "tls": "TLS"}

CALLER_ID: Final[dict[CallerIdType, str]] = {
    "bellcore_fsk": "FSK(Bell202)",
    "etsi_fsk_during_ring": "FSK(V.23)",
    "etsi_fsk_dtas": "FSK(V.23)",
    "etsi_fsk_line_reversal": "FSK(V.23)",
    "etsi_fsk_ring_pulse": "FSK(V.23)",
    "dtmf_during_ring": "DTMF",
    "dtmf_dtas": "DTMF",
    "dtmf_line_reversal": "DTMF",
    "dtmf_ring_pulse": "DTMF",
    "bt_fsk": "FSK(V.23)",
    "ntt_fsk": "FSK(Bell202)",
    "dtmf_brazil": "DTMF",
}
"""CIDDetectMethod."""

_TREE: Final = Words(
    "the place of this parameter in the XML file is known from experience; compare it with a backup of the device",
    "el lugar de este parámetro en el archivo XML se conoce por experiencia; compárelo con una copia del aparato",
)
_SILENCE: Final = Words(
    "the parameter for hanging up on silence is not known; set it on the LINE Port page",
    "no se conoce el parámetro para colgar por silencio; póngalo en la página LINE Port",
)


def emit(device: Device) -> Emitted:
    """Return `<mac>.xml` as a `ParameterList`, and its parameters as `object.name`."""
    objects = (
        ("DeviceInfo.WebServer.", _web(device)),
        ("DeviceInfo.Provisioning.", _fetching(device)),
        (PROFILE + "SIP.", _sip(device)),
        (PROFILE + "RTP.", {"X_DTMFPayloadType": "101", "X_SymmetricRTPEnable": "true"}),
        (ACCOUNT, _account(device)),
        (ACCOUNT + "SIP.", _credentials(device)),
        (ACCOUNT + "VoiceProcessing.", {"EchoCancellationEnable": "true", "SilenceSuppressionEnable": "false"}),
        ("VoiceService.1.X_CodecProfile.1.", _codecs(device)),
        (LINE, _line(device)),
    )
    root = ElementTree.Element("ParameterList")
    settings = []
    for name, parameters in objects:
        if not parameters:
            continue
        element = ElementTree.SubElement(root, "O")
        ElementTree.SubElement(element, "N").text = name
        for key, value in parameters.items():
            parameter = ElementTree.SubElement(element, "P")
            ElementTree.SubElement(parameter, "N").text = key
            ElementTree.SubElement(parameter, "V").text = value
            settings.append(Setting(name + key, value, "memory", _TREE))
    ElementTree.indent(root)
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True, short_empty_elements=False) + b"\n"
    left_out = (LeftOut("hang_up.silence_seconds", _SILENCE),) if device.hang_up.silence_seconds else ()
    return Emitted((DeviceFile(f"{file_stem(device)}.xml", content, "application/xml"),), tuple(settings), left_out)


def disconnect_pattern(tone: Tone) -> str:
    """Return a tone as `425-24;4(0.25+0.25)`: frequencies with level, then the cadence in seconds."""
    frequencies = ",".join(f"{hertz}-24" for hertz in tone.frequencies_hz)
    cadence = tone.cadence_ms or ((1000, 0),)
    return f"{frequencies};4({','.join(f'{on / 1000:g}+{off / 1000:g}' for on, off in cadence)})"


def _true(value: bool) -> str:
    return "true" if value else "false"


def _web(device: Device) -> dict[str, str]:
    return {"AdminPassword": device.admin_password, "UserPassword": device.admin_password}


def _fetching(device: Device) -> dict[str, str]:
    if not device.provisioning_url:
        return {"Method": "Disabled"}
    return {"Method": "System Start", "ConfigURL": device.provisioning_url.rstrip("/") + "/$MAC.xml"}


def _sip(device: Device) -> dict[str, str]:
    return {
        "ProxyServer": device.pbx_host,
        "ProxyServerPort": str(device.pbx_port),
        "ProxyServerTransport": TRANSPORT[device.transport],
        "RegistrarServer": device.pbx_host,
        "RegistrarServerPort": str(device.pbx_port),
        "X_SpoofCallerID": "true",
        "X_AccessList": device.pbx_host,
        "X_InsertRemotePartyID": _true(device.caller_id_header == "pai"),
        "X_DTMFMethod": "RFC2833",
    }


def _account(device: Device) -> dict[str, str]:
    return {
        "Enable": "Enabled",
        "X_ServProvProfile": "A",
        "X_RingProfile": "A",
        "X_InboundCallRoute": "{li}",
        "X_RegisterEnable": _true(device.registers),
        "X_NoRegNoCall": _true(device.registers),
        "X_UserAgentPort": str(device.local_sip_port),
        "X_KeepAliveEnable": "true",
        "X_SRTP": _true(device.srtp),
        "X_T38Enable": _true(device.fax),
    }


def _credentials(device: Device) -> dict[str, str]:
    user, password = device.account(device.lines[0])
    return {"AuthUserName": user, "AuthPassword": password, "URI": user}


def _codecs(device: Device) -> dict[str, str]:
    values: dict[str, str] = {}
    for codec, name in CODECS.items():
        place = device.codecs.index(codec) + 1 if codec in device.codecs else 0
        values[f"{name}.Enable"] = _true(bool(place))
        if place:
            values[f"{name}.Priority"] = str(place)
    return values


def _line(device: Device) -> dict[str, str]:
    line, signals = device.lines[0], device.hang_up
    return {
        "Enable": "true",
        "InboundCallRoute": f"{{sp2({device.called_number(line)})}}",
        "RingDelay": str(answer_delay_ms(device)),
        "CIDDetectMethod": CALLER_ID[device.country.caller_id.type],
        "DetectCPC": _true(signals.current_disconnect),
        "DetectPolarityReversal": _true(signals.polarity_reversal),
        "DetectDisconnectTone": _true(signals.busy_tone),
        "DisconnectTonePattern": disconnect_pattern(device.country.disconnect_tones()[0]),
        "Impedance": device.country.impedance.value,
        "ChannelTxGain": str(device.gain_to_line_db),
        "ChannelRxGain": str(device.gain_from_line_db),
    }
