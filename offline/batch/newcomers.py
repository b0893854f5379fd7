"""Recordings the index has not heard of: calls write files and need no database for it, so a batch looks first.

A recording whose call died before it could write its metadata is taken in too: its sound is all there is of it.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from offline.batch.results import Results
from offline.retranscribe.recording import SIDES, UnreadableRecording, open_recording
from storage.catalogue import RecordingUnknown
from storage.database.bulk import is_one_of
from storage.database.database import DatabaseUnavailable
from storage.database.tables import DELETED_RECORDINGS, RECORDINGS
from storage.metadata.schema import AudioMetadata, ConversationMetrics, RecordingMetadata
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import StoreUnavailable
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings, Signature
from vocabulary.errors import CentralitaError

QUIET_SECONDS: Final = 15 * 60.0
"""Sound without metadata that nobody has written to for so long belongs to a call whose process died."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A recording that could not even be indexed."""

    recording_id: str
    reason: str


async def index_newcomers(
    results: Results, now: float, *, takes_orphans: bool = True, calls: Collection[str] | None = None
) -> AsyncIterator[Unusable]:
    """Index the recordings whose files are there and whose rows are not; yield those that cannot be, and why.

    What was deleted for good is left alone.

    `now`: Unix time. `takes_orphans`: write metadata for sound that has none. `calls`: look at these only.

    Raises: DatabaseUnavailable, StoreUnavailable.
    """
    known: set[str] = set()
    async with results.database.read() as connection:
        for column in (RECORDINGS.c.recording_id, DELETED_RECORDINGS.c.recording_id):
            asking = select(column)
            if calls is not None:
                asking = asking.where(is_one_of(connection, column, [f"rec_{call_id}" for call_id in calls]))
            known.update((await connection.execute(asking)).scalars())
    async for call_id in results.store.calls() if calls is None else _each(calls):
        recording_id = f"rec_{call_id}"
        if recording_id in known:
            continue
        try:
            try:
                await results.checked(recording_id)
            except RecordingUnknown:
                metadata = await _orphan(results, call_id, now) if takes_orphans else None
                if metadata is not None:
                    await results.save(metadata)
                continue
            await results.index(recording_id)
        except (DatabaseUnavailable, StoreUnavailable):
            raise
        except CentralitaError as exc:
            yield Unusable(recording_id, f"{type(exc).__name__}: {exc}")


async def _each(calls: Collection[str]) -> AsyncIterator[str]:
    for call_id in calls:
        yield call_id


async def _orphan(results: Results, call_id: str, now: float) -> RecordingMetadata | None:
    """Return what can be told of sound alone; None while its call may go on, or when there is no sound here."""
    store = results.store
    local = store.local if isinstance(store, BothRecordings | EncryptedRecordings) else store
    if not isinstance(local, LocalRecordings):
        return None
    item = Item(call_id, Artefact.AUDIO)  # in clear: what has no metadata is taken in before it is encrypted
    found = await asyncio.to_thread(local.signature, item)
    if found is None or abs(now - found.modified_ns / 1e9) < QUIET_SECONDS:
        return None
    told = await results.transcript_file(f"rec_{call_id}") or {}
    return await asyncio.to_thread(orphan_metadata, call_id, local.path(item), found, told)


def orphan_metadata(call_id: str, path: Path, found: Signature, transcript: Mapping[str, object]) -> RecordingMetadata:
    """Return metadata made from a WAV, its times, and what a transcript's head says (`{}` without one).

    Raises: UnreadableRecording.
    """
    sound = open_recording(path)
    if not sound.seconds:
        raise UnreadableRecording(f"{path} holds no sound, and there are no metadata: remove it")
    began = transcript.get("started_at")
    if not isinstance(began, int | float) or isinstance(began, bool):
        began = max(0.0, round(found.modified_ns / 1e9 - sound.seconds, 3))
    agent, did, caller = (str(transcript.get(name) or "") for name in ("agent", "did", "caller"))
    return RecordingMetadata(
        recording_id=f"rec_{call_id}",
        conversation_id=call_id,
        agent=agent,
        did=did,
        caller=caller,
        started_at=began,
        audio=AudioMetadata(
            file=path.name,
            sample_rate=sound.rate,
            channels=tuple(side.value for side in SIDES if side in sound.sides),
            duration_seconds=round(sound.seconds, 3),
            size_bytes=found.size,
        ),
        metrics=ConversationMetrics(duration_seconds=round(sound.seconds, 3)),
    )
