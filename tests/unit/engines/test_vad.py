"""Voice detectors: the gate, the model behind it with a stand-in for its arithmetic, and which of them serves."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.base import VoiceDetector
from engines.vad.detector import VadSettings, voice_detector
from engines.vad.fake import EnergyDetector, ScriptedDetector
from engines.vad.silero import SileroDetector
from engines.vad.silero_batch import CHUNK_SAMPLES, VoiceMemory, probabilities
from engines.vad.webrtc import WebrtcDetector
from vocabulary.audio import NARROWBAND, WIDEBAND, AudioFormat
from vocabulary.errors import ConfigurationError

SILENCE = NARROWBAND.silence
MODEL_FILE = Path(__file__).parents[3] / ".cache/silero/silero_vad.onnx"


def hum(frames: int, audio: AudioFormat = NARROWBAND) -> list[bytes]:
    """Return harmonics of 140 Hz that swell as syllables do: a voice, as far as the gate can tell."""
    time = np.arange(frames * audio.frame_samples) / audio.rate
    sound = sum(np.sin(2 * np.pi * 140 * harmonic * time) / harmonic for harmonic in range(1, 20))
    pcm = (sound * (1.5 + np.sin(2 * np.pi * 5 * time)) * 3000).astype(np.int16).tobytes()
    return [pcm[start : start + audio.frame_bytes] for start in range(0, len(pcm), audio.frame_bytes)]


class LoudnessModel:
    """Silero's shapes, but loud is a voice; remembers the shapes it was given."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []

    def run(self, output_names: None, input_feed: dict[str, Any]) -> Sequence[Any]:
        heard, state = input_feed["input"], input_feed["state"]
        assert heard.dtype == state.dtype == np.float32
        assert state.shape == (2, len(heard), 128)
        self.batches.append(heard.shape)
        loud = np.abs(heard).mean(axis=1, keepdims=True) > 0.01
        return loud.astype(np.float32), state + 1


def silero(model: LoudnessModel) -> SileroDetector:
    detector = SileroDetector(Path("none.onnx"), gate=WebrtcDetector(2), load=lambda path: model)
    detector.settle()
    return detector


@pytest.mark.parametrize("audio", [NARROWBAND, WIDEBAND])
def test_the_gate_hears_a_voice_and_no_silence(audio: AudioFormat) -> None:
    track = WebrtcDetector().open(audio.rate)
    assert not any(track.is_voice(audio.silence) for _ in range(20))
    assert sum(track.is_voice(frame) for frame in hum(20, audio)) >= 15
    track.close()


def test_the_model_is_asked_only_while_the_gate_is_open() -> None:
    model = LoudnessModel()
    detector = silero(model)
    track = detector.open(8000)
    assert not any(track.is_voice(SILENCE) for _ in range(50))
    detector.settle()
    assert model.batches == []
    for frame in hum(10):
        track.is_voice(frame)
    detector.settle()
    assert model.batches
    detector.close()


def test_the_models_word_is_used_on_the_frames_that_follow() -> None:
    detector = silero(LoudnessModel())
    track = detector.open(8000)
    verdicts = []
    for frame in hum(10):
        verdicts.append(track.is_voice(frame))
        detector.settle()
    assert verdicts[0] is False
    assert all(verdicts[3:])
    for _ in range(20):
        verdicts.append(track.is_voice(SILENCE))
        detector.settle()
    assert not any(verdicts[-10:])
    detector.close()


def test_one_run_serves_many_calls() -> None:
    model = LoudnessModel()
    detector = silero(model)
    tracks = [detector.open(rate) for rate in (8000, 16000) * 10]
    for narrow, wide in zip(hum(25), hum(25, WIDEBAND), strict=True):
        for place, track in enumerate(tracks):
            track.is_voice(wide if place % 2 else narrow)
    detector.settle()
    assert detector.judged >= 20 * 4
    assert detector.runs < detector.judged / 4
    assert all(width == CHUNK_SAMPLES + 32 for _, width in model.batches)
    detector.close()


def test_a_late_model_leaves_the_decision_to_the_gate() -> None:
    gate_open = threading.Event()

    class StuckModel(LoudnessModel):
        def run(self, output_names: None, input_feed: dict[str, Any]) -> Sequence[Any]:
            gate_open.wait()
            return super().run(output_names, input_feed)

    detector = silero(StuckModel())
    track = detector.open(8000)
    assert any([track.is_voice(frame) for frame in hum(50)][20:])
    assert track.asked <= 6, "and the queue does not grow"
    gate_open.set()
    detector.close()


def test_a_damaged_model_leaves_the_gate_alone_and_health_says_what_to_do(tmp_path: Path) -> None:
    damaged = tmp_path / "silero_vad.onnx"
    damaged.write_bytes(b"not a model")
    detector = voice_detector(VadSettings(model_path=damaged))
    assert isinstance(detector, SileroDetector)
    detector.settle()
    assert not detector.is_ready
    assert "get_silero.py" in detector.health().detail
    track = detector.open(8000)
    assert sum(track.is_voice(frame) for frame in hum(20)) >= 15
    detector.close()


def test_a_model_that_breaks_in_mid_call_leaves_the_gate_alone() -> None:
    class BreakingModel(LoudnessModel):
        def run(self, output_names: None, input_feed: dict[str, Any]) -> Sequence[Any]:
            raise RuntimeError("out of memory")

    detector = silero(BreakingModel())
    track = detector.open(8000)
    for frame in hum(5):
        track.is_voice(frame)
    detector.settle()
    assert any(track.is_voice(frame) for frame in hum(20))
    assert "RuntimeError" in detector.health().detail
    detector.close()


def test_a_missing_model_leaves_the_gate_alone_and_health_says_what_to_do(tmp_path: Path) -> None:
    detector = voice_detector(VadSettings(model_path=tmp_path / "silero_vad.onnx"))
    health = detector.health()
    assert (health.engine, health.is_ready) == ("vad:webrtc", True)
    assert "get_silero.py" in health.detail
    detector.close()


def test_each_caller_has_a_memory_of_their_own() -> None:
    quiet, loud = VoiceMemory(8000), VoiceMemory(16000)
    chunk = np.full(512, 8000, np.int16).tobytes()
    judged = probabilities(LoudnessModel(), [(quiet, bytes(512)), (loud, chunk)])
    assert judged.tolist() == [0.0, 1.0]
    assert not quiet.context.any()
    assert loud.context.any()
    assert quiet.state.shape == (2, 128)


def test_halving_the_rate_keeps_the_voice_and_drops_what_would_fold_back() -> None:
    time = np.arange(512) / 16000
    low = (np.sin(2 * np.pi * 1000 * time) * 16000).astype(np.int16).tobytes()
    high = (np.sin(2 * np.pi * 7000 * time) * 16000).astype(np.int16).tobytes()
    assert VoiceMemory(16000).narrowed(low)[32:].std() == pytest.approx(0.345, abs=0.01)
    assert np.abs(VoiceMemory(16000).narrowed(high)[32:]).max() < 0.02


def test_the_real_model_takes_our_shapes() -> None:
    detector = voice_detector(VadSettings(model_path=MODEL_FILE))
    assert isinstance(detector, SileroDetector)
    detector.settle()
    assert detector.is_ready, detector.health().detail
    track = detector.open(8000)
    for frame in hum(20):
        track.is_voice(frame)
    detector.settle()
    assert track.answered == track.asked > 0
    assert 0 <= track.probability <= 1
    detector.close()


def test_the_fakes_keep_the_ports_contract() -> None:
    scripted, energy = ScriptedDetector("v.v"), EnergyDetector()
    detectors: list[VoiceDetector] = [scripted, energy, WebrtcDetector()]
    assert all(detector.health().is_ready for detector in detectors)
    track = scripted.open(8000)
    assert [track.is_voice(SILENCE) for _ in range(4)] == [True, False, True, False]
    track.close()
    assert scripted.tracks[0].is_closed
    assert energy.open(8000).is_voice(hum(1)[0])
    assert not energy.open(8000).is_voice(SILENCE)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"gate_mode": 4}, "gate_mode"),
        ({"threshold": 1.0}, "threshold"),
        ({"release_threshold": 0.5}, "release_threshold"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"vad.{named}"):
        VadSettings(**wrong)
