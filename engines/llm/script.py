"""The mind `script`: a guided dialogue from the agent's file; no server, no model, the same answer every time.

`answer` is the whole mind, and pure: what was said and what is remembered go in, events come out. `ScriptMind` only
puts it behind the port. Nothing of a call is kept here; everything is in `Thought.memory`:

    facts     what was known when the call began (`caller`) and what tools answered
    slots     what the caller told us
    context   the intents served last, newest first: follow-ups are understood only after them
    running   the intent under way and its next step
    awaiting  the slot we asked for
    misses    how often in a row nothing was understood
    soothed   how often we showed sympathy
    expects   how patiently the caller's answer is to be awaited (see `vocabulary.thought.EXPECTS`)
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engines.base import BadEngineAnswer, EngineHealth
from engines.llm import answers
from engines.llm.intents import IntentIndex
from engines.llm.numbers import cardinal
from engines.llm.scenario import Intent, Scenario, Slot, Step
from engines.llm.template import filled
from vocabulary.agreement import yes_or_no
from vocabulary.spoken import contains_phrase, words
from vocabulary.thought import EXPECTS, MemoryKept, Message, MindEvent, TextDelta, Thought, ToolWish

END_CALL: Final = "end_call"
TRANSFER: Final = "transfer_to_agent"

LAST_SAID: Final = "last_said"
"""A variable every answer may use: what the caller heard from us last."""

TOPIC: Final = "topic"
"""A variable every condition may use: the intent served last that was no interruption of another."""

MOOD: Final = "mood"
"""A variable every condition may use: how the caller's last turn sounded (see `vocabulary.thought.Thought.mood`)."""

_UPSET: Final = "user_frustrated"
_IN_NEED_OF_SIMPLER_WORDS: Final = frozenset({"repeated_question", "user_confused"})
_CONFUSED: Final = "confused"

_ENGINE: Final = "llm:script"
_STEPS_PER_TURN: Final = 64
"""More steps than any sensible turn has: two intents that go to one another end here instead of never."""
_REMEMBERED_INTENTS: Final = 3


@dataclass
class _State:
    """The memory while one thought is worked on."""

    facts: dict[str, Any] = field(default_factory=dict)
    slots: dict[str, Any] = field(default_factory=dict)
    context: list[str] = field(default_factory=list)
    running: str | None = None
    step: int = 0
    awaiting: str | None = None
    retries: int = 0
    misses: int = 0
    soothed: int = 0

    @classmethod
    def recalled(cls, memory: Mapping[str, Any]) -> "_State":
        running = memory.get("running") or {}
        return cls(
            facts=dict(memory.get("facts", {})),
            slots=dict(memory.get("slots", {})),
            context=list(memory.get("context", [])),
            running=running.get("intent"),
            step=running.get("step", 0),
            awaiting=memory.get("awaiting"),
            retries=memory.get("retries", 0),
            misses=memory.get("misses", 0),
            soothed=memory.get("soothed", 0),
        )

    def kept(self, expects: Mapping[str, Any]) -> MemoryKept:
        running = {"intent": self.running, "step": self.step} if self.running else None
        return MemoryKept(
            {
                "facts": self.facts,
                "slots": self.slots,
                "context": self.context,
                "running": running,
                "awaiting": self.awaiting,
                "retries": self.retries,
                "misses": self.misses,
                "soothed": self.soothed,
                EXPECTS: dict(expects),
            }
        )


class Script:
    """One agent's scenario, indexed: built once, shared by all calls."""

    def __init__(self, scenario: Scenario, language: str) -> None:
        self.scenario = scenario
        self.language = language
        self.intents = IntentIndex(scenario, language)
        self.interrupting = frozenset(name for name, intent in scenario.intents.items() if intent.interrupts)


def answer(script: Script, thought: Thought) -> tuple[MindEvent, ...]:
    """Return what is said, wished and remembered in answer to the last message of `thought`."""
    return _Turn(script, thought).events()


class _Turn:
    """One walk through the scenario: from the last message to the next point where somebody else must act."""

    def __init__(self, script: Script, thought: Thought) -> None:
        self._script = script
        self._scenario = script.scenario
        self._mood = thought.mood
        self._issues = frozenset(thought.issues)
        self._history = thought.history
        self._last = thought.history[-1] if thought.history else Message("caller", "")
        self._state = _State.recalled(thought.memory)
        self._last_said = next((message.text for message in reversed(thought.history) if message.role == "agent"), "")
        self._events: list[MindEvent] = []
        self._expects: Mapping[str, Any] = {"kind": "open"}

    def events(self) -> tuple[MindEvent, ...]:
        if self._last.role == "tool":
            self._tool_returned(self._last.text)
        else:
            self._show_sympathy()
            self._caller_said(self._last.text)
        return (self._state.kept(self._expects), *self._events)

    # What came in

    def _show_sympathy(self) -> None:
        said = self._state.soothed
        if _UPSET in self._issues and said < len(self._scenario.sympathy):
            self._state.soothed += 1
            self._say(self._scenario.sympathy[said])

    def _caller_said(self, text: str) -> None:
        state = self._state
        if state.awaiting is None:
            return self._look_for_intent(text)
        slot = self._scenario.slots.get(state.awaiting)
        if slot is None:  # the agent's file was changed while the call survived a restart
            state.awaiting = None
            return self._look_for_intent(text)
        interruption = self._script.intents.best(text, state.context, self._script.interrupting)
        if interruption is not None and not (slot.kind == "yes_no" and _is_short(text)):
            aside = self._scenario.intents[interruption.intent]
            return self._come_back(aside, slot) if aside.comes_back else self._begin(interruption.intent, text)
        was_heard = slot.kind != "text" or self._was_heard(slot.question)
        value = read_slot(slot, text, self._script.language) if was_heard else None
        if value is not None:
            state.slots[state.awaiting] = value
            state.awaiting, state.retries, state.misses = None, 0, 0
            self._take_volunteered(self._scenario.intents.get(state.running or ""), text)
            return self._go_on()
        # A bare "no" refuses this question; it is no goodbye.
        is_bare = _is_short(text) and yes_or_no(text, self._script.language) is not None
        other = None if is_bare else self._script.intents.best(text, state.context)
        if other is not None and other.intent != state.running:
            return self._begin(other.intent, text)
        return self._ask_again(slot) if was_heard else self._ask(slot.question, slot)

    def _was_heard(self, question: str) -> bool:
        """Tell whether the caller, who may have interrupted us, heard the end of our question.

        An open question takes any words for its answer, so those of somebody who never heard it must not count.
        """
        ending = " ".join(words(self._filled(question))[-2:])
        for message in reversed(self._history[:-1]):
            if message.role == "caller":
                return False
            if message.role == "agent" and contains_phrase(message.text, ending):
                return True
        return False

    def _look_for_intent(self, text: str) -> None:
        match = self._script.intents.best(text, self._state.context)
        if match is not None:
            return self._begin(match.intent, text)
        self._state.misses += 1
        if self._state.misses > self._scenario.max_misses:
            self._state.misses = 0
            return self._enter(self._scenario.after_misses)
        fallbacks = self._scenario.fallback
        self._say(fallbacks[min(self._state.misses, len(fallbacks)) - 1])
        return None

    def _tool_returned(self, text: str) -> None:
        state = self._state
        intent = self._scenario.intents.get(state.running or "")
        if intent is None or state.step >= len(intent.steps) or intent.steps[state.step].call is None:
            # A result nobody waits for: the caller went elsewhere while the tool worked.
            return None
        step = intent.steps[state.step]
        state.step += 1
        try:
            result = json.loads(text)
        except ValueError:
            result = None
        if not isinstance(result, dict) or "error" in result:
            error = result.get("error") if isinstance(result, dict) else None
            state.facts["failure"] = str(error.get("code", "failed")) if isinstance(error, dict) else "failed"
            if step.on_error is not None:
                return self._enter(step.on_error)
        else:
            state.facts.pop("failure", None)
            state.facts.update(result)
        return self._go_on()

    # Walking through the steps

    def _begin(self, name: str, text: str) -> None:
        """Take up an intent the caller asked for; what was said along with it may fill its slots."""
        state = self._state
        state.misses = 0
        intent = self._scenario.intents[name]
        for asked in _asked_by(intent):
            slot = self._scenario.slots[asked]
            if not slot.keep:
                state.slots.pop(asked, None)
        self._take_volunteered(intent, text)
        self._enter(name)

    def _take_volunteered(self, intent: Intent | None, text: str) -> None:
        """Fill slots the caller was not asked for: "una cita el martes a las cinco"."""
        for asked in _asked_by(intent) if intent else ():
            slot = self._scenario.slots[asked]
            value = volunteered(slot, text, self._script.language) if asked not in self._state.slots else None
            if value is not None:
                self._state.slots[asked] = value

    def _come_back(self, aside: Intent, slot: Slot) -> None:
        """Say something beside the point, then ask the open question again; it costs the caller no retry."""
        for step in aside.steps:
            if self._holds(step):
                self._say(self._words_of(step))
        self._ask(slot.question, slot)

    def _enter(self, name: str) -> None:
        state = self._state
        state.awaiting, state.retries = None, 0
        self._turn_to(name)
        self._go_on()

    def _turn_to(self, name: str) -> None:
        state = self._state
        state.running, state.step = name, 0
        state.context = [name, *(other for other in state.context if other != name)][:_REMEMBERED_INTENTS]
        for slot in self._scenario.intents[name].forget:
            state.slots.pop(slot, None)

    def _go_on(self) -> None:
        state = self._state
        for _ in range(_STEPS_PER_TURN):
            intent = self._scenario.intents.get(state.running or "")
            if intent is None or state.step >= len(intent.steps):
                state.running, state.step = None, 0
                return
            step = intent.steps[state.step]
            if not self._holds(step):
                state.step += 1
            elif step.go is not None:
                self._turn_to(step.go)
            elif not self._do(step):
                return
        raise BadEngineAnswer(_ENGINE, f"the steps of intent {state.running!r} go round in circles")

    def _holds(self, step: Step) -> bool:
        values = self._values()
        for variable, wanted in step.when.items():
            value = values.get(variable)
            if wanted == "*":
                if value in (None, ""):
                    return False
            elif wanted == "":
                if value not in (None, ""):
                    return False
            elif value != wanted:
                return False
        return True

    def _do(self, step: Step) -> bool:
        """Do one step; False when somebody else must act before the next."""
        state = self._state
        if step.ask is not None:
            if step.ask not in state.slots:
                state.awaiting = step.ask
                state.retries = 0
                self._ask(self._scenario.slots[step.ask].question, self._scenario.slots[step.ask])
                return False
            state.step += 1
            return True
        if step.call is not None:
            # `step` stays here: the tool's answer is expected at the step that called it.
            arguments = {key: self._filled(template) for key, template in step.arguments.items()}
            self._events.append(ToolWish(step.call, {key: value for key, value in arguments.items() if value}))
            return False
        if step.transfer is not None:
            wish = {"target": step.transfer, "summary": self._filled(step.summary)}
            self._events.append(ToolWish(TRANSFER, {key: value for key, value in wish.items() if value}))
            state.running, state.step = None, 0
            return False
        if step.hang_up:
            self._events.append(ToolWish(END_CALL, {}))
            state.running, state.step = None, 0
            return False
        self._say(self._words_of(step))
        state.step += 1
        return True

    def _words_of(self, step: Step) -> str:
        """Return what the step says, in the simpler words it may have if the usual ones did not help."""
        needs_simpler = self._mood == _CONFUSED or not self._issues.isdisjoint(_IN_NEED_OF_SIMPLER_WORDS)
        return step.simply if needs_simpler and step.simply is not None else step.say or ""

    # What goes out

    def _ask(self, question: str, slot: Slot) -> None:
        self._say(question)
        self._expects = slot.expects

    def _ask_again(self, slot: Slot) -> None:
        state = self._state
        state.retries += 1
        if state.retries > slot.retries:
            return self._enter(self._scenario.after_misses)
        return self._ask(slot.again or slot.question, slot)

    def _say(self, template: str) -> None:
        text = self._filled(template)
        if text:
            # The space ends the sentence for whoever cuts the stream.
            self._events.append(TextDelta(f"{text} "))

    def _filled(self, template: str) -> str:
        return filled(template, self._values(), self._script.language)

    def _values(self) -> dict[str, Any]:
        return {
            **self._scenario.variables,
            LAST_SAID: self._last_said,
            TOPIC: self._topic(),
            MOOD: self._mood,
            **self._state.facts,
            **self._state.slots,
        }

    def _topic(self) -> str:
        """Return what the call is about, whatever came in between."""
        state = self._state
        known = (name for name in state.context if name in self._scenario.intents and name != state.running)
        return next((name for name in known if not self._scenario.intents[name].interrupts), "")


def read_slot(slot: Slot, text: str, language: str) -> bool | int | str | None:
    """Read the caller's answer to the slot's question, or None."""
    match slot.kind:
        case "yes_no":
            in_own_words = _yes_or_no_of(slot, text)
            return yes_or_no(text, language) if in_own_words is None else in_own_words
        case "digits":
            return answers.phone(text, language, min_digits=slot.min_digits, max_digits=slot.max_digits)
        case "number":
            return cardinal(text, language)
        case "day":
            return answers.day(text, language)
        case "hour":
            return answers.hour(text, language) or _bare_hour(text, language)
        case "name":
            return answers.name(text, language)
        case "email":
            return answers.email(text, language)
        case "choice":
            return answers.choice(text, slot.options)
        case "text":
            return text.strip() or None


def volunteered(slot: Slot, text: str, language: str) -> bool | int | str | None:
    """Read the slot from a sentence that was no answer to its question; only what cannot be meant otherwise."""
    match slot.kind:
        case "yes_no":
            return _yes_or_no_of(slot, text) if slot.unasked else None
        case "day":
            return answers.day(text, language)
        case "hour":
            return answers.hour(text, language)
        case "choice":
            return answers.choice(text, slot.options)
        case "email":
            return answers.email(text, language)
        case _:
            return None


def _yes_or_no_of(slot: Slot, text: str) -> bool | None:
    """Read the slot's own ways to say yes and no; refusals first, for "no lo he reiniciado" holds words of both."""
    if answers.says_any(text, slot.no):
        return False
    return True if answers.says_any(text, slot.yes) else None


def _bare_hour(text: str, language: str) -> str | None:
    """Read an hour said without "a las", as one says it when asked for nothing else."""
    return answers.hour(f"at {text}" if language == "en" else f"a las {text}", language)


def _asked_by(intent: Intent) -> tuple[str, ...]:
    return tuple(step.ask for step in intent.steps if step.ask is not None)


def _is_short(text: str) -> bool:
    return len(text.split()) <= 2


class ScriptMind:
    """All agents' scripts behind the port; stateless, one object for all calls."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self._scripts = dict(scripts)

    async def think(self, thought: Thought) -> AsyncIterator[MindEvent]:
        """Stream the answer, sentence by sentence.

        Raises: BadEngineAnswer for an agent without a script, or with one that goes round in circles.
        """
        script = self._scripts.get(thought.agent)
        if script is None:
            raise BadEngineAnswer(_ENGINE, f"agent {thought.agent!r} has no [script]")
        for event in answer(script, thought):
            yield event

    async def health(self) -> EngineHealth:
        """Ready as soon as there is a script."""
        detail = "" if self._scripts else "no agent has a [script]; add one to agents/<name>.toml"
        return EngineHealth(engine=_ENGINE, is_ready=bool(self._scripts), model=", ".join(self._scripts), detail=detail)
