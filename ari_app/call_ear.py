"""A call's ear: what the turn machine wants transcribed goes out, words come back; only the newest order counts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ari_app.call_log import CallLog
from ari_app.house import AgentProfile, House
from conversation.decisions import Decision, Transcribe
from conversation.turns import TurnMachine
from engines.base import EngineError, Utterance
from vocabulary.speech import Transcript

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.1
"""Before an ear that is busy or just restarting is asked again; doubled each time."""


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

    def transcribe(self, order: Transcribe) -> None:
        """Have this sound turned into words; an older order that is still under way is given up."""
        if self._listening is not None:
            self._listening.cancel()
        self._listening = self._spawn(self._words_of(order), "transcribing")

    async def _words_of(self, order: Transcribe) -> None:
        house = self._house
        utterance = Utterance(order.pcm, house.audio.rate, self._profile.language, self._profile.hints)
        try:
            async with asyncio.timeout(house.deadlines.stt):
                transcript = await self._patiently(utterance)
        except (EngineError, TimeoutError) as error:
            logger.warning("ear failed", extra={"agent": self._profile.name, "error": type(error).__name__})
            self._decide(self._turns.transcription_failed(order.utterance_id))
            return
        if transcript.text:
            self._log.partial(transcript.text)
        self._decide(self._turns.words_heard(order.utterance_id, transcript))

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
