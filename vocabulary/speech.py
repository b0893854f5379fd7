"""What was said, by whom, and how sure we are."""

from dataclasses import dataclass, field
from enum import Enum


class Speaker(Enum):
    """Who is talking."""

    CALLER = "caller"
    """The person on the line."""
    AGENT = "agent"
    """Us."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, where it stands in its sound, and how sure the ear is."""

    text: str
    start_seconds: float
    """From the first sample of the utterance."""
    end_seconds: float
    confidence: float
    """0 to 1; calibrated: of words said with 0.8, about eight in ten are right."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What an ear made of one utterance."""

    text: str
    """Empty when nothing was understood."""
    words: tuple[Word, ...] = ()
    confidence: float = 0.0
    """0 to 1, of the whole."""
    language: str = "es"
    """ISO 639-1."""

    @property
    def is_understood(self) -> bool:
        """False for noise, silence or another language: then `text` is empty and nobody should act on it."""
        return bool(self.text)


NOT_UNDERSTOOD = Transcript(text="")
"""Something was heard, but no words of ours."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """One repair of the proofreader; words are counted from zero in the original."""

    heard: str
    meant: str
    position: int
    """Index of the first original word replaced."""
    rule: str
    """Identifier of the rule that did it, so that a person can find and remove it."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A transcript's text before and after the proofreader; the original is never lost."""

    heard: str
    text: str
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class WordMark:
    """Where in a sentence's sound a word of its text begins: what makes "heard so far" exact."""

    text_offset: int
    """Characters from the beginning of the sentence's text."""
    sample: int
    """Samples from the beginning of the sentence's sound, at that sound's rate."""


@dataclass(frozen=True, slots=True)
class SpokenPiece:
    """A piece of a sentence as the mouth delivers it."""

    pcm: bytes
    """Mono 16 bit little endian at the rate asked for."""
    marks: tuple[WordMark, ...] = field(default=())
    """Words that begin in this piece; samples are counted from the beginning of the sentence."""
