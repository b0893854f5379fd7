"""How well what we said follows from what the caller said: answers to the point, no repeating, no not understanding."""

from dataclasses import dataclass
from typing import Final

from conversation.context import CallerTurn, Issue, analyse_context
from offline.analysis.call import CallToAnalyse, SpokenTurn
from offline.analysis.intent_model import shipped_model
from offline.analysis.intents import OTHER
from offline.analysis.topics import topics_of
from vocabulary.speech import Speaker
from vocabulary.spoken import contains_phrase, words

VERSION: Final = "1"

_WEIGHTS: Final = {"answers_to_the_point": 0.5, "nothing_asked_twice": 0.25, "understood": 0.25}
_STEM: Final = 5
"""Words that begin with the same five letters are about the same thing: "factura", "facturación"."""
_REACTIONS: Final = {
    "es": ("entiendo", "lamento", "lo siento", "de acuerdo", "perfecto", "claro", "por supuesto", "muy bien", "gracias",
           "hasta luego", "adios", "un momento", "le paso", "le transfiero", "me puede decir", "digame", "anotado",
           "confirmo", "he anotado", "queda", "enseguida"),
    "en": ("i understand", "i am sorry", "of course", "perfect", "thank you", "goodbye", "one moment", "certainly",
           "i will", "could you tell me", "noted", "let me"),
}  # fmt: skip
_NOT_UNDERSTOOD: Final = {
    "es": ("no le he entendido", "no le entendi", "no he entendido", "puede repetir", "me lo puede repetir",
           "no le he oido", "no le escucho", "me lo repite", "disculpe no", "podria repetir"),
    "en": ("did not understand", "did not catch", "could you repeat", "say that again", "did not get that"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coherence:
    """How a call hangs together; every part from 0 to 1, None where there was nothing to judge."""

    score: float | None
    """The weighted mean of the parts that are known."""
    parts: dict[str, float | None]
    strange_turns: tuple[int, ...]
    """Places of our answers that follow from nothing the caller had said."""
    repeated_turns: tuple[int, ...]
    """Places of the caller's turns that ask the same again."""
    misunderstood_turns: tuple[int, ...]
    """Places of our turns that ask for a repetition."""


def analyse(call: CallToAnalyse) -> Coherence:
    """Judge a call; one without words has no score."""
    language = "en" if call.language == "en" else "es"
    answers = _answers(call)
    misunderstood = tuple(
        place
        for place, turn in enumerate(call.turns)
        if turn.speaker is Speaker.AGENT and any(contains_phrase(turn.text, said) for said in _NOT_UNDERSTOOD[language])
    )
    strange = tuple(
        place
        for place, (question, answer) in answers.items()
        if place not in misunderstood and not _follows(question, answer, call, language)
    )
    repeated = _repeated(call)
    judged = len([place for place in answers if place not in misunderstood])
    caller_turns = len(call.caller_turns)
    parts: dict[str, float | None] = {
        "answers_to_the_point": round(1 - len(strange) / judged, 3) if judged else None,
        "nothing_asked_twice": round(1 - len(repeated) / caller_turns, 3) if caller_turns else None,
        "understood": round(1 - min(1.0, len(misunderstood) / len(answers)), 3) if answers else None,
    }
    known = {name: value for name, value in parts.items() if value is not None}
    total = sum(_WEIGHTS[name] for name in known)
    score = round(sum(_WEIGHTS[name] * value for name, value in known.items()) / total, 3) if known else None
    return Coherence(score, parts, strange, repeated, misunderstood)


def _answers(call: CallToAnalyse) -> dict[int, tuple[str, str]]:
    """Return what was asked and all that was answered at once, by the place where the answer begins.

    Answers to mere answers ("sí", "el martes") are left out: anything may follow those.
    """
    found: dict[int, tuple[str, str]] = {}
    asked, place_of_answer = "", None
    for place, turn in enumerate(call.turns):
        if not turn.text.strip():
            continue
        if turn.speaker is Speaker.CALLER:
            asked = turn.text if place_of_answer is not None or not asked else f"{asked} {turn.text}"
            place_of_answer = None
        elif asked:
            if place_of_answer is None:
                place_of_answer = place
                found[place] = (asked, turn.text)
            else:
                found[place_of_answer] = (asked, f"{found[place_of_answer][1]} {turn.text}")
    return {place: pair for place, pair in found.items() if _wants_something(pair[0])}


def _wants_something(text: str) -> bool:
    likely = shipped_model().probabilities(text)
    return max(likely, key=lambda label: likely[label]) != OTHER


def _follows(question: str, answer: str, call: CallToAnalyse, language: str) -> bool:
    if any(contains_phrase(answer, said) for said in _REACTIONS[language]) or answer.rstrip().endswith("?"):
        return True
    shared = set(topics_of(question, call.language, call.vocabulary)) & set(
        topics_of(answer, call.language, call.vocabulary)
    )
    return bool(shared or _stems(question, call) & _stems(answer, call))


def _stems(text: str, call: CallToAnalyse) -> set[str]:
    return {word[:_STEM] for word in words(text) if len(word) >= _STEM or word in call.vocabulary.hints}


def _repeated(call: CallToAnalyse) -> tuple[int, ...]:
    heard: list[CallerTurn] = []
    places = []
    for place, turn in call.caller_turns:
        heard.append(_read(turn, call.language))
        if Issue.REPEATED_QUESTION in analyse_context(heard, call.language).issues:
            places.append(place)
    return tuple(places)


def _read(turn: SpokenTurn, language: str) -> CallerTurn:
    return CallerTurn.of(turn.text, language, turn.prosody)
