"""`centralita recordings export | upload | verify | rewrap`: a call for others to read, and what S3 has of it.

`add_recording_commands` hangs them on an app that may have more commands; how a store is opened is told from outside.
"""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from centralita.command_line import AsJson, SettingsPath
from centralita.settings import Settings, load_settings
from storage.privacy.export import export_redacted
from storage.privacy.pseudonyms import Pseudonyms
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.opening import AnyRecordings
from storage.recording_store.uploading import never_uploaded, repair_upload, upload_recording, verify_uploads
from vocabulary.errors import CentralitaError, ConfigurationError
from vocabulary.secret import SecretRef

OpenStore = Callable[[Settings], AnyRecordings]


def add_recording_commands(app: typer.Typer, open_store: OpenStore) -> None:
    """Hang the commands on `app`."""

    @app.command()
    def export(
        call_id: Annotated[str, typer.Argument(help="The call.")],
        folder: Annotated[Path, typer.Argument(help="Where to write it; made if it is not there.")],
        audio: Annotated[bool, typer.Option(help="The recording too, bleeped where it must be.")] = False,
        key: Annotated[
            str, typer.Option(help='"env:NAME" or "file:PATH" of a key that can undo it; without one nobody can.')
        ] = "",
        settings: SettingsPath = None,
        as_json: AsJson = False,
    ) -> None:
        """Write a call without phones, e-mails, cards, accounts and identity numbers."""
        pseudonyms = Pseudonyms.of(_secret(key), call_id) if key else None
        store = open_store(load_settings(settings))
        done = asyncio.run(export_redacted(store, call_id, folder, with_audio=audio, pseudonyms=pseudonyms))
        report = {"files": [str(path) for path in done.files], "bleeps": done.bleeps, "seconds": done.seconds_covered}
        covered = f"; {done.bleeps} stretches covered, {done.seconds_covered:.1f} s" if audio else ""
        typer.echo(json.dumps(report) if as_json else f"{len(done.files)} files in {folder}{covered}")

    @app.command()
    def upload(
        call_ids: Annotated[list[str] | None, typer.Argument(help="Which; else all that are not there.")] = None,
        settings: SettingsPath = None,
    ) -> None:
        """Bring S3 up to date; exit code 1 when a call could not be sent (all others are)."""
        store = _uploading(open_store(load_settings(settings)))
        failed = asyncio.run(_upload(store, call_ids or []))
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def verify(
        call_id: Annotated[str, typer.Argument(help="The call.")],
        repair: Annotated[bool, typer.Option(help="Put ours over what took its place in S3.")] = False,
        settings: SettingsPath = None,
    ) -> None:
        """Compare a call's files with what was sent and with S3; exit code 1 when they differ."""
        store = _uploading(open_store(load_settings(settings)))
        if repair:
            asyncio.run(repair_upload(store, call_id))
        problems = asyncio.run(verify_uploads(store, call_id))
        typer.echo("\n".join(problems) or "all is well")
        raise typer.Exit(1 if problems else 0)

    @app.command()
    def rewrap(settings: SettingsPath = None, as_json: AsJson = False) -> None:
        """Wrap every call's key with the current master key; the older ones may go then. No recording is touched."""
        store = open_store(load_settings(settings))
        if not isinstance(store, EncryptedRecordings):
            raise ConfigurationError("storage.master_key is not set: nothing is encrypted")
        changed = store.rewrap()
        typer.echo(json.dumps({"rewrapped": changed}) if as_json else f"{changed} keys wrapped anew")


async def _upload(store: BothRecordings | EncryptedRecordings, call_ids: list[str]) -> int:
    failed = 0
    for call_id in call_ids or await never_uploaded(store, time.time()):
        try:
            done = await upload_recording(store, call_id)
        except CentralitaError as error:
            failed += 1
            typer.echo(f"{call_id}: {error}", err=True)
        else:
            typer.echo(f"{call_id}: {len(done.sent)} sent, {done.bytes_sent} bytes, {len(done.already_there)} there")
            for problem in done.problems:
                typer.echo(f"{call_id}: {problem}", err=True)
    return failed


def _uploading(store: AnyRecordings) -> BothRecordings | EncryptedRecordings:
    if isinstance(store, BothRecordings | EncryptedRecordings):
        return store
    raise ConfigurationError("storage.backend is not 'both': there is no bucket to upload to")


def _secret(text: str) -> SecretRef:
    try:
        return SecretRef.parse(text)
    except ValueError as error:
        raise ConfigurationError(f"--key: {error}") from error
