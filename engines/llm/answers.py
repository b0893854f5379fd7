"""What a caller's answer means: yes or no, a day, an hour, a name. Every reader returns None when it finds nothing."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from rapidfuzz import fuzz

from engines.llm.numbers import cardinal, dictated_digits
from vocabulary.agreement import yes_or_no
from vocabulary.spoken import contains_phrase, plain, words

_WEEKDAYS: Final = {
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = {
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip
_NAME_OPENINGS: Final = {
    "es": ("me llamo", "mi nombre es", "a nombre de", "soy", "es", "si", "hola"),
    "en": ("my name is", "this is", "i am", "it s", "it is", "i m", "hello"),
}
_AFTERNOON_UNTIL: Final = 7
"""An hour from 1 to 7 said without "in the morning" is one of the afternoon: nobody makes appointments at night."""


def months(language: str) -> tuple[str, ...]:
    """Return the names of the months, January first."""
    return _MONTHS.get(language, _MONTHS["es"])


def day(text: str, language: str = "es") -> str | None:
    """Read a day and return how to say it: "mañana", "jueves", "15 de febrero"."""
    spoken = plain(text)
    by_date = _date(spoken, language)
    if by_date is not None:
        return by_date
    for weekday in _WEEKDAYS.get(language, _WEEKDAYS["es"]):
        if any(fuzz.ratio(word, plain(weekday)) >= 85 for word in spoken.split()):
            return weekday
    if language == "en":
        for relative in ("day after tomorrow", "tomorrow", "today"):
            if relative in spoken:
                return relative
        return None
    for relative, said in (("pasado manana", "pasado mañana"), ("hoy", "hoy")):
        if contains_phrase(spoken, relative):
            return said
    # "por la mañana" is a part of the day, not tomorrow.
    return "mañana" if contains_phrase(re.sub(r"\b(la|esta) manana\b", "", spoken), "manana") else None


def _date(spoken: str, language: str) -> str | None:
    for month in months(language):
        before, found, after = f" {spoken} ".partition(f" {plain(month)} ")
        if not found:
            continue
        if language == "en":
            number = cardinal(after, language) or cardinal(" ".join(before.split()[-3:]), language)
            return f"{month} {number}" if number and number <= 31 else None
        number = cardinal(" ".join(before.split()[-4:]), language)
        return f"{number} de {month}" if number and number <= 31 else None
    return None


def hour(text: str, language: str = "es") -> str | None:
    """Read a time of day, as "16:30"; without morning or afternoon said, office hours decide."""
    spoken = plain(text)
    clock = re.search(r"\b(\d{1,2})[:.](\d{2})\b", spoken)
    if clock:
        hours, minutes = int(clock[1]), int(clock[2])
    else:
        read = _spoken_hour(spoken, language)
        if read is None:
            return None
        hours, minutes = read
    is_morning = bool(re.search(r"\b(de|por) la manana\b|\bam\b|\ba m\b|\bin the morning\b", spoken))
    is_later = bool(re.search(r"\b(de|por) la (tarde|noche)\b|\bpm\b|\bp m\b|\bin the (afternoon|evening)\b", spoken))
    if hours < 12 and (is_later or (not is_morning and 1 <= hours <= _AFTERNOON_UNTIL)):
        hours += 12
    return f"{hours:02}:{minutes:02}" if hours < 24 and minutes < 60 else None


def _spoken_hour(spoken: str, language: str) -> tuple[int, int] | None:
    if language == "en":
        past = re.search(r"\b(half|quarter) (past|to) (.+)", spoken)
        if past:
            hours = cardinal(past[3], "en")
            minutes = {"half past": 30, "quarter past": 15, "quarter to": 45, "half to": 30}[f"{past[1]} {past[2]}"]
            return None if hours is None else (hours - (past[2] == "to"), minutes)
        at = re.search(r"\bat (.+)", spoken) or re.search(r"(.+?) (?:o clock|am|pm|in the)\b", spoken)
        hours = cardinal(at[1], "en") if at else None
        return None if hours is None or hours > 24 else (hours, 0)
    if contains_phrase(spoken, "mediodia") or contains_phrase(spoken, "medio dia"):
        return 12, 0
    # What follows "a las" up to "de la tarde"; "las diez y media", "las once menos cuarto", "las cinco y veinte".
    without_part_of_day = re.sub(r"\b(?:por|de) la (manana|tarde|noche)\b", "", spoken)
    at = re.search(r"\blas? (.+?)(?: (?:de|por|en) la\b.*)?$", without_part_of_day)
    if at is None:
        return None
    head, joint, tail = re.sub(r" (y|menos) ", r" |\1| ", at[1]).partition(" |")
    hours = cardinal(head)
    if hours is None or hours > 24:
        return None
    if not joint:
        return hours, 0
    minutes = {"media": 30, "cuarto": 15}.get(tail.split()[-1] if tail.split() else "") or cardinal(tail) or 0
    if tail.startswith("menos"):
        return hours - 1, 60 - minutes
    return hours, minutes


def name(text: str, language: str = "es") -> str | None:
    """Read a person's name: what is left after "me llamo" and the like, five words at most."""
    spoken = text.strip(" .,;:¡!¿?")
    for opening in _NAME_OPENINGS.get(language, _NAME_OPENINGS["es"]):
        match = re.match(rf"(?:.*\b)?{opening}\b[\s,.:]*(.+)$" if " " in opening else rf"{opening}\b[\s,.:]*(.+)$",
                         spoken, re.IGNORECASE)  # fmt: skip
        if match:
            spoken = match[1]
    named = spoken.strip(" .,;:¡!¿?").split()
    if len(named) <= 2 and yes_or_no(spoken, language) is not None:
        return None
    if not 1 <= len(named) <= 5 or any(any(letter.isdigit() for letter in word) for word in named):
        return None
    return " ".join(word if word in ("de", "del", "la", "y") else word[:1].upper() + word[1:] for word in named)


def email(text: str, language: str = "es") -> str | None:
    """Read an e-mail address, written or said ("ana arroba ejemplo punto com")."""
    written = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)
    if written:
        return written[0].lower()
    signs = {"arroba": "@", "at": "@", "punto": ".", "dot": ".", "guion": "-", "bajo": "", "dash": "-"}
    spoken = plain(text).replace("guion bajo", "_")
    glued = "".join(signs.get(word, word) for word in spoken.split())
    address = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", glued)
    # Words before the address ("mi correo es ana …") cannot be told from its beginning once they are glued.
    head = spoken.split(" arroba ")[0].split(" es ")[-1] if language == "es" else spoken.split(" at ")[0]
    if address is None:
        return None
    local = "".join(signs.get(word, word) for word in head.split())
    return f"{local}@{address[0].partition('@')[2]}"


def phone(text: str, language: str = "es", *, min_digits: int = 1, max_digits: int = 15) -> str | None:
    """Read a number that is dictated, as digits; None when it has too few or too many."""
    digits = dictated_digits(text, language)
    return digits if min_digits <= len(digits) <= max_digits else None


def choice(text: str, options: Mapping[str, Sequence[str]]) -> str | None:
    """Find which option was named, by its own name or one of its synonyms; small mishearings are forgiven."""
    likeness = {
        option: max(_likeness(words(text), words(phrase)) for phrase in (option, *synonyms))
        for option, synonyms in options.items()
    }
    best = max(likeness, key=lambda option: likeness[option], default=None)
    return best if best is not None and likeness[best] > 0 else None


def says_any(text: str, phrases: Sequence[str]) -> bool:
    """True when one of `phrases` was said, give or take a letter."""
    return any(_likeness(words(text), words(phrase)) > 0 for phrase in phrases)


def _likeness(said: Sequence[str], phrase: Sequence[str]) -> float:
    """Compare a phrase with the words said, wherever it stands among them; 0 when it was not said.

    Every word must be there: "no funciona" and "ya funciona" are alike, but not in the word that matters.
    """
    best = 0.0
    for start in range(len(said) - len(phrase) + 1 if phrase else 0):
        pairs = zip(said[start : start + len(phrase)], phrase, strict=True)
        best = max(best, min(_alike(heard, wanted) for heard, wanted in pairs))
    return best


def _alike(heard: str, wanted: str) -> float:
    """Return 0 to 100; short words are told apart by one letter, so only longer ones may be misheard."""
    if len(wanted) <= 3:
        return 100.0 if heard == wanted else 0.0
    return fuzz.ratio(heard, wanted, score_cutoff=78)
