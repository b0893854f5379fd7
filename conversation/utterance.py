"""The turn that is being spoken: its frames, when voice was heard, and what is known of its words."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from vocabulary.speech import Transcript

_TAIL_FRAMES: Final = 75
"""The last 1.5 s are enough to find where the sound ended."""
_FAINT: Final = 60.0
"""Root mean square below which nothing is heard on any line."""
_FAINT_SHARE: Final = 0.05
"""Of the loudest frame (-26 dB): what is fainter is breath or room."""


class OpenUtterance:
    """One turn of the caller from its first voiced frame until it has been handed over; times are frame counts."""

    __slots__ = (
        "_seen",
        "asked",
        "asked_at",
        "began",
        "ended_at",
        "frames",
        "is_final",
        "is_meant",
        "last_voice",
        "pcm",
        "transcript",
        "utterance_id",
        "went_on_at",
    )

    def __init__(self, frames: Sequence[bytes], began: int, last_voice: int) -> None:
        """Begin with the look-back and the frames in which the voice was recognised."""
        self.frames = list(frames)
        self._seen = (-1, 0)
        """The last voiced frame for which the last sound was looked for, and that sound's frame."""
        self.began = began
        self.last_voice = last_voice
        self.pcm = b""
        """What was last sent to an ear."""
        self.asked: int | None = None
        """The `Transcribe` whose words are still awaited and would cover all speech so far."""
        self.asked_at = began
        self.utterance_id = 0
        """Of the latest `Transcribe`; 0 before the first."""
        self.transcript: Transcript | None = None
        """Words covering all speech so far."""
        self.is_final = False
        """True once the final transcript was asked for: the turn is over, `frames` gather what follows it."""
        self.is_meant = False
        """True once words have shown that a barge-in is one."""
        self.went_on_at: int | None = None
        """The last voice heard after the turn was over: the next one has already begun."""
        self.ended_at = last_voice
        """When we had waited enough; the ear's own time comes after it."""

    @property
    def voice_frames(self) -> int:
        """Return how many frames lie between the first voice and the last, both included."""
        return self.last_voice - self.began + 1

    @property
    def last_sound(self) -> int:
        """Return the frame of the last audible sound; the last voiced one while nobody has looked."""
        seen_at, last_sound = self._seen
        return last_sound if seen_at == self.last_voice else self.last_voice

    def look_for_last_sound(self, now: int) -> None:
        """Find, in the frames up to `now`, where the sound ended.

        A voice detector goes on hearing a voice for a tenth of a second or two after its last sound, the longer the
        less predictably; callers' patience counts from the sound.
        """
        size = len(self.frames[-1])
        samples = np.frombuffer(b"".join(self.frames[-_TAIL_FRAMES:]), "<i2").astype(np.float32)
        levels = np.sqrt(np.square(samples.reshape(-1, size // 2)).mean(axis=1))
        loud = np.flatnonzero(levels > max(_FAINT, _FAINT_SHARE * float(levels.max())))
        quiet = len(levels) - 1 - int(loud[-1]) if len(loud) else 0
        self._seen = (self.last_voice, min(self.last_voice, now - quiet))

    def ask(self, utterance_id: int, now: int) -> bytes:
        """Note that an ear was asked; return the sound to send."""
        self.asked = self.utterance_id = utterance_id
        self.asked_at, self.transcript = now, None
        self.pcm = b"".join(self.frames)
        return self.pcm

    def ask_finally(self, utterance_id: int, now: int) -> bytes:
        """Close the turn; frames from here on belong to what comes next."""
        pcm = self.ask(utterance_id, now)
        self.is_final = True
        self.frames = []
        return pcm

    def outdate_words(self) -> None:
        """More was said: words known or awaited no longer cover all of it."""
        self.asked = self.transcript = None
