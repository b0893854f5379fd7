"""What identifies people when it is written with letters: e-mails, IBANs, CURPs, RFCs, NIFs and NIEs."""

import re
from collections.abc import Iterator
from typing import Final

from storage.privacy.check_digits import is_curp, is_iban, is_nie, is_nif, is_rfc
from storage.privacy.finding import Finding, PiiKind

_EMAIL: Final = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.UNICODE)
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
_CURP: Final = re.compile(
    r"(?<!\w)[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[A-Z0-9]\d(?!\w)", re.IGNORECASE
)
_RFC: Final = re.compile(
    r"(?<!\w)[A-ZÑ&]{3,4}[ -]?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ -]?[A-Z\d]{2}[A\d](?!\w)", re.IGNORECASE
)
_NIF: Final = re.compile(r"(?<!\w)(?:\d{8}|\d{1,2}(?:\.\d{3}){2})[ .-]?[A-Z](?!\w)", re.IGNORECASE)
_NIE: Final = re.compile(r"(?<!\w)[XYZ][ .-]?(?:\d{7}|\d(?:\.\d{3}){2})[ .-]?[A-Z](?!\w)", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[ .-]")
_NOBODYS: Final = frozenset({"XAXX010101000", "XEXX010101000"})
"""Mexico's RFCs of "the public" and of "a foreigner": they identify nobody."""


def written_findings(text: str) -> Iterator[Finding]:
    """Yield what the text holds; findings may overlap."""
    for found in _EMAIL.finditer(text):
        yield Finding(PiiKind.EMAIL, found.start(), found.end(), found[0].lower())
    for found in _IBAN.finditer(text):
        yield from _ibans(found)
    checks = ((_CURP, is_curp, PiiKind.CURP), (_RFC, is_rfc, PiiKind.RFC), (_NIF, is_nif, PiiKind.NIF),
              (_NIE, is_nie, PiiKind.NIE))  # fmt: skip
    for pattern, is_right, kind in checks:
        for found in pattern.finditer(text):
            value = _SEPARATORS.sub("", found[0]).upper()
            if kind is PiiKind.NIF:
                value = value.rjust(9, "0")
            if value not in _NOBODYS:
                yield Finding(kind if is_right(value) else PiiKind.IDENTIFIER, found.start(), found.end(), value)


def _ibans(found: re.Match[str]) -> Iterator[Finding]:
    """Yield the IBAN; words may have stuck to its end ("…1332 gracias"), so shorter ones are tried too."""
    ends = [place + 1 for place, one in enumerate(found[0]) if one.isalnum()]
    for end in reversed(ends[14:]):
        value = _SEPARATORS.sub("", found[0][:end]).upper()
        if is_iban(value):
            yield Finding(PiiKind.IBAN, found.start(), found.start() + end, value)
            return
    digits = sum(one.isdigit() for one in found[0])
    if digits >= 12:
        yield Finding(PiiKind.IDENTIFIER, found.start(), found.end(), _SEPARATORS.sub("", found[0]).upper())
