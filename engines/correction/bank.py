"""The proofreader's bank: a TOML file of what an ear mishears and what was meant.

    [[rules]]
    id = "salgo-saldo"
    heard = "salgo"                  # one word or several; accents, case and punctuation do not matter
    meant = "saldo"                  # "" takes the words away
    after = ["el", "mi", "su"]       # only right behind one of these; a phrase may be given
    not_before = ["de casa"]         # and never right before one of these
    near = ["cuenta", "factura"]     # only with one of these words within five on either side

`before`, `not_after` and `not_near` exist as well. Contexts look at the words as they were heard.

    [vocabulary]                     # the company's own words by kind: what the second listening looks for
    product = ["fibra total", "plan viajero"]
    street = ["calle hilanderas"]
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from engines.correction.words import keys_of
from vocabulary.errors import ConfigurationError

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
KIND: Final = re.compile(r"[a-zñ]+")
"""What a kind of terms may be called."""


class Rule(BaseModel):
    """One thing an ear mishears, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    """Unique in the bank; corrections carry it."""
    heard: Name
    meant: Text
    after: tuple[Name, ...] = ()
    before: tuple[Name, ...] = ()
    near: tuple[Name, ...] = ()
    not_after: tuple[Name, ...] = ()
    not_before: tuple[Name, ...] = ()
    not_near: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a few of the company's own: a product, a street, a name."""

    text: str
    """As it is to be written."""
    kind: str = "term"
    """What it is; terms of one kind may stand in one another's place."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Rules, checked and without contradiction, and the words of the company."""

    rules: tuple[Rule, ...] = field(default=())
    terms: tuple[Term, ...] = field(default=())


def bank_of(rules: tuple[Rule, ...], *, terms: tuple[Term, ...] = (), source: str = "bank") -> Bank:
    """Return `rules` and `terms` as a bank; a term given twice counts once.

    Raises: ConfigurationError when two have one id, say the same differently, or hold no word.
    """
    by_id: dict[str, Rule] = {}
    by_place: dict[tuple[object, ...], Rule] = {}
    for rule in rules:
        if rule.id in by_id:
            raise ConfigurationError(f"{source}: two rules have the id {rule.id!r}")
        by_id[rule.id] = rule
        if not keys_of(rule.heard):
            raise ConfigurationError(f"{source}: rule {rule.id!r}: heard holds no word")
        for name in ("near", "not_near"):
            if several := [word for word in getattr(rule, name) if len(keys_of(word)) != 1]:
                raise ConfigurationError(f"{source}: rule {rule.id!r}: {name} takes single words, not {several[0]!r}")
        contexts = tuple(frozenset(map(keys_of, words)) for words in _contexts(rule))
        other = by_place.setdefault((keys_of(rule.heard), contexts), rule)
        if other is not rule:
            raise ConfigurationError(
                f"{source}: rules {other.id!r} and {rule.id!r} say what was meant by {rule.heard!r} in the same place"
            )
    return Bank(rules, tuple({(keys_of(term.text), term.kind): term for term in terms}.values()))


def load_bank(path: Path) -> Bank:
    """Read a bank file.

    Raises: ConfigurationError naming the file, the rule and the key.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: the bank cannot be read: {error.strerror}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigurationError(f"{path}: {error}") from error
    if unknown := content.keys() - {"rules", "vocabulary"}:
        raise ConfigurationError(f"{path}: unknown key {min(unknown)!r}; a bank holds [[rules]] and [vocabulary]")
    rows = content.get("rules", [])
    if not isinstance(rows, list):
        raise ConfigurationError(f"{path}: rules must be written as [[rules]]")
    return bank_of(
        tuple(_rule(row, place, path) for place, row in enumerate(rows, 1)),
        terms=tuple(_terms(content.get("vocabulary", {}), path)),
        source=str(path),
    )


def _terms(table: object, path: Path) -> Iterator[Term]:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: vocabulary must be written as [vocabulary], with a list for each kind")
    for kind, words in table.items():
        if not KIND.fullmatch(kind):
            raise ConfigurationError(f"{path}: vocabulary: the kind {kind!r} must be one word of lower case letters")
        if not isinstance(words, list):
            raise ConfigurationError(f"{path}: vocabulary.{kind} must be a list of texts")
        for word in words:
            if not isinstance(word, str) or not keys_of(word):
                raise ConfigurationError(f"{path}: vocabulary.{kind}: {word!r} holds no word")
            yield Term(" ".join(word.split()), kind)


def _rule(row: Mapping[str, Any], place: int, path: Path) -> Rule:
    try:
        return Rule.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        key = ".".join(map(str, first["loc"]))
        name = row.get("id", f"number {place}") if isinstance(row, dict) else f"number {place}"
        raise ConfigurationError(f"{path}: rule {name!r}: {key}: {first['msg']}") from error


def _contexts(rule: Rule) -> tuple[tuple[str, ...], ...]:
    return (rule.after, rule.before, rule.near, rule.not_after, rule.not_before, rule.not_near)
