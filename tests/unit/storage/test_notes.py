"""Notes of calls: on the disk when the caller hears of them, and nobody else's business."""

import asyncio
from pathlib import Path

import pytest

from storage.customers import StoreUnavailable
from storage.notes import CALLBACK, CANCELLATION, CHANGES, Notes


async def test_a_note_is_there_for_whoever_comes_next(tmp_path: Path) -> None:
    kept = await Notes(tmp_path / "new" / "notes", now=lambda: 7.5).keep(CALLBACK, {"phone": "600", "reason": "ñu"})
    assert Notes(tmp_path / "new" / "notes").waiting() == ([kept], [])
    assert (kept.at, kept.note_id[:9], "600" in repr(kept)) == (7.5, "callback-", False)


async def test_notes_come_in_their_order_and_by_their_kinds(tmp_path: Path) -> None:
    moments = iter((3.0, 1.0, 2.0))
    notes = Notes(tmp_path, now=lambda: next(moments))
    for kind in (CALLBACK, CANCELLATION, CALLBACK):
        await notes.keep(kind, {"customer_id": "1"})
    assert [note.at for note in notes.waiting()[0]] == [1.0, 2.0, 3.0]
    assert [note.kind for note in notes.waiting(CHANGES)[0]] == [CANCELLATION]


async def test_a_note_that_is_dropped_twice_is_gone(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    note = await notes.keep(CALLBACK, {})
    notes.drop(note.note_id)
    notes.drop(note.note_id)
    assert notes.waiting() == ([], [])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "callback-2", "kind": "callback", "at": 1, "details": {}}'])
async def test_what_is_no_note_is_named_and_hides_no_other(tmp_path: Path, content: str) -> None:
    notes = Notes(tmp_path)
    note = await notes.keep(CALLBACK, {})
    (tmp_path / "callback-bad.json").write_text(content, "utf-8")
    (tmp_path / ".callback-3.json.part").write_text('{"id"', "utf-8")  # a draft of somebody who was killed
    good, bad = notes.waiting()
    assert good == [note]
    assert [one.path.name for one in bad] == ["callback-bad.json"]


async def test_a_caller_who_hangs_up_takes_no_note_back(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    write, begun, may_go_on = notes.write, asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(note: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(may_go_on.wait(), loop).result()
        write(note)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(written.set)

    written = asyncio.Event()
    notes.write = slow  # type: ignore[method-assign]
    keeping = asyncio.create_task(notes.keep(CALLBACK, {}))
    await begun.wait()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    may_go_on.set()
    await written.wait()
    assert len(notes.waiting()[0]) == 1


async def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        await Notes(tmp_path / "file").keep(CALLBACK, {})
