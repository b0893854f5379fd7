"""The checklist of one device: every value a person types, in the order in which it is done."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from fxo_templates import wording
from fxo_templates.emitters.emitted import answer_delay_ms, ring_timeout_seconds
from fxo_templates.labels import PAGES, has_field, label
from fxo_templates.model import Device, Language, Step, Words

_GIVEN = Words("as given in the settings", "según los ajustes")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One step before a language is chosen."""

    page: str
    field: str
    value: Words = dataclasses.field(repr=False)
    why: Words
    port: int = 1
    secret: bool = False


def steps(device: Device, language: Language) -> tuple[Step, ...]:
    """Return the steps in that language; `Step.secret` marks passwords."""
    return tuple(
        Step(
            page=PAGES[entry.page].text(language),
            field=label(device.model, entry.field, entry.port).text(language),
            value=entry.value.text(language),
            why=entry.why.text(language),
            secret=entry.secret,
        )
        for entry in _entries(device)
        if has_field(device.model, entry.field)
    )


def _entries(device: Device) -> Iterator[_Entry]:
    yield from _security(device)
    yield from _account(device)
    yield from _lines(device)
    yield from _answering(device)
    yield from _tones(device)
    yield from _hang_up(device)
    yield from _sound(device)
    yield from _updates(device)


def _security(device: Device) -> Iterator[_Entry]:
    pbx = device.pbx_host
    never = Words("the factory's password is known to everybody", "la contraseña de fábrica la conoce todo el mundo")
    yield _Entry("security", "admin_password", wording.same(device.admin_password), never, secret=True)
    yield _Entry("security", "user_password", wording.same(device.admin_password), never, secret=True)
    why = Words("manage it from your own network only", "adminístrelo solo desde su propia red")
    yield _Entry("security", "telnet", Words("off", "apagado"), why)
    why = Words("otherwise anybody can call through your lines", "si no, cualquiera puede llamar por sus líneas")
    yield _Entry("security", "only_proxy", Words(f"Yes, only {pbx}", f"Sí, solo {pbx}"), why)
    value = Words(f"only from {pbx}, with digest authentication", f"solo desde {pbx}, con autenticación digest")
    yield _Entry("security", "relay", value, why)
    why = Words("a number here is a door for toll fraud", "un número aquí es una puerta al fraude telefónico")
    yield _Entry("security", "forward_to_pstn", wording.EMPTY, why)
    why = Words("callers must not be asked for a PIN", "a quien llama no se le pide un PIN")
    yield _Entry("security", "pin", wording.EMPTY, why)


def _account(device: Device) -> Iterator[_Entry]:
    joined = device.model in ("gxw4104", "gxw4108", "ht813", "ht503", "spa3102")
    server = f"{device.pbx_host}:{device.pbx_port}" if joined and device.pbx_port != 5060 else device.pbx_host
    why = Words("our PBX", "nuestra central")
    yield _Entry("account", "server", wording.same(server), why)
    yield _Entry("account", "port", wording.same(device.pbx_port), why)
    yield _Entry("account", "transport", wording.same(device.transport.upper()), _GIVEN)
    srtp = Words("required (SDES)", "obligatorio (SDES)") if device.srtp else Words("off", "apagado")
    why = Words("its keys are only safe inside TLS", "sus claves solo están a salvo dentro de TLS")
    yield _Entry("account", "srtp", srtp, why)
    yield _Entry("account", "local_port", wording.same(device.local_sip_port), _GIVEN)
    why = (
        Words("the PBX learns from it where the gateway is", "así sabe la central dónde está el gateway")
        if device.registers
        else Words("the PBX knows the gateway by its address", "la central conoce el gateway por su dirección")
    )
    yield _Entry("account", "register", wording.yes_no(device.registers), why)
    seen: set[str] = set()
    for line in sorted(device.lines, key=lambda line: line.port):
        user, password = device.account(line)
        if not user or user in seen:
            continue
        seen.add(user)
        whose = (
            Words(f"account of line {line.port}", f"cuenta de la línea {line.port}")
            if line.user
            else Words("account of the gateway", "cuenta del gateway")
        )
        yield _Entry("account", "user", wording.same(user), whose, line.port)
        yield _Entry("account", "auth", wording.same(user), whose, line.port)
        yield _Entry("account", "password", wording.same(password), whose, line.port, secret=True)


def _lines(device: Device) -> Iterator[_Entry]:
    for line in sorted(device.lines, key=lambda line: line.port):
        number = device.called_number(line)
        typed = f"(S0<:{number}>)" if device.model == "spa3102" else number
        why = Words(
            f"so the PBX knows that the call came to {line.did}",
            f"así sabe la central que la llamada entró por {line.did}",
        )
        yield _Entry("lines", "forward", wording.same(typed), why, line.port)
    profile = "p1" if device.model.startswith("gxw") else device.pbx_host
    why = Words("where the forwarded call goes", "adónde va la llamada desviada")
    yield _Entry("lines", "forward_server", wording.same(f"{profile}, {device.pbx_port}"), why)
    why = Words("two stages would play a dial tone to the caller", "con dos etapas quien llama oiría un tono de marcar")
    value = Words("1 (one stage), do not wait for dial tone", "1 (una etapa), sin esperar tono de marcar")
    yield _Entry("lines", "stage", value, why)
    why = Words("the PBX answers, not a telephone on the box", "contesta la central, no un teléfono en el aparato")
    yield _Entry("lines", "ring_thru", wording.NO, why)


def _answering(device: Device) -> Iterator[_Entry]:
    rings = device.rings_before_answer
    if device.model in ("spa3102", "spa232d", "spa8800"):
        seconds = -(-answer_delay_ms(device) // 1000)
        value = Words(f"{seconds} s", f"{seconds} s")
    else:
        value = wording.same(rings)
    why = (
        Words("the caller's number comes between ring 1 and ring 2", "el número llega entre el timbre 1 y el 2")
        if device.country.caller_id.rings_needed > 1
        else Words("the caller's number comes before the first ring", "el número llega antes del primer timbre")
    )
    yield _Entry("answer", "rings", value, why)
    why = Words(f"lines of {device.country.name}", f"líneas de {device.country.name_es}")
    yield _Entry("answer", "caller_id", wording.caller_id(device), why)
    header = "P-Asserted-Identity" if device.caller_id_header == "pai" else "From"
    shown = wording.YES if device.model == "spa3102" else wording.same(header)
    why = Words("there the PBX looks for the caller", "ahí busca la central a quien llama")
    yield _Entry("answer", "caller_id_header", shown, why)
    gap = device.country.ring.longest_gap_ms
    why = Words(
        f"must be longer than the {gap} ms between two rings", f"debe superar los {gap} ms que hay entre dos timbres"
    )
    seconds = min(10, ring_timeout_seconds(device))
    value = wording.same(f"{seconds * 1000} ms" if device.model.startswith("yeastar") else f"{seconds} s")
    yield _Entry("answer", "ring_timeout", value, why)


def _tones(device: Device) -> Iterator[_Entry]:
    country = device.country
    why = Words(f"lines of {country.name}", f"líneas de {country.name_es}")
    yield _Entry("tones", "dial", wording.tone(device, country.dial), why)
    yield _Entry("tones", "ringback", wording.tone(device, country.ringback), why)
    busy = country.hang_up or country.busy
    yield _Entry("tones", "busy", wording.tone(device, busy), why)
    congestion = country.hang_up if country.hang_up and device.model.startswith("gxw") else country.congestion
    yield _Entry("tones", "congestion", wording.tone(device, congestion), why)


def _hang_up(device: Device) -> Iterator[_Entry]:
    signals = device.hang_up
    why = Words(
        "the commonest signal; without it lines stay busy", "la señal más común; sin ella la línea queda ocupada"
    )
    detection = wording.yes_no(signals.busy_tone)
    if signals.busy_tone and device.model.startswith("yeastar-"):
        # Four tones, the factory's count, are heard in speech too; the field reports six to eight.
        detection = Words("Busy Detection: Yes; Busy Count: 6", "Busy Detection: Yes; Busy Count: 6")
    yield _Entry("hang_up", "tone_detection", detection, why)
    why = Words("what the line plays when the other side is gone", "lo que suena cuando la otra parte colgó")
    disconnect = wording.tone(device, device.country.disconnect_tones()[0], disconnect=True)
    yield _Entry("hang_up", "disconnect_tone", disconnect, why)
    why = Words("quick and safe where the exchange does it", "rápido y seguro donde la central pública lo hace")
    yield _Entry("hang_up", "current", wording.yes_no(signals.current_disconnect), why)
    why = Words("only if the carrier gives it", "solo si el operador la da")
    yield _Entry("hang_up", "polarity", wording.yes_no(signals.polarity_reversal), why)
    silence = signals.silence_seconds
    value = Words(f"{silence} s", f"{silence} s") if silence else wording.OFF_OR_HIGHEST
    why = Words("a silent caller has not hung up", "quien calla no ha colgado")
    yield _Entry("hang_up", "silence", value, why)


def _sound(device: Device) -> Iterator[_Entry]:
    why = Words("a wrong impedance is heard as echo", "una impedancia equivocada se oye como eco")
    yield _Entry("sound", "impedance", wording.same(device.country.impedance.value + " Ω"), why)
    why = Words("speech is recognised best from G.711", "el habla se reconoce mejor con G.711")
    yield _Entry("sound", "codecs", wording.same(wording.codecs(device)), why)
    why = Words("digits in the sound get lost or doubled", "los dígitos dentro del audio se pierden o se duplican")
    yield _Entry("sound", "dtmf", Words("RFC 2833, payload 101", "RFC 2833, carga 101"), why)
    why = Words("it cuts the beginnings of words", "corta el comienzo de las palabras")
    yield _Entry("sound", "vad", wording.NO, why)
    inverted = device.model in ("ht813", "ht503")
    value = Words("No (this field disables it)", "No (este campo lo desactiva)") if inverted else wording.YES
    why = Words("the agent must not hear itself", "el agente no debe oírse a sí mismo")
    yield _Entry("sound", "echo", value, why)
    why = Words("tune it with a test call", "ajústela con una llamada de prueba")
    yield _Entry("sound", "gain_to", wording.same(f"{device.gain_to_line_db} dB"), why)
    yield _Entry("sound", "gain_from", wording.same(f"{device.gain_from_line_db} dB"), why)
    value = Words("T.38", "T.38") if device.fax else Words("off (pass-through)", "apagado (en el audio)")
    yield _Entry("sound", "fax", value, _GIVEN)


def _updates(device: Device) -> Iterator[_Entry]:
    if device.provisioning_url:
        why = Words("the address is secret: it opens the passwords", "la dirección es secreta: abre las contraseñas")
        yield _Entry("updates", "url", wording.same(device.provisioning_url), why, secret=True)
    else:
        why = Words("nobody may reconfigure it from outside", "que nadie lo reconfigure desde fuera")
        yield _Entry("updates", "url", wording.EMPTY, why)
