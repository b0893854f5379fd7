"""How tones, caller ids and choices are said to a person who types them into a web page."""

from typing import Final

from fxo_templates.country import CallerIdType, Tone
from fxo_templates.emitters import gxw410x, ht813
from fxo_templates.emitters.grandstream import tone_text
from fxo_templates.emitters.obi import disconnect_pattern
from fxo_templates.emitters.spa3102 import CALLER_ID as SPA_CALLER_ID
from fxo_templates.emitters.spa3102 import disconnect_tone
from fxo_templates.model import Codec, Device, Words

YES: Final = Words("Yes", "Sí")
NO: Final = Words("No", "No")
EMPTY: Final = Words("(empty)", "(vacío)")
OFF_OR_HIGHEST: Final = Words("off, or the highest value", "apagado, o el valor más alto")

CALLER_ID: Final[dict[CallerIdType, Words]] = {
    "bellcore_fsk": Words("Bellcore FSK (Bell 202), between rings", "Bellcore FSK (Bell 202), entre timbres"),
    "etsi_fsk_during_ring": Words("ETSI FSK (V.23), between rings", "ETSI FSK (V.23), entre timbres"),
    "etsi_fsk_dtas": Words("ETSI FSK (V.23), before the ring, DT-AS", "ETSI FSK (V.23), antes del timbre, DT-AS"),
    "etsi_fsk_line_reversal": Words(
        "ETSI FSK (V.23), before the ring, after line reversal",
        "ETSI FSK (V.23), antes del timbre, tras inversión de polaridad",
    ),
    "etsi_fsk_ring_pulse": Words(
        "ETSI FSK (V.23), before the ring, after a ring pulse",
        "ETSI FSK (V.23), antes del timbre, tras pulso de timbre",
    ),
    "dtmf_during_ring": Words("DTMF, between rings", "DTMF, entre timbres"),
    "dtmf_dtas": Words("DTMF, before the ring, with DT-AS", "DTMF, antes del timbre, con DT-AS"),
    "dtmf_line_reversal": Words(
        "DTMF, before the ring, after line reversal", "DTMF, antes del timbre, tras inversión de polaridad"
    ),
    "dtmf_ring_pulse": Words("DTMF, before the ring, after a pulse", "DTMF, antes del timbre, tras un pulso"),
    "bt_fsk": Words("British Telecom (SIN 227)", "British Telecom (SIN 227)"),
    "ntt_fsk": Words("NTT Japan", "NTT Japón"),
    "dtmf_brazil": Words("DTMF Brazil, before the ring", "DTMF Brasil, antes del timbre"),
}

CODECS: Final[dict[Codec, str]] = {"ulaw": "G.711 µ-law (PCMU)", "alaw": "G.711 A-law (PCMA)", "g729": "G.729"}


def codecs(device: Device) -> str:
    """Return the codecs in their order."""
    return ", ".join(CODECS[codec] for codec in device.codecs)


def caller_id(device: Device) -> Words:
    """Return how the caller's number arrives, in the words of the device's own list where they are known."""
    kind = device.country.caller_id.type
    said = CALLER_ID[kind]
    if device.model.startswith("yeastar-"):
        signalling = "DTMF" if kind.startswith("dtmf") else "Bell-USA" if kind == "bellcore_fsk" else "V23-UK"
        reversal = kind in ("etsi_fsk_line_reversal", "dtmf_line_reversal", "bt_fsk")
        start = "Ring" if device.country.caller_id.rings_needed > 1 else "Polarity" if reversal else "Before Ring"
        return Words(f"Start: {start}; Signaling: {signalling}", f"Start: {start}; Signaling: {signalling}")
    code: str | int | None = None
    if device.model.startswith("gxw"):
        code = gxw410x.CALLER_ID[kind]
    elif device.model in ("ht813", "ht503"):
        brazil = kind == "dtmf_brazil" and device.model == "ht813"
        code = ht813.HT813_BRAZIL if brazil else ht813.CALLER_ID[kind]
    elif device.model == "spa3102":
        code = SPA_CALLER_ID[kind]
    return said if code is None else Words(f"{code} — {said.en}", f"{code} — {said.es}")


def tone(device: Device, sound: Tone, disconnect: bool = False) -> Words:
    """Return a tone in the syntax the device's own field takes, else in Hz and milliseconds."""
    if device.model.startswith("gxw"):
        text = tone_text(sound, gxw410x.TONE_LEVEL_DB, sound.cadence_ms, gxw410x.CADENCE_UNIT_MS)
        return Words(text, text)
    if disconnect and device.model in ("ht813", "ht503"):
        text = tone_text(sound, ht813.DISCONNECT_LEVEL_DB, sound.cadence_ms, ht813.CADENCE_UNIT_MS)
        return Words(text, text)
    if disconnect and device.model == "spa3102":
        return Words(disconnect_tone(sound), disconnect_tone(sound))
    if disconnect and device.model.startswith("obi"):
        return Words(disconnect_pattern(sound), disconnect_pattern(sound))
    hertz = " + ".join(f"{frequency} Hz" for frequency in sound.frequencies_hz)
    if not sound.cadence_ms:
        return Words(f"{hertz}, continuous", f"{hertz}, continuo")
    pairs = ", ".join(f"{on}/{off}" for on, off in sound.cadence_ms)
    return Words(f"{hertz}, {pairs} ms (sound/silence)", f"{hertz}, {pairs} ms (sonido/silencio)")


def yes_no(value: bool) -> Words:
    """Return yes or no."""
    return YES if value else NO


def same(value: str | int) -> Words:
    """Return a value that is written alike in both languages; nothing is said as "(empty)"."""
    return Words(str(value), str(value)) if str(value) else EMPTY
