"""Street addresses and postal codes: "calle Mayor número cinco, tercero B", "código postal veintiocho cero uno"."""

import re
from typing import Final

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import amount_at, dictation_at, is_numeral
from offline.analysis.tokens import Spoken, word_set

VERSION: Final = "2"

_STREETS: Final = {
    "calle": "calle", "avenida": "avenida", "avda": "avenida", "av": "avenida", "plaza": "plaza", "paseo": "paseo",
    "pasaje": "pasaje", "camino": "camino", "carretera": "carretera", "ronda": "ronda", "travesia": "travesía",
    "glorieta": "glorieta", "bulevar": "bulevar", "boulevard": "bulevar", "calzada": "calzada", "carrera": "carrera",
    "callejon": "callejón",
    "cerrada": "cerrada", "andador": "andador", "rambla": "rambla", "cuesta": "cuesta",
    "privada": "privada", "urbanizacion": "urbanización", "street": "street",
}  # fmt: skip
_LONGEST_NAME: Final = 7
"""Words between the kind of street and its number."""
_INSIDE: Final = word_set("de del la el los las y san santa santo nuestra señora senora don doña doctor general")
_NO_NAME: Final = word_set(
    "es hay no que me mi se esta estaba con cuando porque pero por para si ya muy hace tengo vivo donde cada hasta "
    "desde cierra abre queda llega entre mucho mucha ruido principal entonces pues a en un una"
)
"""Words that no street name holds; "en la calle hay ruido" names none."""
_NUMBER_WORDS: Final = frozenset({"numero", "num", "n", "nro", "#", ","})
_CORNERS: Final = frozenset({"esquina", "esq"})
_FLOOR_NUMBERS: Final = {
    "bajo": "bajo", "entresuelo": "entresuelo", "principal": "principal", "atico": "ático", "primero": "1",
    "primera": "1", "segundo": "2", "segunda": "2", "tercero": "3", "tercer": "3", "tercera": "3", "cuarto": "4",
    "cuarta": "4", "quinto": "5", "quinta": "5", "sexto": "6", "septimo": "7", "octavo": "8", "noveno": "9",
    "decimo": "10",
}  # fmt: skip
_DOORS: Final = {"be": "b", "ce": "c", "de": "d", "efe": "f", "izquierda": "izquierda", "derecha": "derecha",
                 "centro": "centro"}  # fmt: skip
_UNITS: Final = word_set("piso planta puerta portal escalera interior depto departamento bloque º ª")
_ORDINAL_SIGNS: Final = ("º", "ª", "°")
_POSTAL: Final = re.compile(r"\b(?:codigo postal|c\.?p\.?|postal code|zip code|zip)\s*(?:(?:es|:|is|el)\s*)*")
_CODE_DIGITS: Final = {"ES": 5, "MX": 5, "US": 5, "PE": 5, "CO": 6, "CL": 7, "AR": 4}
"""Digits of a postal code, by country."""
_STREET_IN_ENGLISH: Final = re.compile(
    r"\b(?P<number>\d{1,5})\s+(?P<name>(?:[a-z0-9]+\s+){1,4}?)(?P<kind>street|avenue|road|drive|lane|boulevard|square)\b"
)


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the addresses and postal codes of one turn; a street counts only with its number."""
    found = [*_postal_codes(spoken, setting)]
    if spoken.language == "en":
        for match in _STREET_IN_ENGLISH.finditer(spoken.flat):
            value = f"{match['number']} {' '.join(match['name'].split())} {match['kind']}"
            found.append(Found(Kind.ADDRESS, value, match.start(), match.end(), 0.8))
        return found
    at = 0
    while at < len(spoken.tokens):
        one = _address_at(spoken, at) if _kind_of_street(spoken, at) else None
        if one is None:
            at += 1
            continue
        found.append(one)
        at = spoken.token_at(one.end - 1) + 1
    return found


def _kind_of_street(spoken: Spoken, at: int) -> str:
    if spoken.word(at) == "c" and spoken.word(at + 1) == "/":
        return "calle"
    if spoken.word(at) == "carrera" and not is_numeral(spoken.word(at + 1), "es"):
        return ""  # in Colombia its name is a number; elsewhere it is a race or a degree
    return _STREETS.get(spoken.word(at), "")


def _address_at(spoken: Spoken, at: int) -> Found | None:
    kind = _kind_of_street(spoken, at)
    here = at + (2 if spoken.word(at) == "c" else 1)
    if spoken.word(here) == ".":
        here += 1
    name: list[str] = []
    while here < len(spoken.tokens) and len(name) <= _LONGEST_NAME:
        word = spoken.word(here)
        token = spoken.tokens[here]
        if name and word in _CORNERS:
            return _at_corner(spoken, at, f"{kind} {' '.join(name)}", here + 1)
        if name and word == "sin" and spoken.word(here + 1) in ("numero", "num"):
            return _finished(spoken, at, f"{kind} {' '.join(name)} s/n", here + 2)
        if name and (word, spoken.word(here + 1)) == ("s", "/"):
            return _finished(spoken, at, f"{kind} {' '.join(name)} s/n", here + 3)
        if word in _NUMBER_WORDS and name:
            here += 1
            continue
        amount = amount_at(spoken, here) if is_numeral(word, "es") else None
        if amount is not None and name and not _is_within_name(spoken, amount.end):
            return _finished(spoken, at, f"{kind} {' '.join(name)} {int(amount.value)}", amount.end)
        if token.is_sign or (word in _NO_NAME and word not in _INSIDE):
            return None
        name.append(spoken.text[token.begin : token.end].lower())
        here += 1
    return None


def _at_corner(spoken: Spoken, begin: int, street: str, at: int) -> Found | None:
    """Read the other street of "calle Madero esquina con Juárez"; its name ends where no name goes on."""
    if spoken.word(at) in ("con", "a", "de"):
        at += 1
    if _kind_of_street(spoken, at):
        at += 1
    name: list[str] = []
    while at < len(spoken.tokens) and len(name) < _LONGEST_NAME:
        word, token = spoken.word(at), spoken.tokens[at]
        if token.is_sign or (word in _NO_NAME and word not in _INSIDE) or is_numeral(word, "es"):
            break
        name.append(spoken.text[token.begin : token.end].lower())
        at += 1
    if not name:
        return None
    value = f"{street} esquina {' '.join(name)}"
    return Found(Kind.ADDRESS, value, spoken.tokens[begin].begin, spoken.tokens[at - 1].end, 0.75)


def _is_within_name(spoken: Spoken, at: int) -> bool:
    """ "dos de mayo ocho": a number that is followed by "de" and another number later belongs to the name."""
    if spoken.word(at) != "de" or spoken.word(at + 1) in ("la", "el", "madrid"):
        return False
    return any(is_numeral(spoken.word(place), "es") for place in range(at + 2, at + 5))


def _finished(spoken: Spoken, begin: int, street: str, end: int) -> Found:
    """Add floor and door: ", tercero be", ", 3º B", "piso dos puerta cuatro"."""
    inside: list[str] = []
    here = end
    while here < len(spoken.tokens) and len(inside) < 6:
        word = spoken.word(here)
        if word in (",", "el", *_ORDINAL_SIGNS) or (word in _UNITS and _inside(spoken, here + 1)):
            if word in ("escalera", "portal", "bloque", "puerta", "interior") and _inside(spoken, here + 1):
                inside.append(word)
            here += 1
            continue
        part = _inside(spoken, here)
        if not part or (len(part[0]) > 4 and part[0].isdecimal()):
            break
        is_bare = is_numeral(word, "es") and spoken.word(part[1]) not in _ORDINAL_SIGNS and not _was_unit(spoken, here)
        if is_bare and not inside:
            break  # the number after a number is the beginning of something else
        inside.append(part[0])
        here = end = part[1]
    value = street + (f", {' '.join(inside)}" if inside else "")
    return Found(Kind.ADDRESS, value, spoken.tokens[begin].begin, spoken.tokens[end - 1].end, 0.85)


def _was_unit(spoken: Spoken, at: int) -> bool:
    return spoken.word(at - 1) in _UNITS


def _inside(spoken: Spoken, at: int) -> tuple[str, int] | None:
    word = spoken.word(at)
    if word in _FLOOR_NUMBERS:
        return _FLOOR_NUMBERS[word], at + 1
    if word in _DOORS and (word != "de" or spoken.word(at + 1) in ("", ".", ",")):
        return _DOORS[word], at + 1
    if len(word) == 1 and word.isalpha() and word not in "yaeou":
        return word, at + 1
    if word == "a" and spoken.word(at + 1) in ("", ".", ","):
        return "a", at + 1
    if is_numeral(word, "es"):
        amount = amount_at(spoken, at)
        if amount is not None and amount.value < 200:
            return str(int(amount.value)), amount.end
    return None


def _postal_codes(spoken: Spoken, setting: Setting) -> list[Found]:
    found: list[Found] = []
    for match in _POSTAL.finditer(spoken.flat):
        at = spoken.token_at(match.end())
        dictation = dictation_at(spoken, at)
        if dictation is not None and len(dictation.digits) == _CODE_DIGITS.get(setting.country, 5):
            begin, end = spoken.tokens[at].begin, spoken.tokens[dictation.end - 1].end
            found.append(Found(Kind.POSTAL_CODE, dictation.digits, begin, end, 0.95))
    return found
