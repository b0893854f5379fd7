"""A test call through the console, with a console that only pretends."""

import pytest

from provisioning.probing import CallOutcome, ConsoleTestCall
from vocabulary.errors import ConfigurationError


class Console:
    """Notes what it is asked; answers `dialplan show globals` with what is given, in order."""

    def __init__(self, *globals_: str) -> None:
        self.asked: list[str] = []
        self._globals = list(globals_)

    async def __call__(self, command: str) -> str:
        self.asked.append(command)
        if command != "dialplan show globals":
            return ""
        token = self.asked[0].split("centralita-test-")[1]
        return self._globals.pop(0).format(token=f"CENTRALITA_TEST_{token}")


async def test_the_call_is_placed_awaited_and_everything_removed() -> None:
    console = Console("   NOTHING=1\n", "   {token}_END=CHANUNAVAIL:34\n   {token}=CHANUNAVAIL:1\n")
    outcome = await ConsoleTestCall(console).place("centralita-car-uno", "+525555123400", 20)
    assert outcome == CallOutcome("refused", 1, "CHANUNAVAIL")
    context = console.asked[0].split(" into ")[1]
    assert (
        console.asked[0] == f"dialplan add extension s,1,Dial(PJSIP/+525555123400@centralita-car-uno,20) into {context}"
    )
    assert f"channel originate Local/s@{context} application Wait 2" in console.asked
    assert f"dialplan remove context {context}" in console.asked


async def test_two_calls_do_not_share_a_context() -> None:
    one, other = Console("{token}_END=ANSWER:16"), Console("{token}_END=ANSWER:16")
    for console in (one, other):
        assert (await ConsoleTestCall(console).place("uno", "600", 5)).ended == "answered"
    assert one.asked[0] != other.asked[0]


@pytest.mark.parametrize(
    ("endpoint", "dialled"),
    [("uno", "600 into default"), ("uno", "6,1)"), ("uno", ""), ("uno;x", "600"), ("../x", "600"), ("", "600")],
)
async def test_nothing_else_can_be_written_into_the_command(endpoint: str, dialled: str) -> None:
    console = Console()
    with pytest.raises(ValueError, match=r"cannot be dialled|no name of an endpoint"):
        await ConsoleTestCall(console).place(endpoint, dialled, 5)
    assert console.asked == []


async def test_an_asterisk_without_the_command_is_told_what_it_lacks() -> None:
    async def console(command: str) -> str:
        return "No such command 'channel originate'" if command.startswith("channel") else ""

    with pytest.raises(ConfigurationError, match=r"channel originate.*res_clioriginate"):
        await ConsoleTestCall(console).place("uno", "600", 5)
