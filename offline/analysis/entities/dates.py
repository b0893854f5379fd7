"""Days, weeks and months, reckoned from the day of the call: "pasado mañana", "el martes que viene", "el 3 de mayo".

A value is ISO 8601: a day, a week ("2026-W08"), a month ("2026-03") or a year. The rules are ours; where speakers
differ, the choice is written beside the rule.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from offline.analysis.entities import calendar, english_dates
from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import SPOKEN, amount_at, is_numeral
from offline.analysis.tokens import Spoken, spoken

VERSION: Final = "2"

_DAYS: Final = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo")
_MONTHS: Final = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_WD: Final = "|".join(_DAYS)
_MONTH: Final = "|".join(_MONTHS) + "|setiembre"
_WORD: Final = SPOKEN["es"]
_N: Final = rf"(?:\d{{1,4}}|(?:{_WORD})(?:\s+(?:y\s+)?(?:{_WORD})){{0,12}})"
_COMING: Final = r"que\s+viene|que\s+entra|proxim[oa]|siguiente"
_PAST_VERBS: Final = re.compile(
    r"\b(?:desde|hace|pagué|llamé|hablé|compré|pedí|contraté|recibí|hice|vine|fui|tuve|estuve|envié|mandé|reclamé|"
    r"cambié|firmé|vino|vinieron|fue|pasó|llegó|dijeron|dijo|cobraron|cobró|mandaron|enviaron|quedaron|quedó|estuvo|"
    r"instalaron|llamaron|prometieron|se\s+cayó|dejó\s+de|fallaba|pagado|cobrado|venció|pasado)\b",
    re.IGNORECASE,
)
"""Before a weekday or date in the same clause they place it in the past; accents matter: "llamé", not "llame"."""
_CLAUSE_REACH: Final = 200
"""Characters before a date that may hold its verb."""
_CLAUSE_END: Final = re.compile(r"[.;:!?]|\bpero\b|\by\s+(?:quiero|necesito|puede|ahora)\b")


@dataclass(frozen=True, slots=True)
class _Said:
    match: re.Match[str]
    today: date
    is_past: bool

    def number(self, group: str) -> int | None:
        """Read a group of digits or number words; None when it is no whole number, or more than one."""
        said = spoken(self.match[group])
        amount = amount_at(said, 0)
        if amount is None or amount.end != len(said.tokens) or amount.value != int(amount.value):
            return None
        return int(amount.value)


_Reading = tuple[str, str, float]
"""Value, granularity, confidence."""
_Reader = Callable[[_Said], _Reading | None]


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the dates of one turn, from the left, without overlaps."""
    if spoken.language == "en":
        return english_dates.find(spoken, setting)
    found: list[Found] = []
    at = 0
    while at < len(spoken.flat):
        one = next((one for one in _readings(spoken, setting, at) if one is not None), None)
        if one is None:
            at = _next_word(spoken, at)
        else:
            found.append(one)
            at = one.end
    return found


def _next_word(spoken: Spoken, at: int) -> int:
    """Step over a word, over a number as a whole: of "treinta y uno de febrero" nobody means the "uno de febrero"."""
    text, place = spoken.flat, spoken.token_at(at)
    if is_numeral(spoken.word(place), spoken.language):
        amount = amount_at(spoken, place)
        at = spoken.tokens[amount.end - 1].end - 1 if amount is not None else at
    while at < len(text) and text[at].isalnum():
        at += 1
    while at < len(text) and not text[at].isalnum():
        at += 1
    return at


def _readings(spoken: Spoken, setting: Setting, at: int) -> Iterator[Found | None]:
    for pattern, read in _RULES:
        match = pattern.match(spoken.flat, at)
        if match is None:
            continue
        before = _CLAUSE_END.split(spoken.text[max(0, at - _CLAUSE_REACH) : at].lower())[-1]
        is_past = bool(_PAST_VERBS.search(before)) or match[0].startswith("desde")
        reading = read(_Said(match, setting.today, is_past))
        if reading is not None:
            value, granularity, confidence = reading
            yield Found(Kind.DATE, value, match.start("it"), match.end("it"), confidence, granularity)


def _day(found: date | None, confidence: float) -> _Reading | None:
    return None if found is None else (found.isoformat(), "day", confidence)


def _written(said: _Said) -> _Reading | None:
    match = said.match
    if match["y"]:
        return _day(calendar.existing(int(match["y"]), int(match["m"]), int(match["d"])), 0.97)
    day, month, year = int(match["day"]), int(match["month"]), match["year"]
    if not year:
        return _day(calendar.day_of_year(said.today, day, month, is_past=said.is_past), 0.85)
    return _day(calendar.existing(int(year) + (2000 if len(year) == 2 else 0), month, day), 0.95)


def _named_day(said: _Said) -> _Reading | None:
    """ "el quince de febrero de dos mil veintiséis"."""
    day = 1 if said.match["n"].startswith("primer") else said.number("n")
    month = _month(said.match["month"])
    if day is None:
        return None
    if said.match["year"]:
        year = said.number("year")
        return None if year is None or year < 1900 else _day(calendar.existing(year, month, day), 0.97)
    return _day(calendar.day_of_year(said.today, day, month, is_past=said.is_past), 0.93)


def _month(name: str) -> int:
    return _MONTHS.index("septiembre" if name == "setiembre" else name) + 1


_FIXED: Final = {
    "hoy": 0, "ayer": -1, "anoche": -1, "anteayer": -2, "antier": -2, "antes de ayer": -2, "anteanoche": -2,
}  # fmt: skip


def _relative(said: _Said) -> _Reading | None:
    word = " ".join(said.match["it"].split())
    if word.startswith("pasado"):
        days = 2
    elif word in ("manana", "el dia de manana"):
        days = 1
    elif word.startswith("est"):
        days = 0
    else:
        days = _FIXED[word.removeprefix("el dia de ")]
    return _day(said.today + timedelta(days=days), 0.95)


def _weekday(said: _Said) -> _Reading | None:
    """ "el martes": the next one, never today; "este martes" may be today. "Próximo" adds no week to it."""
    match, today = said.match, said.today
    weekday = _DAYS.index(match["wd"])
    after = match["after"] or ""
    if match["day"]:
        day = said.number("day")
        if day is not None and 1 <= day <= 31:
            if match["month"]:
                found = calendar.day_of_year(today, day, _month(match["month"]), is_past=said.is_past)
            else:
                found = calendar.day_of_month(today, day, is_past=said.is_past)
            return _day(found, 0.95 if found is not None and found.weekday() == weekday else 0.6)
        return None
    if "semana" in after:
        weeks = 0 if "esta" in after else -1 if "pasada" in after else 1
        return _day(calendar.weekday_of_week(today, weekday, weeks), 0.9)
    if "pasado" in after or (match["before"] or "").startswith("pasado"):
        return _day(calendar.last_weekday(today, weekday), 0.93)
    if re.search(_COMING, after) or re.search(_COMING, match["before"] or ""):
        return _day(calendar.next_weekday(today, weekday), 0.9)
    if said.is_past:
        return _day(calendar.last_weekday(today, weekday), 0.75)
    is_this = "este" in (match["before"] or "")
    return _day(calendar.next_weekday(today, weekday, or_today=is_this), 0.85 if match["before"] else 0.65)


def _weekend(said: _Said) -> _Reading | None:
    saturday = calendar.weekday_of_week(said.today, 5, 0)
    if "pasado" in said.match[0]:
        saturday -= timedelta(weeks=1)
    elif re.search(_COMING, said.match[0]) and said.today.weekday() >= 5:
        saturday += timedelta(weeks=1)
    return saturday.isoformat(), "weekend", 0.85


def _after(said: _Said) -> _Reading | None:
    """ "dentro de tres días", "en un par de semanas"; "quince días" are fifteen, though many mean a fortnight."""
    count = 2 if said.match["n"].startswith("un par") else said.number("n")
    if count is None or count > 400:
        return None
    unit = said.match["unit"]
    if unit.startswith("dia"):
        if said.match["working"]:
            return _day(calendar.working_days_later(said.today, count), 0.8)
        return _day(said.today + timedelta(days=count), 0.75 if count in (8, 15) else 0.9)
    if unit.startswith("semana"):
        return _day(said.today + timedelta(weeks=count), 0.85)
    return _day(calendar.shifted(said.today, months=count * (12 if unit.startswith("an") else 1)), 0.8)


def _ago(said: _Said) -> _Reading | None:
    count = 2 if said.match["n"].startswith("un par") else said.number("n")
    if count is None or count > 400:
        return None
    unit = said.match["unit"]
    if unit.startswith(("dia", "noche")):
        return _day(said.today - timedelta(days=count), 0.88)
    if unit.startswith("semana"):
        return _day(said.today - timedelta(weeks=count), 0.8)
    return _day(calendar.shifted(said.today, months=-count * (12 if unit.startswith("an") else 1)), 0.75)


def _period(said: _Said) -> _Reading | None:
    """ "la semana que viene", "este mes", "el año pasado"."""
    words, today = said.match[0], said.today
    shift = -1 if "pasad" in words else 1 if re.search(_COMING, words) else 0
    if "semana" in words:
        return calendar.week_of(today, shift), "week", 0.9
    if "mes" in words:
        year, month = calendar.shifted_month(today.year, today.month, shift)
        return f"{year}-{month:02}", "month", 0.9
    return str(today.year + shift), "year", 0.9


def _month_end(said: _Said) -> _Reading | None:
    return _day(calendar.month_end(said.today), 0.8)


_FEASTS: Final = {
    "navidad": (12, 25), "nochebuena": (12, 24), "nochevieja": (12, 31), "ano nuevo": (1, 1), "reyes": (1, 6),
}  # fmt: skip


def _feast(said: _Said) -> _Reading | None:
    """The next one; the last one of what is past."""
    month, day = _FEASTS[" ".join(said.match["feast"].split())]
    this = date(said.today.year, month, day)
    years = -1 if said.is_past and this > said.today else 1 if not said.is_past and this < said.today else 0
    return _day(this.replace(year=this.year + years), 0.75)


def _numbered_day(said: _Said) -> _Reading | None:
    """ "el tres del cinco"."""
    day, month = said.number("n"), said.number("month")
    if day is None or month is None or not 1 <= month <= 12:
        return None
    return _day(calendar.day_of_year(said.today, day, month, is_past=said.is_past), 0.75)


def _named_month(said: _Said) -> _Reading | None:
    """ "en marzo", "la factura de enero": the nearest one, back for what was billed, ahead for what will be."""
    month = _month(said.match["month"])
    today = said.today
    if said.match["year"]:
        year = said.number("year")
        return None if year is None or year < 1900 else (f"{year}-{month:02}", "month", 0.95)
    is_back = said.is_past or (said.match["how"] in ("de", "desde") and not said.match["part"])
    ahead = (month - today.month) % 12
    year = today.year + (month < today.month)
    if ahead > (0 if is_back else 8):
        year -= 1
    return f"{year}-{month:02}", "month", 0.7


def _bare_day(said: _Said) -> _Reading | None:
    """ "el día quince", "el quince": of the next month that still has it ahead, or of the last."""
    day = said.number("n")
    has_word = bool(said.match["dia"])
    if day is None or not 1 <= day <= 31 or (not has_word and day < 4):
        return None
    month = said.match["whose"] or ""
    today, is_past = said.today, said.is_past
    if month:
        shift = -1 if "pasad" in month else 1 if re.search(_COMING, month) else 0
        year, number = calendar.shifted_month(today.year, today.month, shift)
        return _day(calendar.existing(year, number, day), 0.9)
    return _day(calendar.day_of_month(today, day, is_past=is_past), 0.8 if has_word else 0.6)


def _rule(pattern: str, read: _Reader) -> tuple[re.Pattern[str], _Reader]:
    # ears part words by one space; whoever types may use more (a look-behind must know its length)
    return re.compile(re.sub(r"(\(\?<!.*?\))| ", lambda part: part[1] or r"\s+", pattern)), read


_NEXT: Final = (
    r"(?=$|\s*[.,;:!?)]"
    r"|\s+(?:por|a|para|que|y|o|no|si|me|le|es|de la|en|entre|como|vale|puede|gracias|sobre)\b)"
)
_RULES: Final = (
    _rule(
        r"(?P<it>(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
        r"|(?!24/7)(?<![\d/])(?P<day>\d{1,2})[/-](?P<month>\d{1,2})(?:[/-](?P<year>\d{4}|\d{2}))?)(?![\d/-])",
        _written,
    ),
    _rule(
        rf"(?:el )?(?:dia )?(?P<it>(?P<n>primero|{_N}) de (?P<month>{_MONTH})"
        rf"(?: (?:de|del) (?:ano )?(?P<year>{_N}))?)\b",
        _named_day,
    ),
    # "las diez de la mañana", "por la mañana", "buena mañana" are parts of a day; "hasta mañana" is a goodbye.
    _rule(r"(?:de )?(?P<it>pasado manana)\b", _relative),
    _rule(r"(?:el dia de )?(?P<it>hoy)\b(?! (?:en|por) (?:dia|hoy)\b)", _relative),
    _rule(r"(?:el dia de )?(?P<it>antes de ayer|anteayer|antier|anteanoche|anoche|ayer)\b", _relative),
    _rule(r"(?P<it>est[ae] (?:misma )?(?:manana|tarde|noche|mediodia))\b", _relative),
    _rule(
        r"(?<!\bla )(?<!\besta )(?<!\buna )(?<!\bmedia )(?<!\bcada )(?<!\bbuena )(?<!\bhasta )(?<!\bmisma )"
        r"(?:el dia de )?(?P<it>manana)\b",
        _relative,
    ),
    _rule(
        r"(?P<it>(?:(?:el|este|proximo|siguiente|pasado) )*fin de semana(?: que viene| pasado| proximo)?)\b", _weekend
    ),
    _rule(
        rf"(?<!\blos )(?<!\bcada )(?<!\bde lunes a )(?<!\blunes a )"
        rf"(?P<it>(?P<before>(?:(?:el|este|proximo|siguiente|pasado|dia) )+)?(?P<wd>{_WD})"
        rf"(?P<after> (?:{_COMING}|pasado"
        r"|de (?:la semana (?:que viene|pasada|proxima)|la proxima semana|esta semana)))?"
        rf"(?: (?:dia )?(?P<day>{_N})(?: de (?P<month>{_MONTH}))?(?!\s*[:h]\d)(?! de la\b))?)\b(?! a (?:{_WD})\b)",
        _weekday,
    ),
    _rule(
        rf"(?P<it>(?:dentro de|en|de aqui a) (?:unos )?(?P<n>un par de|{_N}) (?P<unit>dias?|semanas?|mes(?:es)?|anos?)"
        r"(?P<working> (?:habiles|laborables))?)\b",
        _after,
    ),
    _rule(
        rf"(?P<it>hace (?:ya |como |unos |unas )*(?P<n>un par de|{_N}) "
        r"(?P<unit>dias?|noches?|semanas?|mes(?:es)?|anos?))\b",
        _ago,
    ),
    _rule(
        r"(?P<it>(?:la|el|esta|este) (?:(?:proxim[oa]|siguiente|pasad[oa]) (?:semana|mes|ano)"
        rf"|(?:semana|mes|ano) (?:{_COMING}|pasad[oa])))\b",
        _period,
    ),
    _rule(r"(?P<it>est[ae] (?:misma? )?(?:semana|mes|ano))\b", _period),
    _rule(
        r"(?P<it>(?:a )?(?:fin(?:al|ales|es)? de(?:l| este)? mes)|(?:el )?ultimo (?:dia )?de(?:l| este)? mes)\b",
        _month_end,
    ),
    _rule(
        r"(?P<it>(?:el dia de |en |por |para )?(?P<feast>navidad|nochebuena|nochevieja|ano nuevo))\b",
        _feast,
    ),
    _rule(r"(?P<it>el dia de (?P<feast>reyes))\b", _feast),
    _rule(rf"(?P<it>el (?:dia )?(?P<n>{_N}) del (?P<month>{_N}))\b", _numbered_day),
    _rule(
        rf"(?<!\bcalle )(?P<part>(?:principios|primeros|mediados|final|finales|fines) )?"
        rf"(?P<how>en|de|para|desde|hasta) (?:el mes de )?(?P<it>(?P<month>{_MONTH})"
        rf"(?: (?:de|del) (?:ano )?(?P<year>\d{{4}}|dos mil(?: (?:{_WORD}))*(?: y (?:{_WORD}))?))?)\b",
        _named_month,
    ),
    _rule(
        rf"(?<!\bnumero )(?P<it>el (?P<dia>dia )?(?P<n>{_N})(?! (?:y )?(?:{_WORD})\b)"
        rf"(?P<whose> (?:de este mes|del mes (?:que viene|pasado|proximo)|del proximo mes|del pasado mes))?)\b{_NEXT}",
        _bare_day,
    ),
)
"""In order: the first that reads something at a place wins."""
