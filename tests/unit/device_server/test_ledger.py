"""What has been taken survives, or we do not start."""

from pathlib import Path

import pytest

from device_server.errors import BadLedger, LedgerInUse
from device_server.ledger import Ledger
from device_server.shelf import Taking

TAKINGS = {
    ("oficina", "a.xml"): Taking(1, is_done=True, at=12.5, client="192.168.1.50"),
    ("tienda", "b.cfg"): Taking(3, is_done=False, at=0.0, client=""),
}


def test_what_is_saved_is_loaded_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "taken.json"
    with Ledger(path) as ledger:
        assert ledger.load() == {}
        ledger.save(TAKINGS)
        ledger.save(TAKINGS)
        assert ledger.load() == TAKINGS
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["taken.json", "taken.json.lock"]


@pytest.mark.parametrize("text", ["", "{", '{"version": 2, "takings": []}', '{"version": 1, "takings": [{}]}'])
def test_a_damaged_ledger_is_not_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "taken.json"
    path.write_text(text)
    with Ledger(path) as ledger, pytest.raises(BadLedger, match="would be served again"):
        ledger.load()


def test_one_process_keeps_it(tmp_path: Path) -> None:
    with Ledger(tmp_path / "taken.json"), pytest.raises(LedgerInUse), Ledger(tmp_path / "taken.json"):
        pass
    with Ledger(tmp_path / "taken.json"):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadLedger, match="cannot be kept there"), Ledger(tmp_path / "gone" / "taken.json"):
        pass


def test_a_half_written_ledger_leaves_the_old_one(tmp_path: Path) -> None:
    """Killed while the new one was written beside: the rename has not happened."""
    with Ledger(tmp_path / "taken.json") as ledger:
        ledger.save(TAKINGS)
        (tmp_path / ".taken.json.new").write_bytes(b'{"vers')
        assert ledger.load() == TAKINGS
        ledger.save({})
        assert ledger.load() == {}
