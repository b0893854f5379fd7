"""What a call is about: the topics of its turns, by words and phrases, the agent's own beside ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from offline.analysis import topic_words
from offline.analysis.call import AgentVocabulary, CallToAnalyse
from vocabulary.speech import Speaker
from vocabulary.spoken import plain

VERSION: Final = "1"

_AGENT_SHARE: Final = 0.5
"""What we say ourselves tells less: we also read out offers."""
_ENOUGH: Final = 1.0
"""So much must be said of a topic for it to be one of the call's: once by the caller, or twice by us."""
_NOTHING: Final = AgentVocabulary()


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that a call is about."""

    name: str
    share: float
    """Of everything that told a topic, 0 to 1."""
    turns: tuple[int, ...]
    """Places of the turns that tell it."""


def topics_of(text: str, language: str = "es", vocabulary: AgentVocabulary = _NOTHING) -> tuple[str, ...]:
    """Return the topics of one utterance: ours in their order, then the agent's."""
    said = f" {plain(text)} "
    for phrase in topic_words.EVERYDAY:
        said = said.replace(f" {phrase} ", " ")
    return tuple(
        name for name, rule in (*_ours(language).items(), *_own(vocabulary).items()) if rule.search(said) is not None
    )


def analyse(call: CallToAnalyse) -> tuple[Topic, ...]:
    """Return the topics of a call, the one most spoken of first."""
    weight: dict[str, float] = {}
    turns: dict[str, list[int]] = {}
    for place, turn in enumerate(call.turns):
        for name in topics_of(turn.text, call.language, call.vocabulary):
            weight[name] = weight.get(name, 0.0) + (1.0 if turn.speaker is Speaker.CALLER else _AGENT_SHARE)
            turns.setdefault(name, []).append(place)
    kept = [name for name, said in weight.items() if said >= _ENOUGH]
    total = sum(weight[name] for name in kept)
    kept.sort(key=lambda name: (-weight[name], turns[name][0], name))
    return tuple(Topic(name, round(weight[name] / total, 3), tuple(turns[name])) for name in kept)


@lru_cache(maxsize=4)
def _ours(language: str) -> Mapping[str, re.Pattern[str]]:
    lists = topic_words.ENGLISH if language == "en" else topic_words.SPANISH
    return {name: _rule(terms.split("|")) for name, terms in lists.items()}


def _own(vocabulary: AgentVocabulary) -> Mapping[str, re.Pattern[str]]:
    return {name: _rule_of(tuple(terms)) for name, terms in vocabulary.topics.items() if terms}


@lru_cache(maxsize=256)
def _rule_of(terms: tuple[str, ...]) -> re.Pattern[str]:
    return _rule(terms)


def _rule(terms: list[str] | tuple[str, ...]) -> re.Pattern[str]:
    written = []
    for term in terms:
        is_open = term.strip().endswith("*")
        words = [re.escape(word) for word in plain(term.replace("*", " * ").replace(" * ", "QQ ")).split()]
        written.append(" ".join(word.replace("qq", r"\w*") for word in words) + ("" if is_open else r"(?!\w)"))
    return re.compile(r"(?<!\w)(?:" + "|".join(sorted(written, key=len, reverse=True)) + ")")
