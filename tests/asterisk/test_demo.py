"""The demo itself: three calls on a real Asterisk, all as planned, and everything it promises left on disk."""

import asyncio
import json
import sys
import wave
from pathlib import Path

import pytest

from centralita.demo.show import PLANNED

pytestmark = pytest.mark.alone

_SECONDS = 90


async def play(out: Path) -> tuple[int | None, str]:
    """Run the demo; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "centralita.cli", "demo", "--out", str(out), "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            printed = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    return process.returncode, printed


@pytest.mark.timeout(_SECONDS + 30)
async def test_the_demo_goes_as_planned_and_leaves_what_it_promises(tmp_path: Path) -> None:
    out = tmp_path / "demo-out"
    status, printed = await play(out)
    *lines, last = printed.splitlines()
    assert status == 0, printed
    assert PLANNED in lines
    told = json.loads(last)
    assert told["as_planned"] is True
    assert set(told["calls"]) == {"billing", "support", "cancellation"}
    assert told["calls"]["billing"]["ending"] == "agent_hung_up"
    assert told["calls"]["support"]["ending"] == "transferred"
    assert told["calls"]["cancellation"]["ending"] == "transferred"
    assert 0 <= told["calls"]["cancellation"]["barge_in_stop_ms"] <= 400
    assert all(figures["median"] <= figures["max"] for figures in told["latency_ms"].values())
    assert all(found["is_met"] for found in told["findings"])
    assert told["engines"]["ear"].startswith("tiny")
    for key, call in told["calls"].items():
        for name in call["files"].values():
            assert (out / name).stat().st_size > 0, name
        assert (out / f"{key}.png").read_bytes().startswith(b"\x89PNG")
        transcript = json.loads((out / f"{key}.transcript.json").read_text("utf-8"))
        assert transcript["call_id"] == call["call_id"]
        with wave.open(str(out / f"{key}.wav"), "rb") as recording:
            assert recording.getnchannels() == 2
            assert recording.getnframes() > 10 * recording.getframerate()
