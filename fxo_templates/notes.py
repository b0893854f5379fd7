"""What the person who installs has to know: unproven values, what the file cannot say, risks of a choice."""

from collections.abc import Iterable
from typing import Final

from fxo_templates.country import TRUSTED, Mark
from fxo_templates.emitters.emitted import Emitted
from fxo_templates.model import Device, Note, Setting, Words

_WORDS: Final[dict[Mark, Words]] = {
    "memory": Words("from experience", "por experiencia"),
    "derived": Words("inferred", "deducido"),
    "guessed": Words("a guess", "una suposición"),
    "sourced": Words("read in a document", "leído en un documento"),
    "learned": Words("measured on the line", "medido en la línea"),
}

_VALUES_ES: Final = {
    "dial": "tono de marcar",
    "busy": "tono de ocupado",
    "congestion": "tono de congestión",
    "ringback": "tono de llamada",
    "ring": "cadencia del timbre",
    "caller_id": "identificador de llamada",
    "impedance": "impedancia",
    "hang_up": "tono al colgar",
}


def notes_for(device: Device, emitted: Emitted) -> tuple[Note, ...]:
    """Return the notes about one device, warnings first."""
    notes = [*_choices(device), *_country(device), *_left_out(emitted), *_unverified(emitted.settings)]
    return tuple(sorted(notes, key=lambda note: note.severity != "warning"))


def _choices(device: Device) -> Iterable[Note]:
    signals = device.hang_up
    if not (signals.busy_tone or signals.current_disconnect or signals.polarity_reversal or signals.silence_seconds):
        yield Note(
            "warning",
            "no-hang-up-signal",
            "hang_up",
            "no hang-up signal is on: lines will stay off-hook after the caller has gone",
            "no hay ninguna señal de colgado activada: las líneas quedarán descolgadas cuando se vaya el cliente",
        )
    needed = device.country.caller_id.rings_needed
    if device.rings is not None and device.rings < needed:
        yield Note(
            "warning",
            "rings-too-few",
            "rings",
            f"with {device.rings} the gateway answers before the caller's number has arrived; {needed} are needed",
            f"con {device.rings} el gateway contesta antes de que llegue el número; hacen falta {needed}",
        )
    if 0 < signals.silence_seconds < 60:
        yield Note(
            "warning",
            "silence-too-short",
            "hang_up.silence_seconds",
            f"{signals.silence_seconds} s of silence hang up on people who think; 60 or more, or 0",
            f"{signals.silence_seconds} s de silencio cuelgan a quien está pensando; use 60 o más, o 0",
        )
    if device.did_style == "e164":
        yield Note(
            "notice",
            "plus-in-forward",
            "did_style",
            "whether the device forwards to a number with + has not been tried; digits alone are safe",
            "no se ha probado si el aparato desvía a un número con +; los dígitos solos son seguros",
        )
    if not device.mac:
        yield Note(
            "notice",
            "mac-unknown",
            "mac",
            f"the file is named after the gateway ({device.gateway_id}); with its MAC the device finds it by itself",
            f"el archivo lleva el nombre del gateway ({device.gateway_id}); con su MAC el aparato lo encuentra solo",
        )
    if device.transport != "tls":
        yield Note(
            "notice",
            "signalling-in-clear",
            "transport",
            f"{device.transport} carries the signalling in clear: keep gateway and PBX on one trusted network",
            f"{device.transport} lleva la señalización sin cifrar: mantenga gateway y central en una red de confianza",
        )


def _country(device: Device) -> Iterable[Note]:
    country = device.country
    if not country.tone_is_known:
        yield Note(
            "warning",
            "learn-the-tone",
            "country.hang_up",
            f"the hang-up tone of {country.name} is a guess; record it in a test call and learn the tone",
            f"el tono al colgar de {country.name_es} es una suposición; grábelo en una llamada y aprenda el tono",
        )
    for name in country.untrusted():
        value = country.values()[name]
        words = _WORDS[value.mark]
        yield Note(
            "notice",
            "unverified-country-value",
            f"country.{name}",
            f"{words.en}, not proven for {country.name}: {value.source}",
            f"{_VALUES_ES[name]}: {words.es}, sin comprobar para {country.name_es}",
        )


def _left_out(emitted: Emitted) -> Iterable[Note]:
    for missing in emitted.left_out:
        yield Note("notice", "not-in-file", missing.field, missing.why.en, missing.why.es)


def _unverified(settings: Iterable[Setting]) -> Iterable[Note]:
    """Give one note per reason, naming every parameter it is about."""
    grouped: dict[tuple[Mark, Words], list[str]] = {}
    for setting in settings:
        if setting.mark not in TRUSTED:
            reason = setting.why or _WORDS[setting.mark]
            grouped.setdefault((setting.mark, reason), []).append(setting.key)
    for (mark, reason), keys in grouped.items():
        yield Note(
            "notice",
            "unverified-parameter",
            ", ".join(keys),
            f"{_WORDS[mark].en}: {reason.en}",
            f"{_WORDS[mark].es}: {reason.es}",
        )
