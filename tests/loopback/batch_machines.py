"""Machines that have only a database and a bucket in common: a folder, settings and a road to the bucket for each.

The road is a small HTTP proxy, because it is the one place where a machine can be stopped at a known moment of its
work: it can hold a request before it arrives, or its answer, until the machine is dead.
"""

import os
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Self

from tests.loopback.batch_calls import REPO
from tests.s3_servers import ACCESS_KEY, BUCKET, SECRET_KEY

WORKER: Final = "import typer; from centralita.worker_command import worker; typer.run(worker)"
METADATA: Final = "_metadata.json"
_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding"})
KEYS: Final = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


class Road(ThreadingHTTPServer):
    """A machine's way to the bucket; what it puts there is counted by name."""

    daemon_threads = True

    def __init__(self, port: int, *, hold_at: int = 0, is_held_before: bool = True) -> None:
        """`port`: of the S3 server. `hold_at`: from the how manieth on metadata files are held, before they arrive or
        after; 0 holds none."""
        super().__init__(("127.0.0.1", 0), _OneRequest)
        self.s3_port = port
        self.arrived: Counter[str] = Counter()
        """Metadata files the bucket took, by name."""
        self.has_arrived = threading.Event()
        self.is_holding = threading.Event()
        self._hold_at = hold_at
        self._is_held_before = is_held_before
        self._asked = 0
        self._is_dead = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, name="road to the bucket", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_dead.set()
        self.shutdown()
        self.server_close()

    def pass_before(self, path: str) -> bool:
        """Return whether the request goes on; one that is held goes nowhere when its machine is dead."""
        if not path.endswith(METADATA):
            return True
        with self._lock:
            self._asked += 1
            is_this_one = 0 < self._hold_at <= self._asked
        return not (is_this_one and self._is_held_before) or self._hold()

    def pass_after(self, path: str) -> bool:
        """Return whether the answer goes back."""
        if not path.endswith(METADATA):
            return True
        with self._lock:
            self.arrived[path.rpartition("/")[2]] += 1
            is_this_one = 0 < self._hold_at <= sum(self.arrived.values())
        self.has_arrived.set()
        return not (is_this_one and not self._is_held_before) or self._hold()

    def _hold(self) -> bool:
        self.is_holding.set()
        self._is_dead.wait()
        return False


class _OneRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Road

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_put = self.command == "PUT"
        if is_put and not self.server.pass_before(self.path):
            self.close_connection = True
            return
        upstream = HTTPConnection("127.0.0.1", self.server.s3_port, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP:
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            told = answer.read()
        finally:
            upstream.close()
        if is_put and answer.status == 200 and not self.server.pass_after(self.path):
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(told))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _forward

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Machine:
    """A folder of its own, settings that name the common database and bucket, and its worker."""

    folder: Path
    database: str
    endpoint: str
    prefix: str
    backend: str = "s3"
    processes: "list[subprocess.Popen[str]]" = field(default_factory=list)

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def settings(self) -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "centralita.toml"
        path.write_text(
            f'[storage]\nbackend = "{self.backend}"\nlocal_path = "{self.recordings}"\ndatabase = "{self.database}"\n'
            f's3_bucket = "{BUCKET}"\ns3_endpoint = "{self.endpoint}"\ns3_prefix = "{self.prefix}"\n'
            f'[agents]\nfolder = "{REPO / "agents"}"\n[run]\nstate_folder = "{self.folder / "run"}"\n'
        )
        return path

    def start_worker(self, *options: str) -> "subprocess.Popen[str]":
        words = [sys.executable, "-c", WORKER, "--settings", str(self.settings), "--json", "--lease-seconds", "3"]
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | KEYS
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*words, *options], stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=REPO
            )
        self.processes.append(process)
        return process

    def turn_off(self) -> None:
        """kill -9 of what still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
