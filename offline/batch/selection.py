"""Which recordings a batch takes, newest first."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from offline.batch.results import Results
from storage.search import SearchQuery, search

PAGE: Final = 200
"""Rows read at a time."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted."""

    recording_ids: tuple[str, ...] = ()
    """These, and nothing else."""
    query: SearchQuery | None = None
    """Or what the index finds; `limit` and `before` in it do not matter."""
    limit: int | None = None
    """At most so many, those that cannot be processed at all aside: they must not keep the others waiting for ever."""


def one(recording_id: str) -> Selection:
    """Return the selection of a single recording; `rec_` may be left out."""
    return Selection((recording_id if recording_id.startswith("rec_") else f"rec_{recording_id}",))


def unprocessed(limit: int | None = None) -> Selection:
    """Return the selection of all that no second listening has done."""
    return Selection(query=SearchQuery(processed=False), limit=limit)


def between(since: float, until: float) -> Selection:
    """Return the selection of calls begun from `since` on and before `until`, in Unix time."""
    return Selection(query=SearchQuery(since=since, until=until))


async def chosen(results: Results, selection: Selection) -> AsyncIterator[str]:
    """Yield the ids, each once; rows that change meanwhile may be missed or met, never twice."""
    if selection.query is None:
        for recording_id in dict.fromkeys(selection.recording_ids):
            yield recording_id
        return
    before: int | None = None
    seen: set[str] = set()
    while True:
        async with results.database.read() as connection:
            page = await search(connection, replace(selection.query, limit=PAGE, before=before))
        if not page:
            return
        before = page[-1].number
        for found in page:
            if found.recording_id not in seen:
                yield found.recording_id
        # A row that is indexed anew may move by a few numbers, so only neighbours can come twice.
        seen = {found.recording_id for found in page}


async def count(results: Results, selection: Selection) -> int:
    """Return how many there are now; for the progress bar."""
    number = 0
    async for _ in chosen(results, selection):
        number += 1
        if selection.limit is not None and number >= selection.limit:
            break
    return number
