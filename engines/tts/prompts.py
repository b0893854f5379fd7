"""Fixed sentences, rendered once: the greeting and the apologies sound even when no mouth is left to say them."""

import asyncio
import hashlib
import json
import logging
import os
import struct
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from engines.base import EngineError, Mouth, SpeechRequest
from vocabulary.audio import SAMPLE_BYTES
from vocabulary.speech import SpokenPiece, WordMark

logger = logging.getLogger(__name__)

_FORMAT: Final = 1
_MAGIC: Final = b"CPR1"
_COUNT: Final = struct.Struct(">I")
_MARK: Final = struct.Struct(">II")


class PromptCache:
    """Sentences ready to be played: in memory, and on disk for the next start."""

    def __init__(self, mouth: Mouth, folder: Path | None = None, *, engine: str = "espeak") -> None:
        """`folder`: where they are kept (made when missing), or None for memory alone.

        `engine`: what `mouth` really is; another engine's voice is not played in its place.
        """
        self._mouth = mouth
        self._folder = folder
        self._engine = engine
        self._ready: dict[SpeechRequest, SpokenPiece] = {}

    def get(
        self, text: str, rate: int, *, voice: str = "", language: str = "es", speed: float = 1.0
    ) -> SpokenPiece | None:
        """Return the whole sentence's sound, or None if it was not warmed."""
        return self._ready.get(SpeechRequest(text, rate, language, voice, speed))

    async def warm(self, requests: Iterable[SpeechRequest]) -> list[SpeechRequest]:
        """Make each sentence ready, from disk or by the mouth; return those that could not be, to try again later.

        A deadline is the caller's; what was ready before it passed stays ready.
        """
        missing = []
        for request in dict.fromkeys(requests):
            if request in self._ready:
                continue
            piece = await asyncio.to_thread(self._read, request)
            if piece is None:
                try:
                    piece = await _whole_sentence(self._mouth, request)
                except EngineError as error:
                    logger.warning("a prompt is not ready", extra={"engine": error.engine, "reason": error.reason})
                    missing.append(request)
                    continue
                await asyncio.to_thread(self._write, request, piece)
            self._ready[request] = piece
        return missing

    def _path(self, request: SpeechRequest) -> Path | None:
        if self._folder is None:
            return None
        key = json.dumps([_FORMAT, self._engine, asdict(request)], sort_keys=True)
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.prompt"

    def _read(self, request: SpeechRequest) -> SpokenPiece | None:
        path = self._path(request)
        try:
            return _unpack(path.read_bytes()) if path is not None else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logger.warning("a kept prompt cannot be used", extra={"path": str(path), "reason": str(error)})
            return None

    def _write(self, request: SpeechRequest, piece: SpokenPiece) -> None:
        """Keep the prompt for the next start; a full disk costs us only that."""
        path = self._path(request)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_pack(piece))
                # whole or not at all: a crash in between leaves the old file or none
                Path(name).replace(path)
            except OSError:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            logger.warning("a prompt could not be kept", extra={"path": str(path), "reason": str(error)})


async def _whole_sentence(mouth: Mouth, request: SpeechRequest) -> SpokenPiece:
    pcm: list[bytes] = []
    marks: list[WordMark] = []
    async for piece in mouth.speak(request):
        pcm.append(piece.pcm)
        marks += piece.marks
    return SpokenPiece(b"".join(pcm), tuple(marks))


def _pack(piece: SpokenPiece) -> bytes:
    marks = b"".join(_MARK.pack(mark.text_offset, mark.sample) for mark in piece.marks)
    content = _COUNT.pack(len(piece.marks)) + marks + piece.pcm
    return _MAGIC + hashlib.sha256(content).digest() + content


def _unpack(kept: bytes) -> SpokenPiece:
    """Raises: ValueError for anything that is not wholly what `_pack` made."""
    digest_end = len(_MAGIC) + hashlib.sha256().digest_size
    content = kept[digest_end:]
    if kept[: len(_MAGIC)] != _MAGIC or hashlib.sha256(content).digest() != kept[len(_MAGIC) : digest_end]:
        raise ValueError("the file is damaged")
    sound_start = _COUNT.size + _COUNT.unpack_from(content)[0] * _MARK.size
    marks = tuple(WordMark(offset, sample) for offset, sample in _MARK.iter_unpack(content[_COUNT.size : sound_start]))
    if (len(content) - sound_start) % SAMPLE_BYTES:
        raise ValueError("half a sample")
    return SpokenPiece(content[sound_start:], marks)
