"""The embedded ear, listening again: the same small network, but it hears every utterance three times.

`beam` 1 is what the live call did. Above it the network hears an utterance at three places of its 30 ms grid, 10 ms
apart, and the log probabilities are averaged: noise that fools it at one place seldom does at all three; the language
model then counts a little more. Following more word ends in the search changes nothing (24 are followed anyway). What
it is worth is printed by `bench/wer_estimate.py`.
"""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import soxr

import engines.stt.tiny as tiny_package
from engines.base import EngineUnavailable
from engines.stt.tiny import TinyEar
from engines.stt.tiny.alignment import place
from engines.stt.tiny.ear import Analysis
from engines.stt.tiny.features import RATE, frames_of
from engines.stt.tiny.features import Samples as Floats
from engines.stt.tiny.language import Language
from engines.stt.tiny.network import LogProbabilities, Network
from engines.stt.tiny.search import Search, SearchWeights
from offline.retranscribe.port import EarUnavailable, Listening, ListeningSettings, Samples, checked
from offline.retranscribe.sound import cut_to, piece_of
from offline.retranscribe.spans import Span
from offline.retranscribe.voices import VoiceFinder
from vocabulary.speech import Transcript, Word

EAR_VERSION: Final = "tiny-2.1"
"""Raise it whenever the same sound might give other words."""

_LONGEST_SECONDS: Final = 14.0
"""Of one utterance: the search remembers every frame, and nobody speaks longer without a pause."""
_EDGE_SAMPLES: Final = RATE // 5
"""Silence around an utterance, as the live ear puts it."""
_OFFSETS: Final = (0, RATE // 100, RATE // 50)
"""Samples by which the grid is moved: thirds of a frame of the network."""
_CAREFUL: Final = SearchWeights(language=1.0)
_HERE: Final = Path(tiny_package.__file__).parent
_QUIETEST: Final = 0.001


class TinySecondEar:
    """A `SecondEar` without any library: for the demo and the tests, as the live one."""

    def __init__(self, *, finder: VoiceFinder | None = None, extra_words: Iterable[str] = ()) -> None:
        """Load the model; `extra_words` join its lexicon, `finder` is how voices are found.

        Raises: EarUnavailable.
        """
        model = _HERE / "model.npz"
        self._extra_words = tuple(sorted(set(extra_words)))
        try:
            self._judge = TinyEar(extra_words=self._extra_words, model=model)
            self._network = Network.load(model)
            self._language = Language.load(_HERE / "language.npz")
            fingerprint = hashlib.sha256(model.read_bytes())
        except (EngineUnavailable, OSError, KeyError, ValueError) as exc:
            raise EarUnavailable(f"the embedded ear cannot be read: {exc}") from exc
        fingerprint.update((_HERE / "language.npz").read_bytes() + (_HERE / "confidence.json").read_bytes())
        fingerprint.update(" ".join(self._extra_words).encode())
        self._finder = finder or VoiceFinder()
        self._version = f"{EAR_VERSION}-{fingerprint.hexdigest()[:8]}-{self._finder.version}"
        self._search = functools.lru_cache(maxsize=4)(self._new_search)

    @property
    def version(self) -> str:
        """As `SecondEar.version`."""
        return self._version

    def transcribe(self, samples: Samples, rate: int, settings: ListeningSettings) -> Listening:
        """As `SecondEar.transcribe`; Spanish only: another language is silence to this ear.

        Raises: UnusableSound.
        """
        checked(samples, rate)
        speech = self._finder.spans(samples, rate)
        words: list[Word] = []
        if settings.language == "es":
            for span in cut_to(speech, min(_LONGEST_SECONDS, settings.longest_seconds), samples, rate):
                words += self._words(span, piece_of(samples, rate, span), rate, settings)
        return Listening(tuple(words), speech, len(samples) / rate, settings.language, self.version, settings.digest)

    def close(self) -> None:
        """Stop the live ear's thread, which was never used."""
        self._judge.close()

    def _words(self, span: Span, piece: Floats, rate: int, settings: ListeningSettings) -> list[Word]:
        if rate != RATE:
            piece = soxr.resample(piece, rate, RATE).astype(np.float32)
        if not len(piece) or float(np.abs(piece).max()) < _QUIETEST:
            return []
        is_careful = settings.beam > 1
        heard = self._heard(piece, _OFFSETS if is_careful else _OFFSETS[:1])
        search = self._search(is_careful, settings.hints)
        said: Transcript = self._judge.judge(Analysis(heard, place(search.words_of(heard), heard)))
        begin, end = span.begin_seconds, span.end_seconds
        return [
            Word(
                word.text,
                min(begin + word.start_seconds, end),
                min(begin + word.end_seconds, end),
                word.confidence,
            )
            for word in said.words
        ]

    def _heard(self, piece: Floats, offsets: tuple[int, ...]) -> LogProbabilities:
        """Return the mean of what the network makes of the sound at each offset, as log probabilities."""
        each = [
            self._network.log_probabilities(frames_of(np.pad(piece, (_EDGE_SAMPLES - offset, _EDGE_SAMPLES + offset))))
            for offset in offsets
        ]
        if len(each) == 1:
            return each[0]
        frames = min(len(one) for one in each)
        mean = np.mean([one[:frames] for one in each], axis=0)
        mean -= np.log(np.exp(mean).sum(axis=1, keepdims=True))
        return np.asarray(mean, np.float32)

    def _new_search(self, is_careful: bool, hints: tuple[str, ...]) -> Search:
        letters = ("".join(one for one in word if one.isalpha()) for word in " ".join(hints).lower().split())
        extra = ("".join(one for one in word if one.isalpha()) for word in " ".join(self._extra_words).lower().split())
        language = self._language.with_words(word for word in (*extra, *letters) if word)
        return Search(language, _CAREFUL if is_careful else None)
