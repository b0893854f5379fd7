"""Patton SmartNode with FXO ports: the configuration is a text that the device replays as commands.

Sources: NethVoice's templates TRI_FXO_2/4/8 for Trinity (structure and commands); SmartWare Software Configuration
Guide R6, chapter "FXO interface configuration". Special here: ports are counted from 0; Trinity says
`polarity-reversal` in a profile where SmartWare says `battery-reversal` in the interface; levels and milliseconds in
every tone. No route leads from SIP to a line, so there is no relay to abuse.
"""

from collections.abc import Iterator
from typing import Final

from fxo_templates.country import CallerIdType, Tone
from fxo_templates.emitters.emitted import Emitted, LeftOut, file_stem
from fxo_templates.model import Codec, Device, DeviceFile, Line, Setting, Words

LEVEL_DB: Final = -7

CODECS: Final[dict[Codec, str]] = {"ulaw": "g711ulaw64k", "alaw": "g711alaw64k", "g729": "g729"}

CALLER_ID: Final[dict[CallerIdType, str]] = {
    "bellcore_fsk": "fsk-bell",
    "etsi_fsk_during_ring": "fsk-etsi",
    "etsi_fsk_dtas": "fsk-etsi",
    "etsi_fsk_line_reversal": "fsk-etsi",
    "etsi_fsk_ring_pulse": "fsk-etsi",
    "dtmf_during_ring": "dtmf",
    "dtmf_dtas": "dtmf",
    "dtmf_line_reversal": "dtmf",
    "dtmf_ring_pulse": "dtmf",
    "bt_fsk": "fsk-etsi",
    "ntt_fsk": "fsk-bell",
    "dtmf_brazil": "dtmf",
}
"""caller-id standard. Only fsk-etsi has been read in a document."""

_NAME: Final = Words(
    "this command is known from experience; the device tells in its log when it does not take it",
    "este comando se conoce por experiencia; si el aparato no lo acepta, lo dice en su registro",
)
_GAIN: Final = Words(
    "gains are not written; set them on the device (port fxo) if a test call asks for it",
    "las ganancias no se escriben; póngalas en el aparato (port fxo) si una llamada de prueba lo pide",
)
_NO_ROUTE: Final = Words(
    "no route from SIP to the lines is written, so that nobody can call out through them; add one only with an access "
    "list that admits our PBX alone",
    "no se escribe ninguna ruta de SIP hacia las líneas, para que nadie pueda llamar por ellas; añádala solo con una "
    "lista de acceso que admita únicamente nuestra central",
)
_SILENCE: Final = Words("hanging up on silence is not known here", "no se conoce aquí el corte por silencio")


def emit(device: Device) -> Emitted:
    """Return `<mac>.cfg` and the commands in it that nobody has checked."""
    text = "\n".join(_text(device)) + "\n"
    left_out = [LeftOut("outbound", _NO_ROUTE)]
    left_out += [LeftOut("gain_to_line_db", _GAIN)] if device.gain_to_line_db or device.gain_from_line_db else []
    left_out += [LeftOut("hang_up.silence_seconds", _SILENCE)] if device.hang_up.silence_seconds else []
    file = DeviceFile(f"{file_stem(device)}.cfg", text.encode("ascii"), "text/plain")
    return Emitted((file,), _unproven(device), tuple(left_out))


def _trinity(device: Device) -> bool:
    return device.model == "smartnode-trinity"


def _unproven(device: Device) -> tuple[Setting, ...]:
    names = [
        "administrator",
        "ring-number",
        "dtmf-relay",
        "rtp payload-type nte",
        "no silence-compression",
        "srtp transmission",
    ]
    if device.country.caller_id.type != "etsi_fsk_during_ring" or not _trinity(device):
        names.append("caller-id standard")
    if device.country.impedance.value != "270+750||150nF" or not _trinity(device):
        names.append("electrical-standard")
    if not _trinity(device):
        names += ["location-service", "context sip-gateway"]
    if device.provisioning_url:
        names.append("profile provisioning")
    if device.fax:
        names.append("fax transmission 1 relay t38-udp")
    return tuple(Setting(name, "", "memory", _NAME) for name in names)


def _text(device: Device) -> Iterator[str]:
    lines = sorted(device.lines, key=lambda line: line.port)
    yield "cli version 4.00" if _trinity(device) else "cli version 3.20"
    yield f"administrator admin password {device.admin_password}"
    yield ""
    if device.provisioning_url:
        yield "profile provisioning CENTRALITA"
        yield "  destination configuration"
        yield f"  location 1 {device.provisioning_url.rstrip('/')}/$(system.mac).cfg"
        yield ""
    if _trinity(device):
        yield "profile fxo DEFAULT"
        yield from _indented(_electrical(device))
        yield ""
    yield from _tones(device)
    yield from _voip(device)
    yield "context cs SWITCH"
    for line in lines:
        yield from _fxo_interface(device, line)
    for line in lines:
        yield from _sip_interface(device, line)
    yield "context cs SWITCH"
    yield "  no shutdown"
    yield ""
    for line in lines:
        yield from _account(device, line)
    for number, line in enumerate(lines):
        yield from _gateway(device, line, number)
    for line in lines:
        yield f"port fxo 0 {line.port - 1}"
        yield f"  subscriber-number {device.called_number(line)}"
        if _trinity(device):
            yield "  use profile fxo DEFAULT"
        yield f"  bind interface SWITCH IF_FXO_{line.port - 1}"
        yield "  no shutdown"
        yield ""


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _electrical(device: Device) -> Iterator[str]:
    etsi = device.country.impedance.value == "270+750||150nF"
    yield f"electrical-standard {'etsi' if etsi else 'us'}"
    yield f"caller-id standard {CALLER_ID[device.country.caller_id.type]}"
    yield from _disconnect_signals(device)


def _disconnect_signals(device: Device) -> Iterator[str]:
    signals = device.hang_up
    reversal = "polarity-reversal" if _trinity(device) else "battery-reversal"
    for name, wanted in (
        (reversal, signals.polarity_reversal),
        ("busy-tone", signals.busy_tone),
        ("loop-break", signals.current_disconnect),
    ):
        yield f"{'' if wanted else 'no '}disconnect-signal {name}"


def _tones(device: Device) -> Iterator[str]:
    country = device.country
    named = {
        "Dialtone": ("dial-tone", country.dial),
        "Alertingtone": ("ringback-tone", country.ringback),
        "Busytone": ("busy-tone", country.hang_up or country.busy),
        "Releasetone": ("release-tone", country.hang_up or country.busy),
        "Congestiontone": ("congestion-tone", country.congestion),
    }
    for name, (_, tone) in named.items():
        yield f"profile call-progress-tone {country.iso}_{name}"
        yield from _indented(tone_elements(tone))
        yield ""
    yield "profile tone-set DEFAULT"
    for name, (role, _) in named.items():
        yield f"  map call-progress-tone {role} {country.iso}_{name}"
    yield ""


def tone_elements(tone: Tone) -> Iterator[str]:
    """Give the elements of a tone: `play 1 200 425 -7`, `pause 2 200`, in milliseconds."""
    sounds = " ".join(f"{hertz} {LEVEL_DB}" for hertz in tone.frequencies_hz)
    number = 1
    for on, off in tone.cadence_ms or ((5000, 0),):
        yield f"play {number} {on} {sounds}"
        number += 1
        if off:
            yield f"pause {number} {off}"
            number += 1


def _voip(device: Device) -> Iterator[str]:
    yield "profile voip DEFAULT"
    for number, codec in enumerate(device.codecs, start=1):
        yield f"  codec {number} {CODECS[codec]} rx-length 20 tx-length 20"
    yield "  dtmf-relay rtp"
    yield "  rtp payload-type nte 101"
    yield "  no silence-compression"
    yield f"  srtp transmission {'forced' if device.srtp else 'forbidden'}"
    if device.fax:
        yield "  fax transmission 1 relay t38-udp"
    yield ""


def _fxo_interface(device: Device, line: Line) -> Iterator[str]:
    index = line.port - 1
    yield f"  interface fxo IF_FXO_{index}"
    yield "    dial after 1 seconds"
    yield f"    ring-number {device.rings_before_answer}"
    if not _trinity(device):
        yield from (f"    {line}" for line in _electrical(device))
    yield f"    route call dest-interface IF_VOIP_{index}"
    yield ""


def _sip_interface(device: Device, line: Line) -> Iterator[str]:
    index = line.port - 1
    user, _ = device.account(line)
    host = f"{device.pbx_host} {device.pbx_port}"
    yield f"  interface sip IF_VOIP_{index}"
    yield f"    bind context sip-gateway GW_{index}"
    yield f"    remote {host}"
    yield "    early-disconnect"
    if device.caller_id_header == "pai":
        ours = user or device.called_number(line)
        yield f"    address-translation outgoing-call from-header user-part fix {ours} host-part fix {host}"
        yield f"    address-translation outgoing-call identity-header user-part call host-part fix {host}"
    called = f"user-part fix {device.called_number(line)}"
    yield f"    address-translation outgoing-call to-header {called} host-part fix {host}"
    yield f"    address-translation outgoing-call request-uri {called} host-part fix {host} target-param none"
    yield ""


def _account(device: Device, line: Line) -> Iterator[str]:
    index = line.port - 1
    user, password = device.account(line)
    if user and password:
        yield f"authentication-service AUTH_{index}"
        yield f"  username {user} password {password}"
        yield ""
    yield f"location-service LOC_{index}"
    yield f"  domain 1 {device.pbx_host} {device.pbx_port}"
    yield "  match-any-domain"
    yield f"  identity {user or device.called_number(line)}"
    if user and password:
        yield "    authentication outbound"
        yield f"      authenticate 1 authentication-service AUTH_{index} username {user}"
    if line in device.registering():
        yield "    registration outbound"
        yield f"      registrar {device.pbx_host} {device.pbx_port}"
        yield "      lifetime 600"
        yield "      register auto"
    for direction in ("outbound", "inbound"):
        yield f"    call {direction}"
        yield "      use profile tone-set DEFAULT"
        yield "      use profile voip DEFAULT"
    yield ""


def _gateway(device: Device, line: Line, number: int) -> Iterator[str]:
    index = line.port - 1
    yield f"context sip-gateway GW_{index}"
    yield f"  bind location-service LOC_{index}"
    yield f"  interface IF_GW_{index}"
    if device.transport == "tls":
        yield "    no transport-protocol udp+tcp"
    protocol = "tls" if device.transport == "tls" else "udp+tcp"
    yield f"    transport-protocol {protocol} {device.local_sip_port + 2 * number}"
    yield "    bind ipaddress ROUTER WAN WAN"
    yield f"context sip-gateway GW_{index}"
    yield "  no shutdown"
    yield ""
