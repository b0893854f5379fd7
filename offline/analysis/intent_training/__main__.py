"""`python -m offline.analysis.intent_training [--sentences FILE] [--check FILE.tsv] [--out FILE.npz]`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from offline.analysis.intent_model import WEIGHTS
from offline.analysis.intent_training.learning import fitted_temperature, judged_unseen, train
from offline.analysis.intent_training.sentences import SENTENCES, drawn_sentences, labelled_sentences

CHECK: Final = Path(__file__).parents[3] / "bench" / "analysis_sets" / "intents.tsv"
"""Its dev part; nothing here reads the test part."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate, write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="offline.analysis.intent_training", description="train the intent model")
    parser.add_argument("--sentences", type=Path, default=SENTENCES, help="patterns: intent, language, pattern")
    parser.add_argument("--check", type=Path, default=CHECK, help="labelled utterances to look at afterwards")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    chosen = parser.parse_args(arguments)
    try:
        sentences = drawn_sentences(chosen.sentences)
        held_out = labelled_sentences(chosen.check)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"cannot train: {error}\n")
        return 2
    unseen = judged_unseen(sentences)
    model = replace(train(sentences), temperature=fitted_temperature(unseen))
    model.save(chosen.out)
    right = sum(model.labels[int(model.scores(case.text).argmax())] == case.label for case in held_out)
    for line in (
        f"{len(sentences)} sentences, {len(model.labels)} labels, {chosen.out.stat().st_size} bytes in {chosen.out}",
        f"{unseen.accuracy:.1%} right on patterns that were left out; temperature {model.temperature:.2f}",
        f"{right} of {len(held_out)} right in the dev part of {chosen.check}",
    ):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
