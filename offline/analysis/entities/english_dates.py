"""The commonest English dates: "tomorrow", "next Tuesday", "March 5th", "in two weeks", "three days ago"."""

import re
from datetime import date, timedelta
from typing import Final

from offline.analysis.entities import calendar
from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import SPOKEN, amount_at
from offline.analysis.tokens import Spoken, spoken, word_list

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        word_list(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        start=1,
    )
} | {"thirtieth": 30}
_ORDINAL: Final = (
    rf"\d{{1,2}}(?:st|nd|rd|th)?|(?:twenty|thirty)[ -](?:{'|'.join(list(_ORDINALS)[:9])})|{'|'.join(_ORDINALS)}"
)
_NUMBER: Final = rf"\d{{1,3}}|an?|a couple of|(?:{SPOKEN['en']})"
_RULES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<tomorrow2>(?:the )?day after tomorrow)\b",
        r"\b(?P<near>today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening)|last night)\b",
        rf"\b(?:(?P<month>{'|'.join(_MONTHS)}) (?:the )?(?P<d1>{_ORDINAL})|(?:the )?(?P<d2>{_ORDINAL}) of "
        rf"(?P<month2>{'|'.join(_MONTHS)}))\b(?:,? (?P<year>\d{{4}})\b)?",
        rf"(?<!\bevery )\b(?:(?P<which>next|last|this|on|by|until) )?(?P<wd>{'|'.join(_DAYS)})\b",
        rf"\bin (?P<after>{_NUMBER}) (?P<unit>days?|weeks?|months?)\b",
        rf"\b(?P<ago>{_NUMBER}) (?P<unit2>days?|weeks?|months?) ago\b",
        r"\b(?P<shift>next|last|this) (?P<period>week|month|year)\b",
        rf"\b(?:on )?the (?P<dom>{_ORDINAL})\b(?! (?:of|floor|time|one|line|bill|invoice|option|call|month))",
    )
)


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the dates of one turn, without overlaps."""
    found: list[Found] = []
    taken = 0
    matches = (match for rule in _RULES for match in rule.finditer(spoken.flat))
    for match in sorted(matches, key=lambda match: (match.start(), -match.end())):
        reading = _read(match, setting.today) if match.start() >= taken else None
        if reading is not None:
            value, granularity, confidence = reading
            lead = re.match(r"(?:on|by|until) ", match[0])
            begin = match.start() + (lead.end() if lead else 0)
            found.append(Found(Kind.DATE, value, begin, match.end(), confidence, granularity))
            taken = match.end()
    return found


def _read(match: re.Match[str], today: date) -> tuple[str, str, float] | None:
    said = {name: value for name, value in match.groupdict().items() if value}
    if "tomorrow2" in said:
        return (today + timedelta(days=2)).isoformat(), "day", 0.95
    if "near" in said:
        days = {"tomorrow": 1, "yesterday": -1, "last night": -1}.get(said["near"], 0)
        return (today + timedelta(days=days)).isoformat(), "day", 0.95
    if "d1" in said or "d2" in said:
        month = _MONTHS.index(said.get("month") or said["month2"]) + 1
        day = _ordinal(said.get("d1") or said["d2"])
        if "year" in said:
            found = calendar.existing(int(said["year"]), month, day)
        else:
            found = calendar.day_of_year(today, day, month, is_past=False)
        return (found.isoformat(), "day", 0.93) if found else None
    if "wd" in said:
        weekday = _DAYS.index(said["wd"])
        if said.get("which") == "last":
            return calendar.last_weekday(today, weekday).isoformat(), "day", 0.9
        is_this = said.get("which") == "this"
        return calendar.next_weekday(today, weekday, or_today=is_this).isoformat(), "day", 0.8
    if "period" in said:
        shift = {"next": 1, "last": -1, "this": 0}[said["shift"]]
        if said["period"] == "week":
            return calendar.week_of(today, shift), "week", 0.9
        year, month = calendar.shifted_month(today.year, today.month, shift)
        if said["period"] == "month":
            return f"{year}-{month:02}", "month", 0.9
        return str(today.year + shift), "year", 0.9
    if "dom" in said:
        found = calendar.day_of_month(today, _ordinal(said["dom"]), is_past=False)
        return (found.isoformat(), "day", 0.6) if found else None
    count = _count(said.get("after") or said["ago"]) * (1 if "after" in said else -1)
    unit = said.get("unit") or said["unit2"]
    if unit.startswith("month"):
        return calendar.shifted(today, months=count).isoformat(), "day", 0.8
    return (today + timedelta(days=count * (7 if unit.startswith("week") else 1))).isoformat(), "day", 0.85


def _ordinal(text: str) -> int:
    if text[0].isdecimal():
        return int(re.sub(r"\D", "", text))
    tens, _, unit = text.replace("-", " ").rpartition(" ")
    return {"twenty": 20, "thirty": 30}.get(tens, 0) + _ORDINALS[unit]


def _count(text: str) -> int:
    if text in ("a", "an"):
        return 1
    if text.startswith("a couple"):
        return 2
    amount = amount_at(spoken(text, "en"), 0)
    return int(amount.value) if amount else 0
