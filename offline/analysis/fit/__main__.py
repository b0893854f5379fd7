"""`python -m offline.analysis.fit`: learns the intents and the topics, and writes their weights."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from offline.analysis import intent_model, topic_model
from offline.analysis.fit.learning import (
    Judged,
    fitted_temperature,
    fitted_threshold,
    judged_topics,
    judged_unseen,
    train,
    train_topics,
)
from offline.analysis.fit.sentences import (
    HELD_OUT,
    SENTENCES,
    WORDINGS,
    drawn_sentences,
    dressed_wordings,
    labelled_sentences,
)
from offline.analysis.intent_model import calibration_error, softmax

CHECK: Final = Path(__file__).parents[3] / "bench" / "analysis_sets" / "intents.tsv"
"""Its dev part; nothing here reads the other parts."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate, write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="offline.analysis.fit", description="train the models of intents and topics")
    parser.add_argument("--sentences", type=Path, default=SENTENCES, help="patterns: intent, language, pattern")
    parser.add_argument("--wordings", type=Path, default=WORDINGS, help="intent, topics, language, text")
    parser.add_argument("--held-out", type=Path, default=HELD_OUT, help="wordings that nothing is learned from")
    parser.add_argument("--check", type=Path, default=CHECK, help="labelled utterances to look at afterwards")
    parser.add_argument("--intents", type=Path, default=intent_model.WEIGHTS, help="where the intents' weights go")
    parser.add_argument("--topics", type=Path, default=topic_model.WEIGHTS, help="where the topics' weights go")
    chosen = parser.parse_args(arguments)
    try:
        sentences = drawn_sentences(chosen.sentences) + dressed_wordings(chosen.wordings)
        apart = dressed_wordings(chosen.held_out)
        held_out = labelled_sentences(chosen.check)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"cannot train: {error}\n")
        return 2
    unseen = judged_unseen(sentences)
    model = replace(train(sentences), temperature=fitted_temperature(unseen))
    model.save(chosen.intents)
    threshold, f1 = fitted_threshold(judged_topics(sentences))
    about = replace(train_topics(sentences), threshold=threshold)
    about.save(chosen.topics)
    kept = [one for one in apart if one.is_wording]
    wanted = np.array([model.labels.index(one.label) for one in kept])
    tested = Judged(np.stack([model.scores(one.text) for one in kept]), wanted)
    told = [about.topics(one.text, one.language) for one in kept]
    common = sum(len(topics & (one.topics or frozenset())) for topics, one in zip(told, kept, strict=True))
    both = sum(len(topics) + len(one.topics or ()) for topics, one in zip(told, kept, strict=True))
    right = sum(model.labels[int(model.scores(case.text).argmax())] == case.label for case in held_out)
    for line in (
        f"{len(sentences)} sentences, {len(model.labels)} intents, {len(about.labels)} topics",
        f"{chosen.intents.stat().st_size} bytes in {chosen.intents}, {chosen.topics.stat().st_size} in {chosen.topics}",
        f"intents: {unseen.accuracy:.1%} right of {len(unseen.truth)} wordings whose groups were left out, "
        f"temperature {model.temperature:.2f}, confidence off by {_off(unseen, model.temperature):.1%}",
        f"topics: F1 {f1:.1%} on the same wordings, told from {threshold:.2f} on",
        f"held out, written after all others: {tested.accuracy:.1%} of {len(kept)} intents right, confidence off by "
        f"{_off(tested, model.temperature):.1%}, F1 of topics {2 * common / max(1, both):.1%}",
        f"{right} of {len(held_out)} intents right in the dev part of {chosen.check}",
    ):
        sys.stdout.write(line + "\n")
    return 0


def _off(judged: Judged, temperature: float) -> float:
    sure = softmax(judged.scores / np.float32(temperature)).max(axis=1).tolist()
    return calibration_error(sure, (judged.scores.argmax(axis=1) == judged.truth).tolist())


if __name__ == "__main__":
    sys.exit(main())
