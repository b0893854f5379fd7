"""A gateway fetches its file: from the config to the box, once, and nobody else learns anything."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from provisioning.free_ports import free_tcp_port

CONFIG = """
[site]
country = "ES"
fallback = { kind = "busy" }
[site.network]
lan_address = "127.0.0.1"
[gateways.consulta]
model = "ht813"
ip = "127.0.0.1"
mac = "00:0b:82:11:22:33"
fxo_ports = 1
[[gateways.consulta.dids]]
number = "+34910123456"
"""


@asynccontextmanager
async def serving(folder: Path, port: int, *more: str) -> AsyncIterator[str]:
    """The command, as a process; yields the gateway's own address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "centralita.cli", "gateway", "serve", "--address", "127.0.0.1", "--port", str(port)),
        *("--config", str(folder / "telephony.toml"), *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.timeout(90):
            told = (await process.stderr.readline()).decode()
            assert b"listening" in await process.stdout.readline()
        yield told.split()[1]
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_box_fetches_its_file_once_and_again_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "telephony.toml").write_text(CONFIG, encoding="utf-8")
    port = free_tcp_port()
    name = "cfg000b82112233.xml"
    async with serving(tmp_path, port) as address, httpx2.AsyncClient() as box:
        guessed = address.rstrip("/").rpartition("/")[0] + "/guessed-token-guessed-token/" + name
        assert (await box.get(guessed)).status_code == 404
        first = await box.get(address + name)
        assert first.status_code == 200
        assert "34910123456" in first.text
        assert address.split("/")[3] in first.text, "the box finds its way back by itself"
        assert (await box.get(address + name)).status_code == 404
    async with serving(tmp_path, port) as address, httpx2.AsyncClient() as box:
        assert (await box.get(address + name)).status_code == 404, "taken is taken, over restarts too"
    async with serving(tmp_path, port, "--rearm", "consulta") as address, httpx2.AsyncClient() as box:
        assert (await box.get(address + name)).text == first.text
    config = (tmp_path / "telephony.toml").read_text(encoding="utf-8")
    (tmp_path / "telephony.toml").write_text(config.replace("+34910123456", "+34910123457"), encoding="utf-8")
    async with serving(tmp_path, port) as address, httpx2.AsyncClient() as box:
        changed = await box.get(address + name)
        assert changed.status_code == 200, "what has changed is fetched again"
        assert "34910123457" in changed.text


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.9"])
async def test_passwords_are_not_served_to_the_world(tmp_path: Path, address: str) -> None:
    (tmp_path / "telephony.toml").write_text(CONFIG, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "centralita.cli", "gateway", "serve", "--address", address, "--port", "8089"),
        *("--config", str(tmp_path / "telephony.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(90):
        _, told = await process.communicate()
    assert process.returncode == 2
    assert b"--i-know" in told
