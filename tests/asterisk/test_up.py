"""The product as an operator meets it: `centralita up` as a process of its own, and the commands beside it.

The tests build on one another: the first ones share one `up`, the last ones end it.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ari_app.live_events import CallEnded, CallStarted, TransferChanged, TurnTaken
from centralita.demo.stage import StagePlan
from provisioning.pbx_plan import FALLBACK_TONE_HZ
from softphone import Call
from tests.asterisk.office import TELECOM, Office, agent, soon, strength

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAGE = StagePlan(is_up_apart=True)


class Told(str):
    """What a command printed on both its outputs; `exit_code` is how it ended."""

    exit_code: int

    @property
    def object(self) -> Any:
        return json.loads(self)


@asynccontextmanager
async def running(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A `centralita` command of an operator, killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "centralita.cli", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def centralita(*words: str) -> Told:
    """Run a command to its end."""
    async with asyncio.timeout(20), running(*words) as process:
        printed, _ = await process.communicate()
    assert process.returncode is not None
    told = Told(printed.decode())
    told.exit_code = process.returncode
    return told


async def asked(office: Office, *words: str) -> Told:
    """Run a command with the stage's settings."""
    return await centralita(*words, "--settings", str(office.stage.settings_path))


@asynccontextmanager
async def call_under_way(office: Office) -> AsyncIterator[tuple[Call, CallStarted]]:
    """A caller who is with the agent."""
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        started = await office.tell(CallStarted)
        await call.media.wait_for_speech()
        yield call, started


async def hears_fallback(call: Call) -> None:
    await soon(lambda: strength(call.media.heard_pcm()[-16000:], 8000, FALLBACK_TONE_HZ) > 0.8, 20)


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from family(int(child))


async def all_of_ours(office: Office) -> tuple[int, ...]:
    """The pids of everything `up` runs, with the waiting spare, which is there a moment after all the rest."""
    pids: list[int] = []

    def is_complete() -> bool:
        pids[:] = family(office.stage.up.pid)
        return len(pids) == len(("up", "guard", "speech", "calls", "its spare"))

    await soon(is_complete)
    return tuple(pids)


async def until_gone(*pids: int) -> None:
    """Wait for the end of processes that are not our children."""

    def is_running(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    await soon(lambda: not any(is_running(pid) for pid in pids), 30)


# ── the commands ──


async def test_health_names_every_part(office: Office) -> None:
    told = await asked(office, "health", "--json")
    assert told.exit_code == 0, told
    assert told.object["is_ready"] is True
    assert set(told.object["parts"]) == {
        "asterisk",
        "calls",
        "guard",
        "stt:tiny",
        "tts:espeak",
        "llm:script",
        "vad:silero",
        "database",
        "jobs",
        "disk",
    }


async def test_a_call_is_listed_watched_and_handed_to_a_person(office: Office) -> None:
    watch = ("calls", "watch", "--settings", str(office.stage.settings_path))
    async with await office.phone("200") as person, running(*watch) as watching, asyncio.timeout(40):
        assert watching.stdout is not None
        assert json.loads(await watching.stdout.readline())["type"] == "snapshot"
        async with call_under_way(office) as (call, started):
            listed = (await asked(office, "calls", "list", "--json")).object["calls"]
            assert [(one["call_id"], one["agent"], one["did"]) for one in listed] == [
                (started.call_id, "telecom", TELECOM)
            ]
            assert f"\n{started.call_id}  telecom  " in await asked(office, "calls", "list")

            refused = await asked(office, "calls", "transfer", started.call_id, "agent")
            assert refused.exit_code == 1
            assert refused.count("\n") == 1
            assert "no target 'agent'; it has: agente, " in refused

            handing_over = asyncio.create_task(asked(office, "calls", "transfer", started.call_id, "agente", "--json"))
            ringing = await person.incoming()
            await ringing.answer()
            assert (await handing_over).object == {"ok": True}
            await office.tell(TransferChanged, lambda event: event.target == "agente")
            assert (await office.tell(CallEnded)).ending == "transferred"
            await ringing.hang_up()
            await call.wait_ended()

        turns = []
        async for line in watching.stdout:
            event = json.loads(line)
            if event["type"] == "turn":
                turns.append(event)
            if event["type"] == "call_ended":
                break
        assert {turn["call_id"] for turn in turns} == {started.call_id}
        assert "le atiende Marta" in turns[0]["text"]
        watching.send_signal(signal.SIGINT)
        assert await watching.wait() == 0
        assert b"Traceback" not in await watching.stdout.read()
    await office.asterisk_is_empty()


async def test_a_call_is_hung_up_and_then_known_no_more(office: Office) -> None:
    async with call_under_way(office) as (call, started):
        assert await asked(office, "calls", "hangup", started.call_id) == "done\n"
        await call.wait_ended()
    over = await office.tell(CallEnded, lambda event: event.call_id == started.call_id)
    assert over.ending == "agent_hung_up"
    await office.asterisk_is_empty()
    assert await asked(office, "calls", "list") == "no calls\n"
    told, as_json = await asyncio.gather(
        asked(office, "calls", "hangup", started.call_id), asked(office, "calls", "hangup", started.call_id, "--json")
    )
    assert (told.exit_code, as_json.exit_code) == (1, 1)
    assert told == f"centralita: there is no call {started.call_id!r}; `centralita calls list` shows them\n"
    assert as_json.object["ok"] is False


async def test_a_second_up_is_refused(office: Office) -> None:
    told = await asked(office, "up")
    assert told.exit_code == 2
    lock = office.stage.settings.run.state_folder / "up.lock"
    assert told == f"centralita: it runs already: another process holds {lock}\n"


# ── what can happen to it ──


async def test_calls_hangs_and_is_replaced(office: Office) -> None:
    hung = office.stage.child("calls").pid
    assert hung is not None
    async with call_under_way(office) as (call, _):
        os.kill(hung, signal.SIGSTOP)
        await hears_fallback(call)  # guard
        await call.hang_up()
    await until_gone(hung)  # up
    await soon(lambda: office.stage.child("calls").is_ready and office.stage.child("calls").pid != hung, 30)
    async with call_under_way(office) as (call, _):
        await office.tell(TurnTaken, agent("le atiende Marta"))
        await call.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


async def test_up_is_told_to_stop_and_hands_its_callers_over(office: Office) -> None:
    ours = await all_of_ours(office)
    async with call_under_way(office) as (call, _):
        office.stage.up.terminate()
        await hears_fallback(call)
        await call.hang_up()
    assert await office.stage.up.wait() == 0
    await until_gone(*ours)
    assert {office.stage.child(name).pid for name in ("guard", "speech", "calls")} == {None}


@pytest.mark.parametrize("victims", [("up",), ("up", "calls")], ids=" and ".join)
async def test_up_is_killed_and_only_the_callers_are_left_in_good_hands(
    office: Office, victims: tuple[str, ...]
) -> None:
    """With `up` alone, `calls` hears of it and lets its callers go; with both, `guard` is the only one who can."""
    await office.stage.start_up()
    ours = await all_of_ours(office)
    pids = {"up": office.stage.up.pid, "calls": office.stage.child("calls").pid}
    async with call_under_way(office) as (call, _):
        for victim in victims:
            pid = pids[victim]
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        await hears_fallback(call)
        await call.hang_up()
    await office.stage.up.wait()
    await until_gone(*ours)
    await office.asterisk_is_empty()


async def test_health_says_what_is_missing_and_commands_say_the_way_out(office: Office) -> None:
    health, listed, broken = await asyncio.gather(
        asked(office, "health", "--json"),
        asked(office, "calls", "list"),
        asked(office, "calls", "hangup", "x", "--json"),
    )
    assert health.exit_code == 1
    parts = health.object["parts"]
    assert [part for part, one in parts.items() if one["is_ready"]] == [
        *("asterisk", "llm:script", "database", "jobs", "disk", "vad:silero")
    ]
    assert all("is `centralita up` running?" in one["detail"] for one in parts.values() if not one["is_ready"])
    assert listed.exit_code == broken.exit_code == 1
    assert listed == "centralita: calls cannot be reached; is `centralita up` running?\n"
    assert broken.object == {"ok": False, "error": "calls cannot be reached; is `centralita up` running?"}


# ── settings that are wrong ──

WRONG = {
    "a key nobody knows": (
        '[asterisk]\nari_urll = "http://127.0.0.1:8088"\n',
        "asterisk.ari_urll: is not known. Did you mean 'ari_url'?",
    ),
    "a password that is not there": (
        '[asterisk]\nari_password = "file:ari.secret"\n',
        "asterisk.ari_password: the secret file:ari.secret cannot be read from ",
    ),
    "a folder that cannot be": (
        '[run]\nstate_folder = "/dev/null/state"\n',
        "run.state_folder: /dev/null/state cannot be made: Not a directory; name another place",
    ),
    "no agents": (
        '[asterisk]\nari_password = "file:centralita.toml"\n[agents]\nfolder = "nowhere"\n',
        "nowhere: has no agents: put a file <name>.toml there (docs/agents.md), or set agents.folder",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_wrong_settings_are_one_line_that_says_the_way_out(tmp_path: Path, wrong: str) -> None:
    settings, complaint = WRONG[wrong]
    path = tmp_path / "centralita.toml"
    path.write_text(settings, encoding="utf-8")
    told = await centralita("up", "--settings", str(path))
    assert told.exit_code == 2
    assert told.startswith("centralita: ")
    assert told.count("\n") == 1
    assert complaint in told
