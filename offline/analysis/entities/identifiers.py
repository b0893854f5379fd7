"""Codes that name something: customers, contracts, orders, invoices, cases, documents, cards, bank accounts.

A code needs words that say what it is ("mi número de cliente es …"), unless it carries its own proof: the letter of a
Spanish DNI or NIE, the check digits of an IBAN, the last digit of a payment card.
"""

import re
from typing import Final

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import dictation_at
from offline.analysis.tokens import Spoken, word_set

VERSION: Final = "2"

_NUMBER_OF: Final = r"(?:numero|codigo|num|nro|n[º°o]\.?|id|identificador)\s+(?:de\s+|del\s+)?(?:mi\s+|la\s+|el\s+)?"
_CUES: Final = (
    (Kind.NATIONAL_ID, r"(?:dni|nif|nie|documento(?:\s+de\s+identidad)?|cedula|pasaporte|rut|curp|rfc|ine|carnet)"),
    (Kind.CUSTOMER_ID, rf"(?:{_NUMBER_OF}(?:cliente|abonado|socio|usuario)|cliente\s+(?:numero\s+)?(?=\d)"
                       r"|soy\s+(?:el\s+|la\s+)?(?:cliente|clienta|abonado|abonada|socio|socia)"
                       r"|cliente\s+numero"
                       r"|(?:customer|client|account)\s+(?:number|id|code))"),
    (Kind.CONTRACT_ID, rf"(?:{_NUMBER_OF}(?:contrato|poliza)|(?:contrato|poliza)(?:\s+numero)?"
                       r"|(?:contract|policy)(?:\s+(?:number|id))?)"),
    (Kind.ORDER_ID, rf"(?:{_NUMBER_OF}(?:pedido|orden|seguimiento|envio|compra|guia|rastreo|paquete|tracking)"
                    r"|(?:pedido|orden|guia)(?:\s+numero)?"
                    r"|(?:order|tracking)(?:\s+(?:number|id))?)"),
    (Kind.INVOICE_ID, rf"(?:{_NUMBER_OF}(?:factura|recibo)|(?:factura|recibo)\s+numero"
                      r"|factura(?=\s+[a-z]{0,4}-?\d{4,})"
                      r"|invoice\s+(?:number|id)?)"),
    (Kind.CASE_ID, rf"(?:{_NUMBER_OF}"
                   r"(?:incidencia|expediente|caso|reclamacion|referencia|ticket|averia|reporte|gestion)"
                   r"|(?:incidencia|expediente|reclamacion|referencia|localizador|ticket|caso|folio)(?:\s+numero)?"
                   r"|(?:reference|ticket|case)(?:\s+(?:number|id))?)"),
)  # fmt: skip
_RULES: Final = tuple((kind, re.compile(rf"\b{cue}\b")) for kind, cue in _CUES)
_BACKWARDS: Final = re.compile(r"\s+(?:es|seria|is)\s+(?:mi|el|my|the)\s+")
_FILLERS: Final = word_set(
    "es era seria el la mi numero con : , pues eh a ver si apunte termina completo le doy is it s the my que creo "
    "de cliente letra # º"
)
_FEWEST_DIGITS: Final = {Kind.NATIONAL_ID: 5}
_USUALLY: Final = 3
_PAUSES: Final = frozenset({","})
"""In a code a dash is a dash."""
_JOINTS: Final = {"-": "-", "guion": "-", "/": "/", "barra": "/", "dash": "-", "_": "_"}
_LETTERS: Final = {
    "be": "B", "ce": "C", "efe": "F", "ge": "G", "hache": "H", "jota": "J", "ka": "K", "ele": "L", "eme": "M",
    "ene": "N", "pe": "P", "cu": "Q", "erre": "R", "uve": "V", "equis": "X", "zeta": "Z", "ceta": "Z", "ye": "Y",
}  # fmt: skip
_DOUBTFUL: Final = {"a": "A", "de": "D", "e": "E", "i": "I", "o": "O", "ese": "S", "te": "T", "u": "U", "y": "Y"}
"""Letters that are also words: only the last of a code, or between two others."""
_DNI: Final = re.compile(r"(?<![\w])([xyz]?)[- ]?(\d{7,8}|\d{1,2}\.\d{3}\.\d{3})[- ]?([a-z])(?!\w)")
_IBAN: Final = re.compile(r"(?<!\w)([a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){3,7}(?:[ -]?[a-z0-9]{1,3})?)(?!\w)")
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Royal Decree 1553/2005: the number modulo 23 picks the letter."""


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the codes of one turn; whichever kind is named nearest before a code owns it."""
    del setting  # the same everywhere
    found = [*_proven(spoken), *_cards(spoken)]
    for kind, rule in _RULES:
        for match in rule.finditer(spoken.flat):
            one = _after(spoken, kind, match.end()) or _before(spoken, kind, match.start())
            if one is not None and not any(_same_words(one, other) for other in found):
                found.append(one)
    return found


def has_right_letter(code: str) -> bool:
    """True for a Spanish DNI or NIE whose letter fits its number; `code` is capitals and digits only."""
    match = re.fullmatch(r"([XYZ]?)(\d{7,8})([A-Z])", code)
    if match is None or len(match[1]) + len(match[2]) != 8:
        return False
    number = int({"X": "0", "Y": "1", "Z": "2"}.get(match[1], "") + match[2])
    return _DNI_LETTERS[number % 23] == match[3]


def is_iban(code: str) -> bool:
    """True when the check digits of ISO 13616 fit; `code` is capitals and digits only."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", code):
        return False
    return int("".join(str(int(letter, 36)) for letter in code[4:] + code[:4])) % 97 == 1


def is_card(digits: str) -> bool:
    """True when the last digit fits the others (Luhn) and the length is a payment card's."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _proven(spoken: Spoken) -> list[Found]:
    found: list[Found] = []
    for match in _DNI.finditer(spoken.flat):
        code = re.sub(r"\W", "", match[0]).upper()
        if has_right_letter(code):
            found.append(Found(Kind.NATIONAL_ID, code, match.start(), match.end(), 0.97))
    for match in _IBAN.finditer(spoken.flat):
        code = re.sub(r"\W", "", match[0]).upper()
        if is_iban(code):
            found.append(Found(Kind.IBAN, code, match.start(), match.end(), 0.98))
    return found


def _cards(spoken: Spoken) -> list[Found]:
    found: list[Found] = []
    at = 0
    while at < len(spoken.tokens):
        dictation = dictation_at(spoken, at)
        if dictation is None:
            at += 1
            continue
        if is_card(dictation.digits):
            hidden = "*" * (len(dictation.digits) - 4) + dictation.digits[-4:]
            begin, end = spoken.tokens[at].begin, spoken.tokens[dictation.end - 1].end
            found.append(Found(Kind.PAYMENT_CARD, hidden, begin, end, 0.9))
        at = dictation.end
    return found


def _after(spoken: Spoken, kind: Kind, index: int) -> Found | None:
    at = spoken.token_at(index)
    skipped = 0
    while spoken.word(at) in _FILLERS and skipped < 6:
        if _code(spoken, at)[1] > at + 1:
            break  # "a" may be the first letter of "a doce treinta"
        at, skipped = at + 1, skipped + 1
    return _found(spoken, kind, at)


def _before(spoken: Spoken, kind: Kind, index: int) -> Found | None:
    """ "12345 es mi número de cliente"."""
    link = next((match for match in _BACKWARDS.finditer(spoken.flat) if match.end() == index), None)
    if link is None:
        return None
    last = spoken.token_at(link.start())
    for at in range(max(0, last - 14), last):
        if _code(spoken, at)[1] == last:
            return _found(spoken, kind, at)
    return None


def _found(spoken: Spoken, kind: Kind, at: int) -> Found | None:
    code, end = _code(spoken, at)
    code = code.strip("-/_")
    digits = sum(letter.isdecimal() for letter in code)
    if digits < _FEWEST_DIGITS.get(kind, _USUALLY) or len(code) > 24:
        return None
    confidence = 0.9
    if kind is Kind.NATIONAL_ID and re.fullmatch(r"[XYZ]?\d{7,8}[A-Z]", code):
        confidence = 0.98 if has_right_letter(code) else 0.55  # a letter that does not fit was misheard, or the number
    return Found(kind, code, spoken.tokens[at].begin, spoken.tokens[end - 1].end, confidence)


def _code(spoken: Spoken, at: int) -> tuple[str, int]:
    """Read letters, digits and dashes from token `at`; return the code and the index behind it."""
    code, here, end = "", at, at
    while here < len(spoken.tokens):
        word = spoken.word(here)
        dictation = dictation_at(spoken, here, _PAUSES)
        if dictation is not None:
            code, here = code + dictation.digits, dictation.end
            end = here
        elif word in _JOINTS and code:
            code, here = code + _JOINTS[word], here + 1
        elif word in (",", "letra", "y") and code and _continues(spoken, here + 1):
            here += 1
        elif _letters(spoken, here, bool(code)):
            code, here = code + _letters(spoken, here, bool(code)), here + 1
            end = here
        else:
            break
    return code.rstrip("-/_"), end


def _letters(spoken: Spoken, at: int, has_begun: bool) -> str:
    token = spoken.tokens[at] if at < len(spoken.tokens) else None
    if token is None:
        return ""
    written = spoken.text[token.begin : token.end]
    is_glued = token.is_glued or (at + 1 < len(spoken.tokens) and spoken.tokens[at + 1].is_glued)
    if written.isalpha() and written.isascii() and len(written) <= 4:
        joins_code = not _glued_next(spoken, at) or spoken.tokens[at + 1].is_number or spoken.word(at + 1) == "-"
        if is_glued and joins_code:
            return written.upper()
        if written.isupper() and len(written) <= 3:
            return written
    if token.plain in _LETTERS:
        return _LETTERS[token.plain]
    if token.plain in _DOUBTFUL and (has_begun or _continues(spoken, at + 1)) and _stands_as_letter(spoken, at):
        return _DOUBTFUL[token.plain]
    return token.plain.upper() if len(token.plain) == 1 and token.plain.isalpha() and token.plain not in "aeoyu" else ""


def _glued_next(spoken: Spoken, at: int) -> bool:
    return at + 1 < len(spoken.tokens) and spoken.tokens[at + 1].is_glued


def _stands_as_letter(spoken: Spoken, at: int) -> bool:
    following = spoken.word(at + 1)
    return not following or following in (".", ",") or _continues(spoken, at + 1)


def _continues(spoken: Spoken, at: int) -> bool:
    word = spoken.word(at)
    return bool(word) and (dictation_at(spoken, at) is not None or word in _LETTERS or word in _JOINTS)


def _same_words(one: Found, other: Found) -> bool:
    return one.begin < other.end and other.begin < one.end
