"""The stage of demo and tests: a private Asterisk, settings that fit it, and `centralita up` beside it."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

from rich.console import Console
from rich.panel import Panel

from ari_app.live_client import LiveAddress, LiveClient
from centralita.calls import events_token
from centralita.settings import load_settings
from centralita.supervisor import ChildStatus, Supervisor
from centralita.up import REPORT, read_report, supervisor_of
from provisioning.free_ports import free_tcp_port
from provisioning.pbx_plan import Did, Fallback, PbxPlan, PhoneAccount
from provisioning.private_pbx import PrivatePbx, new_secret
from vocabulary.errors import CentralitaError

CHECKOUT: Final = Path(__file__).resolve().parents[2]
PEOPLE: Final = ("200", "201", "202")
"""Extensions of the private Asterisk: a colleague, a technician, the manager; agents/telecom.toml names them."""
DIDS: Final = {"5551001": "telecom", "5551002": "clinica", "5551003": "support_en"}
LOG: Final = "centralita.log"
"""What the processes say, in the stage's folder."""
_READY_SECONDS: Final = 60.0


class StageNotReady(CentralitaError):
    """The product's processes did not come up; the message names their log."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What differs from one performance to the next."""

    rate: int = 8000
    fallback: Fallback = field(default_factory=lambda: Fallback("tone"))
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Laid over the stage's own settings, section by section."""
    agents: Path = CHECKOUT / "agents"
    is_up_apart: bool = False
    """Run `centralita up` as a process of its own, as an operator does: `up` is it, and there is no `supervisor`."""


def stage_pbx_plan(fallback: Fallback) -> PbxPlan:
    """An office with three people and one number for each agent."""
    return PbxPlan(
        ari_password=new_secret(),
        ami_password=new_secret(),
        phones=tuple(PhoneAccount(user, new_secret()) for user in PEOPLE),
        dids=tuple(Did(number, agent, fallback) for number, agent in DIDS.items()),
    )


class Stage:
    """Everything that has to run for a call; `async with` it."""

    def __init__(
        self,
        folder: Path,
        plan: StagePlan | None = None,
        *,
        log: TextIO | None = None,
        progress: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`folder` keeps what the product writes; `log` gets the processes' output (a file in it by default);
        `progress` is told what is up, in words."""
        self.folder = folder
        self.plan = plan or StagePlan()
        self.pbx: PrivatePbx | None = None
        self.on_asterisk: Callable[[PrivatePbx], None] = lambda pbx: None
        """Called when Asterisk runs and nothing of ours does."""
        self._log = log
        self._progress = progress
        self._exit = contextlib.AsyncExitStack()
        self._supervisor: Supervisor | None = None
        self._up: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._set_up()
        except BaseException:  # also when cancelled: nothing half-made stays; raised again
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    @property
    def asterisk(self) -> PrivatePbx:
        assert self.pbx is not None
        return self.pbx

    @property
    def supervisor(self) -> Supervisor:
        assert self._supervisor is not None
        return self._supervisor

    @property
    def up(self) -> asyncio.subprocess.Process:
        """`centralita up`, where it is a process of its own."""
        assert self._up is not None
        return self._up

    @property
    def settings_path(self) -> Path:
        """The settings file of this stage."""
        return self.folder / "centralita.toml"

    def child(self, name: str) -> ChildStatus:
        """How a process is doing. Raises: KeyError."""
        if self._supervisor is not None:
            return self._supervisor.status(name)
        return {status.name: status for status in read_report(self.settings.run.state_folder)}[name]

    def live(self) -> LiveClient:
        """The live events and commands of `calls`."""
        return LiveClient(LiveAddress(self.settings.events.port, events_token(self.settings)))

    def password(self, user: str) -> str:
        """A person's SIP password."""
        return next(phone.password for phone in self.asterisk.plan.phones if phone.user == user)

    async def _set_up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pbx = PrivatePbx(stage_pbx_plan(self.plan.fallback), self.folder / "asterisk")
        await self._exit.enter_async_context(self.pbx)
        self.on_asterisk(self.pbx)
        self._progress(f"Asterisk {self.pbx.build.version} is up, SIP on {'{}:{}'.format(*self.pbx.sip_address)}")
        path = self._write_settings()
        self.settings = load_settings(path, {})
        self._output = self._log or self._exit.enter_context((self.folder / LOG).open("w", encoding="utf-8"))
        if self.plan.is_up_apart:
            self._exit.push_async_callback(self._end_up)
            await self.start_up()
        else:
            await self._start_within(path)

    async def start_up(self) -> None:
        """Start `centralita up` as a process of its own (again, after it has ended) and wait until it serves.

        Raises: StageNotReady.
        """
        (self.settings.run.state_folder / REPORT).unlink(missing_ok=True)
        self._up = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "centralita.cli", "up", "--settings", str(self.settings_path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with self._in_time():
            while not self._is_up():  # noqa: ASYNC110 - it tells by a file
                await asyncio.sleep(0.05)

    def _is_up(self) -> bool:
        if self.up.returncode is not None:
            raise StageNotReady(f"`centralita up` ended with {self.up.returncode}; see {self.folder / LOG}")
        statuses = read_report(self.settings.run.state_folder)
        return bool(statuses) and all(status.is_ready for status in statuses)

    async def _end_up(self) -> None:
        if self._up is not None and self._up.returncode is None:
            self._up.terminate()
            await self._up.wait()

    async def _start_within(self, path: Path) -> None:
        self._supervisor = supervisor_of(self.settings, path, on_change=self._child_changed, out=self._output)
        running = asyncio.create_task(self._supervisor.run(handle_signals=False), name="up")
        self._exit.push_async_callback(self._take_down, running)
        async with self._in_time():
            await self._supervisor.wait_ready()

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                yield
        except TimeoutError:
            raise StageNotReady(f"the processes do not get ready; see {self.folder / LOG}") from None

    def _child_changed(self, status: ChildStatus) -> None:
        if status.is_ready:
            self._progress(f"`{status.name}` is up")
        elif status.pid is None:
            self._progress(f"`{status.name}` has ended")

    async def _take_down(self, running: "asyncio.Task[None]") -> None:
        self.supervisor.stop()
        await running

    def _write_settings(self) -> Path:
        pbx = self.asterisk
        for name, password in (("ari.password", pbx.plan.ari_password), ("ami.password", pbx.plan.ami_password)):
            secret = self.folder / name
            secret.write_text(password, encoding="ascii")
            secret.chmod(0o600)
        # A Unix socket's path may have 107 letters, and a checkout may lie deeper than that.
        short = Path(tempfile.mkdtemp(prefix="centralita-"))
        self._exit.callback(shutil.rmtree, short, ignore_errors=True)
        sections: dict[str, dict[str, Any]] = {
            "asterisk": {"ari_url": pbx.ari_url, "ari_user": pbx.plan.ari_user, "ari_password": "file:ari.password"},
            "ami": {"port": pbx.ports.ami, "user": pbx.plan.ami_user, "password": "file:ami.password"},
            "agi": {"port": free_tcp_port()},
            "audio_socket": {"rate": self.plan.rate},
            "speech": {"socket": str(short / "speech.sock")},
            "voice": {"model": str(CHECKOUT / ".cache" / "silero" / "silero_vad.onnx")},
            "agents": {"folder": str(self.plan.agents)},
            "storage": {
                "local_path": "recordings",
                "customers": str(CHECKOUT / "examples" / "customers.toml"),
                "customers_journal": "customers.jsonl",
                "notes": "notes",
            },
            "events": {"port": free_tcp_port()},
            "offline": {"worker": False},  # what a stage shows is the call itself
            "run": {"state_folder": "state"},
        }
        for section, values in self.plan.settings.items():
            sections.setdefault(section, {}).update(values)
        path = self.settings_path
        path.write_text("\n".join(_toml_section(name, values) for name, values in sections.items()), encoding="utf-8")
        return path


def _toml_section(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"[{name}]"]
    for key, value in values.items():
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
        lines.append(f"{key} = {shown}")
    return "\n".join(lines) + "\n"


async def run_for_a_softphone(folder: Path, sip_port: int) -> None:
    """Keep a stage up until Ctrl-C, and say how to ring it."""
    console = Console()
    async with Stage(folder, log=sys.stdout) as stage:
        host, port = stage.asterisk.sip_address
        user = PEOPLE[0]
        told = (
            f"SIP server  [bold]{host}:{port}[/] (UDP)\nuser        [bold]{user}[/]\n"
            f"password    [bold]{stage.password(user)}[/]\n\n"
            "Ring "
            + ", ".join(f"[bold]{number}[/] ({agent})" for number, agent in DIDS.items())
            + f"\n\near {stage.settings.speech.ear} (demo and tests only: it hears synthetic Spanish voices), "
            f"mouth {stage.settings.speech.mouth}, mind {stage.settings.mind.provider}\n"
            "Ctrl-C ends it."
        )
        console.print(Panel(told, title="centralita run"))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
