"""A whole Asterisk of our own, in one folder, on free ports of 127.0.0.1: for tests, the demo and `make run`.

    with PrivatePbx(PbxPlan.…, folder) as pbx:      # or: async with
        pbx.ports.sip, pbx.ari_url, pbx.cli("core show channels")

The process is ours alone: it is stopped by its process id, and the kernel kills it should we die first.
"""

import asyncio
import ctypes
import json
import logging
import os
import resource
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from provisioning.free_ports import free_tcp_port, free_udp_port, free_udp_range
from provisioning.hold_music import hold_music
from provisioning.pbx_plan import (
    RTP_RANGE_LENGTH,
    Did,
    Fallback,
    PbxPlan,
    PbxPorts,
    PbxSite,
    PhoneAccount,
    TransferTarget,
    render,
)
from vocabulary.errors import CentralitaError, ConfigurationError

__all__ = [
    "AsteriskBuild",
    "BaresipBuild",
    "Did",
    "Fallback",
    "PbxDidNotStart",
    "PbxPlan",
    "PbxPorts",
    "PhoneAccount",
    "PrivatePbx",
    "TransferTarget",
    "new_secret",
    "render",
]

log = logging.getLogger(__name__)

NOTE: Final = Path(__file__).resolve().parent.parent / ".cache" / "asterisk" / "asterisk.json"
"""Written by `scripts/get_asterisk.py`; the variable CENTRALITA_ASTERISK_NOTE names another one."""

_BOOT_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 5.0
_OPEN_FILES: Final = 65_536
_LONGEST_SOCKET_PATH: Final = 100
"""Bytes; the kernel allows 107 for a Unix socket."""
_START_ATTEMPTS: Final = 3
"""A port found free can be taken by somebody else before Asterisk binds it."""


class PbxDidNotStart(CentralitaError):
    """Asterisk ended, or was not fully booted in time; the message holds the end of its log."""

    retryable = True


@dataclass(frozen=True, slots=True)
class BaresipBuild:
    """An independent SIP phone that came with the private copy."""

    argv: tuple[str, ...]
    modules_dir: Path


@dataclass(frozen=True, slots=True)
class AsteriskBuild:
    """The Asterisk that set-up found or fetched."""

    argv: tuple[str, ...]
    """Prefix of its command line."""
    modules_dir: Path
    data_dir: Path
    version: str
    origin: str
    baresip: BaresipBuild | None = None

    @classmethod
    def from_note(cls, path: Path | None = None) -> Self:
        """Read what `scripts/get_asterisk.py` noted.

        Raises: ConfigurationError when set-up has not run, or what it found is gone.
        """
        path = path or Path(os.environ.get("CENTRALITA_ASTERISK_NOTE", NOTE))
        try:
            note: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError as exc:
            raise ConfigurationError("no Asterisk yet: run `make setup` (scripts/get_asterisk.py)") from exc
        phone = note["baresip"]
        build = cls(
            argv=tuple(note["argv"]),
            modules_dir=Path(note["modules_dir"]),
            data_dir=Path(note["data_dir"]),
            version=note["version"],
            origin=note["origin"],
            baresip=BaresipBuild(tuple(phone["argv"]), Path(phone["modules_dir"])) if phone else None,
        )
        if not (Path(build.argv[0]).exists() and build.modules_dir.is_dir()):
            raise ConfigurationError("the Asterisk that set-up found is gone: run `make setup` again")
        return build

    def modules(self) -> frozenset[str]:
        """Return the file names of the modules it has."""
        return frozenset(path.name for path in self.modules_dir.glob("*.so"))


def new_secret() -> str:
    """Return a password that needs no quoting in any configuration file."""
    return secrets.token_urlsafe(18)


def choose_ports(host: str = "127.0.0.1") -> PbxPorts:
    """Return ports that are free at the moment."""
    rtp_first, rtp_last = free_udp_range(RTP_RANGE_LENGTH, host)
    return PbxPorts(
        sip=free_udp_port(host),
        http=free_tcp_port(),
        ami=free_tcp_port(),
        rtp_first=rtp_first,
        rtp_last=rtp_last,
    )


class PrivatePbx:
    """One Asterisk process and its folder. Belongs to no event loop: one object may serve the tests of a module.

    Start it in a thread that lives as long as the PBX shall: the kernel's "kill it when the parent dies" counts the
    starting thread as the parent.
    """

    def __init__(
        self,
        plan: PbxPlan,
        folder: Path,
        build: AsteriskBuild | None = None,
        host: str = "127.0.0.1",
        ports: PbxPorts | None = None,
    ) -> None:
        """Prepare, start nothing yet.

        `folder` is made when missing and may be used again; `build` is by default what set-up noted; `host` is where
        SIP and RTP listen (ARI and AMI stay on 127.0.0.1); `ports` are by default free ones, chosen at the start.
        """
        self.plan = plan
        self.folder = folder.resolve()
        self.build = build or AsteriskBuild.from_note()
        self.host = host
        self._wanted_ports = ports
        self._ports: PbxPorts | None = ports
        self._process: subprocess.Popen[bytes] | None = None
        self._short_run_folder: tempfile.TemporaryDirectory[str] | None = None

    # -- what others need to know -------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Process id of the running Asterisk. Raises: RuntimeError when it is not running."""
        if self._process is None:
            raise RuntimeError("the private PBX is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def ports(self) -> PbxPorts:
        """Where it listens. Raises: RuntimeError before the first start when none were given."""
        if self._ports is None:
            raise RuntimeError("the private PBX has no ports before it was started")
        return self._ports

    @property
    def sip_address(self) -> tuple[str, int]:
        """Host and UDP port of SIP."""
        return self.host, self.ports.sip

    @property
    def ari_url(self) -> str:
        """Like `http://127.0.0.1:18088`; the paths of ARI begin at `/ari`."""
        return f"http://127.0.0.1:{self.ports.http}"

    @property
    def log_path(self) -> Path:
        """Asterisk's log: notices, warnings, errors and the dialplan's steps of the present run."""
        return self.folder / "log" / "full.log"

    # -- life ---------------------------------------------------------------------------------------------------------

    def launch(self) -> Self:
        """Write the configuration, start Asterisk and wait until it is fully booted (under a second).

        Raises: ConfigurationError, PbxDidNotStart.
        """
        for attempt in range(_START_ATTEMPTS):
            self._ports = self._wanted_ports or choose_ports(self.host)
            self._write_configuration()
            try:
                self._spawn()
                self._wait_until_booted()
                return self
            except PbxDidNotStart:
                self.terminate()
                if self._wanted_ports or attempt == _START_ATTEMPTS - 1 or not self._lost_a_port():
                    raise
                log.warning("a port was taken before Asterisk had it, trying others", extra={"attempt": attempt})
        raise AssertionError("unreachable")

    def terminate(self) -> None:
        """Stop the process: first politely, then by force. Harmless when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._short_run_folder is not None:
            self._short_run_folder.cleanup()
            self._short_run_folder = None

    def kill(self) -> None:
        """Kill it as a power cut would; `launch()` starts it again, on the same ports if those were given."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.terminate()

    async def start(self) -> Self:
        """Do what `launch` does; blocks the loop for the second it takes, because the calling thread is the parent."""
        return self.launch()

    async def stop(self) -> None:
        """Do what `terminate` does, without blocking the loop."""
        await asyncio.to_thread(self.terminate)

    def __enter__(self) -> Self:
        return self.launch()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.terminate()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    # -- talking to it ------------------------------------------------------------------------------------------------

    def cli(self, command: str, seconds: float = 10.0) -> str:
        """Return what Asterisk's console answers to `command`.

        Raises: PbxDidNotStart when nobody answers on the control socket.
        """
        done = self._remote(command, seconds)
        if done.returncode != 0:
            raise PbxDidNotStart(f"no answer from the console: {done.stdout.strip()}")
        return done.stdout

    async def ask(self, command: str) -> str:
        """Do what `cli` does, without blocking the loop."""
        return await asyncio.to_thread(self.cli, command)

    def channel_count(self) -> int:
        """Return how many channels Asterisk has at the moment."""
        return len(self.cli("core show channels concise").split())

    def complaints(self) -> list[str]:
        """Return the WARNING and ERROR lines of the log."""
        return [line for line in self._log_text().splitlines() if "] WARNING[" in line or "] ERROR[" in line]

    # -- how ----------------------------------------------------------------------------------------------------------

    def _write_configuration(self) -> None:
        for name in ("etc", "agi-bin", "lib/moh", "spool/recording", "log", "cache", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "lib" / "moh" / "hold.sln").write_bytes(hold_music())
        run_folder = self.folder / "run"
        if len(os.fsencode(run_folder / "asterisk.ctl")) > _LONGEST_SOCKET_PATH:
            self._short_run_folder = tempfile.TemporaryDirectory(prefix="pbx-")
            run_folder = Path(self._short_run_folder.name)
        self._control = run_folder / "asterisk.ctl"
        site = PbxSite(
            folder=self.folder,
            run_folder=run_folder,
            modules_dir=self.build.modules_dir,
            data_dir=self.build.data_dir,
            modules=self.build.modules(),
            ports=self.ports,
            host=self.host,
        )
        for name, text in render(self.plan, site).items():
            path = self.folder / "etc" / name
            path.unlink(missing_ok=True)
            path.touch(0o640)  # some of them hold passwords
            path.write_text(text, "utf-8")

    def _spawn(self) -> None:
        self.log_path.unlink(missing_ok=True)
        self._control.unlink(missing_ok=True)
        console: IO[bytes]
        with (self.folder / "log" / "console.log").open("wb") as console:
            self._process = subprocess.Popen(
                [*self.build.argv, "-C", str(self.folder / "etc" / "asterisk.conf"), "-f", "-q"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                preexec_fn=child_manners(),
            )

    def _wait_until_booted(self) -> None:
        deadline = time.monotonic() + _BOOT_SECONDS
        while not self._control.exists():
            if not self.is_running or time.monotonic() > deadline:
                raise PbxDidNotStart(f"Asterisk did not start:\n{self._last_words()}")
            time.sleep(0.02)
        while self._remote("core waitfullybooted", _BOOT_SECONDS).returncode != 0:
            if not self.is_running or time.monotonic() > deadline:
                raise PbxDidNotStart(f"Asterisk was not fully booted in time:\n{self._last_words()}")
            time.sleep(0.02)
        if self._lost_a_port():
            raise PbxDidNotStart(f"Asterisk could not have one of its ports:\n{self._last_words()}")

    def _remote(self, command: str, seconds: float) -> subprocess.CompletedProcess[str]:
        argv = [*self.build.argv, "-C", str(self.folder / "etc" / "asterisk.conf"), "-rx", command]
        return subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False, timeout=seconds)

    def _lost_a_port(self) -> bool:
        return "Address already in use" in self._log_text()

    def _log_text(self) -> str:
        return self.log_path.read_text("utf-8", "replace") if self.log_path.exists() else ""

    def _last_words(self) -> str:
        console = (self.folder / "log" / "console.log").read_text("utf-8", "replace")
        return "\n".join([*console.splitlines()[-5:], *self._log_text().splitlines()[-10:]])


def child_manners() -> Callable[[], None]:
    """Return what the child does between fork and exec: die with its parent, and allow itself many open files.

    Library and constants are fetched before the fork, where imports are safe.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG in linux/prctl.h
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)

    def in_the_child() -> None:
        prctl(set_parent_death_signal, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

    return in_the_child
