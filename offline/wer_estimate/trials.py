"""Transcripts whose truth is known: what the estimate is fitted on and measured by. Pure but for reading the file."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rapidfuzz.distance import Levenshtein

from offline.retranscribe.spans import Span
from offline.wer_estimate.evidence import HeardSpeech, plain
from vocabulary.speech import Word

TRIALS: Final = Path(__file__).with_name("trials.jsonl.gz")
INVENTIONS: Final = (
    "gracias por ver el vídeo", "suscríbete al canal", "subtítulos realizados por la comunidad", "hasta la próxima",
    "muchas gracias por su atención", "más información en la página web",
)  # fmt: skip
"""What large ears are known to put into silence."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was said on one side of a call, and what an ear heard."""

    said: str
    heard: HeardSpeech

    @property
    def errors(self) -> int:
        """Words wrong, missing or invented."""
        return Levenshtein.distance(self.said.split(), [plain(word.text) for word in self.heard.words])

    @property
    def wer(self) -> float:
        """The true word error rate; above 1 when more is invented than was said."""
        return self.errors / max(1, len(self.said.split()))

    def to_json(self) -> str:
        """Return one line."""
        words = [
            [word.text, round(word.start_seconds, 2), round(word.end_seconds, 2), round(word.confidence, 3)]
            for word in self.heard.words
        ]
        speech = [[round(span.begin_seconds, 2), round(span.end_seconds, 2)] for span in self.heard.speech]
        return json.dumps({"said": self.said, "words": words, "speech": speech}, ensure_ascii=False)

    @classmethod
    def of_json(cls, line: str) -> "Trial":
        """Return what `to_json` wrote. Raises: ValueError, KeyError."""
        stored = json.loads(line)
        words = tuple(Word(text, begin, end, sure) for text, begin, end, sure in stored["words"])
        return cls(stored["said"], HeardSpeech(words, tuple(Span(begin, end) for begin, end in stored["speech"])))


def write_trials(path: Path, trials: Iterable[Trial]) -> None:
    """Write one trial a line, the same bytes for the same trials. Raises: OSError."""
    data = "".join(f"{trial.to_json()}\n" for trial in trials).encode("utf-8")
    path.write_bytes(gzip.compress(data, mtime=0))


def read_trials(path: Path = TRIALS) -> Iterator[Trial]:
    """Yield trials.

    Raises: OSError, ValueError naming the line.
    """
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield Trial.of_json(line)
            except (KeyError, TypeError, ValueError) as exc:
                raise ValueError(f"{path}, line {number}: no trial ({exc!r})") from exc


def with_invention(trial: Trial, dice: random.Random) -> Trial:
    """Return the trial as a larger ear spoils it: a phrase in a loop, or words put into silence, with confidence."""
    words = list(trial.heard.words)
    if words and dice.random() < 0.5:
        first = dice.randrange(len(words))
        phrase = words[first : first + dice.randint(1, 5)]
        begin, end = phrase[0].start_seconds, phrase[-1].end_seconds
        turns = dice.randint(3, 10)
        step = (end - begin + 2.0) / (turns * len(phrase))
        loop = [
            Word(word.text, begin + step * place, begin + step * (place + 1), dice.uniform(0.6, 0.98))
            for place, word in enumerate(phrase * turns)
        ]
        words[first : first + len(phrase)] = loop
    else:
        begin = max((span.end_seconds for span in trial.heard.speech), default=0.0) + 0.5
        for text in " ".join(dice.sample(INVENTIONS, dice.randint(1, 2))).split():
            words.append(Word(text, begin, begin + 0.25, dice.uniform(0.5, 0.95)))
            begin += 0.3
    return Trial(trial.said, HeardSpeech(tuple(words), trial.heard.speech))
