"""What speaks for and against a transcript: numbers between 0 and about 1, the higher the worse. Pure.

Each is there for one way in which ears fail: not sure of the words, no words where somebody speaks, words where nobody
does, the same words over and over (Whisper's loops), words that Spanish does not put side by side.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engines.correction.language import EDGE, Language
from offline.retranscribe.spans import Span
from vocabulary.speech import Word

CLUES: Final = (
    "one", "doubt", "worst", "doubtful", "unheard", "sparse", "hurried", "silent", "repeated", "squeezed",
    "implausible", "unlikely pairs", "few",
)  # fmt: skip

_DOUBTFUL: Final = 0.5
_REACH_SECONDS: Final = 0.3
"""A word explains the voice this close to it: ears place words shorter than they are."""
_SLOW_WORDS: Final = 2.2
"""Words a second of voice below which words are missing; Spanish on the telephone has 2.5 to 3.5."""
_FAST_WORDS: Final = 4.5
"""Words a second that nobody keeps up."""
_PAUSE_SECONDS: Final = 0.6
"""Between words: a new sentence, for the language model."""
_LONGEST_LOOP: Final = 8
_LOOP_TURNS: Final = 3
"""Times in a row from which on words are a loop: people say "no, no"."""
_SQUEEZABLE: Final = 60
"""Bytes below which compression says nothing."""
_ORDINARY_RATIO: Final = 1.6
"""zlib ratio that ordinary speech reaches in a few minutes."""
_ORDINARY_SURPRISE: Final = 4.0
"""Nepers a word of ordinary sentences."""
_SURPRISING: Final = 9.0
"""Nepers from which on a word is out of place."""


@dataclass(frozen=True, slots=True)
class HeardSpeech:
    """One side of a call, as some ear heard it."""

    words: tuple[Word, ...]
    """In order, times from the recording's beginning."""
    speech: tuple[Span, ...]
    """Where the voice detector heard somebody."""

    @property
    def speech_seconds(self) -> float:
        """How long somebody spoke."""
        return sum(span.seconds for span in self.speech)


def clues_of(heard: HeardSpeech, language: Language) -> tuple[float, ...]:
    """Return one number for each of `CLUES`."""
    words = heard.words
    count = len(words)
    confidences = sorted(word.confidence for word in words)
    speech_seconds = max(heard.speech_seconds, 0.1)
    pace = count / speech_seconds
    surprises = surprises_of(words, language)
    texts = [plain(word.text) for word in words]
    return (
        1.0,
        1 - sum(confidences) / count if count else 1.0,
        1 - confidences[count // 4] if count else 1.0,
        sum(one < _DOUBTFUL for one in confidences) / count if count else 1.0,
        unheard_seconds(heard) / speech_seconds,
        max(0.0, 1 - pace / _SLOW_WORDS),
        min(2.0, max(0.0, pace / _FAST_WORDS - 1)),
        silent_share(heard),
        looping_share(texts),
        min(3.0, max(0.0, compression(" ".join(texts)) - _ORDINARY_RATIO)),
        min(2.0, max(0.0, sum(surprises) / count - _ORDINARY_SURPRISE) / 8) if count else 0.0,
        sum(one > _SURPRISING for one in surprises) / count if count else 0.0,
        1 / (1 + count),
    )


def plain(text: str) -> str:
    """Return a word in lower case without the punctuation that some ears write."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def unheard_seconds(heard: HeardSpeech) -> float:
    """Return how long somebody speaks while no word is near."""
    explained = 0.0
    last = 0.0
    for word in sorted(heard.words, key=lambda one: one.start_seconds):
        begin = max(last, word.start_seconds - _REACH_SECONDS)
        end = max(begin, word.end_seconds + _REACH_SECONDS)
        explained += sum(span.overlap(Span(begin, end)) for span in heard.speech)
        last = max(last, end)
    return max(0.0, heard.speech_seconds - explained)


def silent_share(heard: HeardSpeech) -> float:
    """Return the share of words of which less than half lies where somebody speaks."""
    if not heard.words:
        return 0.0
    silent = 0
    for word in heard.words:
        place = Span(word.start_seconds, max(word.end_seconds, word.start_seconds + 0.02))
        silent += sum(span.overlap(place) for span in heard.speech) < place.seconds / 2
    return silent / len(heard.words)


def looping_share(texts: Sequence[str]) -> float:
    """Return the share of words that repeat what stands right before them, three times in a row or more."""
    if not texts:
        return 0.0
    looping = [False] * len(texts)
    for length in range(1, _LONGEST_LOOP + 1):
        run = 0
        for place in range(length, len(texts)):
            run = run + 1 if texts[place] == texts[place - length] else 0
            if run >= length * (_LOOP_TURNS - 1):
                looping[place - run - length + 1 : place + 1] = [True] * (run + length)
    return sum(looping) / len(texts)


def compression(text: str) -> float:
    """Return how many times smaller zlib makes a text; 1 for what is too short to tell."""
    data = text.encode("utf-8")
    return len(data) / len(zlib.compress(data)) if len(data) >= _SQUEEZABLE else 1.0


def surprises_of(words: Sequence[Word], language: Language) -> list[float]:
    """Return how unlikely each word is after the one before it, in nepers; a pause begins a new sentence."""
    result: list[float] = []
    before = EDGE
    for word, following in pairwise((*words, None)):
        if word is None:
            break
        text = plain(word.text)
        result.append(-language.log_probability(before, text or word.text))
        is_last = following is None or following.start_seconds - word.end_seconds > _PAUSE_SECONDS
        before = EDGE if is_last else text
    return result
