"""What is written, as it is said: amounts, dates, times, telephone numbers, codes. Pure.

espeak reads plain numbers well and everything else by the letter: "45.50 €" becomes "cuarenta y cinco punto cincuenta
euro". Here each such place is rewritten, and every part of the new text remembers where in the original it comes from,
so that "the caller heard up to here" can quote what was written.

Rules are tried at each place from the most to the least particular, in the order of `_RULES`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engines.tts.numerals import cardinal

MONTHS: Final[Mapping[str, Sequence[str]]] = {
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text to be spoken, and where its parts stand in the original."""

    text: str
    starts: tuple[int, ...]
    """Where in `text` each part begins; ascending, the first is 0."""
    origins: tuple[int, ...]
    """Where in the original that part comes from; ascending."""
    verbatim: tuple[bool, ...]
    """True for a part that stands in the original letter by letter."""

    def original_offset(self, offset: int) -> int:
        """Return the place in the original of the character at `offset`; a rewritten part stands at its beginning."""
        part = bisect_right(self.starts, offset) - 1
        if part < 0:
            return 0
        return self.origins[part] + (offset - self.starts[part] if self.verbatim[part] else 0)


Part = tuple[str, int]
"""Words to be said, and the offset within the match that they stand for."""
Reader = Callable[[re.Match[str], str], list[Part] | None]
"""Says a match in a language; None when it is not what it looked like."""


def normalise(text: str, language: str = "es") -> Spoken:
    """Return `text` as it is to be said in `language` ("es" or "en"; others are left as they are)."""
    parts: list[tuple[str, int, bool]] = []
    position = 0
    if language in MONTHS:
        for start, end, said in _rewritten(text, language):
            if start > position:
                parts.append((text[position:start], position, True))
            parts += [(words, start + offset, False) for words, offset in said]
            position = end
    if position < len(text) or not parts:
        parts.append((text[position:], position, True))
    starts, length = [], 0
    for words, _, _ in parts:
        starts.append(length)
        length += len(words)
    # the mouth's C library ends a text at NUL; other control characters are spaces to it anyway
    whole = "".join(words for words, _, _ in parts).translate(_CONTROL)
    return Spoken(whole, tuple(starts), tuple(origin for _, origin, _ in parts), tuple(exact for _, _, exact in parts))


_CONTROL: Final = dict.fromkeys((*range(0x20), 0x7F), " ")


def _rewritten(text: str, language: str) -> Iterator[tuple[int, int, list[Part]]]:
    """Yield (start, end, what is said instead) of every place to be rewritten, in order, none overlapping."""
    position = 0
    while match := _ANY.search(text, position):
        start = match.start()
        for pattern, reader in _RULES:
            found = pattern.match(text, start)
            if found and (said := reader(found, language)) is not None:
                yield start, found.end(), said
                position = found.end()
                break
        else:
            # not what it looked like: go on behind the whole run, not in the middle of a number
            position = max(_RUN.match(text, start).end(), start + 1)  # type: ignore[union-attr]  # `_RUN` matches nothing too


# -- what is said -----------------------------------------------------------------------------------------------------


def _number(text: str) -> tuple[int, str]:
    """Read "1.250,00", "1,250.00", "45.50" or "1250": the whole part, and the digits behind the decimal sign.

    A single sign before exactly three digits separates thousands, unless the number begins with zero.
    """
    digits = text.replace(" ", "").replace("\u00a0", "")
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return int(digits), ""
    sign, whole, behind = digits[last], digits[:last], digits[last + 1 :]
    is_thousands = len(behind) == 3 and (digits.count(sign) > 1 or (whole.isdecimal() and whole.lstrip("0") == whole))
    if is_thousands:
        whole, behind = whole + behind, ""
    return int(re.sub(r"\D", "", whole) or "0"), behind


@dataclass(frozen=True, slots=True)
class _Currency:
    one: str
    many: str
    cent: str
    cents: str
    is_feminine: bool = False


_CURRENCIES: Final[Mapping[str, Mapping[str, _Currency]]] = {
    "es": {
        "euro": _Currency("euro", "euros", "céntimo", "céntimos"),
        "peso": _Currency("peso", "pesos", "centavo", "centavos"),
        "dollar": _Currency("dólar", "dólares", "centavo", "centavos"),
        "sol": _Currency("sol", "soles", "céntimo", "céntimos"),
        "pound": _Currency("libra", "libras", "penique", "peniques", is_feminine=True),
    },
    "en": {
        "euro": _Currency("euro", "euros", "cent", "cents"),
        "peso": _Currency("peso", "pesos", "centavo", "centavos"),
        "dollar": _Currency("dollar", "dollars", "cent", "cents"),
        "sol": _Currency("sol", "soles", "céntimo", "céntimos"),
        "pound": _Currency("pound", "pounds", "penny", "pence"),
    },
}
_CURRENCY_WORDS: Final = {
    "€": "euro", "eur": "euro", "euro": "euro", "euros": "euro",
    "us$": "dollar", "usd": "dollar", "dólar": "dollar", "dólares": "dollar", "dollar": "dollar", "dollars": "dollar",
    "mxn": "peso", "cop": "peso", "ars": "peso", "clp": "peso", "mx$": "peso", "peso": "peso", "pesos": "peso",
    "s/": "sol", "pen": "sol", "sol": "sol", "soles": "sol",
    "£": "pound", "gbp": "pound", "libra": "pound", "libras": "pound", "pound": "pound", "pounds": "pound",
}  # fmt: skip
_BARE_DOLLAR: Final = {"es": "peso", "en": "dollar"}
"""A bare "$" is what most of Latin America writes for its pesos; "US$" and "USD" are never pesos."""


def _amount(match: re.Match[str], language: str) -> list[Part] | None:
    written = (match["before"] or match["behind"] or "").casefold().strip()
    currency = _CURRENCIES[language][_CURRENCY_WORDS.get(written) or _BARE_DOLLAR[language]]
    whole, behind = _number(match["number"])
    if len(behind) > 2:
        return None
    parts: list[Part] = []
    cents = int(behind.ljust(2, "0")) if behind else 0
    if whole or not cents:
        name = currency.one if whole == 1 else currency.many
        # "un millón de euros", but "un millón doscientos mil euros"
        of = "de " if language == "es" and whole >= 1_000_000 and whole % 1_000_000 == 0 else ""
        parts.append((f"{_count(whole, language, currency.is_feminine)} {of}{name}", 0))
    if cents:
        joint = "" if not parts else " con " if language == "es" else " and "
        name = currency.cent if cents == 1 else currency.cents
        offset = match.end("number") - match.start() - len(behind) if parts else 0
        parts.append((f"{joint}{_count(cents, language)} {name}", offset))
    return parts


def _count(number: int, language: str, is_feminine: bool = False) -> str:
    return cardinal(number, is_feminine=is_feminine) if language == "es" else str(number)


def _percentage(match: re.Match[str], language: str) -> list[Part] | None:
    whole, behind = _number(match["number"])
    comma = "coma" if language == "es" else "point"
    decimals = f" {comma} {_decimals(behind)}" if behind else ""
    return [(f"{whole}{decimals} {'por ciento' if language == 'es' else 'percent'}", 0)]


def _decimals(digits: str) -> str:
    """Two digits are said as a number, "coma cero cinco" and longer ones digit by digit."""
    return digits if len(digits) <= 2 and digits[0] != "0" else " ".join(digits)


def _iso_date(match: re.Match[str], language: str) -> list[Part] | None:
    return _date(int(match["day"]), int(match["month"]), match["year"], language)


def _slashed_date(match: re.Match[str], language: str) -> list[Part] | None:
    first, second = int(match["day"]), int(match["month"])
    # 02/03/2026 is the third of February in English only; 02/15/2026 can be nothing else anywhere
    if first <= 12 and (language == "en" or second > 12):
        first, second = second, first
    return _date(first, second, match["year"], language)


def _date(day: int, month: int, year: str | None, language: str) -> list[Part] | None:
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    name = MONTHS[language][month - 1]
    if year and len(year) == 2:
        year = f"20{year}"
    if language == "es":
        return [(f"{'primero' if day == 1 else day} de {name}" + (f" de {year}" if year else ""), 0)]
    return [(f"{name} {day}" + (f", {year}" if year else ""), 0)]


def _time(match: re.Match[str], language: str) -> list[Part] | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = (match["half"] or "").casefold().replace(".", "").replace(" ", "")
    if hour > 23 or minute > 59:
        return None
    if language == "en":
        minutes = "" if minute == 0 else f" oh {minute}" if minute < 10 else f" {minute}"
        return [(f"{hour}{minutes}" + (f" {' '.join(half.upper())}" if half else " o'clock" if not minute else ""), 0)]
    of_day = _of_day(hour, half) if half else ""
    if half:
        hour = hour % 12 or 12
    return [(f"{_hour(hour)}{_minutes(minute, is_long=hour > 12)}{of_day}", 0)]


def _of_day(hour: int, half: str) -> str:
    if half == "am":
        return " de la mañana"
    return " del mediodía" if hour == 12 else " de la noche" if 8 <= hour < 12 else " de la tarde"


def _hour(hour: int) -> str:
    return cardinal(hour, is_feminine=True)


def _minutes(minute: int, *, is_long: bool) -> str:
    """ "y media" belongs to the clock on the wall; a time-table's 17:30 is "diecisiete treinta"."""
    if minute == 0:
        return " horas" if is_long else ""
    if is_long:
        return f" cero {cardinal(minute)}" if minute < 10 else f" {cardinal(minute)}"
    if minute in (15, 30):
        return " y cuarto" if minute == 15 else " y media"
    return f" y {cardinal(minute)}" if minute < 30 else f" {cardinal(minute)}"


_GROUPS: Final = {7: (3, 4), 8: (4, 4), 9: (3, 3, 3), 10: (3, 3, 4), 11: (2, 3, 3, 3), 12: (3, 3, 3, 3)}


def _telephone(match: re.Match[str], language: str) -> list[Part] | None:
    """Say a number written in groups in those groups, digit by digit."""
    text = match.group()
    total = sum(letter.isdecimal() for letter in text)
    if not 7 <= total <= 15:
        return None
    parts: list[Part] = []
    for run in re.finditer(r"\d+", text):
        for group, offset in _groups(run.group()):
            joint = ", " if parts else ("más " if language == "es" else "plus ") if text.startswith("+") else ""
            parts.append((f"{joint}{' '.join(group)}", run.start() + offset if parts else 0))
    return parts


def _groups(digits: str) -> Iterator[tuple[str, int]]:
    """Yield a run of digits in groups as people say them, each with its place."""
    if len(digits) <= 5:
        yield digits, 0
        return
    position = 0
    for size in _GROUPS.get(len(digits)) or (3,) * (len(digits) // 3 - 1) + (3 + len(digits) % 3,):
        yield digits[position : position + size], position
        position += size


def _digits(match: re.Match[str], language: str) -> list[Part] | None:
    """Say a long number digit by digit, with a breath between groups."""
    start = match.start("digits") - match.start()
    parts: list[Part] = [(match.group()[:start], 0)] if start else []
    for group, offset in _groups(match["digits"]):
        parts.append((f"{', ' if offset else ''}{' '.join(group)}", start + offset))
    return parts


def _code(match: re.Match[str], language: str) -> list[Part] | None:
    """Spell a code of letters and digits: "AB-1234" is "A B, 1 2 3 4"."""
    text = match.group()
    runs = list(re.finditer(r"[^\W\d_]+|\d+", text))
    is_word = any(run.group().isalpha() and (len(run.group()) > 4 or not run.group().isupper()) for run in runs)
    if len(text) < 4 or is_word:  # "5G" and "covid-19" are words to the mouth
        return None
    return [
        (f"{', ' if place else ''}{' '.join(run.group().upper())}", run.start() if place else 0)
        for place, run in enumerate(runs)
    ]


_ADDRESS_SIGNS: Final = {
    "es": {"@": " arroba ", ".": " punto ", "-": " guion ", "_": " guion bajo ", "/": " barra ", "+": " más "},
    "en": {"@": " at ", ".": " dot ", "-": " dash ", "_": " underscore ", "/": " slash ", "+": " plus "},
}


def _address(match: re.Match[str], language: str) -> list[Part] | None:
    text = re.sub(r"^https?://", "", match.group(), flags=re.IGNORECASE)
    signs = _ADDRESS_SIGNS[language]
    return [("".join(signs.get(letter, letter) for letter in text), 0)]


_SHORT_WORDS: Final = {
    "es": {
        "sr.": "señor", "sra.": "señora", "srta.": "señorita", "sres.": "señores", "d.": "don", "dña.": "doña",
        "dr.": "doctor", "dra.": "doctora", "ud.": "usted", "uds.": "ustedes", "vd.": "usted", "av.": "avenida",
        "avda.": "avenida", "c/": "calle", "nº": "número", "n.º": "número", "núm.": "número", "no.": "número",
        "tel.": "teléfono", "tfno.": "teléfono", "ext.": "extensión", "aprox.": "aproximadamente", "etc.": "etcétera",
        "p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "máx.": "máximo", "mín.": "mínimo", "dpto.": "departamento",
    },
    "en": {
        "no.": "number", "ext.": "extension", "approx.": "approximately", "e.g.": "for example", "etc.": "et cetera",
    },
}  # fmt: skip


def _short_word(match: re.Match[str], language: str) -> list[Part] | None:
    word = match.group()
    said = _SHORT_WORDS[language].get(word.casefold())
    if said is None:
        return None
    if word.casefold() == "no." and not re.match(r"\s*\d", match.string[match.end() :]):
        return None  # "No." before anything but a number is a refusal
    is_last = not match.string[match.end() :].strip()
    return [(said + ("." if is_last and word.endswith(".") else ""), 0)]


_UNITS: Final = {
    "es": {
        "gb": "gigas", "mb": "megas", "mbps": "megas", "mb/s": "megas", "gbps": "gigas", "km": "kilómetros",
        "kg": "kilos", "min": "minutos", "seg": "segundos", "h": "horas", "hs": "horas", "hrs": "horas",
        "m²": "metros cuadrados",
    },
    "en": {
        "gb": "gigabytes", "mb": "megabytes", "mbps": "megabits", "mb/s": "megabytes", "gbps": "gigabits",
        "km": "kilometres", "kg": "kilos", "min": "minutes", "h": "hours",
    },
}  # fmt: skip


def _measure(match: re.Match[str], language: str) -> list[Part] | None:
    unit = _UNITS[language].get(match["unit"].casefold())
    if unit is None:
        return None
    number = match["number"]
    if language == "es" and number == "1":
        number, unit = cardinal(1, is_feminine=unit == "horas"), unit.removesuffix("s")
    return [(f"{number} ", 0), (unit, match.start("unit") - match.start())]


def _drop(match: re.Match[str], language: str) -> list[Part] | None:
    return [("", 0)]


# -- where it is written ----------------------------------------------------------------------------------------------

_ALONE: Final = r"(?<![\w.,])"
_NUMBER: Final = r"(?P<number>\d{1,3}(?:[.,\u00a0 ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?)"
_MONEY_WORDS: Final = r"euros?|eur|usd|dólares|dólar|dollars?|mxn|cop|ars|clp|pesos?|soles|sol|pen|libras?|gbp|pounds?"
_ID_WORDS: Final = (
    r"n[uú]mero|referencia|expediente|contrato|factura|c[oó]digo|ticket|pedido|cuenta|p[oó]liza|folio|cliente|pin|clave|"
    r"number|reference|code|invoice|order|account"
)
_UNIT_WORDS: Final = "gbps|mbps|mb/s|gb|mb|km|kg|min|seg|hrs|hs|h|m²"
_RULES: Final[Sequence[tuple[re.Pattern[str], Reader]]] = [
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (r"(?:https?://|www\.)[\w\-./+]*\w", _address),
        (r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+", _address),
        (rf"(?P<before>us\$|mx\$|s/|[$€£])\s?{_NUMBER}(?P<behind>)(?:\s?(?:usd|mxn|pesos|euros)\b)?", _amount),
        (rf"{_ALONE}{_NUMBER}\s?(?P<before>)(?P<behind>us\$|[$€£]|(?:{_MONEY_WORDS})\b)", _amount),
        (rf"{_ALONE}{_NUMBER}\s?%", _percentage),
        (rf"{_ALONE}(?P<year>[12]\d{{3}})-(?P<month>\d\d)-(?P<day>\d\d)\b", _iso_date),
        (rf"{_ALONE}(?P<day>\d{{1,2}})[/.\-](?P<month>\d{{1,2}})[/.\-](?P<year>[12]\d{{3}}|\d\d)\b", _slashed_date),
        # "el 15/2" is a day, "24/7" and "1/3" alone are not
        (r"(?<=\b(?:el|al|on)\s)(?P<day>\d{1,2})/(?P<month>\d{1,2})(?P<year>)(?![/\w])", _slashed_date),
        (
            rf"{_ALONE}(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?!\d|:)"
            r"(?:\s?(?P<half>[ap]\.?\s?m\b\.?)|\s?h(?:oras|rs|s)?\b\.?)?",
            _time,
        ),
        (rf"{_ALONE}(?:\+\d{{1,3}}[ \-]?)?(?:\(\d{{1,4}}\)[ \-]?)?\d{{2,5}}(?:[ \-]\d{{2,5}})+(?![\w])", _telephone),
        (r"\+\d{1,3}[ \-]?\d{6,12}\b", _telephone),
        (
            rf"{_ALONE}(?:\b(?:{_ID_WORDS})\s)(?:n[º°]\s?)?(?P<digits>\d{{4,}})\b(?![.,]\d)",
            _digits,
        ),
        (rf"{_ALONE}(?P<digits>\d{{7,}}|0\d+)\b(?![.,]\d)", _digits),
        (
            rf"{_ALONE}(?P<number>\d+(?:[.,]\d+)?)\s?(?P<unit>{_UNIT_WORDS})(?!\w)",
            _measure,
        ),
        (rf"{_ALONE}(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[^\W_]+(?:-[^\W_]+)*\b", _code),
        (r"(?<!\w)(?:p\.\s?ej\.|n\.º|nº|c/|[^\W\d_]{1,6}\.)", _short_word),
        # a mind's way of writing: **bold**, # headings, `code`, pictures
        (r"[*#`_~|<>\\{}\[\]]+|[\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+", _drop),
    )
]
_ANY: Final = re.compile(
    "|".join(f"(?:{re.sub(r'[?]P<[a-z]+>', '?:', rule.pattern)})" for rule, _ in _RULES), re.IGNORECASE
)
_RUN: Final = re.compile(r"[\w.,]*")
