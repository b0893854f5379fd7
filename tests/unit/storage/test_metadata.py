"""The metadata's schema: what older programs wrote is read, nothing is lost on the way, damage is told plainly."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metadata.files import MetadataError, NotJson, TooNew, WrongShape, metadata_json, parse_metadata
from storage.metadata.schema import SCHEMA_VERSION, RecordingMetadata

OF_THE_FIRST_CALLS: dict[str, Any] = {
    "call_id": "20261121T155904-a981632961",
    "agent": "telecom",
    "did": "+525512345678",
    "caller": "5533334444",
    "started_at": 1795276744.65,
    "language": "es",
    "audio": {
        "file": "rec_20261121T155904-a981632961.wav",
        "rate": 8000,
        "channels": ["caller", "agent"],
        "seconds": 20.02,
        "seconds_lost": 0.0,
    },
    "metrics": {"duration": 20.024, "total_turns": 3, "final_sentiment": None, "outcome": "caller_hung_up"},
    "turns": [{"speaker": "agent", "at": 2.047, "latency": {"stt_ms": 12.5}}],
    "hangup": {"cause": 16, "text": "Normal Clearing", "by": "caller"},
}
"""Schema 1: what `calls` wrote before there was a version."""

OF_A_REFUSED_CALLER: dict[str, Any] = {
    "call_id": "17.3",
    "agent": "telecom",
    "did": "+525512345678",
    "caller": "5533334444",
    "started_at": 1795276744.65,
    "audio": None,
    "metrics": {"duration": 0.0, "total_turns": 0, "outcome": "blocked"},
    "reason": "blocked",
    "detail": "listed",
    "hangup": None,
}

COMPLETE: dict[str, Any] = {
    "schema_version": 2,
    "recording_id": "rec_12345",
    "conversation_id": "12345",
    "started_at": 1795276744.65,
    "audio": {"format": "wav", "sample_rate": 8000, "duration_seconds": 3.5, "checksum": "sha256:00"},
    "transcription": {
        "text": "quiero saber mi saldo",
        "raw_text": "quiero saber mi salgo",
        "confidence": 0.8,
        "corrections": [{"heard": "salgo", "meant": "saldo", "rule": "exact"}],
    },
    "analysis": {
        "sentiment": "neutral",
        "intent": "billing_inquiry",
        "entities": [{"kind": "phone", "text": "seis uno dos", "value": "612"}],
        "topics": ["billing", "technical_support"],
        "quality_score": 0.85,
        "outcome": "resolved",
    },
    "metrics": {"total_turns": 12, "avg_stt_latency_ms": 650, "interruptions_count": 2},
    "processed": True,
    "processing_mode": "offline",
    "outcome": "resolved",
}


def parsed(value: object) -> RecordingMetadata:
    return parse_metadata(json.dumps(value).encode())


def test_what_the_first_calls_wrote_is_read_with_the_names_of_today() -> None:
    metadata = parsed(OF_THE_FIRST_CALLS)
    assert (metadata.recording_id, metadata.conversation_id) == ("rec_20261121T155904-a981632961", metadata.call_id)
    assert metadata.audio is not None
    assert (metadata.audio.sample_rate, metadata.audio.duration_seconds) == (8000, 20.02)
    assert metadata.metrics.duration_seconds == 20.024
    assert metadata.outcome == "caller_hung_up"
    assert not metadata.processed
    assert metadata.processing_mode == "online"
    assert metadata.hangup == {"cause": 16, "text": "Normal Clearing", "by": "caller"}


def test_a_refused_caller_left_no_sound() -> None:
    metadata = parsed(OF_A_REFUSED_CALLER)
    assert metadata.audio is None
    assert metadata.outcome == "blocked"


@pytest.mark.parametrize("old", [OF_THE_FIRST_CALLS, OF_A_REFUSED_CALLER, COMPLETE])
def test_writing_what_was_read_loses_nothing(old: dict[str, Any]) -> None:
    once = parsed(old)
    again = parse_metadata(json.dumps(metadata_json(once)).encode())
    assert again == once
    assert metadata_json(again)["schema_version"] == SCHEMA_VERSION


def test_fields_nobody_knows_are_written_back() -> None:
    strange = COMPLETE | {"campaign": "spring"} | {"analysis": COMPLETE["analysis"] | {"summary_model": "x"}}
    written = metadata_json(parsed(strange))
    assert written["campaign"] == "spring"
    assert written["analysis"]["summary_model"] == "x"  # type: ignore[index]
    old = metadata_json(parsed(OF_THE_FIRST_CALLS))
    assert old["turns"][0]["latency"] == {"stt_ms": 12.5}  # type: ignore[index]


def test_people_find_their_words_with_grep() -> None:
    text = json.dumps(metadata_json(parsed(COMPLETE)), indent=2)
    assert '"processed": true' in text
    assert '"processing_mode": "offline"' in text


@given(cut=st.integers(0, len(json.dumps(COMPLETE)) - 1))
def test_a_file_cut_anywhere_is_told_to_be_cut(cut: int) -> None:
    with pytest.raises(NotJson):
        parse_metadata(json.dumps(COMPLETE).encode()[:cut])


@given(data=st.binary(max_size=200))
def test_any_bytes_are_metadata_or_a_plain_error(data: bytes) -> None:
    with pytest.raises(MetadataError):
        parse_metadata(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(name=st.sampled_from(sorted(COMPLETE)), value=JSON)
def test_a_field_of_any_kind_is_taken_or_named(name: str, value: object) -> None:
    try:
        metadata = parsed(COMPLETE | {name: value})
    except MetadataError as error:
        told = str(error)
        is_named = name in told or "written in schema" in told
        assert is_named, told
    else:
        assert parse_metadata(json.dumps(metadata_json(metadata)).encode()) == metadata


def test_metadata_of_tomorrow_is_not_guessed_at() -> None:
    with pytest.raises(TooNew, match="schema 3, this program knows 2"):
        parsed(COMPLETE | {"schema_version": 3})


def test_a_damaged_field_is_named_without_what_was_said() -> None:
    broken = COMPLETE | {"transcription": {"text": ["una palabra secreta"]}}
    with pytest.raises(WrongShape, match=r"transcription\.text") as caught:
        parsed(broken)
    assert "secreta" not in str(caught.value)


@pytest.mark.parametrize("identity", ["rec_../../etc/passwd", "12345", "rec_", "rec_a b"])
def test_an_id_that_is_no_file_name_is_refused(identity: str) -> None:
    with pytest.raises(WrongShape, match="recording_id"):
        parsed(COMPLETE | {"recording_id": identity})


def test_a_repr_tells_nothing_that_was_said() -> None:
    metadata = parsed(COMPLETE)
    assert repr(metadata) == "RecordingMetadata(recording_id='rec_12345')"
    assert "saldo" not in repr(metadata.transcription)
    assert "612" not in repr(metadata.analysis)
