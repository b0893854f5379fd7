"""The index from the files: damage is told, nothing is lost, and a kill in the middle leaves something usable."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

import storage.reindex
from bench.storage import scan, searches, write_files
from storage.database import analyses, recordings
from storage.database.bulk import add_rows
from storage.database.database import Database, DatabaseUnavailable
from storage.database.tables import ANALYSES, CONVERSATIONS, CORRECTIONS, RECORDINGS, REPORTED_FILES, TURNS
from storage.reindex import reindex
from storage.reindex_reader import ReaderDied, reading
from storage.search import SearchQuery, search
from tests.postgres import PrivatePostgres
from tests.unit.storage.test_metadata import COMPLETE, OF_THE_FIRST_CALLS


def put(root: Path, name: str, value: object, folder: str = "metadata") -> Path:
    path = root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def metadata(call_id: str, **more: Any) -> dict[str, Any]:
    return COMPLETE | {"recording_id": f"rec_{call_id}", "conversation_id": call_id} | more


async def found(database: Database, **query: Any) -> list[str]:
    async with database.read() as connection:
        return [one.recording_id for one in await search(connection, SearchQuery(**query))]


async def test_every_kind_of_search_finds_what_a_scan_of_the_files_finds(database: Database, tmp_path: Path) -> None:
    write_files(tmp_path, 400, transcripts=True)
    report = await reindex(database, tmp_path)
    assert (report.files, report.indexed, report.reported) == (400, 400, [])
    for one in searches(400):
        async with database.read() as connection:
            hits = [row.recording_id for row in await search(connection, one.query)]
        assert hits == scan(tmp_path, one), one.name


async def test_damaged_files_are_told_and_the_rest_goes_on(database: Database, tmp_path: Path) -> None:
    whole = json.dumps(metadata("whole"))
    put(tmp_path, "rec_whole_metadata.json", whole)
    put(tmp_path, "rec_cut_metadata.json", whole[: len(whole) // 2])
    put(tmp_path, "rec_empty_metadata.json", "")
    put(tmp_path, "rec_new_metadata.json", metadata("new", schema_version=3))
    put(tmp_path, "rec_shape_metadata.json", metadata("shape", started_at="yesterday"))
    put(tmp_path, "rec_copy_metadata.json", whole)
    put(tmp_path, "notes.json", "{}")
    put(tmp_path, ".rec_whole_metadata.json.123.456", "half of a dra")
    put(tmp_path, "rec_sealed_metadata.json.enc", "xxxx")
    old = OF_THE_FIRST_CALLS | {"call_id": "old"}
    put(tmp_path, "rec_old_metadata.json", old)
    report = await reindex(database, tmp_path)
    told = {one.path.name: one.reason for one in report.reported}
    assert set(told) == {
        "rec_cut_metadata.json",
        "rec_empty_metadata.json",
        "rec_new_metadata.json",
        "rec_shape_metadata.json",
        "rec_copy_metadata.json",
        "rec_sealed_metadata.json.enc",
        "notes.json",
    }
    assert "cut short" in told["rec_cut_metadata.json"]
    assert told["rec_empty_metadata.json"] == "empty"
    assert "schema 3" in told["rec_new_metadata.json"]
    assert "started_at" in told["rec_shape_metadata.json"]
    assert "contents rec_whole" in told["rec_copy_metadata.json"]
    assert "encrypted" in told["rec_sealed_metadata.json.enc"]
    assert (report.indexed, report.older, report.reported_count) == (2, 1, 7)
    assert sorted(await found(database)) == ["rec_old", "rec_whole"]
    async with database.read() as connection:
        assert len((await connection.execute(select(REPORTED_FILES.c.path))).all()) == 7
    assert json.loads((tmp_path / "metadata" / "rec_old_metadata.json").read_text()) == old, "files are only read"


async def test_a_file_that_broke_keeps_what_the_index_knew_of_it(database: Database, tmp_path: Path) -> None:
    path = put(tmp_path, "rec_a_metadata.json", metadata("a"))
    await reindex(database, tmp_path)
    path.write_text("{")
    report = await reindex(database, tmp_path)
    assert report.reported_count == 1
    assert await found(database) == ["rec_a"]


async def test_rows_of_files_that_are_gone_go_too(database: Database, tmp_path: Path) -> None:
    gone = put(tmp_path, "rec_gone_metadata.json", metadata("gone"))
    put(tmp_path, "rec_kept_metadata.json", metadata("kept"))
    await reindex(database, tmp_path)
    gone.unlink()
    report = await reindex(database, tmp_path)
    assert report.removed == 1
    assert await found(database) == ["rec_kept"]
    assert await found(database, text="saldo") == ["rec_kept"]


async def test_a_disk_that_is_not_mounted_does_not_empty_the_index(database: Database, tmp_path: Path) -> None:
    put(tmp_path, "rec_a_metadata.json", metadata("a"))
    await reindex(database, tmp_path)
    with pytest.raises(FileNotFoundError, match="nothing was changed"):
        await reindex(database, tmp_path / "elsewhere")
    assert await found(database) == ["rec_a"]


async def test_doing_it_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    write_files(tmp_path, 50, transcripts=True)
    await reindex(database, tmp_path)
    before = await found(database)
    report = await reindex(database, tmp_path)
    assert (report.indexed, report.removed) == (50, 0)
    assert await found(database) == before


async def test_calls_that_began_in_the_same_moment_are_all_kept(database: Database, tmp_path: Path) -> None:
    for number in range(300):
        put(tmp_path, f"rec_{number}_metadata.json", metadata(str(number), started_at=0))
    report = await reindex(database, tmp_path)
    assert report.indexed == 300
    assert len(await found(database, limit=1000)) == 300


async def test_words_turns_and_corrections_come_from_the_transcript(database: Database, tmp_path: Path) -> None:
    put(tmp_path, "rec_a_metadata.json", metadata("a", transcription=None))
    turn = {
        "speaker": "caller",
        "at": 1.5,
        "text": "Facturación\0, por favor",
        "heard": "factura acción por favor",
        "corrections": [{"heard": "factura acción", "meant": "Facturación", "rule": "exact"}],
        "latency": {"stt_ms": 10.0, "note\0": "\\u0000 and \0"},
    }
    put(tmp_path, "rec_a_transcript.json", {"turns": [turn]}, "transcripts")
    report = await reindex(database, tmp_path)
    assert report.reported == []
    assert await found(database, text="FACTURACION favor") == ["rec_a"]
    assert await found(database, text="factur*") == ["rec_a"]
    assert await found(database, text="factur") == []
    async with database.read() as connection:
        row = (await connection.execute(select(TURNS))).one()
        assert (row.text, row.latency) == ("Facturación, por favor", {"stt_ms": 10.0, "note": "\\u0000 and "})
        assert (await connection.execute(select(CORRECTIONS.c.meant))).scalar_one() == "Facturación"


async def test_a_broken_transcript_costs_its_words_only(database: Database, tmp_path: Path) -> None:
    put(tmp_path, "rec_a_metadata.json", metadata("a"))
    put(tmp_path, "rec_a_transcript.json", '{"turns": [{"spea', "transcripts")
    report = await reindex(database, tmp_path)
    assert "indexed without its words" in report.reported[0].reason
    assert await found(database, text="saldo") == ["rec_a"]


async def test_results_that_only_files_know_of_come_back(database: Database, tmp_path: Path) -> None:
    put(tmp_path, "rec_a_metadata.json", metadata("a", pipeline_version="3", processed_at=1795276800.0))
    await reindex(database, tmp_path)
    await reindex(database, tmp_path)
    async with database.read() as connection:
        (one,) = await analyses.of_recording(connection, "rec_a")
    assert (one.pipeline_version, one.finished_at) == ("3", 1795276800.0)
    assert one.result["topics"] == ["billing", "technical_support"]


async def test_a_call_that_ends_meanwhile_is_not_overwritten_by_what_was_read_before(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "rec_a_metadata.json", metadata("a", processed=False))
    write = recordings.replace
    is_first = True

    async def change_the_file_then_write(connection: Any, entries: Any) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            put(tmp_path, "rec_a_metadata.json.new", metadata("a", processed=True)).replace(path)
        await write(connection, entries)

    monkeypatch.setattr(recordings, "replace", change_the_file_then_write)
    await reindex(database, tmp_path)
    assert await found(database, processed=True) == ["rec_a"]


async def test_a_process_beside_us_reads_the_same(database: Database, tmp_path: Path) -> None:
    write_files(tmp_path, 300, transcripts=True)
    put(tmp_path, "rec_cut_metadata.json", "{")
    put(tmp_path, "rec_sealed_metadata.json.enc", "xxxx")
    here = await reindex(database, tmp_path, beside=False)
    rows = await everything(database)
    async with database.begin() as connection:
        await recordings.forget(connection, [f"rec_call-{number:07}" for number in range(300)])
    beside = await reindex(database, tmp_path, beside=True)
    assert (beside.files, beside.indexed, beside.older) == (here.files, here.indexed, here.older) == (302, 300, 0)
    assert beside.reported == here.reported
    assert await everything(database) == rows


async def everything(database: Database) -> list[object]:
    async with database.read() as connection:
        return [
            tuple(row)
            for table in (RECORDINGS, CONVERSATIONS, TURNS, ANALYSES)
            for row in await connection.execute(select(table).order_by(*table.primary_key))
        ]


async def test_a_reader_that_is_killed_is_told_and_what_was_written_stays(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, 1000, transcripts=False)
    monkeypatch.setattr(storage.reindex, "BATCH", 50)

    def kill_it(done: int, total: int) -> None:
        for process in children():
            os.kill(process, signal.SIGKILL)

    with pytest.raises(ReaderDied, match="reindex again"):
        await reindex(database, tmp_path, beside=True, progress=kill_it)
    usable = len(await found(database, limit=5000))
    assert 50 <= usable < 1000
    assert usable % 50 == 0, "whole batches"
    assert not children(), "nobody is left behind"
    assert (await reindex(database, tmp_path, beside=True)).indexed == 1000


def children() -> list[int]:
    """Return the processes this one has started that read files."""
    mine = [int(one) for path in Path("/proc/self/task").glob("*/children") for one in path.read_text().split()]
    return [one for one in mine if b"storage.reindex_reader" in Path(f"/proc/{one}/cmdline").read_bytes()]


async def test_a_folder_that_cannot_be_listed_is_an_error_also_beside_us(tmp_path: Path) -> None:
    with (
        reading(tmp_path, 10, beside=True) as batches,
        pytest.raises(FileNotFoundError),
    ):
        await asyncio.to_thread(next, batches)


async def test_a_server_that_goes_away_while_rows_are_copied_is_unavailable(postgres: PrivatePostgres) -> None:
    async with Database.open(postgres.new_database()) as database:

        async def copy_when_cut_off() -> None:
            async with database.begin() as connection:
                pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
                async with database.begin() as other:
                    await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
                await add_rows(connection, "reported_files", ("path", "reason", "at"), [("secret path", "why", 1.0)])

        with pytest.raises(DatabaseUnavailable) as told:
            await copy_when_cut_off()
        assert "secret" not in str(told.value)


REINDEX = """
import asyncio, sys
from pathlib import Path
import storage.reindex
from storage.database.database import Database

storage.reindex.BATCH = 50

async def main():
    async with Database.open(sys.argv[1]) as database:
        await storage.reindex.reindex(database, Path(sys.argv[2]), progress=lambda done, total: print(done, flush=True))

asyncio.run(main())
"""


async def test_kill_9_in_the_middle_leaves_an_index_that_can_be_used_and_completed(
    database_url: str, tmp_path: Path
) -> None:
    write_files(tmp_path, 2000, transcripts=False)
    arguments = (sys.executable, "-c", REINDEX, database_url, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(5):
        done = int(await process.stdout.readline())
    process.kill()
    await process.communicate()
    async with Database.open(database_url) as database:
        usable = len(await found(database, limit=5000))
        assert done <= usable < 2000
        assert usable % 50 == 0, "whole batches"
        assert len(await found(database, text="palabra0", limit=5000)) > 0
        report = await reindex(database, tmp_path)
        assert report.indexed == 2000
        assert len(await found(database, limit=5000)) == 2000


async def test_a_file_we_may_not_read_is_told(database: Database, tmp_path: Path) -> None:
    put(tmp_path, "rec_a_metadata.json", metadata("a"))
    os.symlink(tmp_path / "nowhere", tmp_path / "metadata" / "rec_b_metadata.json")
    report = await reindex(database, tmp_path)
    assert [one.path.name for one in report.reported] == ["rec_b_metadata.json"]
    assert "No such file" in report.reported[0].reason
