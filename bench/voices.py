"""The sound of a load: what callers say and what they are answered, cut into AudioSocket messages once and for all.

Real speech, because detectors, turn-taking and echo comparison cost what they cost only on speech. Both sides carry a
little line noise, so that no frame of a voice is digital silence and none of the caller's is easier than on a line.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio_socket.protocol import audio_message
from engines.base import SpeechRequest
from engines.tts.espeak import EspeakMouth
from vocabulary.audio import NARROWBAND

VOICED_PEAK: Final = 500
"""A frame whose loudest sample is below (36 dB under full scale) is no voice to whoever goes by loudness."""

SENTENCES: Final = (
    "Quiero saber el saldo de mi cuenta",
    "Necesito hablar de la última factura",
    "Hoy no me funciona internet en casa",
    "Me gustaría cambiar mi tarifa de datos",
)
ANSWER: Final = "Su saldo es de cuarenta y dos euros con diez céntimos."
_VOICES: Final = ("es+f2", "es+m3", "es+f4", "es+m5")
_NOISE: Final = 6
"""Largest sample of the noise on the line."""
_NOISE_FRAMES: Final = 64

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Voices:
    """Sound as PCM, 8 kHz, in whole frames of 20 ms."""

    sentences: tuple[bytes, ...]
    """Each begins and ends with a voiced frame."""
    answer: bytes
    """About three seconds; every frame differs from silence."""
    noise: bytes
    """What a caller who is silent sends, to be repeated."""


def messages(pcm: bytes) -> list[bytes]:
    """Return sound as AudioSocket messages of 20 ms."""
    return [audio_message(frame, NARROWBAND.rate) for frame in frames(pcm)]


def frames(pcm: bytes) -> list[bytes]:
    """Return sound as frames of 20 ms; its length is a multiple of theirs."""
    size = NARROWBAND.frame_bytes
    return [pcm[start : start + size] for start in range(0, len(pcm), size)]


def render() -> Voices:
    """Make the sound with espeak-ng.

    Raises: EngineUnavailable when the library is missing.
    """
    return asyncio.run(_render())


async def _render() -> Voices:
    noise = np.random.default_rng(7)
    mouth = EspeakMouth()
    try:
        said = [await _spoken(mouth, text, voice) for text, voice in zip(SENTENCES, _VOICES, strict=True)]
        answer = await _spoken(mouth, ANSWER, "")
    finally:
        mouth.close()
    return Voices(
        sentences=tuple(_on_the_line(_voiced_part(one), noise) for one in said),
        answer=_on_the_line(_voiced_part(answer), noise),
        noise=_on_the_line(np.zeros(_NOISE_FRAMES * NARROWBAND.frame_samples, np.int16), noise),
    )


async def _spoken(mouth: EspeakMouth, text: str, voice: str) -> Samples:
    request = SpeechRequest(text, NARROWBAND.rate, voice=voice)
    pcm = b"".join([piece.pcm async for piece in mouth.speak(request)])
    samples = np.frombuffer(pcm, np.int16)
    whole = len(samples) // NARROWBAND.frame_samples * NARROWBAND.frame_samples
    return samples[:whole]


def _voiced_part(samples: Samples) -> Samples:
    peaks = np.abs(samples.astype(np.int32)).reshape(-1, NARROWBAND.frame_samples).max(axis=1)
    voiced = np.flatnonzero(peaks >= VOICED_PEAK)
    return samples[voiced[0] * NARROWBAND.frame_samples : (voiced[-1] + 1) * NARROWBAND.frame_samples]


def _on_the_line(samples: Samples, noise: np.random.Generator) -> bytes:
    hiss = noise.integers(1, _NOISE, len(samples)) * noise.choice((-1, 1), len(samples))
    return bytes(np.clip(samples + hiss, -32768, 32767).astype("<i2").tobytes())
