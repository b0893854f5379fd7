"""A FreePBX to test against: its configuration folder as scripts/make_freepbx_tree.py writes it, with a real Asterisk.

    with FreePbx(folder) as pbx:
        pbx.etc, pbx.cli("core show channels"), pbx.apply_config()

The Asterisk is the private one that set-up found; its `asterisk.conf` lies beside the tree, its `modules.conf` in it.
"""

import asyncio
import importlib.util
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final, Self

from provisioning.free_ports import free_tcp_port, free_udp_port, free_udp_range
from provisioning.hold_music import hold_music
from provisioning.private_pbx import AsteriskBuild, child_manners

SCRIPT: Final = Path(__file__).resolve().parents[1] / "scripts" / "make_freepbx_tree.py"
MODULES: Final = Path(__file__).resolve().parents[1] / "dialplan" / "private_pbx" / "modules.list"
MORE_MODULES: Final = (
    "res_pjsip_endpoint_identifier_ip", "res_pjsip_endpoint_identifier_anonymous", "res_pjsip_outbound_registration",
    "res_security_log", "app_stack", "app_cdr", "func_timeout", "func_db", "func_cut", "func_dialplan", "app_queue",
    "func_cdr", "func_math", "func_groupcount", "app_if", "app_while", "func_uri", "func_channel", "func_extstate",
    "func_hangupcause", "res_pjsip_sips_contact", "res_pjsip_transport_websocket", "res_pjsip_header_funcs",
    "func_sprintf", "func_env", "func_base64", "app_softhangup", "app_originate", "res_clioriginate",
)  # fmt: skip
NOT_HERE: Final = "chan_websocket"
"""Wants a file that neither FreePBX nor a bare Asterisk needs to have."""
_BOOT_SECONDS: Final = 30.0


def _load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_freepbx_tree", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


tree: Final = _load_script()
"""The script as a module: `tree.write_tree(folder, tree.FreePbxSite(...))`."""


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """Return everything below a folder: content, mode, owner and group of every file, and the folders too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if path.is_file() else b"<folder>"
        found[path.relative_to(folder).as_posix()] = (content, info.st_mode, info.st_uid, info.st_gid)
    return found


class TreePbx:
    """A real Asterisk on somebody's configuration folder."""

    def __init__(self, folder: Path, build: AsteriskBuild | None = None) -> None:
        """`folder` gets `etc/` (the tree) and everything Asterisk writes; nothing is started yet."""
        self.folder = folder.resolve()
        self.etc = self.folder / "etc"
        self.build = build or AsteriskBuild.from_note()
        self.sip_port = free_udp_port()
        self.http_port = free_tcp_port()
        self.manager_port = free_tcp_port()
        self.rtp_first, self.rtp_last = free_udp_range(200)
        self.log_folder = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._run = tempfile.TemporaryDirectory(prefix="pbx-")
        for name in ("etc", "agi-bin", "lib/moh", "spool/recording", "log", "cache"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "lib" / "moh" / "hold.sln").write_bytes(hold_music())

    # -- what others need to know -------------------------------------------------------------------------------------

    @property
    def conf(self) -> Path:
        """Its asterisk.conf, outside the tree."""
        return self.folder / "asterisk.conf"

    @property
    def sip_address(self) -> tuple[str, int]:
        return "127.0.0.1", self.sip_port

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """Everything it wrote: its log files, then what it said on its console."""
        files = [*sorted(path for path in self.log_folder.iterdir() if path.is_file()), self.folder / "console.log"]
        return "\n".join(path.read_text("utf-8", "replace") for path in files if path.exists())

    def complaints(self) -> list[str]:
        """WARNING and ERROR lines since the start."""
        return [line for line in self.log().splitlines() if "] WARNING[" in line or "] ERROR[" in line]

    # -- life ---------------------------------------------------------------------------------------------------------

    def write_foundation(self) -> None:
        """Write asterisk.conf beside the tree, and into it, if missing, what this Asterisk's modules need."""
        folder = self.folder
        self.conf.write_text(
            "[directories]\n"
            f"astetcdir => {self.etc}\nastmoddir => {self.build.modules_dir}\nastdatadir => {self.build.data_dir}\n"
            f"astagidir => {folder}/agi-bin\nastvarlibdir => {folder}/lib\nastdbdir => {folder}/lib\n"
            f"astkeydir => {folder}/lib\nastspooldir => {folder}/spool\nastrundir => {self._run.name}\n"
            f"astlogdir => {folder}/log\nastcachedir => {folder}/cache\n"
            "[options]\nverbose = 3\nnocolor = yes\nhideconnect = yes\ndocumentation_language = en_US\n",
            "utf-8",
        )
        if not (self.etc / "modules.conf").exists():
            available = self.build.modules()
            wanted = [line.lstrip("?") for line in MODULES.read_text("utf-8").splitlines() if line and line[0] != "#"]
            names = [
                name
                for name in dict.fromkeys([*wanted, *MORE_MODULES])
                if f"{name}.so" in available and name not in NOT_HERE
            ]
            lines = "".join(f"load = {name}.so\n" for name in names)
            (self.etc / "modules.conf").write_text(f"[modules]\nautoload = no\n{lines}", "utf-8")
            (self.etc / "websocket_client.conf").touch()  # res_ari wants res_websocket_client, which wants this

    def launch(self) -> Self:
        """Start Asterisk on the tree as it is now and wait until it is fully booted."""
        self.write_foundation()
        with (self.folder / "console.log").open("wb") as console:
            self._process = subprocess.Popen(
                [*self.build.argv, "-C", str(self.conf), "-f", "-q"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                preexec_fn=child_manners(),
            )
        deadline = time.monotonic() + _BOOT_SECONDS
        control = Path(self._run.name) / "asterisk.ctl"
        while not control.exists() or "fully booted" not in self._remote("core waitfullybooted").stdout:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Asterisk did not start on {self.etc}:\n{self.log()[-4000:]}")
            time.sleep(0.02)
        return self

    def terminate(self) -> None:
        """Stop it, by its process id."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self) -> None:
        """Stop it and give the control socket's folder back."""
        self.terminate()
        self._run.cleanup()

    def restart(self) -> None:
        """Start anew: only then is the whole tree read from nothing."""
        self.terminate()
        self.launch()

    def __enter__(self) -> Self:
        return self.launch()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # -- talking to it ------------------------------------------------------------------------------------------------

    def cli(self, command: str) -> str:
        """Return what the console answers."""
        done = self._remote(command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def ask(self, command: str) -> str:
        """Do what `cli` does, without blocking the loop."""
        return await asyncio.to_thread(self.cli, command)

    def _remote(self, command: str) -> subprocess.CompletedProcess[str]:
        argv = [*self.build.argv, "-C", str(self.conf), "-rx", command]
        return subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False, timeout=20)


class FreePbx(TreePbx):
    """A FreePBX's Asterisk."""

    def __init__(self, folder: Path, **site: Any) -> None:
        super().__init__(folder)
        self.site = tree.FreePbxSite(
            sip_bind=f"127.0.0.1:{self.sip_port}",
            http_port=self.http_port,
            manager_port=self.manager_port,
            rtp_first=self.rtp_first,
            rtp_last=self.rtp_last,
            log_folder=str(self.log_folder),
            sound_folder=str(self.folder / "lib" / "moh"),
            **site,
        )
        self.write_foundation()
        self.apply_config()

    def apply_config(self, **changes: Any) -> None:
        """Do to the files what the red button "Apply Config" does; `changes` are clicked first."""
        self.site = replace(self.site, **changes)
        tree.write_tree(self.etc, self.site)

    def fwconsole_reload(self) -> None:
        """Write the generated files again and let Asterisk read everything."""
        self.apply_config()
        self.cli("core reload")


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts below a folder, as a person would."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
