"""A test call over a trunk: placed by somebody, judged here, and one way of placing it through Asterisk's console."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from provisioning.model.numbers import is_costly
from provisioning.probing.report import Row
from vocabulary.errors import ConfigurationError

Console = Callable[[str], Awaitable[str]]
"""Asks Asterisk's console and returns its answer, like `PrivatePbx.ask` or `asterisk -rx`."""

_DIALLED: Final = re.compile(r"[+0-9*#]{3,40}")
_ENDPOINT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,78}")
_LISTEN_SECONDS: Final = 2
"""How long an answered call stays up: enough to see that it stays."""
_ASK_AGAIN_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a test call ended."""

    ended: Literal["answered", "refused", "timed-out"]
    cause: int = 0
    """Q.850 cause of a refusal, as Asterisk gives it; 0: unknown."""
    detail: str = ""
    """Asterisk's own word: "BUSY", "CONGESTION", "CHANUNAVAIL"."""


class TestCall(Protocol):
    """Somebody who can place a call."""

    async def place(self, endpoint: str, dialled: str, seconds: int) -> CallOutcome:
        """Ring `dialled` (written as the trunk wants it) over the endpoint, for at most `seconds`."""


_CAUSES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("the carrier does not know this number", "compare number_format: + or not, country or not, dial_prefix"),
    3: ("the carrier has no way to that place", "the contract may not allow this destination; compare number_format"),
    17: ("busy: the way is good", ""),
    18: ("nobody answered the carrier", "ring longer, or another telephone: the way is good so far"),
    19: ("nobody answered: the way is good", ""),
    20: ("the other end is not there", "the carrier could not reach it, or Asterisk the carrier: see the OPTIONS rows"),
    21: ("the carrier refused the call", "compare the caller id shown with the numbers of the contract, then user and "
         "password"),
    27: ("Asterisk cannot reach the carrier", "see the OPTIONS and registration rows"),
    28: ("the number is not complete or written wrongly", "compare number_format, country, dial_prefix"),
    34: ("no channel free", "the contract's channels are used up, or the trunk is not registered"),
    38: ("the carrier's network has a fault", "call again later"),
    50: ("the contract does not allow this call", "ask the carrier about destinations and caller id"),
    57: ("the contract does not allow this call", "ask the carrier about destinations and caller id"),
    58: ("no common codec", "write codecs as the carrier wants them"),
    88: ("no common codec, or encryption on one side only", "compare codecs and srtp"),
    102: ("no answer in time from the carrier", "see the OPTIONS rows; a firewall may eat the answers"),
}  # fmt: skip
"""ITU-T Q.850, as res_pjsip maps SIP answers to it (`ast_sip_hangup_sip2cause`)."""


def judged_call(outcome: CallOutcome) -> Row:
    """Return the row about a test call."""
    if outcome.ended == "answered":
        return Row("test call", "ok", "answered")
    if outcome.ended == "timed-out":
        return Row(
            "test call",
            "warn",
            "it rang, and nobody answered in time",
            "answer the telephone that is rung, or ring longer",
        )
    known = _CAUSES.get(outcome.cause)
    said = ", ".join(part for part in (outcome.detail, f"cause {outcome.cause}" if outcome.cause else "") if part)
    if known is None:
        return Row("test call", "fail", f"refused ({said or 'no reason given'})", "look into Asterisk's log")
    reason, advice = known
    good = outcome.cause in (17, 19)
    return Row("test call", "warn" if good else "fail", f"{reason} ({said})", advice)


def may_be_rung(number: str) -> str:
    """Return why a number (E.164) must not be rung for a test, or ""."""
    if not number.startswith("+"):
        return "a test call goes to a whole number with + and country: never to a short or emergency number"
    return "this number costs extra, or belongs to no country: ring an ordinary one" if is_costly(number) else ""


class ConsoleTestCall:
    """Places the call through Asterisk's console, which has no event that tells the cause of a refusal.

    So for the time of the call a context of our own is added to the running dialplan (`dialplan add extension`, no
    file is touched) that dials and notes DIALSTATUS and HANGUPCAUSE in a global variable; both are removed after it.
    Needs pbx_config, app_dial, app_exec's Wait (pbx builtin) and func_global.
    """

    def __init__(self, console: Console) -> None:
        """`console` asks the Asterisk that has the trunk."""
        self._console = console

    async def place(self, endpoint: str, dialled: str, seconds: int) -> CallOutcome:
        """Ring and wait for the end.

        Raises: ValueError for what must not be written into a console command; ConfigurationError when this Asterisk
        lacks a module for it.
        """
        if _DIALLED.fullmatch(dialled) is None:
            raise ValueError(f"{dialled!r} cannot be dialled: digits, +, * and # only")
        if _ENDPOINT.fullmatch(endpoint) is None:
            raise ValueError(f"{endpoint!r} is no name of an endpoint")
        token = secrets.token_hex(4)
        context, noted = f"centralita-test-{token}", f"CENTRALITA_TEST_{token}"
        value = "${DIALSTATUS}:${HANGUPCAUSE}"
        steps = (
            f"s,1,Dial(PJSIP/{dialled}@{endpoint},{seconds})",
            f"s,2,Set(GLOBAL({noted})={value})",  # at once: what ends the call puts a cause of its own there
            f"h,1,Set(GLOBAL({noted}_END)={value})",  # after an answer Dial does not come back to s,2
        )
        try:
            for step in steps:
                await self._ask(f"dialplan add extension {step} into {context}")
            await self._ask(f"channel originate Local/s@{context} application Wait {_LISTEN_SECONDS}")
            return await self._noted(noted, seconds + _LISTEN_SECONDS + 5)
        finally:
            await self._console(f"dialplan remove context {context}")
            for name in (noted, f"{noted}_END"):
                await self._console(f"dialplan set global {name} none")

    async def _ask(self, command: str) -> str:
        answer = await self._console(command)
        if "No such command" in answer:
            raise ConfigurationError(
                f"this Asterisk has no `{' '.join(command.split()[:2])}`: load pbx_config.so and res_clioriginate.so"
            )
        return answer

    async def _noted(self, noted: str, seconds: float) -> CallOutcome:
        pattern = re.compile(rf"\b{noted}(?:_END)?=(?P<status>[A-Z]+):(?P<cause>\d*)")
        try:
            async with asyncio.timeout(seconds):
                while not (found := list(pattern.finditer(await self._ask("dialplan show globals")))):  # noqa: ASYNC110 - the console has no events
                    await asyncio.sleep(_ASK_AGAIN_SECONDS)
        except TimeoutError:
            return CallOutcome("timed-out")
        first = min(found, key=lambda match: match[0].startswith(f"{noted}_END"))
        return outcome_of(first["status"], int(first["cause"] or 0))


def outcome_of(dial_status: str, cause: int) -> CallOutcome:
    """Return the outcome that Dial's DIALSTATUS and the channel's HANGUPCAUSE mean."""
    if dial_status == "ANSWER":
        return CallOutcome("answered", 0, dial_status)
    if dial_status in ("NOANSWER", "CANCEL") and cause in (0, 16, 19):
        return CallOutcome("timed-out", 0, dial_status)
    return CallOutcome("refused", cause, dial_status)
