"""Our own voice is recognised when it comes back, and nobody else's is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from conversation.echo import OwnVoice
from vocabulary.audio import NARROWBAND, WIDEBAND, AudioFormat

Sound = NDArray[np.float64]
RNG = np.random.default_rng(7)
ECHO = 0.37
"""The machine's own line between echo and speech."""


def voice(seconds: float, audio: AudioFormat) -> Sound:
    """Return speech-like noise: coloured, and louder and softer several times a second."""
    samples = audio.samples(seconds)
    coloured = np.convolve(RNG.normal(size=samples), [1, 0.9, 0.6, 0.3], "same")
    swell = 1 + np.sin(np.arange(samples) * 2 * np.pi * 4 / audio.rate)
    return np.asarray(coloured * swell * 3000)


def frames(sound: Sound, audio: AudioFormat) -> list[bytes]:
    pcm = np.clip(sound, -32768, 32767).astype(np.int16).tobytes()
    return [pcm[start : start + audio.frame_bytes] for start in range(0, len(pcm), audio.frame_bytes)]


def after_playing(sound: Sound, audio: AudioFormat) -> OwnVoice:
    own = OwnVoice(audio)
    for frame in frames(sound, audio):
        own.played(frame)
    return own


@pytest.mark.parametrize("audio", [NARROWBAND, WIDEBAND])
@pytest.mark.parametrize("delay_seconds", [0.0, 0.0331, 0.12, 0.39])
@pytest.mark.parametrize("gain", [0.5, -0.1])
def test_an_echo_is_recognised_at_every_delay(audio: AudioFormat, delay_seconds: float, gain: float) -> None:
    ours = voice(2, audio)
    delay = audio.samples(delay_seconds)
    echo = np.concatenate([np.zeros(delay), ours])[: ours.size] * gain
    echo = np.convolve(echo, [0.2, 1, -0.4, 0.2], "same") + RNG.normal(0, 30, ours.size)
    assert after_playing(ours, audio).likeness(frames(echo, audio)[-10:]) > ECHO


def test_another_voice_is_no_echo() -> None:
    own = after_playing(voice(2, NARROWBAND), NARROWBAND)
    assert own.likeness(frames(voice(1, NARROWBAND), NARROWBAND)[-10:]) < ECHO


def test_a_caller_over_the_echo_is_heard() -> None:
    ours = voice(2, NARROWBAND)
    both = ours * 0.2 + voice(2, NARROWBAND)
    assert after_playing(ours, NARROWBAND).likeness(frames(both, NARROWBAND)[-10:]) < ECHO


def test_silence_resembles_nothing() -> None:
    ours = voice(2, NARROWBAND)
    silence = [NARROWBAND.silence] * 10
    assert after_playing(ours, NARROWBAND).likeness(silence) == 0
    assert OwnVoice(NARROWBAND).likeness(frames(ours, NARROWBAND)[-10:]) == 0
    assert after_playing(ours * 0, NARROWBAND).likeness(frames(ours, NARROWBAND)[-10:]) < ECHO


def test_nothing_is_compared_with_nothing() -> None:
    assert after_playing(voice(1, NARROWBAND), NARROWBAND).likeness([]) == 0
