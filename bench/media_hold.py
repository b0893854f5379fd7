"""`python -m bench.media_hold CALLERS [SECONDS] [DETECTOR]`: keep the load of `bench media` up, to look at the process.

Prints the process id, for `py-spy record --pid PID --gil --nonblocking -o profile.svg`, and at the end one line of what
the callers saw.
"""

import asyncio
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from bench.load import Load
from bench.media import FULL, Plan, step_row, take_step
from bench.pinning import two_cores
from bench.servers import calls_server
from bench.voices import render


async def _hold(callers: int, plan: Plan) -> None:
    voices = await asyncio.to_thread(render)
    server_core, load_core = two_cores()
    with tempfile.TemporaryDirectory(prefix="centralita-bench-") as folder, Load(voices, load_core) as load:
        async with calls_server(
            load,
            voices,
            Path(folder),
            server_core,
            detector=plan.detector,
            max_calls=callers + 100,
            call_seconds=plan.call_seconds,
        ) as server:
            await server.take_callers(callers)
            print(f"{callers} callers talk with process {server.pid}", flush=True)
            seen = await take_step(server, load, callers, plan)
            print(json.dumps(step_row("calls", seen)), flush=True)


def main(arguments: list[str]) -> None:
    """Hold the load."""
    seconds = float(arguments[1]) if len(arguments) > 1 else 30.0
    detector = arguments[2] if len(arguments) > 2 else FULL.detector
    asyncio.run(_hold(int(arguments[0]), dataclasses.replace(FULL, seconds=seconds, detector=detector)))


if __name__ == "__main__":
    main(sys.argv[1:])
