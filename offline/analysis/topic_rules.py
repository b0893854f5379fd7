"""Lists of words and phrases as rules: one regular expression a topic."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from offline.analysis import topic_words
from vocabulary.spoken import plain


@lru_cache(maxsize=4)
def our_rules(language: str) -> Mapping[str, re.Pattern[str]]:
    """Return the rules of our own topics; Spanish where the language has none."""
    lists = topic_words.ENGLISH if language == "en" else topic_words.SPANISH
    return {name: rule_of(tuple(terms.split("|"))) for name, terms in lists.items()}


@lru_cache(maxsize=256)
def rule_of(terms: Sequence[str]) -> re.Pattern[str]:
    """Return the rule of some terms, in which a `*` stands for any ending."""
    written = []
    for term in terms:
        is_open = term.strip().endswith("*")
        words = [re.escape(word) for word in plain(term.replace("*", " * ").replace(" * ", "QQ ")).split()]
        written.append(" ".join(word.replace("qq", r"\w*") for word in words) + ("" if is_open else r"(?!\w)"))
    return re.compile(r"(?<!\w)(?:" + "|".join(sorted(written, key=len, reverse=True)) + ")")


def without_everyday(text: str) -> str:
    """Return the plain text between blanks, without phrases whose words mean something else here than in business."""
    said = f" {plain(text)} "
    for phrase in topic_words.EVERYDAY:
        said = said.replace(f" {phrase} ", " ")
    return said
