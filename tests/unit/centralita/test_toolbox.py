"""The tools act on a real store."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from centralita.toolbox import CustomerTools
from conversation.tools import ToolError, ToolOutcome, ToolResult
from storage.customers import Customer, FileCustomers, StoreUnavailable
from storage.notes import Notes
from vocabulary.call import CallIdentity

SEED = Path(__file__).parents[3] / "examples" / "customers.toml"
NOW = datetime(2026, 1, 20, tzinfo=UTC)
ANA = "+34600100200"


class Desk:
    def __init__(self, journal: Path) -> None:
        self.store = FileCustomers(SEED, journal, now=lambda: NOW)
        self.notes = Notes(journal.with_name("notes"), now=NOW.timestamp)
        self.tools = CustomerTools(self.store, self.notes, now=lambda: NOW)

    async def does(self, tool: str, /, *, caller: str = ANA, **arguments: Any) -> ToolOutcome:
        return await self.tools.run(tool, arguments, CallIdentity("c1", "ch1", "telecom", "900", caller))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "changes" / "journal.jsonl")


def values(outcome: ToolOutcome) -> Mapping[str, Any]:
    assert isinstance(outcome, ToolResult)
    return outcome.values


def code(outcome: ToolOutcome) -> str:
    assert isinstance(outcome, ToolError)
    return outcome.code


async def test_the_caller_is_known_by_number(desk: Desk) -> None:
    owed = values(await desk.does("get_account_balance"))
    assert (owed["customer_name"], owed["balance"], owed["due_date"]) == ("Ana García", "45.50", "2026-02-15")
    assert values(await desk.does("lookup_customer", caller="600100200"))["customer_id"] == "10001"


async def test_others_are_found_by_what_they_tell(desk: Desk) -> None:
    assert (
        values(await desk.does("lookup_customer", caller="", customer_id="10002"))["customer_name"] == "Luis Fernández"
    )
    assert values(await desk.does("lookup_customer", phone="600 100 201"))["customer_id"] == "10002"
    assert code(await desk.does("get_account_status", caller="anonymous")) == "not_found"
    assert code(await desk.does("get_account_status", customer_id="7")) == "not_found"


async def test_a_cancellation_needs_a_yes_and_is_kept(desk: Desk) -> None:
    assert code(await desk.does("cancel_service", reason="caro", confirmed=False)) == "not_confirmed"
    assert values(await desk.does("cancel_service", reason="caro", confirmed=True))["effective_date"] == "2026-01-21"
    assert code(await desk.does("cancel_service", reason="caro", confirmed=True)) == "already_cancelled"
    assert values(await desk.does("get_account_status"))["status"] == "cancelled"


async def test_contact_details_change(desk: Desk) -> None:
    assert code(await desk.does("update_contact_info")) == "bad_arguments"
    changed = values(await desk.does("update_contact_info", phone="699000111"))
    assert changed == {"customer_phone": "699000111", "customer_email": "ana.garcia@example.com"}
    assert values(await desk.does("lookup_customer", caller="699000111"))["customer_id"] == "10001"


async def test_callbacks_and_appointments_are_kept(desk: Desk) -> None:
    assert values(await desk.does("schedule_callback", datetime="mañana"))["callback_phone"] == ANA
    assert code(await desk.does("schedule_callback", caller="", datetime="mañana")) == "bad_arguments"
    booked = await desk.does("book_appointment", specialty="piel", day="lunes", hour="10:00", name="Ana")
    kept, _ = desk.notes.waiting()
    assert sorted(note.kind for note in kept) == ["appointment", "callback"]
    (appointment,) = [note for note in kept if note.kind == "appointment"]
    assert appointment.note_id == values(booked)["appointment_id"]
    assert appointment.details == {
        "phone": ANA, "specialty": "piel", "day": "lunes", "hour": "10:00", "name": "Ana", "call_id": "c1"
    }  # fmt: skip


async def test_calls_at_once_do_not_overwrite_one_another(desk: Desk) -> None:
    outcomes = await asyncio.gather(*(desk.does("schedule_callback", datetime=f"{hour}:00") for hour in range(20)))
    ids = {values(outcome)["callback_id"] for outcome in outcomes}
    assert ids == {note.note_id for note in desk.notes.waiting()[0]}
    assert len(ids) == 20


async def test_a_broken_store_is_told_to_the_mind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    desk = Desk(tmp_path / "file" / "journal.jsonl")
    assert code(await desk.does("schedule_callback", datetime="mañana")) == "unavailable"


class Unreachable(FileCustomers):
    async def by_phone(self, phone: str) -> Customer | None:
        raise StoreUnavailable("the database has not answered within 2 s")


async def test_customers_out_of_reach_do_not_keep_a_callback_from_being_noted(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "journal.jsonl")
    desk.tools = CustomerTools(Unreachable(SEED, tmp_path / "journal.jsonl"), desk.notes)
    assert code(await desk.does("get_account_balance")) == "unavailable"
    noted = values(await desk.does("schedule_callback", datetime="mañana"))
    assert [note.note_id for note in desk.notes.waiting()[0]] == [noted["callback_id"]]


async def test_nobody_does_what_nobody_knows(desk: Desk) -> None:
    assert code(await desk.does("fly")) == "unknown_tool"
