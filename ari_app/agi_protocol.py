"""Asterisk's Gateway Interface over TCP (FastAGI): bytes in, what Asterisk says out; knows no socket and no clock.

    Asterisk → us     agi_network: yes ⏎ agi_network_script: entry ⏎ … ⏎ ⏎         the environment, once
    us → Asterisk     SET VARIABLE CENTRALITA_AGENT "telecom" ⏎                      one command at a time
    Asterisk → us     200 result=1 ⏎ · 200 result=1 (value) ⏎ · 510 … ⏎ · 511 … ⏎ · 520-… ⏎ … ⏎ 520 … ⏎
    Asterisk → us     HANGUP ⏎                                                       the caller has gone

Seen on Asterisk 22.10: a value is sent as it is, hence one with a line break spans lines; a value is cut at 1023
bytes; an unset variable is `200 result=0`. An answer `100 …` precedes another one (Asterisk documentation, AGI).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from vocabulary.errors import CentralitaError

MAX_LINE_BYTES: Final = 8192
"""Asterisk cuts a value at 1023 bytes; a script's address and arguments may be longer."""
MAX_VARIABLES: Final = 200
"""Asterisk sends 22, and one more for each argument of AGI()."""
MAX_USAGE_LINES: Final = 100
MAX_COMMAND_BYTES: Final = 2000
"""Asterisk reads a command into a buffer of about 2 kB and would take the rest for the next command."""

_SAFE_WORD: Final = re.compile(r"[A-Za-z0-9_]+")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_REPLY: Final = re.compile(r"(?P<code>[0-9]{3})(?P<sign>[ -])(?P<rest>.*)", re.DOTALL)
_RESULT: Final = re.compile(r"result=(?P<result>[^ (]*) ?(?P<more>.*)", re.DOTALL)


class AgiError(CentralitaError):
    """Base of what goes wrong between us and AGI(); never raised itself.

    AgiError
    ├── AgiBroken        what came is no AGI, or more of it than anybody needs: the session is over
    ├── AgiRefused       Asterisk does not know the command (510), or not with these words (520)
    ├── BadAgiCommand    a command that must not be sent: a line break, or too long
    └── CallerGone       the caller hung up, or Asterisk closed the connection
    """


class AgiBroken(AgiError):
    """What came is no AGI, or more of it than anybody needs."""


class AgiRefused(AgiError):
    """Asterisk does not know the command, or not with these words; `reply` holds its usage."""

    def __init__(self, reply: "Reply") -> None:
        super().__init__(f"AGI command refused: {reply.code} {reply.text}")
        self.reply = reply


class BadAgiCommand(AgiError):
    """A command that must not be sent."""


class CallerGone(AgiError):
    """The caller hung up, or Asterisk closed the connection."""


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """What Asterisk tells about the call before anything else."""

    script: str
    """Path in the address without its slash: "entry" in agi://127.0.0.1:4573/entry."""
    arguments: tuple[str, ...] = field(default=(), repr=False)
    """Of AGI(address,first,second…)."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Everything, by its name without "agi_"; Asterisk writes "unknown" for what it does not know."""

    def known(self, name: str) -> str:
        """Return a variable, or "" when Asterisk does not know it."""
        value = self.variables.get(name, "")
        return "" if value == "unknown" else value

    @property
    def caller(self) -> str:
        """The caller's number as presented, or ""."""
        return self.known("callerid")

    @property
    def presentation(self) -> int:
        """How the number is presented (Q.931 octet 3a: 0x20 restricted, 0x40 not available); 0 when not told."""
        text = self.known("callingpres")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk's answer to one command."""

    code: int
    """200 done · 510 unknown command · 511 not on a dead channel · 520 wrong words."""
    result: str = ""
    """After "result="; "-1" is a failure."""
    value: str | None = field(default=None, repr=False)
    """In parentheses, or None; may be anything a caller sent."""
    text: str = ""
    """What else stood there: "endpos=800", or the usage of a command."""


@dataclass(frozen=True, slots=True)
class Started:
    """The environment is complete."""

    request: AgiRequest


@dataclass(frozen=True, slots=True)
class Answered:
    """The command was answered."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller has gone."""


AgiEvent = Started | Answered | HungUp


class Phase(Enum):
    """Where in its life a session is."""

    ENVIRONMENT = "environment"
    READY = "ready"
    """A command may be sent."""
    WAITING = "waiting"
    """For the answer to the command."""
    USAGE = "usage"
    """Inside the answer 520, which has many lines."""
    BROKEN = "broken"


def command_line(*words: str) -> bytes:
    """Return one command as it goes over the wire, each word quoted where it must be.

    Raises: BadAgiCommand when a word has a line break or another control character, or all of it is too long.
    """
    if any(_UNPRINTABLE.search(word) for word in words):
        raise BadAgiCommand(f"an AGI command ({' '.join(words[:2])!r}) must not hold control characters")
    line = (" ".join(map(_quoted, words)) + "\n").encode("utf-8", "replace")
    if len(line) > MAX_COMMAND_BYTES:
        raise BadAgiCommand(f"an AGI command of {len(line)} bytes is too long, {MAX_COMMAND_BYTES} is the most")
    return line


def _quoted(word: str) -> str:
    if _SAFE_WORD.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


class AgiProtocol:
    """One session's worth of lines."""

    def __init__(self) -> None:
        self.phase = Phase.ENVIRONMENT
        self._buffer = bytearray()
        self._variables: dict[str, str] = {}
        self._usage: list[str] = []
        self._open_value = ""
        """A reply whose parenthesis is not closed yet: its value has a line break."""

    def send_command(self, *words: str) -> bytes:
        """Return the bytes of a command; its answer comes as `Answered`.

        Raises: BadAgiCommand; RuntimeError when the last one is not answered yet.
        """
        if self.phase is not Phase.READY:
            raise RuntimeError(f"no AGI command can be sent while the session is {self.phase.value}")
        line = command_line(*words)
        self.phase = Phase.WAITING
        return line

    def receive_data(self, data: bytes) -> list[AgiEvent]:
        """Take bytes as TCP happened to cut them; return what happened.

        Raises: AgiBroken; the session is of no use any more.
        """
        if self.phase is Phase.BROKEN:
            raise AgiBroken("this AGI session is broken")
        self._buffer += data
        events: list[AgiEvent] = []
        try:
            while (end := self._buffer.find(b"\n")) >= 0:
                if end > MAX_LINE_BYTES:
                    raise AgiBroken(f"an AGI line of more than {MAX_LINE_BYTES} bytes")
                line = self._buffer[:end].decode("utf-8", "replace").removesuffix("\r")
                del self._buffer[: end + 1]
                event = self._line(line)
                if event is not None:
                    events.append(event)
            if len(self._buffer) > MAX_LINE_BYTES:
                raise AgiBroken(f"an AGI line of more than {MAX_LINE_BYTES} bytes")
        except AgiBroken:
            self.phase = Phase.BROKEN
            self._buffer.clear()
            raise
        return events

    def _line(self, line: str) -> AgiEvent | None:
        if self.phase is Phase.ENVIRONMENT:
            return self._environment_line(line)
        if line == "HANGUP" and not self._open_value:
            return HungUp()
        if self.phase is Phase.USAGE:
            return self._usage_line(line)
        if self.phase is Phase.WAITING:
            return self._reply_line(line)
        raise AgiBroken("an AGI answer that no command asked for")

    # -- the environment ----------------------------------------------------------------------------------------------

    def _environment_line(self, line: str) -> Started | None:
        if not line:
            self.phase = Phase.READY
            return Started(self._request())
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_"):
            raise AgiBroken("the AGI environment must be lines like `agi_channel: PJSIP/100-0001`, then an empty one")
        if name in self._variables:
            # A line break in a caller's name would write variables of its own; the real one comes twice then
            raise AgiBroken(f"{name} stands twice in the AGI environment")
        if len(self._variables) >= MAX_VARIABLES:
            raise AgiBroken(f"more than {MAX_VARIABLES} variables in the AGI environment")
        self._variables[name] = value.removeprefix(" ")
        return None

    def _request(self) -> AgiRequest:
        arguments: list[str] = []
        while (name := f"agi_arg_{len(arguments) + 1}") in self._variables:
            arguments.append(self._variables[name])
        script = self._variables.get("agi_network_script", "").partition("?")[0].strip("/")
        variables = {name.removeprefix("agi_"): value for name, value in self._variables.items()}
        return AgiRequest(script, tuple(arguments), variables)

    # -- answers ------------------------------------------------------------------------------------------------------

    def _reply_line(self, line: str) -> Answered | None:
        if self._open_value:
            line = f"{self._open_value}\n{line}"
            if len(line) > MAX_LINE_BYTES:
                raise AgiBroken(f"an AGI value of more than {MAX_LINE_BYTES} bytes")
        match = _REPLY.fullmatch(line)
        if match is None:
            raise AgiBroken("an AGI answer that begins with no code like 200")
        code, rest = int(match["code"]), match["rest"]
        if code < 200:
            return None  # "100 Trying": the answer follows
        if match["sign"] == "-":
            self._usage = [rest]
            self.phase = Phase.USAGE
            return None
        result = _RESULT.fullmatch(rest)
        if result is None:
            return self._answered(Reply(code, text=rest))
        more = result["more"]
        if not more.startswith("("):
            return self._answered(Reply(code, result["result"], text=more))
        value, closed, text = more[1:].rpartition(")")
        if not closed or (text and not text.startswith(" ")):
            self._open_value = line
            return None
        return self._answered(Reply(code, result["result"], value, text.strip()))

    def _usage_line(self, line: str) -> Answered | None:
        match = _REPLY.fullmatch(line)
        if match is not None and match["sign"] == " ":
            return self._answered(Reply(int(match["code"]), text="\n".join(self._usage)))
        if len(self._usage) >= MAX_USAGE_LINES:
            raise AgiBroken(f"an AGI usage of more than {MAX_USAGE_LINES} lines")
        self._usage.append(line)
        return None

    def _answered(self, reply: Reply) -> Answered:
        self.phase = Phase.READY
        self._open_value = ""
        self._usage = []
        return Answered(reply)
