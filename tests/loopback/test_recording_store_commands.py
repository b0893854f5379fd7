"""The commands on real stores: what they print is what there is, and their exit codes can be trusted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from centralita.privacy_command import add_recording_commands
from storage.encryption.master_key import new_master_key
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.opening import AnyRecordings, EncryptionSettings, S3Settings, open_recordings
from storage.recording_store.s3 import S3Recordings
from tests.s3_servers import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, RcloneServer
from vocabulary.errors import ConfigurationError
from vocabulary.secret import SecretRef


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RcloneServer]:
    (tmp_path / "s3").mkdir()
    with RcloneServer(tmp_path / "s3") as one:
        yield one


def s3_settings(server: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> S3Settings:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return S3Settings(BUCKET, REGION, server.url)


def run(store: AnyRecordings, *arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    add_recording_commands(app, lambda settings: store)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def keep(store: LocalRecordings, text: str) -> None:
    store.put_now(
        Item("c1", Artefact.TRANSCRIPT), json.dumps({"turns": [{"speaker": "caller", "text": text}]}).encode()
    )
    store.put_now(Item("c1", Artefact.METADATA), b'{"call_id": "c1"}')


def test_settings_open_the_store_they_name(
    tmp_path: Path, server: RcloneServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER", new_master_key())
    s3 = s3_settings(server, monkeypatch)
    encryption = EncryptionSettings(SecretRef("env:MASTER"), tmp_path / "keys")
    assert isinstance(open_recordings("local", tmp_path / "data", S3Settings()), LocalRecordings)
    assert isinstance(open_recordings("s3", tmp_path / "data", s3), S3Recordings)
    assert isinstance(open_recordings("both", tmp_path / "data", s3), BothRecordings)
    sealed = open_recordings("both", tmp_path / "data", s3, encryption)
    assert isinstance(sealed, EncryptedRecordings)
    assert isinstance(sealed.inner, BothRecordings)
    with pytest.raises(ConfigurationError, match="S3_BUCKET"):
        open_recordings("s3", tmp_path / "data", S3Settings())
    with pytest.raises(ConfigurationError, match="encryption_keys"):
        open_recordings("local", tmp_path, s3, encryption)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="AWS_SECRET_ACCESS_KEY"):
        open_recordings("both", tmp_path / "data", s3)


def test_upload_verify_and_repair(tmp_path: Path, server: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_recordings("both", tmp_path / "data", s3_settings(server, monkeypatch))
    assert isinstance(store, BothRecordings)
    keep(store.local, "hola")
    assert run(store, "verify", "c1")[0] == 1
    code, said = run(store, "upload")
    assert (code, "c1: 2 sent" in said) == (0, True)
    assert run(store, "upload") == (0, "")
    assert run(store, "verify", "c1") == (0, "all is well\n")
    (server.objects / "metadata" / "rec_c1_metadata.json").write_bytes(b'{"call_id": "XX"}')
    code, said = run(store, "verify", "c1")
    assert (code, "s3://" in said) == (1, True)
    assert run(store, "verify", "c1", "--repair") == (0, "all is well\n")
    server.kill()
    keep(store.local, "otra cosa")
    code, said = run(store, "upload")
    assert code == 1
    assert f"c1: S3 bucket '{BUCKET}' at {server.url} does not answer" in said


def test_export_takes_out_and_the_key_could_undo_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDACTION_KEY", "k" * 32)
    store = LocalRecordings(tmp_path / "data")
    keep(store, "es el seis uno dos tres cuatro cinco seis siete ocho")
    for options, expected in (((), '"es el [PHONE]"'), (("--key", "env:REDACTION_KEY"), '"es el [PHONE:')):
        code, said = run(store, "export", "c1", str(tmp_path / "out"), *options)
        assert (code, "2 files" in said) == (0, True)
        told = (tmp_path / "out" / "transcripts" / "rec_c1_transcript.json").read_text()
        assert expected in told
        assert "seis" not in told


async def test_the_master_key_is_changed_without_touching_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD", new_master_key())
    monkeypatch.setenv("NEW", new_master_key())
    old, new, keys = SecretRef("env:OLD"), SecretRef("env:NEW"), tmp_path / "keys"
    before = open_recordings("local", tmp_path / "data", S3Settings(), EncryptionSettings(old, keys))
    await before.put(Item("c1", Artefact.METADATA), b"{}")
    (sealed,) = (tmp_path / "data" / "metadata").iterdir()
    bytes_before = sealed.read_bytes()

    both = open_recordings("local", tmp_path / "data", S3Settings(), EncryptionSettings(new, keys, (old,)))
    assert run(both, "rewrap", "--json") == (0, '{"rewrapped": 1}\n')
    assert run(both, "rewrap") == (0, "0 keys wrapped anew\n")
    after = open_recordings("local", tmp_path / "data", S3Settings(), EncryptionSettings(new, keys))
    assert await after.read(Item("c1", Artefact.METADATA)) == b"{}"
    assert sealed.read_bytes() == bytes_before
    plain = LocalRecordings(tmp_path / "elsewhere")
    assert run(plain, "rewrap")[0] == 1
