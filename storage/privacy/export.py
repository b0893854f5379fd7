"""A call as it may be handed to others: metadata and transcript redacted, and on request the recording, covered."""

import asyncio
import json
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.privacy.bleep import bleep_wav
from storage.privacy.pseudonyms import Pseudonyms
from storage.privacy.transcript_redaction import JsonObject, redact_object
from storage.privacy.word_times import Span, spans_of_transcript
from storage.recording_store.errors import RecordingDamaged, RecordingMissing
from storage.recording_store.item import Artefact, Item
from storage.recording_store.port import RecordingStore
from storage.recordings import write_json


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    files: tuple[Path, ...]
    bleeps: int
    """Stretches of the recording that were covered."""
    seconds_covered: float


async def export_redacted(
    store: RecordingStore,
    call_id: str,
    folder: Path,
    *,
    with_audio: bool = False,
    pseudonyms: Pseudonyms | None = None,
) -> Exported:
    """Write the call into `folder`, in the layout of recordings, without what identifies people.

    Audio only on request, and only when there is a transcript that says what to cover; with `pseudonyms`, what was
    taken out of texts can be put back by whoever has the key. What was covered in the sound cannot.

    Raises: RecordingMissing when the call has no transcript, or no audio where it was asked for; RecordingDamaged when
    one is not readable; errors of the store; OSError when `folder` cannot be written.
    """
    transcript = await _json(store, Item(call_id, Artefact.TRANSCRIPT))
    if transcript is None:
        raise RecordingMissing(f"call {call_id} has no transcript: nothing would say what to take out")
    files = [await _write(folder, Item(call_id, Artefact.TRANSCRIPT), transcript, pseudonyms)]
    if metadata := await _json(store, Item(call_id, Artefact.METADATA)):
        files.append(await _write(folder, Item(call_id, Artefact.METADATA), metadata, pseudonyms))
    if not with_audio:
        return Exported(tuple(files), 0, 0.0)
    spans = spans_of_transcript(transcript)
    audio, seconds = await _export_audio(store, call_id, folder, spans)
    return Exported((*files, audio), len(spans), seconds)


async def _json(store: RecordingStore, item: Item) -> JsonObject | None:
    try:
        value = json.loads(await store.read(item))
    except RecordingMissing:
        return None
    except ValueError as error:
        raise RecordingDamaged(f"{item.key} is no JSON: it was cut or changed") from error
    if not isinstance(value, dict):
        raise RecordingDamaged(f"{item.key} is no JSON object")
    return value


async def _write(folder: Path, item: Item, value: JsonObject, pseudonyms: Pseudonyms | None) -> Path:
    path = folder / item.key
    await asyncio.to_thread(lambda: write_json(path, redact_object(value, pseudonyms, item.call_id)))
    return path


async def _export_audio(store: RecordingStore, call_id: str, folder: Path, spans: Sequence[Span]) -> tuple[Path, float]:
    item = Item(call_id, Artefact.AUDIO)
    path = folder / item.key
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    # the readable copy lives where only we can read it, and only as long as it must
    with tempfile.TemporaryDirectory(prefix="centralita-") as private:
        original = Path(private) / "original.wav"
        with original.open("xb") as file:
            async for piece in store.stream(item):
                await asyncio.to_thread(file.write, piece)
        draft = Path(private) / "covered.wav"
        try:
            await asyncio.to_thread(bleep_wav, original, draft, spans)
            seconds = await asyncio.to_thread(_seconds, draft)
        except (wave.Error, EOFError, ValueError) as error:
            raise RecordingDamaged(f"{item.key} is no WAV that could be covered: {error}") from error
        await asyncio.to_thread(_copy, draft, path)
    covered = sum(max(0.0, min(span.end_seconds, seconds) - span.start_seconds) for span in spans)
    return path, covered


def _seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as given, target.open("wb") as taken:
        while block := given.read(1 << 20):
            taken.write(block)
