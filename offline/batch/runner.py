"""Many second listenings: so many at a time, told as they go, stopped after the one in hand.

Nothing is remembered between runs but the results themselves: a batch that was killed is resumed by starting it again.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from offline.batch.listeners import Listener, version
from offline.batch.material import Stage, StageFailed
from offline.batch.newcomers import index_newcomers
from offline.batch.report import BatchReport, Done, Outcome
from offline.batch.results import InTransaction, Kept, Results, is_done, is_gone
from offline.batch.selection import Selection, chosen, count
from storage.catalogue import RecordingUnknown
from storage.hangup_notes import enter_hangups
from storage.jobs.failure_text import failure_text
from storage.jobs.job import LeaseLost
from storage.recording_store.errors import RecordingErased
from vocabulary.errors import CentralitaError

MOST_REFUSALS: Final = 3
"""So many recordings in a row that failed for want of disk or database end the batch: the next would fail as well."""
_ELSEWHERE: Final = (
    "the index knows {}, but its files are neither here nor in a bucket: they are on the machine that recorded it and"
    " wait to be uploaded, or were removed by hand (`centralita recordings reindex` forgets those)"
)
_OUTCOMES: Final = {Kept.WRITTEN: Outcome.PROCESSED, Kept.ALREADY: Outcome.ALREADY, Kept.GONE: Outcome.GONE}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many recordings the batch has before it."""

    total: int


@dataclass(frozen=True, slots=True)
class AtStage:
    """A recording comes to a stage."""

    recording_id: str
    stage: Stage


News = Counted | AtStage | Done
Tell = Callable[[News], None]
"""Told what happens, perhaps from another thread."""


def _nobody(news: News) -> None:
    """Tell nobody."""


async def process(
    results: Results,
    listener: Listener,
    recording_id: str,
    pipeline_version: str,
    *,
    again: bool = False,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
    tell: Tell = _nobody,
    also: InTransaction | None = None,
) -> Done:
    """Do one recording from its files to its rows; `also` happens in the transaction of the rows.

    Raises: LeaseLost from `also`; nothing for what is wrong with the recording, its files or their places: that is in
    what is returned.
    """
    began = time.monotonic()
    stage = Stage.ESTIMATE

    def at(which: Stage) -> None:
        nonlocal stage
        stage = which
        tell(AtStage(recording_id, which))

    def done(outcome: Outcome) -> Done:
        return Done(recording_id, outcome, seconds=time.monotonic() - began)

    try:
        metadata = await results.checked(recording_id)
        if is_gone(metadata):
            return await _without_result(results, done(Outcome.GONE), also)
        if is_done(metadata, pipeline_version) and not again:
            if not dry_run:
                await results.settle(metadata, also)
            return done(Outcome.ALREADY)
        if dry_run:
            return done(Outcome.WOULD)
        async with results.material(metadata) as material:
            heard = await listener.listen(material, at)
        if isinstance(heard, StageFailed):
            failed = done(Outcome.FAILED)
            return replace(failed, stage=heard.stage.value, reason=heard.reason, is_retryable=heard.is_retryable)
        at(Stage.KEEP)
        kept = await results.keep(heard, now(), again=again, also=also)
        retranscribed = heard.is_retranscribed and kept is Kept.WRITTEN
        return replace(done(_OUTCOMES[kept]), is_retranscribed=retranscribed, problems=heard.problems)
    except LeaseLost:
        raise  # another worker's job now; what was written is rolled back, and this is nobody's failure
    except RecordingErased:
        return await _without_result(results, done(Outcome.GONE), also)
    except RecordingUnknown as exc:
        failed = replace(done(Outcome.FAILED), stage=stage.value, reason=str(exc))
        if not await results.is_indexed(recording_id):
            return failed
        return replace(failed, reason=_ELSEWHERE.format(recording_id), is_elsewhere=True)
    except (CentralitaError, OSError, SQLAlchemyError) as exc:
        is_retryable = exc.retryable if isinstance(exc, CentralitaError) else True
        # Our own errors say what to do; of anybody else's the place helps whoever must mend it.
        reason = str(exc) if isinstance(exc, CentralitaError) else failure_text(exc)
        return replace(done(Outcome.FAILED), stage=stage.value, reason=reason, is_retryable=is_retryable)


async def _without_result(results: Results, one: Done, also: InTransaction | None) -> Done:
    if also is not None:
        async with results.database.begin() as connection:
            await also(connection)
    return one


class Batch:
    """One run over a selection."""

    def __init__(
        self,
        results: Results,
        listener: Listener,
        *,
        again: bool = False,
        dry_run: bool = False,
        now: Callable[[], float] = time.time,
        tell: Tell = _nobody,
    ) -> None:
        """`again` does those anew that this version has done; `now` gives Unix time."""
        self._results = results
        self._listener = listener
        self._again = again
        self._dry_run = dry_run
        self._now = now
        self._tell = tell
        self._report = BatchReport()
        self._is_stopping = False
        self._spent = 0
        """Recordings that count against the limit."""
        self._refusals = 0
        self._running: set[asyncio.Task[Done]] = set()

    def stop(self) -> None:
        """Take no more recordings; `run` returns when those in hand are done."""
        self._is_stopping = True

    async def run(self, selection: Selection) -> BatchReport:
        """Process the selection and return what happened.

        Raises: EarUnavailable, DatabaseUnavailable, StoreUnavailable: when not even a beginning can be made.
        """
        began = time.monotonic()
        if not self._dry_run:
            await enter_hangups(self._results, self._now())
        if selection.query is not None:
            async for unusable in index_newcomers(self._results, self._now(), takes_orphans=not self._dry_run):
                self._add(Done(unusable.recording_id, Outcome.FAILED, "index", unusable.reason))
                if self._is_stopping:
                    break
        total = await count(self._results, selection)
        self._tell(Counted(total + self._report.total))
        if total:
            self._report.pipeline_version = await version(self._listener)
            await self._run(selection)
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _run(self, selection: Selection) -> None:
        try:
            async for recording_id in chosen(self._results, selection):
                while self._running and (self._is_full or self._may_be_enough(selection.limit)):
                    await self._wait()
                if self._is_stopping or self._report.stopped:
                    self._report.is_interrupted = self._is_stopping
                    break
                if selection.limit is not None and self._spent >= selection.limit:
                    break
                self._running.add(asyncio.create_task(self._process(recording_id), name=f"listen {recording_id}"))
            while self._running:
                await self._wait()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def _is_full(self) -> bool:
        return len(self._running) >= self._listener.places

    def _may_be_enough(self, limit: int | None) -> bool:
        return limit is not None and self._spent + len(self._running) >= limit

    async def _process(self, recording_id: str) -> Done:
        return await process(
            self._results,
            self._listener,
            recording_id,
            self._report.pipeline_version,
            again=self._again,
            dry_run=self._dry_run,
            now=self._now,
            tell=self._tell,
        )

    async def _wait(self) -> None:
        """Wait until at least one is done, and note what became of it."""
        ended, self._running = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            self._add(task.result())

    def _add(self, one: Done) -> None:
        self._report.add(one)
        self._tell(one)
        if one.outcome is Outcome.FAILED:
            # What can never be done must not keep the others waiting, however often it is met.
            self._spent += one.is_retryable
        else:
            self._spent += one.outcome in (Outcome.PROCESSED, Outcome.WOULD)
        self._refusals = self._refusals + 1 if one.is_retryable else 0
        if self._refusals >= MOST_REFUSALS:
            self._report.stopped = (
                f"{self._refusals} recordings in a row failed for the same kind of reason: {one.reason}"
            )
