"""`centralita up`: every process on this machine, supervised. What runs and how it fares is in `<state>/up.json`."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TextIO

from ari_app.live_client import LiveAddress
from centralita.calls import ami_address, ari_address, events_token
from centralita.profiles import profiles_of
from centralita.pulse import pulse_of_agi, pulse_of_calls
from centralita.settings import Settings
from centralita.supervisor import ChildSpec, ChildStatus, Supervisor
from vocabulary.errors import ConfigurationError

REPORT: Final = "up.json"
"""In the state folder: the processes, as `read_report` returns them."""
LOCK: Final = "up.lock"
"""In the state folder: held by the one `up` that runs there; two would fight for port, socket and callers."""
_WORKER_STOP_SECONDS: Final = 30.0
"""It lets the job in hand finish if that is soon; the rest is done by the next one."""


def children(settings: Settings, settings_path: Path | None) -> tuple[ChildSpec, ...]:
    """The processes in the order of their start; they are stopped the other way round.

    `guard` is there before there is anything to guard, and until the end; `calls` has a spare, because callers wait.
    `worker` and `agi`, where they are wanted, come last: nobody waits for them, and without `agi` the dialplan lets
    callers through.

    Raises: ConfigurationError when the live stream's token cannot be had.
    """
    told = ("--settings", str(settings_path.absolute())) if settings_path else ()
    python = sys.executable
    live = LiveAddress(settings.events.port, events_token(settings), settings.events.host)
    specs = [
        ChildSpec("guard", (python, "-m", "centralita.guard", *told), dies_with_us=False),
        ChildSpec("speech", (python, "-m", "centralita.speech", *told), ready_seconds=settings.speech.start_seconds),
        ChildSpec(
            "calls", (python, "-m", "centralita.calls", *told), has_spare=True, pulse=partial(pulse_of_calls, live)
        ),
    ]
    command = (python, "-m", "centralita.cli")
    if settings.offline.worker:
        specs.append(ChildSpec("worker", (*command, "worker", *told), stop_seconds=_WORKER_STOP_SECONDS))
    if settings.agi.enabled:
        pulse = partial(pulse_of_agi, settings.agi.host, settings.agi.port)
        # The port is its own: another's answer is none of a ready `agi`
        specs.append(ChildSpec("agi", (*command, "pbx", "agi", *told), pulse=pulse, has_pulse_from_start=True))
    return tuple(specs)


def supervisor_of(
    settings: Settings,
    settings_path: Path | None,
    *,
    on_change: Callable[[ChildStatus], None] = lambda status: None,
    out: TextIO | None = None,
) -> Supervisor:
    """Return the supervisor of all processes; it keeps `<state>/up.json` true.

    Raises: ConfigurationError when the processes could not start with these settings: better one line now than
    children that die again and again.
    """
    _rehearse(settings)
    report = settings.run.state_folder / REPORT

    def changed(status: ChildStatus) -> None:
        _write_report(report, supervisor.statuses())
        on_change(status)

    supervisor = Supervisor(
        children(settings, settings_path), on_change=changed, out=out, lock=settings.run.state_folder / LOCK
    )
    return supervisor


def read_report(state_folder: Path) -> tuple[ChildStatus, ...]:
    """Return how the processes fared when something last changed; empty when `up` has never run here.

    An `up` that was killed could not write its end: a pid in the report may be nobody's, or somebody else's.
    """
    try:
        told = json.loads((state_folder / REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(
        ChildStatus(name, one["pid"], one["is_ready"], one["starts"], one["exit"]) for name, one in told.items()
    )


def _rehearse(settings: Settings) -> None:
    """Do once what every process does first with its settings.

    Raises: ConfigurationError, naming the key.
    """
    for key, folder in (
        ("run.state_folder", settings.run.state_folder),
        ("speech.socket", settings.speech.socket.parent),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise ConfigurationError(f"{key}: {folder} cannot be made: {exc.strerror}; name another place") from exc
    try:
        ari_address(settings)
    except ConfigurationError as exc:
        raise ConfigurationError(f"asterisk.ari_password: {exc}") from exc
    try:
        if settings.ami.enabled:
            ami_address(settings)
    except ConfigurationError as exc:
        raise ConfigurationError(f"ami.password: {exc}") from exc
    try:
        events_token(settings)
    except ConfigurationError as exc:
        raise ConfigurationError(f"events.token: {exc}") from exc
    profiles_of(settings)
    if settings.offline.worker:
        from centralita.storehouse import recordings_of  # with the libraries of databases and buckets

        recordings_of(settings)


def _write_report(path: Path, statuses: tuple[ChildStatus, ...]) -> None:
    told = {
        status.name: {"pid": status.pid, "is_ready": status.is_ready, "starts": status.starts, "exit": status.last_exit}
        for status in statuses
    }
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(told) + "\n", encoding="utf-8")
    fresh.replace(path)
