"""`centralita pbx agi` as a process: it serves, tells where, and ends on Ctrl-C without a traceback."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from ari_app.blocklist_file import change_file
from ari_app.screening import Rule
from provisioning.free_ports import free_tcp_port

ROOT = Path(__file__).parents[3]
PROGRAM = "from centralita.pbx_command import pbx_app; pbx_app()"


@pytest.mark.parametrize("shows_numbers", [False, True])
async def test_it_serves_the_agents_of_the_settings_and_ends_on_ctrl_c(tmp_path: Path, shows_numbers: bool) -> None:
    settings = tmp_path / "centralita.toml"
    run = f"[run]\nlog_numbers = {str(shows_numbers).lower()}\n"
    settings.write_text(f'[agents]\ndefault = "telecom"\nby_did = {{ 5551002 = "clinica" }}\n{run}', "utf-8")
    change_file(tmp_path / "blocklist.toml", add=Rule(number="+34600111222"))
    port = free_tcp_port()
    words = ["agi", "--port", str(port), "--settings", str(settings), "--blocklist", str(tmp_path / "blocklist.toml")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, *words), stderr=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(30):
        while f"serving agi://127.0.0.1:{port}/entry" not in said:
            line = (await process.stderr.readline()).decode()
            assert line, f"it ended:\n{said}"
            said += line
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"agi_network_script: entry\nagi_callerid: 600111222\nagi_dnid: 5551002\n\n")
        commands = []
        while command := await reader.readline():
            commands.append(command.decode().strip())
            writer.write(b"200 result=1\n")
        writer.close()
        process.send_signal(signal.SIGINT)
        rest = (await process.stderr.read()).decode()
        await process.wait()
    assert commands[1:3] == ["SET VARIABLE CENTRALITA_AGENT clinica", "SET VARIABLE CENTRALITA_SCREENED blocked"]
    assert process.returncode == 0
    assert "Traceback" not in said + rest
    told = said + rest
    marked = told.count('pii.caller="+34600111222"')
    assert told.count("600111222") == marked == shows_numbers, "numbers are for marked fields only, if at all"
    assert shows_numbers or "pii.caller=[hidden]" in told
