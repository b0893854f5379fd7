"""When voiced frames are a caller's wish to speak, and not a click, a cough or our own echo.

While we are silent little is asked for: a turn that is recognised late is only a turn with a longer look-back. While we
speak more is, because stopping is heard; yet the decision has to fall within 0.2 s of the first syllable, of which a
voice detector with a model has used up 0.05 s before it says so.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from conversation.echo import MAX_DELAY_SECONDS, OwnVoice
from conversation.own_reply import OwnReply
from conversation.turn_settings import TurnSettings
from conversation.utterance import OpenUtterance
from conversation.voicing import loudness, vowel_windows
from vocabulary.audio import FRAMES_PER_SECOND, AudioFormat

_LAST_5: Final = 0b11111
_LAST_3: Final = 0b111
_LAST_2: Final = 0b11
_VOICED_OF_5: Final = 3
"""One voiced frame alone is a click, two are line noise."""
_ECHO_TAIL: Final = round(MAX_DELAY_SECONDS * FRAMES_PER_SECOND)
_ECHO_FRAMES: Final = 10
_ECHO_FRAMES_LONG: Final = 20
"""The caller's latest 0.2 s are compared with our voice; where they are much softer than what came before, 0.4 s: a
detector calls the short pause behind an echoed word a voice, too, and in it only line noise is left to compare."""
_FADED: Final = 0.5
"""Of the louder stretch's root mean square: 6 dB softer."""
_VOWEL_FRAMES: Final = 10
_VOWEL_AGAIN: Final = 2
"""Frames until a sound without a vowel is looked at once more: a long noise must not cost 0.1 ms on each of them."""
_VOWEL_WINDOWS: Final = 2
"""So many windows of 40 ms must be vowels before somebody stops us."""
_LOOK_AGAIN: Final = 5
"""Frames until a sound that was our echo is compared once more: somebody may speak over it."""


class Onset:
    """Hears every frame; knows which of the latest were voiced, and how they sounded."""

    __slots__ = (
        "_barge_in_mask",
        "_barge_in_voiced",
        "_deaf_until",
        "_echo_likeness",
        "_look_back",
        "_mask",
        "_now",
        "_own_voice",
        "_rate",
        "_recent",
        "_voiced",
        "sounded_at",
    )

    def __init__(self, settings: TurnSettings, audio: AudioFormat) -> None:
        window = max(1, round(settings.barge_in_window_seconds * FRAMES_PER_SECOND))
        self._barge_in_mask = (1 << window) - 1
        self._barge_in_voiced = max(1, round(settings.barge_in_voiced_seconds * FRAMES_PER_SECOND))
        self._mask = self._barge_in_mask | _LAST_5
        self._look_back = round(settings.look_back_seconds * FRAMES_PER_SECOND)
        self._recent: deque[bytes] = deque(maxlen=self._look_back + max(window, _ECHO_FRAMES_LONG))
        self._own_voice = OwnVoice(audio)
        self._echo_likeness = settings.echo_likeness
        self._rate = audio.rate
        self._voiced = 0  # one bit a frame, the latest lowest
        self._now = 0
        self._deaf_until = 0
        self.sounded_at = -_ECHO_TAIL - 1
        """The last frame in which our own sound was heard."""

    def hear(self, frame: bytes, is_voice: bool, played: bytes | None) -> None:
        """Take the next frame of both sides."""
        self._now += 1
        self._recent.append(frame)
        self._own_voice.played(played)
        if played is not None:
            self.sounded_at = self._now
        self._voiced = (self._voiced << 1 | is_voice) & self._mask

    @property
    def is_voiced(self) -> bool:
        """True for enough voice to begin a turn, or to go on with it."""
        return (self._voiced & _LAST_5).bit_count() >= _VOICED_OF_5

    @property
    def is_steady(self) -> bool:
        """True when the latest voiced frame is not alone: a single one does not undo a pause."""
        return (self._voiced & _LAST_3).bit_count() >= 2

    @property
    def is_uncertain(self) -> bool:
        """True when a voice may just be beginning."""
        return bool(self._voiced & _LAST_2)

    def is_caller_beginning(self, reply: OwnReply) -> bool:
        """Decide whether the caller wants to speak; call it on voiced frames only."""
        if not self.is_voiced or self._now < self._deaf_until:
            return False
        if reply.is_playing:
            voiced = (self._voiced & self._barge_in_mask).bit_count()
            if not reply.is_interruptible or voiced < self._barge_in_voiced:
                return False
            if vowel_windows(self._latest(_VOWEL_FRAMES), self._rate) < _VOWEL_WINDOWS:
                self._deaf_until = self._now + _VOWEL_AGAIN
                return False
        if self._now - self.sounded_at <= _ECHO_TAIL and self._is_lately_echo():
            self._deaf_until = self._now + _LOOK_AGAIN
            return False
        return True

    def _is_lately_echo(self) -> bool:
        short, long = self._latest(_ECHO_FRAMES), self._latest(_ECHO_FRAMES_LONG)
        return self.is_echo(short) or (loudness(short) < _FADED * loudness(long) and self.is_echo(long))

    def _latest(self, frames: int) -> list[bytes]:
        return list(self._recent)[-frames:]

    def utterance(self) -> OpenUtterance:
        """Return the turn that has just begun, from its look-back on."""
        voice_frames = self._voiced.bit_length()
        frames = self._latest(voice_frames + self._look_back)
        return OpenUtterance(frames, began=self._now - voice_frames + 1, last_voice=self._now)

    def is_echo(self, heard: Sequence[bytes]) -> bool:
        """True when the caller's latest frames, oldest first, are mostly what we played."""
        return self._own_voice.likeness(heard) > self._echo_likeness

    def turn_deaf(self, seconds: float) -> None:
        """Recognise nobody for a while."""
        self._deaf_until = self._now + round(seconds * FRAMES_PER_SECOND)

    def forget(self) -> None:
        """The voiced frames so far meant nothing."""
        self._voiced = 0
