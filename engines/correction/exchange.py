"""Banks from files of other people's programs, and as files for them. Does file I/O."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Final

from engines.correction.bank import Bank, Rule, Term, load_bank
from engines.correction.teaching import candidate_id
from engines.correction.words import keys_of
from vocabulary.errors import ConfigurationError

HEADER: Final = "# Rules and words, written by `centralita bank export`. The format is told in docs/correction.md.\n"


def as_toml(bank: Bank) -> str:
    """Return a bank as its file says it."""
    lines = [HEADER]
    for rule in bank.rules:
        lines.append("[[rules]]")
        for key, value in rule.model_dump(exclude_defaults=True).items():
            shown = "[" + ", ".join(map(_quoted, value)) + "]" if isinstance(value, tuple) else _quoted(value)
            lines.append(f"{key} = {shown}")
        lines.append("")
    if bank.terms:
        lines.append("[vocabulary]")
        by_kind: dict[str, list[str]] = {}
        for term in bank.terms:
            by_kind.setdefault(term.kind, []).append(term.text)
        for kind, texts in by_kind.items():
            lines += [f'"{kind}" = [', *(f"    {_quoted(text)}," for text in texts), "]"]
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's are the same but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_import(file: Path, kind: str) -> Bank:
    """Read what is to be imported. Raises: ConfigurationError naming file and line."""
    if file.suffix == ".toml":
        return load_bank(file)
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}") from error
    if file.suffix == ".txt":
        lines = (line.strip() for line in text.splitlines())
        return Bank(terms=tuple(Term(" ".join(line.split()), kind) for line in lines if line and line[0] != "#"))
    if file.suffix not in (".tsv", ".csv"):
        raise ConfigurationError(f"{file}: name it .toml, .tsv, .csv or .txt, after what is in it")
    rules = []
    rows = csv.reader(io.StringIO(text), delimiter="\t" if file.suffix == ".tsv" else ",")
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or cells[:2] == ["heard", "meant"]:
            continue
        if len(cells) != 2 or not keys_of(cells[0]):
            raise ConfigurationError(f"{file}, line {rows.line_num}: wanted two columns, heard and meant")
        rules.append(Rule(id=candidate_id(*cells), heard=cells[0], meant=cells[1]))
    return Bank(rules=tuple({rule.id: rule for rule in rules}.values()))


def write_whole(file: Path, content: str) -> None:
    """Replace `file`: all of it or nothing, whatever happens in between."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
