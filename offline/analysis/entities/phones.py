"""Telephone numbers, in digits or as they are dictated: "seis doce, treinta y cuatro …", "más treinta y cuatro …"."""

from typing import Final

import phonenumbers

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import Dictation, dictation_at, is_numeral
from offline.analysis.tokens import Spoken, word_set

VERSION: Final = "1"

_FEWEST_DIGITS: Final = 7
_MOST_DIGITS: Final = 15
_CUE_REACH: Final = 9
"""Words before a number that may say what it is."""
_PHONE_CUES: Final = (
    "telefon", "movil", "celular", "llam", "whatsapp", "wasap", "fijo", "contact", "marc", "phone", "mobile", "cell",
    "call", "reach",
)  # fmt: skip
_OTHER_CUES: Final = (
    "client", "contrat", "pedido", "orden", "factur", "poliz", "expedient", "dni", "nie", "nif", "cedul", "document",
    "tarjet", "cuenta", "referenc", "incidenc", "codig", "serie", "iban", "ticket", "seguimient", "pasaport",
    "customer", "contract", "order", "invoice", "account", "card", "reference", "serial", "tracking",
)  # fmt: skip
_UNITS: Final = word_set("euros euro pesos dolares soles dollars pounds megas gigas kilos metros € $ %")


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the telephone numbers of one turn, valid ones as E.164, others that were called one as digits."""
    found: list[Found] = []
    at = 0
    while at < len(spoken.tokens):
        dictation = dictation_at(spoken, at)
        if dictation is None:
            at += 1
            continue
        one = _read(spoken, dictation, setting)
        if one is not None:
            found.append(one)
        at = dictation.end
    return found


def cue_before(spoken: Spoken, at: int) -> str:
    """Return "phone", "other" or "": what the nearest telling word before token `at` calls the number."""
    for word in reversed(spoken.before(at, _CUE_REACH)):
        if word.startswith(_OTHER_CUES):
            return "other"
        if word.startswith(_PHONE_CUES):
            return "phone"
        if is_numeral(word, spoken.language) and word not in ("un", "una", "uno"):
            return ""  # whatever was said before belongs to that number
    return ""


def _read(spoken: Spoken, dictation: Dictation, setting: Setting) -> Found | None:
    if not _FEWEST_DIGITS <= len(dictation.digits) <= _MOST_DIGITS or spoken.word(dictation.end) in _UNITS:
        return None
    if spoken.word(dictation.end)[:1].isalpha() and spoken.tokens[dictation.end].is_glued:
        return None  # 12345678Z is no telephone
    cue = cue_before(spoken, dictation.begin)
    if cue == "other":
        return None
    begin = dictation.begin
    is_international = spoken.word(begin - 1) in ("+", "mas", "plus")
    if is_international or spoken.word(begin - 1) == "(":
        begin -= 1
    number = _parsed(dictation.digits, setting.country, is_international=is_international)
    if number is not None and phonenumbers.is_valid_number(number):
        value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        confidence = 0.97 if cue == "phone" else 0.85
    elif cue == "phone":
        value, confidence = ("+" if is_international else "") + dictation.digits, 0.6
    else:
        return None
    return Found(Kind.PHONE, value, spoken.tokens[begin].begin, spoken.tokens[dictation.end - 1].end, confidence)


def _parsed(digits: str, country: str, *, is_international: bool) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{digits}" if is_international else digits, country)
    except phonenumbers.NumberParseException:
        return None
