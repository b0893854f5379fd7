"""Voice detectors for tests: one obeys a script, one goes by loudness."""

from collections.abc import Iterator

from engines.base import EngineHealth


class ScriptedTrack:
    """Reads one character of its script a frame: "v" is a voice; afterwards there is none."""

    def __init__(self, script: str) -> None:
        self._script: Iterator[str] = iter(script)
        self.is_closed = False

    def is_voice(self, frame: bytes) -> bool:
        """Answer as written, whatever the frame holds."""
        return next(self._script, ".") == "v"

    def close(self) -> None:
        """Remember that somebody took care."""
        self.is_closed = True


class ScriptedDetector:
    """Every caller speaks by the same script."""

    def __init__(self, script: str) -> None:
        self._script = script
        self.tracks: list[ScriptedTrack] = []
        """All tracks ever opened, oldest first."""

    def open(self, rate: int) -> ScriptedTrack:
        """Begin the script anew."""
        self.tracks.append(ScriptedTrack(self._script))
        return self.tracks[-1]

    def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("vad:scripted", is_ready=True, detail="hears what a test told it to")


class EnergyTrack:
    """A voice is whatever is loud."""

    def __init__(self, peak: int) -> None:
        self._peak = peak

    def is_voice(self, frame: bytes) -> bool:
        """True when a sample of the frame reaches the peak."""
        samples = memoryview(frame).cast("h")
        return max(samples, default=0) >= self._peak

    def close(self) -> None:
        """Nothing to give back."""


class EnergyDetector:
    """Good for clean synthetic sound; in real noise it hears voices everywhere."""

    def __init__(self, peak: int = 500) -> None:
        """`peak` is the sample value (of 32767) from which on a frame is a voice."""
        self._peak = peak

    def open(self, rate: int) -> EnergyTrack:
        """Begin listening to one more caller, at any rate."""
        return EnergyTrack(self._peak)

    def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("vad:energy", is_ready=True, detail="goes by loudness: for tests only")
