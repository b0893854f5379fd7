"""Two S3 servers to test against, because neither alone is right.

moto keeps ranges and conditional writes as S3 does but accepts any secret; `rclone serve s3` checks signatures and
keeps objects as plain files on a real disk, but answers a range with the wrong status and ignores conditions.
"""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import boto3  # type: ignore[import-untyped]
from botocore.client import BaseClient  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

from provisioning.free_ports import free_tcp_port

if TYPE_CHECKING:
    from storage.recording_store.s3 import S3Place

BUCKET: Final = "call-recordings"
REGION: Final = "us-east-1"
ACCESS_KEY: Final = "AKIDTESTTESTTEST"
SECRET_KEY: Final = "the-secret-of-the-tests"
START_SECONDS: Final = 60.0
_BIN: Final = Path(sys.executable).parent
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Never through a proxy that the environment names."""


@dataclass(slots=True)
class S3Server:
    """A server of its own process; it may be killed and started again on the same port."""

    folder: Path
    """For its log, and for its objects where they are files."""
    port: int = field(default_factory=free_tcp_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.arguments(), stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the S3 server ended: {(self.folder / 'server.log').read_text()[-500:]}")
            try:
                _DIRECT.open(self.url, timeout=2).close()
            except urllib.error.HTTPError as answer:
                answer.close()
                return  # it refuses us, hence it is there
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.kill()
        raise RuntimeError("the S3 server does not answer")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self, secret: str = SECRET_KEY) -> Any:
        """Return boto3's client of it: the independent witness. Close it."""
        client: BaseClient = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=secret,
            config=Config(
                signature_version="s3v4",
                proxies={},
                retries={"max_attempts": 1},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        return client

    def make_bucket(self) -> None:
        client = self.client()
        try:
            client.create_bucket(Bucket=BUCKET)
        finally:
            client.close()

    def place(
        self, secret: str = SECRET_KEY, bucket: str = BUCKET, prefix: str = "", patience_seconds: float = 20.0
    ) -> "S3Place":
        """Return what our own store needs to know of it; a store that shall meet an outage has less patience."""
        from storage.recording_store.s3 import S3Place

        return S3Place(
            bucket=bucket,
            region=REGION,
            access_key_id=ACCESS_KEY,
            secret_access_key=secret,
            endpoint=self.url,
            prefix=prefix,
            patience_seconds=patience_seconds,
        )

    def __enter__(self) -> Self:
        self.start()
        try:
            self.make_bucket()
        except BaseException:  # also when cancelled: nothing half-made stays; raised again
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@dataclass(slots=True)
class MotoServer(S3Server):
    """Right about ranges and conditions; keeps everything in memory and accepts any secret."""

    def arguments(self) -> Sequence[str]:
        # `python -m`, because the script beside it is bound to the folder it was installed into
        return (sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port))


@dataclass(slots=True)
class RcloneServer(S3Server):
    """Right about signatures; objects are files below `objects/`, and survive its death."""

    @property
    def objects(self) -> Path:
        """The bucket's objects, as files."""
        return self.folder / "objects" / BUCKET

    def arguments(self) -> Sequence[str]:
        (self.folder / "objects").mkdir(exist_ok=True)
        return (
            str(_BIN / "rclone"), "serve", "s3", "--config", "", "--addr", f"127.0.0.1:{self.port}",
            "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", str(self.folder / "objects"),
        )  # fmt: skip
