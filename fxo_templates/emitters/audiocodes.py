"""AudioCodes MP-114 and MP-118 with FXO ports: an ini file of single values and tables.

Sources: MP-11x & MP-124 User's Manual (LTRT-65412, LTRT-65422) for the format of the file, the tables of calls and
caller id; the FXO parameters of techdocs.audiocodes.com. Special here: tables (`FORMAT …` and rows that end with a
semicolon), times in units of 100 ms, caller-id types with gaps in their numbers, tones that are a binary file of the
vendor and so are not here.
"""

from typing import Final

from fxo_templates.country import BETWEEN_RINGS, CallerIdType, Mark
from fxo_templates.emitters.emitted import Emitted, LeftOut, file_stem, ring_timeout_seconds
from fxo_templates.model import Codec, Device, DeviceFile, Setting, Words

CODECS: Final[dict[Codec, str]] = {"ulaw": "g711Ulaw64k", "alaw": "g711Alaw64k", "g729": "g729"}

TRANSPORT: Final = {"udp": 0, "tcp": 1, "tls": 2}

CALLER_ID: Final[dict[CallerIdType, int]] = {
    "bellcore_fsk": 0,
    "etsi_fsk_during_ring": 1,
    "etsi_fsk_dtas": 1,
    "etsi_fsk_line_reversal": 1,
    "etsi_fsk_ring_pulse": 1,
    "dtmf_during_ring": 16,
    "dtmf_dtas": 16,
    "dtmf_line_reversal": 16,
    "dtmf_ring_pulse": 16,
    "bt_fsk": 4,
    "ntt_fsk": 2,
    "dtmf_brazil": 19,
}
"""CallerIDType."""

TBR21: Final = 66
USA: Final = 70
"""CountryCoefficients of an FXO line."""

_NAME: Final = Words(
    "the name or the numbers of this parameter are known from experience, not read in a document",
    "el nombre o los números de este parámetro se conocen por experiencia, no se han leído en un documento",
)
_COLUMNS: Final = Words(
    "the columns of this table are a part of those in the manual of a related model",
    "las columnas de esta tabla son una parte de las del manual de un modelo emparentado",
)
_IMPEDANCE: Final = Words(
    "the device knows two kinds of line, TBR21 and USA; USA is the nearer one",
    "el aparato conoce dos tipos de línea, TBR21 y USA; USA es el más parecido",
)
_BRITAIN: Final = Words(
    "this device does not detect the British caller id on FXO ports",
    "este aparato no detecta el identificador británico en los puertos FXO",
)
_TONES: Final = Words(
    "tones are a binary file (CallProgressTonesFilename) made with the vendor's tool; load the country's, see the "
    "checklist",
    "los tonos son un archivo binario (CallProgressTonesFilename) de la herramienta del fabricante; cargue el del "
    "país, vea la lista",
)
_PASSWORD: Final = Words(
    "the administrator's password cannot be set by this file; set it on the web page, see the checklist",
    "la contraseña de administrador no se puede poner con este archivo; póngala en la página web, vea la lista",
)
_PER_PORT: Final = Words(
    "with an account for each port the device registers the port's number, not its user: name the accounts like that",
    "con una cuenta por puerto el aparato registra el número del puerto, no su usuario: llame así a las cuentas",
)
_RINGS: Final = Words(
    "with automatic dialing the line is seized when our PBX answers; the number of rings has no effect",
    "con marcación automática la línea se toma cuando contesta nuestra central; el número de timbres no influye",
)


class _Ini:
    """An ini file as it grows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.settings: list[Setting] = []

    def section(self, name: str) -> None:
        self.lines += ["", f"[{name}]"]

    def set(self, key: str, value: str | int, mark: Mark = "sourced", why: Words | None = None) -> None:
        self.lines.append(f"{key} = {value}")
        self.settings.append(Setting(key, str(value), mark, why))

    def table(self, name: str, columns: tuple[str, ...], rows: list[tuple[str | int, ...]], mark: Mark) -> None:
        self.lines += [
            "",
            f"[ {name} ]",
            f"FORMAT {name}_Index = {', '.join(f'{name}_{column}' for column in columns)};",
        ]
        for index, row in enumerate(rows):
            value = ", ".join(str(cell) for cell in row)
            self.lines.append(f"{name} {index} = {value};")
            self.settings.append(Setting(f"{name} {index}", value, mark, None if mark == "sourced" else _COLUMNS))
        self.lines.append(f"[ \\{name} ]")


def emit(device: Device) -> Emitted:
    """Return `<mac>.ini` and its parameters."""
    ini = _Ini()
    ini.lines.append("; MP-11x, FXO")
    _sip(device, ini)
    _fxo(device, ini)
    _media(device, ini)
    _tables(device, ini)
    left_out = [LeftOut("country.busy", _TONES), LeftOut("admin_password", _PASSWORD)]
    if device.rings is not None:
        left_out.append(LeftOut("rings", _RINGS))
    if device.registers and any(line.user for line in device.lines):
        left_out.append(LeftOut("lines.user", _PER_PORT))
    if device.country.caller_id.type == "bt_fsk":
        left_out.append(LeftOut("country.caller_id", _BRITAIN))
    content = ("\r\n".join(ini.lines) + "\r\n").encode("ascii")
    file = DeviceFile(f"{file_stem(device)}.ini", content, "text/plain")
    return Emitted((file,), tuple(ini.settings), tuple(left_out))


def _sip(device: Device, ini: _Ini) -> None:
    ini.section("SIP Params")
    ini.set("ISPROXYUSED", int(device.registers))
    ini.set("ISREGISTERNEEDED", int(device.registers))
    ini.set("PROXYNAME", f"'{device.pbx_host}'")
    ini.set("REGISTRATIONTIME", 600, "memory", _NAME)
    per_port = any(line.user for line in device.lines)
    ini.set("AUTHENTICATIONMODE", 0 if per_port else 1, "memory", _NAME)
    if not per_port:
        ini.set("GWREGISTRATIONNAME", f"'{device.user}'", "memory", _NAME)
        ini.set("USERNAME", f"'{device.user}'", "memory", _NAME)
        ini.set("PASSWORD", f"'{device.password}'", "memory", _NAME)
    ini.set("SIPTRANSPORTTYPE", TRANSPORT[device.transport], "memory", _NAME)
    ini.set("TLSLOCALSIPPORT" if device.transport == "tls" else "LOCALSIPPORT", device.local_sip_port, "memory", _NAME)
    ini.set("SECURECALLSFROMIP", 1, "memory", _NAME)
    ini.set("ASSERTEDIDMODE", int(device.caller_id_header == "pai"))
    ini.set("ENABLEMEDIASECURITY", int(device.srtp), "memory", _NAME)
    ini.set("MEDIASECURITYBEHAVIOUR", int(device.srtp), "memory", _NAME)
    if device.provisioning_url:
        ini.set("INIFILEURL", f"'{device.provisioning_url.rstrip('/')}/{file_stem(device)}.ini'")


def _fxo(device: Device, ini: _Ini) -> None:
    signals, kind = device.hang_up, device.country.caller_id.type
    ini.section("FXO Params")
    ini.set("ISTWOSTAGEDIAL", 0)
    ini.set("ISWAITFORDIALTONE", 1)
    ini.set("ENABLECALLERID", 1)
    ini.set("CALLERIDTYPE", CALLER_ID[kind])
    ini.set("RINGSBEFORECALLERID", int(kind in BETWEEN_RINGS))
    ini.set("FXONUMBEROFRINGS", device.rings_before_answer)
    ini.set("FXORINGTIMEOUT", ring_timeout_seconds(device) * 10)
    ini.set("ENABLEREVERSALPOLARITY", int(signals.polarity_reversal))
    ini.set("ENABLECURRENTDISCONNECT", int(signals.current_disconnect))
    ini.set("DISCONNECTONBUSYTONE", int(signals.busy_tone))
    ini.set("ENABLESILENCEDISCONNECT", int(bool(signals.silence_seconds)))
    if signals.silence_seconds:
        ini.set("FARENDDISCONNECTSILENCEPERIOD", signals.silence_seconds, "memory", _NAME)
    ini.set("DISCONNECTONBROKENCONNECTION", 1)
    ini.set("BROKENCONNECTIONEVENTTIMEOUT", 600, "memory", _NAME)
    ctr21 = device.country.impedance.value == "270+750||150nF"
    if ctr21 or device.country.impedance.value == "600":
        ini.set("COUNTRYCOEFFICIENTS", TBR21 if ctr21 else USA)
    else:
        ini.set("COUNTRYCOEFFICIENTS", USA, "derived", _IMPEDANCE)
    ini.set("ENABLEFXOCURRENTLIMIT", int(ctr21))


def _media(device: Device, ini: _Ini) -> None:
    ini.section("Media Params")
    ini.set("RFC2833TXPAYLOADTYPE", 101)
    ini.set("RFC2833RXPAYLOADTYPE", 101, "memory", _NAME)
    ini.set("ISFAXUSED", int(device.fax))
    ini.set("ENABLESILENCECOMPRESSION", 0, "memory", _NAME)
    ini.set("ENABLEECHOCANCELLER", 1, "memory", _NAME)
    ini.set("VOICEVOLUME", device.gain_to_line_db, "memory", _NAME)
    ini.set("INPUTGAIN", device.gain_from_line_db, "memory", _NAME)


def _tables(device: Device, ini: _Ini) -> None:
    lines = sorted(device.lines, key=lambda line: line.port)
    ini.table("TxDtmfOption", ("Type",), [(4,)], "derived")
    coders: list[tuple[str | int, ...]] = [(CODECS[codec], 20, 0, 255, 0) for codec in device.codecs]
    ini.table("CodersGroup0", ("Name", "pTime", "rate", "PayloadType", "Sce"), coders, "sourced")
    if device.registers:
        transport = TRANSPORT[device.transport]
        address = f"{device.pbx_host}:{device.pbx_port}"
        ini.table("ProxyIp", ("IpAddress", "TransportType", "ProxySetId"), [(address, transport, 0)], "memory")
    ini.table(
        "PREFIX", ("DestinationPrefix", "DestAddress", "DestPort"), [("*", device.pbx_host, device.pbx_port)], "memory"
    )
    ini.table(
        "TrunkGroup",
        ("TrunkGroupNum", "FirstBChannel", "LastBChannel", "FirstPhoneNumber"),
        [(1, line.port, line.port, device.called_number(line)) for line in lines],
        "derived",
    )
    by_port = {line.port: line for line in lines}
    ports = range(1, max(by_port) + 1)
    ini.table(
        "TargetOfChannel",
        ("Destination", "Type"),
        [(device.called_number(by_port[port]), 1) if port in by_port else ("", 0) for port in ports],
        "derived",
    )
    if not any(line.user for line in device.lines):
        return
    ini.table(
        "Authentication",
        ("UserId", "UserPassword"),
        [device.account(by_port[port]) if port in by_port else ("", "") for port in ports],
        "memory",
    )
