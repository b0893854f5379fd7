"""What identifies people when it is dictated: digits one by one or in groups, letters by name, "arroba"."""

import re
from collections.abc import Iterator
from typing import Final

from storage.privacy.check_digits import is_iban, is_luhn, is_nie, is_nif
from storage.privacy.digit_runs import Run, digit_runs
from storage.privacy.finding import Finding, PiiKind
from vocabulary.spoken import unaccented

NUMBER_DIGITS: Final = 7
"""So many digits together identify somebody, whatever they are: a phone, a contract, a customer."""
DICTATED_DIGITS: Final = 6
"""So many, when they were said one by one."""
_DATE: Final = re.compile(r"\d{1,2}([/.-])\d{1,2}\1(?:\d{2}|\d{4})|\d{4}([/.-])\d{1,2}\2\d{1,2}")
_YEARS: Final = re.compile(r"(?:(?:19|20)\d\d(?:\W+(?:y |and |o |or )?|$))+")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+[.,]\d{2}")
_MONEY: Final = re.compile(r"\s*(?:€|\$|eur|usd|mxn|euro|peso|d[oó]lar|pound|£)", re.IGNORECASE)
_MONEY_BEFORE: Final = re.compile(r"(?:€|\$|£|eur|usd|mxn)\s*$", re.IGNORECASE)
_LETTERS: Final = {
    "a": "A", "be": "B", "ce": "C", "de": "D", "efe": "F", "ge": "G", "hache": "H", "jota": "J", "ka": "K", "ele": "L",
    "eme": "M", "ene": "N", "pe": "P", "cu": "Q", "erre": "R", "ese": "S", "te": "T", "uve": "V", "equis": "X",
    "ye": "Y", "zeta": "Z", "zed": "Z", "zee": "Z", "ex": "X", "why": "Y",
}  # fmt: skip
"""Letters by their names; single letters stand for themselves."""
_WORD_BEHIND: Final = re.compile(r"[\s,.\-]*(?:(?:con\s+la\s+|con\s+)?letra\s+|y\s+)?([^\W\d_]+)", re.UNICODE)
_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+(?:\s+griega)?)[\s,.\-]*$", re.UNICODE)
_ES_BEFORE: Final = re.compile(r"(?<!\w)(?:es|e\s+ese|e\s+s)[\s,.\-]*$", re.IGNORECASE)


def dictated_numbers(text: str) -> Iterator[Finding]:
    """Yield the numbers in the text that identify somebody, however they were said or written."""
    for run in digit_runs(text):
        found = _read(text, run)
        if found is not None:
            yield found


def _read(text: str, run: Run) -> Finding | None:
    digits = run.digits
    if lettered := _with_letters(text, run, digits):
        return lettered
    if len(digits) < NUMBER_DIGITS and run.single_spoken < DICTATED_DIGITS:
        return None
    if not any(group.is_spoken for group in run.groups) and _is_harmless(text, run):
        return None
    start = run.start
    if len(digits) == 22 and is_iban(f"ES{digits}"):
        before = _ES_BEFORE.search(text, 0, start)
        return Finding(PiiKind.IBAN, before.start() if before else start, run.end, f"ES{digits}")
    if 13 <= len(digits) <= 19 and is_luhn(digits):
        return Finding(PiiKind.CARD, start, run.end, digits)
    if run.has_plus:
        plus = max(text.rfind("+", 0, start), start - 5)
        start = plus if text[plus : plus + 1] == "+" else start
    kind = PiiKind.PHONE if _is_phone(digits, has_plus=run.has_plus) else PiiKind.NUMBER
    return Finding(kind, start, run.end, digits)


def _is_phone(digits: str, *, has_plus: bool) -> bool:
    """Return whether it may be a subscriber's number: any with a plus; Spain's 9 digits, Mexico's 10, with codes."""
    if has_plus:
        return 8 <= len(digits) <= 15
    bare = digits.removeprefix("00")
    spain = re.fullmatch(r"(?:34)?[6-9]\d{8}", bare)
    mexico = re.fullmatch(r"(?:521?)?[2-9]\d{9}", bare)
    america = re.fullmatch(r"1[2-9]\d{9}", bare)
    abroad = len(bare) < len(digits) and 8 <= len(bare) <= 15
    return bool(spain or mexico or america or abroad)


def _with_letters(text: str, run: Run, digits: str) -> Finding | None:
    """Return the NIF or NIE that the run and the letters beside it make."""
    if len(digits) not in (7, 8):
        return None
    behind = _WORD_BEHIND.match(text, run.end)
    letter = _letter(behind[1]) if behind else ""
    if not behind or not letter:
        return None
    if len(digits) == 8:
        kind = PiiKind.NIF if is_nif(digits + letter) else PiiKind.IDENTIFIER
        # a wrong letter may be the next word ("… ocho a las tres"): then only the digits go
        end = behind.end(1) if kind is PiiKind.NIF else run.end
        return Finding(kind, run.start, end, digits + letter) if kind is PiiKind.NIF else None
    before = _WORD_BEFORE.search(text, 0, run.start)
    first = _letter(before[1]) if before else ""
    if before and is_nie(first + digits + letter):
        return Finding(PiiKind.NIE, before.start(1), behind.end(1), first + digits + letter)
    return None


def _letter(word: str) -> str:
    plain = " ".join(unaccented(word).split())
    if plain == "i griega":
        return "Y"
    return _LETTERS.get(plain) or (plain.upper() if len(plain) == 1 else "")


def _is_harmless(text: str, run: Run) -> bool:
    """Return whether written digits are a date, years, or an amount of money."""
    written = text[run.start : run.end]
    if all(_DATE.fullmatch(part) for part in written.split()) or _YEARS.fullmatch(f"{written} "):
        return True
    is_amount = _MONEY.match(text, run.end) or _MONEY_BEFORE.search(text, max(0, run.start - 8), run.start)
    return bool(is_amount and (_THOUSANDS.fullmatch(written) or written.isdigit()))


# ── e-mails ──

_AT: Final = re.compile(r"(?<!\w)(arroba|at)(?!\w)", re.IGNORECASE)
_JOINT: Final = r"(?:\s*[.\-_]\s*|\s+(?:punto|dot|gui[oó]n\s+bajo|gui[oó]n|underscore|dash)\s+)"
_NAME: Final = rf"[\w]+(?:{_JOINT}[\w]+)*"
_DOMAIN: Final = re.compile(rf"\s+({_NAME})", re.IGNORECASE)
_LOCAL: Final = re.compile(rf"({_NAME})\s+$", re.IGNORECASE)
_BEFORE: Final = re.compile(r"([\w]+)\s+$", re.UNICODE)
_HAS_DOT: Final = re.compile(r"\.|\s(?:punto|dot)\s", re.IGNORECASE)
_NOT_A_NAME: Final = frozenset({
    "es", "correo", "email", "mail", "mi", "el", "la", "su", "un", "una", "de", "a", "al", "en", "y", "o", "que",
    "electronico", "direccion", "apunte", "anote", "seria", "vale", "si", "bueno", "is", "my", "address",
    "the", "it", "s", "at", "to", "me", "us", "call", "look", "arrive",
})  # fmt: skip
_MORE_WORDS: Final = 2
"""Words before the name that are taken with it: "ana lópez arroba" is often one name said in two words."""


def dictated_emails(text: str) -> Iterator[Finding]:
    """Yield e-mails said with "arroba" or "at"; "at" needs a dot behind it, since it is a common word."""
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end())
        local = _LOCAL.search(text, max(0, at.start() - 80), at.start())
        if domain is None or local is None:
            continue
        if at[1].lower() == "at" and not _HAS_DOT.search(domain[1]):
            continue
        start = local.start(1)
        if unaccented(local[1]) in _NOT_A_NAME:
            continue
        for _ in range(_MORE_WORDS):
            before = _BEFORE.search(text, max(0, start - 40), start)
            if before is None or unaccented(before[1]) in _NOT_A_NAME:
                break
            start = before.start(1)
        yield Finding(PiiKind.EMAIL, start, domain.end(1), text[start : domain.end(1)].lower())
