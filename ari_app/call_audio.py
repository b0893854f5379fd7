"""Everything that happens to a call's sound inside the loop's callback: record first, then listen.

One object per call and for all its legs. Nothing here waits; each method is a few microseconds, because it runs fifty
times a second for every call.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from ari_app.loudness import Loudness
from audio_socket.leg import MediaLeg
from conversation.decisions import Decision
from conversation.turns import TurnMachine
from engines.base import VoiceTrack
from storage.recordings import CallRecorder

_LEVEL_FRAMES: Final = 10
"""A level is computed five times a second, and only while somebody watches."""


class CallAudio:
    """The listener of a call's media legs."""

    def __init__(
        self,
        *,
        recorder: CallRecorder,
        track: VoiceTrack,
        turns: TurnMachine,
        decide: Callable[[Sequence[Decision]], None],
        leg_ready: Callable[[MediaLeg], None],
        leg_ended: Callable[[str], None],
        speech_played: Callable[[int], None],
    ) -> None:
        self._recorder = recorder
        self._track = track
        self._turns = turns
        self._decide = decide
        self._on_ready = leg_ready
        self._on_ended = leg_ended
        self._on_speech_played = speech_played
        self._silence = b""
        self._played: bytes | None = None
        self._first_sound: Callable[[float], None] | None = None
        self._clock = asyncio.get_running_loop().time
        self._frames = 0
        self.levels: Loudness | None = None
        """Set while somebody watches: keeps how loud both sides are."""

    def on_first_sound(self, tell: Callable[[float], None]) -> None:
        """Call `tell(loop_time)` once, at the next frame of ours that is not silence."""
        self._first_sound = tell

    def forget_first_sound(self) -> None:
        """That reply will not be heard."""
        self._first_sound = None

    # ── from the leg ──

    def leg_ready(self, leg: MediaLeg) -> None:
        self._silence = leg.playout.silence
        self._on_ready(leg)

    def frame_heard(self, frame: bytes) -> None:
        self._recorder.caller(frame)
        played, self._played = self._played, None
        decisions = self._turns.frame_heard(frame, self._track.is_voice(frame), played)
        if decisions:
            self._decide(decisions)
        if self.levels is not None:
            self._frames += 1
            if self._frames % _LEVEL_FRAMES == 0:
                self.levels.measure(frame, played)

    def frame_played(self, frame: bytes) -> None:
        self._recorder.agent(frame)
        if frame is not self._silence:
            self._played = frame
            if self._first_sound is not None:
                tell, self._first_sound = self._first_sound, None
                tell(self._clock())

    def digit_pressed(self, digit: str) -> None:
        decisions = self._turns.digit_pressed(digit)
        if decisions:
            self._decide(decisions)

    def speech_played(self, speech_id: int) -> None:
        self._on_speech_played(speech_id)

    def leg_ended(self, reason: str) -> None:
        self._on_ended(reason)
