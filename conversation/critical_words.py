"""The words of a turn that are costly to mishear: what changes something, numbers, names, addresses.

Everything else may be misheard: a mind that gets "tengo una lluvia" for "tengo una duda" asks anyway.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from conversation.expectation import DigitEntry, Expectation, Expected
from conversation.phrases import phrases_of, simplified


class Kind(Enum):
    """What a critical word is."""

    ACTION = "action"
    """It does something, or undoes it: cancelar, pagar, confirmo; also the "no" before it."""
    NUMBER = "number"
    NAME = "name"
    ADDRESS = "address"
    """Of an e-mail, in pieces."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as the ear wrote it."""

    text: str
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class CriticalWord:
    """A word that must be right."""

    kind: Kind
    position: int
    """Index among the words heard."""
    word: HeardWord


@dataclass(frozen=True, slots=True)
class _Lists:
    action: re.Pattern[str]
    """Matches one plain word."""
    leaving: re.Pattern[str]
    """Matches plain words up to and including one that only acts in their company: "dar de baja"."""
    negators: frozenset[str]
    vague: frozenset[str]
    """Number words that mostly are none: "uno de", "los dos", "mil gracias"."""
    more_numbers: frozenset[str]
    units: frozenset[str]
    """Behind a vague number word they make it a number."""
    before_number: frozenset[str]
    openings: re.Pattern[str]
    """Before a name."""
    weak_openings: re.Pattern[str]
    """Before a name if it is written with a capital letter: "soy Ana", "soy cliente"."""
    no_name: frozenset[str]
    """Where a name ends, or what stands in its place."""
    particles: frozenset[str]
    """Parts of names that tell nothing."""
    around_address: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SPANISH: Final = _Lists(
    action=re.compile(
        r"^(?:cancel\w*|anul\w+|rescind\w+|suspend\w+|retir(?:ar|e|en)\w*|acept(?:o|ar|e|en)\w*|rechaz\w+|port(?:ar|abilidad)\w*|devoluci\w+|"
        r"desconect\w+|contratar\w*|contrate\w*|confirm\w+|autori[cz]\w+|"
        r"pag(?:ar|ue|uen)\w*|transferir\w*|transfier\w+|devolver\w*|devuelv\w+|bloquear\w*|bloquee\w*|desbloque\w+|renovar\w*|"
        r"eliminar\w*|elimin[ae]|borrar\w*|cobrar\w*|cobre\w*)$"
    ),
    leaving=re.compile(
        r"\b(?:dar\w*|doy|de|den\w*|des|dan|dado|damos|dio) (?:\w+ )?de baja$"
        r"|\b(?:tramit\w+|solicit\w+|pid\w+|quiero|quisiera|deseo|necesito|hagan?|proces\w+) (?:la|una|mi) baja$"
    ),
    negators=_words("no nunca tampoco"),
    vague=_words("uno dos mil cien doble triple"),
    more_numbers=_words(
        "millon millones doscientas trescientas cuatrocientas quinientas seiscientas setecientas novecientas"
    ),
    units=_words("euros euro pesos peso dolares centavos centimos meses dias horas minutos mensualidades megas gigas"),
    before_number=_words("es son numero contrato calle dia"),
    openings=re.compile(
        r"\b(?:me llamo|me apellido|mi (?:nombre|apellido)(?: completo)? es|(?:mis )?apellidos son|a nombre de|"
        r"de parte de|el titular es|la titular es|le habla|le saluda|nombre del titular es|"
        r"soy (?:el|la) (?:senor|senora|senorita|doctor|doctora|licenciado|licenciada|ingeniero|ingeniera|abogado))$"
    ),
    weak_openings=re.compile(r"\b(?:soy|(?<!le )habla)$"),
    no_name=_words(
        "y e o quiero quisiera necesito para por que con tengo llamo desde el un una mi su yo cliente titular usted"
        " no si en a"
    ),
    particles=_words("de del la las los san santa"),
    around_address=_words("arroba punto com es mi correo el electronico email mail guion bajo mx net org la direccion"),
)
_ENGLISH: Final = _Lists(
    action=re.compile(
        r"^(?:cancel\w*|terminat\w+|disconnect\w*|refund\w*|pay|confirm\w*|authori[sz]e\w*|transfer\w*|block\w*|unblock\w*|"
        r"subscribe|unsubscribe|suspend\w*|accept\w*|reject\w*|withdraw\w*|close|order|renew|delete|upgrade|downgrade|charge)$"
    ),
    leaving=re.compile(r"(?!)"),
    negators=_words("no not dont never"),
    vague=_words("one oh two double triple hundred thousand"),
    more_numbers=_words("million"),
    units=_words("euros euro dollars dollar pounds pound cents months days hours minutes"),
    before_number=_words("is are number at costs"),
    openings=re.compile(r"\b(?:my (?:\w+ )?name is|my surname is|i am called|im called|name of|speaking to)$"),
    weak_openings=re.compile(r"\b(?:this is|i am|im)$"),
    no_name=_words("and i want would need to for with a the my from not at on in about speaking calling here"),
    particles=_words("de la van von mac the"),
    around_address=_words("at dot com my email mail address is the dash underscore net org uk"),
)
_LANGUAGES: Final[Mapping[str, _Lists]] = {"es": _SPANISH, "en": _ENGLISH}
_LONGEST_NAME: Final = 4
"""Words."""


def critical_words(
    heard: Sequence[HeardWord], language: str = "es", expected: Expected = Expectation.OPEN
) -> tuple[CriticalWord, ...]:
    """Return the critical words of a turn, in their order; `expected` is what our question asked for."""
    lists = _LANGUAGES.get(language, _SPANISH)
    if isinstance(expected, DigitEntry):
        expected = Expectation.NUMBER
    plain = [" ".join(simplified(word.text)) for word in heard]
    kinds: dict[int, Kind] = {}
    kinds |= dict.fromkeys(_numbers(plain, lists, language, expected), Kind.NUMBER)
    kinds |= dict.fromkeys(_names(heard, plain, lists, expected), Kind.NAME)
    kinds |= dict.fromkeys(_address(plain, lists, language, expected), Kind.ADDRESS)
    kinds |= dict.fromkeys(_actions(plain, lists), Kind.ACTION)
    return tuple(CriticalWord(kinds[position], position, heard[position]) for position in sorted(kinds))


def _actions(plain: Sequence[str], lists: _Lists) -> list[int]:
    found: list[int] = []
    for position, word in enumerate(plain):
        if lists.action.match(word) or lists.leaving.search(" ".join(plain[max(0, position - 4) : position + 1])):
            found.append(position)
            found += [at for at in range(max(0, position - 4), position) if plain[at] in lists.negators]
    return found


def _numbers(plain: Sequence[str], lists: _Lists, language: str, expected: Expected) -> list[int]:
    known = phrases_of(language).numbers | lists.more_numbers

    def is_number(at: int) -> bool:
        return 0 <= at < len(plain) and (plain[at] in known or plain[at].replace(" ", "").isdigit())

    def is_meant(at: int) -> bool:
        if plain[at] not in lists.vague or expected is Expectation.NUMBER:
            return True
        before, after = plain[at - 1] if at else "", plain[at + 1] if at + 1 < len(plain) else ""
        is_hour = at > 1 and before == "las" and plain[at - 2] == "a"
        is_counted = after in lists.units or (before in lists.before_number and after != "de")
        joint = at + 2 < len(plain) and after == "y" and is_number(at + 2)
        return is_number(at - 1) or is_number(at + 1) or joint or is_hour or is_counted

    return [at for at in range(len(plain)) if is_number(at) and is_meant(at)]


def _names(heard: Sequence[HeardWord], plain: Sequence[str], lists: _Lists, expected: Expected) -> list[int]:
    if expected is Expectation.SPELLING:
        return [at for at, word in enumerate(plain) if word not in lists.particles]
    found: list[int] = []
    for at in range(1, len(plain)):
        before = " ".join(plain[max(0, at - 4) : at])
        is_weak = bool(lists.weak_openings.search(before))
        if not is_weak and not lists.openings.search(before):
            continue
        for part in range(at, min(len(plain), at + _LONGEST_NAME)):
            if plain[part] in lists.no_name or (is_weak and not heard[part].text[:1].isupper()):
                break
            if plain[part] not in lists.particles:
                found.append(part)
    return found


def _address(plain: Sequence[str], lists: _Lists, language: str, expected: Expected) -> list[int]:
    sign = {"es": "arroba", "en": "at"}.get(language, "arroba")
    is_address = expected is Expectation.EMAIL or "@" in plain or (language != "en" and sign in plain)
    if not is_address:
        return []
    return [at for at, word in enumerate(plain) if word not in lists.around_address]
