"""An agent: who answers, in which language and voice, what it may do, and to whom it hands over. One file each.

`agents/<name>.toml` is read once at the start. Everything in it that refers to something else in it is checked, so
that a typing mistake stops the start instead of a caller.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from centralita.settings import Settings
from conversation.clarification import MOST_CLARIFICATIONS
from conversation.dialogue_settings import DialogueSettings, Phrases
from conversation.tools import ALWAYS_OFFERED, TOOLS, TRANSFER_TO_AGENT, TRANSFER_TO_MANAGER
from engines.llm.scenario import Scenario
from engines.llm.script import LAST_SAID, MOOD, TOPIC
from vocabulary.problems import Misconfigured, Problem, nearest, problems_of, read_toml

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
"""Lower case letters, digits, underscores and hyphens."""
DialplanWord = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*#+-]+$")]
"""What may stand as a context or an extension in a dialplan."""
QueueName = Annotated[str, Field(pattern=r"^[^\s,;\[\]]{1,128}$")]
"""What may stand as a section of queues.conf."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Voice(_Part):
    """How the agent sounds."""

    name: str = ""
    """The mouth's own name for a voice; "" is its default for the language."""
    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    """1 is the voice's normal speed."""


class Target(_Part):
    """Somebody callers can be handed over to."""

    name: str
    """Who it is, for the mind and for people: "un técnico"."""
    kind: Literal["blind", "warm"] = "blind"
    """blind: the dialplan takes over at once; warm: we ring the person, tell them who calls, and then connect."""
    context: DialplanWord = "default"
    extension: DialplanWord | None = None
    """Where the dialplan goes on; required unless `endpoint` is given."""
    priority: int = Field(default=1, ge=1)
    endpoint: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]+/[^\s]+$")
    """warm only: what is rung, like "PJSIP/tecnico"; without it Local/extension@context/n is."""
    ring_seconds: float = Field(default=25.0, ge=5, le=120)
    """How long it rings before we return to the caller."""
    queue: QueueName | None = None
    """Asterisk's name of the queue it leads to: with [ami] on, callers are sent only while somebody there is free."""
    may_wait: bool = False
    """queue only: callers are also sent while everybody there is busy, and wait; never into one with nobody there."""

    @property
    def dial(self) -> str:
        """What a warm transfer rings."""
        # /n: Asterisk must not optimise away the channel that we know the person by, while we move it between bridges.
        return self.endpoint or f"Local/{self.extension}@{self.context}/n"

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "Target":
        if self.extension is None and (self.endpoint is None or self.kind == "blind"):
            raise ValueError("a target needs extension (with its context); only a warm one may have endpoint instead")
        if self.may_wait and self.queue is None:
            raise ValueError("may_wait is about a queue: name it with queue")
        return self


class Fallback(_Part):
    """Where a caller goes when we cannot go on."""

    context: DialplanWord
    extension: DialplanWord
    priority: int = Field(default=1, ge=1)


class Limits(_Part):
    """What no call may exceed."""

    max_call_seconds: float = Field(default=1800.0, ge=30)
    """Then the caller is handed to a person."""
    max_not_understood: int = Field(default=3, ge=1, le=10)
    """Turns in a row; then a person is offered."""
    max_clarifications: int = Field(default=MOST_CLARIFICATIONS, ge=0, le=MOST_CLARIFICATIONS)
    """How often a call we make sure of a doubtful word; 0: never."""
    max_tool_rounds: int = Field(default=4, ge=1, le=20)
    """A turn."""


class FixedPhrases(_Part):
    """Sentences whose sound is made before anybody needs it; a missing one is taken from the language's defaults."""

    one_moment: str = ""
    after_gap: str = ""
    not_understood: tuple[str, ...] = ()
    offer_person: str = ""
    offer_declined: str = ""
    trouble: str = ""
    transfer: str = ""
    transfer_failed: str = ""
    silence: tuple[str, ...] = ()
    silence_goodbye: str = ""
    goodbye: str = ""


_ENGLISH = Phrases(
    greeting="Hello, how can I help you?",
    one_moment="One moment, please.",
    after_gap="Sorry, you were saying?",
    not_understood=("Sorry, I did not get that. Could you say it again?",),
    offer_person="I am having trouble understanding you. Shall I put you through to a person?",
    offer_declined="All right. Go ahead.",
    trouble="Sorry, I have a technical problem. I am putting you through to a person.",
    transfer="I am putting you through right now.",
    transfer_failed="I am sorry, nobody can take your call right now. Can I help you with anything else?",
    silence=("Are you still there?", "Can you hear me?"),
    silence_goodbye="I cannot hear you. Please call again whenever you like. Goodbye.",
    goodbye="Thank you for calling. Goodbye.",
)


class AgentFile(_Part):
    """The file as it is written."""

    persona: str
    """Who the agent is and how it talks; a language model's instructions."""
    language: Literal["es", "en"] = "es"
    greeting: str = Field(min_length=1)
    voice: Voice = Field(default_factory=Voice)
    tools: tuple[str, ...] = ()
    """Names of tools (docs/agents.md lists them)."""
    person: str = ""
    """Target for callers we cannot help; "" is the fallback."""
    manager: str = ""
    """Target of the tool transfer_to_manager; "" is `person`."""
    targets: Mapping[Identifier, Target] = Field(default_factory=dict)
    fallback: Fallback | Literal["dialplan"]
    """Where the caller goes when we cannot go on; "dialplan": the priority after Stasis. Required."""
    proofreading: tuple[str, ...] = ()
    """Banks of corrections, by name."""
    hints: tuple[str, ...] = ()
    """Words likely in this agent's calls, for the ear."""
    phrases: FixedPhrases = Field(default_factory=FixedPhrases)
    limits: Limits = Field(default_factory=Limits)
    script: Scenario | None = None
    """The guided dialogue; required by the mind `script`."""


class Agent(AgentFile):
    """An agent, checked."""

    name: Identifier
    """The file's name without `.toml`."""

    def fixed_phrases(self) -> Phrases:
        """Return all fixed sentences, the language's defaults filled in."""
        default = _ENGLISH if self.language == "en" else Phrases()
        own = {key: value for key, value in self.phrases.model_dump().items() if value}
        merged = {key: getattr(default, key) for key in FixedPhrases.model_fields} | own
        return Phrases(greeting=self.greeting, **merged)

    def rehearsed_sentences(self) -> tuple[str, ...]:
        """Return every sentence that is to sound without an engine."""
        return self.fixed_phrases().rehearsed()

    def dialogue_settings(self) -> DialogueSettings:
        """Return what `conversation.dialogue.Dialogue` needs to know."""
        return DialogueSettings(
            agent=self.name,
            language=self.language,
            phrases=self.fixed_phrases(),
            tools=self.tools,
            targets={name: target.kind for name, target in self.targets.items()},
            target_names={name: target.name for name, target in self.targets.items()},
            person=self.person,
            manager=self.manager,
            max_not_understood=self.limits.max_not_understood,
            max_clarifications=self.limits.max_clarifications,
            max_tool_rounds=self.limits.max_tool_rounds,
        )


def load_agent(path: Path) -> Agent:
    """Read and check one agent's file.

    Raises: Misconfigured, with everything that is wrong in it.
    """
    data = read_toml(path)
    try:
        AgentFile.model_validate(data)
        agent = Agent.model_validate({**data, "name": path.stem})
    except ValidationError as exc:
        raise Misconfigured(_readable(problems_of(exc, AgentFile, str(path)), path)) from exc
    problems = [Problem(str(path), key, message) for key, message in _broken_references(agent)]
    if problems:
        raise Misconfigured(problems)
    return agent


def load_agents(folder: Path) -> dict[str, Agent]:
    """Read all agents of a folder, by name.

    Raises: Misconfigured, with everything that is wrong in any of the files.
    """
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not paths:
        way_out = "has no agents: put a file <name>.toml there (docs/agents.md), or set agents.folder"
        raise Misconfigured([Problem(str(folder), "", way_out)])
    agents: dict[str, Agent] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            agents[path.stem] = load_agent(path)
        except Misconfigured as exc:
            problems += exc.problems
    if problems:
        raise Misconfigured(problems)
    return agents


def configured_agents(settings: Settings) -> dict[str, Agent]:
    """Read the agents and check that the settings name only those there are.

    Raises: Misconfigured.
    """
    agents = load_agents(settings.agents.folder)
    named = {"agents.default": settings.agents.default}
    named |= {f"agents.by_did.{did}": agent for did, agent in settings.agents.by_did.items()}
    problems = [
        Problem("settings", key, f"there is no agent {agent!r}.{nearest(agent, agents)}")
        for key, agent in named.items()
        if agent not in agents
    ]
    if settings.mind.provider == "script":
        problems += [
            Problem(
                str(settings.agents.folder / f"{agent.name}.toml"), "script", 'the mind "script" needs this section'
            )
            for agent in agents.values()
            if agent.script is None
        ]
    if problems:
        raise Misconfigured(problems)
    return agents


def _readable(problems: list[Problem], path: Path) -> list[Problem]:
    """Say once what is wrong with the fallback, not once for each form it may have."""
    others = [problem for problem in problems if not problem.key.startswith("fallback")]
    if len(others) == len(problems):
        return problems
    message = (
        'must be "dialplan" or a table with context, extension and priority: where callers go when we cannot go on'
    )
    return [*others, Problem(str(path), "fallback", message)]


def _broken_references(agent: Agent) -> Iterator[tuple[str, str]]:
    """Yield (key, what is wrong) for every name that leads nowhere."""
    for tool in agent.tools:
        if tool not in TOOLS:
            yield "tools", f"there is no tool {tool!r}.{nearest(tool, TOOLS)}"
    for key in ("person", "manager"):
        target = getattr(agent, key)
        if target and target not in agent.targets:
            yield key, f"there is no target {target!r}.{nearest(target, agent.targets)}"
    if TRANSFER_TO_MANAGER in agent.tools and not (agent.manager or agent.person):
        yield "manager", f"the tool {TRANSFER_TO_MANAGER} needs it, or person: the id of a target"
    if TRANSFER_TO_AGENT in agent.tools and not agent.targets:
        yield "targets", f"the tool {TRANSFER_TO_AGENT} needs at least one"
    script = agent.script
    if script is None:
        return
    known = {
        "intent": set(script.intents),
        "slot": set(script.slots),
        "tool": set(agent.tools) | set(ALWAYS_OFFERED),
        "target": set(agent.targets),
        "variable": _variables(script),
    }
    for key, kind, name in script.references():
        if name not in known[kind]:
            more = " Add it to tools." if kind == "tool" and name in TOOLS else nearest(name, known[kind])
            yield key, f"there is no {kind} {name!r}.{more}"
    yield from script.bad_templates()
    for intent_name, intent in script.intents.items():
        for number, step in enumerate(intent.steps):
            if step.call in TOOLS:
                where = f"script.intents.{intent_name}.steps.{number}.arguments"
                yield from _wrong_arguments(where, step.call or "", step.arguments)


def _variables(script: Scenario) -> set[str]:
    """Return every variable an answer may use."""
    called = {step.call for intent in script.intents.values() for step in intent.steps if step.call}
    returned = {name for tool in called if tool in TOOLS for name in TOOLS[tool].returns}
    return {"caller", "failure", LAST_SAID, MOOD, TOPIC} | set(script.variables) | set(script.slots) | returned


def _wrong_arguments(where: str, tool: str, arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    parameters = TOOLS[tool].parameters
    for name in arguments:
        if name not in parameters:
            yield f"{where}.{name}", f"the tool {tool} has no such argument.{nearest(name, parameters)}"
    for name, parameter in parameters.items():
        if parameter.is_required and name not in arguments:
            yield where, f"the tool {tool} needs the argument {name!r}"
