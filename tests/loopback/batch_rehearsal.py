"""A process that lets batches die: for every line of its input it runs one in a child that is killed at a given moment.

A moment is a boundary: a stage that begins, a file that is about to be written or has just been, rows that are written
and not committed, a recording that is done. The models are loaded once, before the children are made, so that a hundred
deaths take seconds. A line is JSON, {"folder": …, "kill_at": n}; 0 kills nobody. The answer is {"killed": …,
"moments": […]}. Nothing of this is in the product: stores and results are wrapped here.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from offline.batch.equipment import Workshop
from offline.batch.listeners import InThisProcess
from offline.batch.material import SecondListening
from offline.batch.pipeline import Pipeline
from offline.batch.results import InTransaction, Kept, Results
from offline.batch.runner import AtStage, Batch, Counted, News
from offline.batch.selection import unprocessed
from storage.database.database import Database
from storage.recording_store.item import Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import Content, Stored
from tests.loopback.batch_calls import Calls, quick_equipment


class Moments:
    """Notes every moment in a file, and dies at one."""

    def __init__(self, file: Path, kill_at: int) -> None:
        self._file = file
        self._kill_at = kill_at
        self._count = 0

    def pass_by(self, name: str) -> None:
        self._count += 1
        with self._file.open("a") as file:
            file.write(f"{name}\n")
        if self._count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, news: News) -> None:
        match news:
            case AtStage(recording_id, stage):
                self.pass_by(f"{recording_id} {stage.value}")
            case Counted():
                self.pass_by("counted")
            case _:
                self.pass_by(f"{news.recording_id} {news.outcome.value}")


class MortalStore(LocalRecordings):
    def __init__(self, root: Path, moments: Moments) -> None:
        super().__init__(root)
        self._moments = moments

    async def put(self, item: Item, content: Content) -> Stored:
        self._moments.pass_by(f"before {item.key}")
        stored = await super().put(item, content)
        self._moments.pass_by(f"after {item.key}")
        return stored


class MortalResults(Results):
    def __init__(self, store: MortalStore, database: Database, moments: Moments) -> None:
        super().__init__(store, database)
        self._moments = moments

    async def keep(
        self, found: SecondListening, now: float, *, again: bool = False, also: InTransaction | None = None
    ) -> Kept:
        async def before_the_commit(connection: AsyncConnection) -> None:
            self._moments.pass_by(f"{found.recording_id} not committed")

        return await super().keep(found, now, again=again, also=before_the_commit)


class WarmListener(InThisProcess):
    """Listens with models that were loaded before this process was."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop.equipment)
        self._workshop = workshop
        self._pipeline = Pipeline(workshop)


async def run(folder: Path, kill_at: int, workshop: Workshop) -> int:
    calls = Calls(folder)
    moments = Moments(folder / "moments", kill_at)
    async with Database.open(calls.url) as database:
        results = MortalResults(MortalStore(calls.root, moments), database, moments)
        batch = Batch(results, WarmListener(workshop), tell=moments.tell)
        return (await batch.run(unprocessed())).exit_code


def rehearse(order: dict[str, Any], workshop: Workshop) -> dict[str, Any]:
    folder = Path(order["folder"])
    (folder / "moments").unlink(missing_ok=True)
    child = os.fork()
    if not child:
        code = 99
        try:
            code = asyncio.run(run(folder, order["kill_at"], workshop))
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    moments = (folder / "moments").read_text().splitlines() if (folder / "moments").exists() else []
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {"killed": killed, "code": None if killed else os.waitstatus_to_exitcode(status), "moments": moments}


def main() -> None:
    workshop = Workshop(quick_equipment())
    Pipeline(workshop).stages()
    workshop.tools("telecom").proofreader.correct("hola")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(rehearse(json.loads(line), workshop)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
