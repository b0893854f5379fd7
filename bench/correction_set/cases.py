"""The committed set as the measurement reads it, and anybody's own cases in the same three columns."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.correction_set.sentences import HERE
from vocabulary.errors import ConfigurationError

SET = HERE / "cases.tsv"
COLUMNS = ("part", "domain", "kind", "template", "heard", "meant", "confidences")


@dataclass(frozen=True, slots=True)
class Case:
    """A transcript, and what was said."""

    part: str
    """train, dev, test, former or blind."""
    domain: str
    kind: str
    """phonetic, ear, or clean: nothing to be done."""
    template: str
    heard: str
    meant: str
    confidences: tuple[float, ...] = ()
    """0 to 1, of each heard word; empty when nobody said."""
    vocabulary: tuple[str, ...] = ()
    """Only of own cases: what the company sells, where it is, who works there."""


def load_set(path: Path = SET) -> list[Case]:
    """Read the committed set: `cases.tsv`, and what stands beside it as `cases_NAME.tsv` with the same columns."""
    return [case for file in (path, *sorted(path.parent.glob(f"{path.stem}_*.tsv"))) for case in _rows(file)]


def _rows(path: Path) -> list[Case]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Case(
                row["part"],
                row["domain"],
                row["kind"],
                row["template"],
                row["heard"],
                row["meant"],
                tuple(int(percent) / 100 for percent in row["confidences"].split()),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def own_cases(path: Path) -> list[Case]:
    """Read somebody's own cases: heard, meant and vocabulary (terms parted by ";"), tab between, "#" for remarks.

    Raises: ConfigurationError naming file and line.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    return list(_own(text, path))


def _own(text: str, path: Path) -> Iterator[Case]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#") or (number == 1 and line.startswith("heard\t")):
            continue
        cells = line.split("\t")
        if len(cells) not in (2, 3) or not cells[0].strip() or not cells[1].strip():
            raise ConfigurationError(
                f"{path}, line {number}: wanted heard, meant and (if you like) vocabulary with a tab between"
            )  # fmt: skip
        terms = tuple(term.strip() for term in cells[2].split(";") if term.strip()) if len(cells) == 3 else ()
        kind = "clean" if cells[0].lower().split() == cells[1].lower().split() else "own"
        yield Case("test", "own", kind, f"line {number}", cells[0].strip(), cells[1].strip(), (), terms)
