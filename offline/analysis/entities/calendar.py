"""Reckoning with days: pure, and always from the day of the call."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

_PAST_DAYS: Final = 60
"""A day and month said without a year lie at most this far back, unless the words say that they are past."""


def next_weekday(today: date, weekday: int, *, or_today: bool = False) -> date:
    """Return the first such day after `today` (Monday is 0)."""
    ahead = (weekday - today.weekday()) % 7
    return today + timedelta(days=ahead or (0 if or_today else 7))


def last_weekday(today: date, weekday: int) -> date:
    """Return the last such day before `today`."""
    return today - timedelta(days=(today.weekday() - weekday) % 7 or 7)


def weekday_of_week(today: date, weekday: int, weeks: int) -> date:
    """Return that day of the week that lies `weeks` weeks from this one."""
    return today + timedelta(days=weekday - today.weekday() + 7 * weeks)


def day_of_year(today: date, day: int, month: int, *, is_past: bool) -> date | None:
    """Return the day and month in the year that is most likely meant; None when there is no such day."""
    latest = today if is_past else today + timedelta(days=365 - _PAST_DAYS)
    for year in range(today.year + 1, today.year - 5, -1):
        found = existing(year, month, day)
        if found is not None and found <= latest:
            return found
    return None


def day_of_month(today: date, day: int, *, is_past: bool) -> date | None:
    """Return the next such day of a month, today included; or the last one."""
    for months in range(0, -13, -1) if is_past else range(13):
        year, month = shifted_month(today.year, today.month, months)
        found = existing(year, month, day)
        if found is not None and (found <= today if is_past else found >= today):
            return found
    return None


def shifted_month(year: int, month: int, months: int) -> tuple[int, int]:
    """Return the year and month so many months later."""
    count = year * 12 + month - 1 + months
    return count // 12, count % 12 + 1


def shifted(today: date, *, months: int) -> date:
    """Return the same day so many months later, or that month's last."""
    year, month = shifted_month(today.year, today.month, months)
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def working_days_later(today: date, days: int) -> date:
    """Return the day so many working days later; it knows no public holidays."""
    while days > 0:
        today += timedelta(days=1)
        days -= today.weekday() < 5
    return today


def month_end(today: date) -> date:
    """Return the last day of this month."""
    return date(today.year, today.month, monthrange(today.year, today.month)[1])


def week_of(today: date, weeks: int) -> str:
    """Return an ISO week: "2026-W08"."""
    year, week, _ = (today + timedelta(weeks=weeks)).isocalendar()
    return f"{year}-W{week:02}"


def existing(year: int, month: int, day: int) -> date | None:
    """Return the day if the calendar has it."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
