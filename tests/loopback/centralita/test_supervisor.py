"""The supervisor with real child processes."""

import asyncio
import contextlib
import io
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from centralita.liveness import LivenessPatience
from centralita.restart_policy import RestartPatience
from centralita.supervisor import AlreadyRunning, ChildSpec, ChildStatus, Supervisor

ROOT = Path(__file__).parents[3]
SERVE = "from centralita.child import *; wait_until_needed(); print('serving', flush=True); tell_ready(); "
SLEEP = "import time; time.sleep(600)"


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", textwrap.dedent(program))


def child(name: str, program: str, **more: object) -> ChildSpec:
    return ChildSpec(name, python(program), environment={"PYTHONPATH": str(ROOT)}, **more)  # type: ignore[arg-type]  # any of its fields


class Output(io.StringIO):
    """What the children printed, and a bell that rings with every line."""

    def __init__(self, changed: asyncio.Event) -> None:
        super().__init__()
        self._changed = changed

    def write(self, text: str) -> int:
        self._changed.set()
        return super().write(text)


class Watched:
    """A supervisor that runs, and everything it told."""

    def __init__(self, *children: ChildSpec) -> None:
        self.history: list[ChildStatus] = []
        self._changed = asyncio.Event()
        self.out = Output(self._changed)
        patience = RestartPatience(healthy_seconds=60, first_pause_seconds=0.05, longest_pause_seconds=0.1)
        self.supervisor = Supervisor(children, patience=patience, on_change=self._note, out=self.out)

    def _note(self, status: ChildStatus) -> None:
        self.history.append(status)
        self._changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    async def until_ready(self, name: str, starts: int) -> ChildStatus:
        def is_so() -> bool:
            status = self.supervisor.status(name)
            return status.is_ready and status.starts == starts

        await self.until(is_so)
        return self.supervisor.status(name)


@contextlib.asynccontextmanager
async def running(*children: ChildSpec) -> AsyncIterator[Watched]:
    watched = Watched(*children)
    task = asyncio.create_task(watched.supervisor.run(handle_signals=False))
    try:
        yield watched
    finally:
        watched.supervisor.stop()
        await task


def kill(status: ChildStatus) -> None:
    assert status.pid is not None
    os.kill(status.pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until_dead(pid: int) -> None:
    """Wait for the end of a process that is not our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(descriptor)
    os.close(descriptor)


async def test_children_start_in_order_each_when_the_one_before_serves() -> None:
    async with running(child("first", SERVE + SLEEP), child("second", SERVE + SLEEP)) as watched:
        async with asyncio.timeout(20):
            await watched.supervisor.wait_ready()
        told = [(status.name, status.is_ready) for status in watched.history]
        assert told == [("first", False), ("first", True), ("second", False), ("second", True)]
    assert all(status.pid is None for status in watched.supervisor.statuses())
    assert "[first] serving\n" in watched.out.getvalue()


async def test_a_killed_child_is_started_again() -> None:
    async with running(child("calls", SERVE + SLEEP)) as watched:
        before = await watched.until_ready("calls", starts=1)
        kill(before)
        after = await watched.until_ready("calls", starts=2)
        assert after.pid != before.pid
        assert after.last_exit == -signal.SIGKILL


async def test_a_spare_takes_over_and_is_replaced_by_another() -> None:
    # A child that says its own pid before it waits shows that it was there before it was needed
    program = "import os; print('spare', os.getpid(), flush=True)\n" + SERVE.replace("; ", "\n") + SLEEP
    async with running(child("calls", program, has_spare=True)) as watched:
        for starts in (1, 2):
            status = await watched.until_ready("calls", starts)
            await watched.until(lambda starts=starts: watched.out.getvalue().count("spare") == starts + 1)  # type: ignore[misc]  # bound now
            kill(status)
            successor = await watched.until_ready("calls", starts + 1)
            assert f"spare {successor.pid}\n" in watched.out.getvalue()
    pids = [int(line.split()[-1]) for line in watched.out.getvalue().splitlines() if "spare" in line]
    assert not any(is_alive(pid) for pid in pids)


async def test_a_child_that_cannot_live_does_not_stop_the_others() -> None:
    dying = ChildSpec("dying", python("raise SystemExit(3)"), ready_seconds=0.2)
    async with running(dying, child("calls", SERVE + SLEEP)) as watched:
        await watched.until_ready("calls", starts=1)
        await watched.until(lambda: watched.supervisor.status("dying").starts >= 4)
        assert watched.supervisor.status("dying").last_exit == 3


async def test_a_child_that_ignores_sigterm_is_killed() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    async with running(child("deaf", deaf + SERVE + SLEEP, stop_seconds=0.2)) as watched:
        pid = (await watched.until_ready("deaf", starts=1)).pid
    assert pid is not None
    assert not is_alive(pid)


async def test_stopping_is_in_reverse_order_and_lets_children_say_goodbye() -> None:
    polite = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()));"
    async with running(child("guard", polite + SERVE + SLEEP), child("calls", polite + SERVE + SLEEP)) as watched:
        await watched.until_ready("calls", starts=1)
    goodbyes = [line for line in watched.out.getvalue().splitlines() if line.endswith("bye")]
    assert goodbyes == ["[calls] bye", "[guard] bye"]


async def test_two_supervisors_do_not_keep_the_same_children(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    first = Supervisor([child("calls", SERVE + SLEEP)], lock=lock, out=io.StringIO())
    second = Supervisor([child("calls", SERVE + SLEEP)], lock=lock, out=io.StringIO())
    running_first = asyncio.create_task(first.run(handle_signals=False))
    await first.wait_ready()
    with pytest.raises(AlreadyRunning, match="it runs already"):
        await second.run(handle_signals=False)
    first.stop()
    await running_first
    second.stop()
    await second.run(handle_signals=False)


@dataclass
class Pulse:
    """Signs of life, given by the test."""

    signs: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    async def felt(self) -> AsyncIterator[int]:
        while True:
            yield await self.signs.get()
            self.signs.task_done()


IMPATIENT = LivenessPatience(silence_seconds=0.04, look_seconds=0.02)


async def test_a_child_that_loses_its_pulse_is_killed_and_its_spare_takes_over() -> None:
    pulse = Pulse()
    hanging = child("calls", SERVE + SLEEP, has_spare=True, pulse=pulse.felt, liveness=IMPATIENT)
    async with running(hanging) as watched:
        before = await watched.until_ready("calls", starts=1)
        assert before.pid is not None
        os.kill(before.pid, signal.SIGSTOP)
        pulse.signs.put_nowait(before.pid)
        after = await watched.until_ready("calls", starts=2)
        assert after.last_exit == -signal.SIGKILL
        assert not is_alive(before.pid)


async def test_a_pulse_that_is_another_s_says_nothing_about_our_child() -> None:
    pulse = Pulse()
    silent = child("calls", SERVE + SLEEP, pulse=pulse.felt, liveness=IMPATIENT)
    async with running(silent, child("later", SERVE + SLEEP)) as watched:
        pulse.signs.put_nowait(1)
        await pulse.signs.join()
        await watched.until_ready("later", starts=1)  # a whole start of a process: many times our impatience
        assert watched.supervisor.status("calls").starts == 1


async def test_a_child_whose_pulse_is_its_own_is_killed_when_it_never_has_one() -> None:
    silent = child("agi", SERVE + SLEEP, pulse=Pulse().felt, has_pulse_from_start=True, liveness=IMPATIENT)
    async with running(silent) as watched:
        after = await watched.until_ready("agi", starts=2)
        assert after.last_exit == -signal.SIGKILL


async def test_a_pulse_that_can_no_longer_be_felt_kills_nobody() -> None:
    async def felt() -> AsyncIterator[int]:
        yield (await watched.until_ready("calls", starts=1)).pid or 0
        raise ValueError("the source is broken")

    healthy = child("calls", SERVE + SLEEP, pulse=felt, liveness=IMPATIENT)
    async with running(healthy, child("later", SERVE + SLEEP)) as watched:
        await watched.until_ready("later", starts=1)
        assert watched.supervisor.status("calls").starts == 1


async def test_children_die_with_a_killed_parent_but_for_the_one_that_may_live() -> None:
    up = f"""
    import asyncio, sys
    from centralita.supervisor import *
    sleeper = (sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); {SERVE} time.sleep(600)")
    asyncio.run(Supervisor([ChildSpec("guard", sleeper, dies_with_us=False), ChildSpec("calls", sleeper)]).run())
    """
    process = await asyncio.create_subprocess_exec(
        *python(up), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    pids: dict[str, int] = {}
    async with asyncio.timeout(20):
        while len(pids) < 2:
            name, _, rest = (await process.stdout.readline()).decode().partition("] ")
            if rest.strip().isdigit():
                pids[name] = int(rest)
        process.kill()
        await process.wait()
        await until_dead(pids["[calls"])
    assert is_alive(pids["[guard"])
    os.kill(pids["[guard"], signal.SIGKILL)
    process._transport.close()  # type: ignore[attr-defined]  # the guard held its output open
