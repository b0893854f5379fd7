"""Where the listening happens: in a thread of this process, or in processes of their own, one for each core.

Every process has its own pool of one, so that sound which kills its process (a damaged model, memory) takes nobody
else's along; the recording is tried once more in a new one. A process ends with the one that started it, however that
ended.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Final, Protocol

from offline.batch.equipment import Equipment, Workshop
from offline.batch.material import Material, SecondListening, Stage, StageFailed
from offline.batch.pipeline import Observe, Pipeline, version_of

Heard = SecondListening | StageFailed
_ATTEMPTS: Final = 2
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Libraries that would otherwise start a thread for every core, in every process."""


class Listener(Protocol):
    """Listens to recordings, `places` at a time."""

    places: int

    async def stages(self) -> dict[str, str]:
        """Return the version of each stage. Raises: EarUnavailable."""
        ...

    async def listen(self, material: Material, observe: Observe = lambda stage: None) -> Heard:
        """Do the stages; `observe` may be told less often than there are stages, and from another thread."""
        ...

    def close(self) -> None:
        """End threads and processes; waits for what they are at."""
        ...


async def version(listener: Listener) -> str:
    """Return the pipeline's version. Raises: EarUnavailable."""
    return version_of(await listener.stages())


class InThisProcess:
    """One recording at a time, in a thread."""

    places = 1

    def __init__(self, equipment: Equipment) -> None:
        self._workshop = Workshop(equipment)
        self._pipeline = Pipeline(self._workshop)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="second listening")

    async def stages(self) -> dict[str, str]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._pipeline.stages)

    async def listen(self, material: Material, observe: Observe = lambda stage: None) -> Heard:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._pipeline.run, material, observe)

    def close(self) -> None:
        self._thread.shutdown()
        self._workshop.close()


class InProcesses:
    """Several recordings at a time, each in a process of its own."""

    def __init__(self, equipment: Equipment, places: int) -> None:
        """Processes start when they are first needed, and load their ear then."""
        self.places = places
        self._equipment = equipment
        self._free: list[ProcessPoolExecutor | None] = [None] * places
        self._has_free = asyncio.Semaphore(places)

    async def stages(self) -> dict[str, str]:
        async with self._place() as place:
            return await asyncio.get_running_loop().run_in_executor(place.pool(), _stages)

    async def listen(self, material: Material, observe: Observe = lambda stage: None) -> Heard:
        async with self._place() as place:
            observe(Stage.ESTIMATE)
            for _ in range(_ATTEMPTS):
                try:
                    return await asyncio.get_running_loop().run_in_executor(place.pool(), _listen, material)
                except BrokenProcessPool:
                    place.drop()
        reason = f"the process that listened died {_ATTEMPTS} times: damaged sound, or too little memory"
        return StageFailed(material.metadata.recording_id, Stage.RETRANSCRIBE, reason, is_retryable=True)

    def close(self) -> None:
        for pool in self._free:
            if pool is not None:
                pool.shutdown()
        self._free = [None] * self.places

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator["_Place"]:
        async with self._has_free:
            place = _Place(self._equipment, self._free.pop())
            try:
                yield place
            finally:
                self._free.append(place.kept)


class _Place:
    """A process, or the room for one."""

    def __init__(self, equipment: Equipment, pool: ProcessPoolExecutor | None) -> None:
        self._equipment = equipment
        self.kept = pool

    def pool(self) -> ProcessPoolExecutor:
        if self.kept is None:
            self.kept = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(self._equipment,)
            )
            with _one_thread():
                # The process starts with its first task, and inherits the environment of that moment.
                self.kept.submit(os.getpid)
        return self.kept

    def drop(self) -> None:
        if self.kept is not None:
            self.kept.shutdown(wait=False)
            self.kept = None


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def open_listener(equipment: Equipment, places: int) -> Listener:
    """Return what listens to `places` recordings at a time: one needs no process of its own."""
    return InThisProcess(equipment) if places == 1 else InProcesses(equipment, places)


# -- in the process that listens --------------------------------------------------------------------------------------

_pipelines: list[Pipeline] = []
"""This process's one, once it has begun."""


def _begin(equipment: Equipment) -> None:
    # Ctrl-C reaches the whole group; who started us says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    _pipelines.append(Pipeline(Workshop(equipment)))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _stages() -> dict[str, str]:
    return _pipelines[0].stages()


def _listen(material: Material) -> Heard:
    return _pipelines[0].run(material)
