"""The floor: understanding by plain keywords, anywhere in what was said, as one writes it first."""

from collections.abc import Sequence
from typing import Final

from conversation.critical_words import HeardWord

_MOODS: Final = (
    ("frustrated", ("no funciona", "problema", "mal", "molesto", "not working", "problem", "bad", "upset")),
    ("confused", ("no entiendo", "qué", "cómo", "explicar", "understand", "what", "how", "explain")),
    ("positive", ("gracias", "perfecto", "excelente", "bien", "thank", "perfect", "excellent", "great")),
)
_FRUSTRATION: Final = ("no funciona", "problema", "mal", "otra vez", "ya dije", "no entiende", "not working", "again")
_ESCALATION: Final = (
    "hablar con", "agente", "humano", "persona", "supervisor", "gerente", "speak to", "agent", "human", "person",
)  # fmt: skip
_QUESTIONS: Final = (
    "qué", "cómo", "cuál", "dónde", "por qué", "cuándo", "what", "how", "which", "where", "why", "when",
)  # fmt: skip
_CRITICAL: Final = ("cancel", "baja", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "cero")
_DOUBTFUL_BELOW: Final = 0.5


def floor_mood(text: str) -> str:
    """Return the mood of the first list of which a word is in the text."""
    said = text.lower()
    return next((mood for mood, keywords in _MOODS if any(word in said for word in keywords)), "neutral")


def floor_issues(turns: Sequence[str]) -> frozenset[str]:
    """Return the problems of a caller's turns."""
    said = [turn.lower() for turn in turns]
    last = set(said[-1].split())
    found = set()
    if any(len(last & set(turn.split())) / max(1, len(last)) > 0.6 for turn in said[:-1]):
        found.add("repeated_question")
    if any(word in turn for turn in said[-3:] for word in _FRUSTRATION):
        found.add("user_frustrated")
    if any(word in said[-1] for word in _ESCALATION):
        found.add("explicit_escalation")
    if sum(any(word in turn for word in _QUESTIONS) for turn in said[-4:]) >= 3:
        found.add("user_confused")
    return frozenset(found)


def floor_clarification(words: Sequence[HeardWord]) -> str:
    """Ask whenever a word of the list is doubtful."""
    doubtful = any(
        word.confidence < _DOUBTFUL_BELOW and any(word.text.lower().startswith(critical) for critical in _CRITICAL)
        for word in words
    )
    return "explicit" if doubtful else "none"
