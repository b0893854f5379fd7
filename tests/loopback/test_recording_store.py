"""The one contract of all places for recordings: folder, bucket, both, each also encrypted; on two S3 servers."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key
from storage.encryption.sealed_file import CHUNK_BYTES
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import RecordingDamaged, RecordingErased, RecordingMissing, StoreRefused
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import RecordingStore
from storage.recording_store.s3 import PART_BYTES, S3Recordings
from storage.recordings import wav_header
from tests.s3_servers import MotoServer, RcloneServer, S3Server

WORDS = b"me llamo Ana Lopez"
SOUND = wav_header(8000, 10 * CHUNK_BYTES) + os.urandom(10 * CHUNK_BYTES)
AUDIO = Item("c1", Artefact.AUDIO)
TRANSCRIPT = Item("c1", Artefact.TRANSCRIPT)

MakeStore = Callable[[Path, S3Server], RecordingStore]


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with RcloneServer(tmp_path_factory.mktemp("rclone")) as server:
        yield server


def ring(folder: Path, master: str = "07" * 32) -> KeyRing:
    return KeyRing(FolderShelf(folder / "keys"), MasterKeys(MasterKey.parse(master)))


def local(folder: Path, server: S3Server) -> RecordingStore:
    return LocalRecordings(folder / "recordings")


def bucket(folder: Path, server: S3Server) -> RecordingStore:
    return S3Recordings(server.place(prefix=folder.name))


def both(folder: Path, server: S3Server) -> RecordingStore:
    return BothRecordings(LocalRecordings(folder / "recordings"), S3Recordings(server.place(prefix=folder.name)))


def encrypted(inner: MakeStore) -> MakeStore:
    return lambda folder, server: EncryptedRecordings(inner(folder, server), ring(folder))


STORES = {
    "local": local,
    "s3": bucket,
    "both": both,
    "encrypted-local": encrypted(local),
    "encrypted-s3": encrypted(bucket),
    "encrypted-both": encrypted(both),
}


@pytest.fixture(params=[f"{name}@{server}" for name in STORES for server in ("moto", "rclone")])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RecordingStore:
    name, _, server = request.param.partition("@")
    return STORES[name](tmp_path, request.getfixturevalue(server))


def files_that_hold(folder: Path, words: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


async def whole(store: RecordingStore, item: Item) -> bytes:
    return b"".join([piece async for piece in store.stream(item)])


async def test_a_file_comes_back_to_the_last_bit(store: RecordingStore, tmp_path: Path) -> None:
    source = tmp_path / "source.wav"
    source.write_bytes(SOUND)
    await store.put(AUDIO, source)
    assert await whole(store, AUDIO) == SOUND
    assert await store.read(AUDIO) == SOUND
    found = await store.head(AUDIO)
    assert found is not None
    assert found.size == len(SOUND)
    assert source.read_bytes() == SOUND


async def test_all_kinds_of_content_and_a_second_version(store: RecordingStore) -> None:
    await store.put(TRANSCRIPT, b"first")
    assert await store.read(TRANSCRIPT) == b"first"
    await store.put(TRANSCRIPT, iter([b"sec", b"", b"ond"]))
    assert await store.read(TRANSCRIPT) == b"second"
    await store.put(TRANSCRIPT, b"")
    assert await store.read(TRANSCRIPT) == b""


async def test_what_is_not_there_is_said_to_be_missing(store: RecordingStore) -> None:
    assert await store.head(AUDIO) is None
    with pytest.raises(RecordingMissing, match="c1"):
        await store.read(AUDIO)
    with pytest.raises(RecordingMissing):
        await whole(store, AUDIO)
    assert await store.delete("c1") == 0
    assert not await store.remove(AUDIO)


async def test_calls_are_listed_once_each_and_deleted_whole(store: RecordingStore) -> None:
    for item in (AUDIO, TRANSCRIPT, Item("c2", Artefact.METADATA)):
        await store.put(item, b"x")
    assert sorted([call_id async for call_id in store.calls()]) == ["c1", "c2"]
    assert await store.remove(AUDIO)
    assert await store.delete("c1") == 1
    assert [call_id async for call_id in store.calls()] == ["c2"]


@pytest.mark.parametrize("name", STORES)
async def test_ranges_are_those_of_the_file(name: str, tmp_path: Path, moto: S3Server) -> None:
    # rclone answers a range with the status of a whole file: only moto can be asked
    store = STORES[name](tmp_path, moto)
    await store.put(AUDIO, SOUND)
    size = len(SOUND)
    for start, end in [
        (0, 44), (0, 0), (44, 45), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (CHUNK_BYTES, 3 * CHUNK_BYTES),
        (size - 1, size), (size - 5, size + 100), (size, size + 1), (size + 7, None), (size - 9, None), (0, None),
    ]:  # fmt: skip
        assert await store.read(AUDIO, start, end) == SOUND[start:end], (start, end)
    for start, end in [(-1, 5), (5, 4)]:
        with pytest.raises(ValueError, match="range"):
            await store.read(AUDIO, start, end)


@pytest.mark.parametrize("server", ["moto", "rclone"])
async def test_an_independent_client_reads_what_we_wrote_and_we_what_it_wrote(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    s3: S3Server = request.getfixturevalue(server)
    place = s3.place(prefix="tenant/a")
    store, client = S3Recordings(place), s3.client()
    many_parts = SOUND * 2
    assert len(many_parts) > 2 * PART_BYTES
    try:
        await store.put(AUDIO, many_parts)
        answer = client.get_object(Bucket=place.bucket, Key="tenant/a/audio/rec_c1.wav")
        assert answer["Body"].read() == many_parts
        assert answer["ContentType"] == "audio/wav"
        client.put_object(Bucket=place.bucket, Key="tenant/a/transcripts/rec_c1_transcript.json", Body=WORDS)
        assert await store.read(TRANSCRIPT) == WORDS
    finally:
        client.close()


@pytest.mark.parametrize("name", ["encrypted-local", "encrypted-s3", "encrypted-both"])
async def test_nothing_readable_lies_anywhere_and_erasing_the_key_erases_every_copy(
    name: str, tmp_path: Path, moto: S3Server
) -> None:
    store = STORES[name](tmp_path, moto)
    assert isinstance(store, EncryptedRecordings)
    await store.put(TRANSCRIPT, WORDS)
    copy = await store.inner.read(TRANSCRIPT.sealed())
    assert WORDS not in copy
    assert await asyncio.to_thread(files_that_hold, tmp_path, WORDS) == []
    assert await store.delete("c1") == 1
    await store.inner.put(TRANSCRIPT.sealed(), copy)  # a backup comes back
    with pytest.raises(RecordingErased, match="deleted"):
        await store.read(TRANSCRIPT)
    with pytest.raises(RecordingErased):
        await store.put(TRANSCRIPT, WORDS)


@pytest.mark.parametrize("name", ["encrypted-local", "encrypted-s3"])
async def test_a_changed_cut_or_swapped_file_is_not_read(name: str, tmp_path: Path, moto: S3Server) -> None:
    store = STORES[name](tmp_path, moto)
    assert isinstance(store, EncryptedRecordings)
    other = Item("c2", Artefact.AUDIO)
    await store.put(AUDIO, SOUND)
    await store.put(other, SOUND)
    good, others = await store.inner.read(AUDIO.sealed()), await store.inner.read(other.sealed())
    for bad in (good[:-1], good[: 24 + 5 * (CHUNK_BYTES + 16)], good[:-1] + bytes([good[-1] ^ 1]), others):
        await store.inner.put(AUDIO.sealed(), bad)
        for read in (store.read(AUDIO), store.read(AUDIO, 5, 10), whole(store, AUDIO)):
            with pytest.raises(RecordingDamaged, match="rec_c1"):
                await read
    await store.inner.put(AUDIO.sealed(), good)
    assert await whole(store, AUDIO) == SOUND


async def test_another_master_key_opens_nothing_and_says_which_it_wants(tmp_path: Path) -> None:
    inner = LocalRecordings(tmp_path)
    await EncryptedRecordings(inner, ring(tmp_path)).put(TRANSCRIPT, WORDS)
    name = MasterKey.parse("07" * 32).name
    with pytest.raises(StoreRefused, match=name):
        await EncryptedRecordings(inner, ring(tmp_path, new_master_key())).read(TRANSCRIPT)


async def test_the_loop_goes_on_while_a_recording_is_encrypted(tmp_path: Path) -> None:
    store = EncryptedRecordings(LocalRecordings(tmp_path), ring(tmp_path))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    clock = asyncio.create_task(tick())
    await store.put(AUDIO, SOUND)
    assert await whole(store, AUDIO) == SOUND
    clock.cancel()
    assert ticks > 10
