"""How fast words are found in encrypted calls, which are opened one by one, beside the same calls in clear.

The calls are those of `bench.storage`; the floor is the full-text index over the same metadata in a second database.
A common word is said in nearly every call, a rare one in few: for it all of them are opened, unless a date is given.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from bench.storage import searches, write_files
from storage.database.database import SQLITE, Database
from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key
from storage.encryption.words import Sealing
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.local import LocalRecordings
from storage.reindex import reindex
from storage.search import SearchQuery, search

TITLE: Final = "words of encrypted calls: opened one by one, beside the full-text index of the same calls in clear"
_ROUNDS: Final = 3


def measure(*, quick: bool) -> dict[str, Any]:
    """Return how long each search takes, in milliseconds (the best of three), sealed and in clear."""
    return asyncio.run(_measure(2000 if quick else 20_000))


async def _measure(files: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="centralita-bench-") as name:
        root = Path(name) / "recordings"
        write_files(root, files, transcripts=False)
        ring = KeyRing(FolderShelf(Path(name) / "keys"), MasterKeys(MasterKey.parse(new_master_key())))
        # One flush for each new key: making them is no part of a search, and on a disk it is what takes the time.
        store = EncryptedRecordings(LocalRecordings(root), ring)
        results: dict[str, Any] = {"calls": files}
        for kind, sealing in (("clear", None), ("sealed", store.sealing)):
            async with Database.open(f"{SQLITE}:///{name}/{kind}.db") as database:
                began = time.perf_counter()
                await reindex(database, root, store=store if sealing is not None else None)
                results[f"{kind}_index_per_second"] = round(files / (time.perf_counter() - began))
                for one in searches(files):
                    if one.query.text:
                        results[f"{kind}_ms {one.name}"] = await _milliseconds(database, one.query, sealing)
                rare = SearchQuery(text="nobodysaidthis")
                results[f"{kind}_ms a word nobody said"] = await _milliseconds(database, rare, sealing)
        opened = results["sealed_ms a word nobody said"]
        results["calls_opened_per_second"] = round(files / opened * 1000)
        return results


async def _milliseconds(database: Database, query: SearchQuery, sealing: Sealing | None) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        async with database.read() as connection:
            began = time.perf_counter()
            await search(connection, query, sealing)
            best = min(best, time.perf_counter() - began)
    return round(best * 1000, 2)


def table(results: Mapping[str, Any]) -> Table:
    """Return the searches side by side."""
    shown = Table("search, 50 newest", "encrypted, ms", "in clear, ms (floor)")
    for key in results:
        if key.startswith("sealed_ms "):
            name = key.removeprefix("sealed_ms ")
            shown.add_row(name, f"{results[key]:,.1f}", f"{results[f'clear_ms {name}']:,.1f}")
    shown.caption = f"{results['calls']:,} calls; {results['calls_opened_per_second']:,} calls opened a second"
    return shown
