"""What was said in a call, as the index has it: turn by turn, with what was corrected."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.index_rows import CORRECTION_PLACES, TURN_PLACES
from storage.database.tables import CORRECTIONS, TURNS
from storage.encryption.words import Sealing


@dataclass(frozen=True, slots=True)
class SaidCorrection:
    """Words that were heard wrong."""

    heard: str = field(repr=False)
    meant: str = field(repr=False)
    rule: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """One turn."""

    position: int
    speaker: str
    at_seconds: float
    """Since the call began."""
    text: str = field(repr=False)
    heard: str = field(repr=False)
    corrections: tuple[SaidCorrection, ...] = field(repr=False)


async def turns_of(connection: AsyncConnection, conversation_id: str, sealing: Sealing | None = None) -> list[SaidTurn]:
    """Return a call's turns in order; without `sealing` encrypted words are returned as they lie there.

    Raises: KeyErased, KeyMissing, WrongMasterKey, CiphertextDamaged.
    """
    turns = await connection.execute(
        select(TURNS).where(TURNS.c.conversation_id == conversation_id).order_by(TURNS.c.position)
    )
    corrections = await connection.execute(
        select(CORRECTIONS)
        .where(CORRECTIONS.c.conversation_id == conversation_id)
        .order_by(CORRECTIONS.c.turn, CORRECTIONS.c.position)
    )
    rows = [dict(row._mapping) for row in turns], [dict(row._mapping) for row in corrections]
    return await asyncio.to_thread(_said, *rows, sealing)


def _said(turns: list[dict[str, Any]], corrections: list[dict[str, Any]], sealing: Sealing | None) -> list[SaidTurn]:
    for rows, places in ((turns, TURN_PLACES), (corrections, CORRECTION_PLACES)):
        for row in rows if sealing is not None else ():
            assert sealing is not None
            row.update({(name := place.partition(".")[2]): sealing.open_text(place, row[name]) for place in places})
    return [
        SaidTurn(
            turn["position"],
            turn["speaker"],
            turn["at_seconds"],
            turn["text"],
            turn["heard"],
            tuple(
                SaidCorrection(one["heard"], one["meant"], one["rule"])
                for one in corrections
                if one["turn"] == turn["position"]
            ),
        )
        for turn in turns
    ]
