"""Two machines with bank files of their own and one database: what one is taught corrects the other's calls."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from centralita.bank_command import bank_app
from engines.correction.keeper import BankKeeper
from engines.correction.live import LiveProofreader
from offline.bank_sharing import BankSharing
from storage.database import bank_entries
from storage.database.database import Database
from tests.loopback.storage.conftest import database, database_url, postgres

__all__ = ["database", "database_url", "postgres"]

ROOT = Path(__file__).resolve().parents[2]
RULES = '[[rules]]\nid = "own"\nheard = "sita"\nmeant = "cita"\n'


def machine(folder: Path) -> Path:
    folder.mkdir()
    (folder / "telecom.toml").write_text(RULES, "utf-8")
    return folder


def bank(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(bank_app, [*words, "--folder", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    return done.stdout


async def test_a_correction_promoted_here_reaches_the_calls_there_and_can_be_undone_there(
    database: Database, tmp_path: Path
) -> None:
    here, there = machine(tmp_path / "here"), machine(tmp_path / "there")
    worker_here, worker_there = BankSharing(here, database), BankSharing(there, database)
    calls_here, calls_there = (LiveProofreader([folder / "telecom.toml"]) for folder in (here, there))
    assert (await worker_here.share(), await worker_there.share()) == (0, 0)

    for conversation in "12":
        words = ("correct", "telecom", "mi biagero no va", "mi viajero no va", "--conversation", conversation)
        await asyncio.to_thread(bank, here, *words, "--confirmations", "2", "--by", "ana")
    assert await worker_here.share() == 3  # seen twice, and a rule
    assert await worker_there.share() == 3
    assert calls_there.refresh()
    assert calls_there.correct("mi biagero y mi sita").text == "mi viajero y mi cita"

    await asyncio.to_thread(bank, there, "undo", "telecom", "--by", "eva")
    assert (await worker_there.share(), await worker_here.share()) == (1, 1)
    assert calls_here.refresh()
    assert calls_here.correct("mi biagero").text == "mi biagero"
    rows = json.loads(await asyncio.to_thread(bank, here, "history", "telecom"))
    assert [(row["what"], row["by"], row["counts"]) for row in rows] == [
        ("sighting", "ana", True), ("sighting", "ana", True), ("rule", "", False), ("undone", "eva", False),
    ]  # fmt: skip

    files = [(folder / "telecom.journal.jsonl").read_bytes() for folder in (here, there)]
    assert [await worker.share() for worker in (worker_here, worker_there, worker_here, worker_there)] == [0] * 4
    assert [(folder / "telecom.journal.jsonl").read_bytes() for folder in (here, there)] == files


async def test_the_workers_of_two_machines_carry_a_correction_from_one_to_the_other(
    database_url: str, tmp_path: Path
) -> None:
    proofreaders = {}
    for name in ("here", "there"):
        shutil.copytree(ROOT / "agents", tmp_path / name / "agents")
        (tmp_path / name / "centralita.toml").write_text(f'[storage]\ndatabase = "{database_url}"\n', "utf-8")
        proofreaders[name] = LiveProofreader([tmp_path / name / "agents" / "banks" / "telecom.toml"])

    async def works(name: str) -> None:
        words = ("worker", "--once", "--settings", str(tmp_path / name / "centralita.toml"))
        done = await asyncio.create_subprocess_exec(sys.executable, "-m", "centralita.cli", *words, cwd=ROOT)
        assert await done.wait() == 0

    taught = BankKeeper(tmp_path / "here" / "agents" / "banks" / "telecom.toml", confirmations=1)
    taught.correct_transcript("mi biagero no va", "mi viajero no va", by="ana", conversation="1")
    await works("here")
    await works("there")
    assert proofreaders["there"].refresh()
    assert proofreaders["there"].correct("mi biagero").text == "mi viajero"


async def test_workers_that_share_at_once_and_begin_anew_double_nothing(database: Database, tmp_path: Path) -> None:
    here, there = machine(tmp_path / "here"), machine(tmp_path / "there")
    bank_words = [f"plan {number}" for number in "abcdefgh"]
    for number, word in enumerate(bank_words):
        await asyncio.to_thread(bank, (here, there)[number % 2], "add", "telecom", word, "--kind", "product")
    await asyncio.gather(*(BankSharing(folder, database).share() for folder in (here, there, here, there)))
    await asyncio.gather(*(BankSharing(folder, database).share() for folder in (here, there, here, there)))
    for folder in (here, there):
        listed = json.loads(await asyncio.to_thread(bank, folder, "list", "telecom"))
        assert sorted(term["text"] for term in listed["terms"]) == bank_words
        assert len((folder / "telecom.journal.jsonl").read_text("utf-8").splitlines()) == len(bank_words)
    async with database.read() as connection:
        assert len(await bank_entries.entries_of(connection, "telecom")) == len(bank_words)


async def test_what_contradicts_is_told_once_without_its_words(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = machine(tmp_path / "here"), machine(tmp_path / "there")
    await asyncio.to_thread(bank, here, "add", "telecom", "salgo", "saldo")
    await asyncio.to_thread(bank, there, "add", "telecom", "salgo", "salvo")
    worker_here, worker_there = BankSharing(here, database), BankSharing(there, database)
    for _ in range(2):
        await worker_here.share()
        await worker_there.share()
    assert [record.message for record in caplog.records] == ["correction of another machine contradicts this bank"] * 2
    assert not {"salgo", "saldo", "salvo"} & set(caplog.text.split())
    assert LiveProofreader([here / "telecom.toml"]).correct("salgo").text == "saldo"


async def test_a_bank_that_cannot_be_read_keeps_no_other_from_being_shared(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = machine(tmp_path / "here"), machine(tmp_path / "there")
    (here / "broken.toml").write_text("[[rules", "utf-8")
    (here / "broken.journal.jsonl").write_text("{}\n", "utf-8")
    await asyncio.to_thread(bank, there, "add", "telecom", "salgo", "saldo")
    await BankSharing(there, database).share()
    worker = BankSharing(here, database)
    assert (await worker.share(), await worker.share()) == (1, 0)
    assert [record.message for record in caplog.records] == ["bank not shared"]
