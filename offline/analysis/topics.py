"""What a call is about: the topics of its turns, ours by a model, the agent's own by words and phrases."""

from dataclasses import dataclass
from typing import Final

from offline.analysis.call import AgentVocabulary, CallToAnalyse
from offline.analysis.topic_model import TOPICS, shipped_model
from offline.analysis.topic_rules import rule_of, without_everyday
from vocabulary.speech import Speaker

VERSION: Final = "2"

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
    told = shipped_model().topics(text, language)
    said = without_everyday(text)
    own = (name for name, terms in vocabulary.topics.items() if terms and rule_of(tuple(terms)).search(said))
    return (*(name for name in TOPICS if name in told), *own)


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
