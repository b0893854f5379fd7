"""The tables that are kept nowhere else: customers, callbacks, results, events, the error bank; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.customers import Customer, Customers, FileCustomers, StoreUnavailable, read_seed
from storage.database import analyses, error_bank, events
from storage.database.analyses import Analysis
from storage.database.customers import DatabaseCustomers
from storage.database.database import Database
from storage.database.error_bank import BankState
from storage.database.events import Event
from tests.postgres import running_postgres

SEED = Path(__file__).resolve().parents[3] / "examples" / "customers.toml"
NOW = 1_795_276_800.0


@pytest.fixture(params=["file", "database"])
async def customers(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> AsyncIterator[Customers]:
    """Both stores keep one contract."""
    if request.param == "file":
        yield FileCustomers(SEED, tmp_path / "journal.jsonl")
        return
    store = DatabaseCustomers(database, now=lambda: NOW)
    known = read_seed(SEED)
    assert await store.add(known.values()) == len(known)
    assert await store.add(known.values()) == 0, "the second start adds nobody"
    yield store


def anybody() -> Customer:
    return next(one for one in read_seed(SEED).values() if one.phones)


async def test_a_customer_is_found_by_id_and_by_phone(customers: Customers) -> None:
    one = anybody()
    assert await customers.by_id(f" {one.customer_id} ") == one
    assert await customers.by_phone(f"+99 {one.phones[0]}") == one
    assert await customers.by_id("nobody") is None
    assert await customers.by_phone("no digits") is None


async def test_a_changed_contact_is_found_by_the_new_number_only(customers: Customers) -> None:
    one = anybody()
    changed = await customers.change_contact(one.customer_id, phone="600 000 001", email="x@example.com")
    assert (changed.phones[0], changed.email) == ("600 000 001", "x@example.com")
    assert await customers.by_phone("+34600000001") == changed
    assert await customers.by_phone(one.phones[0]) is None
    with pytest.raises(KeyError):
        await customers.change_contact("nobody", phone="1")


async def test_a_cancellation_is_noted_with_the_customer(customers: Customers) -> None:
    one = anybody()
    first = await customers.cancel(one.customer_id, "moving")
    assert first.startswith("cancellation-")
    found = await customers.by_id(one.customer_id)
    assert found is not None
    assert found.status == "cancelled"
    with pytest.raises(KeyError):
        await customers.cancel("nobody", "")


async def test_every_note_has_its_own_id(customers: Customers) -> None:
    ids = await asyncio.gather(*(customers.note("callback", {"phone": "600"}) for _ in range(5)))
    assert len(set(ids)) == 5
    with pytest.raises(KeyError):
        await customers.note("callback", {"customer_id": "nobody"})


async def test_callbacks_wait_until_they_are_settled(database: Database) -> None:
    store = DatabaseCustomers(database, now=lambda: NOW)
    callback_id = await store.note("callback", {"phone": "600", "reason": "later"})
    (open_one,) = await store.noted()
    assert (open_one["callback_id"], open_one["details"]["reason"]) == (callback_id, "later")
    assert await store.settle(callback_id)
    assert not await store.settle(callback_id)
    assert await store.noted() == []


async def test_a_database_that_dies_is_a_store_that_is_unavailable() -> None:
    with running_postgres() as server:
        async with Database.open(server.new_database()) as database:
            store = DatabaseCustomers(database)
            server.kill()
            with pytest.raises(StoreUnavailable):
                await store.by_id("1")
            with pytest.raises(StoreUnavailable):
                await store.note("callback", {})


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


async def test_a_correction_counts_after_enough_confirmations_and_can_be_taken_back(database: Database) -> None:
    async def confirm(by: str) -> error_bank.BankEntry:
        async with database.begin() as connection:
            return await error_bank.confirm(connection, "telecom", "salgo", "saldo", by=by, now=NOW, promote_at=3)

    assert (await confirm("ana")).state is BankState.CANDIDATE
    assert (await confirm("eva")).state is BankState.CANDIDATE
    third = await confirm("leo")
    assert (third.state, third.confirmations) == (BankState.ACTIVE, 3)
    async with database.begin() as connection:
        before = await error_bank.version(connection)
        await error_bank.set_state(connection, third.entry_id, BankState.UNDONE, by="ana", now=NOW + 1)
        assert await error_bank.version(connection) != before
    assert (await confirm("max")).state is BankState.UNDONE, "nothing comes back by itself"
    async with database.read() as connection:
        changes = [(one.change, one.by) for one in await error_bank.history(connection, third.entry_id)]
        assert await error_bank.entries(connection, scope="telecom", state=BankState.ACTIVE) == []
    assert changes == [
        ("confirmed", "ana"), ("confirmed", "eva"), ("confirmed", "leo"), ("active", "leo"), ("undone", "ana"),
        ("confirmed", "max"),
    ]  # fmt: skip


async def test_people_who_confirm_at_once_all_count(database: Database) -> None:
    async def confirm(number: int) -> None:
        async with database.begin() as connection:
            await error_bank.confirm(connection, "", "a", "b", by=str(number), now=NOW, promote_at=5)

    await asyncio.gather(*(confirm(number) for number in range(5)))
    async with database.read() as connection:
        (entry,) = await error_bank.entries(connection)
    assert (entry.confirmations, entry.state) == (5, BankState.ACTIVE)
    assert "a" not in repr(entry).removeprefix("BankEntry").replace("active", "").replace(entry.entry_id, "")
