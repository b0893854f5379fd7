"""All entities of a call; of two readings of the same words, the more specific kind stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from offline.analysis.call import CallToAnalyse
from offline.analysis.entities import addresses, dates, emails, identifiers, money, phones, times
from offline.analysis.entities.entity import Entity, Found, Kind, Setting
from offline.analysis.tokens import Spoken, spoken

VERSION: Final = "entities-" + ".".join(
    part.VERSION for part in (emails, identifiers, addresses, phones, money, dates, times)
)

_FINDERS: Final[Sequence[Callable[[Spoken, Setting], list[Found]]]] = (
    emails.find, identifiers.find, addresses.find, phones.find, money.find, dates.find, times.find,
)  # fmt: skip
_ORDER: Final = {kind: place for place, kind in enumerate(Kind)}
"""`Kind` lists the most specific first."""


@dataclass(frozen=True, slots=True)
class Entities:
    """What was named in a call, in the order of speaking."""

    entities: tuple[Entity, ...]

    def of(self, kind: Kind) -> tuple[Entity, ...]:
        """Return those of one kind."""
        return tuple(entity for entity in self.entities if entity.kind is kind)


def find(text: str, language: str, setting: Setting) -> list[Found]:
    """Return the entities of one utterance, from the left, none upon another."""
    said = spoken(text, language)
    every = [one for finder in _FINDERS for one in finder(said, setting)]
    kept: list[Found] = []
    for one in sorted(every, key=lambda one: (_ORDER[one.kind], -(one.end - one.begin), one.begin)):
        if all(one.end <= other.begin or one.begin >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.begin)


def analyse(call: CallToAnalyse) -> Entities:
    """Return the entities of both sides of a call."""
    setting = Setting(call.started.date(), call.country)
    return Entities(
        tuple(
            Entity(
                kind=one.kind,
                value=one.value,
                text=one.value if one.kind is Kind.PAYMENT_CARD else turn.text[one.begin : one.end],
                turn=place,
                speaker=turn.speaker,
                begin=one.begin,
                end=one.end,
                confidence=one.confidence,
                granularity=one.granularity,
            )
            for place, turn in enumerate(call.turns)
            for one in find(turn.text, call.language, setting)
        )
    )
