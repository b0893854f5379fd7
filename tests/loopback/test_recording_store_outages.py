"""S3 away, killed, or kept by strangers; we killed anywhere; the disk full: nothing is lost and nothing sent twice."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import (
    DiskRefused,
    RecordingMissing,
    RecordingUnfinished,
    StoreUnavailable,
    UploadConflict,
)
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import Stored
from storage.recording_store.s3 import Fingerprint, S3Place, S3Recordings
from storage.recording_store.uploading import (
    UploadingStore,
    never_uploaded,
    repair_upload,
    upload_recording,
    verify_uploads,
)
from storage.recordings import CallRecorder, RecordingLayout, RecordingWriter, wav_header, write_json
from tests.s3_servers import BUCKET, SECRET_KEY, MotoServer, RcloneServer, S3Server
from vocabulary.errors import ConfigurationError

HERE = Path(__file__).parents[2]
WORDS = "me llamo Ana López"
NOON = 1_800_000_000.0
MASTER = "07" * 32


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    with RcloneServer(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def both(tmp_path: Path, rclone: RcloneServer) -> BothRecordings:
    return store_at(tmp_path, rclone)


def store_at(folder: Path, server: S3Server) -> BothRecordings:
    return BothRecordings(
        LocalRecordings(folder / "data"), S3Recordings(server.place(prefix=folder.name, patience_seconds=2.0))
    )


def encrypted(both: BothRecordings) -> EncryptedRecordings:
    ring = KeyRing(FolderShelf(both.local.root.parent / "keys"), MasterKeys(MasterKey.parse(MASTER)))
    return EncryptedRecordings(both, ring)


def a_call(both: BothRecordings, call_id: str, frames: int = 100) -> dict[str, bytes]:
    """Leave what a call leaves, as the calls themselves write it; return the files by key."""
    layout = RecordingLayout(both.local.root)
    with RecordingWriter() as writer:
        recorder = CallRecorder(layout.audio(call_id), 8000, writer)
        for number in range(frames):
            recorder.caller(bytes([number % 256]) * 320)
            recorder.agent(bytes(320))
        recorder.close().result(30)
    write_json(layout.transcript(call_id), {"call_id": call_id, "turns": [{"speaker": "caller", "text": WORDS}]})
    write_json(layout.metadata(call_id), {"call_id": call_id, "processed": False})
    items = [Item(call_id, artefact) for artefact in Artefact]
    return {item.key: both.local.path(item).read_bytes() for item in items}


def in_bucket(server: S3Server, prefix: str) -> dict[str, bytes]:
    """Return what an independent client finds."""
    client = server.client()
    try:
        found = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", [])
        return {
            one["Key"].removeprefix(f"{prefix}/"): client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
            for one in found
        }
    finally:
        client.close()


async def upload_all(store: UploadingStore) -> int:
    """Upload what the scan finds; return how many files were sent."""
    return sum([len((await upload_recording(store, one)).sent) for one in await never_uploaded(store, NOON)])


async def test_s3_goes_away_and_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    with RcloneServer(tmp_path) as server:
        both = store_at(tmp_path, server)
        written = a_call(both, "before")
        assert await upload_all(both) == 3
        server.kill()  # kill -9: for the next hour nobody answers
        for number in range(5):
            written |= a_call(both, f"during-{number}")
        note = Item("during-0", Artefact.METADATA)
        written[note.key] = b'{"processed": true}'
        await both.put(note, written[note.key])  # takes no notice of S3
        assert await both.read(note) == written[note.key]
        with pytest.raises(StoreUnavailable, match=server.url) as away:
            await upload_recording(both, "during-0")
        assert away.value.retryable
        assert len(await never_uploaded(both, NOON)) == 5
        server.start()
        assert await upload_all(both) == 15
        assert in_bucket(server, tmp_path.name) == written
        assert await never_uploaded(both, NOON) == []
        for call_id in ("before", "during-0"):
            again = await upload_recording(both, call_id)
            assert (again.sent, len(again.already_there), again.problems) == ((), 3, ())
            assert await verify_uploads(both, call_id) == ()


class ToldS3(S3Recordings):
    """Says when it begins to send."""

    def __init__(self, place: S3Place) -> None:
        super().__init__(place)
        self.is_sending = asyncio.Event()

    async def put_file(self, item: Item, path: Path, known: Fingerprint, only: str) -> Stored:
        self.is_sending.set()
        return await super().put_file(item, path, known, only)


async def test_s3_is_killed_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    with RcloneServer(tmp_path) as server:
        both = store_at(tmp_path, server)
        audio = Item("big", Artefact.AUDIO)
        sound = wav_header(8000, 60_000_000) + os.urandom(60_000_000)
        await both.put(audio, sound)
        both.remote = ToldS3(both.remote.place)
        upload = asyncio.create_task(upload_recording(both, "big", quiet_seconds=0))
        await both.remote.is_sending.wait()
        await asyncio.to_thread(server.kill)
        with pytest.raises(StoreUnavailable):
            await upload
        assert await both.read(audio, 0, 44) == sound[:44]
        server.start()
        assert (await upload_recording(both, "big", quiet_seconds=0)).bytes_sent == len(sound)
        assert in_bucket(server, tmp_path.name) == {audio.key: sound}


async def test_what_was_sent_is_not_sent_again_when_the_receipts_are_lost(both: BothRecordings) -> None:
    a_call(both, "c1")
    assert await upload_all(both) == 3
    both.ledger.path("c1").write_text("{")
    assert await never_uploaded(both, NOON) == ["c1"]
    assert (await upload_recording(both, "c1")).sent == ()
    assert await never_uploaded(both, NOON) == []


async def test_only_what_changed_is_sent_again(both: BothRecordings, rclone: RcloneServer) -> None:
    a_call(both, "c1")
    await upload_all(both)
    await both.put(Item("c1", Artefact.METADATA), b'{"processed": true}')
    assert await never_uploaded(both, NOON) == ["c1"]
    done = await upload_recording(both, "c1")
    assert [one.item.artefact for one in done.sent] == [Artefact.METADATA]
    assert in_bucket(rclone, both.remote.place.prefix)["metadata/rec_c1_metadata.json"] == b'{"processed": true}'


class Killed(BaseException):
    """Our process has died here."""


class MortalS3(S3Recordings):
    """Dies before or after the n-th thing it is asked."""

    lives = -1

    def _live(self) -> None:
        self.lives -= 1
        if self.lives == 0:
            raise Killed

    async def head(self, item: Item) -> Stored | None:
        self._live()
        return await super().head(item)

    async def put_file(self, item: Item, path: Path, known: Fingerprint, only: str) -> Stored:
        self._live()
        stored = await super().put_file(item, path, known, only)
        self._live()
        return stored


@pytest.mark.parametrize("server", ["moto", "rclone"])
async def test_whenever_we_die_the_next_one_finishes(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Also with a newer version of the metadata written in between: our own half-known upload is no stranger's."""
    s3: S3Server = request.getfixturevalue(server)
    deaths = 0
    for lives in range(1, 200):
        folder = tmp_path / f"life-{lives}"
        remote = MortalS3(s3.place(prefix=f"{tmp_path.name}-{lives}"))
        both = BothRecordings(LocalRecordings(folder), remote)
        written = a_call(both, "c1", frames=1)
        remote.lives = lives
        try:
            await upload_recording(both, "c1")
        except Killed:
            deaths += 1
        note = Item("c1", Artefact.METADATA)
        written[note.key] = b'{"processed": true}'
        await both.put(note, written[note.key])
        has_died = remote.lives == 0
        remote.lives = -1
        assert await upload_all(both) >= 1
        assert in_bucket(s3, f"{tmp_path.name}-{lives}") == written
        if not has_died:
            break
    assert deaths > 8


async def test_a_strangers_file_is_neither_overwritten_nor_taken_for_ours(both: BothRecordings, moto: S3Server) -> None:
    store = BothRecordings(both.local, S3Recordings(moto.place(prefix=both.remote.place.prefix)))
    written = a_call(store, "c1")
    client = moto.client()
    key = f"{both.remote.place.prefix}/audio/rec_c1.wav"
    client.put_object(Bucket=BUCKET, Key=key, Body=b"another call with the same id")
    client.close()
    with pytest.raises(UploadConflict, match=r"another file.*s3://.*rec_c1\.wav.*neither"):
        await upload_recording(store, "c1")
    assert in_bucket(moto, both.remote.place.prefix)["audio/rec_c1.wav"] == b"another call with the same id"
    assert await store.read(Item("c1", Artefact.AUDIO)) == written["audio/rec_c1.wav"]


async def test_damage_in_the_bucket_and_on_the_disk_is_found_and_repaired(
    both: BothRecordings, rclone: RcloneServer
) -> None:
    written = a_call(both, "c1")
    await upload_all(both)
    there = rclone.objects / both.remote.place.prefix / "audio" / "rec_c1.wav"
    there.write_bytes(written["audio/rec_c1.wav"][:-1] + b"X")
    (problem,) = await verify_uploads(both, "c1")
    assert "s3://" in problem
    assert (await repair_upload(both, "c1")).bytes_sent == len(written["audio/rec_c1.wav"])
    assert in_bucket(rclone, both.remote.place.prefix) == written
    here = both.local.path(Item("c1", Artefact.TRANSCRIPT))
    before = here.stat()
    with here.open("r+b") as file:
        file.write(b"X")
    os.utime(here, ns=(before.st_atime_ns, before.st_mtime_ns))  # a disk that rots tells nobody
    (problem,) = await verify_uploads(both, "c1")
    assert f"{here} has changed" in problem
    assert in_bucket(rclone, both.remote.place.prefix) == written


async def test_a_cut_wav_is_kept_as_it_is_and_reported(both: BothRecordings, rclone: RcloneServer) -> None:
    a_call(both, "c1")
    path = both.local.path(Item("c1", Artefact.AUDIO))
    os.truncate(path, 1000)
    done = await upload_recording(both, "c1")
    (problem,) = done.problems
    assert str(path) in problem
    assert "was cut" in problem
    assert len(in_bucket(rclone, both.remote.place.prefix)["audio/rec_c1.wav"]) == 1000


async def test_a_call_that_goes_on_is_left_in_peace(both: BothRecordings) -> None:
    """And one whose process died is not forgotten, whichever way the clock jumped since."""
    await both.put(Item("live", Artefact.AUDIO), b"so far")
    changed = both.local.path(Item("live", Artefact.AUDIO)).stat().st_mtime
    assert await never_uploaded(both, changed + 60) == []
    assert await never_uploaded(both, changed + 3600) == ["live"]
    assert await never_uploaded(both, changed - 3600) == ["live"]


async def test_a_recorder_at_work_keeps_its_file(both: BothRecordings) -> None:
    """Encrypting it now would leave the recorder writing into a file without a name."""
    layout, store = RecordingLayout(both.local.root), encrypted(both)
    with RecordingWriter() as writer:
        recorder = CallRecorder(layout.audio("live"), 8000, writer)
        for _ in range(50):
            recorder.caller(bytes(320))
            recorder.agent(bytes(320))
        await asyncio.wrap_future(recorder.close())
        for attempt in (upload_recording(both, "live"), upload_recording(store, "live"), store.protect("live")):
            with pytest.raises(RecordingUnfinished, match="goes on") as refused:
                await attempt
            assert refused.value.retryable
    assert layout.audio("live").stat().st_size == 44 + 50 * 640
    os.utime(layout.audio("live"), (NOON - 9e8, NOON - 9e8))  # its process died, and nobody took it over
    assert len((await upload_recording(store, "live")).sent) == 1
    write_json(layout.metadata("live"), {"call_id": "live"})
    assert len((await upload_recording(store, "live")).sent) == 1


async def test_local_copies_go_only_when_their_twin_lies_in_the_bucket(
    both: BothRecordings, rclone: RcloneServer
) -> None:
    written = a_call(both, "c1")
    assert await both.free_local("c1") == 0
    await upload_all(both)
    (rclone.objects / both.remote.place.prefix / "transcripts" / "rec_c1_transcript.json").unlink()
    assert await both.free_local("c1") == 2
    assert await both.read(Item("c1", Artefact.AUDIO)) == written["audio/rec_c1.wav"]
    assert await both.read(Item("c1", Artefact.TRANSCRIPT)) == written["transcripts/rec_c1_transcript.json"]
    assert await both.player_url(Item("c1", Artefact.AUDIO), 60) is not None
    with pytest.raises(RecordingMissing):
        await upload_recording(both, "nobody")


async def test_an_upload_without_a_bucket_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    alone = EncryptedRecordings(LocalRecordings(tmp_path), encrypted(store_at(tmp_path, MotoServer(tmp_path)))._ring)
    with pytest.raises(ConfigurationError, match="both"):
        await upload_recording(alone, "c1")


# ── encryption of what calls leave ──


async def test_nothing_readable_leaves_the_machine(both: BothRecordings, rclone: RcloneServer) -> None:
    written = a_call(both, "c1")
    store = encrypted(both)
    done = await upload_recording(store, "c1")
    assert len(done.sent) == 3
    there = in_bucket(rclone, both.remote.place.prefix)
    assert sorted(there) == sorted(f"{key}.enc" for key in written)
    assert all(WORDS.encode() not in one for one in there.values())
    assert not [
        path for path in both.local.root.rglob("rec_*") if path.suffix != ".enc" and "uploads" not in path.parts
    ]
    for artefact in Artefact:
        item = Item("c1", artefact)
        assert await store.read(item) == written[item.key]
    assert await never_uploaded(store, NOON) == []


async def test_what_went_up_readable_comes_down_when_encryption_is_switched_on(
    both: BothRecordings, rclone: RcloneServer
) -> None:
    written = a_call(both, "c1")
    await upload_all(both)
    store = encrypted(both)
    assert await never_uploaded(store, NOON) == ["c1"]
    await upload_recording(store, "c1")
    assert sorted(in_bucket(rclone, both.remote.place.prefix)) == sorted(f"{key}.enc" for key in written)


async def test_a_death_between_encrypted_and_plain_loses_neither(both: BothRecordings) -> None:
    written = a_call(both, "c1")
    store, note = encrypted(both), Item("c1", Artefact.METADATA)
    old = both.local.path(note).read_bytes()
    await store.put(note, b'{"processed": true}')
    both.local.path(note).write_bytes(old)  # as if we had died before it was removed
    os.utime(both.local.path(note), (NOON - 9e8, NOON - 9e8))
    await store.protect("c1")
    assert await store.read(note) == b'{"processed": true}'
    assert not both.local.path(note).exists()
    # and when what we died in left an encrypted file that does not open, the plain one is taken
    audio = Item("c1", Artefact.AUDIO)
    sealed = both.local.path(audio.sealed())
    plain = await store.read(audio)
    sealed.write_bytes(sealed.read_bytes()[:-1])
    both.local.path(audio).write_bytes(plain)
    os.utime(both.local.path(audio), (NOON - 9e8, NOON - 9e8))
    await store.protect("c1")
    assert await store.read(audio) == plain == written[audio.key]


# ── the disk ──

PUT = """
import asyncio, resource, sys
from pathlib import Path
from storage.recording_store.errors import DiskRefused
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
store, item = LocalRecordings(Path(sys.argv[1])), Item("c1", Artefact.AUDIO)
def pieces():
    for _ in range(100):
        yield bytes(100_000)
        if sys.argv[2] == "wait":
            print("half", flush=True)
            sys.stdin.read()
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    asyncio.run(store.put(item, pieces()))
except DiskRefused as error:
    print(error)
"""


def putting(folder: Path, how: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PUT, str(folder), how],
        cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


async def test_a_full_disk_refuses_clearly_and_keeps_what_was_there(tmp_path: Path) -> None:
    store, item = LocalRecordings(tmp_path), Item("c1", Artefact.AUDIO)
    await store.put(item, b"first")
    with putting(tmp_path, "full") as process:
        said, _ = await asyncio.to_thread(process.communicate)
    assert f"{store.path(item)} cannot be written: it is larger than" in said
    assert await store.read(item) == b"first"
    assert [path.name for path in (tmp_path / "audio").iterdir()] == ["rec_c1.wav"]


async def test_killed_in_the_middle_of_a_put_the_old_one_stays_and_the_draft_is_swept(tmp_path: Path) -> None:
    store, item = LocalRecordings(tmp_path), Item("c1", Artefact.AUDIO)
    await store.put(item, b"first")
    with putting(tmp_path, "wait") as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "half\n"
        assert store.sweep() == []  # its writer lives
        process.kill()
    assert [call_id async for call_id in store.calls()] == ["c1"]
    assert await store.read(item) == b"first"
    assert len(store.sweep()) == 1
    assert [path.name for path in (tmp_path / "audio").iterdir()] == ["rec_c1.wav"]


async def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "audio").write_text("a file is in the way")
    with pytest.raises(DiskRefused, match="audio"):
        await LocalRecordings(tmp_path).put(Item("c1", Artefact.AUDIO), b"x")


async def test_a_source_that_cannot_be_read_is_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await LocalRecordings(tmp_path).put(Item("c1", Artefact.AUDIO), tmp_path / "nothing.wav")
    assert not list((tmp_path / "audio").iterdir())


# ── logs ──


async def test_no_log_line_and_no_message_tells_what_callers_said(
    both: BothRecordings, rclone: RcloneServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for store in (both, encrypted(both)):
        a_call(both, "c1")
        await upload_recording(store, "c1")
        said.append(repr(store) + repr(await upload_recording(store, "c1")))
    wrong = BothRecordings(both.local, S3Recordings(rclone.place(secret="not-the-secret", prefix="wrong")))
    a_call(wrong, "c1")
    for attempt in (upload_recording(wrong, "c1"), upload_recording(wrong, "c2")):
        try:
            await attempt
        except Exception as error:  # noqa: BLE001 - whatever it is, it must keep quiet
            said.append(f"{error} {error!r} {error.__cause__!r}")
    assert [record.message for record in caplog.records].count("recording uploaded") == 4
    told = caplog.text + "".join(f"{vars(record)}" for record in caplog.records) + "".join(said)
    for secret in ("Ana", "López", MASTER, "not-the-secret", SECRET_KEY):
        assert secret not in told
