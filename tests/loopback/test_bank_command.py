"""`centralita bank …` on real files: taught, used by what runs, undone; and processes killed while they teach."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from centralita.bank_command import bank_app
from engines.correction.journal import FileJournal, Sighting
from engines.correction.live import LiveProofreader

KILLED = """
import sys
from pathlib import Path
from engines.correction.keeper import BankKeeper
keeper = BankKeeper(Path(sys.argv[1]), confirmations=10**9, may_be_right=lambda phrase: False)
number = 0
while True:
    number += 1
    keeper.correct_transcript("mi biagero no va", "mi viajero no va", conversation=f"{sys.argv[2]}-{number}")
    print(number, flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "company.toml").write_text('[[rules]]\nid = "own"\nheard = "sita"\nmeant = "cita"\n', "utf-8")
    return tmp_path


def bank(folder: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(bank_app, [*words, "--folder", str(folder)])
    assert done.exit_code == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def told(folder: Path, *words: str) -> Any:
    return json.loads(bank(folder, *words, "--json"))


def test_what_a_person_corrects_is_used_by_the_running_proofreader_and_can_be_undone(folder: Path) -> None:
    calls = LiveProofreader([folder / "company.toml"])
    correct = ("correct", "company", "mi biagero no va", "mi viajero no va", "--confirmations", "2", "--by", "ana")
    assert not told(folder, *correct, "--conversation", "1")["promoted"]
    assert not calls.refresh() or calls.correct("mi biagero").text == "mi biagero"
    [candidate] = told(folder, "candidates", "company")
    assert (candidate["heard"], candidate["meant"], candidate["conversations"]) == ("biagero", "viajero", 1)
    assert told(folder, *correct, "--conversation", "2")["promoted"] == [candidate["id"]]
    assert calls.refresh()
    assert calls.correct("mi biagero y mi sita").text == "mi viajero y mi cita"
    assert told(folder, "undo", "company")["undone"]["what"] == "rule"
    assert calls.refresh()
    assert calls.correct("mi biagero y mi sita").text == "mi biagero y mi cita"
    assert told(folder, "promote", "company", candidate["id"])["rule"]["meant"] == "viajero"
    assert calls.refresh()
    assert calls.correct("mi biagero").text == "mi viajero"
    assert [row["what"] for row in told(folder, "history", "company")] == [
        "sighting",
        "sighting",
        "rule",
        "undone",
        "rule",
    ]


def test_rules_and_words_are_added_listed_exported_imported_and_removed(folder: Path) -> None:
    bank(folder, "add", "company", "salgo", "saldo", "--after", "el", "--after", "mi", "--id", "salgo")
    bank(folder, "add", "company", "fibra total", "--kind", "product")
    (folder / "streets.txt").write_text("calle ñu\n", "utf-8")
    assert told(folder, "import", "company", str(folder / "streets.txt"), "--kind", "street")["terms"] == 1
    shown = told(folder, "list", "company")
    assert shown["rules"][1] == {"id": "salgo", "heard": "salgo", "meant": "saldo", "after": ["el", "mi"]}
    assert shown["terms"] == [{"text": "fibra total", "kind": "product"}, {"text": "calle ñu", "kind": "street"}]
    out = folder / "out" / "copy.toml"
    out.parent.mkdir()
    bank(folder, "export", "company", str(out))
    assert list(out.parent.iterdir()) == [out]
    assert told(folder, "import", "new", str(out)) == {"ok": True, "rules": 2, "terms": 2}
    assert told(folder, "list", "new") == shown
    bank(folder, "remove", "company", "salgo")
    assert [rule["id"] for rule in told(folder, "list", "company")["rules"]] == ["own"]
    [figures] = told(folder, "stats", "company")
    assert (figures["rules"], figures["terms_by_kind"]) == (1, {"product": 1, "street": 1})
    assert [row["bank"] for row in told(folder, "list")] == ["company", "new"]


def test_what_cannot_be_done_is_one_clear_line(folder: Path) -> None:
    assert "there is no bank" in bank(folder, "list", "compani", code=1)
    assert "neither a rule nor a term" in bank(folder, "remove", "company", "x", code=1)
    assert "no candidate" in bank(folder, "promote", "company", "x", code=1)
    assert "nothing to undo" in bank(folder, "undo", "company", code=1)
    assert "no name of a bank" in bank(folder, "add", "../x", "a", "b", code=1)
    assert not list(folder.glob("*.jsonl")) or FileJournal(folder / "company.journal.jsonl").read() == ()


def test_two_that_teach_and_are_killed_lose_nothing_they_confirmed(folder: Path) -> None:
    journal = FileJournal(folder / "company.journal.jsonl")
    confirmed = {"a": 0, "b": 0}
    for _ in range(2):
        teaching = {
            name: subprocess.Popen(
                [sys.executable, "-c", KILLED, str(folder / "company.toml"), f"{name}{confirmed[name]}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in confirmed
        }
        for name, process in teaching.items():
            assert process.stdout is not None
            for _ in range(5):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            confirmed[name] += 5 + len(process.stdout.readlines())
            process.stdout.close()
            process.wait(30)
    entries = [entry for entry in journal.read() if isinstance(entry, Sighting)]
    seen = [entry.conversation for entry in entries]
    assert len(seen) == len(set(seen))
    for name, count in confirmed.items():
        mine = [one for one in seen if one.startswith(name)]
        # written but killed before it could be told: at most one for each of the two lives
        assert count <= len(mine) <= count + 2
