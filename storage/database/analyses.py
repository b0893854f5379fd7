"""What second listenings found: one result for each recording and version of the pipeline, never two.

With encryption on a result is written by the call's seal, whole: its entities repeat what was said.
"""

import asyncio
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any, cast

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.index_rows import ANALYSIS_PLACE
from storage.database.tables import ANALYSES
from storage.encryption.words import Seal, Sealing


@dataclass(frozen=True, slots=True)
class Analysis:
    """One result."""

    recording_id: str
    pipeline_version: str
    finished_at: float
    """Unix time."""
    result: dict[str, Any]
    """As in the metadata's `analysis`; `Any` because it is JSON."""


async def keep(connection: AsyncConnection, analysis: Analysis, seal: Seal | None = None) -> bool:
    """Keep a result unless there is one for its recording and version; return whether it was kept."""
    values = {name: getattr(analysis, name) for name in Analysis.__slots__}
    if seal is not None:
        values["result"] = seal.value(ANALYSIS_PLACE, analysis.result)
    keys = [ANALYSES.c.recording_id, ANALYSES.c.pipeline_version]
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(ANALYSES).values(values).on_conflict_do_nothing(index_elements=keys)
    done = await connection.execute(statement.returning(ANALYSES.c.recording_id))
    return done.first() is not None


async def replace(connection: AsyncConnection, analysis: Analysis, seal: Seal | None = None) -> None:
    """Keep a result in place of the one there is: for `--reprocess`."""
    await forget(connection, analysis.recording_id, analysis.pipeline_version)
    await keep(connection, analysis, seal)


async def find(
    connection: AsyncConnection, recording_id: str, pipeline_version: str, sealing: Sealing | None = None
) -> Analysis | None:
    """Return the result of this version, or None; without `sealing` an encrypted one is returned as it lies there.

    Raises: KeyErased, KeyMissing, WrongMasterKey, CiphertextDamaged.
    """
    wanted = select(ANALYSES).where(
        ANALYSES.c.recording_id == recording_id, ANALYSES.c.pipeline_version == pipeline_version
    )
    row = (await connection.execute(wanted)).first()
    return None if row is None else await _opened(Analysis(**row._mapping), sealing)


async def of_recording(
    connection: AsyncConnection, recording_id: str, sealing: Sealing | None = None
) -> list[Analysis]:
    """Return all results of a recording, the oldest first. Raises: as `find`."""
    wanted = select(ANALYSES).where(ANALYSES.c.recording_id == recording_id).order_by(ANALYSES.c.finished_at)
    return [await _opened(Analysis(**row._mapping), sealing) for row in await connection.execute(wanted)]


async def _opened(one: Analysis, sealing: Sealing | None) -> Analysis:
    if sealing is None:
        return one
    result = await asyncio.to_thread(sealing.open_value, ANALYSIS_PLACE, one.result)
    return changed(one, result=cast(dict[str, Any], result))


async def forget(connection: AsyncConnection, recording_id: str, pipeline_version: str = "") -> None:
    """Delete the results of a recording; of one version, if it is given."""
    statement = delete(ANALYSES).where(ANALYSES.c.recording_id == recording_id)
    if pipeline_version:
        statement = statement.where(ANALYSES.c.pipeline_version == pipeline_version)
    await connection.execute(statement)
