"""`centralita up`: keeps the child processes running, and takes them all down again.

A dead child is started again at once (`restart_policy` says when it is not). A child may have a spare: a second
process that has imported everything and waits; when the first one dies the spare is told to take over, which takes
milliseconds instead of the second or more that a start takes on a busy machine. A child may have a pulse; when the
serving process has one and loses it (`liveness`), it hangs, and is killed to make room for the next.

Children are started in the given order, each as soon as the one before it serves, and stopped in the reverse order.
They die with us, even when we are killed, except those that say otherwise (`guard` still has callers to rescue then).
"""

import asyncio
import contextlib
import ctypes
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from centralita.child import READY_LINE, READY_VARIABLE, STANDBY_VARIABLE
from centralita.liveness import Liveness, LivenessPatience
from centralita.restart_policy import RestartPatience, RestartPolicy
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_OUTPUT_LINE_BYTES: Final = 256 * 1024


class AlreadyRunning(CentralitaError):
    """Another supervisor keeps the same children."""

    def __init__(self, lock: Path) -> None:
        super().__init__(f"it runs already: another process holds {lock}")
        self.lock = lock


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One process to keep alive."""

    name: str
    """Shown before each line of its output."""
    argv: tuple[str, ...]
    """Like `(sys.executable, "-m", "engines.speech")`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to our own."""
    has_spare: bool = False
    """Keep a second, waiting process; the program must call `centralita.child.wait_until_needed`."""
    dies_with_us: bool = True
    """False for a child that still has work to do when we are killed, and then ends by itself."""
    ready_seconds: float = 60.0
    """If it does not say READY by then, the next child is started all the same and health says so."""
    stop_seconds: float = 10.0
    """From SIGTERM to SIGKILL."""
    pulse: Callable[[], AsyncIterator[int]] | None = None
    """Makes an endless source of signs of life: the pid of whoever gave one. Only the serving process's own count."""
    liveness: LivenessPatience = field(default_factory=LivenessPatience)
    """How long a process that had a pulse may be without."""
    has_pulse_from_start: bool = False
    """Nobody else can have the pulse once it is ready, so that one never felt is one lost."""


@dataclass(frozen=True, slots=True)
class ChildStatus:
    """How a child is doing."""

    name: str
    pid: int | None
    """None while it is not running."""
    is_ready: bool
    starts: int
    """1 after the first start."""
    last_exit: int | None
    """Exit status of the process before this one; negative: minus the signal's number."""


class _Process:
    """One running process of a child, serving or spare."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        ready_fd: int,
        standby_fd: int | None,
        liveness: LivenessPatience,
    ) -> None:
        self.process = process
        self.liveness = Liveness(liveness)
        self.born_at = time.monotonic()
        self.ready = asyncio.Event()
        self._ready_fd: int | None = ready_fd
        self._standby_fd = standby_fd
        asyncio.get_running_loop().add_reader(ready_fd, self._read_ready)

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    def take_over(self) -> None:
        """Let a spare serve."""
        if self._standby_fd is not None:
            with contextlib.suppress(OSError):  # it has just died: its exit is noticed elsewhere
                os.write(self._standby_fd, b"!")
            self._close_standby()
            self.born_at = time.monotonic()

    def send(self, number: signal.Signals) -> None:
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def close(self) -> None:
        """Give back the pipes; a spare that still waits ends by this."""
        self._close_ready()
        self._close_standby()

    def _read_ready(self) -> None:
        assert self._ready_fd is not None
        if os.read(self._ready_fd, 64).upper().startswith(READY_LINE.strip()):
            self.ready.set()
        self._close_ready()

    def _close_ready(self) -> None:
        if self._ready_fd is not None:
            asyncio.get_running_loop().remove_reader(self._ready_fd)
            os.close(self._ready_fd)
            self._ready_fd = None

    def _close_standby(self) -> None:
        if self._standby_fd is not None:
            os.close(self._standby_fd)
            self._standby_fd = None


class _Child:
    """Keeps one child alive until told to stop."""

    def __init__(self, spec: ChildSpec, patience: RestartPatience, on_change: Callable[[], None], out: TextIO) -> None:
        self.spec = spec
        self._policy = RestartPolicy(patience)
        self._on_change = on_change
        self._out = out
        self._serving: _Process | None = None
        self._spare: _Process | None = None
        self._stopping = asyncio.Event()
        self._readers: set[asyncio.Task[None]] = set()
        self.is_ready = asyncio.Event()
        self._starts = 0
        self._last_exit: int | None = None
        self._is_pulse_felt = False

    def status(self) -> ChildStatus:
        serving = self._serving
        pid = serving.process.pid if serving and serving.is_alive else None
        return ChildStatus(self.spec.name, pid, self.is_ready.is_set(), self._starts, self._last_exit)

    async def keep_alive(self) -> None:
        """Start it, start it again, until `stop`."""
        if self.spec.pulse is None:
            return await self._start_again_and_again()
        feeling = asyncio.create_task(self._feel_pulse(self.spec.pulse()), name=f"{self.spec.name} pulse")
        feeling.add_done_callback(self._pulse_ended)
        try:
            await self._start_again_and_again()
        finally:
            feeling.cancel()
            await asyncio.wait([feeling])

    async def _start_again_and_again(self) -> None:
        while not self._stopping.is_set():
            serving = await self._next_process()
            if self._stopping.is_set():  # asked while it was being made: `stop` has not seen it
                await self._terminate(serving)
            await self._until_it_ends(serving)
            lived_seconds = time.monotonic() - serving.born_at
            self._last_exit = serving.process.returncode
            serving.close()
            self.is_ready.clear()
            self._on_change()
            if self._stopping.is_set():
                break
            pause_seconds = self._policy.pause_seconds(lived_seconds)
            logger.warning(
                "child died",
                extra={"child": self.spec.name, "exit": self._last_exit, "restart_in_seconds": pause_seconds},
            )
            if pause_seconds:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause_seconds)
        await self._end_spare()
        if self._readers:
            # Bounded, because a grandchild that lives on may hold the pipe open for ever
            _, unfinished = await asyncio.wait(self._readers, timeout=1.0)
            for reader in unfinished:
                reader.cancel()

    async def stop(self) -> None:
        """End it: SIGTERM, patience, SIGKILL. Returns when it is gone; `keep_alive` ends too."""
        self._stopping.set()
        if self._serving is not None:
            await self._terminate(self._serving)

    async def _terminate(self, process: _Process) -> None:
        process.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.process.wait(), self.spec.stop_seconds)
        except TimeoutError:
            logger.warning("child does not stop", extra={"child": self.spec.name})
            process.send(signal.SIGKILL)
            await process.process.wait()

    async def _feel_pulse(self, pulse: AsyncIterator[int]) -> None:
        self._is_pulse_felt = True
        async for pid in pulse:
            if self._serving is not None and self._serving.process.pid == pid:
                self._serving.liveness.beat()

    def _pulse_ended(self, feeling: "asyncio.Task[None]") -> None:
        self._is_pulse_felt = False
        if not feeling.cancelled():
            logger.error("pulse is no longer felt", extra={"child": self.spec.name}, exc_info=feeling.exception())

    async def _kill_if_it_hangs(self, serving: _Process) -> None:
        while not serving.liveness.is_hung(time.monotonic()):  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(self.spec.liveness.look_seconds)
        if self._is_pulse_felt:  # else it is we who have gone deaf
            logger.error("child hangs", extra={"child": self.spec.name, "pid": serving.process.pid})
            serving.send(signal.SIGKILL)  # one that is stopped would not hear anything gentler

    async def _next_process(self) -> _Process:
        spare, self._spare = self._spare, None
        if spare is not None and spare.is_alive:
            spare.take_over()
            serving = spare
        else:
            if spare is not None:
                spare.close()
            serving = await self._spawn(is_spare=False)
        self._serving = serving
        self._starts += 1
        self._on_change()
        return serving

    async def _until_it_ends(self, serving: _Process) -> None:
        ended = asyncio.create_task(serving.process.wait(), name=f"{self.spec.name} ends")
        ready = asyncio.create_task(serving.ready.wait(), name=f"{self.spec.name} ready")
        looking = asyncio.create_task(self._kill_if_it_hangs(serving), name=f"{self.spec.name} hangs")
        await asyncio.wait((ended, ready), return_when=asyncio.FIRST_COMPLETED)
        if serving.ready.is_set() and serving.is_alive:
            if self.spec.has_pulse_from_start:
                serving.liveness.beat()  # who hangs between this and the first sign is to be found, too
            self.is_ready.set()
            self._on_change()
            await self._make_spare()
        ready.cancel()
        await ended
        looking.cancel()

    async def _make_spare(self) -> None:
        """Only now, when the serving process serves: while it starts, it should have the machine for itself."""
        if self.spec.has_spare and not self._stopping.is_set():
            self._spare = await self._spawn(is_spare=True)

    async def _end_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()
            await self._terminate(spare)

    async def _spawn(self, *, is_spare: bool) -> _Process:
        ready_read, ready_write = os.pipe()
        inherited = [ready_write]
        environment = {**os.environ, **self.spec.environment, READY_VARIABLE: str(ready_write)}
        environment.pop(STANDBY_VARIABLE, None)
        standby_write = None
        if is_spare:
            standby_read, standby_write = os.pipe()
            inherited.append(standby_read)
            environment[STANDBY_VARIABLE] = str(standby_read)
        try:
            process = await asyncio.create_subprocess_exec(
                *self.spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                pass_fds=inherited,
                preexec_fn=_die_with_parent if self.spec.dies_with_us else _live_apart,
                limit=_OUTPUT_LINE_BYTES,
            )
        finally:
            for descriptor in inherited:
                os.close(descriptor)
        reader = asyncio.create_task(self._copy_output(process), name=f"{self.spec.name} output")
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        return _Process(process, ready_read, standby_write, self.spec.liveness)

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than anybody wants to read: dropped
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip("\n")
            self._out.write(f"[{self.spec.name}] {text}\n")
            self._out.flush()


class Supervisor:
    """All the children of `centralita up`."""

    def __init__(
        self,
        children: Sequence[ChildSpec],
        *,
        patience: RestartPatience | None = None,
        on_change: Callable[[ChildStatus], None] = lambda status: None,
        out: TextIO | None = None,
        lock: Path | None = None,
    ) -> None:
        """`children` in the order of their start; `on_change` hears of every start, readiness and death; their output
        goes, line by line behind their names, to `out` (our standard output). The file `lock` is held meanwhile."""
        patience = patience or RestartPatience()
        stream = out or sys.stdout
        self._lock = lock
        self._stop_asked = asyncio.Event()
        self._children: list[_Child] = []
        for spec in children:
            self._children.append(_Child(spec, patience, lambda spec=spec: on_change(self.status(spec.name)), stream))  # type: ignore[misc]  # bound now

    def status(self, name: str) -> ChildStatus:
        """How one child is doing. Raises: KeyError."""
        for child in self._children:
            if child.spec.name == name:
                return child.status()
        raise KeyError(name)

    def statuses(self) -> tuple[ChildStatus, ...]:
        """How all of them are doing, in the order of their start."""
        return tuple(child.status() for child in self._children)

    def stop(self) -> None:
        """Ask `run` to take everything down and return."""
        self._stop_asked.set()

    async def wait_ready(self) -> None:
        """Wait until every child serves."""
        for child in self._children:
            await child.is_ready.wait()

    async def run(self, *, handle_signals: bool = True) -> None:
        """Start everything, keep it alive until SIGTERM, SIGINT or `stop`, and take it down again.

        Raises: AlreadyRunning.
        """
        with _held(self._lock), self._told_by_signals(handle_signals):
            async with asyncio.TaskGroup() as tasks:
                starting = tasks.create_task(self._start(tasks), name="start children")
                await self._stop_asked.wait()
                starting.cancel()
                for child in reversed(self._children):
                    await child.stop()

    @contextlib.contextmanager
    def _told_by_signals(self, handle_signals: bool) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT) if handle_signals else ()
        for number in numbers:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def _start(self, tasks: asyncio.TaskGroup) -> None:
        for child in self._children:
            tasks.create_task(child.keep_alive(), name=f"keep {child.spec.name} alive")
            try:
                await asyncio.wait_for(child.is_ready.wait(), child.spec.ready_seconds)
            except TimeoutError:
                logger.error("child does not get ready", extra={"child": child.spec.name})


@contextlib.contextmanager
def _held(lock: Path | None) -> Iterator[None]:
    """Hold the file for as long as the block runs; the kernel lets go of it when we are killed.

    Raises: AlreadyRunning.
    """
    if lock is None:
        yield
        return
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(lock) from None
        yield


def _die_with_parent() -> None:
    """In the new process, before the program: the kernel ends it when we end, however we end."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    _live_apart()


def _live_apart() -> None:
    """In the new process: Ctrl-C at the terminal is for us; we then stop the children in their order."""
    os.setpgrp()
