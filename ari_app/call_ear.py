"""A call's ear: what the turn machine wants transcribed goes out, words come back; only the newest order counts.

While the engine finds the words, a thread measures how they were said.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ari_app.call_log import CallLog
from ari_app.house import AgentProfile, House
from conversation.decisions import Decision, Transcribe
from conversation.sentiment import Prosody
from conversation.turns import TurnMachine
from conversation.voice_baseline import VoiceBaseline
from conversation.voice_measure import VoiceMeasure, measure_voice
from engines.base import EngineError, Utterance
from vocabulary.speech import Transcript

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.1
"""Before an ear that is busy or just restarting is asked again; doubled each time."""
_MEASURING_SECONDS: Final = 0.02
"""So long the words wait for the measurement of their voice; it takes a millisecond, and less than any ear."""


class CallEar:
    """Keeps one transcription under way."""

    def __init__(
        self,
        house: House,
        profile: AgentProfile,
        turns: TurnMachine,
        log: CallLog,
        *,
        spawn: Callable[[Awaitable[None], str], "asyncio.Task[None]"],
        decide: Callable[[Sequence[Decision]], None],
    ) -> None:
        """`spawn` starts a task of the call's group; `decide` takes what the turn machine makes of the words."""
        self._house = house
        self._profile = profile
        self._turns = turns
        self._log = log
        self._spawn = spawn
        self._decide = decide
        self._listening: asyncio.Task[None] | None = None
        self._usual = VoiceBaseline()
        """After a crash it begins anew: the first turn then tells no mood by its voice."""
        self._measured: tuple[int, VoiceMeasure | None] | None = None
        """Of the last utterance whose words came."""

    def transcribe(self, order: Transcribe) -> None:
        """Have this sound turned into words; an older order that is still under way is given up."""
        if self._listening is not None:
            self._listening.cancel()
        self._listening = self._spawn(self._words_of(order), "transcribing")

    def prosody_of(self, utterance_id: int) -> Prosody | None:
        """Tell once how a turn was said, beside the caller's turns before it; None when nobody could measure it."""
        measured, self._measured = self._measured, None
        if measured is None or measured[0] != utterance_id:
            return None
        return self._usual.take(measured[1])

    async def _words_of(self, order: Transcribe) -> None:
        house = self._house
        measuring = asyncio.create_task(asyncio.to_thread(measure_voice, order.pcm, house.audio.rate))
        try:
            await self._words_and_voice_of(order, measuring)
        finally:
            measuring.cancel()

    async def _words_and_voice_of(self, order: Transcribe, measuring: "asyncio.Task[VoiceMeasure | None]") -> None:
        house = self._house
        utterance = Utterance(order.pcm, house.audio.rate, self._profile.language, self._profile.hints)
        try:
            async with asyncio.timeout(house.deadlines.stt):
                transcript = await self._patiently(utterance)
        except (EngineError, TimeoutError) as error:
            logger.warning("ear failed", extra={"agent": self._profile.name, "error": type(error).__name__})
            self._decide(self._turns.transcription_failed(order.utterance_id))
            return
        self._measured = (order.utterance_id, await self._voice_in(measuring))
        if transcript.text:
            self._log.partial(transcript.text)
        self._decide(self._turns.words_heard(order.utterance_id, transcript))

    async def _voice_in(self, measuring: "asyncio.Task[VoiceMeasure | None]") -> VoiceMeasure | None:
        """Return the measurement if it is there; nobody waits on the line for it, and no trouble with it is theirs."""
        await asyncio.wait((measuring,), timeout=_MEASURING_SECONDS)
        if not measuring.done():
            return None
        if error := measuring.exception():
            logger.warning("voice not measured", extra={"agent": self._profile.name, "error": type(error).__name__})
            return None
        return measuring.result()

    async def _patiently(self, utterance: Utterance) -> Transcript:
        """Ask until an ear that is only busy or just restarting has time; the deadline is around this."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._house.ear.transcribe(utterance)
            except EngineError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(pause_seconds)
            pause_seconds *= 2
