"""S3 as it is: refusals that say what to repair, conditions, addresses for players, and bytes damaged on the way."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.free_ports import free_tcp_port
from storage.recording_store.errors import StoreRefused, StoreUnavailable, UploadConflict, UploadDamaged
from storage.recording_store.item import Artefact, Item
from storage.recording_store.s3 import S3Place, S3Recordings, fingerprint
from tests.s3_servers import ACCESS_KEY, SECRET_KEY, MotoServer, RcloneServer, S3Server

AUDIO = Item("c1", Artefact.AUDIO)
SOUND = bytes(range(256)) * 400
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with RcloneServer(tmp_path_factory.mktemp("rclone")) as server:
        yield server


async def everything(store: S3Recordings) -> None:
    """Ask for one thing of each kind."""
    with pytest.raises(StoreRefused):
        await store.put(AUDIO, b"x")
    with pytest.raises(StoreRefused):
        await store.head(AUDIO)
    with pytest.raises(StoreRefused):
        await store.read(AUDIO)
    with pytest.raises(StoreRefused):
        await store.delete("c1")
    with pytest.raises(StoreRefused):
        [_ async for _ in store.stream(AUDIO)]
    with pytest.raises(StoreRefused):
        [_ async for _ in store.calls()]


async def test_a_wrong_secret_is_refused_everywhere_and_the_message_says_what_to_repair(rclone: S3Server) -> None:
    store = S3Recordings(rclone.place(secret="a-wrong-secret"))
    await everything(store)
    with pytest.raises(StoreRefused, match=r"secret is wrong: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") as it:
        await store.check()
    assert not it.value.retryable
    for secret in (SECRET_KEY, "a-wrong-secret", ACCESS_KEY):
        assert secret not in str(it.value)
    await S3Recordings(rclone.place()).check()


async def test_an_unknown_access_key_is_refused(rclone: S3Server) -> None:
    with pytest.raises(StoreRefused, match="AWS_ACCESS_KEY_ID"):
        await S3Recordings(replace(rclone.place(), access_key_id="AKIDNOBODY")).check()


@pytest.mark.parametrize("server", ["moto", "rclone"])
async def test_a_bucket_that_is_not_there_is_named(server: str, request: pytest.FixtureRequest) -> None:
    s3: S3Server = request.getfixturevalue(server)
    store = S3Recordings(s3.place(bucket="nobody-made-it"))
    for ask in (store.check(), store.put(AUDIO, b"x"), store.read(AUDIO)):
        with pytest.raises(StoreRefused, match=r"nobody-made-it.*create it.*S3_BUCKET"):
            await ask


async def test_a_server_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    place = S3Place("b", endpoint=f"http://127.0.0.1:{free_tcp_port()}", access_key_id="a", secret_access_key="b",
                    patience_seconds=0.2)  # fmt: skip
    store = S3Recordings(place)
    for ask in (store.check(), store.put(AUDIO, b"x"), store.head(AUDIO), store.read(AUDIO), store.delete("c1")):
        with pytest.raises(StoreUnavailable, match=place.endpoint) as away:
            await ask
        assert away.value.retryable


async def test_conditions_keep_strangers_files(moto: S3Server, tmp_path: Path) -> None:
    store = S3Recordings(moto.place(prefix="conditions"))
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.write_bytes(b"mine")
    theirs.write_bytes(b"theirs")
    first = await store.put_file(AUDIO, theirs, fingerprint(theirs), "create")
    with pytest.raises(UploadConflict, match="s3://"):
        await store.put_file(AUDIO, mine, fingerprint(mine), "create")
    with pytest.raises(UploadConflict):
        await store.put_file(AUDIO, mine, fingerprint(mine), '"another"')
    assert await store.read(AUDIO) == b"theirs"
    await store.put_file(AUDIO, mine, fingerprint(mine), first.e_tag)
    assert await store.read(AUDIO) == b"mine"


async def test_a_player_gets_an_address_that_seeks(moto: S3Server) -> None:
    store = S3Recordings(moto.place(prefix="player"))
    await store.put(AUDIO, SOUND)
    url = await store.player_url(AUDIO, 60)
    assert url is not None

    def play() -> tuple[int, str, bytes]:
        request = urllib.request.Request(url, headers={"Range": "bytes=1000-1999"})
        with DIRECT.open(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Range"], answer.read()

    status, told, part = await asyncio.to_thread(play)
    assert (status, told, part) == (206, f"bytes 1000-1999/{len(SOUND)}", SOUND[1000:2000])
    assert await store.player_url(AUDIO.sealed(), 60) is None
    for seconds in (0, 8 * 24 * 3600):
        with pytest.raises(ValueError, match="seconds"):
            await store.player_url(AUDIO, seconds)


async def test_an_address_opens_one_file_only_and_not_forever(rclone: S3Server) -> None:
    store = S3Recordings(rclone.place())
    await store.put(AUDIO, SOUND)
    await store.put(Item("c2", Artefact.AUDIO), SOUND)
    url = await store.player_url(AUDIO, 60)
    assert url is not None

    def get(address: str) -> tuple[int, bytes]:
        try:
            with DIRECT.open(address, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code, b""

    assert await asyncio.to_thread(get, url) == (200, SOUND)
    for forged in (url.replace("rec_c1", "rec_c2"), url.replace("Expires=60", "Expires=6000"), url.partition("?")[0]):
        assert (await asyncio.to_thread(get, forged))[0] in (400, 403), forged


@asynccontextmanager
async def damaging(port: int) -> AsyncIterator[int]:
    """A wire that changes what is marked in every body on its way to the server; yields its port."""
    ends: list[asyncio.StreamWriter] = []
    ways: list[asyncio.Task[None]] = []

    async def way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece.replace(b"PLEASE DAMAGE ME", b"PLEASE DAMAGE XX"))

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        out_reader, out_writer = await asyncio.open_connection("127.0.0.1", port)
        ends.extend((writer, out_writer))
        ways.append(asyncio.create_task(way(reader, out_writer)))
        ways.append(asyncio.create_task(way(out_reader, writer)))

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in ways:
            task.cancel()
        for end in ends:
            end.close()
        await asyncio.gather(*ways, *(end.wait_closed() for end in ends), return_exceptions=True)


async def test_bytes_damaged_on_the_way_never_count_as_uploaded(moto: S3Server, rclone: S3Server) -> None:
    """Neither server notices by itself; we do, by its own sums of what it keeps."""
    for server in (moto, rclone):
        async with damaging(server.port) as port:
            place = replace(server.place(prefix="damaged"), endpoint=f"http://127.0.0.1:{port}")
            with pytest.raises(UploadDamaged) as seen:
                await S3Recordings(place).put(AUDIO, b"this is sound PLEASE DAMAGE ME " * 100)
        assert seen.value.retryable


async def test_where_an_etag_says_nothing_the_object_is_read_back(rclone: S3Server, tmp_path: Path) -> None:
    store = S3Recordings(rclone.place(prefix="etags"))
    path = tmp_path / "a"
    path.write_bytes(SOUND)
    known = fingerprint(path)
    await store.put(AUDIO, SOUND)
    silent = replace(known, e_tags=replace(known.e_tags, whole="no", parts="no"))
    assert await store.holds(AUDIO, silent)
    assert not await store.holds(AUDIO, replace(silent, sha256="0" * 64))
