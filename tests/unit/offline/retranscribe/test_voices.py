"""Where somebody speaks."""

from pathlib import Path

import numpy as np
import pytest

from offline.retranscribe.port import EarUnavailable
from offline.retranscribe.voices import VoiceFinder


def murmur(seconds: float, rate: int) -> np.ndarray:
    """A buzz with a voice's harmonics, coming and going four times a second."""
    time = np.arange(int(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 20))
    return np.asarray(4000 * wave * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)), np.int16)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_voice_is_found_where_it_is(rate: int) -> None:
    quiet = np.zeros(2 * rate, np.int16)
    sound = np.concatenate([quiet, murmur(1.5, rate), quiet])
    (span,) = VoiceFinder().spans(sound, rate)
    assert span.begin_seconds == pytest.approx(1.8, abs=0.15)
    assert span.end_seconds == pytest.approx(3.7, abs=0.3)


def test_what_is_found_does_not_depend_on_how_long_silence_lasts_before_it() -> None:
    rate = 8000
    late = np.concatenate([np.zeros(61 * rate, np.int16), murmur(1.5, rate), np.zeros(rate, np.int16)])
    (span,) = VoiceFinder().spans(late, rate)
    assert span.begin_seconds == pytest.approx(60.8, abs=0.15)


@pytest.mark.parametrize("samples", [0, 1, 159, 160])
def test_too_little_sound_holds_nobody(samples: int) -> None:
    assert VoiceFinder().spans(np.full(samples, 9000, np.int16), 8000) == ()


def test_a_line_that_is_dead_holds_nobody() -> None:
    hiss = np.random.default_rng(1).integers(-40, 41, 8000 * 5).astype(np.int16)
    assert VoiceFinder(gate_mode=0).spans(hiss, 8000) == ()


def test_both_sides_of_a_file_can_be_read_in_place() -> None:
    rate = 8000
    stereo = np.zeros((4 * rate, 2), np.int16)
    stereo[rate : rate + int(1.5 * rate), 1] = murmur(1.5, rate)
    finder = VoiceFinder()
    assert finder.spans(stereo[:, 0], rate) == ()
    assert len(finder.spans(stereo[:, 1], rate)) == 1


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "silero_vad.onnx").write_bytes(b"no model")
    with pytest.raises(EarUnavailable, match=r"silero_vad\.onnx"):
        VoiceFinder(tmp_path / "silero_vad.onnx")
