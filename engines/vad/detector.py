"""Which voice detector serves: Silero where its file is, the WebRTC gate alone where it is not."""

from dataclasses import dataclass
from pathlib import Path

from engines.vad.silero import SileroDetector
from engines.vad.webrtc import WebrtcDetector
from vocabulary.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class VadSettings:
    """How easily a sound passes for a voice.

    Raises: ConfigurationError, naming the field.
    """

    model_path: Path = Path(".cache/silero/silero_vad.onnx")
    """The file that `scripts/get_silero.py` fetches; without it webrtcvad serves alone."""

    gate_mode: int = 2
    """0 to 3, webrtcvad's aggressiveness: below 2 line noise passes, 3 misses quiet callers."""

    threshold: float = 0.35
    """Silero's probability (0 to 1) from which on a sound is a voice; at 8 kHz 0.5 would miss one in eight."""

    release_threshold: float = 0.2
    """Below this a voice has ended (hysteresis); not above `threshold`."""

    def __post_init__(self) -> None:
        """Refuse what no detector could work with."""
        if self.gate_mode not in range(4):
            raise ConfigurationError("vad.gate_mode must be 0, 1, 2 or 3")
        if not 0 < self.threshold < 1:
            raise ConfigurationError("vad.threshold must be between 0 and 1")
        if not 0 < self.release_threshold <= self.threshold:
            raise ConfigurationError("vad.release_threshold must be above 0 and not above vad.threshold")


def voice_detector(settings: VadSettings) -> SileroDetector | WebrtcDetector:
    """Return the best detector that can serve here; close it when the last call has ended."""
    if settings.model_path.is_file():
        return SileroDetector(
            settings.model_path,
            gate=WebrtcDetector(settings.gate_mode),
            threshold=settings.threshold,
            release_threshold=settings.release_threshold,
        )
    return WebrtcDetector(
        settings.gate_mode,
        detail=f"{settings.model_path} is missing, so webrtcvad serves alone (more false alarms in noise). "
        f"To fetch it: python scripts/get_silero.py --out {settings.model_path.parent}",
    )
