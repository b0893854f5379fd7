"""Install into a PBX and take it out again: plan first (nothing is written), then do, then say what is left to click.

The same way round for FreePBX and for a bare Asterisk; what differs is what `render` writes, what `preflight` asks and
what there is to click. Files, journal, proof and undo are `provisioning.applying`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from provisioning.applying.apply import USUAL, Ways, apply, diff
from provisioning.applying.changes import Changes
from provisioning.applying.control import AsteriskControl
from provisioning.applying.errors import ApplyError
from provisioning.applying.report import ApplyReport
from provisioning.applying.status import status
from provisioning.asterisk_conf.including import read_folder
from provisioning.asterisk_conf.objects import site_of
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.finding import Finding, has_errors
from provisioning.freepbx.clicks import Step, clicks, clicks_to_undo
from provisioning.freepbx.facts import HostFacts
from provisioning.freepbx.gathering import Run, gather, run_program
from provisioning.freepbx.pointers import pointers
from provisioning.freepbx.preflight import not_running, offline_checks, preflight
from provisioning.model import TelephonyReceptionConfig
from provisioning.rendered import Rendered
from provisioning.rendering import readiness, render

NOTHING = Rendered({}, {})


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """What an installation would do. Nothing has been written."""

    rendered: Rendered
    findings: tuple[Finding, ...]
    clicks: tuple[Step, ...] = ()
    """What a person does afterwards in the PBX's web pages."""

    @property
    def is_allowed(self) -> bool:
        """True when nothing forbids going on."""
        return not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class InstallReport:
    """One installation or uninstallation, done or only tried (`dry_run`)."""

    what: Literal["install", "uninstall"]
    is_dry_run: bool
    findings: tuple[Finding, ...] = ()
    changes: Changes = field(default_factory=Changes)
    applied: ApplyReport | None = None
    """None: nothing was written."""
    clicks: tuple[Step, ...] = ()

    @property
    def is_good(self) -> bool:
        """True when it is done, or (dry run) would be tried."""
        if self.applied is not None:
            return self.applied.is_good
        return self.is_dry_run and not has_errors(self.findings)

    def __str__(self) -> str:
        parts = [str(finding) for finding in self.findings]
        if self.applied is not None:
            parts.append(str(self.applied))
        else:
            parts.append("nothing was written" + (" (dry run)" if self.is_dry_run else ""))
            parts += [str(self.changes)] if self.is_dry_run else []
        return "\n".join(parts)

    def as_json(self) -> dict[str, object]:
        """Return the fields by name; no secret in them."""
        return {
            "what": self.what,
            "dry_run": self.is_dry_run,
            "good": self.is_good,
            "findings": [finding.as_json() for finding in self.findings],
            "changes": self.changes.as_json(),
            "applied": self.applied.as_json() if self.applied else None,
            "clicks": [{"es": step.es, "en": step.en} for step in self.clicks],
        }


def plan_install(
    config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: HostFacts, offline: bool = False
) -> InstallPlan:
    """Return what would be written, what forbids it, and what to click. Pure.

    `offline`: Asterisk need not answer.

    Raises: ConfigurationError for a password that is missing or must not be written.
    """
    config = with_host_transports(config, facts)
    try:
        rendering = facts.for_rendering()
    except ValueError as exc:
        return InstallPlan(NOTHING, (Finding("error", "broken-block", str(exc)),))
    ready = readiness(config, rendering)
    if has_errors(ready):
        return InstallPlan(NOTHING, (*not_running(facts), *ready))
    rendered = render(config, secrets, rendering)
    findings = dict.fromkeys([*ready, *preflight(config, rendered, facts, offline)])
    rank = {"error": 0, "warning": 1, "notice": 2}
    sorted_ = tuple(sorted(findings, key=lambda one: rank[one.severity]))
    return InstallPlan(rendered, sorted_, clicks(config) if config.site.pbx == "freepbx" else ())


def with_host_transports(config: TelephonyReceptionConfig, facts: HostFacts) -> TelephonyReceptionConfig:
    """Return the config with FreePBX's transports where it names none: the only one of a protocol, or nothing.

    A second transport on FreePBX's port would fail, so in a FreePBX we always use its own.
    """
    if config.site.pbx != "freepbx" or "pjsip.conf" not in facts.files:
        return config
    found: dict[str, list[str]] = {}
    for one in site_of(read_tree(facts.files, "pjsip.conf", facts.etc)).of("transport"):
        found.setdefault(one.get("protocol") or "udp", []).append(one.id)
    named = config.site.network.transports
    sole = {name: ids[0] for name, ids in found.items() if len(ids) == 1 and name in ("udp", "tcp", "tls")}
    wanted = {name: id_ for name, id_ in sole.items() if not getattr(named, name)}
    if not wanted:
        return config
    network = config.site.network.model_copy(update={"transports": named.model_copy(update=wanted)})
    return config.model_copy(update={"site": config.site.model_copy(update={"network": network})})


def install(
    config: TelephonyReceptionConfig,
    secrets: Mapping[str, str],
    folder: Path,
    asterisk: AsteriskControl,
    *,
    dry_run: bool = False,
    run: Run = run_program,
    agents: frozenset[str] = frozenset(),
    ways: Ways = USUAL,
) -> InstallReport:
    """Look, decide, write, let Asterisk read it, prove it; on any doubt leave everything as it was.

    Twice gives no change. Raises: ConfigurationError, FolderLocked, JournalUnreadable, DiskTrouble, ApplyError.
    """
    folder = folder.resolve()
    facts = gather(folder, asterisk, run=run, agents=agents)
    plan = plan_install(config, secrets, facts, ways.offline)
    if not plan.is_allowed:
        return InstallReport("install", dry_run, plan.findings)
    if dry_run:
        standing = status(folder)
        return InstallReport(
            "install", True, (*plan.findings, *standing.by_hand), diff(plan.rendered, folder), clicks=plan.clicks
        )
    applied = apply(
        plan.rendered, folder, asterisk,
        checks=lambda merged: offline_checks(merged, plan.rendered, facts), ways=ways,
    )  # fmt: skip
    quiet = tuple(finding for finding in plan.findings if finding not in applied.findings)
    return InstallReport("install", False, quiet, applied.changes, applied, plan.clicks if applied.is_good else ())


def uninstall(
    folder: Path,
    asterisk: AsteriskControl | None,
    *,
    dry_run: bool = False,
    although_pointed_at: bool = False,
    ways: Ways = USUAL,
) -> InstallReport:
    """Take everything of ours away; afterwards the folder is what it was, byte for byte.

    Refused while an inbound route, a Custom Destination or any other dialplan sends calls to us (they are named), and
    while a person's changes stand in what is ours.
    Raises: FolderLocked, JournalUnreadable, DiskTrouble, ApplyError.
    """
    folder = folder.resolve()
    found = pointers(read_folder(folder), str(folder))
    findings = tuple(
        Finding(
            "warning" if although_pointed_at else "error",
            "still-points-to-us",
            f"this {one.kind} sends calls to {one.target}: they would reach nobody; give it another destination first",
            one.file,
            one.line,
            one.name,
        )
        for one in found
    )
    undo = clicks_to_undo(f"{one.kind} {one.name}" for one in found) if found else ()
    if has_errors(findings) and not dry_run:
        return InstallReport("uninstall", False, findings, clicks=undo)
    if dry_run:
        standing = status(folder)
        try:
            changes = diff(NOTHING, folder)
        except ApplyError as exc:
            return InstallReport(
                "uninstall", True, (*findings, Finding("error", "broken-block", str(exc))), clicks=undo
            )
        return InstallReport("uninstall", True, (*findings, *standing.by_hand), changes, clicks=undo)
    applied = apply(NOTHING, folder, asterisk, checks=lambda merged: (), ways=ways)
    return InstallReport("uninstall", False, findings, applied.changes, applied, undo)
