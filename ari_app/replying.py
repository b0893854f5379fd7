"""Carrying out what the dialogue orders, one order after the other, until the caller interrupts.

    orders ──► Say ──► mouth ──► playout          AskMind ──► mind ──► dialogue.mind_said ──► more orders
               CallTool ──► runner ──► dialogue.tool_returned ──► more orders
               Transfer, HangUp, FallBack: after everything before has been heard, the call itself acts

An interruption drops what has not been said, and the thinking behind it. Orders that end our part of the call stay:
who talks over our goodbye is still said goodbye to.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

from ari_app.house import AgentProfile, Deadlines
from ari_app.speaking import Speaking
from ari_app.turn_clock import TurnClock
from conversation.dialogue import Dialogue, Engine
from conversation.expectation import Expectation
from conversation.orders import AskMind, CallTool, FallBack, HangUp, Order, Say, Transfer
from conversation.tools import ToolError, ToolOutcome, ToolRunner
from conversation.turns import TurnMachine
from engines.base import EngineError, EngineUnavailable
from vocabulary.call import CallIdentity
from vocabulary.thought import MindEvent

logger = logging.getLogger(__name__)

Leaving = Transfer | HangUp | FallBack
"""Orders after which the caller is no longer ours, if they succeed."""


class Replying:
    """Our move, from the caller's last word to our own."""

    def __init__(
        self,
        *,
        identity: CallIdentity,
        profile: AgentProfile,
        dialogue: Dialogue,
        turns: TurnMachine,
        speaking: Speaking,
        tools: ToolRunner,
        deadlines: Deadlines,
        spawn: Callable[[Awaitable[None], str], "asyncio.Task[None]"],
        leave: Callable[[Leaving], Awaitable[None]],
        heard: Callable[[str, bool], None],
        replied: Callable[[], None],
    ) -> None:
        """What the call does for us.

        `spawn` starts a task of its group; `leave` acts on a last order; `heard(text, was_interrupted)` is told what
        came through of each sentence, and `replied` that a reply is complete.
        """
        self._identity = identity
        self._profile = profile
        self._dialogue = dialogue
        self._turns = turns
        self._speaking = speaking
        self._tools = tools
        self._deadlines = deadlines
        self._spawn = spawn
        self._leave = leave
        self._heard = heard
        self._replied = replied
        self._orders: deque[Order] = deque()
        self._has_orders = asyncio.Event()
        self._is_open = False
        """A reply has begun and its end has not been told."""
        self._worker: asyncio.Task[None] | None = None
        self._thinking: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._patience: asyncio.TimerHandle | None = None
        self._is_leaving = False
        self._clock: TurnClock | None = None
        self.said: dict[int, str] = {}
        """Sentences handed to the mouth and not yet reported as heard, by speech id."""

    def start(self) -> None:
        """Begin to work off orders."""
        self._worker = self._spawn(self._work(), "replying")

    @property
    def is_leaving(self) -> bool:
        """True while a transfer, hang-up or fallback is under way: nobody listens to the caller's turns then."""
        return self._is_leaving

    @property
    def is_busy(self) -> bool:
        """True while something is being said, thought or prepared."""
        return bool(self._orders) or self._thinking is not None or bool(self._errands) or bool(self.said)

    def carry_out(self, orders: Sequence[Order], clock: TurnClock | None = None) -> None:
        """Line up orders; with a clock they answer the turn it belongs to."""
        if clock is not None:
            self._clock = clock
            self._speaking.begin_reply()
            self._await_first_words()
        self._is_open = self._is_open or bool(orders)
        self._orders.extend(orders)
        self._has_orders.set()

    def interrupt(self) -> bool:
        """Fall silent and forget what was not said, except a farewell's consequences; True if something was cut."""
        leaving = [order for order in self._orders if isinstance(order, Leaving)]
        was_saying = bool(self.said) or any(isinstance(order, Say) for order in self._orders)
        self._orders = deque(leaving)
        self._has_orders.set()
        if self._thinking is not None:
            self._thinking.cancel()
            self._thinking = None
        self._stop_waiting()
        if self._worker is not None and not self._is_leaving:
            self._worker.cancel()
        for speech_id, heard in self._speaking.drop():
            self.sentence_heard(speech_id, heard, was_interrupted=True)
        self.said.clear()
        self._is_open = bool(leaving)
        self._turns.reply_ended()
        if self._worker is not None and not self._is_leaving:
            self.start()
        return was_saying

    def sentence_heard(self, speech_id: int, text: str, *, was_interrupted: bool = False) -> None:
        """Tell what came through of a sentence."""
        self.said.pop(speech_id, None)
        self._dialogue.reply_spoken(text, was_interrupted, speech_id)
        if text:
            self._heard(text, was_interrupted)

    def speech_played(self, speech_id: int) -> None:
        """From the leg: a sentence's last frame was sent."""
        self._speaking.speech_played(speech_id)
        text = self.said.get(speech_id)
        if text is not None:
            self.sentence_heard(speech_id, text)

    # ── the worker ──

    async def _work(self) -> None:
        while True:
            while not self._orders:
                await self._rest()
            order = self._orders.popleft()
            match order:
                case Say():
                    await self._say(order)
                case AskMind():
                    self._ask(order)
                case CallTool():
                    self._errand(self._run_tool(order), f"tool {order.name}")
                case Transfer() | HangUp() | FallBack():
                    await self._leave_after_words(order)

    async def _say(self, order: Say) -> None:
        self._stop_waiting()
        clock = self._clock
        now = asyncio.get_running_loop().time
        if clock is not None and clock.voiced_at is None:
            clock.sentence_at = clock.sentence_at or now()
            clock.voiced_at = now()
        is_question = order.expectation is not Expectation.OPEN or order.text.rstrip().endswith("?")
        self._turns.expect(order.expectation)
        self._turns.reply_started(is_interruptible=order.is_interruptible, is_question=is_question)
        self.said[order.speech_id] = order.text
        try:
            await self._speaking.say(order.speech_id, order.text)
        except EngineError as error:
            logger.warning("mouth failed", extra={"reason": error.reason})
            self.said.pop(order.speech_id, None)
            self._orders.extendleft(reversed(self._dialogue.engine_failed("tts", failed=order)))

    async def _rest(self) -> None:
        """Wait for orders; close the reply once nothing more can come and all of it has been heard."""
        self._has_orders.clear()
        if self._is_open and self._thinking is None and not self._errands:
            heard = asyncio.ensure_future(self._speaking.played_out())
            more = asyncio.ensure_future(self._has_orders.wait())
            try:
                await asyncio.wait((heard, more), return_when=asyncio.FIRST_COMPLETED)
                if not self._orders and heard.done():
                    self._end_reply()
            finally:
                heard.cancel()
                more.cancel()
            return
        await self._has_orders.wait()

    def _end_reply(self) -> None:
        self._is_open = False
        self._stop_waiting()
        self._turns.reply_ended()
        self._turns.thinking_ended()
        self._clock = None
        self._replied()

    async def _leave_after_words(self, order: Leaving) -> None:
        await self._speaking.played_out()
        self._is_leaving = True
        self._stop_waiting()
        try:
            await self._leave(order)
        finally:
            self._is_leaving = False

    # ── the mind ──

    def _ask(self, order: AskMind) -> None:
        if self._thinking is not None:
            self._thinking.cancel()
        if self._clock is not None and self._clock.asked_at is None:
            self._clock.asked_at = asyncio.get_running_loop().time()
        self._thinking = self._spawn(self._think(order), "thinking")

    async def _think(self, order: AskMind) -> None:
        try:
            await self._listen_to_mind(order)
        except EngineError as error:
            logger.warning("mind failed", extra={"reason": error.reason})
            self._failed("llm", order.thought_id)
        else:
            self._more(self._dialogue.mind_finished(order.thought_id))
        finally:
            if self._thinking is asyncio.current_task():
                self._thinking = None
                self._has_orders.set()

    async def _listen_to_mind(self, order: AskMind) -> None:
        events = self._profile.mind.think(order.thought)
        closing = cast(Any, events)
        async with aclosing(closing):
            while True:
                try:
                    async with asyncio.timeout(self._deadlines.llm):
                        event: MindEvent = await anext(events)
                except StopAsyncIteration:
                    return
                except TimeoutError as exc:
                    raise EngineUnavailable("llm", "no answer in time") from exc
                self._more(self._dialogue.mind_said(order.thought_id, event))

    def _failed(self, engine: Engine, thought_id: int) -> None:
        self._more(self._dialogue.engine_failed(engine, thought_id=thought_id))

    def _more(self, orders: Sequence[Order]) -> None:
        if not orders:
            return
        clock = self._clock
        if clock is not None and clock.sentence_at is None and any(isinstance(order, Say) for order in orders):
            clock.sentence_at = asyncio.get_running_loop().time()
        self._orders.extend(orders)
        self._has_orders.set()

    # ── tools ──

    def _errand(self, work: Awaitable[None], name: str) -> None:
        task = self._spawn(work, name)
        self._errands.add(task)
        task.add_done_callback(self._errand_done)

    def _errand_done(self, task: "asyncio.Task[None]") -> None:
        self._errands.discard(task)
        self._has_orders.set()

    async def _run_tool(self, order: CallTool) -> None:
        outcome: ToolOutcome
        try:
            async with asyncio.timeout(self._deadlines.tool):
                outcome = await self._tools.run(order.name, order.arguments, self._identity)
        except TimeoutError:
            outcome = ToolError("too_late", "the tool took too long; say so and offer an alternative")
        self._more(self._dialogue.tool_returned(order, outcome))

    # ── patience ──

    def _await_first_words(self) -> None:
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(self._deadlines.patience, self._ask_for_patience)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _ask_for_patience(self) -> None:
        self._patience = None
        self._more(self._dialogue.still_thinking())
