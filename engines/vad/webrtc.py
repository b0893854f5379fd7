"""The gate: WebRTC's voice detector, two microseconds a frame, good at saying "surely nothing here"."""

import webrtcvad

from engines.base import EngineHealth


class WebrtcTrack:
    """One caller's WebRTC detector; judges 8 and 16 kHz as they are."""

    def __init__(self, mode: int, rate: int) -> None:
        self._is_speech = webrtcvad.Vad(mode).is_speech
        self._rate = rate

    def is_voice(self, frame: bytes) -> bool:
        """Judge the next 20 ms frame at once."""
        return bool(self._is_speech(frame, self._rate))

    def close(self) -> None:
        """Nothing to give back."""


class WebrtcDetector:
    """Voice detection without a model: serves alone where the Silero file is missing."""

    def __init__(self, mode: int = 2, *, detail: str = "") -> None:
        """`mode` 0 to 3: 3 misses quiet voices, below 2 noise passes; `detail` is shown by `health`."""
        self._mode = mode
        self._detail = detail

    def open(self, rate: int) -> WebrtcTrack:
        """Begin listening to one more caller; `rate` is 8000 or 16000."""
        return WebrtcTrack(self._mode, rate)

    def health(self) -> EngineHealth:
        """Always ready; the detail says what would be better, if anything."""
        return EngineHealth("vad:webrtc", is_ready=True, model=f"webrtcvad mode {self._mode}", detail=self._detail)

    def close(self) -> None:
        """Nothing to stop."""
