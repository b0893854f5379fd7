"""What a caller's words show of their mood, turn by turn, and where the mood goes. Pure, and far below a millisecond.

A score runs from -1 to 1. The four labels stand for ways to answer, the five levels for how strong it is; around the
label's usual score (frustrated -0.7, confused -0.3, neutral 0, positive 0.8) the words move it. It reads words only:
irony without a second clause ("qué maravilla") is taken at its word.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Final

from conversation.sentiment_lexicon import Hit, Lexicon, breaks_in, lexicon_of, spoken_words
from conversation.sentiment_lists import Sign

ALERT_BELOW: Final = -0.5
"""A score under this is worth telling a supervisor."""

_FRUSTRATED_UP_TO: Final = -0.4
_POSITIVE_FROM: Final = 0.35
_CONFUSED_SCORE: Final = -0.3
_CLEARLY_FRUSTRATED: Final = -0.55
"""Whoever is this unhappy may also be confused, but needs another answer than an explanation."""
_NEGATION_REACH: Final = 3
"""Words between a negator and what it denies, at most."""
_INTENSITY_REACH: Final = 2
_STRONGER: Final = 1.25
_WEAKER: Final = 0.7
_BEFORE_THE_TURNING: Final = 0.3
"""What is left of "gracias" in "gracias, pero …"."""
_BEFORE_THE_SOLUTION: Final = 0.15
_DENIED_GOOD: Final = -0.8
"""No contento: about as bad as contento is good."""
_DENIED_BAD: Final = -0.3
"""No molesto: hardly more than neutral."""
_MINOR_SHARE: Final = 0.2
"""Of the weaker side, when good and bad stand side by side; the bad one leads: politeness surrounds complaints."""
_EACH_MORE: Final = 0.08
"""Every further bad (or good) phrase."""
_REFUSAL_WORDS: Final = 4
"""Before the thanks."""
_TONE_SHARE: Final = 0.25
"""The most a voice moves a score."""
_COMPLAINS_BELOW: Final = -0.1
"""Words under it say that something is wrong, if only a little: an agitated voice lifts the doubt how much."""


class Mood(Enum):
    """How to answer somebody who speaks so."""

    FRUSTRATED = "frustrated"
    CONFUSED = "confused"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Level(Enum):
    """How strong it is."""

    VERY_NEGATIVE = "very_negative"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    VERY_POSITIVE = "very_positive"


class Trend(Enum):
    """Where the mood goes in a call."""

    WORSENING = "worsening"
    STEADY = "steady"
    IMPROVING = "improving"


@dataclass(frozen=True, slots=True)
class Prosody:
    """What the voice said beside the words; `voice_baseline` measures it."""

    tone: float = 0.0
    """-1 (upset) to 1 (cheerful), of whoever can tell these apart; our own measurement cannot, and leaves it 0."""
    certainty: float = 1.0
    """0 to 1, of whoever measured it."""
    agitation: float = 0.0
    """0 (as usual) to 1 (much louder, higher, faster): it strengthens a complaint and means nothing without one."""


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The mood of one turn."""

    mood: Mood
    score: float
    """-1 to 1, two decimals."""

    @property
    def level(self) -> Level:
        """Return the score in words."""
        if self.score <= -0.8:
            return Level.VERY_NEGATIVE
        if self.score <= -0.25:
            return Level.NEGATIVE
        if self.score < 0.35:
            return Level.NEUTRAL
        return Level.POSITIVE if self.score < 0.9 else Level.VERY_POSITIVE

    @property
    def is_alarming(self) -> bool:
        """True when a supervisor should know."""
        return self.score < ALERT_BELOW


NO_SENTIMENT: Final = Sentiment(Mood.NEUTRAL, 0.0)


def sentiment_of(text: str, language: str = "es", prosody: Prosody | None = None) -> Sentiment:
    """Read the mood of one turn."""
    lexicon = lexicon_of(language)
    words = spoken_words(text)
    good = bad = 0.0
    is_confused = words in lexicon.lists.whole_confusions
    for weight, sign in _weighed(words, breaks_in(text), lexicon):
        if sign is Sign.CONFUSION:
            is_confused = is_confused or weight < _CONFUSED_SCORE / 2
        elif weight > 0:
            good = _gathered(good, weight)
        else:
            bad = -_gathered(-bad, -weight)
    return _judged(good, bad, is_confused, prosody)


def trend_of(scores: Sequence[float]) -> Trend:
    """Compare the last three turns with those before them (up to three); fewer than two turns go nowhere."""
    recent = scores[-3:] if len(scores) > 3 else scores[-1:]
    before = scores[: -len(recent)][-3:]
    if not before:
        return Trend.STEADY
    change = sum(recent) / len(recent) - sum(before) / len(before)
    if change <= -0.25:
        return Trend.WORSENING
    return Trend.IMPROVING if change >= 0.25 else Trend.STEADY


def _judged(good: float, bad: float, is_confused: bool, prosody: Prosody | None) -> Sentiment:
    is_led_by_bad = bad <= _FRUSTRATED_UP_TO
    score = min(_FRUSTRATED_UP_TO, bad + _MINOR_SHARE * good) if is_led_by_bad else good + bad
    if is_confused and score > _CLEARLY_FRUSTRATED:
        score = _CONFUSED_SCORE + min(0.0, score) / 4
        mood = Mood.CONFUSED
    else:
        mood = Mood.NEUTRAL
    if prosody is not None:
        score += _moved_by(prosody, score)
    score = round(max(-1.0, min(1.0, score)), 2)
    if mood is Mood.NEUTRAL:
        mood = _mood_of(score)
    return Sentiment(mood, score)


def _moved_by(prosody: Prosody, score: float) -> float:
    """Return what the voice adds to the words' score; joy and anger sound alike: agitation adds to complaints only."""
    move = max(-1.0, min(1.0, prosody.tone))
    if score < _COMPLAINS_BELOW:
        move = max(-1.0, move - max(0.0, min(1.0, prosody.agitation)))
    return _TONE_SHARE * move * max(0.0, min(1.0, prosody.certainty))


def _mood_of(score: float) -> Mood:
    if score <= _FRUSTRATED_UP_TO:
        return Mood.FRUSTRATED
    return Mood.POSITIVE if score >= _POSITIVE_FROM else Mood.NEUTRAL


def _gathered(so_far: float, weight: float) -> float:
    """The strongest phrase leads, each further one adds a little."""
    if not so_far:
        return weight
    return max(so_far, weight) + _EACH_MORE


def _weighed(words: Sequence[str], breaks: Set[int], lexicon: Lexicon) -> Iterator[tuple[float, Sign]]:
    """Yield what each phrase weighs where it stands: denied, strengthened, outweighed by what follows."""
    hits = list(lexicon.hits(words, breaks))
    turning = max((place for place, word in enumerate(words) if word in lexicon.lists.turnings), default=-1)
    if not any(hit.begin > turning and hit.sign is not Sign.IDIOM for hit in hits):
        turning = -1  # "pero" leads nowhere we know of
    solved_at = max((hit.begin for hit in hits if hit.sign is Sign.SOLVED), default=-1)
    known = 0  # words up to here belong to phrases already: a "no" among them denies nothing else
    for hit in hits:
        before = words[max(known, hit.begin - _NEGATION_REACH, _last_break(breaks, hit.begin)) : hit.begin]
        known = hit.end
        if hit.sign is Sign.IDIOM or _is_name(words, hit.begin, lexicon):
            continue
        if hit.sign is Sign.COURTESY and _declines(words, hit):
            continue
        weight = _in_its_place(hit, before, lexicon)
        if hit.begin < turning:
            weight *= _BEFORE_THE_TURNING
        if hit.begin < solved_at and weight < 0:
            weight *= _BEFORE_THE_SOLUTION
        yield weight, hit.sign


def _is_name(words: Sequence[str], place: int, lexicon: Lexicon) -> bool:
    """Tell a name from a feeling: "mi apellido es Bueno", "la calle Alegría"."""
    before = words[max(0, place - 3) : place]
    named = [word for word in before if word not in lexicon.lists.skippable]
    return not lexicon.lists.naming.isdisjoint(before) or bool(named and named[-1] in lexicon.lists.named)


def _declines(words: Sequence[str], hit: Hit) -> bool:
    """Tell "no hace falta, gracias" from thanks: a short refusal that ends politely."""
    return words[0] == "no" and hit.begin <= _REFUSAL_WORDS and hit.end == len(words)


def _last_break(breaks: Set[int], place: int) -> int:
    return max((at for at in breaks if at <= place), default=0)


def _in_its_place(hit: Hit, before: Sequence[str], lexicon: Lexicon) -> float:
    """Weigh a phrase by the few words before it."""
    weight = hit.weight
    is_denied = is_possible = False
    lists = lexicon.lists
    for distance, word in enumerate(reversed(before)):
        if word in lists.borders or word in lists.turnings:
            break
        is_denied = is_denied or word in lists.negators
        is_possible = is_possible or word in lists.questioners
        if distance < _INTENSITY_REACH and word in lists.intensifiers:
            weight *= _STRONGER
        elif distance < _INTENSITY_REACH and word in lists.diminishers:
            weight *= _WEAKER
    if is_possible and weight < 0 and hit.sign is not Sign.CONFUSION:
        return 0.0
    if not is_denied:
        return max(-1.0, min(1.0, weight))
    if hit.sign is Sign.COURTESY:
        return 0.0
    return weight * (_DENIED_GOOD if weight > 0 else _DENIED_BAD)
