"""What `calls` and `speech` say to one another, and how each saying fits into a frame.

    calls -> speech                                     speech -> calls
    Transcribe   header: rate, language, hints          Hello        header: version
                 body: the utterance's sound            Transcribed  header: text, words, confidence, language
    Speak        header: text, rate, language, voice,   Piece        body: count, count x (text offset, sample), sound
                 speed, window                          Spoken       nothing: the sentence is complete
    AskHealth    nothing                                Health       header: engines
    Cancel       nothing; no answer follows             Failed       header: error, engine, reason
    Taken        header: pieces

Pieces have no JSON: they are most of the traffic, and the voice loop unpacks them. `Speak.window` is how many pieces
may be under way before the listener says `Taken`, so that a slow listener makes the synthesis wait.

A frame whose content makes no sense is told as `Malformed` and not raised: only its request is spoilt.
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

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
from engines.speech.wire import Frame, Kind
from vocabulary.audio import SAMPLE_BYTES
from vocabulary.speech import SpokenPiece, Transcript, Word, WordMark

VERSION: Final = 1
"""Changes whenever an older peer would misunderstand us."""

ERRORS: Final[Mapping[str, type[EngineError]]] = {
    "unavailable": EngineUnavailable,
    "busy": EngineBusy,
    "failed": EngineFailed,
    "bad_answer": BadEngineAnswer,
}
"""Engine errors by the name they travel under."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Hear this utterance."""

    request: int
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Speak:
    """Say this sentence."""

    request: int
    sentence: SpeechRequest
    window: int
    """Pieces that may be under way at once."""


@dataclass(frozen=True, slots=True)
class AskHealth:
    """How are the engines?"""

    request: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop working on this request; nothing more is expected of it."""

    request: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The listener has taken so many more pieces."""

    request: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Hello:
    """First words of `speech` on every connection: it is ready."""

    version: int
    request: int = 0


@dataclass(frozen=True, slots=True)
class Transcribed:
    """An utterance's words."""

    request: int
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of a sentence."""

    request: int
    piece: SpokenPiece


@dataclass(frozen=True, slots=True)
class Spoken:
    """The sentence is complete."""

    request: int


@dataclass(frozen=True, slots=True)
class Health:
    """How each engine is."""

    request: int
    engines: tuple[EngineHealth, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The request came to nothing."""

    request: int
    error: str
    """A key of `ERRORS`."""
    engine: str
    reason: str


Wish = Transcribe | Speak | AskHealth | Cancel | Taken
Answer = Hello | Transcribed | Piece | Spoken | Health | Failed
Message = Wish | Answer


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame arrived whole, but what it holds is no message; never sent, only found."""

    request: int
    reason: str


class _Nonsense(Exception):
    """Raised and caught in this module only: a header or body does not hold what its kind promises."""


def failure(request: int, error: EngineError) -> Failed:
    """Return `error` as it travels."""
    name = next(name for name, kind in ERRORS.items() if isinstance(error, kind))
    return Failed(request, name, error.engine, error.reason)


# -- writing ----------------------------------------------------------------------------------------------------------

_COUNT: Final = struct.Struct(">H")
_MARK: Final = struct.Struct(">II")
_MOST_MARKS: Final = 0xFFFF


def encode(message: Message) -> bytes:
    """Return `message` as it travels."""
    match message:
        case Piece(request, piece):
            marks = piece.marks[:_MOST_MARKS]
            packed = b"".join(_MARK.pack(mark.text_offset, mark.sample) for mark in marks)
            return Frame(Kind.PIECE, request, b"", _COUNT.pack(len(marks)) + packed + piece.pcm).serialize()
        case Transcribe(request, said):
            header = {"rate": said.rate, "language": said.language, "hints": said.hints}
            return Frame(Kind.TRANSCRIBE, request, _json(header), said.pcm).serialize()
        case Speak(request, wanted, window):
            header = {
                "text": wanted.text,
                "rate": wanted.rate,
                "language": wanted.language,
                "voice": wanted.voice,
                "speed": wanted.speed,
                "window": window,
            }
            return Frame(Kind.SPEAK, request, _json(header), b"").serialize()
        case AskHealth(request):
            return Frame(Kind.ASK_HEALTH, request, b"", b"").serialize()
        case Cancel(request):
            return Frame(Kind.CANCEL, request, b"", b"").serialize()
        case Taken(request, pieces):
            return Frame(Kind.TAKEN, request, _json({"pieces": pieces}), b"").serialize()
        case Hello(version, request):
            return Frame(Kind.HELLO, request, _json({"version": version}), b"").serialize()
        case Transcribed(request, heard):
            header = {
                "text": heard.text,
                "words": [[word.text, word.start_seconds, word.end_seconds, word.confidence] for word in heard.words],
                "confidence": heard.confidence,
                "language": heard.language,
            }
            return Frame(Kind.TRANSCRIBED, request, _json(header), b"").serialize()
        case Spoken(request):
            return Frame(Kind.SPOKEN, request, b"", b"").serialize()
        case Health(request, engines):
            rows = [[one.engine, one.is_ready, one.model, one.device, one.detail] for one in engines]
            return Frame(Kind.HEALTH, request, _json({"engines": rows}), b"").serialize()
        case Failed(request, error, engine, reason):
            header = {"error": error, "engine": engine, "reason": reason}
            return Frame(Kind.FAILED, request, _json(header), b"").serialize()


def _json(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# -- reading ----------------------------------------------------------------------------------------------------------


def decode(frame: Frame) -> Message | Malformed:
    """Return what `frame` says, or `Malformed` when it says nothing sensible; never raises."""
    try:
        return _READERS[frame.kind](frame)
    except _Nonsense as nonsense:
        return Malformed(frame.request, f"{frame.kind.name.lower()}: {nonsense}")


def _read_transcribe(frame: Frame) -> Transcribe:
    fields = _Fields(frame.header)
    hints = tuple(_text(hint, "hints") for hint in fields.rows("hints"))
    utterance = Utterance(_sound(frame.body), fields.whole("rate"), fields.text("language"), hints)
    return Transcribe(frame.request, utterance)


def _read_speak(frame: Frame) -> Speak:
    fields = _Fields(frame.header)
    sentence = SpeechRequest(
        fields.text("text"), fields.whole("rate"), fields.text("language"), fields.text("voice"), fields.real("speed")
    )
    return Speak(frame.request, sentence, fields.whole("window"))


def _read_piece(frame: Frame) -> Piece:
    body = frame.body
    if len(body) < _COUNT.size:
        raise _Nonsense("no count of marks")
    sound_start = _COUNT.size + _COUNT.unpack_from(body)[0] * _MARK.size
    if len(body) < sound_start:
        raise _Nonsense("fewer marks than counted")
    marks = tuple(WordMark(offset, sample) for offset, sample in _MARK.iter_unpack(body[_COUNT.size : sound_start]))
    return Piece(frame.request, SpokenPiece(_sound(body[sound_start:]), marks))


def _read_transcribed(frame: Frame) -> Transcribed:
    fields = _Fields(frame.header)
    words = tuple(_word(row) for row in fields.rows("words"))
    confidence = _share(fields.real("confidence"), "confidence")
    return Transcribed(frame.request, Transcript(fields.text("text"), words, confidence, fields.text("language")))


def _word(row: object) -> Word:
    match row:
        case [text, start, end, confidence]:
            times = _real(start, "start"), _real(end, "end")
            return Word(_text(text, "word"), *times, _share(_real(confidence, "confidence"), "confidence"))
        case _:
            raise _Nonsense("a word is not four values")


def _read_health(frame: Frame) -> Health:
    return Health(frame.request, tuple(_engine(row) for row in _Fields(frame.header).rows("engines")))


def _engine(row: object) -> EngineHealth:
    match row:
        case [str(engine), bool(is_ready), str(model), str(device), str(detail)]:
            return EngineHealth(engine, is_ready, model, device, detail)
        case _:
            raise _Nonsense("an engine is not five values")


def _read_failed(frame: Frame) -> Failed:
    fields = _Fields(frame.header)
    error = fields.text("error")
    if error not in ERRORS:
        raise _Nonsense("no such error")
    return Failed(frame.request, error, fields.text("engine"), fields.text("reason"))


_READERS: Final[Mapping[Kind, Callable[[Frame], Message]]] = {
    Kind.TRANSCRIBE: _read_transcribe,
    Kind.SPEAK: _read_speak,
    Kind.ASK_HEALTH: lambda frame: AskHealth(frame.request),
    Kind.CANCEL: lambda frame: Cancel(frame.request),
    Kind.TAKEN: lambda frame: Taken(frame.request, _Fields(frame.header).whole("pieces")),
    Kind.HELLO: lambda frame: Hello(_Fields(frame.header).whole("version"), frame.request),
    Kind.TRANSCRIBED: _read_transcribed,
    Kind.PIECE: _read_piece,
    Kind.SPOKEN: lambda frame: Spoken(frame.request),
    Kind.HEALTH: _read_health,
    Kind.FAILED: _read_failed,
}


class _Fields:
    """A header's fields, each asked for by name and type."""

    def __init__(self, header: bytes) -> None:
        try:
            fields = json.loads(header)
        # RecursionError: brackets nested a thousand deep; ValueError: no JSON, no UTF-8, or an endless number
        except (ValueError, RecursionError) as error:
            raise _Nonsense("the header is no JSON") from error
        if not isinstance(fields, dict):
            raise _Nonsense("the header is no object")
        self._fields = fields

    def text(self, name: str) -> str:
        return _text(self._fields.get(name), name)

    def real(self, name: str) -> float:
        return _real(self._fields.get(name), name)

    def whole(self, name: str) -> int:
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
            raise _Nonsense(f"{name} is no count")
        return value

    def rows(self, name: str) -> list[object]:
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise _Nonsense(f"{name} is no list")
        return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _Nonsense(f"{name} is no text")
    return value


def _real(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Nonsense(f"{name} is no number")
    if not abs(value) < 2**63:  # nor is a whole number of a thousand digits, an infinity or NaN
        raise _Nonsense(f"{name} is no number")
    return float(value)


def _share(value: float, name: str) -> float:
    if not 0 <= value <= 1:
        raise _Nonsense(f"{name} is not between 0 and 1")
    return value


def _sound(pcm: bytes) -> bytes:
    if len(pcm) % SAMPLE_BYTES:
        raise _Nonsense("half a sample")
    return pcm
