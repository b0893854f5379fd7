"""Asking Asterisk what it really has, and holding it against what we wrote.

"Reloaded successfully" proves nothing: a refused object leaves its old self in place, or nothing at all. Lists are
asked for once per kind; only objects that changed are asked for one by one (about 10 ms each).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.applying import shown
from provisioning.applying.control import AsteriskControl, ask
from provisioning.applying.expectations import NONE_EXPECTED, PJSIP_SHOWN, Expectations, ExpectedObject, Step
from provisioning.applying.families import NEEDED
from provisioning.applying.option_values import differing, written_options
from provisioning.finding import Finding, Severity, has_errors

Witness = Callable[[], Collection[str]]
"""Returns the ids of the PJSIP endpoints somebody else sees, over ARI for example."""

_LONGEST_STEP: Final = 240
"""Asterisk prints a priority into 256 bytes and cuts the rest."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What reading back has shown."""

    checked: int = 0
    """Objects and priorities that were looked for."""
    findings: tuple[Finding, ...] = ()
    """An error: Asterisk has something else than we wrote."""

    @property
    def holds(self) -> bool:
        """True when Asterisk has what we wrote, as far as it shows it."""
        return not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proven."""

    wanted: Expectations
    former: Expectations = NONE_EXPECTED
    """What we had written before: what is no longer wanted must be gone."""
    kept_by_others: frozenset[tuple[str, str]] = frozenset()
    """(kind, id) that stand in somebody else's files: they may stay, and must."""
    in_full: bool = False
    """Compare the options of every object, not only of those that changed."""


def read_back(asterisk: AsteriskControl, question: Question, witness: Witness | None = None) -> Proof:
    """Ask Asterisk about everything once. Raises: AsteriskUnreachable."""
    reading = _Reading(asterisk, question)
    reading.pjsip_objects(witness)
    reading.users_and_lists()
    reading.dialplan()
    return Proof(reading.checked, tuple(reading.findings))


def listing(asterisk: AsteriskControl, kinds: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the ids Asterisk has of some of pjsip.conf's types. Raises: AsteriskUnreachable."""
    found = {}
    for kind in kinds:
        said = ask(asterisk, shown.list_command(kind))
        found[kind] = frozenset(name.partition("/")[0] for name in shown.listed(kind, said))
    return found


def vanished(
    before: Mapping[str, Collection[str]], after: Mapping[str, Collection[str]], kept: Collection[tuple[str, str]]
) -> list[Finding]:
    """Say which of somebody else's objects a reload has cost, although they still stand in the files."""
    findings = []
    for kind, ids in before.items():
        for name in sorted(set(ids) - set(after.get(kind, ()))):
            if (kind, name) in kept:
                message = "is somebody else's, stands in the files, and has gone from Asterisk with this reload"
                findings.append(Finding("error", "others-vanished", message, subject=f"{kind} {name}"))
    return findings


class _Reading:
    """One round of questions."""

    def __init__(self, asterisk: AsteriskControl, question: Question) -> None:
        self._asterisk = asterisk
        self._question = question
        self.findings: list[Finding] = []
        self.checked = 0

    # -- pjsip.conf ---------------------------------------------------------------------------------------------------

    def pjsip_objects(self, witness: Witness | None) -> None:
        for kind in PJSIP_SHOWN:
            wanted = [item for item in self._question.wanted.objects.values() if item.kind == kind]
            gone = self._gone(kind)
            if not wanted and not gone:
                continue
            said = ask(self._asterisk, shown.list_command(kind))
            if shown.is_unknown_command(said):
                self._no_command(wanted)
                continue
            names = shown.listed(kind, said)
            present = names | {name.partition("/")[0] for name in names}
            for item in wanted:
                self._pjsip_object(item, item.id in present)
            for item in gone:
                self.checked += 1
                if item.id in present:
                    self._error("still-there", item, "was taken out of our files, and Asterisk still has it")
        if witness is not None:
            self._ask_witness(witness)

    def _pjsip_object(self, item: ExpectedObject, is_listed: bool) -> None:
        self.checked += 1
        former = self._question.former.objects.get(item.key)
        is_new = former is None or former.options != item.options
        if is_listed and not is_new and not self._question.in_full:
            return
        # a long id is cut in lists: ask for it by name before saying that it is missing
        seen = shown.parameters(ask(self._asterisk, f"pjsip show {item.kind} {item.id}"))
        if seen is None:
            self._error("not-in-asterisk", item, "stands in the file, and Asterisk does not have it")
            return
        before = written_options(former.options) if former else {}
        different, unknown = differing(written_options(item.options), seen, before)
        if different and item.kind == "transport" and former is not None:
            message = f"keeps its old {', '.join(different)} until Asterisk is restarted (allow_reload=no)"
            self._say("warning", "needs-restart", item, message)
        elif different:
            retained = " (it kept the old object)" if former else ""
            self._error(
                "option-differs", item, f"Asterisk shows another {', '.join(different)} than we wrote{retained}"
            )
        if unknown and is_new:
            message = f"Asterisk shows {', '.join(unknown)} in a way that cannot be compared"
            self._say("notice", "not-comparable", item, message)

    def _no_command(self, wanted: Iterable[ExpectedObject]) -> None:
        for item in wanted:
            module = NEEDED.get(item.kind, "res_pjsip.so")
            self._error("no-module", item, f"Asterisk runs without {module}: `module load {module}`, and modules.conf")

    def _ask_witness(self, witness: Witness) -> None:
        seen = witness()
        for item in self._question.wanted.objects.values():
            if item.kind == "endpoint" and item.id not in seen:
                self._error("not-seen-by-ari", item, "the console shows it, and ARI does not")

    def _gone(self, kind: str) -> list[ExpectedObject]:
        question = self._question
        return [
            item
            for key, item in question.former.objects.items()
            if item.kind == kind and key not in question.wanted.objects and key not in question.kept_by_others
        ]

    # -- users, access lists ------------------------------------------------------------------------------------------

    def users_and_lists(self) -> None:
        for kind, command, parse in (
            ("ari user", "ari show users", shown.ari_users),
            ("manager user", "manager show users", shown.manager_users),
            ("acl", "acl show", shown.access_lists),
        ):
            wanted = [item for item in self._question.wanted.objects.values() if item.kind == kind]
            gone = self._gone(kind)
            if not wanted and not gone:
                continue
            names = parse(ask(self._asterisk, command))
            for item in wanted:
                self.checked += 1
                if item.id not in names:
                    self._error("not-in-asterisk", item, "stands in the file, and Asterisk does not have it")
                elif kind != "acl":
                    self._user(item)
            for item in gone:
                self.checked += 1
                if item.id in names:
                    self._error("still-there", item, "was taken out of our files, and Asterisk still has it")

    def _user(self, item: ExpectedObject) -> None:
        options = dict(item.options)
        seen = shown.fields(ask(self._asterisk, f"{item.kind.partition(' ')[0]} show user {item.id}"))
        different = []
        if item.kind == "ari user":
            if _is_true(options.get("read_only", "no")) != _is_true(seen.get("read only", "no")):
                different.append("read_only")
        else:
            for key in ("read", "write"):
                wanted = _words(options.get(key, ""))
                has = _words(seen.get(f"{key} perm", ""))
                # what Asterisk knows as "all" it shows as every single word
                if ("all" in wanted) != ("all" in has) if "all" in wanted | has else wanted - {"none"} != has - _NOBODY:
                    different.append(key)
        if different:
            self._error("option-differs", item, f"Asterisk shows another {', '.join(different)} than we wrote")

    # -- dialplan -----------------------------------------------------------------------------------------------------

    def dialplan(self) -> None:
        wanted, former = self._question.wanted, self._question.former
        if not (wanted.steps or former.steps or wanted.includes):
            return
        steps, includes = shown.dialplan(ask(self._asterisk, "dialplan show"))
        for key, step in wanted.steps.items():
            if "${" in step.extension:
                continue  # Asterisk fills in global variables while it loads
            self.checked += 1
            has = steps.get(key)
            if has is None:
                self._error("not-in-asterisk", step, "stands in the file, and Asterisk does not have it")
            elif not _same_step(step, has):
                message = f"we wrote {_short(step.application)}, and Asterisk has {_short(has.application)}"
                self._error("option-differs", step, message)
        for context, included in sorted(wanted.includes - includes):
            self.checked += 1
            message = f"includes {included} in our file, and does not in Asterisk"
            self.findings.append(Finding("error", "not-in-asterisk", message, subject=f"context {context}"))
        kept = {(context, extension) for kind, name in self._question.kept_by_others if kind == "extension"
                for extension, _, context in [name.partition("@")]}  # fmt: skip
        for key, step in former.steps.items():
            if key not in wanted.steps and (step.context, step.extension) not in kept:
                self.checked += 1
                if key in steps:
                    self._error("still-there", step, "was taken out of our files, and Asterisk still has it")

    # -- saying it ----------------------------------------------------------------------------------------------------

    def _error(self, code: str, item: ExpectedObject | Step, message: str) -> None:
        self._say("error", code, item, message)

    def _say(self, severity: Severity, code: str, item: ExpectedObject | Step, message: str) -> None:
        self.findings.append(Finding(severity, code, message, item.where.file, item.where.line, str(item)))


_NOBODY: Final = frozenset({"<none>", "none"})


def _same_step(step: Step, has: shown.ShownStep) -> bool:
    wanted, seen = step.application, has.application
    if step.label and has.label is not None and step.label != has.label:
        return False
    wanted, seen = "".join(wanted.split()), "".join(seen.split())
    if len(has.application) >= _LONGEST_STEP:
        seen = seen[: _LONGEST_STEP - 20]
        return wanted.lower().startswith(seen.lower())
    return wanted.lower() == seen.lower()


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("yes", "true", "y", "t", "1", "on")
