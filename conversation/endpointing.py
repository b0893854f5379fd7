"""How long to wait before a pause means "your turn".

The words of the provisional transcript and our own last question decide. A complete short answer needs no silence at
all; a sentence that stops at "mi número es" needs a lot, and so does a number that is being dictated, because people
breathe between its groups.
"""

from enum import Enum
from typing import Final

from conversation.expectation import DigitEntry, Expectation, Expected
from conversation.phrases import Phrases, Words, phrases_of, simplified
from conversation.turn_settings import TurnSettings
from vocabulary.speech import Transcript

_LONGEST_YES_NO: Final = 3
"""Words: "no, muchas gracias" is whole; with more words a reason has begun."""

_NUMBER_BEGUN: Final = 3
"""So many number words in a row are being dictated; "quiero dos" and "ciento veinte" are ordinary sentences."""

_LONGEST_LETTER_NAME: Final = 5
"""Letters: "equis"."""


class Completeness(Enum):
    """What the words so far say about whether more will come."""

    COMPLETE = "complete"
    """A whole answer: nobody waits for more."""
    ORDINARY = "ordinary"
    """It may be over."""
    UNFINISHED = "unfinished"
    """More must come."""


def patience_seconds(transcript: Transcript | None, expected: Expected, settings: TurnSettings) -> float:
    """Return how long a silence ends the turn; `transcript` is None while its words are not known yet."""
    if transcript is None:
        return settings.unfinished_silence_seconds if _is_dictated(expected) else settings.base_silence_seconds
    match completeness(transcript.text, expected, settings.language):
        case Completeness.COMPLETE:
            return 0.0
        case Completeness.ORDINARY:
            return settings.base_silence_seconds
        case Completeness.UNFINISHED:
            return settings.unfinished_silence_seconds


def completeness(text: str, expected: Expected, language: str) -> Completeness:
    """Judge the words of a turn that has paused."""
    phrases, words = phrases_of(language), simplified(text)
    if words in phrases.whole_answers:
        return Completeness.COMPLETE
    if _breaks_off(text, words, phrases):
        return Completeness.UNFINISHED
    if expected is Expectation.YES_NO and _is_yes_or_no(words, phrases):
        return Completeness.COMPLETE
    return Completeness.UNFINISHED if _is_being_dictated(words, expected, phrases) else Completeness.ORDINARY


def _breaks_off(text: str, words: Words, phrases: Phrases) -> bool:
    if text.rstrip().endswith(("...", "…", ",", "-")):
        return True  # larger ears write down that they heard a voice stay up
    return any(words[-length:] in phrases.unfinished for length in range(1, min(4, len(words)) + 1))


def _is_yes_or_no(words: Words, phrases: Phrases) -> bool:
    return 0 < len(words) <= _LONGEST_YES_NO and words[0] in phrases.yes_no


def _is_dictated(expected: Expected) -> bool:
    return expected in (Expectation.NUMBER, Expectation.EMAIL, Expectation.SPELLING)


def _is_being_dictated(words: Words, expected: Expected, phrases: Phrases) -> bool:
    if not words:
        return False
    if expected is Expectation.NUMBER or isinstance(expected, DigitEntry):
        return _is_number(words[-1], phrases)
    if expected is Expectation.SPELLING:
        return len(words[-1]) <= _LONGEST_LETTER_NAME or _is_number(words[-1], phrases)
    if expected is Expectation.EMAIL or not phrases.dictation.isdisjoint(words):
        # "no tengo correo" is no address: a yes or no in front is an ordinary sentence
        return words[-1] not in phrases.address_endings and words[0] not in phrases.yes_no
    return _trailing_numbers(words, phrases) >= _NUMBER_BEGUN


def _trailing_numbers(words: Words, phrases: Phrases) -> int:
    """Return how many digits or number words end the sentence; "612" counts as three, "y" inside is passed over."""
    count = 0
    for word in reversed(words):
        if not _is_number(word, phrases) and not (count and word == "y"):
            break
        count += len(word) if word.isdigit() else word != "y"
    return count


def _is_number(word: str, phrases: Phrases) -> bool:
    return word.isdigit() or word in phrases.numbers
