"""The mouth that needs nothing: espeak-ng, spoken by one thread that owns the library. Only in the `speech` process.

A sentence is put into words (`normalise`), synthesised about a thousand times faster than it is spoken, brought to the
rate of the call and handed over in pieces: the first as soon as 60 ms exist, later ones larger, because each piece
costs a wake-up on the other side.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from engines.base import EngineBusy, EngineError, EngineFailed, EngineHealth, EngineUnavailable, SpeechRequest
from engines.tts.espeak_library import EspeakError, EspeakLibrary, EspeakVoice, WordSpoken
from engines.tts.handover import Handover
from engines.tts.normalise import Spoken, normalise
from vocabulary.speech import SpokenPiece, WordMark

logger = logging.getLogger(__name__)

ENGINE: Final = "tts:espeak"
VOICES: Final = {"es": "es-419", "en": "en-us"}
NORMAL_WORDS_PER_MINUTE: Final = 165
"""A little slower than the library's own 175: a telephone hides consonants."""
LONGEST_TEXT: Final = 4000
"""Characters of one sentence; more is a mistake of ours and would keep every other caller waiting."""
RATES: Final = range(8000, 48001)
_LATER_PIECE_SECONDS: Final = 0.2
_PLACES: Final = 64
"""Pieces synthesised ahead of the listener: 12 s of sound, so that an ordinary sentence never keeps the thread."""
_PATIENCE_SECONDS: Final = 2.0
_AUDIBLE: Final = 100
"""Amplitude (of 32768) below which the library's lead-in is silence."""
_LEAD_IN_SECONDS: Final = 0.003
_PAUSES_SECONDS: Final = {".": 0.18, "!": 0.18, "?": 0.18, "…": 0.25, ":": 0.12, ";": 0.12, ",": 0.08}
"""Silence after a sentence, by its last character: sentences are spoken one by one and would stick together."""


@dataclass(frozen=True, slots=True)
class _Job:
    spoken: Spoken
    voice: EspeakVoice
    words_per_minute: int
    rate: int
    handover: Handover


class EspeakMouth:
    """Speaks with espeak-ng. Make one a process and `close` it."""

    def __init__(self, *, most_waiting: int = 64) -> None:
        """Start the thread and the library; when that fails, `health` says why and `speak` raises.

        `most_waiting`: sentences that may wait for the thread.
        """
        self._jobs: queue.Queue[_Job | None] = queue.Queue(most_waiting)
        self._started = threading.Event()
        self._library: EspeakLibrary | None = None
        self._trouble = ""
        self._thread = threading.Thread(target=self._serve, name="espeak", daemon=True)
        self._thread.start()

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpokenPiece]:
        """Yield the sentence's sound; closing the iterator stops the synthesis.

        Raises: EngineUnavailable without the library, EngineBusy, EngineFailed for an unknown voice, a rate outside
        8 to 48 kHz or a text too long.
        """
        job = await self._job(request)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise EngineBusy(ENGINE, "too many sentences wait") from None
        try:
            while (piece := await job.handover.take()) is not None:
                yield piece
        except EspeakError as error:
            raise EngineFailed(ENGINE, str(error)) from error
        finally:
            job.handover.abandon()

    async def health(self) -> EngineHealth:
        """Tell the library's version, or what is missing."""
        await self._wait_until_started()
        version = self._library.version if self._library else ""
        return EngineHealth(ENGINE, not self._trouble, f"espeak-ng {version}".strip(), detail=self._trouble)

    def close(self) -> None:
        """End the thread after the sentences it has; `speak` must not be called any more."""
        self._jobs.put(None)
        self._thread.join()

    async def _wait_until_started(self) -> None:
        if not self._started.is_set():
            await asyncio.to_thread(self._started.wait)

    async def _job(self, request: SpeechRequest) -> _Job:
        await self._wait_until_started()
        if self._trouble:
            raise EngineUnavailable(ENGINE, self._trouble)
        if request.rate not in RATES:
            raise EngineFailed(ENGINE, f"cannot speak at {request.rate} Hz")
        if len(request.text) > LONGEST_TEXT:
            raise EngineFailed(ENGINE, f"a sentence of {len(request.text)} characters")
        if not 0.1 <= request.speed <= 10:
            raise EngineFailed(ENGINE, f"cannot speak at {request.speed} times the normal speed")
        try:
            voice = EspeakVoice.parse(request.voice.strip() or VOICES.get(request.language, request.language))
        except (EspeakError, ValueError) as error:
            raise EngineFailed(ENGINE, str(error)) from error
        return _Job(
            normalise(request.text, request.language),
            voice,
            round(NORMAL_WORDS_PER_MINUTE * request.speed),
            request.rate,
            Handover(asyncio.get_running_loop(), places=_PLACES, patience_seconds=_PATIENCE_SECONDS),
        )

    # -- on the owner thread ------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            self._library = EspeakLibrary()
        except ImportError:
            self._trouble = "espeak-ng is not installed: install the extra `espeak`"
        except (EspeakError, OSError) as error:
            self._trouble = f"espeak-ng does not start: {error}"
        finally:
            self._started.set()
        if self._library is None:
            logger.error("espeak is not available", extra={"reason": self._trouble})
            return
        while (job := self._jobs.get()) is not None:
            if not job.handover.is_abandoned:
                _synthesise(self._library, job)
        self._library.close()


def _synthesise(library: EspeakLibrary, job: _Job) -> None:
    """Say one sentence into its handover; whatever goes wrong ends this sentence only."""
    try:
        pieces = _PieceMaker(job, library.rate)
        if job.spoken.text.strip():
            library.say(job.spoken.text, job.voice, job.words_per_minute, pieces.listen)
        pieces.finish()
    except TimeoutError:
        job.handover.end(EngineFailed(ENGINE, "the sentence was not fetched"))
    except (EspeakError, EngineError) as error:
        job.handover.end(error)
    except Exception as error:  # noqa: BLE001 - a sentence may break, the thread of all callers not
        logger.error("a sentence broke the synthesis", extra={"error": type(error).__name__})
        job.handover.end(EngineFailed(ENGINE, f"synthesis broke: {type(error).__name__}"))
    else:
        job.handover.end()


class _PieceMaker:
    """The library's buffers as they come, made into pieces: trimmed, resampled, marked."""

    def __init__(self, job: _Job, own_rate: int) -> None:
        self._job = job
        self._own_rate = own_rate
        self._resampler = soxr.ResampleStream(own_rate, job.rate, 1, dtype="int16", quality="HQ")
        self._later_piece_samples = round(_LATER_PIECE_SECONDS * job.rate)
        self._lead_in = round(_LEAD_IN_SECONDS * own_rate)
        self._trimmed: int | None = None
        """Samples of silence dropped at the beginning; None until something was heard."""
        self._silent = 0
        """Samples dropped so far while nothing was heard."""
        self._ready: list[npt.NDArray[np.int16]] = []
        self._ready_samples = 0
        self._given = 0
        """Samples handed over before the ready ones."""
        self._marks: list[WordMark] = []
        self._last_offset = -1

    def listen(self, pcm: bytes, words: list[WordSpoken]) -> bool:
        """Take the library's next buffer; False when the sentence is no longer wanted."""
        sound = np.frombuffer(pcm, np.int16)
        if self._trimmed is None:
            sound = self._without_lead_in(sound)
        for word in words:
            self._mark(word)
        if sound.size:
            self._keep(self._resampler.resample_chunk(sound))
        enough = self._later_piece_samples if self._given else 1
        return self._give() if self._ready_samples >= enough else not self._job.handover.is_abandoned

    def finish(self) -> None:
        """Hand over what the resampler still holds, and the pause after the sentence."""
        self._keep(self._resampler.resample_chunk(np.empty(0, np.int16), last=True))
        spoken_until = self._given + self._ready_samples
        pause = _PAUSES_SECONDS.get(self._job.spoken.text.rstrip(" \"'»”)")[-1:], 0.0)
        if spoken_until and pause:
            self._keep(np.zeros(round(pause * self._job.rate), np.int16))
        # the library may place a last word a few samples after the last sound
        self._marks = [WordMark(mark.text_offset, min(mark.sample, max(spoken_until - 1, 0))) for mark in self._marks]
        if self._ready_samples:
            self._give()

    def _without_lead_in(self, sound: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        audible = np.flatnonzero((sound > _AUDIBLE) | (sound < -_AUDIBLE))
        if not audible.size:
            self._silent += sound.size
            return sound[:0]
        start = max(int(audible[0]) - self._lead_in, 0)
        self._trimmed = self._silent + start
        return sound[start:]

    def _mark(self, word: WordSpoken) -> None:
        """Keep the word if it is one of the original text: numbers come as several words at one place."""
        text = self._job.spoken.text
        place = word.text_offset
        begins_a_word = 0 <= place < len(text) and (place == 0 or not text[place - 1].isalnum())
        if not begins_a_word or (offset := self._job.spoken.original_offset(place)) <= self._last_offset:
            return
        self._last_offset = offset
        own_sample = max(word.sample - (self._trimmed or 0), 0)
        self._marks.append(WordMark(offset, round(own_sample * self._job.rate / self._own_rate)))

    def _keep(self, sound: npt.NDArray[np.int16]) -> None:
        if sound.size:
            self._ready.append(sound)
            self._ready_samples += sound.size

    def _give(self) -> bool:
        end = self._given + self._ready_samples
        begun = tuple(mark for mark in self._marks if mark.sample < end)
        self._marks = self._marks[len(begun) :]
        pcm = b"".join(sound.tobytes() for sound in self._ready)
        self._ready, self._ready_samples, self._given = [], 0, end
        return self._job.handover.put(SpokenPiece(pcm, begun))
