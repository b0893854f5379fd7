"""Where a queue keeps its jobs and workers, and what their columns and states are called there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, literal_column

from storage.jobs.job import JobState


@dataclass(frozen=True, slots=True)
class JobTable:
    """One queue's tables."""

    table: Table
    id: Column[int]
    kind: Column[str]
    args: Column[Any]
    queue: Column[str]
    state: Column[str]
    priority: Column[int]
    attempts: Column[int]
    key: Column[str]
    lock: Column[str]
    run_at: Column[datetime]
    worker: Column[int]
    is_cancel_wanted: Column[bool]
    workers: Table
    worker_id: Column[int]
    beat: Column[Any]
    states: Mapping[str, JobState]
    """What each word in `state` means."""
    written: Mapping[JobState, str]
    """The word a running job gets."""

    def word(self, state: JobState) -> ColumnElement[str]:
        """Return a state as a word of the statement, no parameter.

        SQLite uses a partial index only when it reads its condition in the statement.
        """
        return literal_column(f"'{self.written[state]}'")

    def is_in(self, state: JobState) -> ColumnElement[bool]:
        """Return the condition that a job is waiting, or running."""
        return self.state == self.word(state)
