"""`centralita customers …` and `centralita callbacks …` on real databases, as a person types them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from centralita.callbacks_command import callbacks_app
from centralita.customers_command import customers_app
from storage.notes import APPOINTMENT, CALLBACK, Note, Notes
from tests.loopback.storage.conftest import database_url, postgres
from tests.postgres import running_postgres

__all__ = ["database_url", "postgres"]

SEED = Path(__file__).resolve().parents[3] / "examples" / "customers.toml"


class House:
    def __init__(self, folder: Path, url: str = "", *, customers_in: str = "database") -> None:
        self.folder = folder
        self.url = url
        self.settings = folder / "centralita.toml"
        self.settings.write_text(
            f'[storage]\nlocal_path = "data/recordings"\ncustomers = "{SEED}"\ncustomers_in = "{customers_in}"\n',
            "utf-8",
        )
        self.notes = Notes(folder / "data" / "notes")

    def note(self, kind: str, **details: str) -> Note:
        return asyncio.run(self.notes.keep(kind, details))

    def says(self, app: Typer, *words: str, code: int = 0) -> str:
        given = ("--database", self.url) if self.url else ()
        done = CliRunner().invoke(app, [*words, "--settings", str(self.settings), *given])
        assert done.exit_code == code, done.output
        return done.stdout + (done.stderr if code else "")

    def told(self, app: Typer, *words: str, code: int = 0) -> Any:
        return json.loads(self.says(app, *words, "--json", code=code).splitlines()[0])


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path, database_url)


def test_out_of_the_box_the_examples_are_there_and_nobody_is_shown_in_full(tmp_path: Path) -> None:
    house = House(tmp_path)
    listed = house.told(customers_app, "list")["customers"]
    assert [one["customer_id"] for one in listed] == ["10001", "10002", "10003", "10004"]
    shown = house.says(customers_app, "list") + house.says(customers_app, "show", "10001") + json.dumps(listed)
    for secret in ("García", "600100200", "ana.garcia"):
        assert secret not in shown
    assert "Ana García" in house.says(customers_app, "show", "10001", "--personal")
    assert (tmp_path / "data" / "centralita.db").exists()


def test_customers_are_added_changed_removed_exported_and_imported(house: House, tmp_path: Path) -> None:
    words = ("add", "7", "--name", "Eva Díaz", "--phone", "611", "--phone", "612", "--plan", "Fibra 300")
    assert house.told(customers_app, *words) == {"ok": True, "customer_id": "7", "is_new": True}
    assert house.told(customers_app, "add", "7", "--balance", "3.50")["is_new"] is False
    assert "there is no customer '8' yet" in house.says(customers_app, "add", "8", code=1)
    shown = house.told(customers_app, "show", "7", "--personal")["customer"]
    assert (shown["name"], shown["phones"], shown["balance"], shown["plan"]) == (
        "Eva Díaz", ["611", "612"], "3.50", "Fibra 300"
    )  # fmt: skip
    assert house.told(customers_app, "remove", "10004")["removed"] == "10004"
    assert "there is no customer '10004'" in house.says(customers_app, "remove", "10004", code=1)
    for suffix in ("csv", "toml"):
        file = tmp_path / f"all.{suffix}"
        house.says(customers_app, "export", str(file))
        assert file.stat().st_mode & 0o077 == 0
        assert house.told(customers_app, "import", str(file)) == {"ok": True, "new": 0, "changed": 0, "removed": 0}
    (tmp_path / "mine.csv").write_text("customer_id,name,phones\n1,Luz,600\n7,Eva,699\n", "utf-8")
    report = house.told(customers_app, "import", str(tmp_path / "mine.csv"), "--replace")
    assert report == {"ok": True, "new": 1, "changed": 1, "removed": 3}
    assert [one["customer_id"] for one in house.told(customers_app, "list")["customers"]] == ["1", "7"]
    (tmp_path / "wrong.csv").write_text("customer_id,name\n2,Mar\n3,\n", "utf-8")
    assert "line 3" in house.says(customers_app, "import", str(tmp_path / "wrong.csv"), code=1)
    assert len(house.told(customers_app, "list")["customers"]) == 2, "all or nothing"


def test_who_imports_first_never_sees_the_examples(house: House, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("customer_id,name\n1,Luz\n", "utf-8")
    house.says(customers_app, "import", str(tmp_path / "mine.csv"))
    assert [one["customer_id"] for one in house.told(customers_app, "list")["customers"]] == ["1"]


def test_with_the_file_store_the_file_is_to_be_edited(tmp_path: Path) -> None:
    assert 'is "file": edit' in House(tmp_path, customers_in="file").says(customers_app, "list", code=1)


def test_a_callback_is_seen_before_and_after_it_is_taken_up_and_settled_for_good(house: House) -> None:
    first = house.note(CALLBACK, phone="600100200", datetime="mañana", reason="no va el router", call_id="c1")
    second = house.note(APPOINTMENT, phone="600100201", name="Ana García", day="lunes", call_id="c2")
    listed = house.told(callbacks_app, "list")
    assert [(one["id"], one["state"]) for one in listed["callbacks"]] == [
        (first.note_id, "open"), (second.note_id, "open"),
    ]  # fmt: skip
    assert listed["callbacks"][0]["details"] == {"phone": "•••200", "datetime": "mañana", "call_id": "c1"}
    assert "router" not in house.says(callbacks_app, "list")
    assert house.told(callbacks_app, "done", first.note_id, "--by", "eva")["state"] == "done"
    assert house.notes.waiting() == ([], []), "settling takes up what waits"
    assert [one["id"] for one in house.told(callbacks_app, "list")["callbacks"]] == [second.note_id]
    house.says(callbacks_app, "done", first.note_id)  # said twice: it is done
    assert "is done already" in house.says(callbacks_app, "cancel", first.note_id, code=1)
    assert "there is no callback 'x'" in house.says(callbacks_app, "cancel", second.note_id, "x", code=1)
    assert len(house.told(callbacks_app, "list")["callbacks"]) == 1, "all or none"
    house.says(callbacks_app, "cancel", second.note_id, "--by", "eva")
    every = house.told(callbacks_app, "list", "--all", "--personal")["callbacks"]
    assert [(one["state"], one["settled_by"]) for one in every] == [("done", "eva"), ("cancelled", "eva")]
    assert every[0]["details"]["reason"] == "no va el router"
    assert house.told(callbacks_app, "list", "--all", "--kind", "appointment", "--personal")["callbacks"] == every[1:]
    assert house.told(callbacks_app, "forget", "--days", "1")["forgotten"] == 0
    assert house.told(callbacks_app, "forget", "--days", "0", "--dry-run")["forgotten"] == 2
    house.notes.write(first)  # its file comes back from a crash
    assert house.told(callbacks_app, "list")["callbacks"] == [], "known, and done"
    house.says(callbacks_app, "done", first.note_id)
    third = house.note(CALLBACK, phone="600", call_id="c3")
    assert house.told(callbacks_app, "forget", "--days", "0")["forgotten"] == 2
    assert [one["id"] for one in house.told(callbacks_app, "list", "--all")["callbacks"]] == [third.note_id]


def test_with_the_database_down_what_waits_is_still_told(tmp_path: Path) -> None:
    with running_postgres() as server:
        house = House(tmp_path, server.new_database())
    note = house.note(CALLBACK, phone="600", call_id="c1")
    report = house.told(callbacks_app, "list", code=1)
    assert [one["id"] for one in report["callbacks"]] == [note.note_id]
    assert "cannot be used" in report["database"]
    assert "cannot be used" in house.says(callbacks_app, "done", note.note_id, code=1)
    assert len(house.notes.waiting()[0]) == 1
