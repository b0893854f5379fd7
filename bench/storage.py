"""The index of recordings: how fast it is rebuilt from the files, and how fast it answers; beside a scan of the files.

Synthetic calls: metadata of the newest schema with a realistic mixture of labels, about 60 words each of 2,000 that are
as unequally common as words are, and, if asked for, transcripts of six turns. The floor of a search is what one does
without an index: open every file, parse it, look.

What the worker's gleaner does between two full rounds is measured as well: a look at a folder nobody has written to,
and one at a folder with one new file, beside a walk through all its names.

The index is filled twice, each time fresh: as `reindex` does it (files read by a process beside the one that writes,
where there are cores for both), and by one process. Processor time is that of both processes; PostgreSQL's own is not
in it, for it is a server's.

    python -m bench.storage --files 100000 [--transcripts] [--postgres postgresql+psycopg://…]
    python -m tests.postgres python -m bench.storage --postgres URL
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group
from rich.table import Table
from sqlalchemy import delete
from sqlalchemy import table as table_of

from offline.arrivals import GRANULARITY_NS, Arrivals
from storage.database.database import Database
from storage.database.tables import ANALYSES, CONVERSATIONS, RECORDINGS, SEARCH_TABLE
from storage.recording_store.local import LocalRecordings
from storage.reindex import reindex
from storage.reindex_reader import is_worth_a_process
from storage.search import SearchQuery, search

TITLE: Final = "storage: metadata files into a fresh index, and searches over them"
FILES: Final = 100_000
QUICK_FILES: Final = 5_000
ROUNDS: Final = 15
"""Searches of a kind, after one that warms the pages."""
_NEW_YEAR: Final = 1_767_225_600.0
_SENTIMENTS: Final = ("positive", "neutral", "neutral", "neutral", "negative", "frustrated")
_INTENTS: Final = ("billing_inquiry", "technical_support", "cancellation", "sales", "complaint", "appointment")
_VOCABULARY: Final = tuple(f"{'acción' if number % 5 == 4 else 'palabra'}{number}" for number in range(2_000))
"""Every fifth with an accent: hardly a Spanish sentence is without."""
_WEIGHTS: Final = tuple(1 / (number + 10) for number in range(2_000))


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of search, and how a scan of the files recognises its hits."""

    name: str
    query: SearchQuery
    is_hit: Callable[[Mapping[str, Any]], bool]


def _looks(root: Path) -> dict[str, float]:
    later = time.time_ns() + 2 * GRANULARITY_NS
    arrivals = Arrivals(root, now_ns=lambda: later)
    first = _milliseconds(arrivals.look)
    quiet = min(_milliseconds(arrivals.look) for _ in range(ROUNDS))
    draft = root / "metadata" / ".draft"
    draft.touch()
    new = draft.rename(root / "metadata" / "rec_new_metadata.json")
    one_new = _milliseconds(arrivals.look)
    new.unlink()
    return {
        "look_first_ms": first,
        "look_quiet_ms": quiet,
        "look_one_new_ms": one_new,
        "look_walk_ms": _milliseconds(LocalRecordings(root).call_ids),
    }


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return round((time.perf_counter() - began) * 1000, 3)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan of the files found, and how long it took."""

    search: Search
    hits: list[str]
    seconds: float


def measure(*, quick: bool) -> dict[str, Any]:
    """Return the figures, for SQLite; seconds, milliseconds, files a second."""
    return run(QUICK_FILES if quick else FILES)


def run(files: int, *, transcripts: bool = False, postgres: str = "") -> dict[str, Any]:
    """Make the files in a temporary folder, index them, search them, and scan them.

    SQLite's figures stand at the top; those of the empty database at `postgres`, if given, under "postgresql".
    """
    with tempfile.TemporaryDirectory(prefix="bench-storage-") as name:
        root = Path(name)
        write_files(root, files, transcripts=transcripts)
        found: dict[str, Any] = {
            "files": files,
            "transcripts": transcripts,
            "is_beside": is_worth_a_process(files),
            **_looks(root),
        }
        scans = [_scanned(root, one) for one in searches(files)]
        found |= asyncio.run(_measure(root, files, f"sqlite+aiosqlite:///{root / 'index.db'}", scans))
        if postgres:
            found["postgresql"] = asyncio.run(_measure(root, files, postgres, scans))
        return found


def write_files(root: Path, files: int, *, transcripts: bool) -> None:
    """Write the synthetic calls, always the same ones."""
    dice = random.Random(7)
    for folder in ("metadata", "transcripts"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for number in range(files):
        call_id = f"call-{number:07}"
        words = dice.choices(_VOCABULARY, _WEIGHTS, k=60)
        lines = [" ".join(words[begin : begin + 20]) for begin in range(0, 60, 20)]
        (root / "metadata" / f"rec_{call_id}_metadata.json").write_text(
            json.dumps(_metadata(number, call_id, lines, dice))
        )
        if transcripts:
            turns = [turn for line in lines for turn in ({"speaker": "caller", "text": line}, {"speaker": "agent"})]
            path = root / "transcripts" / f"rec_{call_id}_transcript.json"
            path.write_text(json.dumps({"call_id": call_id, "turns": turns}))


def _metadata(number: int, call_id: str, lines: Sequence[str], dice: random.Random) -> dict[str, Any]:
    is_processed = dice.random() < 0.6
    return {
        "schema_version": 2,
        "recording_id": f"rec_{call_id}",
        "conversation_id": call_id,
        "agent": "telecom",
        "did": "+525512345678",
        "caller": "5533334444",
        "language": "es",
        "started_at": _NEW_YEAR + 60 * number,
        "kept_since": _NEW_YEAR + 60 * number,
        "audio": {
            "file": f"rec_{call_id}.wav",
            "sample_rate": 8000,
            "duration_seconds": 180.0,
            "size_bytes": 5_760_044,
            "checksum": f"sha256:{number:064x}",
        },
        "transcription": {"text": "\n".join(lines), "raw_text": "\n".join(lines), "confidence": 0.83},
        "analysis": {
            "sentiment": dice.choice(_SENTIMENTS),
            "sentiment_score": 0.1,
            "intent": dice.choice(_INTENTS),
            "topics": ["billing"],
            "entities": [{"kind": "phone", "text": "seis uno dos", "value": "612"}],
            "quality_score": 0.8,
        }
        if is_processed
        else None,
        "metrics": {"duration_seconds": 180.0, "total_turns": 6, "avg_total_latency_ms": 900.0},
        "turns": [{"speaker": who, "at": 7.5 * place} for place, who in enumerate(("caller", "agent") * 3)],
        "processed": is_processed,
        "processing_mode": "offline" if is_processed else "online",
        "pipeline_version": "1" if is_processed else "",
    }


def searches(files: int) -> list[Search]:
    """Return one search of every kind, common and rare words among them."""
    since = _NEW_YEAR + 60 * (files // 2)
    common, rare = _VOCABULARY[0], _VOCABULARY[-1]

    def analysis(one: Mapping[str, Any]) -> Mapping[str, Any]:
        return one["analysis"] or {}

    def says(one: Mapping[str, Any], word: str) -> bool:
        return word in one["transcription"]["text"].split()

    middle = f"call-{files // 2:07}"
    return [
        Search("conversation", SearchQuery(conversation=middle), lambda one: one["conversation_id"] == middle),
        Search(
            "date range",
            SearchQuery(since=since, until=since + 3600),
            lambda one: since <= one["started_at"] < since + 3600,
        ),
        Search("processed = no", SearchQuery(processed=False), lambda one: not one["processed"]),
        Search(
            "sentiment and intent",
            SearchQuery(sentiment="frustrated", intent="cancellation"),
            lambda one: (
                analysis(one).get("sentiment") == "frustrated" and analysis(one).get("intent") == "cancellation"
            ),
        ),
        Search(
            "sentiment nobody has",
            SearchQuery(sentiment="delighted"),
            lambda one: analysis(one).get("sentiment") == "delighted",
        ),
        Search("common word", SearchQuery(text=common), lambda one: says(one, common)),
        Search("rare word", SearchQuery(text=rare), lambda one: says(one, rare)),
        Search(
            "two words and a range",
            SearchQuery(text=f"{common} {rare}", since=since),
            lambda one: one["started_at"] >= since and says(one, common) and says(one, rare),
        ),
        Search(
            "common word nobody has in such a call",
            SearchQuery(text=common, sentiment="delighted"),
            lambda one: says(one, common) and analysis(one).get("sentiment") == "delighted",
        ),
    ]


async def _measure(root: Path, files: int, url: str, scans: Sequence[Scanned]) -> dict[str, Any]:
    figures: dict[str, Any] = {"database": url.partition("+")[0]}
    async with Database.open(url) as database:
        for name, beside in (("reindex_one_process", False), ("reindex", None)):
            async with database.begin() as connection:
                for index in (RECORDINGS, CONVERSATIONS, ANALYSES, table_of(SEARCH_TABLE)):
                    await connection.execute(delete(index))
            cpu = _cpu_seconds()
            report = await reindex(database, root, beside=beside)
            cpu = _cpu_seconds() - cpu
            if report.indexed != files or report.reported_count:
                raise RuntimeError(f"{report.indexed} of {files} files indexed, {report.reported_count} reported")
            figures |= {
                f"{name}_seconds": round(report.seconds, 2),
                f"{name}_files_per_second": round(report.files_per_second),
                f"{name}_cpu_seconds": round(cpu, 2),
                f"{name}_files_per_cpu_second": round(files / cpu),
            }
        rows: dict[str, dict[str, float]] = {}
        for scanned in scans:
            one, times = scanned.search, []
            for _ in range(ROUNDS + 1):
                began = time.perf_counter()
                async with database.read() as connection:
                    found = await search(connection, one.query)
                times.append((time.perf_counter() - began) * 1000)
            rows[one.name] = {
                "found": len(found),
                "median_ms": round(statistics.median(times[1:]), 2),
                "worst_ms": round(max(times[1:]), 2),
                "scan_ms": round(scanned.seconds * 1000, 1),
            }
            if sorted(scanned.hits) != sorted(row.recording_id for row in found):
                raise RuntimeError(f"the search and the scan disagree: {one.name}")
    return figures | {
        "search_slowest_median_ms": max(row["median_ms"] for row in rows.values()),
        "search_worst_ms": max(row["worst_ms"] for row in rows.values()),
        "scan_best_ms": min(row["scan_ms"] for row in rows.values()),
        "searches": rows,
    }


def _cpu_seconds() -> float:
    """Return what this process and those it has waited for have used."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


def _scanned(root: Path, one: Search) -> Scanned:
    began = time.perf_counter()
    hits = scan(root, one)
    return Scanned(one, hits, time.perf_counter() - began)


def scan(root: Path, one: Search) -> list[str]:
    """Find it without an index: open, parse and look at every file; return the newest, as many as a search."""
    hits = []
    for path in (root / "metadata").iterdir():
        metadata = json.loads(path.read_bytes())
        if one.is_hit(metadata):
            hits.append((metadata["started_at"], metadata["recording_id"]))
    hits.sort(reverse=True)
    return [recording_id for _, recording_id in hits[: one.query.limit]]


def table(result: Mapping[str, Any]) -> Group:
    """Return what a person reads."""
    filled = Table(
        "database",
        "read by",
        "s",
        "files a second",
        "a second of processor",
        title=f"{result['files']:,} files into a fresh index",
    )
    databases = [one for one in (result, result.get("postgresql")) if one is not None]
    for one in databases:
        usual = "a process beside" if result["is_beside"] else "the same process"
        for name, who in (("reindex", usual), ("reindex_one_process", "the same process")):
            figures = (one[f"{name}_{what}"] for what in ("seconds", "files_per_second", "files_per_cpu_second"))
            filled.add_row(one["database"], who, *(f"{figure:,}" for figure in figures))
    looks = Table(
        "nobody wrote, ms", "one new file, ms", "the first look, ms", "a walk, ms", title="a look for new calls"
    )
    looks.add_row(*(f"{result[f'look_{what}_ms']:,}" for what in ("quiet", "one_new", "first", "walk")))
    return Group(filled, looks, *(_searches_table(one) for one in databases))


def _searches_table(result: Mapping[str, Any]) -> Table:
    shown = Table("search", "found", "median ms", "worst ms", "scan of the files, ms", title=result["database"])
    for name, row in result["searches"].items():
        shown.add_row(name, str(row["found"]), f"{row['median_ms']}", f"{row['worst_ms']}", f"{row['scan_ms']:,.0f}")
    return shown


def main(arguments: Sequence[str]) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.storage", description=TITLE)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--transcripts", action="store_true", help="transcripts too, of six turns")
    parser.add_argument("--postgres", default="", metavar="URL", help="an empty PostgreSQL database, too")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args(arguments)
    result = run(options.files, transcripts=options.transcripts, postgres=options.postgres)
    if options.json:
        print(json.dumps(result))
    else:
        Console().print(table(result))


if __name__ == "__main__":
    main(sys.argv[1:])
