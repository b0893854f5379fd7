"""A PostgreSQL of our own to test against: a real server on a Unix socket in a temporary folder, stopped by its pid.

`running_postgres()` starts one; `PrivatePostgres.new_database()` gives an empty database and its URL. It listens on no
port. As root it runs as another user, because PostgreSQL refuses root.

    python -m tests.postgres COMMAND…    runs a command, `URL` in it replaced by an empty database's, with fsync on:
                                         for benchmarks, whose figures must be those of a server that keeps its word
"""

import contextlib
import itertools
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

ROOT: Final = Path(__file__).resolve().parents[1]
SCRIPT: Final = ROOT / "scripts" / "get_postgres.py"
CACHE: Final = ROOT / ".cache" / "postgres"
USER: Final = "centralita"
START_SECONDS: Final = 60.0
SETTINGS: Final = {
    "listen_addresses": "",
    # What a process writes survives its death without fsync; only a power cut, which no test has, would need it.
    "fsync": "off",
    "timezone": "GMT",
    "log_timezone": "GMT",
    "lc_messages": "C",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


class PrivatePostgres:
    """One server; `start`, `kill` and `stop` may follow one another, the data stays until `remove`."""

    def __init__(self, bin_dir: Path, environment: dict[str, str]) -> None:
        """Make the data folder; nothing runs yet. `environment` is added to a small one of ours."""
        self._user = _unprivileged_user()
        self._uid = None if self._user is None else self._user.pw_uid
        self._gid = None if self._user is None else self._user.pw_gid
        # Not pytest's: its folders are closed to the user the server runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="centralita-pg-"))
        self._bin = _reachable(bin_dir, self.folder, self._user)
        self._environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "GMT", **environment}
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._log: list[str] = []
        self._names = itertools.count(1)
        self._run_once(
            "initdb", "-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale"
        )

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server said so far."""
        return "".join(self._log)

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises: RuntimeError with its log."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [str(self._bin / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
            cwd=self.folder,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._user is None else [],
        )
        is_ready = threading.Event()
        self._reader = threading.Thread(target=self._read_log, args=(self._process, is_ready), daemon=True)
        self._reader.start()
        if not is_ready.wait(START_SECONDS) or self._process.poll() is not None:
            self.kill()
            raise RuntimeError(f"PostgreSQL did not start:\n{self.log}")

    def new_database(self) -> str:
        """Make an empty database and return its URL for `storage.database.Database`."""
        name = f"test_{next(self._names)}"
        with psycopg.connect(f"host={self.folder} user={USER} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def stop(self) -> None:
        """End the server in an orderly way: clients are cut off, everything is written."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._gone()

    def kill(self) -> None:
        """kill -9 of the server and of every process it started."""
        if self._process is None:
            return
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        pids = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        self._process.kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._gone()

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self.folder)

    def _gone(self) -> None:
        if self._reader is not None:
            self._reader.join(START_SECONDS)
        if self._process is not None and self._process.stderr is not None:
            self._process.stderr.close()
        self._process = self._reader = None

    def _read_log(self, process: subprocess.Popen[str], is_ready: threading.Event) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._log.append(line)
            if "database system is ready to accept connections" in line:
                is_ready.set()
        is_ready.set()  # it ended; whoever waits looks at the process

    def _run_once(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
            cwd=self.folder,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._user is None else [],
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses root, and this machine has neither a user `postgres` nor `nobody`")


def _reachable(bin_dir: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Return `bin_dir`, or its place in a copy under `folder` when the user may not enter ours."""
    if user is None or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (bin_dir, *bin_dir.parents)):
        return bin_dir
    prefix = next(parent for parent in bin_dir.parents if (parent / "copy.json").exists())
    shutil.copytree(prefix, folder / "copy", symlinks=True)
    return folder / "copy" / bin_dir.relative_to(prefix)


@contextlib.contextmanager
def running_postgres(*, private: bool = False, cache: Path = CACHE) -> Iterator[PrivatePostgres]:
    """Give a server that runs, and take it away afterwards; `private`: the unpacked copy, not the machine's own."""
    command = [sys.executable, str(SCRIPT), "--cache", str(cache), "--print", *(["--private"] if private else [])]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise RuntimeError(f"no PostgreSQL to test with:\n{found.stderr}")
    note = json.loads(found.stdout)
    server = PrivatePostgres(Path(note["bin_dir"]), note["environment"])
    try:
        server.start()
        yield server
    finally:
        server.remove()


def main(command: list[str]) -> int:
    """Run a command beside a server that syncs, and return its exit status."""
    SETTINGS["fsync"] = "on"
    with running_postgres() as server:
        url = server.new_database()
        return subprocess.run([url if word == "URL" else word for word in command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
