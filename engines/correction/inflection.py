"""Spanish words from word lists of our own: verbs conjugated, nouns and adjectives in number and gender. Pure.

The forms need not be complete, and a few that nobody says do no harm: they only tell the second listening which words
are right as they stand, so that it leaves them alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from engines.correction.conjugation import WHOLE, conjugated

_LISTS: Final = Path(__file__).parent / "spanish"
_TO_ACUTE: Final = str.maketrans("aeiou", "áéíóú")
_FROM_ACUTE: Final = str.maketrans("áéíóú", "aeiou")
_HARD: Final = (("c", "qu"), ("g", "gu"), ("z", "c"))


def numbered(noun: str) -> Iterator[str]:
    """Yield singular and plural, and the diminutives."""
    yield noun
    yield from plurals(noun)
    yield from _diminutives(noun)


def plurals(noun: str) -> Iterator[str]:
    """Yield the plural; two where both are said."""
    end, before = noun[-1], noun[-2:-1]
    if end in "aeoáéó":
        yield noun + "s"
    elif end in "íú":
        yield from (noun + "s", noun + "es")
    elif end in "iu":
        yield noun + "s"
    elif end == "z":
        yield noun[:-1] + "ces"
    elif end == "y":
        yield from (noun + "es", noun[:-1] + "is")
    elif end == "s":
        if before in "íú" and noun[-3:-2] in tuple("aeo"):
            yield noun + "es"  # países
        elif before in "áéíóú":
            yield noun[:-2] + before.translate(_FROM_ACUTE) + "ses"
        elif sum(letter in "aeiouáéíóú" for letter in noun) == 1:
            yield noun + "es"
    elif end == "x":
        return
    elif before in "áéíóú" and end in "nlrd" and not (before in "íú" and noun[-3:-2] in "aeo"):
        # "jabones"; but "baúles" keeps its accent
        yield noun[:-2] + before.translate(_FROM_ACUTE) + end + "es"
    elif end == "n" and not any(letter in "áéíóú" for letter in noun) and len(noun) > 4 and before in "eio":
        yield _acute(noun[:-2]) + noun[-2:] + "es"  # exámenes, jóvenes
    elif end in "nlrdj":
        yield noun + "es"
    else:
        yield from (noun + "s", noun + "es")


def _diminutives(noun: str) -> Iterator[str]:
    bare = noun.translate(_FROM_ACUTE)
    if len(noun) < 4 or noun[-1] in "áíóúsy":
        return
    if noun[-1] == "é":
        yield from (bare + "cito", bare + "citos")
    elif noun[-1] in "ao":
        stem = _respelled(bare[:-1])
        yield from (f"{stem}it{noun[-1]}", f"{stem}it{noun[-1]}s")
    elif noun[-1] == "e":
        yield from (bare + "cito", bare + "cita", bare + "citos", bare + "citas")
    elif noun[-1] in "nr":
        yield from (bare + "cito", bare + "citos", bare + "cita")
    elif noun[-1] == "l":
        yield from (bare + "ito", bare + "itos", bare + "ita")


def _respelled(stem: str) -> str:
    """Return a stem as it is spelled before e and i: amigu-ito, poqu-ito."""
    if stem.endswith("gu"):
        return stem[:-1] + "ü"
    return next((stem[:-1] + spelled for hard, spelled in _HARD if stem.endswith(hard)), stem)


def _acute(stem: str) -> str:
    """Return the stem with an accent on its last vowel: "exam" becomes "exám"."""
    for place in range(len(stem) - 1, -1, -1):
        if stem[place] in "aeo" or (stem[place] in "iu" and (place == 0 or stem[place - 1] not in "aeoqg")):
            return stem[:place] + stem[place].translate(_TO_ACUTE) + stem[place + 1 :]
    return stem


def gendered(adjective: str) -> Iterator[str]:
    """Yield an adjective in both genders and numbers, its diminutives, its superlative and its adverb."""
    feminine = adjective
    if adjective[-1] == "o":
        feminine = adjective[:-1] + "a"
    elif adjective[-2:] in ("or", "és", "án", "ón", "ín") and adjective not in _ONE_GENDER:
        feminine = adjective[:-2] + adjective[-2].translate(_FROM_ACUTE) + adjective[-1] + "a"
    yield from (adjective, *plurals(adjective), *_diminutives(adjective))
    if feminine != adjective:
        yield from (feminine, feminine + "s", *_diminutives(feminine))
    stem = adjective[:-1] if adjective[-1] in "oe" else adjective if adjective[-1] == "l" else ""
    if stem:
        spelled = _respelled(stem.translate(_FROM_ACUTE)) if adjective[-1] == "o" else stem.translate(_FROM_ACUTE)
        spelled = spelled.removesuffix("i")
        yield from (f"{spelled}ísim{end}" for end in ("o", "a", "os", "as"))
    yield feminine + "mente"


_ONE_GENDER: Final = frozenset(
    (
        "mayor",
        "menor",
        "mejor",
        "peor",
        "superior",
        "inferior",
        "anterior",
        "posterior",
        "interior",
        "exterior",
        "marrón",
        "cortés",
        "ulterior",
    )
)


def _listed(name: str) -> Iterator[str]:
    for line in (_LISTS / name).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield from line.split()


def _verbs(*names: str) -> dict[str, str]:
    """Return each infinitive once, with what its stem does."""
    found: dict[str, str] = {}
    for name in names:
        for entry in _listed(name):
            infinitive, _, change = entry.partition(":")
            if change or infinitive not in found:
                found[infinitive] = change
    return found


def _of_verb(infinitive: str, change: str) -> Iterator[str]:
    yield from conjugated(infinitive, change)
    stem = infinitive[:-2]
    able = stem + ("able" if infinitive.endswith("ar") else "ible")
    yield from (able, able + "s")


def _doers(infinitive: str) -> Iterator[str]:
    doer = infinitive[:-2] + (
        "ador" if infinitive.endswith("ar") else "edor" if infinitive.endswith("er") else "idor"
    )  # fmt: skip
    yield from (doer, doer + "a", doer + "es", doer + "as")


def _of_noun(noun: str) -> Iterator[str]:
    yield from numbered(noun)
    if noun.endswith(("or", "ero", "ario", "ico", "ano", "ado", "ido")):
        feminine = noun[:-1] + "a" if noun.endswith("o") else noun + "a"
        yield from (feminine, feminine + "s")


@dataclass(frozen=True, slots=True)
class Forms:
    """What the lists come to, by kind of word; a form may be of several."""

    verbs: frozenset[str]
    nouns: frozenset[str]
    adjectives: frozenset[str]
    others: frozenset[str]
    """Names and towns among them."""
    common: frozenset[str]
    """Forms of the shorter lists: what people say every day."""


@cache
def spanish_forms() -> Forms:
    """Return every form of the lists: a second of work, once."""
    often = _verbs("verbs.txt")
    seldom = {one: change for one, change in _verbs("verbs_more.txt").items() if change or one not in often}
    daily = {form for one, change in (often | dict.fromkeys(WHOLE, "")).items() for form in _of_verb(one, change)}
    verbs = daily | {form for one, change in seldom.items() for form in _of_verb(one, change)}
    everyday_nouns = {form for noun in set(_listed("nouns.txt")) for form in _of_noun(noun)}
    doers = {form for one in (*often, *seldom) for form in _doers(one)}
    nouns = everyday_nouns | doers | {form for noun in set(_listed("nouns_more.txt")) for form in _of_noun(noun)}
    plain = {form for adjective in set(_listed("adjectives.txt")) for form in gendered(adjective)}
    adjectives = plain | {form for one in set(_listed("adjectives_more.txt")) for form in gendered(one)}
    small = set(_listed("others.txt"))
    return Forms(
        frozenset(verbs), frozenset(nouns), frozenset(adjectives),
        frozenset(small | set(_listed("names.txt")) | set(_listed("places.txt"))),
        frozenset(daily | everyday_nouns | plain | small),
    )  # fmt: skip


@cache
def rare_words() -> frozenset[str]:
    """Return words that are right where they stand, and that nobody means by something else: names, rarer words."""
    found = {form for noun in _listed("nouns_rare.txt") for form in _of_noun(noun)}
    found.update(form for one in _listed("adjectives_rare.txt") for form in gendered(one))
    found.update(one for name in ("names_rare.txt", "places_rare.txt", "others_rare.txt") for one in _listed(name))
    return frozenset(found)


@cache
def spanish_words() -> frozenset[str]:
    """Return every form of the lists: more than a hundred thousand, in less than a second, once."""
    forms = spanish_forms()
    return forms.verbs | forms.nouns | forms.adjectives | forms.others
