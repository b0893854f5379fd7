"""Keys of calls: made once, changed of master without loss, and gone for good when they are erased."""

import json
import threading
from pathlib import Path

import pytest

from storage.encryption.errors import KeyErased, KeyMissing, WrongMasterKey
from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key

OLD, NEW = MasterKey.parse(new_master_key()), MasterKey.parse(new_master_key())


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    made = KeyRing(FolderShelf(tmp_path), MasterKeys(OLD)).for_writing("a")
    again = KeyRing(FolderShelf(tmp_path), MasterKeys(OLD))
    assert again.for_writing("a").secret == again.for_reading("a").secret == made.secret
    assert again.for_writing("b").secret != made.secret
    assert (tmp_path / "rec_a_key.json").stat().st_mode & 0o777 == 0o600


def test_of_many_that_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    ring, barrier, got = KeyRing(FolderShelf(tmp_path), MasterKeys(OLD)), threading.Barrier(8), []

    def make() -> None:
        barrier.wait()
        got.append(ring.for_writing("a").secret)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_an_erased_key_never_comes_back(tmp_path: Path) -> None:
    ring = KeyRing(FolderShelf(tmp_path), MasterKeys(OLD))
    secret = ring.for_writing("a").secret
    wrapped = (tmp_path / "rec_a_key.json").read_text()
    (tmp_path / ".a.99999999.0.part").write_text(wrapped)  # what a killed process left
    assert ring.erase("a")
    for ask in (ring.for_writing, ring.for_reading):
        with pytest.raises(KeyErased):
            ask("a")
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert json.loads(wrapped)["wrapped"] not in kept
    assert secret.hex() not in kept
    assert KeyRing(FolderShelf(tmp_path), MasterKeys(NEW, [OLD])).rewrap() == 0
    with pytest.raises(KeyErased):
        ring.for_reading("a")


def test_a_new_master_key_takes_over_and_the_old_one_may_go(tmp_path: Path) -> None:
    old = KeyRing(FolderShelf(tmp_path), MasterKeys(OLD))
    secrets = {call_id: old.for_writing(call_id).secret for call_id in "abc"}
    changing = KeyRing(FolderShelf(tmp_path), MasterKeys(NEW, [OLD]))
    assert (changing.rewrap(), changing.rewrap()) == (3, 0)
    new = KeyRing(FolderShelf(tmp_path), MasterKeys(NEW))
    assert {call_id: new.for_reading(call_id).secret for call_id in "abc"} == secrets
    with pytest.raises(WrongMasterKey):
        old.for_reading("a")


def test_a_key_that_is_missing_or_damaged_says_so_and_is_not_replaced(tmp_path: Path) -> None:
    ring = KeyRing(FolderShelf(tmp_path), MasterKeys(OLD))
    with pytest.raises(KeyMissing, match="backup"):
        ring.for_reading("a")
    ring.for_writing("a")
    for damage in ("", "[]", '{"master": 1}', '{"master": "x", "wrapped": "é"}'):
        (tmp_path / "rec_a_key.json").write_text(damage)
        with pytest.raises(KeyMissing, match=r"rec_a_key\.json"):
            ring.for_writing("a")
