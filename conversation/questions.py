"""Whether a turn asks something, and which words of it carry what is asked."""

from collections.abc import Sequence
from typing import Final

from conversation.phrases import simplified
from conversation.sentiment_lexicon import lexicon_of, spoken_words
from conversation.sentiment_lists import Sign, word_set

_ACCENTED: Final = word_set("qué cómo cuál cuáles dónde adónde cuándo cuánto cuánta cuántos cuántas quién quiénes")
_FIRST_WORDS: Final = {
    "es": word_set(
        "que cual cuales cuanto cuanta cuantos cuantas quien quienes adonde puedo puede pueden podria podrian"
    ),
    "en": word_set("what how which where why when who whose do does did is are can could will would should may am"),
}
"""Without accents and question marks only the first word tells; "como", "cuando", "donde" begin other sentences too."""
_ASIDES: Final = {
    "es": word_set("y pero si no ya ah eh oiga oye pues vale bueno que a de en por para con entonces"),
    "en": word_set("and but yes no so well ok okay to i mean"),
}
"""Words that may stand before the one that asks."""
_QUESTION_WORDS: Final = frozenset(simplified(" ".join(_ACCENTED))) | word_set(
    "what how which where why when who whose"
)
_INDIRECT: Final = ("pregunto", "preguntaba", "mi pregunta", "insisto", "que si", "i asked", "im asking", "my question")
"""Phrases that make a question of what follows."""

_EMPTY: Final = {
    "es": word_set(
        "a al ante con de del desde e el ella ellas ellos en entre es esa ese eso esta este esto ha han hay he la"
        " las le les lo los mas me mi mis muy ni no nos o para pero por porque pues que se ser si sin sobre son su"
        " sus tambien te tengo tener tiene tu tus u un una unas uno unos usted ustedes va voy y ya yo ir puede"
        " puedo pueden podria podrian podemos poder quiero quisiera digo digame decir dice dije dicho pregunto"
        " preguntaba pregunta vale bueno oiga oye eh ah favor gracias hacer hago hace como cual cuales cuando"
        " cuanto cuanta cuantos cuantas donde quien otra vez repito van vuelvo entonces sea era fue estoy"
    ),
    "en": word_set(
        "a an the of to in on at for with from by and or but so is are was were be am do does did have has had i"
        " you he she it we they me my your his her our their this that these those yes no not can could will would"
        " should may please how what which where when why who if then ok okay said asked mean again"
    ),
}
"""Words that stand in any question; what two questions share of the others makes them one."""
_LONGEST_STEM: Final = 5
"""Letters by which inflected forms meet: instalar, instalación."""


def is_question(text: str, language: str = "es") -> bool:
    """True when the turn asks something; "¿cómo no?" and "qué bien" do not."""
    words = spoken_words(text)
    if not words or ("!" in text and "?" not in text) or _is_exclamation(words, language):
        return False
    if "?" in text:
        return True
    if language == "es" and not _ACCENTED.isdisjoint(_letters(text)):
        return True
    spoken = f" {' '.join(words)} "
    if any(f" {phrase} " in spoken for phrase in _INDIRECT):
        return True
    openings = _FIRST_WORDS.get(language, _FIRST_WORDS["es"])
    asides = _ASIDES.get(language, _ASIDES["es"])
    for word in words:
        if word in openings and not (word == "que" and len(words) > 1 and words[0] != "que"):
            return language == "en" or len(words) > 1
        if word not in asides:
            break
    return False


def subject_words(text: str, language: str = "es") -> frozenset[str]:
    """Return what the turn is about: its telling words, inflected forms made alike."""
    empty = _EMPTY.get(language, _EMPTY["es"])
    return frozenset(word[:_LONGEST_STEM] for word in spoken_words(text) if word not in empty and len(word) > 1)


def asked_with(text: str) -> frozenset[str]:
    """Return the question words: "cuánto" and "cuándo" ask different things of one subject."""
    return frozenset(spoken_words(text)) & _QUESTION_WORDS


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of words in common, 0 to 1, of all words of both."""
    return len(one & other) / len(one | other) if one and other else 0.0


def same_words(one: str, other: str, language: str = "es") -> bool:
    """True when both say the same, apart from what may stand before a question."""
    asides = _ASIDES.get(language, _ASIDES["es"])
    said, before = ([word for word in spoken_words(text) if word not in asides] for text in (one, other))
    return said == before and bool(said)


def _is_exclamation(words: Sequence[str], language: str) -> bool:
    """Tell "qué bien", "¿cómo no?", "qué vergüenza" from questions: the lists know them as feelings or idioms."""
    hits = list(lexicon_of(language).hits(words))
    if any(hit.begin == 0 and hit.end >= 2 and hit.sign in (Sign.FEELING, Sign.IDIOM) for hit in hits):
        return True
    return words[0] in ("que", "what") and any(
        hit.end == len(words) > hit.begin == 1 and hit.sign is Sign.FEELING for hit in hits
    )


def _letters(text: str) -> list[str]:
    """Return the words with their accents."""
    return "".join(letter if letter.isalpha() else " " for letter in text.lower()).split()
