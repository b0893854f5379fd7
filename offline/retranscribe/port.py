"""What a second ear is: the port, how it is told to listen, and what it returns.

SecondListeningError
├── EarUnavailable       the library or the model is missing, or broken: says what to install or fetch
├── UnusableSound        not mono 16 bit at 8 or 16 kHz
└── recording.UnreadableRecording   the file is no recording
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from offline.retranscribe.spans import Span
from vocabulary.errors import CentralitaError
from vocabulary.speech import Transcript, Word

Samples = NDArray[np.int16]
"""Mono sound; may be a view into a file, so an ear copies only the piece it is listening to."""

RATES: Final = (8000, 16000)
"""Hertz; what our recordings have."""


class SecondListeningError(CentralitaError):
    """Base of what can go wrong here; never raised itself."""


class EarUnavailable(SecondListeningError):
    """The ear cannot be made: a library or a model is missing or broken. The message says what to do."""


class UnusableSound(SecondListeningError):
    """The sound is not what the port promises."""


@dataclass(frozen=True, slots=True)
class ListeningSettings:
    """How carefully to listen. Every field is part of `digest`, so that a result tells how it was made.

    Raises: ValueError, naming the field.
    """

    language: str = "es"
    """ISO 639-1."""
    beam: int = 5
    """Hypotheses followed at once; 1 is greedy."""
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """Tried in turn while the result repeats itself or is unlikely; the first is usually 0. For ears that sample."""
    compression_limit: float = 2.4
    """zlib ratio above which a text is repeating itself (Whisper's own bound)."""
    likelihood_limit: float = -1.0
    """Mean log probability of a token below which the next temperature is tried."""
    silence_limit: float = 0.6
    """Probability of "no speech" above which an unlikely text is dropped."""
    longest_seconds: float = 27.0
    """Of one chunk; a Whisper window holds 30 s and wants some silence at its end."""
    hints: tuple[str, ...] = ()
    """Words likely in these calls: names, products, streets."""

    def __post_init__(self) -> None:
        """Refuse what no ear could follow."""
        if self.beam < 1:
            raise ValueError("beam must be at least 1")
        if not self.temperatures or any(not 0 <= one <= 2 for one in self.temperatures):
            raise ValueError("temperatures must hold at least one value, each from 0 to 2")
        if not 2 <= self.longest_seconds <= 28:
            raise ValueError("longest_seconds must be from 2 to 28")
        if not self.language.isalpha() or len(self.language) not in (2, 3):
            raise ValueError("language must be a code like 'es'")

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that differ when any field does; the same in every process and on every machine."""
        text = json.dumps(asdict(self), ensure_ascii=True, sort_keys=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


STANDARD: Final = ListeningSettings(beam=1, temperatures=(0.0,))
"""As fast as the ear can."""
PREMIUM: Final = ListeningSettings()
"""As well as the ear can: a beam of five, and another try where a text looks wrong."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What an ear made of one side of a recording."""

    words: tuple[Word, ...]
    """In order; times from the recording's first sample."""
    speech: tuple[Span, ...]
    """Where the voice detector heard somebody."""
    seconds: float
    """Length of the sound."""
    language: str
    ear: str
    """`SecondEar.version` of who listened."""
    settings: str
    """`ListeningSettings.digest` of how."""

    @property
    def confidence(self) -> float:
        """Mean of the words', 0 without any."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0

    @property
    def transcript(self) -> Transcript:
        """The same as the rest of the product knows it."""
        text = " ".join(word.text for word in self.words)
        return Transcript(text, self.words, self.confidence, self.language)


class SecondEar(Protocol):
    """Slow, careful speech to text for sound that is already there; used by one thread at a time."""

    @property
    def version(self) -> str:
        """Adapter, its version, a fingerprint of its model: changes whenever the same sound might give other words."""
        ...

    def transcribe(self, samples: Samples, rate: int, settings: ListeningSettings) -> Listening:
        """Return what was said in mono `samples` at `rate` 8000 or 16000 hertz; blocks for seconds to minutes.

        Memory does not grow with the length of the sound, except by the words heard.

        Raises: UnusableSound, EarUnavailable.
        """
        ...

    def close(self) -> None:
        """Give back the model's memory and threads."""
        ...


def checked(samples: Samples, rate: int) -> Samples:
    """Return `samples` as they are.

    Raises: UnusableSound when they break the port's promise.
    """
    if samples.ndim != 1 or samples.dtype != np.int16:
        raise UnusableSound(f"wanted one channel of int16, got {samples.dtype} of shape {samples.shape}")
    if rate not in RATES:
        raise UnusableSound(f"wanted 8000 or 16000 Hz, got {rate}")
    return samples


def result_key(recording_id: str, ear: SecondEar, settings: ListeningSettings) -> str:
    """Return the name under which a listening is kept: the same sound, ear and settings have the same one."""
    return f"{recording_id}:{ear.version}:{settings.digest}"
