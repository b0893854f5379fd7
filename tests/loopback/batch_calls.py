"""Finished calls as `calls` leaves them on the disk, with voices in them, and a settings file that finds them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.batch.equipment import AgentWords, Equipment
from storage.recordings import RecordingLayout, wav_header, write_json

RATE = 8000
BEGUN = 1_795_000_000.0
REPO = Path(__file__).resolve().parents[2]
Samples = NDArray[np.int16]


@cache
def voice(seed: int = 0) -> Samples:
    """Return two seconds of what the voice detector takes for a voice: a buzz in syllables."""
    dice = np.random.default_rng(seed)
    seconds = np.arange(int(2.4 * RATE)) / RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * seconds)
    phase = np.cumsum(2 * np.pi * pitch / RATE)
    buzz = sum(np.sin(phase * number) / number for number in range(1, 20))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 3.1 * seconds)
    sound = buzz * syllables * 3000 + dice.normal(0, 30, seconds.size)
    return np.clip(sound, -32000, 32000).astype(np.int16)


def caller_says(*texts: str, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Return a transcript's turns: we ask, the caller answers each time."""
    turns: list[dict[str, Any]] = []
    for place, text in enumerate(texts):
        begin = 1.0 + 6 * place
        turns.append({"speaker": "agent", "at": begin - 0.2, "text": "¿En qué puedo ayudarle?",
                      "was_interrupted": False,
                      "latency": {"silence_ms": 500.0, "stt_ms": 12.5, "llm_ms": 1.0, "tts_ms": 3.0, "own_ms": 1.0,
                                  "total_ms": 517.5}})  # fmt: skip
        turns.append({"speaker": "caller", "at": begin + 2.8, "text": text, "heard": text, "begin_seconds": begin,
                      "end_seconds": begin + 2.4, "confidence": confidence, "corrections": []})  # fmt: skip
    return turns


@dataclass(frozen=True, slots=True)
class Calls:
    """A folder of finished calls, and the settings that name it."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "recordings"

    @property
    def layout(self) -> RecordingLayout:
        return RecordingLayout(self.root)

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.folder / 'centralita.db'}"

    @property
    def settings(self) -> Path:
        """A settings file; its agents are those that ship with us."""
        path = self.folder / "centralita.toml"
        text = f'[storage]\nlocal_path = "{self.root}"\n[agents]\nfolder = "{REPO / "agents"}"\n'
        text += f'[run]\nstate_folder = "{self.folder / "run"}"\n'
        path.write_text(text)
        return path

    def add(
        self,
        call_id: str,
        *texts: str,
        confidence: float = 0.95,
        sound: Samples | None = None,
        at: float = BEGUN,
        language: str = "es",
    ) -> str:
        """Write a call whose caller said these texts, with a voice where somebody spoke; return its id."""
        turns = caller_says(*texts, confidence=confidence)
        seconds = 6.0 * max(1, len(texts)) + 1
        left = np.zeros(int(seconds * RATE), np.int16)
        if sound is not None:
            left = sound
        else:
            for turn in turns:
                if turn["speaker"] == "caller":
                    begin = int(turn["begin_seconds"] * RATE)
                    left[begin : begin + len(voice())] = voice()
        common = {
            "call_id": call_id,
            "agent": "telecom",
            "did": "+525512345678",
            "caller": "5533334444",
            "started_at": at,
        }
        self.write_sound(call_id, left)
        write_json(self.layout.transcript(call_id), {**common, "turns": turns})
        metadata = {
            **common,
            "language": language,
            "audio": {"file": f"rec_{call_id}.wav", "rate": RATE, "channels": ["caller", "agent"],
                      "seconds": len(left) / RATE, "seconds_lost": 0.0},
            "metrics": {"duration": len(left) / RATE, "total_turns": len(turns), "avg_stt_latency_ms": 12.5,
                        "final_sentiment": "neutral", "outcome": "caller_hung_up"},
            "turns": [{name: turn[name] for name in ("speaker", "at", "latency") if name in turn} for turn in turns],
            "hangup": {"cause": 16, "text": "Normal Clearing", "by": "caller"},
        }  # fmt: skip
        write_json(self.layout.metadata(call_id), metadata)
        return f"rec_{call_id}"

    def write_sound(self, call_id: str, left: Samples) -> None:
        stereo = np.stack([left, np.zeros_like(left)], axis=1).astype("<i2")
        path = self.layout.audio(call_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav_header(RATE, stereo.nbytes) + stereo.tobytes())

    def metadata(self, call_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.layout.metadata(call_id).read_text())
        return found

    def transcript(self, call_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.layout.transcript(call_id).read_text())
        return found


def quick_equipment() -> Equipment:
    """The embedded ear, and the words of the agent that ships with us."""
    telecom = AgentWords((REPO / "agents" / "banks" / "telecom.toml",))
    return Equipment(time_zone="Europe/Madrid", agents={"telecom": telecom})
