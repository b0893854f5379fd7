"""From what was found to the files' new contents. Pure.

The transcript keeps the first listening whole under `original`, and every earlier second listening under `history`, so
that nothing that was ever heard is lost; done twice with the same version, it is the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from offline.batch.material import SecondListening
from offline.batch.turns import Turn
from storage.database.analyses import Analysis
from storage.database.events import Event
from storage.metadata.files import metadata_json, metadata_of
from storage.metadata.schema import RecordingMetadata
from vocabulary.speech import Speaker

PROCESSED_EVENT: Final = "recording_processed"
ORIGINAL: Final = "original"
HISTORY: Final = "history"
PIPELINE: Final = "pipeline"
_OURS: Final = (ORIGINAL, HISTORY, PIPELINE)

JsonObject = dict[str, Any]
"""`Any` because it is JSON."""


def first_transcript(file: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the transcript as the call wrote it, from a file that a second listening may have rewritten already."""
    if file is None or PIPELINE not in file:
        return file
    original = file.get(ORIGINAL)
    return original if isinstance(original, Mapping) else None


def transcript_with(
    file: Mapping[str, Any] | None, found: SecondListening, metadata: RecordingMetadata, now: float
) -> JsonObject:
    """Return the transcript's new contents; `file` is what lies there."""
    first = first_transcript(file)
    told = {name: value for name, value in (first or _common(metadata)).items() if name not in _OURS}
    turns = [_entry(turn, place, found) for place, turn in enumerate(found.turns)]
    pipeline = {
        "version": found.pipeline_version,
        "stages": dict(found.stages),
        "finished_at": now,
        "is_retranscribed": found.is_retranscribed,
        "ear": found.ear,
        "settings": found.settings,
        "bank": found.bank,
        "first_wer": found.first_wer,
        "estimated_wer": found.estimated_wer,
        "suspicions": list(found.suspicions),
    }
    return told | {"turns": turns, PIPELINE: pipeline, ORIGINAL: first, HISTORY: _history(file, found)}


def metadata_with(metadata: RecordingMetadata, found: SecondListening, now: float) -> RecordingMetadata:
    """Return the metadata with what was found, and everything else as it is. Raises: WrongShape."""
    value = metadata_json(metadata)
    outcome = str(found.analysis.get("outcome") or "")
    return metadata_of(
        value
        | {
            "transcription": _transcription(found),
            "analysis": dict(found.analysis),
            "turns": _figures(metadata, found),
            "processed": True,
            "processing_mode": "offline",
            "pipeline_version": found.pipeline_version,
            # A clock that went back must not make the second listening older than the call.
            "processed_at": max(now, metadata.started_at),
            "processing_problems": list(found.problems),
            "outcome": outcome or metadata.outcome,
        }
    )


def analysis_row(metadata: RecordingMetadata) -> Analysis:
    """Return the result as the database keeps it, from processed metadata."""
    result = metadata.analysis.model_dump(mode="json") if metadata.analysis is not None else {}
    finished_at = metadata.processed_at or metadata.started_at
    return Analysis(metadata.recording_id, metadata.pipeline_version, finished_at, result)


def processed_event(metadata: RecordingMetadata) -> Event:
    """Return what is told of processed metadata; one event for each recording and version, however often it is told."""
    analysis, heard = metadata.analysis, metadata.transcription
    return Event(
        event_id=f"{PROCESSED_EVENT}:{metadata.recording_id}:{metadata.pipeline_version}",
        kind=PROCESSED_EVENT,
        conversation_id=metadata.conversation_id,
        at=metadata.processed_at or metadata.started_at,
        data={
            "recording_id": metadata.recording_id,
            "pipeline_version": metadata.pipeline_version,
            "sentiment": analysis.sentiment if analysis is not None else "",
            "intent": analysis.intent if analysis is not None else "",
            "outcome": metadata.outcome,
            "quality_score": analysis.quality_score if analysis is not None else None,
            "estimated_wer": heard.estimated_wer if heard is not None else None,
            "is_retranscribed": heard.is_retranscribed if heard is not None else False,
        },
    )


def _common(metadata: RecordingMetadata) -> JsonObject:
    return {
        "call_id": metadata.call_id,
        "agent": metadata.agent,
        "did": metadata.did,
        "caller": metadata.caller,
        "started_at": metadata.started_at,
    }


def _entry(turn: Turn, place: int, found: SecondListening) -> JsonObject:
    entry: JsonObject = dict(turn.entry) | {"speaker": turn.speaker.value, "at": turn.at, "text": turn.text}
    if turn.speaker is Speaker.CALLER:
        entry["heard"] = turn.heard
        if turn.begin_seconds is not None and turn.end_seconds is not None:
            entry |= {"begin_seconds": round(turn.begin_seconds, 3), "end_seconds": round(turn.end_seconds, 3)}
            entry["corrections"] = [
                {"heard": one.heard, "meant": one.meant, "rule": one.rule} for one in turn.replacements
            ]
    if turn.confidence is not None:
        entry["confidence"] = round(turn.confidence, 3)
    if turn.is_heard_again:
        entry["words"] = [
            {
                "text": word.text,
                "start_seconds": round(word.start_seconds, 3),
                "end_seconds": round(word.end_seconds, 3),
                "confidence": round(word.confidence, 3),
            }
            for word in turn.words
        ]
    if place in found.sentiments:
        entry["sentiment"] = dict(entry.get("sentiment") or {}) | dict(found.sentiments[place])
    return entry | {"origin": turn.origin, "is_heard_again": turn.is_heard_again}


def _history(file: Mapping[str, Any] | None, found: SecondListening) -> list[Any]:
    """Return earlier second listenings, without what this one does again."""
    if file is None or PIPELINE not in file:
        return []
    ours = (found.pipeline_version, found.bank)
    history = list(file.get(HISTORY) or ())
    before = file.get(PIPELINE)
    if _made_by(before) != ours:
        history.append({PIPELINE: before, "turns": file.get("turns")})
    return [one for one in history if not isinstance(one, Mapping) or _made_by(one.get(PIPELINE)) != ours]


def _made_by(told: object) -> tuple[object, object]:
    """Return what makes two results the same: the pipeline, and the company's words it corrected with."""
    return (told.get("version"), told.get("bank")) if isinstance(told, Mapping) else (None, None)


def _transcription(found: SecondListening) -> JsonObject:
    spoken = [turn for turn in found.turns if turn.speaker is Speaker.CALLER]
    sure = [turn.confidence for turn in spoken if turn.confidence is not None]
    return {
        "text": "\n".join(turn.text for turn in spoken),
        "raw_text": "\n".join(turn.heard for turn in spoken),
        "confidence": round(sum(sure) / len(sure), 4) if sure else None,
        "corrections": [
            {"heard": one.heard, "meant": one.meant, "rule": one.rule, "turn": place}
            for place, turn in enumerate(found.turns)
            for one in turn.replacements
        ],
        "estimated_wer": found.estimated_wer,
        "first_wer": found.first_wer,
        "engine": found.ear or "online",
        "is_retranscribed": found.is_retranscribed,
    }


def _figures(metadata: RecordingMetadata, found: SecondListening) -> list[JsonObject]:
    """Return the turns' figures in the order of the new transcript: what the call measured stays with its turn."""
    measured = [one.model_dump(mode="json") for one in metadata.turns]
    figures: list[JsonObject] = []
    for place, turn in enumerate(found.turns):
        known = turn.origin is not None and turn.origin < len(measured)
        figure: JsonObject = dict(measured[turn.origin]) if known and turn.origin is not None else {}
        figure |= {"speaker": turn.speaker.value, "at": turn.at}
        if place in found.sentiments:
            mood = found.sentiments[place]
            figure |= {"sentiment_label": mood["sentiment"], "sentiment_score": mood["score"]}
        figures.append(figure)
    return figures
