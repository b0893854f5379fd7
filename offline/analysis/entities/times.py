"""Times of day: "a las cinco y media de la tarde", "17:30", "al mediodía"; always on the 24-hour clock."""

import re
from typing import Final

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import SPOKEN, amount_at
from offline.analysis.tokens import Spoken, spoken, word_set

VERSION: Final = "2"

_AFTERNOON_UNTIL: Final = 7
"""From 1 to 7 without "de la mañana" is the afternoon, as `engines.llm.answers` takes it: nobody means 4 a.m."""
_HOUR_WORD: Final = (
    "cero|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciseis|diecisiete|"
    "dieciocho|diecinueve|veinte|veintiuna|veintidos|veintitres"
)
_MINUTES: Final = rf"(?:{SPOKEN['es']})(?:\s+y\s+(?:uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))?"
_PART: Final = (
    r"(?:\s+(?:en\s+punto\s+)?(?:de|por)\s+la\s+(?P<part>manana|tarde|noche|madrugada)|\s+del?\s+(?P<noon>mediodia)"
    r"|\s*(?P<half>a\.?\s?m\b\.?|p\.?\s?m\b\.?)|\s*(?P<h>h(?:oras|rs)?)\b)?"
)
_SPANISH: Final = (
    re.compile(rf"\b(?P<rel>(?:un\s+)?cuarto|diez|cinco|veinte|veinticinco)\s+para\s+las?\s+(?P<hour>{_HOUR_WORD}|1[0-2]|[1-9])"
               rf"\b{_PART}"),
    re.compile(rf"(?:\blas?\s+)?\b(?P<hour>[01]?\d|2[0-3])\s?[:h]\s?(?P<minutes>[0-5]\d)\b{_PART}"),
    re.compile(
        rf"\b(?P<lead>(?:a|sobre|hacia|desde|hasta|para|de|entre|son|es|antes\s+de|despues\s+de|y|o|tipo)\s+)?las?\s+"
        rf"(?P<hour>{_HOUR_WORD}|[01]?\d(?:\.[0-5]\d)?|2[0-3](?:\.[0-5]\d)?)\b(?!\s*[:/€%,]\d)"
        rf"(?P<tail>\s+(?:y|menos)\s+(?:media|cuarto|pico|\d{{1,2}}\b|{_MINUTES})(?:\s+minutos)?|\s+en\s+punto"
        rf"|\s+(?:treinta|quince|cuarenta\s+y\s+cinco)\b)?{_PART}"
    ),
    re.compile(rf"\b(?P<hour>{_HOUR_WORD}|1[0-2]|[1-9])(?P<tail>\s+y\s+(?:media|cuarto))?\s+(?:de|por)\s+la\s+"
               r"(?P<part>manana|tarde|noche|madrugada)\b"),
    re.compile(r"\b(?:al|a|del)\s+(?P<middle>mediodia|medio dia)\b|\ba\s+(?P<midnight>medianoche|media noche)\b"),
)  # fmt: skip
_EN_HOUR: Final = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_EN_PART: Final = (
    r"(?:\s*(?P<half>a\.?\s?m\b\.?|p\.?\s?m\b\.?)|\s+in\s+the\s+(?P<part>morning|afternoon|evening)|\s+o\s?'?clock)?"
)
_ENGLISH: Final = (
    re.compile(rf"\b(?P<hour>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)\b{_EN_PART}"),
    re.compile(rf"\b(?P<rel>half past|quarter past|quarter to)\s+(?P<hour>{_EN_HOUR}|1[0-2]|[1-9])\b{_EN_PART}"),
    re.compile(
        rf"\b(?:at\s+)?(?P<hour>{_EN_HOUR}|1[0-2]|[1-9])(?:\s+(?P<minutes>thirty|fifteen|forty[- ]five))?"
        r"(?:\s*(?P<half>a\.?\s?m\b\.?|p\.?\s?m\b\.?)|\s+in\s+the\s+(?P<part>morning|afternoon|evening)|\s+o\s?'?clock\b)"
    ),
    re.compile(rf"\bat\s+(?P<hour>{_EN_HOUR}|1[0-2]|[1-9])\b(?=$|\s*[.,?!]|\s+(?:on|if|or|and|please|then|tomorrow))"),
    re.compile(r"\b(?:at\s+)?(?P<middle>noon|midday)\b|\b(?:at\s+)?(?P<midnight>midnight)\b"),
)
_NO_NOUN: Final = word_set(
    "menos mas entonces gracias lunes martes miercoles jueves viernes horas nos les los las es pues tres dos seis"
)
"""Words in -s that may follow an hour; after others ("las dos facturas") the number counts things."""


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the times of one turn, without overlaps; the rules that ask for more come first."""
    del setting  # the same everywhere
    found: list[Found] = []
    for rule in _ENGLISH if spoken.language == "en" else _SPANISH:
        for match in rule.finditer(spoken.flat):
            one = _read(match, spoken)
            if one is not None and all(one.end <= other.begin or one.begin >= other.end for other in found):
                found.append(one)
    return sorted(found, key=lambda one: one.begin)


def _read(match: re.Match[str], spoken: Spoken) -> Found | None:
    said = {name: value for name, value in match.groupdict().items() if value}
    begin, end = match.start(), match.end()
    end -= len(match[0]) - len(match[0].rstrip())
    if "middle" in said or "midnight" in said:
        name = "middle" if "middle" in said else "midnight"
        return Found(Kind.TIME, "12:00" if name == "middle" else "00:00", match.start(name), match.end(name), 0.9)
    is_marked = any(name in said for name in ("part", "half", "noon", "h", "tail", "minutes", "rel"))
    if "lead" in said:
        begin += len(said["lead"])
    elif not is_marked and spoken.language == "es":
        return None  # "las dos" alone are both
    if spoken.flat[begin:end].startswith("at "):
        begin += 3
    if not is_marked and spoken.language == "es":
        following = spoken.word(spoken.token_at(end))
        if following.endswith("s") and following not in _NO_NOUN and len(following) > 2:
            return None
        if spoken.text[end : end + 1] in ("€", "%"):
            return None
    clock = _clock(said, spoken.language)
    if clock is None:
        return None
    hours, minutes, confidence = clock
    return Found(Kind.TIME, f"{hours:02}:{minutes:02}", begin, end, confidence)


def _clock(said: dict[str, str], language: str) -> tuple[int, int, float] | None:
    hour, _, dotted = said["hour"].partition(".")
    hours = _value(hour, language)
    if hours is None or hours > 23:
        return None
    minutes = _minutes(said.get("minutes", dotted), language)
    relative = said.get("rel", "")
    tail = said.get("tail", "").split()
    if relative and language == "es":
        hours, minutes = (hours - 1) or 12, 60 - (15 if "cuarto" in relative else _value(relative, "es") or 0)
    elif relative:
        minutes = 30 if relative.startswith("half") else 15
        if relative.endswith("to"):
            hours, minutes = (hours - 1) % 24, 45
    elif tail and tail[0] == "menos":
        below = _tail_minutes(tail[1:])
        hours, minutes = (hours - 1) % 24 or (12 if hours == 1 else 0), 60 - below
    elif tail:
        minutes = _tail_minutes(tail[1:] if tail[0] == "y" else tail)
    return *_on_the_day(hours, minutes, said), _certainty(hours, said)


def _on_the_day(hours: int, minutes: int, said: dict[str, str]) -> tuple[int, int]:
    part, half = said.get("part", ""), said.get("half", "")
    if part in ("tarde", "afternoon", "evening") or half.startswith("p") or "noon" in said:
        return (hours + 12 if hours < 12 else hours), minutes
    if part == "noche":
        return (0 if hours == 12 else hours + 12 if 5 <= hours < 12 else hours), minutes
    if part in ("madrugada",) or half.startswith("a"):
        return (0 if hours == 12 else hours), minutes
    if part or "h" in said or not 1 <= hours <= _AFTERNOON_UNTIL or (len(said["hour"]) == 2 and said["hour"][0] == "0"):
        return hours, minutes
    return hours + 12, minutes


def _certainty(hours: int, said: dict[str, str]) -> float:
    if hours > 12 or any(name in said for name in ("part", "half", "noon", "h")):
        return 0.95
    return 0.75


def _value(text: str, language: str) -> int | None:
    if text in ("una", "veintiuna"):
        return 1 if text == "una" else 21
    amount = amount_at(spoken(text, language), 0)
    return int(amount.value) if amount else None


def _minutes(text: str, language: str) -> int:
    return (_value(text, language) or 0) if text else 0


def _tail_minutes(words: list[str]) -> int:
    if not words or words[0] in ("punto", "pico", "en"):
        return 0
    return {"media": 30, "cuarto": 15}.get(words[0]) or _value(" ".join(words).removesuffix(" minutos"), "es") or 0
