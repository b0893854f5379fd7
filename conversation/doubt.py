"""A turn that waits for the caller to make it certain, and what their answer makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conversation.clarification import Clarification, Strategy
from conversation.critical_words import HeardWord, Kind, critical_words
from conversation.expectation import Expectation
from conversation.spelling import spelled_word
from vocabulary.agreement import yes_or_no

_SHORT: Final = 3
"""Words; a longer answer is more than yes or no, and is taken as it is."""
_NAME_WORDS: Final = 4
"""At most."""
_HEARD_SHARE: Final = 0.8
"""Of our question; who heard less and says yes agrees to something else."""


@dataclass(slots=True)
class Doubt:
    """What was said, what of it is doubtful, and with which sentence we asked."""

    text: str
    """The whole turn."""
    place: tuple[int, int]
    """What of its words we asked for: index of the first, and behind the last."""
    word: str
    kind: Kind
    question: str
    is_quoted: bool
    """We read back what we heard: yes means that it was right."""
    speech_id: int = 0
    was_heard: bool = False
    """The caller heard our question."""
    was_repeated: bool = False
    """We asked it a second time; there is no third."""

    @property
    def expected(self) -> Expectation:
        """Return what our question asks for."""
        if self.is_quoted:
            return Expectation.YES_NO
        return {Kind.NUMBER: Expectation.NUMBER, Kind.ADDRESS: Expectation.EMAIL}.get(self.kind, Expectation.SPELLING)

    def asked_with(self, speech_id: int) -> None:
        """Our question is on its way, in this sentence."""
        self.speech_id, self.was_heard = speech_id, False

    def told(self, text_heard: str) -> None:
        """So much came through of our question."""
        self.was_heard = len(text_heard) >= _HEARD_SHARE * len(self.question)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "text": self.text,
            "place": list(self.place),
            "word": self.word,
            "kind": self.kind.value,
            "question": self.question,
            "is_quoted": self.is_quoted,
            "speech_id": self.speech_id,
            "was_heard": self.was_heard,
            "was_repeated": self.was_repeated,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Doubt":
        """Return what `to_json` stored. Raises: ValueError, KeyError or TypeError for anything else."""
        begin, end = stored["place"]
        return cls(**{**stored, "kind": Kind(stored["kind"]), "place": (int(begin), int(end))})


@dataclass(frozen=True, slots=True)
class Meant:
    """The doubt is over; this is what the caller said."""

    text: str


@dataclass(frozen=True, slots=True)
class Denied:
    """We heard wrongly, and do not know what was meant."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The answer was to something else: our question was not heard."""


@dataclass(frozen=True, slots=True)
class Promised:
    """They will: what we asked for is still to come."""


Resolution = Meant | Denied | Unanswered | Promised


def doubt_about(text: str, clarification: Clarification, question: str) -> Doubt:
    """Return the doubt behind a question; `text` is the turn it asks about."""
    is_quoted = clarification.strategy is Strategy.EXPLICIT and not clarification.is_dictation
    return Doubt(text, clarification.place, clarification.word, clarification.kind, question, is_quoted)


def resolved(doubt: Doubt, answer: str, language: str = "es") -> Resolution:
    """Read the caller's answer to our question."""
    if doubt.kind in (Kind.NAME, Kind.ADDRESS):
        spelled = spelled_word(answer, language)
        if spelled is not None:
            words = doubt.text.split()
            return Meant(" ".join(spelled if word == doubt.word else word for word in words))
    agreed = yes_or_no(answer, language) if len(answer.split()) <= _SHORT else None
    if agreed is None:
        return Meant(_together(doubt, answer, language))
    if not doubt.was_heard:
        return Denied() if doubt.was_repeated else Unanswered()
    if not doubt.is_quoted:
        # "sí" to "¿me lo deletrea?" promises what has not come yet; "no" refuses, and we do with what we have
        return Promised() if agreed else Meant(doubt.text)
    return Meant(doubt.text) if agreed else Denied()


def _together(doubt: Doubt, answer: str, language: str) -> str:
    """Return what was meant in all: an answer of several words, with what it leaves of the doubtful turn."""
    if doubt.is_quoted:
        begins_with_yes = yes_or_no(" ".join(answer.split()[:2]), language) is True
        return f"{doubt.text}. {answer}" if doubt.was_heard and begins_with_yes else answer
    if not _is_only(doubt.kind, answer, language):
        return answer
    words = doubt.text.split()
    begin, end = doubt.place
    return " ".join([*words[:begin], answer, *words[end:]])


def _is_only(kind: Kind, answer: str, language: str) -> bool:
    """True when the answer is the number or the name that we asked for, and nothing else."""
    words = [HeardWord(word, 1.0) for word in answer.split()]
    if kind is Kind.NUMBER:
        joints = {"y", "and"}
        found = {one.position for one in critical_words(words, language, Expectation.NUMBER) if one.kind is kind}
        return all(at in found or word.text in joints for at, word in enumerate(words))
    return kind is Kind.NAME and len(words) <= _NAME_WORDS and all(word.text[:1].isupper() for word in words)
