"""How fast recordings are kept and read back: our store beside boto3, against the same server, in the same run.

Recordings of half a minute (0.96 MB, as 8 kHz stereo is), the best of three rounds. The server is moto, in memory, on
this machine: what is compared is the clients' own work, with the server's in it. boto3 puts and gets one after the
other; so do we, and also eight at a time, which is what a worker does. Our puts include the verification of every
upload: sums before, the server's own sum after.
Encryption and the local disk are measured alone, beside a plain write with `fsync`.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from rich.table import Table

from provisioning.free_ports import free_tcp_port
from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import RecordingStore
from storage.recording_store.s3 import S3Place, S3Recordings
from storage.recordings import wav_header

TITLE: Final = "recording store: puts and gets per second, beside boto3 on the same server"
_SECONDS: Final = 30
_SOUND: Final = wav_header(8000, 32_000 * _SECONDS) + os.urandom(32_000 * _SECONDS)
_AT_ONCE: Final = 8
_BUCKET: Final = "bench"
_ROUNDS: Final = 3


def measure(*, quick: bool) -> dict[str, float]:
    """Return MB a second of every row, and our rate over boto3's."""
    count = 16 if quick else 64
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.wav"
        source.write_bytes(_SOUND)
        rates = {f"floor_fsync_{way}_mb_s": rate for way, rate in _floor(folder, count).items()}
        ring = KeyRing(FolderShelf(folder / "keys"), MasterKeys(MasterKey.parse(new_master_key())))
        local = LocalRecordings(folder / "local")
        rates |= asyncio.run(_rates("local", local, source, count, 1))
        sealed = EncryptedRecordings(LocalRecordings(folder / "sealed"), ring)
        rates |= asyncio.run(_rates("encrypted", sealed, source, count, 1))
        port = free_tcp_port()
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            client = _client(port)
            _make_bucket(client)
            for way, rate in _boto3(client, source, count).items():
                rates[f"boto3_{way}_mb_s"] = rate
            for at_once in (1, _AT_ONCE):
                place = S3Place(
                    _BUCKET, "us-east-1", "bench", "bench-secret", f"http://127.0.0.1:{port}", f"c{at_once}"
                )
                rates |= asyncio.run(_rates(f"s3_x{at_once}", S3Recordings(place), source, count, at_once))
            client.close()
        finally:
            server.kill()
            server.wait()
    return {
        "recordings": float(count),
        "megabytes_each": len(_SOUND) / 1e6,
        **rates,
        "put_vs_boto3": rates["s3_x1_put_mb_s"] / rates["boto3_put_mb_s"],
        "put_x8_vs_boto3": rates["s3_x8_put_mb_s"] / rates["boto3_put_mb_s"],
        "get_vs_boto3": rates["s3_x1_get_mb_s"] / rates["boto3_get_mb_s"],
    }


def table(results: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table("what", title=f"{results['recordings']:.0f} recordings of {results['megabytes_each']:.2f} MB; MB/s")
    shown.add_column("put", justify="right")
    shown.add_column("get", justify="right")
    names = {
        "floor_fsync": "[dim]floor: a plain write with fsync, a plain read",
        "local": "folder (draft, sha256, fsync, rename)",
        "encrypted": "folder, encrypted (AES-256-GCM)",
        "boto3": "[dim]peer: boto3, one by one",
        "s3_x1": "S3, one by one, verified",
        "s3_x8": "S3, eight at a time, verified",
    }
    for key, name in names.items():
        shown.add_row(name, f"{results[f'{key}_put_mb_s']:.0f}", f"{results[f'{key}_get_mb_s']:.0f}")
    return shown


async def _rates(name: str, store: RecordingStore, source: Path, count: int, at_once: int) -> dict[str, float]:
    items = [Item(f"call-{number}", Artefact.AUDIO) for number in range(count)]

    async def put(item: Item) -> None:
        await store.put(item, source)

    async def get(item: Item) -> None:
        if await store.read(item) != _SOUND:
            raise RuntimeError("what came back is not what was kept")

    return {
        f"{name}_put_mb_s": await _rate(put, items, at_once),
        f"{name}_get_mb_s": await _rate(get, items, at_once),
    }


async def _rate(work: Callable[[Item], Awaitable[None]], items: list[Item], at_once: int) -> float:
    return max([await _round(work, items, at_once) for _ in range(_ROUNDS)])


async def _round(work: Callable[[Item], Awaitable[None]], items: list[Item], at_once: int) -> float:
    waiting = iter(items)

    async def one_after_the_other() -> None:
        for item in waiting:
            await work(item)

    begin = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return len(items) * len(_SOUND) / 1e6 / (time.perf_counter() - begin)


def _floor(folder: Path, count: int) -> dict[str, float]:
    def put(number: int) -> None:
        with (folder / f"floor-{number}").open("wb") as file:
            file.write(_SOUND)
            file.flush()
            os.fsync(file.fileno())

    return {"put": _plain_rate(put, count), "get": _plain_rate(lambda n: (folder / f"floor-{n}").read_bytes(), count)}


def _boto3(client: Any, source: Path, count: int) -> dict[str, float]:
    def put(number: int) -> None:
        with source.open("rb") as file:
            client.put_object(Bucket=_BUCKET, Key=f"boto3/{number}.wav", Body=file)

    def get(number: int) -> None:
        if client.get_object(Bucket=_BUCKET, Key=f"boto3/{number}.wav")["Body"].read() != _SOUND:
            raise RuntimeError("boto3 read something else")

    return {"put": _plain_rate(put, count), "get": _plain_rate(get, count)}


def _plain_rate(work: Callable[[int], object], count: int) -> float:
    rates = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        for number in range(count):
            work(number)
        rates.append(count * len(_SOUND) / 1e6 / (time.perf_counter() - begin))
    return max(rates)


def _client(port: int) -> Any:
    return boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="bench",
        aws_secret_access_key="bench-secret", config=Config(proxies={}, s3={"addressing_style": "path"}),
    )  # fmt: skip


def _make_bucket(client: Any) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=_BUCKET)
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
