"""What kind of word a word may be, from the lists and its ending: noun, adjective, verb, gender, number and person.

A kind is a guess good enough to say that "una" seldom stands before a masculine noun and "todos" seldom before "está".
A word may be of several kinds; small words that hold a language together are each a kind of their own. Pure.
"""

import re
from functools import cache
from typing import Final

from engines.correction.inflection import spanish_forms


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


OWN: Final = _set(
    "a ante con contra de desde durante en entre hacia hasta para por según sin sobre tras al del el la los las lo "
    "un una unos unas uno este esta estos estas esto ese esa esos esas eso aquel aquella yo tú él ella usted "
    "nosotros ellos ellas ustedes me te se nos os le les mí ti sí si conmigo mi mis tu tus su sus nuestro nuestra "
    "que qué quien quién cual cuál cuando cuándo cuánto cuánta cuántos cuántas donde dónde como cómo porque pero "
    "y e o u ni no ya muy más menos tan tanto mucho mucha muchos muchas poco poca todo toda todos todas otro otra "
    "otros otras algún alguna algunos algunas ningún ninguna nada nadie algo alguien cada hay ha he has han hemos "
    "había es son está están era fue ser estar estoy soy haber hace sea ahí aquí allí así también tampoco ay aún "
    "todavía siempre nunca ahora hoy ayer mañana vez"
)
"""Each a kind of its own."""
_MANLY: Final = _set(
    "día mapa tema problema sistema programa idioma clima planeta sofá drama síntoma diploma esquema trauma coma "
    "panorama poema telegrama crucigrama diagrama kilograma gramo"
)
_WOMANLY: Final = _set(
    "mano foto moto radio luz voz vez red pared piel sal miel señal cárcel flor labor sangre noche tarde clase calle "
    "llave nube nieve leche carne fiebre gente parte suerte muerte fuente puente frase base fase sede torre mente "
    "nariz cruz paz raíz tos ley sed tribu catedral imagen orden razón sartén"
)
_NUMBERS: Final = _set(
    "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho "
    "diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien doscientos trescientos "
    "quinientos mil veinticinco"
)
_ONTO: Final = re.compile(r"(?:r|ndo|[áéíóú]\w*)(?:me|te|se|nos|l[aeo]s?)$")
"""Pronouns written onto a verb."""
_SINGULAR: Final = str.maketrans("áéíóú", "aeiou")


@cache
def kinds_of(word: str) -> tuple[str, ...]:
    """Return the kinds `word` may be of: "?" for what nobody knows, itself for a small word or a token."""
    if word in OWN or word.startswith("<"):
        return (word,)
    if word in _NUMBERS:
        return ("number",)
    forms = spanish_forms()
    found: list[str] = []
    if word in forms.nouns:
        found.append("n" + _gender(word) + _number(word))
    if word in forms.adjectives:
        found.append("adv" if word.endswith("mente") else "a" + _gender_of_adjective(word) + _number(word))
    if word in forms.verbs:
        found.append(_of_verb(word))
    if word in forms.others:
        found.append("other")
    return tuple(found) or ("?",)


def is_common(word: str) -> bool:
    """Does the word belong to what people say every day?"""
    return word in spanish_forms().common


def _number(word: str) -> str:
    return "p" if word.endswith("s") and not word.endswith(("és", "ús", "ís", "is")) else "s"


def _gender(word: str) -> str:
    one = word
    if word.endswith("ces"):
        one = word[:-3] + "z"
    elif word.endswith("es") and word[-3:-2] in "ndlrsj":
        one = word[:-2]
    elif word.endswith("s"):
        one = word[:-1]
    if one in _WOMANLY:
        return "f"
    if one in _MANLY:
        return "m"
    plain = one.translate(_SINGULAR)
    if plain.endswith(("cion", "sion", "dad", "tad", "tud", "umbre", "ez", "gion", "nion", "itis", "sis")):
        return "f"
    if one.endswith("ista") or one.endswith("nte"):
        return "c"
    return "f" if one.endswith(("a", "ía")) else "m"


def _gender_of_adjective(word: str) -> str:
    one = word[:-1] if word.endswith("s") else word
    return "f" if one.endswith("a") else "m" if one.endswith("o") else "c"


def _of_verb(word: str) -> str:
    if _ONTO.search(word) and not word.endswith(("aste", "iste", "ás", "és", "ís")):
        return "v+infinitive" if re.search(r"r(?:me|te|se|nos|l[aeo]s?)$", word) else "v+"
    if word.endswith(("ar", "er", "ir", "ír")):
        return "vr"
    if word.endswith("ndo"):
        return "vndo"
    if word.endswith(("ado", "ido", "ído")):
        return "vdo"
    if word.endswith(("ada", "ida", "ados", "idos", "adas", "idas")):
        return "a" + _gender_of_adjective(word) + _number(word)
    if word.endswith("mos"):
        return "v1p"
    if word.endswith("n"):
        return "v3p"
    if word.endswith(("s", "ste")):
        return "v2"
    if word.endswith(("o", "é", "í")):
        return "v1"
    return "v3"
