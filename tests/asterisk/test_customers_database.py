"""A real call whose agent looks the caller up in the database and notes a callback, which the worker takes up."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, TurnTaken
from centralita.customer_desk import notes_of
from centralita.demo.stage import Stage, StagePlan
from centralita.storehouse import database_url
from storage.customers import Customer
from storage.database import callbacks, customers
from storage.database.callbacks import Callback
from storage.database.database import Database
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, brief_agents, soon

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEIGHBOUR = "600100299"
"""Nobody of the example file: in the database alone."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    plan = StagePlan(agents=agents, settings={"offline": {"worker": True, "niceness": 0, "after_calls": False}})
    async with Stage(tmp_path_factory.mktemp("stage"), plan) as stage, Office.watching(stage) as office:
        neighbour = Customer("20001", "Rosa Vega", (NEIGHBOUR,), line_status="fault_in_area", balance="7.25")
        async with Database.open(database_url(stage.settings)) as database, database.begin() as connection:
            await customers.put(connection, neighbour)
        yield office


async def kept(office: Office) -> list[Callback]:
    async with Database.open(database_url(office.stage.settings)) as database, database.read() as connection:
        return await callbacks.listed(connection)


async def dialogue(office: Office, caller: str, *exchanges: tuple[str, str]) -> CallEnded:
    """The caller says each first part, and hears each second one."""
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=caller)
        call.media.start_sending()
        for words, answer in exchanges:
            await call.media.hear_out()
            await call.media.play(await office.voice(words))
            await office.tell(TurnTaken, agent(answer))
        await call.hang_up()
        return await office.tell(CallEnded)


async def test_who_is_only_in_the_database_is_known_and_called_back(office: Office) -> None:
    worker = office.stage.child("worker").pid
    assert worker is not None
    async with Database.open(database_url(office.stage.settings)) as database, database.begin():
        # a worker that is busy elsewhere: what was promised lies there meanwhile. While we write, it does not: stopped
        # in the middle of a transaction it would keep everybody else out
        os.kill(worker, signal.SIGSTOP)
    over = await dialogue(
        office,
        NEIGHBOUR,
        ("mi internet no funciona", "Hay una avería en su zona"),
        ("sí", "¿Cuándo quiere que le llamemos?"),
        ("mañana", "le llamaremos"),
    )
    notes = notes_of(office.stage.settings)
    (note,) = (await asyncio.to_thread(notes.waiting))[0]
    assert (note.details["phone"], note.details["call_id"]) == (NEIGHBOUR, over.call_id)
    assert await kept(office) == []
    os.kill(worker, signal.SIGKILL)
    await soon(lambda: office.stage.child("worker").pid not in (None, worker), 60)

    async def is_taken_up() -> bool:
        return bool(await kept(office)) and not (await asyncio.to_thread(notes.waiting))[0]

    await soon(is_taken_up, 60)
    (one,) = await kept(office)
    assert (one.callback_id, one.state.value, dict(one.details)) == (note.note_id, "open", dict(note.details))
    assert not {NEIGHBOUR, "Rosa"} & set(office.log().split())


async def test_a_database_that_cannot_be_read_is_said_and_the_call_goes_on(office: Office) -> None:
    async with Database.open(database_url(office.stage.settings)) as database, database.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE customers RENAME TO gone")
    try:
        over = await dialogue(
            office,
            BALANCE_CALLER,
            ("cuánto debo de mi factura", "Ahora mismo no puedo consultar sus datos"),
        )
    finally:
        async with Database.open(database_url(office.stage.settings)) as database, database.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE gone RENAME TO customers")
    again = await dialogue(office, BALANCE_CALLER, ("cuánto debo de mi factura", "Su saldo actual es 45.50 euros"))
    assert over.call_id != again.call_id
