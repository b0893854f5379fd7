"""What `calls` tells whoever watches: one JSON object per message, and the few commands a watcher may give.

Each class is one `type` on the wire. Times (`at`) are seconds since 1970 by this machine's clock.
"""

import json
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from ari_app.json_shape import ShapeError, read, to_json_object
from vocabulary.call import CallIdentity, Ending, Hangup, TurnLatency
from vocabulary.errors import CentralitaError

T = TypeVar("T")


EVENTS_PATH: Final = "/events"
CONTROL_PATH: Final = "/control"


class CommandRefused(CentralitaError):
    """A command cannot be done; the message says why, for the person who gave it."""


class BadLiveMessage(CentralitaError):
    """A message that is none of ours; names what is wrong, never the content."""


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """Base of all messages; never sent itself."""

    type: ClassVar[str]
    is_droppable: ClassVar[bool] = False
    """True when a newer one says it all again: a slow watcher loses these first."""

    def to_json(self) -> str:
        """Return the message as it goes over the wire."""
        return json.dumps({"type": self.type, **to_json_object(self)}, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class CallSnapshot:
    """A call as it stands."""

    call_id: str
    channel_id: str
    agent: str
    did: str
    caller: str
    state: str
    started_at: float
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot(LiveMessage):
    """The first message of every stream: the calls there are, and who says so."""

    type: ClassVar[str] = "snapshot"
    at: float
    epoch: str
    """Changes with every start of `calls`."""
    pid: int
    owned: tuple[str, ...]
    """Channels this process answers for; `guard` leaves them alone."""
    calls: tuple[CallSnapshot, ...]


@dataclass(frozen=True, slots=True)
class Heartbeat(LiveMessage):
    """Four times a second: the loop that carries the voices is alive, and these channels are in its hands."""

    type: ClassVar[str] = "heartbeat"
    is_droppable: ClassVar[bool] = True
    at: float
    epoch: str
    pid: int
    owned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallStarted(LiveMessage):
    """A caller is with us."""

    type: ClassVar[str] = "call_started"
    at: float
    call_id: str
    channel_id: str
    agent: str
    did: str
    caller: str

    @staticmethod
    def of(identity: CallIdentity, at: float) -> "CallStarted":
        """From the call's identity."""
        return CallStarted(at, identity.call_id, identity.channel_id, identity.agent, identity.did, identity.caller)


@dataclass(frozen=True, slots=True)
class CallStateChanged(LiveMessage):
    """Listening, thinking, speaking, transferring: the words of `docs/states.md`."""

    type: ClassVar[str] = "call_state"
    at: float
    call_id: str
    state: str


@dataclass(frozen=True, slots=True)
class PartialHeard(LiveMessage):
    """What the caller seems to be saying; may still change."""

    type: ClassVar[str] = "partial"
    is_droppable: ClassVar[bool] = True
    at: float
    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TurnSentiment:
    """The mood of a turn of the caller's; the words are those of `conversation.sentiment`."""

    sentiment: str
    """frustrated, confused, neutral, positive."""
    score: float
    """-1 to 1."""
    level: str
    """very_negative to very_positive."""
    trend: str
    """Of the call so far: worsening, steady, improving."""


@dataclass(frozen=True, slots=True)
class TurnContext:
    """How the conversation stands after a turn of the caller's; the words are those of `conversation.context`."""

    needs_escalation: bool
    confidence_level: float
    """1 when all goes well."""
    suggested_action: str
    """continue, simplify_response, transfer_to_agent."""
    issues: tuple[str, ...] = ()
    """repeated_question, user_frustrated, explicit_escalation, user_confused."""


@dataclass(frozen=True, slots=True)
class TurnTaken(LiveMessage):
    """Somebody has finished speaking."""

    type: ClassVar[str] = "turn"
    at: float
    call_id: str
    speaker: str
    """caller or agent."""
    text: str
    """The caller's words after correction; the agent's as far as they were heard."""
    heard: str = ""
    """The caller's words before correction, when they differ."""
    latency: TurnLatency | None = None
    """With the agent's turns: what it took to answer."""
    was_interrupted: bool = False
    sentiment: TurnSentiment | None = None
    """With the caller's turns."""
    context: TurnContext | None = None
    """With the caller's turns."""
    clarification: str = ""
    """With a caller's turn that was doubtful: explicit, implicit or spell_out, how we made sure."""


@dataclass(frozen=True, slots=True)
class SentimentAlert(LiveMessage):
    """A caller is upset (a score under -0.5): somebody may want to look in."""

    type: ClassVar[str] = "sentiment_alert"
    at: float
    call_id: str
    sentiment: str
    score: float
    message: str
    """What the caller said."""
    level: str = ""
    trend: str = ""


@dataclass(frozen=True, slots=True)
class LevelMeasured(LiveMessage):
    """How loud both sides are; at most five a second for each call, and only while somebody watches."""

    type: ClassVar[str] = "level"
    is_droppable: ClassVar[bool] = True
    at: float
    call_id: str
    caller_dbfs: float
    """0 is full scale, silence about -90."""
    agent_dbfs: float


@dataclass(frozen=True, slots=True)
class TransferChanged(LiveMessage):
    """A transfer begins, rings, is answered, fails."""

    type: ClassVar[str] = "transfer"
    at: float
    call_id: str
    target: str
    """The configured id, never a number."""
    kind: str
    """blind or warm."""
    state: str
    """started, ringing, announced, connected, failed."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CallEnded(LiveMessage):
    """The call is over for us."""

    type: ClassVar[str] = "call_ended"
    at: float
    call_id: str
    ending: str
    """A value of `vocabulary.call.Ending`."""
    seconds: float
    turns: int = 0
    hangup: Hangup | None = None
    """As AMI saw it; None without AMI, and when the caller went on in the dialplan."""

    @staticmethod
    def of(
        call_id: str, ending: Ending, at: float, seconds: float, turns: int, hangup: Hangup | None = None
    ) -> "CallEnded":
        """From the call's ending."""
        return CallEnded(at, call_id, ending.value, seconds, turns, hangup)


@dataclass(frozen=True, slots=True)
class CallRefused(LiveMessage):
    """A caller was turned away at the door, unanswered; there was no call of ours."""

    type: ClassVar[str] = "call_refused"
    at: float
    call_id: str
    channel_id: str
    agent: str
    did: str
    caller: str
    reason: str
    """blocked."""
    detail: str = ""
    """The block list's own words for it."""


LiveEvent = (
    CallStarted
    | CallStateChanged
    | PartialHeard
    | TurnTaken
    | SentimentAlert
    | LevelMeasured
    | TransferChanged
    | CallEnded
    | CallRefused
    | Heartbeat
    | Snapshot
)


@dataclass(frozen=True, slots=True)
class HangUpCall(LiveMessage):
    """End this call."""

    type: ClassVar[str] = "hangup"
    call_id: str


@dataclass(frozen=True, slots=True)
class TransferCall(LiveMessage):
    """Send this caller to a configured target."""

    type: ClassVar[str] = "transfer"
    call_id: str
    target: str


LiveCommand = HangUpCall | TransferCall


@dataclass(frozen=True, slots=True)
class CommandAnswer(LiveMessage):
    """How a command went."""

    type: ClassVar[str] = "answer"
    ok: bool
    error: str = ""
    """For people."""


EVENT_TYPES: Final[dict[str, type[LiveEvent]]] = {shape.type: shape for shape in LiveEvent.__args__}
COMMAND_TYPES: Final[dict[str, type[LiveCommand]]] = {shape.type: shape for shape in LiveCommand.__args__}


def parse_event(text: str | bytes) -> LiveEvent | None:
    """Read one message of the stream; None for a type newer than this code.

    Raises: BadLiveMessage.
    """
    return _parse(text, EVENT_TYPES)


def parse_command(text: str | bytes) -> LiveCommand:
    """Read one command.

    Raises: BadLiveMessage.
    """
    command = _parse(text, COMMAND_TYPES)
    if command is None:
        raise BadLiveMessage("no such command; there are hangup and transfer")
    return command


def parse_answer(text: str | bytes) -> CommandAnswer:
    """Read the answer to a command.

    Raises: BadLiveMessage.
    """
    answer = _parse(text, {CommandAnswer.type: CommandAnswer})
    if answer is None:
        raise BadLiveMessage("no answer")
    return answer


def _parse(text: str | bytes, types: dict[str, type[T]]) -> T | None:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadLiveMessage("no JSON") from exc
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadLiveMessage("no object with a type")
    shape = types.get(message["type"])
    if shape is None:
        return None
    try:
        return read(shape, message)
    except ShapeError as exc:
        raise BadLiveMessage(str(exc)) from exc
