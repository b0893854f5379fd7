"""A guided dialogue as it stands in an agent's file, under `[script]`: intents, their steps, and slots.

Everything is frozen and checked on its own; what refers to something else in the agent's file (tools, targets) is
checked by whoever reads the whole file, with the help of `Scenario.references`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engines.llm.template import FORMATS, formats, stray_braces, variables

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""Lower case letters, digits and underscores."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Part):
    """One thing to do. Exactly one of say, ask, call, transfer, go, hang_up; the rest qualifies it."""

    say: str | None = None
    """Words, with variables."""
    simply: str | None = None
    """With `say`: said instead to a caller who asks again, or does not follow."""
    ask: Name | None = None
    """A slot; its question is asked unless it is filled already."""
    call: Name | None = None
    """A tool; the fields of its answer become variables."""
    transfer: Name | None = None
    """A transfer target of the agent."""
    go: Name | None = None
    """Another intent, whose steps take the place of the rest of these."""
    hang_up: bool = False
    """End the call, after everything has been said."""
    when: Mapping[str, bool | str | int] = Field(default_factory=dict)
    """The step is passed over unless every variable named here has this value ("*": any, "": none)."""
    arguments: Mapping[str, str] = Field(default_factory=dict)
    """With `call`: templates; what comes out empty is left out."""
    on_error: Name | None = None
    """With `call`: the intent to go to when the tool fails; without it the failure variable is all there is."""
    summary: str = ""
    """With `transfer`: one sentence that the person hears before the caller."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Step":
        done = [key for key in ("say", "ask", "call", "transfer", "go") if getattr(self, key) is not None]
        if len(done) + self.hang_up != 1:
            raise ValueError("a step has exactly one of say, ask, call, transfer, go, hang_up")
        if (self.arguments or self.on_error) and self.call is None:
            raise ValueError("arguments and on_error belong to a step with call")
        if self.simply is not None and self.say is None:
            raise ValueError("simply belongs to a step with say")
        if self.summary and self.transfer is None:
            raise ValueError("summary belongs to a step with transfer")
        return self

    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield (key, template) for everything that may hold variables."""
        if self.say is not None:
            yield "say", self.say
        if self.simply is not None:
            yield "simply", self.simply
        if self.summary:
            yield "summary", self.summary
        for key, template in self.arguments.items():
            yield f"arguments.{key}", template


SlotKind = Literal["yes_no", "digits", "number", "day", "hour", "name", "email", "choice", "text"]


class Slot(_Part):
    """A gap the caller fills."""

    kind: SlotKind
    question: str
    again: str = ""
    """Said when the answer could not be read; "" repeats the question."""
    retries: int = Field(default=2, ge=0, le=5)
    """How often it is asked again before `[script] after_misses` takes over."""
    yes: tuple[str, ...] = ()
    """yes_no: more ways to say yes."""
    no: tuple[str, ...] = ()
    """yes_no: more ways to say no."""
    unasked: bool = False
    """yes_no: `yes` and `no` count even before the question was asked; never for what must be confirmed."""
    options: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """choice: every option with its synonyms."""
    min_digits: int = Field(default=1, ge=1)
    max_digits: int = Field(default=15, ge=1, le=32)
    keys: bool = False
    """digits, number: may be typed on the telephone, ended by #."""
    keep: bool = False
    """True: known for the rest of the call; False: asked again when its intent comes up again."""

    @property
    def expects(self) -> Mapping[str, Any]:
        """How patiently the answer is awaited, in the words of `vocabulary.thought.EXPECTS`."""
        if self.keys:
            return {"kind": "digits", "max_digits": self.max_digits}
        kinds = {"yes_no": "yes_no", "digits": "number", "number": "number", "email": "email"}
        return {"kind": kinds.get(self.kind, "open")}

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Slot":
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("options belong to a slot of kind choice, and such a slot needs them")
        if (self.yes or self.no or self.unasked) and self.kind != "yes_no":
            raise ValueError("yes, no and unasked belong to a slot of kind yes_no")
        if self.keys and self.kind not in ("digits", "number"):
            raise ValueError("keys belongs to a slot of kind digits or number")
        if self.min_digits > self.max_digits:
            raise ValueError("min_digits is more than max_digits")
        return self


class Intent(_Part):
    """Something callers want, how they say it, and what is done about it."""

    examples: tuple[str, ...] = ()
    """Sentences callers say; without any the intent is reached only by `go`."""
    keywords: tuple[str, ...] = ()
    """Words or phrases that are nearly enough on their own."""
    unless: tuple[str, ...] = ()
    """Phrases that exclude the intent ("no quiero cancelar")."""
    within: tuple[Name, ...] = ()
    """Only while the last intent served was one of these: a follow-up ("¿y cuándo vence?")."""
    interrupts: bool = False
    """May be understood in the place of an answer to a question of ours."""
    is_small_talk: bool = False
    """Gives way to any other intent in the same sentence ("hola, buenas, quería saber mi saldo")."""
    comes_back: bool = False
    """After it, the question that was open is asked again ("¿me lo repite?"); its steps only say something."""
    forget: tuple[Name, ...] = ()
    """Slots emptied before its steps: to begin again."""
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _does_something(self) -> "Intent":
        if self.comes_back and any(step.say is None for step in self.steps):
            raise ValueError("an intent that comes_back has only steps with say")
        if not self.comes_back and not self.steps:
            raise ValueError("an intent has at least one step")
        return self


class Scenario(_Part):
    """The guided dialogue of one agent."""

    threshold: float = Field(default=62, ge=0, le=100)
    """Score from which an intent counts as understood."""
    margin: float = Field(default=4, ge=0, le=50)
    """By how much the best intent must beat the second."""
    fallback: tuple[str, ...] = Field(min_length=1)
    """Said one after the other when nothing was understood."""
    max_misses: int = Field(default=2, ge=1, le=5)
    """After this many fallbacks in a row `after_misses` takes over."""
    after_misses: Name
    """The intent that offers a person."""
    sympathy: tuple[str, ...] = ()
    """Said before the answer to a caller who has been upset for several turns: each once a call, in this order."""
    variables: Mapping[Name, str] = Field(default_factory=dict)
    """Constants for the answers (company, opening hours)."""
    slots: Mapping[Name, Slot] = Field(default_factory=dict)
    intents: Mapping[Name, Intent] = Field(min_length=1)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Yield (key in the file, kind, name) for all that is named; kind: intent slot tool target variable."""
        yield "script.after_misses", "intent", self.after_misses
        for number, text in enumerate(self.sympathy):
            for variable in variables(text):
                yield f"script.sympathy.{number}", "variable", variable
        for slot_name, slot in self.slots.items():
            for key in ("question", "again"):
                for variable in variables(getattr(slot, key)):
                    yield f"script.slots.{slot_name}.{key}", "variable", variable
        for intent_name, intent in self.intents.items():
            where = f"script.intents.{intent_name}"
            for name in intent.within:
                yield f"{where}.within", "intent", name
            for name in intent.forget:
                yield f"{where}.forget", "slot", name
            for number, step in enumerate(intent.steps):
                here = f"{where}.steps.{number}"
                named: tuple[tuple[str, str, str | None], ...] = (
                    ("ask", "slot", step.ask),
                    ("call", "tool", step.call),
                    ("transfer", "target", step.transfer),
                    ("go", "intent", step.go),
                    ("on_error", "intent", step.on_error),
                )
                yield from ((f"{here}.{key}", kind, name) for key, kind, name in named if name is not None)
                for variable in step.when:
                    yield f"{here}.when", "variable", variable
                for key, template in step.templates():
                    for variable in variables(template):
                        yield f"{here}.{key}", "variable", variable

    def bad_templates(self) -> Iterator[tuple[str, str]]:
        """Yield (key in the file, what is wrong) for templates with stray braces or unknown formats."""
        texts: list[tuple[str, str]] = [(f"script.fallback.{n}", text) for n, text in enumerate(self.fallback)]
        texts += [(f"script.sympathy.{n}", text) for n, text in enumerate(self.sympathy)]
        for slot_name, slot in self.slots.items():
            texts += [(f"script.slots.{slot_name}.{key}", getattr(slot, key)) for key in ("question", "again")]
        for intent_name, intent in self.intents.items():
            for number, step in enumerate(intent.steps):
                here = f"script.intents.{intent_name}.steps.{number}"
                texts += [(f"{here}.{key}", template) for key, template in step.templates()]
        for key, text in texts:
            if stray_braces(text):
                yield key, "a brace that belongs to no {variable}"
            for form in formats(text):
                if form not in FORMATS:
                    yield key, f"unknown format {form!r}; there are {', '.join(FORMATS)}"


def scenario(data: Mapping[str, Any]) -> Scenario:
    """Check `data` (as read from TOML) and return the scenario.

    Raises: pydantic.ValidationError.
    """
    return Scenario.model_validate(data)
