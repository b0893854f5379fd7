"""Reload what changed, once, and prove that Asterisk has taken it; else say which object it refused, and why.

Asterisk gives no sign when a reload has gone through all of its threads, so reading back is repeated for a while before
it counts as failed.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from provisioning.applying import shown
from provisioning.applying.complaints import Complaint, LogMark, log_of
from provisioning.applying.control import AsteriskControl, ask
from provisioning.applying.dialplan_modules import modules_needed, not_loaded
from provisioning.applying.errors import AsteriskUnreachable
from provisioning.applying.expectations import PJSIP_SHOWN, Expectations, dialplan_of, expectations
from provisioning.applying.families import NEEDED, Family, reloads
from provisioning.applying.read_back import Proof, Question, Witness, listing, read_back, vanished
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.finding import Finding

_AGAIN_SECONDS: Final = 0.1
_IN_PROGRESS: Final = "already in progress"
_LINE: Final = re.compile(r"at line (?P<line>\d+) of (?P<file>\S+)")


@dataclass(frozen=True, slots=True)
class ConfigState:
    """A configuration folder as text, and which files in it are ours."""

    tree: Mapping[str, str]
    ours: Mapping[str, Family]
    etc: str

    def expected(self) -> Expectations:
        """Return what our files make Asterisk know."""
        return expectations(
            self.tree, {path: family for path, family in self.ours.items() if path in self.tree}, self.etc
        )

    def of_others(self) -> frozenset[tuple[str, str]]:
        """Return (kind, id) of what somebody else's files define; an extension as ("extension", "100@context")."""
        found: set[tuple[str, str]] = set()
        for section in read_tree(self.tree, "pjsip.conf", self.etc).objects():
            kind = section.get("type")
            if kind and section.where.file not in self.ours:
                found.add((kind, section.name))
        tree = read_tree(self.tree, "extensions.conf", self.etc)
        theirs = frozenset(tree.files) - frozenset(self.ours)
        steps, _ = dialplan_of(tree, theirs)
        found |= {("extension", f"{extension}@{context}") for context, extension, _ in steps}
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reloading and reading back have shown."""

    proof: Proof
    commands: tuple[str, ...]
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True)
class Prover:
    """Knows how to reach Asterisk, its log, and how long to be patient."""

    asterisk: AsteriskControl
    log: Path | None = None
    witness: Witness | None = None
    patience_seconds: float = 5.0
    sleep: Callable[[float], None] = time.sleep

    def missing_modules(self, state: ConfigState) -> list[Finding]:
        """Say which modules our objects need and Asterisk lacks. Raises: AsteriskUnreachable."""
        expected = state.expected()
        wanted = expected.objects
        kinds = {kind for kind, _ in wanted}
        needed = {module for kind, module in NEEDED.items() if kind in kinds}
        if kinds & {*PJSIP_SHOWN, "acl"} and any(item.kind in PJSIP_SHOWN for item in wanted.values()):
            needed.add("res_pjsip.so")
        if "ari user" in kinds:
            needed.add("res_ari.so")
        needed |= modules_needed(step.application for step in expected.steps.values() if step.priority)
        loaded = shown.modules(ask(self.asterisk, "module show")) if needed else frozenset()
        message = (
            "Asterisk runs without it, and would pass over what needs it in silence: `module load` it, and modules.conf"
        )
        missing = sorted(not_loaded(needed, loaded))
        return [Finding("error", "no-module", message, subject=f"module {name}") for name in missing]

    def reload_and_prove(self, before: ConfigState, after: ConfigState, families: Sequence[Family]) -> Outcome:
        """Reload `families`, then hold Asterisk against `after`; `before` is what it had.

        Raises: AsteriskUnreachable.
        """
        wanted, former, kept = after.expected(), before.expected(), after.of_others()
        mark = LogMark(self.log or log_of(self.asterisk, after.tree, after.etc))
        loaded = shown.modules(ask(self.asterisk, "module show"))
        touches_pjsip = any(family.name == "pjsip" for family in families)
        had = listing(self.asterisk, PJSIP_SHOWN) if touches_pjsip else {}
        commands = tuple(reloads(families, loaded))
        for command in commands:
            self._reload(command)
        question = Question(wanted, former, kept)
        waited = 0.0
        while True:
            proof = read_back(self.asterisk, question, self.witness)
            if touches_pjsip:
                others = {kind: ids - {i for k, i in former.objects if k == kind} for kind, ids in had.items()}
                lost = vanished(others, listing(self.asterisk, PJSIP_SHOWN), kept)
                proof = replace(proof, findings=(*proof.findings, *lost))
            refused = {complaint.refused for complaint in mark.complaints() if complaint.is_fatal}
            if proof.holds or waited >= self.patience_seconds or refused & set(wanted.objects):
                break
            self.sleep(_AGAIN_SECONDS)
            waited += _AGAIN_SECONDS
        complaints = mark.complaints()
        return Outcome(explained(proof, complaints, wanted, after.etc), commands, complaints)

    def prove(self, state: ConfigState) -> Proof:
        """Hold Asterisk against a state without reloading anything. Raises: AsteriskUnreachable."""
        return read_back(self.asterisk, Question(state.expected(), in_full=True), self.witness)

    def _reload(self, command: str) -> None:
        waited = 0.0
        while _IN_PROGRESS in ask(self.asterisk, command):
            if waited >= self.patience_seconds:
                raise AsteriskUnreachable(f"another reload is still going on: {command!r} was not done")
            self.sleep(_AGAIN_SECONDS)
            waited += _AGAIN_SECONDS


def explained(proof: Proof, complaints: Sequence[Complaint], wanted: Expectations, etc: str) -> Proof:
    """Return the proof with Asterisk's own words: at the objects they are about, and as errors of their own."""
    words: dict[str, list[str]] = {}
    findings = []
    kinds = {kind for kind, _ in wanted.objects}
    told: set[str] = {finding.subject for finding in proof.findings if finding.severity == "error"}
    for complaint in complaints:
        key = complaint.refused or _object_at(complaint, wanted, etc)
        if key is not None:
            words.setdefault(f"{key[0]} {key[1]}", []).append(str(complaint))
        if complaint.is_fatal and complaint.refused and complaint.refused in wanted.objects:
            subject = f"{complaint.refused[0]} {complaint.refused[1]}"
            if subject not in told:
                told.add(subject)
                where = wanted.objects[complaint.refused].where
                findings.append(Finding("error", "refused", "Asterisk refused it", where.file, where.line, subject))
        elif complaint.is_fatal and "could not be loaded" in complaint.text:
            kind = complaint.refused[0] if complaint.refused else ""
            severe = not kind or kind in kinds
            message = f"Asterisk did not take the file: {complaint.text}"
            subject = f"{kind} {complaint.refused[1]}" if complaint.refused else ""
            findings.append(Finding("error" if severe else "warning", "not-loaded", message, subject=subject))
    explained_ = [
        replace(finding, message=f"{finding.message}; Asterisk says: {' | '.join(words[finding.subject])}")
        if finding.severity == "error" and finding.subject in words
        else finding
        for finding in [*proof.findings, *findings]
    ]
    return replace(proof, findings=tuple(explained_))


def _object_at(complaint: Complaint, wanted: Expectations, etc: str) -> tuple[str, str] | None:
    """Return our object in whose lines a complaint says the trouble is, or None."""
    found = _LINE.search(complaint.text)
    if found is None:
        return None
    file, line = found["file"].removeprefix(etc.rstrip("/") + "/"), int(found["line"])
    above = [item for item in wanted.objects.values() if item.where.file == file and item.where.line <= line]
    return max(above, key=lambda item: item.where.line).key if above else None
