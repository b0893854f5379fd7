"""What to say next: the memory of one call, and the rules around its mind. Pure: facts in, orders out.

States, in life order (drawn in docs/states.md):

    LISTENING ─ caller_said ─► THINKING ─ mind_finished ─► LISTENING
        THINKING ─ the mind wishes for a tool ─► WORKING ─ tool_returned ─► THINKING
        LISTENING ─ caller_said, and a costly word is doubtful ─► LISTENING (we ask what was said)
        any ─ the mind, the caller, or too many troubles, want a person ─► TRANSFERRING ─ transfer_failed ─► LISTENING
        any ─ HangUp, FallBack, transferred, caller_gone ─► ENDED

Every answer of a mind or tool carries the number of its question, so that late ones are recognised and dropped. What
outlives a turn is in `KeptState`, what does not in `OwnAnswer`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from conversation.clarification import heard_words
from conversation.dialogue_settings import DialogueSettings
from conversation.dialogue_state import DialogueState, KeptState
from conversation.doubt import Doubt
from conversation.errands import Errands
from conversation.expectation import Expectation, Expected
from conversation.expectation_json import expected_by
from conversation.orders import AskMind, CallTool, FallBack, HangUp, Order, Say, Transfer
from conversation.own_answer import OwnAnswer
from conversation.sentiment import Prosody
from conversation.summary import summary_of
from conversation.tools import TRANSFER_TO_AGENT, ToolError, ToolOutcome
from conversation.understanding import NOTHING_READ, Heard, Reading, Reply
from conversation.understanding_phrases import clarifying, understanding_phrases
from conversation.wishes import Errand, HandOver, answer_to
from vocabulary.agreement import yes_or_no
from vocabulary.speech import Correction, Word
from vocabulary.thought import MemoryKept, Message, MindEvent, TextDelta, Thought, ToolWish

Engine = Literal["stt", "llm", "tts"]
NOTHING: Final[tuple[Order, ...]] = ()


class Dialogue:
    """One call's conversation."""

    def __init__(self, settings: DialogueSettings, *, caller: str = "") -> None:
        """`caller` is the number presented; scripts find it as the variable `caller`."""
        self._settings = settings
        self._specs = {spec.name: spec for spec in settings.offered_tools()}
        self._kept = KeptState(memory={"facts": {"caller": caller}})
        self._answer = OwnAnswer()
        self._errands = Errands()
        self._stt_failures = 0
        self._retold_speech_id: int | None = None
        self._reading = NOTHING_READ
        self._guidance = ""

    @property
    def state(self) -> DialogueState:
        """Who has to act."""
        return self._kept.state

    @property
    def has_ended(self) -> bool:
        """True after HangUp, FallBack, a transfer that worked, or the caller's hanging up."""
        return self._kept.state is DialogueState.ENDED

    @property
    def history(self) -> tuple[Message, ...]:
        """What was said so far, as a mind sees it: of our own words only what was heard."""
        return self._kept.history.messages()

    @property
    def reading(self) -> Reading:
        """What the caller's last turn told: mood, how the conversation goes, what we made sure of."""
        return self._reading

    # The caller

    def greeting(self) -> Sequence[Order]:
        """The call begins."""
        if self.has_ended or self._kept.last_speech_id:
            return NOTHING
        return (self._rehearsed(self._settings.phrases.greeting),)

    def caller_said(
        self, correction: Correction, words: Sequence[Word] = (), prosody: Prosody | None = None
    ) -> Sequence[Order]:
        """The caller's turn ended; an empty text was not understood. `words`: the ear's, with its confidences."""
        self._read_nothing()
        if self._is_deaf():
            return NOTHING
        text = correction.text.strip()
        if not text:
            return self._not_understood()
        self._stt_failures = 0
        understanding, expected = self._kept.understanding, self._kept.expectation
        most = 0 if self._kept.is_person_offered else self._settings.max_clarifications
        heard = heard_words(words, correction)
        language = self._settings.language
        return self._answer_to(
            understanding.hear(text, heard, language, expected, prosody=prosody, most_clarifications=most)
        )

    def digits_entered(self, digits: str) -> Sequence[Order]:
        """The caller pressed keys; the mind reads them like words."""
        self._read_nothing()
        if self._is_deaf() or not digits:
            return NOTHING
        self._kept.understanding.doubt = None
        return self._reply_to(digits)

    def caller_silent(self, times: int) -> Sequence[Order]:
        """Nothing was said for a while, for the `times`-th time in a row (from 1).

        Whoever tells us knows that we are not thinking; an interrupted thought may have left us in that state.
        """
        if self._is_deaf():
            return NOTHING
        prompts = self._settings.phrases.silence
        if times > len(prompts):
            return self.caller_gone()
        # "sí" to "¿sigue ahí?" must not answer what we had asked before: we ask it anew.
        doubt = self._kept.understanding.doubt
        return (self._rehearsed(prompts[times - 1]), *(() if doubt is None else (self._ask_about(doubt),)))

    def caller_gone(self) -> Sequence[Order]:
        """Nobody is there any more: a polite end."""
        if self._is_deaf():
            return NOTHING
        return (self._rehearsed(self._settings.phrases.silence_goodbye), *self._end(HangUp()))

    def caller_hung_up(self) -> Sequence[Order]:
        """The line is closed; nothing is to be done."""
        self._kept.state = DialogueState.ENDED
        return NOTHING

    # Our own voice

    def reply_spoken(self, text_heard: str, was_interrupted: bool, speech_id: int) -> Sequence[Order]:
        """Sentence `speech_id` was spoken, or stopped for good, and this much of it was heard.

        Sentences that never began are told of with an empty text, or not at all.
        """
        self._kept.history.sentence_heard(speech_id, text_heard.strip())
        if speech_id == self._retold_speech_id:
            self._retold_speech_id = None
        self._kept.understanding.question_heard(speech_id, text_heard)
        return NOTHING

    # The mind

    def mind_said(self, thought_id: int, event: MindEvent) -> Sequence[Order]:
        """The mind's stream brought something."""
        if thought_id != self._answer.thinking_id or self._answer.ending is not None:
            return NOTHING
        match event:
            case TextDelta(text):
                return [self._sentence(sentence) for sentence in self._answer.cutter.feed(text)]
            case MemoryKept(memory):
                self._kept.memory = dict(memory)
                return NOTHING
            case ToolWish():
                said = [self._sentence(sentence) for sentence in self._answer.cutter.finish()]
                return [*said, *self._wished(event)]

    def mind_finished(self, thought_id: int) -> Sequence[Order]:
        """The mind's stream ended as it should."""
        if thought_id != self._answer.thinking_id:
            return NOTHING
        self._answer.thinking_id = None
        orders: list[Order] = [self._sentence(sentence) for sentence in self._answer.cutter.finish()]
        if self._errands.are_awaited:
            self._kept.state = DialogueState.WORKING
            return orders
        if self._answer.ending is not None:
            return [*orders, *self._carry_out(self._answer.ending)]
        if self._answer.has_tool_answers:
            return [*orders, *self._think_again()]
        if self._reading.context.is_person_wanted:
            # The caller asked for a person, and the mind let it pass.
            return [*orders, *self._find_person("caller_asked_for_person", self._settings.phrases.transfer)]
        if not self._answer.has_spoken_this_thought:
            # An empty answer leaves the caller in silence, and would do so for ever.
            return [*orders, *self._llm_failed()]
        self._listen()
        return [*orders, *self._offer_if_due()]

    def still_thinking(self) -> Sequence[Order]:
        """We are silent and the caller has waited long enough; asks for patience once a turn."""
        is_thinking = self._kept.state is DialogueState.THINKING and not self._answer.has_spoken_this_thought
        is_busy = is_thinking or self._kept.state is DialogueState.WORKING
        if not is_busy or self._answer.has_asked_for_patience:
            return NOTHING
        self._answer.has_asked_for_patience = True
        return (self._rehearsed(self._settings.phrases.one_moment),)

    # Tools

    def tool_returned(self, order: CallTool, outcome: ToolOutcome) -> Sequence[Order]:
        """The tool of `order` did its work, or could not."""
        if self.has_ended:
            return NOTHING
        match self._errands.returned(order.number):
            case "late":
                # The caller went on meanwhile; what was done is done, and the next thought shall know it.
                self._kept.history.tool_said_before_caller(order.name, outcome.as_text())
                return NOTHING
            case "unknown":
                return NOTHING
            case "awaited":
                self._kept.history.tool_said(order.name, outcome.as_text())
                self._answer.has_tool_answers = True
        if self._errands.are_awaited or self._answer.thinking_id is not None:
            return NOTHING
        return self._think_again() if self._answer.ending is None else self._carry_out(self._answer.ending)

    # Troubles

    def engine_failed(self, kind: Engine, *, thought_id: int = 0, failed: Say | None = None) -> Sequence[Order]:
        """An engine broke or was late: of thought `thought_id`, or of the sentence `failed`.

        The first time it is tried again behind a rehearsed sentence, the second time a person is found.
        """
        if self._is_deaf():
            return NOTHING
        match kind:
            case "llm":
                if thought_id != self._answer.thinking_id:
                    return NOTHING
                self._answer.thinking_id = None
                return self._llm_failed()
            case "stt":
                self._stt_failures += 1
                return self._not_understood() if self._stt_failures == 1 else self._find_person("stt_failed")
            case "tts":
                if failed is None or failed.is_rehearsed or self._retold_speech_id is not None:
                    return self._find_person("tts_failed")
                self._kept.history.forget_unheard(failed.speech_id)
                patience = self._rehearsed(self._settings.phrases.one_moment)
                again = replace(self._speech(failed.text), expectation=failed.expectation)
                self._retold_speech_id = again.speech_id
                self._kept.understanding.question_moved(failed.speech_id, again.speech_id)
                return (patience, again)

    def transferred(self) -> Sequence[Order]:
        """The person has the caller now."""
        return self.caller_hung_up()

    def transfer_failed(self, target_id: str, reason: str) -> Sequence[Order]:
        """Nobody answered, or it was busy: back to the agent, with an apology."""
        transfer = self._kept.transfer
        if self._kept.state is not DialogueState.TRANSFERRING or transfer is None or transfer.target_id != target_id:
            return NOTHING
        self._kept.transfer = None
        self._read_nothing()
        self._kept.understanding.doubt = None
        self._begin_turn()
        self._kept.history.tool_said(TRANSFER_TO_AGENT, ToolError("transfer_failed", reason).as_text())
        self._listen(Expectation.OPEN)
        return (self._rehearsed(self._settings.phrases.transfer_failed),)

    def transfer_wanted(self, target_id: str) -> Sequence[Order]:
        """A supervisor wants the caller handed over; nothing when there is no such target or somebody is faster."""
        if self._is_deaf() or target_id not in self._settings.targets:
            return NOTHING
        self._begin_turn()
        return self._carry_out(self._transfer_to(target_id))

    def find_person(self, reason: str) -> Sequence[Order]:
        """Something outside decides that a person must take over (a supervisor, a limit)."""
        return NOTHING if self._is_deaf() else self._find_person(reason)

    # After a crash

    def to_json(self) -> dict[str, Any]:
        """Return the state as of the last turn, as JSON values."""
        return self._kept.to_json(self._settings.agent)

    @classmethod
    def from_json(cls, settings: DialogueSettings, stored: Mapping[str, Any]) -> "Dialogue":
        """Return the dialogue that `to_json` stored; go on with `resumed_after_crash`.

        Raises: ValueError, KeyError or TypeError for what `to_json` did not write.
        """
        dialogue = cls(settings)
        dialogue._kept = KeptState.from_json(stored)
        return dialogue

    def resumed_after_crash(self) -> Sequence[Order]:
        """We are back with this caller: a turn that was not answered is asked for again, a transfer tried again."""
        if self.has_ended:
            return NOTHING
        if self._kept.state is DialogueState.TRANSFERRING and self._kept.transfer is not None:
            return (self._kept.transfer,)
        self._kept.history.forget_unanswered()
        self._kept.understanding.doubt = None
        self._begin_turn()
        self._listen(self._kept.expectation)
        return (self._rehearsed(self._settings.phrases.after_gap),)

    # Inside

    def _is_deaf(self) -> bool:
        return self._kept.state in (DialogueState.TRANSFERRING, DialogueState.ENDED)

    def _begin_turn(self) -> None:
        self._answer = OwnAnswer()
        self._errands.outlive()

    def _read_nothing(self) -> None:
        self._reading, self._guidance = NOTHING_READ, ""

    def _answer_to(self, heard: Heard) -> Sequence[Order]:
        """Reply to what was made out, or ask first."""
        self._reading, self._guidance = heard.reading, heard.guidance
        if heard.reply is Reply.ANSWER:
            return self._reply_to(heard.text)
        self._begin_turn()
        self._kept.misses = 0
        doubt = self._kept.understanding.doubt
        if doubt is None:
            self._listen(Expectation.OPEN)
            return (self._speech(understanding_phrases(self._settings.language).say_again),)
        self._listen(doubt.expected)
        return (
            self._ask_about(doubt)
            if heard.reply is Reply.ASK
            else self._rehearsed(self._settings.phrases.offer_declined),
        )

    def _ask_about(self, doubt: Doubt) -> Say:
        asked = replace(self._speech(doubt.question), expectation=doubt.expected)
        doubt.asked_with(asked.speech_id)
        return asked

    def _offer_if_due(self) -> Sequence[Order]:
        """Offer a person behind an answer that does not help, unless it asks something itself."""
        understanding = self._kept.understanding
        if not understanding.is_offer_due(self._reading):
            return NOTHING
        if self._answer.has_asked or self._kept.expectation is not Expectation.OPEN:
            understanding.is_offer_held_back = True
            return NOTHING
        return self._offer_person()

    def _offer_person(self) -> Sequence[Order]:
        self._kept.understanding.offered()
        self._kept.is_person_offered = True
        self._listen(Expectation.YES_NO)
        offer = self._speech(understanding_phrases(self._settings.language).offer_person)
        return (replace(offer, expectation=Expectation.YES_NO),)

    def _reply_to(self, text: str) -> Sequence[Order]:
        was_offered, self._kept.is_person_offered = self._kept.is_person_offered, False
        self._kept.misses = 0
        self._kept.history.caller_said(text)
        if was_offered:
            wants_person = yes_or_no(text, self._settings.language)
            if wants_person is True:
                return self._find_person("caller_accepted_person", self._settings.phrases.transfer)
            if wants_person is False and len(text.split()) <= 3:
                self._begin_turn()
                self._listen(Expectation.OPEN)
                return (self._rehearsed(self._settings.phrases.offer_declined),)
        self._begin_turn()
        if self._kept.understanding.is_offer_pressing(self._reading):
            return self._offer_person()
        passing = self._reading.clarification
        if passing is None:
            return self._think()
        # The mind thinks while we say what we heard.
        return (*self._think(), self._speech(clarifying(passing, self._settings.language)))

    def _not_understood(self) -> Sequence[Order]:
        phrases = self._settings.phrases
        self._begin_turn()
        if self._kept.is_person_offered:
            return self._find_person("caller_not_understood")
        self._kept.misses += 1
        if self._kept.misses > self._settings.max_not_understood:
            self._kept.misses = 0
            self._kept.is_person_offered = True
            self._listen(Expectation.YES_NO)
            return (self._rehearsed(phrases.offer_person),)
        # The question stays the same one, and so does the patience for its answer.
        self._kept.state = DialogueState.LISTENING
        again = phrases.not_understood[min(self._kept.misses, len(phrases.not_understood)) - 1]
        return (self._rehearsed(again),)

    def _think(self) -> Sequence[Order]:
        thought_id = self._kept.last_thought_id = self._kept.last_thought_id + 1
        self._answer.think(thought_id)
        self._kept.state = DialogueState.THINKING
        thought = Thought(
            agent=self._settings.agent,
            language=self._settings.language,
            history=self.history[-self._settings.max_history :],
            tools=tuple(self._specs.values()),
            memory=self._kept.memory,
            guidance=self._guidance,
            mood=self._reading.sentiment.mood.value,
            issues=tuple(issue.value for issue in self._reading.context.issues),
        )
        return (AskMind(thought_id, thought),)

    def _think_again(self) -> Sequence[Order]:
        self._answer.rounds += 1
        if self._answer.rounds > self._settings.max_tool_rounds:
            return self._find_person("too_many_tool_rounds")
        return self._think()

    def _listen(self, expectation: Expected | None = None) -> None:
        self._kept.state = DialogueState.LISTENING
        self._kept.expectation = expected_by(self._kept.memory) if expectation is None else expectation

    def _wished(self, wish: ToolWish) -> Sequence[Order]:
        match answer_to(wish, self._specs, self._settings):
            case ToolError() as refusal:
                self._kept.history.tool_said(wish.name, refusal.as_text())
                self._answer.has_tool_answers = True
            case HangUp() as hang_up:
                self._answer.ending = hang_up
            case HandOver(target_id, summary):
                self._answer.ending = self._transfer_to(target_id, summary)
            case Errand(tool, arguments):
                self._kept.last_tool_number += 1
                self._errands.begin(self._kept.last_tool_number)
                return (CallTool(self._kept.last_tool_number, tool, arguments),)
        return NOTHING

    def _transfer_to(self, target: str, summary: str = "") -> Transfer:
        kept, settings = self._kept, self._settings
        told = summary or summary_of(kept.memory, kept.history.last_request(), settings.language)
        return Transfer(target, settings.targets[target], told)

    def _carry_out(self, ending: Transfer | HangUp) -> Sequence[Order]:
        phrases = self._settings.phrases
        orders: list[Order] = []
        if isinstance(ending, HangUp):
            if not self._answer.has_spoken:
                orders.append(self._rehearsed(phrases.goodbye))
            return [*orders, *self._end(ending)]
        if not self._answer.has_spoken:
            orders.append(self._rehearsed(phrases.transfer, is_interruptible=False))
        self._kept.state = DialogueState.TRANSFERRING
        self._kept.transfer = ending
        self._errands.drop()
        return [*orders, ending]

    def _find_person(self, reason: str, words: str = "") -> Sequence[Order]:
        """Say `words` (an apology when there are none), and hand over to whoever is there; the fallback always is."""
        self._answer.thinking_id = None
        self._errands.drop()
        sorry = self._rehearsed(words or self._settings.phrases.trouble, is_interruptible=False)
        if self._settings.person in self._settings.targets:
            self._kept.state = DialogueState.TRANSFERRING
            self._kept.transfer = self._transfer_to(self._settings.person)
            return (sorry, self._kept.transfer)
        return (sorry, *self._end(FallBack(reason)))

    def _llm_failed(self) -> Sequence[Order]:
        if self._answer.ending is not None and not self._errands.are_awaited:
            return self._carry_out(self._answer.ending)
        if self._answer.has_spoken_this_thought:
            # Half an answer was spoken already; saying it all again would confuse more than asking.
            self._begin_turn()
            self._listen(Expectation.OPEN)
            return (self._rehearsed(self._settings.phrases.after_gap),)
        self._answer.retries += 1
        if self._answer.retries > 1:
            return self._find_person("llm_failed")
        patience: Sequence[Order] = self.still_thinking()
        return [*patience, *self._think()]

    def _end(self, order: HangUp | FallBack) -> Sequence[Order]:
        self._kept.state = DialogueState.ENDED
        self._answer.thinking_id = None
        self._errands.drop()
        return (order,)

    # Our own sentences

    def _sentence(self, text: str) -> Say:
        self._answer.has_spoken = self._answer.has_spoken_this_thought = True
        self._answer.has_asked = text.rstrip().endswith("?")
        return self._speech(text)

    def _speech(self, text: str) -> Say:
        self._kept.last_speech_id += 1
        self._kept.history.sentence_ordered(self._kept.last_speech_id)
        return Say(self._kept.last_speech_id, text, expectation=expected_by(self._kept.memory))

    def _rehearsed(self, text: str, *, is_interruptible: bool = True) -> Say:
        """Order a fixed sentence; whatever our last question asked for is still expected after it."""
        said = self._speech(text)
        return replace(said, expectation=self._kept.expectation, is_interruptible=is_interruptible, is_rehearsed=True)
