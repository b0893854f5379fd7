"""What the measured voice adds to reading a caller's mood: on synthetic voices only, for no others are to be had.

Callers are made with espeak-ng, at 8 kHz with noise, on a quiet line and on a loud one, where shouting clips. Each says
three calm turns, then one more: calm, or upset (6 dB louder, a raised pitch, a quarter faster), or only louder, or calm
in a noisy street. It is shown

- how exactly loudness, pitch and pace are measured, where we know what was made;
- how often an upset turn is noticed, and how often a calm one is taken for upset, beside a floor that looks at loudness
  alone, without the caller's own usual, with the best limit there is for these very turns;
- what that does to the mood of mild complaints and of words without any complaint, beside the words alone.

Real anger is more than louder, higher and faster speech, and not always that: these figures show that the measurement
works and does no harm, and say nothing about how many angry callers it would find.

    python -m bench.voice_mood [--quick] [--json]
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.table import Table

from conversation.sentiment import Mood, Prosody, sentiment_of
from conversation.voice_baseline import VoiceBaseline
from conversation.voice_measure import VoiceMeasure, measure_voice
from engines.base import SpeechRequest
from engines.tts.espeak import EspeakMouth

TITLE: Final = "voice and mood: how exactly a voice is measured, and what that adds (synthetic voices only)"
RATE: Final = 8000
VOICES: Final = ("es+f2", "es+m3", "es+f4", "es+m5", "es+f1", "es+m1")
GAINS_DB: Final = (-18.0, -6.0)
"""A quiet line and a loud one."""
CALM: Final = (
    "quisiera saber el saldo de mi cuenta de este mes",
    "mi número de contrato termina en cuarenta y dos",
    "vivo en la calle mayor, en el tercer piso",
)
MILD: Final = (
    "hay un poco de retraso con el pedido",
    "tengo un poco de retraso con la instalación",
    "lo noto con un poco de demora todavía",
)
PLAIN: Final = (
    "quiero cambiar el titular de la línea de mi casa",
    "mañana por la tarde estoy en casa a partir de las cinco",
    "me puede decir cuánto cuesta la tarifa de fibra",
)
_AGITATED: Final = 0.5
"""Agitation times certainty from which on we say that somebody is upset."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sentence is said."""

    louder_db: float = 0.0
    pitch: int = 50
    """Of espeak's 0 to 99."""
    speed: float = 1.0
    noise: float = 20.0
    """Root mean square of the noise on the line, of 32768."""


MANNERS: Final[Mapping[str, Manner]] = {
    "calm": Manner(),
    "upset": Manner(louder_db=6.0, pitch=75, speed=1.25),
    "only louder": Manner(louder_db=6.0),
    "calm, in a noisy street": Manner(noise=300.0),
}


class _Callers:
    """Says sentences; the same one is only synthesised once."""

    def __init__(self, mouth: EspeakMouth) -> None:
        self._mouth = mouth
        self._kept: dict[tuple[str, str, int, float], Samples] = {}

    async def says(self, text: str, voice: str, gain_db: float, manner: Manner) -> Samples:
        key = text, voice, manner.pitch, manner.speed
        if key not in self._kept:
            request = SpeechRequest(text, RATE, voice=f"{voice} pitch={manner.pitch}", speed=manner.speed)
            pcm = b"".join([piece.pcm async for piece in self._mouth.speak(request)])
            self._kept[key] = np.frombuffer(pcm, np.int16)
        sound = self._kept[key] * 10 ** ((gain_db + manner.louder_db) / 20)
        # The noise of a street goes through the same line.
        noise = np.random.default_rng(11).normal(0, manner.noise * 10 ** (gain_db / 20), sound.size)
        return np.clip(sound + noise, -32768, 32767).astype(np.int16)


def measure(*, quick: bool) -> dict[str, Any]:
    """Return errors of the measurement, shares of turns taken for upset, and moods with and without the voice."""
    return asyncio.run(_measure(VOICES[:2] if quick else VOICES))


async def _measure(voices: Sequence[str]) -> dict[str, Any]:
    mouth = EspeakMouth()
    try:
        callers = _Callers(mouth)
        return await _exactness(callers, voices) | await _moods(callers, voices)
    finally:
        mouth.close()


async def _exactness(callers: _Callers, voices: Sequence[str]) -> dict[str, float]:
    """Compare noisy sound with the clean, and with what was asked for."""
    pitches: list[float] = []
    levels: list[float] = []
    paces: list[float] = []
    times: list[float] = []
    for voice in voices:
        clean = _measured(await callers.says(CALM[0], voice, -6.0, Manner(noise=0.0)))
        for louder_db in (-6.0, 0.0, 4.0):
            for noise in (20.0, 60.0, 120.0):
                sound = await callers.says(CALM[0], voice, -6.0, Manner(louder_db=louder_db, noise=noise))
                start = time.perf_counter()
                found = measure_voice(sound, RATE)
                times.append((time.perf_counter() - start) * 1e3)
                if found is None:
                    continue
                pitches.append(abs(found.pitch_semitones - clean.pitch_semitones))
                levels.append(abs(found.loudness_db - clean.loudness_db - louder_db))
        for speed in (0.8, 1.25):
            found = _measured(await callers.says(CALM[0], voice, -6.0, Manner(speed=speed)))
            seconds = (await callers.says(CALM[0], voice, -6.0, Manner())).size / RATE
            quicker = seconds / ((await callers.says(CALM[0], voice, -6.0, Manner(speed=speed))).size / RATE)
            paces.append(abs(found.syllables_per_second / clean.syllables_per_second / quicker - 1))
    return {
        "pitch_error_semitones_max": max(pitches),
        "loudness_error_db_median": median(levels),
        "loudness_error_db_max": max(levels),
        "pace_error_max": max(paces),
        "measure_ms_median": median(times),
    }


def _measured(sound: Samples) -> VoiceMeasure:
    found = measure_voice(sound, RATE)
    if found is None:
        raise RuntimeError("no voice is heard in a sentence that was just spoken")
    return found


async def _moods(callers: _Callers, voices: Sequence[str]) -> dict[str, float]:
    noticed: dict[str, list[bool]] = {name: [] for name in MANNERS}
    levels: dict[str, list[float]] = {name: [] for name in MANNERS}
    mild: dict[str, list[bool]] = {name: [] for name in MANNERS}
    plain: dict[str, list[bool]] = {name: [] for name in MANNERS}
    for voice in voices:
        for gain_db in GAINS_DB:
            for texts, frustrated in ((MILD, mild), (PLAIN, plain)):
                for text in texts:
                    for name, manner in MANNERS.items():
                        sound = await callers.says(text, voice, gain_db, manner)
                        prosody = await _prosody(callers, voice, gain_db, sound)
                        noticed[name].append(prosody.agitation * prosody.certainty >= _AGITATED)
                        levels[name].append(_measured(sound).loudness_db)
                        frustrated[name].append(sentiment_of(text, prosody=prosody).mood is Mood.FRUSTRATED)
    found: dict[str, float] = {}
    limit = max(levels["upset"], key=lambda one: _above(levels["upset"], one) - _above(levels["calm"], one))
    for name in MANNERS:
        key = name.replace(", ", "_").replace(" ", "_")
        found[f"taken_for_upset_{key}"] = _share(noticed[name])
        found[f"taken_for_upset_{key}_floor"] = _above(levels[name], limit)
        found[f"mild_frustrated_{key}"] = _share(mild[name])
        found[f"plain_frustrated_{key}"] = _share(plain[name])
    found["mild_frustrated_words_alone"] = _share([sentiment_of(text).mood is Mood.FRUSTRATED for text in MILD])
    found["plain_frustrated_words_alone"] = _share([sentiment_of(text).mood is Mood.FRUSTRATED for text in PLAIN])
    return found


async def _prosody(callers: _Callers, voice: str, gain_db: float, sound: Samples) -> Prosody:
    usual = VoiceBaseline()
    for text in CALM:
        usual.take(_measured(await callers.says(text, voice, gain_db, Manner())))
    found = usual.take(measure_voice(sound, RATE))
    return Prosody() if found is None else found


def _above(levels: Sequence[float], limit: float) -> float:
    return _share([level >= limit for level in levels])


def _share(answers: Sequence[bool]) -> float:
    return sum(answers) / len(answers)


def table(found: Mapping[str, Any]) -> Group:
    """Show what `measure` found."""
    exact = Table("", "", title="exactness, with noise 49 to 64 dB below full scale")
    exact.add_row("pitch, largest error", f"{found['pitch_error_semitones_max']:.2f} semitones")
    exact.add_row("loudness, median and largest error", f"{found['loudness_error_db_median']:.2f} dB")
    exact.add_row("", f"{found['loudness_error_db_max']:.2f} dB")
    exact.add_row("pace, largest error", f"{100 * found['pace_error_max']:.0f} %")
    exact.add_row("time of a turn, median", f"{found['measure_ms_median']:.2f} ms")
    moods = Table("said", title="synthetic callers, after three calm turns")
    for column in ("taken for upset", "by loudness alone", "mild complaint: frustrated", "no complaint: frustrated"):
        moods.add_column(column, justify="right")
    moods.add_row(
        "words alone", "", "", *(f"{100 * found[f'{kind}_frustrated_words_alone']:.0f} %" for kind in ("mild", "plain"))
    )
    for name in MANNERS:
        key = name.replace(", ", "_").replace(" ", "_")
        columns = (f"taken_for_upset_{key}", f"taken_for_upset_{key}_floor")
        kinds = (f"mild_frustrated_{key}", f"plain_frustrated_{key}")
        moods.add_row(name, *(f"{100 * found[column]:.0f} %" for column in (*columns, *kinds)))
    return Group(exact, moods)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench.voice_mood", description=TITLE)
    parser.add_argument("--quick", action="store_true", help="two voices only")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    found = measure(quick=chosen.quick)
    Console(stderr=bool(chosen.json)).print(table(found))
    if chosen.json:
        sys.stdout.write(json.dumps({"bench": "voice_mood", **found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
