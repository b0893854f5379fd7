"""The tables that are kept nowhere else: customers, callbacks, results, events, bank entries; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from centralita.customer_desk import CustomerDesk
from offline.note_taking import NoteTaker
from storage.customers import Customer, Customers, FileCustomers, read_seed
from storage.database import analyses, bank_entries, callbacks, customers, events
from storage.database.analyses import Analysis
from storage.database.bank_entries import BankEntry
from storage.database.beside import DatabaseBeside
from storage.database.callbacks import CallbackState
from storage.database.database import Database
from storage.database.events import Event
from storage.notes import CALLBACK, CANCELLATION, CONTACT, Note, Notes

SEED = Path(__file__).resolve().parents[3] / "examples" / "customers.toml"
NOW = 1_795_276_800.0
ANA = "+34600100200"


@pytest.fixture(params=["file", "database"])
async def store(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[Customers]:
    """Both stores keep one contract."""
    if request.param == "file":
        yield FileCustomers(SEED, tmp_path / "journal.jsonl")
        return

    async def begin(database: Database) -> int:
        return await customers.begin(database, SEED, tmp_path / "none.jsonl", now=NOW)

    async with DatabaseBeside(database_url, prepare=begin) as beside:
        yield CustomerDesk(beside, Notes(tmp_path / "notes"), seconds=60)


@pytest.fixture
async def begun(database: Database, tmp_path: Path) -> Database:
    assert await customers.begin(database, SEED, tmp_path / "none.jsonl", now=NOW) == len(read_seed(SEED))
    return database


def anybody() -> Customer:
    return next(one for one in read_seed(SEED).values() if one.phones)


async def test_a_customer_is_found_by_id_and_by_phone(store: Customers) -> None:
    one = anybody()
    assert await store.by_id(f" {one.customer_id} ") == one
    assert await store.by_phone(f"+99 {one.phones[0]}") == one
    assert await store.by_id("nobody") is None
    assert await store.by_phone("no digits") is None


async def test_a_changed_contact_is_found_by_the_new_number_only(store: Customers) -> None:
    one = anybody()
    changed = await store.change_contact(one.customer_id, phone="600 000 001", email="x@example.com")
    assert (changed.phones[0], changed.email) == ("600 000 001", "x@example.com")
    assert await store.by_phone("+34600000001") == changed
    assert await store.by_phone(one.phones[0]) is None
    with pytest.raises(KeyError):
        await store.change_contact("nobody", phone="1")


async def test_a_cancellation_is_noted_with_the_customer(store: Customers) -> None:
    one = anybody()
    first = await store.cancel(one.customer_id, "moving")
    assert first.startswith("cancellation-")
    found = await store.by_id(one.customer_id)
    assert found is not None
    assert found.status == "cancelled"
    with pytest.raises(KeyError):
        await store.cancel("nobody", "")


async def test_what_calls_changed_is_the_same_before_and_after_it_is_taken_up(begun: Database, tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes")
    async with DatabaseBeside(begun.url.render_as_string(hide_password=False)) as beside:
        desk = CustomerDesk(beside, notes, seconds=60)
        await desk.change_contact("10001", phone="699", email="new@example.com")
        await desk.change_contact("10001", phone="698")
        await desk.cancel("10001", "moving")
        before = await desk.by_phone("698")
        assert before is not None
        assert (before.email, before.status, await desk.by_phone("699")) == ("new@example.com", "cancelled", None)
        assert await NoteTaker(notes, begun).take_up() == 3
        assert notes.waiting() == ([], [])
        assert await desk.by_phone("698") == before
        async with begun.read() as connection:
            kept = await callbacks.listed(connection)
        assert [(one.kind, one.state.value) for one in kept] == [
            (CONTACT, "done"), (CONTACT, "done"), (CANCELLATION, "open"),
        ]  # fmt: skip


async def test_the_example_customers_come_once_and_do_not_come_back(database_url: str, tmp_path: Path) -> None:
    async def begin(seed: Path) -> int:
        async with Database.open(database_url) as database:
            return await customers.begin(database, seed, tmp_path / "none.jsonl", now=NOW)

    assert await begin(tmp_path / "missing.toml") == 0
    assert sorted(await asyncio.gather(*(begin(SEED) for _ in range(3)))) == [0, 0, len(read_seed(SEED))]
    async with Database.open(database_url) as database, database.begin() as connection:
        await customers.remove_all(connection)
    assert await begin(SEED) == 0
    async with Database.open(database_url) as database, database.read() as connection:
        assert await customers.listed(connection) == []


async def test_what_the_file_store_had_kept_moves_into_the_database(database: Database, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    await FileCustomers(SEED, journal).cancel("10001", "moving")
    with journal.open("a", encoding="utf-8") as lines:  # as earlier versions noted callbacks
        lines.write(
            '{"id": "callback-000002", "kind": "callback", "at": "2026-01-20T10:00:00+00:00", "phone": "600"}\n'
        )
    await customers.begin(database, SEED, journal, now=NOW)
    async with database.read() as connection:
        ana = await customers.find(connection, "10001")
        kept = await callbacks.listed(connection)
    assert ana is not None
    assert ana.status == "cancelled"
    assert [(one.callback_id, one.details.get("phone", "")) for one in kept] == [
        ("callback-000002", "600"), ("cancellation-000001", "")
    ]  # fmt: skip


async def test_customers_are_listed_in_pages_and_sought_by_their_names(begun: Database) -> None:
    async with begun.read() as connection:
        first = await customers.listed(connection, limit=3)
        rest = await customers.listed(connection, after=first[-1].customer_id)
        assert {one.customer_id: one for one in (*first, *rest)} == read_seed(SEED)
        assert [one.customer_id for one in await customers.listed(connection, text="GARC")] == ["10001"]
        assert await customers.listed(connection, text="%") == []


async def test_a_note_taken_up_by_several_at_once_is_one_callback(begun: Database) -> None:
    note = Note("callback-1", CALLBACK, NOW, {"phone": "600", "reason": "later"})

    async def take_up() -> bool:
        async with begun.begin() as connection:
            return await customers.take_up(connection, note)

    assert sorted(await asyncio.gather(*(take_up() for _ in range(4)))) == [False, False, False, True]
    async with begun.read() as connection:
        (kept,) = await callbacks.listed(connection)
    assert (kept.callback_id, kept.created_at, kept.details) == ("callback-1", NOW, note.details)


async def test_callbacks_wait_until_they_are_settled_once(database: Database) -> None:
    async with database.begin() as connection:
        await callbacks.keep(connection, Note("callback-1", CALLBACK, NOW, {}))
        settled = callbacks.settle(connection, "callback-1", CallbackState.DONE, by="eva", now=NOW + 1)
        assert await settled is CallbackState.OPEN
        again = callbacks.settle(connection, "callback-1", CallbackState.CANCELLED, by="leo", now=NOW + 2)
        assert await again is CallbackState.DONE
        assert await callbacks.settle(connection, "callback-2", CallbackState.DONE, by="", now=NOW) is None
        assert not await callbacks.keep(connection, Note("callback-1", CALLBACK, NOW, {})), "its note came again"
    async with database.read() as connection:
        assert await callbacks.listed(connection, states=[CallbackState.OPEN]) == []
        (one,) = await callbacks.listed(connection)
    assert (one.state, one.settled_at, one.settled_by) == (CallbackState.DONE, NOW + 1, "eva")


async def test_a_result_is_kept_once_for_a_recording_and_a_version(database: Database) -> None:
    one = Analysis("rec_1", "3", NOW, {"intent": "sales"})

    async def keep() -> bool:
        async with database.begin() as connection:
            return await analyses.keep(connection, one)

    assert sorted(await asyncio.gather(*(keep() for _ in range(4)))) == [False, False, False, True]
    async with database.begin() as connection:
        assert await analyses.keep(connection, Analysis("rec_1", "4", NOW + 1, {}))
        assert await analyses.find(connection, "rec_1", "3") == one
        assert await analyses.find(connection, "rec_1", "5") is None
        await analyses.replace(connection, Analysis("rec_1", "3", NOW + 2, {"intent": "complaint"}))
        assert [result.pipeline_version for result in await analyses.of_recording(connection, "rec_1")] == ["4", "3"]


async def test_an_event_told_twice_is_kept_once(database: Database) -> None:
    first, second = (Event(f"e{number}", "call_ended", "1", NOW + number, {"n": number}) for number in (1, 2))
    async with database.begin() as connection:
        assert await events.keep(connection, second)
        assert await events.keep(connection, first)
        assert not await events.keep(connection, first)
        assert await events.of_conversation(connection, "1") == [first, second]
        assert await events.since(connection, NOW + 2) == [second]


async def test_bank_entries_are_kept_once_and_in_order(database: Database) -> None:
    first, second, third = (
        BankEntry(f"e{number}", "", "sighting", NOW + number, "ana", {"heard": "salgo"}) for number in (1, 2, 3)
    )

    async def add(*entries: BankEntry) -> int:
        async with database.begin() as connection:
            return await bank_entries.add(connection, "telecom", entries)

    assert await add(first, second) == 2
    async with database.read() as connection:
        before = await bank_entries.stamps(connection)
    assert sorted(await asyncio.gather(add(second, third), add(second, third))) == [0, 1]
    async with database.read() as connection:
        assert await bank_entries.entries_of(connection, "telecom") == [first, second, third]
        assert await bank_entries.entries_of(connection, "clinica") == []
        assert (await bank_entries.stamps(connection)).keys() == before.keys()
        assert await bank_entries.stamps(connection) != before
    assert "salgo" not in repr(first)
