"""The sentences that the models learn from: wordings as callers might say them, and patterns spelled out.

`wordings.tsv` holds utterances with their intent and topics; some are learned a second time with what callers put
before and behind a wish. `sentences.tsv` holds patterns of intents, spelled out by a seeded draw.

In a pattern `{a|b}` is one of them and `[x]` may be left out. Some sentences get what callers put before and behind a
wish, some begin with what they are not about.
"""

import csv
import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from offline.analysis.topic_rules import our_rules, without_everyday

SENTENCES: Final = Path(__file__).with_name("sentences.tsv")
WORDINGS: Final = Path(__file__).with_name("wordings.tsv")
HELD_OUT: Final = Path(__file__).with_name("held_out.tsv")
"""Wordings of the same form that nothing is learned from nor mended by."""
SEED: Final = 20260210
_NEIGHBOURS: Final = 4
"""So many wordings that stand together are of one group."""
_DRESSINGS: Final = 1
"""So often a wording is dressed, which at times leaves it as it is."""
_PER_LABEL: Final = {"es": 100, "en": 30}
"""Sentences drawn for each label, by language."""
_DRESSED_SHARE: Final = 0.45
"""Of the sentences, how many get something before or behind them."""
_DENIED_SHARE: Final = 0.06
"""Of the sentences, how many begin with what they are not about."""
_BEFORE: Final = {
    "es": (
        "hola", "buenas tardes", "hola buenas", "mire", "oiga", "pues mire", "verá", "es que", "yo llamaba porque",
        "llamo porque", "bueno", "disculpe", "perdone", "sí mire", "a ver", "señorita", "buenos días",
        "quería decirle que",
    ),
    "en": ("hello", "hi", "well", "look", "excuse me", "good morning", "so", "yeah"),
}  # fmt: skip
_BEHIND: Final = {
    "es": ("por favor", "gracias", "si puede ser", "si es tan amable", "me ayuda", "qué hago", "o qué", "vale", "ya",
           "desde ayer", "desde el lunes", "hace tres días", "esta mañana", "este mes", "y estoy muy molesto",
           "y estoy harta", "es una vergüenza", "y ya estoy cansado", "me tienen harto", "y no puede ser",
           "y corre prisa", "cuanto antes", "y es urgente", "y no sé cómo se hace", "a ver cómo lo hacemos"),
    "en": ("please", "thanks", "if possible", "can you help me", "and I am really upset", "since yesterday",
           "as soon as possible", "this month"),
}  # fmt: skip
_DENIED: Final = {
    "es": (
        "no llamo por la factura", "no es por el pedido", "no quiero cancelar", "no es una queja", "no es por la cita",
        "no quiero contratar nada", "no es cosa del router", "no quiero hablar con nadie", "no es por el dinero",
        "no quiero darme de baja sino que", "no le llamo por el internet",
    ),
    "en": ("it is not about the bill", "I do not want to cancel", "it is not about my order"),
}  # fmt: skip
_OWN_TOPIC: Final = {
    "account_access": "account_access", "appointment": "appointments", "billing_inquiry": "billing",
    "cancellation": "cancellation", "complaint": "customer_service", "contact_update": "personal_data",
    "human_agent": "customer_service", "order_status": "delivery", "payment": "payments", "refund_request": "refunds",
}  # fmt: skip
"""Intents that tell a topic whatever the words are."""
_ALTERNATIVES: Final = re.compile(r"\{([^{}]*)\}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One utterance and what it is for."""

    text: str
    label: str
    group: int = 0
    """Sentences much alike have the same: those of a pattern, or neighbours in the list of wordings."""
    language: str = "es"
    topics: frozenset[str] | None = None
    """None where nobody told them."""
    is_wording: bool = False
    """As it was written down, not spelled out or dressed."""


def spelled_out(pattern: str, chance: random.Random) -> str:
    """Return one of the sentences of a pattern."""
    text = _OPTIONAL.sub(lambda part: part[1] if chance.random() < 0.5 else "", pattern)
    text = _ALTERNATIVES.sub(lambda part: chance.choice(part[1].split("|")), text)
    return " ".join(text.split())


def drawn_sentences(path: Path = SENTENCES, seed: int = SEED) -> list[Sentence]:
    """Spell out the patterns: as many sentences for each label and language as they have, up to a number.

    Raises: ValueError that names the line that has no three columns; OSError.
    """
    patterns: dict[tuple[str, str], list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        columns = line.split("\t")
        if len(columns) != 3:
            raise ValueError(f"{path}, line {number}: intent, language and pattern are wanted, with tabs between them")
        patterns.setdefault((columns[0], columns[1]), []).append(columns[2])
    chance = random.Random(seed)
    found: list[Sentence] = []
    for (label, language), mine in sorted(patterns.items()):
        texts: dict[str, int] = {}
        for turn in range(20 * _PER_LABEL[language]):
            pattern = turn % len(mine)
            texts.setdefault(_dressed(spelled_out(mine[pattern], chance), language, label, chance), pattern)
            if len(texts) >= _PER_LABEL[language]:
                break
        found += [
            Sentence(text, label, pattern, language, _topics(text, label, language)) for text, pattern in texts.items()
        ]
    return found


def _topics(text: str, label: str, language: str) -> frozenset[str]:
    """Return what a spelled-out sentence is about: its intent's own topic, and what the lists of words find in it."""
    if label == "other":
        return frozenset()
    said = without_everyday(text)
    found = {name for name, rule in our_rules(language).items() if rule.search(said)}
    if label in _OWN_TOPIC and not (label == "billing_inquiry" and "account_balance" in found):
        found.add(_OWN_TOPIC[label])
    return frozenset(found)


def dressed_wordings(path: Path = WORDINGS, seed: int = SEED) -> list[Sentence]:
    """Read the wordings, each as it is and dressed.

    Raises: ValueError that names the line that has no four columns; OSError.
    """
    chance = random.Random(seed)
    found: list[Sentence] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        columns = line.split("\t")
        if len(columns) != 4:
            raise ValueError(
                f"{path}, line {number}: intent, topics, language and text are wanted, with tabs between them"
            )
        label, told, language, text = columns
        topics = frozenset(told.split(",")) - {"none"}
        plain = Sentence(text, label, (number - 2) // _NEIGHBOURS, language, topics, is_wording=True)
        dressings = {_dressed(text, language, label, chance, denied=0.0) for _ in range(_DRESSINGS)} - {text}
        found += [plain, *(replace(plain, text=one, is_wording=False) for one in sorted(dressings))]
    return found


def _dressed(text: str, language: str, label: str, chance: random.Random, denied: float = _DENIED_SHARE) -> str:
    if label != "other" and chance.random() < denied:
        text = f"{chance.choice(_DENIED[language])} {text}"
    if chance.random() < _DRESSED_SHARE:
        text = f"{chance.choice(_BEFORE[language])} {text}"
    if chance.random() < _DRESSED_SHARE * 0.7:
        text = f"{text} {chance.choice(_BEHIND[language])}"
    return text


def digest(sentences: Sequence[Sentence]) -> str:
    """Return a name for these sentences: other sentences, another name."""
    lines = "\n".join(f"{sentence.label}\t{sentence.text}" for sentence in sentences)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def labelled_sentences(path: Path) -> list[Sentence]:
    """Read the dev part of a labelled set (columns split, label and text). Raises: OSError, KeyError."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Sentence(row["text"], row["label"]) for row in rows if row["split"] == "dev"]
