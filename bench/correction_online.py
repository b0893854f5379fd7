"""How long the online proofreader takes for 30 words with 10,000 rules, beside a loop of replacements."""

import random
import re
import time
from collections.abc import Callable, Sequence
from statistics import quantiles
from typing import Final

from engines.correction.bank import Rule, bank_of
from engines.correction.dictionary import Proofreader

RULES: Final = 10_000
UTTERANCES: Final = 2_000
PEER_UTTERANCES: Final = 40
WORDS: Final = 30
_SYLLABLES: Final = re.findall(r"\w+", "ba ca da fe ga le mi no pa que ro su ta ve zo lla ño trans ción dor mente")


def measure_online(*, quick: bool) -> dict[str, float]:
    """Return the proofreader's and the peer's times for one utterance: microseconds (p50) and milliseconds (p99).

    By the clock on the wall, and (`cpu`) by the thread's own processor time, which a busy machine does not lengthen.
    """
    utterances = UTTERANCES // 10 if quick else UTTERANCES
    dice = random.Random(7)
    lexicon = ["".join(dice.choices(_SYLLABLES, k=dice.randint(1, 4))) for _ in range(20_000)]
    rules = _rules(dice, lexicon)
    proofreader = Proofreader(bank_of(rules))
    # every fourth utterance holds a phrase of the bank, which is far more than in a call
    spoken = [_utterance(dice, lexicon, rules if number % 4 == 0 else ()) for number in range(utterances)]
    own, own_cpu = _times(proofreader.correct, spoken)
    peer, _ = _times(_replace_loop(rules), spoken[:PEER_UTTERANCES])
    return {
        "online_p50_us": _percentile(own, 50) * 1e6,
        "online_p99_ms": _percentile(own, 99) * 1e3,
        "online_cpu_p50_us": _percentile(own_cpu, 50) * 1e6,
        "online_cpu_p99_ms": _percentile(own_cpu, 99) * 1e3,
        "peer_p50_us": _percentile(peer, 50) * 1e6,
        "peer_p99_ms": _percentile(peer, 99) * 1e3,
    }


def _rules(dice: random.Random, lexicon: Sequence[str]) -> tuple[Rule, ...]:
    """Half single words with a context, half phrases of two to four words."""
    phrases: set[str] = set()
    while len(phrases) < RULES:
        phrases.add(" ".join(dice.choices(lexicon, k=1 if len(phrases) % 2 else dice.randint(2, 4))))
    return tuple(
        Rule(
            id=str(number),
            heard=phrase,
            meant=dice.choice(lexicon),
            after=() if " " in phrase else tuple(dice.choices(lexicon, k=3)),
        )
        for number, phrase in enumerate(sorted(phrases))
    )


def _utterance(dice: random.Random, lexicon: Sequence[str], rules: Sequence[Rule]) -> str:
    words = dice.choices(lexicon, k=WORDS)
    if rules:
        heard = dice.choice(rules).heard.split()
        place = dice.randint(0, WORDS - len(heard))
        words[place : place + len(heard)] = heard
    return " ".join(words).capitalize() + "."


def _replace_loop(rules: Sequence[Rule]) -> Callable[[str], str]:
    """What one writes first: every rule a pattern, every pattern tried. Contexts are left out, in its favour."""
    patterns = [(re.compile(rf"\b{re.escape(rule.heard)}\b"), rule.meant) for rule in rules]

    def correct(text: str) -> str:
        for pattern, meant in patterns:
            text = pattern.sub(meant, text)
        return text

    return correct


def _times(correct: Callable[[str], object], spoken: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return how many seconds each utterance took on the wall and on the processor, after a few that do not count."""
    for text in spoken[:20]:
        correct(text)
    walls, processors = [], []
    for text in spoken:
        start, started = time.perf_counter(), time.thread_time()
        correct(text)
        processors.append(time.thread_time() - started)
        walls.append(time.perf_counter() - start)
    return walls, processors


def _percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]
