"""What looking customers up costs the voices: how late a frame's timer fires meanwhile, beside asking on the same loop.

A timer every 20 ms stands for the frames of a call. It is watched alone; while customers are looked up the way `calls`
does it (a thread of its own, a deadline); while a database answers nothing at all; and, as the floor, while the same
questions are asked on the timer's own loop.

    python -m bench.customers [--quick] [--json]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import uvloop
from rich.console import Console
from rich.table import Table

from centralita.customer_desk import CustomerDesk
from centralita.steady import avoid_pauses, step_back
from storage.customers import Customer, StoreUnavailable
from storage.database import customers
from storage.database.beside import DatabaseBeside
from storage.database.customers import DatabaseCustomers
from storage.database.database import SQLITE, Database
from storage.notes import Notes

TITLE: Final = "customers: lateness of a 20 ms timer while tools look them up, beside asking on the same loop"
CUSTOMERS: Final = 5_000
QUICK_CUSTOMERS: Final = 2_000
LOOKUPS: Final = 400
QUICK_LOOKUPS: Final = 60
A_SECOND: Final = 50
"""Lookups; a hundred calls at once hardly ask for more."""
FRAME: Final = 0.02
ROUNDS: Final = 5


def measure(*, quick: bool) -> dict[str, Any]:
    """Return milliseconds: lateness by phase, and what a lookup takes."""
    with tempfile.TemporaryDirectory(prefix="bench-customers-") as name:
        people, lookups = (QUICK_CUSTOMERS, QUICK_LOOKUPS) if quick else (CUSTOMERS, LOOKUPS)
        return uvloop.run(_measure(Path(name), people, lookups))


async def _measure(folder: Path, people: int, lookups: int) -> dict[str, Any]:
    url = f"{SQLITE}:///{folder / 'centralita.db'}"
    async with Database.open(url) as database:
        async with database.begin() as connection:
            for number in range(people):
                await customers.put(connection, Customer(str(number), "Ana", (f"+346{number:08}",)))
        plain = DatabaseCustomers(database)
        async with DatabaseBeside(url, in_thread=step_back) as beside:
            desk = CustomerDesk(beside, Notes(folder / "notes"), seconds=5.0)
            await desk.by_id("0")
            await plain.by_id("0")
            avoid_pauses()

            def phone(number: int) -> str:
                return f"+346{number * 7919 % people:08}"

            async def silent(_: int) -> None:
                with suppress(StoreUnavailable):
                    await beside.ask(_never, 0.5)

            async def nothing(_: int) -> None:
                return

            async def by_desk(number: int) -> None:
                assert await desk.by_phone(phone(number)) is not None

            async def by_loop(number: int) -> None:
                assert await plain.by_phone(phone(number)) is not None

            phases = {"idle": nothing, "beside": by_desk, "silent_database": silent, "floor_same_loop": by_loop}
            seen = {name: _Seen() for name in phases}
            for _ in range(ROUNDS):  # in turns: a machine that others use is not the same from one minute to the next
                for name, ask in phases.items():
                    await _phase(ask, lookups // ROUNDS, seen[name])
            figures = {name: one.figures() for name, one in seen.items()}
            return {"customers": people, "lookups_per_second": A_SECOND, **figures}


async def _never(_: Database) -> None:
    await asyncio.Event().wait()


@dataclass(slots=True)
class _Seen:
    """What was seen of one phase; milliseconds."""

    late: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    computed: float = 0.0
    """Processor time of the loop's thread, whatever else the machine does."""

    def figures(self) -> dict[str, float]:
        return {
            "late_p50_ms": _share(self.late, 0.5),
            "late_p99_ms": _share(self.late, 0.99),
            "late_max_ms": max(self.late),
            "answer_p50_ms": _share(self.took, 0.5),
            "answer_p99_ms": _share(self.took, 0.99),
            "loop_cpu_ms_per_lookup": self.computed / len(self.took),
        }


async def _phase(ask: Callable[[int], Awaitable[None]], lookups: int, seen: _Seen) -> None:
    """Ask so many times, `A_SECOND` a second, and watch the timer."""
    began_computing = time.thread_time()

    async def watch() -> None:
        due = time.perf_counter()
        while True:
            due += FRAME
            await asyncio.sleep(due - time.perf_counter())
            seen.late.append(max(0.0, time.perf_counter() - due) * 1000)

    async def one(number: int) -> None:
        began = time.perf_counter()
        await ask(number)
        seen.took.append((time.perf_counter() - began) * 1000)

    watching = asyncio.create_task(watch())
    asking = []
    for number in range(lookups):
        asking.append(asyncio.create_task(one(number)))
        await asyncio.sleep(1 / A_SECOND)
    await asyncio.gather(*asking)
    watching.cancel()
    seen.computed += (time.thread_time() - began_computing) * 1000


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def table(found: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table(
        "",
        "late p50",
        "p99",
        "max",
        "answer p50",
        "p99",
        "loop's CPU a lookup",
        title=f"{found['customers']} customers, ms",
    )
    for name in ("idle", "beside", "silent_database", "floor_same_loop"):
        row = found[name]
        keys = ("late_p50_ms", "late_p99_ms", "late_max_ms", "answer_p50_ms", "answer_p99_ms")
        cpu = row["loop_cpu_ms_per_lookup"]
        shown.add_row(name.replace("_", " "), *(f"{row[key]:.2f}" for key in keys), f"{cpu:.2f}")
    return shown


def main() -> None:
    """Run it alone."""
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    told = parser.parse_args()
    found = measure(quick=told.quick)
    Console(stderr=told.json).print(table(found))
    if told.json:
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
