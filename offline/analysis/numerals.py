"""Numbers in a turn, and where they stand: as amounts ("dos mil quinientos") and as dictated names ("seis doce …").

The words come from `vocabulary.spanish_numerals`; `engines.llm.numbers` reads whole answers with the same tables, but
does not say from which words, which is what an entity needs.
"""

from dataclasses import dataclass
from typing import Final

from offline.analysis.tokens import Spoken, word_list
from vocabulary.spanish_numerals import BELOW_THIRTY, HUNDREDS, TENS, feminine
from vocabulary.spoken import plain

_SPANISH_SMALL: Final = {plain(word): value for value, word in enumerate(BELOW_THIRTY)} | {
    "uno": 1, "una": 1, "veintiuno": 21, "veintiuna": 21,
}  # fmt: skip
_SPANISH_TENS: Final = {plain(word): 10 * tens for tens, word in enumerate(TENS) if tens >= 2}
_SPANISH_HUNDREDS: Final = {"cien": 100} | {
    word: 100 * hundreds for hundreds, said in enumerate(HUNDREDS) if said for word in (said, feminine(said))
}
_ENGLISH_SMALL: Final = {
    word: value
    for value, word in enumerate(
        word_list(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        )
    )
} | {"oh": 0}
_ENGLISH_TENS: Final = {
    word: 10 * tens
    for tens, word in enumerate(word_list("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
}
_SMALL: Final = {"es": _SPANISH_SMALL, "en": _ENGLISH_SMALL}
_TENS: Final = {"es": _SPANISH_TENS, "en": _ENGLISH_TENS}
_AND: Final = {"es": "y", "en": "and"}
_TIMES: Final = {"doble": 2, "triple": 3, "double": 2, "treble": 3}
_NO_DICTATION: Final = frozenset({"un", "una"})
"""Articles sooner than digits."""
_PAUSES: Final = frozenset({",", "-", "…", ")"})
"""Signs that an ear may write between the groups of a dictated number."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that counts something."""

    value: float
    end: int
    """Index behind its last token."""
    is_written: bool
    """In digits."""


@dataclass(frozen=True, slots=True)
class Dictation:
    """A number that names something: its groups stand side by side."""

    digits: str
    begin: int
    """Index of its first token."""
    end: int
    groups: int


def amount_at(spoken: Spoken, at: int) -> Amount | None:
    """Read the number that begins at token `at`, up to the millions; "mil doscientos", "1.200,50", "medio millón"."""
    token_word = spoken.word(at)
    if token_word and token_word[0].isdecimal():
        value = written_value(token_word)
        if value is None:
            return None
        end = at + 1
        if spoken.word(end) in ("mil", "thousand"):
            value, end = value * 1000, end + 1
        if spoken.word(end) in _MILLIONS:
            value, end = value * 1_000_000, end + 1
        return Amount(value, end, is_written=True)
    if token_word == "medio" and spoken.word(at + 1) == "millon":
        return Amount(500_000, at + 2, is_written=False)
    reader = _Reader(spoken, at)
    value_read = reader.millions()
    return None if value_read is None else Amount(value_read, reader.at, is_written=False)


def written_value(text: str) -> float | None:
    """Read digits with their points and commas, as Spaniards, Mexicans and English speakers write them.

    The last mark parts decimals when one or two digits follow it; before three digits a lone mark parts thousands.
    """
    marks = [letter for letter in text if letter in ".,"]
    if not marks:
        return float(text)
    last = max(text.rfind("."), text.rfind(","))
    decimals = text[last + 1 :]
    whole = text[:last].replace(".", "").replace(",", "")
    if len(decimals) in (1, 2) and (len(set(marks)) == 2 or len(marks) == 1):
        return float(f"{whole}.{decimals}")
    groups = text.replace(",", ".").split(".")
    if len(set(marks)) == 1 and all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3:
        return float("".join(groups))
    return None


def dictation_at(spoken: Spoken, at: int, pauses: frozenset[str] = _PAUSES) -> Dictation | None:
    """Read the dictated number that begins at token `at`: groups said or written one after the other.

    `pauses` are the signs that may stand between two groups without meaning anything.
    """
    digits, end, here, times, groups = "", at, at, 1, 0
    while here < len(spoken.tokens):
        word = spoken.word(here)
        if word in _TIMES:
            times, here = _TIMES[word], here + 1
            continue
        if word in pauses and digits:
            here += 1
            continue
        group, after = _group(spoken, here)
        if not group:
            break
        digits += group * times if len(group) == 1 else group
        times, groups = 1, groups + 1
        here = end = after
    return Dictation(digits, at, end, groups) if digits else None


def _group(spoken: Spoken, at: int) -> tuple[str, int]:
    word = spoken.word(at)
    if word and word[0].isdecimal():
        return "".join(letter for letter in word if letter.isdecimal()), at + 1
    if word in _NO_DICTATION:
        return "", at
    reader = _Reader(spoken, at)
    value = reader.thousands()
    return ("", at) if value is None else (str(value), reader.at)


_MILLIONS: Final = frozenset({"millon", "millones", "million"})

SPOKEN: Final = {
    language: "|".join(sorted((*small, *tens, *more), key=len, reverse=True))
    for language, small, tens, more in (
        ("es", _SPANISH_SMALL, _SPANISH_TENS, (*_SPANISH_HUNDREDS, "mil")),
        ("en", _ENGLISH_SMALL, _ENGLISH_TENS, ("hundred", "thousand")),
    )
}
"""The words of numbers as a regular expression's alternatives, by language."""


def is_numeral(word: str, language: str) -> bool:
    """True for digits and for every word that numbers are made of."""
    return bool(word) and (word[0].isdecimal() or word in _NUMERAL_WORDS.get(language, _NUMERAL_WORDS["es"]))


_NUMERAL_WORDS: Final = {language: frozenset(words.split("|")) for language, words in SPOKEN.items()}


class _Reader:
    """Walks over tokens; the grammar of numbers is in the order of its methods."""

    def __init__(self, spoken: Spoken, at: int) -> None:
        self._spoken = spoken
        self._language = spoken.language if spoken.language in _SMALL else "es"
        self.at = at

    def millions(self) -> int | None:
        """ "dos millones trescientos mil"."""
        value = self.thousands()
        if value is not None and self._word() in _MILLIONS:
            self.at += 1
            return value * 1_000_000 + (self.thousands() or 0)
        return value

    def thousands(self) -> int | None:
        """ "dos mil quinientos", "mil"."""
        value = self._hundreds()
        if self._word() == ("mil" if self._language == "es" else "thousand") and value != 0:
            self.at += 1
            self._pass_and()
            return (1 if value is None else value) * 1000 + (self._hundreds() or 0)
        return value

    def _hundreds(self) -> int | None:
        if self._language == "es" and self._word() in _SPANISH_HUNDREDS:
            hundreds = _SPANISH_HUNDREDS[self._word()]
            self.at += 1
            return hundreds + (self._below_hundred() or 0)
        value = self._below_hundred()
        if self._language == "en" and self._word() == "hundred" and value is not None and 0 < value < 10:
            self.at += 1
            self._pass_and()
            return value * 100 + (self._below_hundred() or 0)
        return value

    def _below_hundred(self) -> int | None:
        word = self._word()
        tens = _TENS[self._language].get(word)
        if tens is None:
            value = _SMALL[self._language].get(word)
            self.at += value is not None
            return value
        self.at += 1
        if self._language == "es":
            self._pass_and()
        elif self._word() == "-":
            self.at += 1  # "twenty-one"
        unit = _SMALL[self._language].get(self._word(), 0)
        if 0 < unit < 10:
            self.at += 1
            return tens + unit
        return tens

    def _word(self) -> str:
        return self._spoken.word(self.at)

    def _pass_and(self) -> None:
        """Step over an "and", but only when a number below a hundred follows it."""
        if self._word() == _AND[self._language]:
            following = self._spoken.word(self.at + 1)
            small = _SMALL[self._language].get(following)
            if (small is not None and (self._language == "en" or small < 10)) or (
                self._language == "en" and following in _TENS["en"]
            ):
                self.at += 1
