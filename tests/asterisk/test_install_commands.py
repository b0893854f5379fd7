"""The installers as an integrator types them: into a FreePBX and a bare Asterisk, an apply cut short, and out again."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from provisioning.applying.apply import recover
from provisioning.applying.control import AsteriskCli
from provisioning.applying.status import status
from tests.asterisk.test_standalone import SAMPLES
from tests.freepbx_tree import FreePbx, TreePbx, snapshot, write_files

FREEPBX = """
[site]
pbx = "freepbx"
country = "ES"
fallback = {{ kind = "queue", target = "400" }}
[site.network]
lan_address = "127.0.0.1"
local_networks = ["127.0.0.0/8"]
[site.ari]
port = {http}
[gateways.oficina]
[[gateways.oficina.dids]]
number = "+34910000001"
"""
BARE = """
[site]
country = "MX"
fallback = {{ kind = "busy" }}
[site.network]
bind = "127.0.0.1"
sip_port = {sip}
lan_address = "127.0.0.1"
local_networks = ["127.0.0.0/8"]
rtp_first = {rtp_first}
rtp_last = {rtp_last}
[site.ari]
port = {http}
[gateways.oficina]
ip = "127.0.0.2"
[[gateways.oficina.dids]]
number = "+525512345678"
"""


class Terminal:
    """Somebody at a shell beside this Asterisk."""

    def __init__(self, pbx: TreePbx, config: str, folder: Path) -> None:
        self.pbx = pbx
        self.folder = folder
        self.config = folder / "telephony.toml"
        self.config.write_text(
            config.format(http=pbx.http_port, sip=pbx.sip_port, rtp_first=pbx.rtp_first, rtp_last=pbx.rtp_last), "utf-8"
        )

    def argv(self, *words: str) -> Sequence[str]:
        asterisk = ["--asterisk", shlex.join(self.pbx.build.argv), "--asterisk-conf", str(self.pbx.conf)]
        where = ["--config", str(self.config), "--etc", str(self.pbx.etc)]
        return [sys.executable, "-m", "centralita.cli", *words, *where, *([] if words[0] == "audit" else asterisk)]

    def run(self, *words: str, status: int = 0) -> dict[str, object]:
        done = subprocess.run(
            [*self.argv(*words), "--json"], capture_output=True, text=True, check=False, timeout=100, cwd=self.folder
        )
        assert done.returncode == status, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        assert isinstance(answer, dict)
        return answer


class TestFreePbx:
    @pytest.fixture
    def terminal(self, tmp_path: Path) -> Iterator[Terminal]:
        with FreePbx(tmp_path / "pbx") as pbx:
            yield Terminal(pbx, FREEPBX, tmp_path)

    def test_in_and_out_byte_for_byte(self, terminal: Terminal) -> None:
        before = snapshot(terminal.pbx.etc)
        tried = terminal.run("install-freepbx", "--dry-run")
        assert tried["good"] is True
        assert snapshot(terminal.pbx.etc) == before
        done = terminal.run("install-freepbx", "--trial-call")
        assert done["good"] is True
        assert "centralita-entry,telecom,1" in json.dumps(done["clicks"])
        trial = done["trial_call"]
        assert isinstance(trial, dict)
        assert trial["reached"] == "fallback", "no application is connected here"
        assert terminal.run("telephony", "status")["is_proven"] is True
        audited = terminal.run("audit", status=1 if _has_errors(terminal) else 0)
        assert "findings" in audited
        assert terminal.run("uninstall-freepbx")["good"] is True
        assert snapshot(terminal.pbx.etc) == before

    def test_the_wrong_kind_is_explained(self, terminal: Terminal) -> None:
        done = subprocess.run(
            terminal.argv("install-standalone"), capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 2
        assert 'write pbx = "standalone"' in done.stderr


def _has_errors(terminal: Terminal) -> bool:
    done = subprocess.run(
        [*terminal.argv("audit"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=terminal.folder,
    )
    findings = json.loads(done.stdout)["findings"]
    return any(one["severity"] == "error" for one in findings)


class TestBareAsterisk:
    @pytest.fixture
    def terminal(self, tmp_path: Path) -> Iterator[Terminal]:
        pbx = TreePbx(tmp_path / "pbx")
        moh = str(pbx.folder / "lib" / "moh")
        values = {"rtp_first": str(pbx.rtp_first), "rtp_last": str(pbx.rtp_last), "moh": moh}
        write_files(pbx.etc, {name: text.format(**values) for name, text in SAMPLES.items()})
        with pbx:
            yield Terminal(pbx, BARE, tmp_path)

    def test_in_and_out_byte_for_byte(self, terminal: Terminal) -> None:
        before = snapshot(terminal.pbx.etc)
        fail2ban = terminal.folder / "no-fail2ban"
        assert terminal.run("install-standalone", "--fail2ban", str(fail2ban))["good"] is True
        assert terminal.run("install-standalone", "--fail2ban", str(fail2ban))["good"] is True
        assert terminal.run("uninstall-standalone", "--fail2ban", str(fail2ban))["good"] is True
        assert snapshot(terminal.pbx.etc) == before

    async def test_apply_is_killed_ever_later_and_nothing_is_ever_in_between(self, terminal: Terminal) -> None:
        """kill -9 in the middle of a real apply on a running Asterisk; what comes next puts it right."""
        etc, cli = terminal.pbx.etc, AsteriskCli(terminal.pbx.build.argv, terminal.pbx.conf)
        old = _files(etc)
        seen: list[str] = []
        for milliseconds in (0, 4, 16, 64, 256):
            process = await asyncio.create_subprocess_exec(
                *terminal.argv("telephony", "apply"), "--json", cwd=terminal.folder,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            # the journal is the first thing it writes: from there on, each round lets it get further
            journal = etc / "centralita" / ".journal"
            while process.returncode is None and not any(journal.glob("*.prepared.json")):
                await asyncio.sleep(0.001)
            await asyncio.sleep(milliseconds / 1000)
            if process.returncode is None:
                os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            seen.append((await asyncio.to_thread(status, etc, cli)).state)
            told = await asyncio.to_thread(recover, etc, cli)
            if seen[-1] == "cut":
                assert "the files from before it are back" in told
                assert _files(etc) == old
        assert "cut" in seen, "no kill fell into the middle: the test proves nothing"
        assert (await asyncio.to_thread(terminal.run, "telephony", "apply"))["ok"] is True
        assert (await asyncio.to_thread(terminal.run, "telephony", "status"))["is_proven"] is True
        assert "centralita-oficina" in terminal.pbx.cli("pjsip show endpoints")


def _files(etc: Path) -> dict[str, bytes]:
    """Everything but our journal."""
    return {
        path.relative_to(etc).as_posix(): path.read_bytes()
        for path in sorted(etc.rglob("*"))
        if path.is_file() and ".journal" not in path.parts and not path.name.startswith(".lock")
    }
