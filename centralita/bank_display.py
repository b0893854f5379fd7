"""What the commands of `centralita bank` show of banks, their candidates and their history."""

import json
from collections import Counter
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engines.correction.bank import Bank
from engines.correction.journal import Entry, Kept, RuleRemoved, RuleSet, Sighting, TermRemoved, TermSet, Undone
from engines.correction.keeper import BankKeeper
from engines.correction.teaching import Candidate


def told(entry: Entry) -> str:
    """Return what an entry of the journal did, in a few words."""
    match entry:
        case Sighting():
            return f"corrected: {entry.heard} → {entry.meant or '(nothing)'}"
        case Kept():
            return f"left as it was: {entry.heard}"
        case RuleSet():
            how = "promoted by itself" if entry.is_automatic else "promoted" if entry.candidate else "rule"
            return f"{how}: {entry.rule.heard} → {entry.rule.meant or '(nothing)'} ({entry.rule.id})"
        case RuleRemoved():
            return f"rule taken away: {entry.id}"
        case TermSet():
            return f"word: {entry.text} ({entry.kind})"
        case TermRemoved():
            return f"word taken away: {entry.text}"
        case Undone():
            return f"entry {entry.entry} undone"


def show_bank(bank: Bank, as_json: bool) -> None:
    """Print a bank: a table for people, JSON for programs."""
    if as_json:
        rules = [rule.model_dump(exclude_defaults=True) for rule in bank.rules]
        terms = [{"text": term.text, "kind": term.kind} for term in bank.terms]
        typer.echo(json.dumps({"rules": rules, "terms": terms}, ensure_ascii=False))
        return
    table = Table("rule", "heard", "meant", "where", box=None, pad_edge=False)
    for rule in bank.rules:
        where = [
            f"{name.replace('_', ' ')} {', '.join(words)}"
            for name in ("after", "before", "near", "not_after", "not_before", "not_near")
            if (words := getattr(rule, name))
        ]
        table.add_row(Text(rule.id), Text(rule.heard), Text(rule.meant or "(nothing)"), Text("; ".join(where)))
    if bank.rules:
        Console().print(table)
    for kind, words in by_kind(bank).items():
        Console().print(f"[bold]{kind}[/]: ", Text(", ".join(words)), sep="")
    if not (bank.rules or bank.terms):
        Console().print("the bank is empty")


def by_kind(bank: Bank) -> dict[str, list[str]]:
    """Return a bank's words by their kind."""
    found: dict[str, list[str]] = {}
    for term in bank.terms:
        found.setdefault(term.kind, []).append(term.text)
    return found


def figures(keeper: BankKeeper) -> dict[str, Any]:
    """Return how much a bank holds and what was taught to it."""
    state, entries = keeper.read(), keeper.history()
    learned = {candidate.id for candidate in state.candidates}
    return {
        "bank": keeper.name,
        "rules": len(state.bank.rules),
        "learned_rules": sum(rule.id in learned for rule in state.bank.rules),
        "terms": len(state.bank.terms),
        "terms_by_kind": {kind: len(words) for kind, words in by_kind(state.bank).items()},
        "candidates": sum(not candidate.is_rule for candidate in state.candidates),
        "sightings": sum(isinstance(entry, Sighting) for entry in entries),
        "refuted": sum(candidate.refuted > 0 for candidate in state.candidates),
        "taught_by": dict(Counter(entry.by or "?" for entry in entries if isinstance(entry, Sighting))),
        "undone": sum(isinstance(entry, Undone) for entry in entries),
        "entries": len(entries),
    }


def candidate_as_json(one: Candidate) -> dict[str, Any]:
    """Return a candidate as programs read it."""
    return {
        "id": one.id,
        "heard": one.heard,
        "meant": one.meant,
        "conversations": one.conversations,
        "refuted": one.refuted,
        "is_rule": one.is_rule,
        "is_declined": one.is_declined,
    }
