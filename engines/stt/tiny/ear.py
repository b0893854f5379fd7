"""The `tiny` ear: a Spanish recogniser of 1 MB for the demo and the tests. It hears only synthetic voices well."""

import asyncio
import functools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soxr

from engines.base import EngineBusy, EngineFailed, EngineHealth, EngineUnavailable, Utterance
from engines.stt.tiny.alignment import PlacedWord, place
from engines.stt.tiny.confidence import Confidence, utterance_clues, word_clues
from engines.stt.tiny.features import FRAME_SECONDS, RATE, Samples, frames_of
from engines.stt.tiny.language import Language
from engines.stt.tiny.network import LogProbabilities, Network
from engines.stt.tiny.search import Search
from vocabulary.audio import SAMPLE_BYTES
from vocabulary.speech import NOT_UNDERSTOOD, Transcript, Word

ENGINE: Final = "stt:tiny"
_HERE: Final = Path(__file__).parent
_QUIETEST: Final = 0.001
"""Peak below which (-60 dB of full scale) a line is silent, whatever the network would make of its last bit."""
_LONGEST_SECONDS: Final = 30.0
"""Longer utterances are heard up to here: a turn is over long before."""
_EDGE_SAMPLES: Final = RATE // 5
"""Silence put around every utterance: the network wants to hear a word begin and end."""


@dataclass(frozen=True)
class Analysis:
    """All that was found in a piece of sound, before anybody judged it."""

    heard: LogProbabilities
    placed: list[PlacedWord]
    """Foreign speech among them, with an empty text."""

    @property
    def words(self) -> list[PlacedWord]:
        """The words that have a text."""
        return [word for word in self.placed if word.heard.text]


class TinyEar:
    """Spanish over the telephone, recognised in numpy. For the demo and tests: people are not what it learnt from."""

    def __init__(
        self,
        *,
        extra_words: Iterable[str] = (),
        model: Path = _HERE / "model.npz",
        threads: int = 1,
        most_waiting: int = 16,
    ) -> None:
        """Load the model (tens of milliseconds).

        `extra_words` join the lexicon by the rules of Spanish spelling; `most_waiting` utterances may queue for the
        `threads` that recognise, beyond which `transcribe` raises `EngineBusy`.

        Raises: EngineUnavailable when a file of the model is missing or broken.
        """
        try:
            self._network = Network.load(model)
            self._language = Language.load(_HERE / "language.npz").with_words(_spelled(extra_words))
            self._confidence = Confidence.load(_HERE / "confidence.json")
        except (OSError, KeyError, ValueError) as exc:
            raise EngineUnavailable(ENGINE, f"the model in {model.parent.name}/ cannot be read: {exc}") from exc
        self._search = Search(self._language)
        self._search_with_hints = functools.lru_cache(maxsize=4)(self._build_search)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="tiny-ear")
        self._most_waiting = most_waiting
        self._waiting = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The lexicon, hints excepted."""
        return self._language.words

    def recognise(self, pcm: bytes, rate: int, hints: tuple[str, ...] = ()) -> Transcript:
        """Return what was said in mono 16 bit little endian `pcm`, or `NOT_UNDERSTOOD`.

        The same sound always gives the same transcript. Blocks for about 20 ms a second of sound.

        Raises: ValueError for an odd number of bytes or a rate that is not positive.
        """
        if rate <= 0 or len(pcm) % SAMPLE_BYTES:
            raise ValueError(f"not mono 16 bit sound: {len(pcm)} bytes at {rate} Hz")
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        if rate != RATE and len(samples):
            samples = soxr.resample(samples, rate, RATE).astype(np.float32)
        return self.judge(self.analyse(samples, hints))

    def analyse(self, samples: Samples, hints: tuple[str, ...] = ()) -> Analysis:
        """Return the likeliest words with their places, nothing for a silent line; judged by `judge`."""
        samples = samples[: int(_LONGEST_SECONDS * RATE)]
        if not len(samples) or float(np.abs(samples).max()) < _QUIETEST:
            return Analysis(np.zeros((0, 0), np.float32), [])
        heard = self._network.log_probabilities(frames_of(np.pad(samples, _EDGE_SAMPLES)))
        search = self._search_with_hints(hints) if hints else self._search
        return Analysis(heard, place(search.words_of(heard), heard))

    def judge(self, analysis: Analysis) -> Transcript:
        """Return the words with their confidences if they are likely to be anybody's."""
        words = analysis.words
        if not words or not self._confidence.is_speech(utterance_clues(analysis.placed, analysis.heard)):
            return NOT_UNDERSTOOD
        sure = self._confidence.of_words(word_clues(words, analysis.heard))
        said = tuple(
            Word(word.heard.text, _seconds(word.first_frame), _seconds(word.last_frame + 1), float(confidence))
            for word, confidence in zip(words, sure, strict=True)
        )
        return Transcript(" ".join(word.text for word in said), said, float(sure.mean()))

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """Return the words, or `NOT_UNDERSTOOD`; cancelling leaves at most the utterance under way to be finished.

        Raises: EngineBusy when too many utterances wait, EngineFailed for sound that is none or not to be Spanish.
        """
        if utterance.language.split("-")[0] != "es":
            raise EngineFailed(ENGINE, f"hears Spanish, not {utterance.language!r}")
        if self._waiting >= self._most_waiting:
            raise EngineBusy(ENGINE, f"{self._waiting} utterances are waiting")
        self._waiting += 1
        work = self._executor.submit(self.recognise, utterance.pcm, utterance.rate, utterance.hints)
        work.add_done_callback(functools.partial(_call_soon, asyncio.get_running_loop(), self._one_done))
        try:
            return await asyncio.wrap_future(work)
        except ValueError as exc:
            raise EngineFailed(ENGINE, str(exc)) from exc

    async def health(self) -> EngineHealth:
        """Say what this ear is for."""
        return EngineHealth(
            ENGINE,
            is_ready=True,
            model=f"tiny CTC, {len(self._language.words)} words",
            detail="hears well only synthetic voices: for the demo and tests, not for people",
        )

    def close(self) -> None:
        """Stop the threads; what waits is cancelled."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _one_done(self) -> None:
        self._waiting -= 1

    def _build_search(self, hints: tuple[str, ...]) -> Search:
        language = self._language.with_words(_spelled(hints))
        return self._search if language is self._language else Search(language)


def _spelled(phrases: Iterable[str]) -> Iterable[str]:
    """Yield the single words of hints in lower case; what has no letters has no sound."""
    for phrase in phrases:
        for word in phrase.lower().split():
            letters = "".join(letter for letter in word if letter.isalpha())
            if letters:
                yield letters


def _seconds(frame: int) -> float:
    """Return when a frame begins, in the sound as it was given."""
    return max(0.0, frame * FRAME_SECONDS - _EDGE_SAMPLES / RATE)


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None], _done: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)
