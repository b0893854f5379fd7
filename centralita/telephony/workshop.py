"""From the config file to everything that would be written, and what there is to say about it: one path for `check`,
`render`, `diff`, `apply` and the installers.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from centralita.agents import load_agents
from centralita.telephony.options import etc_folder, load, store_of
from provisioning.applying.control import AsteriskCli, AsteriskControl, ask, silence_of
from provisioning.asterisk_conf.checks import check_tree, pjsip_site
from provisioning.asterisk_conf.including import read_folder
from provisioning.asterisk_conf.objects import Site
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.asterisk_conf.schema import Schema, schema_for
from provisioning.asterisk_conf.transport_checks import restarts_needed
from provisioning.carriers import carrier_findings, filled
from provisioning.finding import Finding, has_errors
from provisioning.model.secrets import gathered
from provisioning.model.telephony import TelephonyReceptionConfig
from provisioning.rendered import Rendered, marked_block, with_block
from provisioning.rendering import PbxFacts, readiness, render, sections_of
from vocabulary.errors import CentralitaError

USUAL_VERSION: Final = "22"
"""Checked against when no Asterisk answers."""
_VERSION: Final = re.compile(r"Asterisk (?:certified[/-])?(\d+[^\s]*)")
_DATA_FOLDER: Final = re.compile(r"(?m)^\s*Data directory:\s+(/\S+)")
_MODULE: Final = re.compile(r"(?m)^(\S+\.so)\s.*Running")

AsteriskCommand = Annotated[
    str,
    typer.Option(
        "--asterisk", envvar="CENTRALITA_ASTERISK", help='How Asterisk is called, like "sudo -n /usr/sbin/asterisk".'
    ),
]
AsteriskConf = Annotated[
    Path | None, typer.Option("--asterisk-conf", help="Another asterisk.conf (`asterisk -C`), for a second Asterisk.")
]
USUAL_COMMAND: Final = "asterisk"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A config, and what it makes of one configuration folder."""

    path: Path
    config: TelephonyReceptionConfig
    """With its presets' facts filled in."""
    folder: Path
    present: Mapping[str, str] = field(repr=False)
    """Every `*.conf` below the folder, as it is; empty when there is no such folder."""
    rendered: Rendered | None = None
    """None when an error forbids rendering."""
    findings: tuple[Finding, ...] = ()
    schema: Schema | None = field(default=None, repr=False)

    def checks(self, files: Mapping[str, str]) -> list[Finding]:
        """Check a whole folder, ours in it; for `apply`."""
        assert self.schema is not None
        ours = frozenset(self.rendered.files) if self.rendered else frozenset[str]()
        findings = check_tree(files, self.schema, ours, str(self.folder))
        if "pjsip.conf" in self.present and "pjsip.conf" in files:
            findings += restarts_needed(_site(self.present, ours), _site(files, ours))
        return findings


def _site(files: Mapping[str, str], ours: frozenset[str]) -> Site:
    return pjsip_site({"pjsip.conf": read_tree(files, "pjsip.conf")}, ours)


def control(command: str, conf: Path | None) -> AsteriskCli:
    """Return Asterisk's console. Raises: typer.BadParameter for an empty command."""
    argv = shlex.split(command)
    if not argv:
        raise typer.BadParameter("--asterisk is empty")
    return AsteriskCli(argv, conf)


def prepare(path: Path, etc: Path | None, asterisk: AsteriskControl | None) -> Prepared:
    """Load, fill, check and render; changes nothing but the store of made passwords.

    Raises: Misconfigured when the config does not load, ConfigurationError for a secret that is not there.
    """
    loaded = load(path)
    folder = etc_folder(loaded, etc)
    present = read_folder(folder) if folder.is_dir() else {}
    findings: list[Finding] = []
    findings += carrier_findings(loaded, datetime.now(UTC).date())
    config = loaded if any(one.code == "preset" for one in findings) else filled(loaded)
    is_running = asterisk is not None and not silence_of(asterisk)
    version = version_of(asterisk) if is_running and asterisk is not None else USUAL_VERSION
    schema, notices = schema_for(version, data_folder_of(asterisk) if is_running and asterisk is not None else None)
    findings += notices
    facts, trouble = _facts(present, version, modules_of(asterisk) if is_running and asterisk else frozenset())
    findings += trouble
    findings += [replace(one, file=one.file or str(path)) for one in readiness(config, facts)]
    prepared = Prepared(path, config, folder, present, None, tuple(findings), schema)
    if has_errors(findings):
        return prepared
    return replace(prepared, rendered=render(config, gathered(config, store_of(path)), facts))


_SOMEBODY_ELSES: Final = ("context-missing", "extension-missing", "dangling-reference")
"""What we point to may stand in files that are not ours, and that nobody showed us."""


def checked(prepared: Prepared) -> Prepared:
    """Add what the offline check says of the folder as it would be."""
    if prepared.rendered is None:
        return prepared
    try:
        tree = as_it_would_be(prepared.present, prepared.rendered)
    except ValueError as exc:
        changed = Finding("error", "broken-block", str(exc))
        return replace(prepared, findings=(*prepared.findings, changed))
    found = prepared.checks(tree)
    if not prepared.present:
        found = [_not_judged(finding) if finding.code in _SOMEBODY_ELSES else finding for finding in found]
    return replace(prepared, findings=(*prepared.findings, *found))


def _not_judged(finding: Finding) -> Finding:
    message = f"{finding.message}. Not judged: no folder of Asterisk's was looked at (--etc FOLDER)"
    return replace(finding, severity="notice", message=message)


def as_it_would_be(present: Mapping[str, str], rendered: Rendered) -> dict[str, str]:
    """Return the whole folder after an apply: what is there, our files, and our blocks.

    Raises: ValueError when our block was changed by hand.
    """
    tree = {path: text for path, text in present.items() if not path.startswith("centralita/")}
    tree |= rendered.files
    if not present:  # no folder to look at: each file of ours is looked at by itself
        return tree | {path.rpartition("/")[2]: marked_block((path,)) for path in rendered.files}
    for host, files in rendered.includes.items():
        tree[host] = with_block(present[host], files) if host in present else marked_block(files)
    return tree


def version_of(asterisk: AsteriskControl) -> str:
    """Return the version a running Asterisk says. Raises: AsteriskUnreachable."""
    found = _VERSION.search(ask(asterisk, "core show version"))
    return found[1] if found else USUAL_VERSION


def data_folder_of(asterisk: AsteriskControl) -> Path | None:
    """Return where a running Asterisk keeps its documentation, when we may read it. Raises: AsteriskUnreachable."""
    found = _DATA_FOLDER.search(ask(asterisk, "core show settings"))
    folder = Path(found[1]) if found else None
    return folder if folder is not None and folder.is_dir() else None


def modules_of(asterisk: AsteriskControl) -> frozenset[str]:
    """Return the file names of its running modules. Raises: AsteriskUnreachable."""
    return frozenset(_MODULE.findall(ask(asterisk, "module show")))


def known_agents() -> frozenset[str]:
    """Return the names of the agents that stand in `agents/` here, or nothing when there is no such folder."""
    try:
        return frozenset(load_agents(Path("agents")))
    except CentralitaError:
        return frozenset()


def _facts(present: Mapping[str, str], version: str, modules: frozenset[str]) -> tuple[PbxFacts, list[Finding]]:
    major = re.match(r"\d+", version)
    facts = PbxFacts(asterisk_major=int(major[0]) if major else 22, modules=modules, agents=known_agents())
    try:
        return replace(facts, host_sections=sections_of(present)), []
    except ValueError as exc:
        return facts, [Finding("error", "broken-block", str(exc))]
