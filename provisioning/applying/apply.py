"""Apply, take back, recover: what people ask for, each under the folder's lock and each proven in Asterisk.

    report = apply(rendered, Path("/etc/asterisk"), AsteriskCli(), checks=check_tree)
    report = rollback(Path("/etc/asterisk"), AsteriskCli())

Nothing is written before the checks, Asterisk and its modules say yes; nothing stays that Asterisk does not take.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from provisioning.applying import shown
from provisioning.applying.changes import Changes, changes_of
from provisioning.applying.control import AsteriskControl, ask, silence_of
from provisioning.applying.disk import Disk, Step, no_step
from provisioning.applying.errors import ApplyError, AsteriskUnreachable, NothingToUndo
from provisioning.applying.expectations import unreadable
from provisioning.applying.families import FAMILIES, Family, families_by_file, family_of
from provisioning.applying.file_state import FileChange
from provisioning.applying.journal import Entry, Journal, Kind, Phase, applied_now, standing_of
from provisioning.applying.lock import locked
from provisioning.applying.planning import Plan, bad_paths, hand_changes, paths_of, plan, undo_plan
from provisioning.applying.proving import ConfigState, Outcome, Prover
from provisioning.applying.read_back import Witness
from provisioning.applying.report import ApplyReport
from provisioning.applying.standing import Standing
from provisioning.applying.transaction import Transaction, texts_after
from provisioning.asterisk_conf.including import read_folder
from provisioning.finding import Finding, has_errors
from provisioning.rendered import Rendered, split_block

Checks = Callable[[Mapping[str, str]], Sequence[Finding]]
"""The offline checks: path → text of the whole folder as it would be."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How an apply is done, where the usual way will not do."""

    offline: bool = False
    """Write although no Asterisk answers; nothing is reloaded or proven then."""
    overwrite_hand_changes: bool = False
    """Replace what a person changed in our files; a block with a missing mark is still refused."""
    log: Path | None = None
    """Asterisk's log; by default one that `logger show channels` names and we may read."""
    witness: Witness | None = None
    """Who else is asked which PJSIP endpoints there are: ARI, injected from above."""
    archive: Path | None = None
    """Where the journal goes when nothing of ours is left."""
    patience_seconds: float = 5.0
    """How long Asterisk may take to show what it was given."""
    step: Step = no_step
    """Called between two operations on the disk: tests stop the world there."""


USUAL = Ways()


def diff(rendered: Rendered, folder: Path) -> Changes:
    """Return what `apply` would change; writes nothing.

    Raises: ApplyError for a folder, a journal or a file that cannot be read, or a path that must not be written.
    """
    disk = Disk(folder)
    standing = standing_of(Journal(disk).entries())
    refused = bad_paths(rendered)
    if refused:
        raise ApplyError("\n".join(map(str, refused)))
    present = disk.read(*paths_of(rendered, standing))
    try:
        return changes_of(plan(rendered, standing, present, disk.owner).changes)
    except ValueError:
        raise ApplyError("\n".join(map(str, hand_changes(rendered, standing, present)))) from None


def apply(
    rendered: Rendered, folder: Path, asterisk: AsteriskControl | None, *, checks: Checks, ways: Ways = USUAL
) -> ApplyReport:
    """Make the folder and Asterisk what `rendered` says; `Rendered({}, {})` removes everything of ours.

    Raises: FolderLocked, JournalUnreadable, DiskTrouble, ApplyError. A refusal is a report.
    """
    with locked(_existing(folder), "apply"):
        return _Applying(folder, asterisk, ways).apply(rendered, checks)


def rollback(
    folder: Path, asterisk: AsteriskControl | None, to: str | None = None, *, ways: Ways = USUAL
) -> ApplyReport:
    """Take back the last apply, or everything after the journal's entry `to`.

    Raises: NothingToUndo, and what `apply` raises.
    """
    with locked(_existing(folder), "rollback"):
        return _Applying(folder, asterisk, ways).rollback(to)


def recover(folder: Path, asterisk: AsteriskControl | None = None, *, ways: Ways = USUAL) -> str:
    """Bring back the old files if an apply was cut in the middle; return what was done, or "".

    Harmless when nothing was cut; made for the moment before Asterisk starts. Raises: what `apply` raises.
    """
    with locked(_existing(folder), "recover"):
        return _Applying(folder, asterisk, ways).recover()


class _Applying:
    """One command, under the lock."""

    def __init__(self, folder: Path, asterisk: AsteriskControl | None, ways: Ways) -> None:
        self._asterisk = asterisk
        self._ways = ways
        self._transaction = Transaction(folder, ways.step)
        self._folder = self._transaction.disk.folder
        self._at = datetime.now(UTC).isoformat(timespec="seconds")

    # -- what people ask for ------------------------------------------------------------------------------------------

    def apply(self, rendered: Rendered, checks: Checks) -> ApplyReport:
        recovered = self.recover()
        standing = self._transaction.standing()
        findings: list[Finding] = bad_paths(rendered)
        if findings:
            return ApplyReport("refused", findings=tuple(findings), recovered=recovered)
        present = self._transaction.disk.read(*paths_of(rendered, standing))
        by_hand = hand_changes(rendered, standing, present)
        if any(finding.code == "broken-block" or not self._ways.overwrite_hand_changes for finding in by_hand):
            return ApplyReport("refused", findings=tuple(by_hand), recovered=recovered, notes=(_OVERWRITE,))
        planned = plan(rendered, standing, present, self._transaction.disk.owner)
        report = self._carry_out("apply", planned, checks)
        return replace(report, recovered=recovered)

    def rollback(self, to: str | None) -> ApplyReport:
        recovered = self.recover()
        entries = self._transaction.entries()
        back_to = _number_to_undo(entries, to)
        taken_back = [entry for entry in entries if entry.counts and entry.number > back_to]
        changes = [change for entry in taken_back for change in entry.changes]
        steps, conflicts = undo_plan(changes, self._transaction.read(changes), self._ways.overwrite_hand_changes)
        if conflicts:
            return ApplyReport("refused", findings=tuple(conflicts), recovered=recovered, notes=(_OVERWRITE,))
        report = self._carry_out("rollback", Plan(steps, taken_back[0].former), None, back_to)
        return replace(report, recovered=recovered)

    def recover(self) -> str:
        transaction = self._transaction
        entry = transaction.cut_entry()
        if entry is None:
            transaction.clean()
            return ""
        silence = silence_of(self._asterisk)
        conflicts = transaction.undo(entry, self._ways.overwrite_hand_changes, hollow=not silence)
        if conflicts:
            said = "\n".join(map(str, conflicts))
            raise ApplyError(
                f"the {entry.kind} of {entry.at} was cut, and a person changed files since:\n{said}\n{_OVERWRITE}"
            )
        done = f"the {entry.kind} begun at {entry.at} had been cut in the middle: the files from before it are back"
        if silence:
            self._close(entry, "undone")
            return f"{done}; Asterisk does not run and will read them when it starts"
        tree = self._tree()
        before = self._state(tree, entry.former)
        cut = self._state(texts_after(tree, entry.changes), entry.standing)
        outcome, trouble = self._reload(cut, before, self._families(cut, before, entry.changes))
        self._close(entry, "undone")
        if outcome is not None and outcome.proof.holds:
            return f"{done}, and Asterisk was reloaded with them"
        said = trouble if outcome is None else "\n".join(map(str, outcome.proof.findings))
        return f"{done}, but Asterisk does not show them: {said}"

    # -- the common way -----------------------------------------------------------------------------------------------

    def _carry_out(self, kind: Kind, planned: Plan, checks: Checks | None, back_to: int = -1) -> ApplyReport:
        changes = changes_of(planned.changes)
        standing = self._transaction.standing()
        is_same = (planned.standing.files, planned.standing.blocks) == (standing.files, standing.blocks)
        if kind == "apply" and is_same and not planned.changes:
            return self._nothing_to_write(planned)
        tree = self._tree()
        merged = texts_after(tree, planned.changes)
        before, after = self._state(tree, standing), self._state(merged, planned.standing)
        findings = [*(checks(merged) if checks else ()), *_without_family(planned.standing, after)]
        if kind == "apply":
            findings += [one for one in unreadable(merged, after.ours, after.etc) if one not in findings]
        if has_errors(findings):
            return ApplyReport("refused", changes, tuple(findings))
        if not self._ways.offline:
            objections = self._objections(after)
            if has_errors(objections):
                return ApplyReport("refused", changes, (*findings, *objections))
            findings += objections
        entry = self._transaction.do(kind, self._at, planned.changes, planned.standing, back_to, not self._ways.offline)
        if self._ways.offline:
            return self._finished(entry, changes, findings, None)
        return self._proven(entry, before, after, changes, findings)

    def _nothing_to_write(self, planned: Plan) -> ApplyReport:
        entries = self._transaction.entries()
        newest = next((entry for entry in reversed(entries) if entry.counts), None)
        if newest is None or newest.phase != "unproven" or self._ways.offline or silence_of(self._asterisk):
            return ApplyReport("unchanged", digest=planned.standing.digest, entry=newest.id if newest else "")
        # written while Asterisk was not there: it is asked now, and the same rules hold
        tree = self._tree()
        after = self._state(tree, planned.standing)
        before = self._state(texts_before(tree, newest), newest.former)
        return self._proven(newest, before, after, changes_of(newest.changes), [])

    def _proven(
        self, entry: Entry, before: ConfigState, after: ConfigState, changes: Changes, findings: list[Finding]
    ) -> ApplyReport:
        """Reload and read back; on anything else than success bring the old files back."""
        families = self._families(before, after, entry.changes)
        try:
            outcome, trouble = self._reload(before, after, families)
        except BaseException:  # also when cancelled: nothing half-made stays; raised again
            self._take_back(entry, before, after)
            raise
        if outcome is not None and outcome.proof.holds:
            return self._finished(entry, changes, [*findings, *outcome.proof.findings], outcome)
        findings = [*findings, *(outcome.proof.findings if outcome else ())]
        if outcome is None:
            findings.append(Finding("error", "asterisk-silent", trouble))
        again, trouble = self._take_back(entry, before, after)
        if again is None:
            message = f"the old files are back, and Asterisk could not be told: {trouble}"
            findings.append(Finding("error", "after-taking-back", message))
        elif not again.proof.holds:
            still = [finding for finding in again.proof.findings if finding.severity == "error"]
            findings += [replace(finding, code="after-taking-back") for finding in still]
        return ApplyReport(
            "taken-back" if again is not None and again.proof.holds else "trouble",
            changes,
            tuple(findings),
            outcome.proof.checked if outcome else 0,
            (*(outcome.commands if outcome else ()), *(again.commands if again else ())),
            entry=entry.id,
            digest=entry.former.digest,
            notes=_warnings(outcome) if outcome else (),
        )

    def _take_back(self, entry: Entry, before: ConfigState, after: ConfigState) -> tuple[Outcome | None, str]:
        conflicts = self._transaction.undo(entry, overwrite=True, hollow=True)
        if conflicts:
            return None, "; ".join(map(str, conflicts))
        try:
            return self._reload(after, before, self._families(before, after, entry.changes))
        finally:
            self._close(entry, "undone")

    def _finished(
        self, entry: Entry, changes: Changes, findings: Iterable[Finding], outcome: Outcome | None
    ) -> ApplyReport:
        """Close the entry; without an outcome, nobody was asked."""
        entry = self._close(entry, "done" if outcome else "unproven")
        return ApplyReport(
            "applied" if outcome else "unproven",
            changes,
            tuple(findings),
            outcome.proof.checked if outcome else 0,
            outcome.commands if outcome else (),
            entry=entry.id,
            digest=entry.standing.digest,
            notes=_warnings(outcome) if outcome else (),
        )

    def _close(self, entry: Entry, phase: Phase) -> Entry:
        entry = self._transaction.close(entry, phase)
        self._transaction.leave_no_trace(self._ways.archive)
        return entry

    # -- Asterisk -----------------------------------------------------------------------------------------------------

    def _prover(self) -> Prover:
        if self._asterisk is None:
            raise AsteriskUnreachable("no Asterisk was given")
        return Prover(self._asterisk, self._ways.log, self._ways.witness, self._ways.patience_seconds)

    def _objections(self, after: ConfigState) -> list[Finding]:
        """Say why Asterisk cannot be asked to take it."""
        silence = silence_of(self._asterisk)
        if silence or self._asterisk is None:
            message = f"{silence}: start it, or write the files without proof (offline)"
            return [Finding("error", "asterisk-silent", message)]
        try:
            reads = shown.configuration_folder(ask(self._asterisk, "core show settings"))
            objections = self._prover().missing_modules(after)
        except AsteriskUnreachable as exc:
            return [Finding("error", "asterisk-silent", str(exc))]
        if reads and Path(reads).resolve() != self._folder:
            message = f"the running Asterisk reads {reads}, and this is {self._folder}: are they the same folder?"
            objections.append(Finding("warning", "another-folder", message))
        return objections

    def _reload(
        self, before: ConfigState, after: ConfigState, families: Sequence[Family]
    ) -> tuple[Outcome | None, str]:
        try:
            return self._prover().reload_and_prove(before, after, families), ""
        except AsteriskUnreachable as exc:
            return None, str(exc)

    # -- the folder ---------------------------------------------------------------------------------------------------

    def _tree(self) -> dict[str, str]:
        return read_folder(self._folder)

    def _state(self, tree: Mapping[str, str], standing: Standing) -> ConfigState:
        includes = {host: _included(tree.get(host, "")) for host in standing.blocks}
        files = {path: tree.get(path, "") for path in standing.files}
        families = families_by_file(Rendered(files, includes))
        ours = {path: family for path, family in families.items() if path in files}
        return ConfigState(tree, ours, str(self._folder))

    def _families(self, one: ConfigState, other: ConfigState, changes: Iterable[FileChange]) -> tuple[Family, ...]:
        known: dict[str, Family] = {}
        for state in (one, other):
            known |= state.ours
        touched = {change.path for change in changes if change.before.content != change.after.content}
        found = {known.get(path) or family_of(path) for path in touched}
        return tuple(family for family in FAMILIES if family in found)


_OVERWRITE = "Put such changes into the config, or say that they may be overwritten; nothing was written."


def texts_before(tree: Mapping[str, str], entry: Entry) -> dict[str, str]:
    """Return a folder's texts as they were before an entry."""
    return texts_after(tree, (replace(change, after=change.before) for change in entry.changes))


def _included(text: str) -> tuple[str, ...]:
    try:
        block = split_block(text)[1]
    except ValueError:
        return ()
    return tuple(line.split(None, 1)[1].strip() for line in block.splitlines() if line.startswith("#tryinclude "))


def _number_to_undo(entries: Sequence[Entry], to: str | None) -> int:
    """Return the entry whose state shall stand again. Raises: NothingToUndo."""
    stack = applied_now(entries)
    if not stack:
        if not standing_of(entries).is_empty:
            raise NothingToUndo("the journal does not reach back further: apply the state you want")
        raise NothingToUndo("there is nothing to take back: no apply is in force")
    if to is None:
        return stack[-1].number - 1
    known = [entry.id for entry in stack]
    if not to.isdigit() or f"{int(to):06d}" not in known:
        raise NothingToUndo(f"there is no entry {to} in force; there are: {', '.join(known)}")
    if int(to) == stack[-1].number:
        raise NothingToUndo(f"entry {to} is what stands now")
    return int(to)


def _without_family(standing: Standing, state: ConfigState) -> list[Finding]:
    message = "nothing is known about how Asterisk reads this file: it is written, and neither reloaded nor proven"
    unknown = sorted(set(standing.files) - set(state.ours))
    return [Finding("warning", "unknown-family", message, path) for path in unknown]


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    return tuple(f"Asterisk says: {complaint}" for complaint in outcome.complaints)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise ApplyError(f"there is no folder {folder}: where is Asterisk's configuration?")
    return folder.resolve()
