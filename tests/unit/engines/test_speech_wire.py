"""The bytes between `calls` and `speech`: cut anywhere, and wrong in every way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.base import (
    BadEngineAnswer,
    EngineBusy,
    EngineError,
    EngineFailed,
    EngineHealth,
    EngineUnavailable,
    SpeechRequest,
    Utterance,
)
from engines.speech import messages as said
from engines.speech.wire import BODY_LIMIT, PREFIX, Frame, FrameReader, Kind, Oversize, UnknownKind, WireError
from vocabulary.speech import NOT_UNDERSTOOD, SpokenPiece, Transcript, Word, WordMark

MESSAGES: list[said.Message] = [
    said.Hello(said.VERSION),
    said.Transcribe(1, Utterance(b"\x01\x02" * 50, 8000, "es", ("García", "fibra"))),
    said.Transcribed(1, Transcript("sí señor", (Word("sí", 0.1, 0.2, 0.9), Word("señor", 0.2, 0.5, 1.0)), 0.95)),
    said.Transcribed(2, NOT_UNDERSTOOD),
    said.Speak(3, SpeechRequest("¿Qué desea?", 16000, "es", "es-419+f2", 1.1), 32),
    said.Piece(3, SpokenPiece(b"\x00\x01" * 160, (WordMark(0, 0), WordMark(5, 120)))),
    said.Piece(3, SpokenPiece(b"")),
    said.Taken(3, 16),
    said.Spoken(3),
    said.AskHealth(4),
    said.Health(4, (EngineHealth("stt:tiny", True, "tiny", "cpu", "for tests"), EngineHealth("tts:espeak", False))),
    said.Cancel(5),
    said.Failed(0xFFFFFFFF, "busy", "stt", "too many"),
]
STREAM = b"".join(map(said.encode, MESSAGES))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(STREAM)])
def test_messages_do_not_depend_on_how_the_socket_cuts_the_stream(size: int) -> None:
    reader = FrameReader()
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [said.decode(frame) for chunk in chunks for frame in reader.receive_data(chunk)] == MESSAGES


def test_an_unknown_kind_loses_the_stream() -> None:
    with pytest.raises(UnknownKind):
        FrameReader().receive_data(b"\xff" * PREFIX.size)


def test_an_enormous_length_is_refused_before_anything_is_kept() -> None:
    with pytest.raises(Oversize):
        FrameReader().receive_data(PREFIX.pack(Kind.PIECE, 1, 0, BODY_LIMIT + 1))


@pytest.mark.parametrize(
    "frame",
    [
        Frame(Kind.PIECE, 7, b"", b""),
        Frame(Kind.PIECE, 7, b"", b"\x00\x02" + bytes(8)),
        Frame(Kind.PIECE, 7, b"", b"\x00\x00\x01"),
        Frame(Kind.TRANSCRIBED, 7, b"", b""),
        Frame(Kind.TRANSCRIBED, 7, b"[]", b""),
        Frame(Kind.TRANSCRIBED, 7, b"\xff", b""),
        Frame(Kind.TRANSCRIBED, 7, b"[" * 100_000, b""),
        Frame(Kind.TRANSCRIBED, 7, b'{"text":1,"words":[],"confidence":1,"language":"es"}', b""),
        Frame(Kind.TRANSCRIBED, 7, b'{"text":"a","words":[],"confidence":1.5,"language":"es"}', b""),
        Frame(Kind.TRANSCRIBED, 7, b'{"text":"a","words":[],"confidence":NaN,"language":"es"}', b""),
        Frame(Kind.TRANSCRIBED, 7, b'{"text":"a","words":[["a",0,1]],"confidence":1,"language":"es"}', b""),
        Frame(Kind.TRANSCRIBED, 7, b'{"text":"a","words":[["a",0,1e999,1]],"confidence":1,"language":"es"}', b""),
        Frame(Kind.TRANSCRIBED, 7, b'{"text":"a","words":[],"confidence":' + b"9" * 5000 + b',"language":"es"}', b""),
        Frame(Kind.TRANSCRIBE, 7, b'{"rate":8000,"language":"es","hints":[]}', b"\x00"),
        Frame(Kind.TRANSCRIBE, 7, b'{"rate":-1,"language":"es","hints":[]}', b""),
        Frame(Kind.TRANSCRIBE, 7, b'{"rate":true,"language":"es","hints":[]}', b""),
        Frame(Kind.HEALTH, 7, b'{"engines":[["a",1,"","",""]]}', b""),
        Frame(Kind.FAILED, 7, b'{"error":"tired","engine":"","reason":""}', b""),
        Frame(Kind.TAKEN, 7, b"{}", b""),
    ],
)
def test_a_frame_without_sense_spoils_only_its_request(frame: Frame) -> None:
    message = said.decode(frame)
    assert isinstance(message, said.Malformed)
    assert message.request == 7


@pytest.mark.parametrize("error", [EngineUnavailable, EngineBusy, EngineFailed, BadEngineAnswer])
def test_engine_errors_survive_the_journey(error: type[EngineError]) -> None:
    travelled = said.decode(Frame(Kind.FAILED, 1, _header(said.failure(1, error("stt", "porque sí"))), b""))
    assert isinstance(travelled, said.Failed)
    assert said.ERRORS[travelled.error] is error
    assert (travelled.engine, travelled.reason) == ("stt", "porque sí")


def _header(message: said.Failed) -> bytes:
    return json.dumps({"error": message.error, "engine": message.engine, "reason": message.reason}).encode()


@given(st.binary(max_size=200))
def test_any_bytes_end_in_frames_or_in_a_typed_error(data: bytes) -> None:
    reader = FrameReader()
    try:
        frames = reader.receive_data(data)
    except WireError:
        return
    for frame in frames:
        said.decode(frame)


@given(st.sampled_from(list(Kind)), st.integers(0, 2**32 - 1), st.binary(max_size=80), st.binary(max_size=80))
def test_any_frame_is_a_message_or_malformed(kind: Kind, request: int, header: bytes, body: bytes) -> None:
    [frame] = FrameReader().receive_data(Frame(kind, request, header, body).serialize())
    assert said.decode(frame).request == request


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner)),
    st.sampled_from(
        ["text", "words", "confidence", "language", "engines", "error", "rate", "hints", "pieces", "version"]
    ),
    st.sampled_from(list(Kind)),
)
def test_any_value_in_any_field_is_a_message_or_malformed(value: object, name: str, kind: Kind) -> None:
    header = {"text": "a", "words": [], "confidence": 1, "language": "es", "rate": 8000, "hints": [], name: value}
    said.decode(Frame(kind, 1, json.dumps(header).encode(), b""))


def test_text_that_is_no_unicode_does_not_break_the_sender() -> None:
    frame = FrameReader().receive_data(said.encode(said.Speak(1, SpeechRequest("\ud800", 8000), 1)))[0]
    assert said.decode(frame) == said.Speak(1, SpeechRequest("?", 8000), 1)
