"""What each vendor calls the page and the field; where nothing is known, a name anybody understands.

The names of the vendors' pages are known from their manuals and from experience; they differ between firmwares, which
the checklist says.
"""

from collections.abc import Mapping
from typing import Final

from fxo_templates.model import Words

PAGES: Final[Mapping[str, Words]] = {
    "security": Words("Security", "Seguridad"),
    "account": Words("SIP account", "Cuenta SIP"),
    "lines": Words("Lines and their numbers", "Líneas y sus números"),
    "answer": Words("Answering and caller id", "Contestar e identificador de llamada"),
    "tones": Words("Tones of the line", "Tonos de la línea"),
    "hang_up": Words("Noticing that the caller has hung up", "Detectar que el cliente colgó"),
    "sound": Words("Sound", "Sonido"),
    "updates": Words("Automatic configuration", "Configuración automática"),
}
"""In the order in which they are done."""

FIELDS: Final[Mapping[str, Words]] = {
    "admin_password": Words("Administrator's password", "Contraseña de administrador"),
    "user_password": Words("End user's password", "Contraseña de usuario"),
    "telnet": Words("Telnet and management from the Internet", "Telnet y administración desde Internet"),
    "only_proxy": Words("Accept calls only from the SIP server", "Aceptar llamadas solo del servidor SIP"),
    "relay": Words("Calls from VoIP to the line", "Llamadas de VoIP hacia la línea"),
    "forward_to_pstn": Words("Unconditional forward to the line", "Desvío incondicional hacia la línea"),
    "pin": Words("PIN for calls from the line to VoIP", "PIN para llamadas de la línea a VoIP"),
    "server": Words("SIP server", "Servidor SIP"),
    "port": Words("SIP server's port", "Puerto del servidor SIP"),
    "transport": Words("SIP transport", "Transporte SIP"),
    "srtp": Words("Encryption of sound (SRTP)", "Cifrado del audio (SRTP)"),
    "local_port": Words("Local SIP port", "Puerto SIP local"),
    "register": Words("Register", "Registrar"),
    "user": Words("User", "Usuario"),
    "auth": Words("Authentication user", "Usuario de autenticación"),
    "password": Words("Password", "Contraseña"),
    "forward": Words("Forward every call of port {port} to", "Desviar toda llamada del puerto {port} a"),
    "forward_server": Words("Forward to server", "Servidor del desvío"),
    "stage": Words("Dialling stages", "Etapas de marcado"),
    "ring_thru": Words("Ring the telephone socket (FXS)", "Hacer sonar el puerto de teléfono (FXS)"),
    "rings": Words("Rings before answering", "Timbres antes de contestar"),
    "caller_id": Words("Caller id", "Identificador de llamada"),
    "caller_id_header": Words("Caller id is sent in", "El identificador se envía en"),
    "ring_timeout": Words("Ring timeout", "Tiempo máximo entre timbres"),
    "dial": Words("Dial tone", "Tono de marcar"),
    "ringback": Words("Ringback tone", "Tono de llamada"),
    "busy": Words("Busy tone", "Tono de ocupado"),
    "congestion": Words("Congestion tone", "Tono de congestión"),
    "disconnect_tone": Words("Disconnect tone", "Tono de desconexión"),
    "tone_detection": Words("Hang up on busy tone", "Colgar con tono de ocupado"),
    "current": Words("Hang up on loop interruption (CPC)", "Colgar con corte de bucle (CPC)"),
    "polarity": Words("Hang up on polarity reversal", "Colgar con inversión de polaridad"),
    "silence": Words("Hang up on silence", "Colgar por silencio"),
    "impedance": Words("Line impedance", "Impedancia de línea"),
    "codecs": Words("Codecs, in this order", "Códecs, en este orden"),
    "dtmf": Words("DTMF", "DTMF"),
    "vad": Words("Silence suppression (VAD)", "Supresión de silencios (VAD)"),
    "echo": Words("Echo canceller", "Cancelador de eco"),
    "gain_to": Words("Gain towards the line", "Ganancia hacia la línea"),
    "gain_from": Words("Gain from the line", "Ganancia desde la línea"),
    "fax": Words("Fax (T.38)", "Fax (T.38)"),
    "url": Words("Address of the configuration", "Dirección de la configuración"),
}

_GXW: Final = {
    "admin_password": "Advanced Settings › Admin Password (P2)",
    "user_password": "Basic Settings › End User Password (P196)",
    "only_proxy": "Profile 1 › Accept INVITE from Proxy Only (P743)",
    "server": "Profile 1 › SIP Server (P47)",
    "transport": "Profile 1 › SIP Transport (P130)",
    "srtp": "Channels › SRTP Mode (P3409)",
    "local_port": "Channels › Local SIP Listen Port (P3406)",
    "register": "Profile 1 › SIP Registration (P31)",
    "user": "Channels › SIP User ID (P3060…)",
    "auth": "Channels › Authenticate ID (P3090…)",
    "password": "Channels › Authen Password (P3120…)",
    "forward": "FXO Lines › Unconditional Call Forward to VoIP, User ID, ch{port} (P3607)",
    "forward_server": "FXO Lines › Unconditional Call Forward, SIP Server and Port (P3306, P3307)",
    "stage": "FXO Lines › Stage Method (P3304), Wait for Dial Tone (P3303)",
    "rings": "FXO Lines › Number of Rings Before Pickup (P3599)",
    "caller_id": "FXO Lines › Caller ID Scheme (P3600)",
    "caller_id_header": "FXO Lines › Caller ID Transport Type (P3601)",
    "ring_timeout": "FXO Lines › Ring Timeout (P3630)",
    "dial": "Channels › Dial Tone (P3000)",
    "ringback": "Channels › Ringback Tone (P3001)",
    "busy": "Channels › Busy Tone (P3002)",
    "congestion": "Channels › Reorder Tone (P3003)",
    "tone_detection": "FXO Lines › Enable Tone Disconnect (P3605)",
    "current": "FXO Lines › Enable Current Disconnect (P3603)",
    "polarity": "FXO Lines › Enable Polarity Reversal (P3606)",
    "silence": "FXO Lines › Silence Timeout (P3202)",
    "impedance": "FXO Lines › AC Termination Impedance (P3631)",
    "codecs": "Profile 1 › Preferred Vocoder 1-8 (P57-P62, P46, P98)",
    "dtmf": "Channels › DTMF Methods (P3404), DTMF Payload Type (P79)",
    "vad": "Channels › Silence Suppression (P3402)",
    "echo": "Channels › Echo Cancellation (P3403)",
    "gain_to": "Channels › Tx to PSTN Audio Gain (P3400)",
    "gain_from": "Channels › Rx from PSTN Audio Gain (P3401)",
    "fax": "FXO Lines › T.38 Setting (P3602)",
    "url": "Advanced Settings › Config Server Path (P237)",
}

_HT: Final = {
    "admin_password": "Advanced Settings › Admin Password (P2)",
    "user_password": "Basic Settings › End User Password (P196)",
    "telnet": "Basic Settings › Telnet Server (P276)",
    "only_proxy": "FXO Port › Allow Incoming SIP Messages from SIP Proxy Only (P743)",
    "forward_to_pstn": "Basic Settings › Unconditional Call Forward to PSTN (P796)",
    "pin": "Basic Settings › PIN for PSTN-to-VoIP Calls (P795)",
    "server": "FXO Port › Primary SIP Server (P747)",
    "transport": "FXO Port › SIP Transport (P830)",
    "srtp": "FXO Port › SRTP Mode (P443)",
    "local_port": "FXO Port › Local SIP Port (P740)",
    "register": "FXO Port › SIP Registration (P731)",
    "user": "FXO Port › SIP User ID (P735)",
    "auth": "FXO Port › Authenticate ID (P736)",
    "password": "FXO Port › Authenticate Password (P734)",
    "forward": "Basic Settings › Unconditional Call Forward to VoIP, User ID (P3305)",
    "forward_server": "Basic Settings › Unconditional Call Forward, SIP Server and Port (P3306, P3307)",
    "stage": "FXO Port › Stage Method (P3304), Wait for Dial-Tone (P3303)",
    "ring_thru": "FXO Port › PSTN Ring Thru FXS (P842)",
    "rings": "FXO Port › Number of Rings (P798)",
    "caller_id": "FXO Port › Caller ID Scheme (P863)",
    "caller_id_header": "FXO Port › Caller ID Transport Type (P839)",
    "disconnect_tone": "FXO Port › PSTN Disconnect Tone (P841)",
    "tone_detection": "FXO Port › Enable PSTN Disconnect Tone Detection (P712)",
    "current": "FXO Port › Enable Current Disconnect (P893)",
    "impedance": "FXO Port › AC Termination Model: Impedance Based (P899, P849)",
    "codecs": "FXO Port › Preferred Vocoder 1-8 (P757-P762, P814, P815)",
    "dtmf": "FXO Port › Preferred DTMF Method 1-3 (P860-P862), DTMF Payload Type (P779)",
    "vad": "FXO Port › VAD (P750)",
    "echo": "FXO Port › Disable Line Echo Canceller (P825)",
    "gain_to": "FXO Port › Gain TX (P248)",
    "gain_from": "FXO Port › Gain RX (P283)",
    "fax": "FXO Port › Fax Mode (P710)",
    "url": "Advanced Settings › Config Server Path (P237)",
}

_CISCO: Final = {
    "admin_password": "Voice › System › Admin Passwd",
    "user_password": "Voice › System › User Password",
    "only_proxy": "Voice › PSTN Line › Restrict Source IP",
    "relay": "Voice › PSTN Line › VoIP Caller Auth Method, VoIP Access List",
    "server": "Voice › PSTN Line › Proxy",
    "transport": "Voice › PSTN Line › SIP Transport",
    "local_port": "Voice › PSTN Line › SIP Port",
    "register": "Voice › PSTN Line › Register",
    "user": "Voice › PSTN Line › User ID",
    "password": "Voice › PSTN Line › Password",
    "forward": "Voice › PSTN Line › Dial Plan 1 (PSTN Caller Default DP = 1)",
    "stage": "Voice › PSTN Line › One Stage Dialing",
    "ring_thru": "Voice › PSTN Line › PSTN Ring Thru Line 1",
    "rings": "Voice › PSTN Line › PSTN Answer Delay",
    "caller_id": "Voice › Regional › Caller ID Method",
    "caller_id_header": "Voice › PSTN Line › PSTN CID For VoIP CID",
    "disconnect_tone": "Voice › PSTN Line › Disconnect Tone",
    "tone_detection": "Voice › PSTN Line › Detect Disconnect Tone",
    "current": "Voice › PSTN Line › Detect CPC",
    "polarity": "Voice › PSTN Line › Detect Polarity Reversal",
    "silence": "Voice › PSTN Line › Detect PSTN Long Silence",
    "impedance": "Voice › PSTN Line › FXO Port Impedance",
    "codecs": "Voice › PSTN Line › Preferred Codec",
    "dtmf": "Voice › PSTN Line › DTMF Tx Method (AVT)",
    "vad": "Voice › PSTN Line › Silence Supp Enable",
    "echo": "Voice › PSTN Line › Echo Canc Enable",
    "gain_to": "Voice › PSTN Line › SPA To PSTN Gain",
    "gain_from": "Voice › PSTN Line › PSTN To SPA Gain",
    "url": "Voice › Provisioning › Profile Rule",
}

_YEASTAR: Final = {
    "admin_password": "System › Password Settings",
    "server": "Gateway › VoIP Trunk › Hostname/IP",
    "port": "Gateway › VoIP Trunk › Port",
    "transport": "Gateway › VoIP Trunk › Transport",
    "srtp": "Gateway › VoIP Trunk › Enable SRTP",
    "user": "Gateway › VoIP Trunk › User Name",
    "auth": "Gateway › VoIP Trunk › Authentication Name",
    "password": "Gateway › VoIP Trunk › Password",
    "forward": "Gateway › FXO Port {port} › Hotline / Route to VoIP trunk, DID number",
    "rings": "Gateway › FXO Port › Answer settings",
    "caller_id": "Gateway › FXO Port › Caller ID Start, Caller ID Signaling",
    "ring_timeout": "Gateway › FXO Port › Ring Timeout",
    "busy": "Gateway › FXO Port › Busy Pattern, Frequency Detection",
    "tone_detection": "Gateway › FXO Port › Hangup Type, Busy Detection, Busy Count",
    "polarity": "Gateway › FXO Port › Hangup Type: Polarity",
    "silence": "Gateway › FXO Port › Silence Timeout",
    "gain_to": "Gateway › FXO Port › Tx Volume",
    "gain_from": "Gateway › FXO Port › Rx Volume",
    "url": "System › Auto Provision › Server URL",
}

_VEGA: Final = {
    "forward": "pots.port.{port}.if.1.dn",
    "user": "sip.reg.user.{port}.username",
    "auth": "sip.reg.user.{port}.auth_user",
    "password": "sip.reg.user.{port}.password",
    "caller_id": "pots.port.{port}.callerid, pots.profile › callerid_type",
    "gain_to": "pots.port.{port}.tx_gain",
}

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "gxw4104": _GXW,
    "gxw4108": _GXW,
    "ht813": _HT,
    "ht503": _HT,
    "spa3102": _CISCO,
    "spa232d": _CISCO,
    "spa8800": _CISCO,
    "yeastar-ta410": _YEASTAR,
    "yeastar-ta810": _YEASTAR,
    "sangoma-vega": _VEGA,
}


def label(model: str, field: str, port: int = 1) -> Words:
    """Return what the field is called on that model; the vendor's own name is the same in both languages."""
    own = _LABELS.get(model, {}).get(field)
    words = FIELDS[field] if own is None else Words(own, own)
    return Words(words.en.replace("{port}", str(port)), words.es.replace("{port}", str(port)))


def has_field(model: str, field: str) -> bool:
    """False when the model is known well enough to say that it has no such field."""
    return model not in _COMPLETE or field in _LABELS[model]


_COMPLETE: Final = frozenset({"gxw4104", "gxw4108", "ht813", "ht503", "spa3102"})
