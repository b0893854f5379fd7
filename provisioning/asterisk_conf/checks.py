"""The offline check: everything that can be said about a configuration without starting Asterisk."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from provisioning.asterisk_conf.dialplan import Dialplan, read_dialplan
from provisioning.asterisk_conf.dialplan_checks import check_dialplan
from provisioning.asterisk_conf.objects import Site, site_of
from provisioning.asterisk_conf.option_checks import check_options
from provisioning.asterisk_conf.parsing import ETC, read_tree
from provisioning.asterisk_conf.reference_checks import (
    check_cut_uris,
    check_duplicates,
    check_ids,
    check_references,
    check_shared_auth,
)
from provisioning.asterisk_conf.schema import Schema
from provisioning.asterisk_conf.sections import Tree
from provisioning.asterisk_conf.transport_checks import check_old_passwords, check_transports
from provisioning.asterisk_conf.trunk_checks import check_encryption, check_identification, check_registrations
from provisioning.finding import Finding

PJSIP: Final = "pjsip.conf"
EXTENSIONS: Final = "extensions.conf"
WIZARD: Final = "pjsip_wizard.conf"
ACL: Final = "acl.conf"

_WEIGHT: Final = {"error": 0, "warning": 1, "notice": 2}


def check_tree(
    files: Mapping[str, str], schema: Schema, ours: frozenset[str] = frozenset(), etc: str = ETC
) -> list[Finding]:
    """Return what is wrong with a whole configuration folder, worst first.

    `files` is path → text as `read_folder` gives it, with what is about to be written already in it; `ours` names the
    files that are ours, `etc` the folder itself. Reads pjsip.conf, extensions.conf, pjsip_wizard.conf and acl.conf with
    all they include; a root that is not there is not missed.

    What breaks an object or a call of ours is an error; the same in somebody else's files is a warning or a notice,
    except where Asterisk makes ours suffer for it: a duplicate, a root file it refuses.
    """
    trees = {root: read_tree(files, root, etc) for root in (PJSIP, EXTENSIONS, WIZARD, ACL) if root in files}
    findings = [finding for tree in trees.values() for finding in _of_the_language(tree, ours)]
    findings += _not_reached(files, trees, ours)
    dialplan = read_dialplan(trees[EXTENSIONS]) if EXTENSIONS in trees else None
    if PJSIP in trees:
        findings += check_pjsip(pjsip_site(trees, ours, dialplan), schema, files, _names(trees.get(WIZARD)))
    if dialplan is not None:
        findings += check_dialplan(dialplan, ours)
    return sorted(findings, key=lambda finding: (_WEIGHT[finding.severity], finding.file, finding.line))


def check_pjsip(
    site: Site, schema: Schema, files: Mapping[str, str], wizard_names: frozenset[str] = frozenset()
) -> list[Finding]:
    """Return what is wrong with the objects of one pjsip.conf."""
    return [
        *check_duplicates(site),
        *check_options(site, schema),
        *check_references(site),
        *check_ids(site, wizard_names),
        *check_cut_uris(site, files),
        *check_shared_auth(site),
        *check_registrations(site),
        *check_identification(site),
        *check_encryption(site),
        *check_transports(site),
        *check_old_passwords(site),
    ]


def pjsip_site(trees: Mapping[str, Tree], ours: frozenset[str], dialplan: Dialplan | None = None) -> Site:
    """Return the objects of pjsip.conf with the names of the ACLs and contexts around them."""
    acls = _names(trees[ACL]) if ACL in trees else None
    # contexts that only a running Asterisk has (AEL, Lua, res_parking) cannot be told from missing ones
    contexts = frozenset(dialplan.contexts) if dialplan is not None and not dialplan.is_refused else None
    return site_of(trees[PJSIP], ours, acls, contexts)


def _names(tree: Tree | None) -> frozenset[str]:
    return frozenset(section.name for section in tree.objects()) if tree else frozenset()


def _of_the_language(tree: Tree, ours: frozenset[str]) -> list[Finding]:
    """Weigh the findings of the parser: in a file that is not ours a mistake forbids nothing, unless all is refused."""
    return [
        replace(finding, severity="warning")
        if finding.severity == "error" and finding.file not in ours and not tree.is_refused
        else finding
        for finding in tree.findings
    ]


def _not_reached(files: Mapping[str, str], trees: Mapping[str, Tree], ours: frozenset[str]) -> list[Finding]:
    """Find files of ours that no root takes in."""
    read = {path for tree in trees.values() for path in tree.files}
    # other files (ari.conf, logger.conf …) have roots that are not read here
    expected = {path for path in ours & set(files) if path.rpartition("/")[2] in trees}
    message = "Asterisk does not read this file: no file that it reads includes it"
    return [Finding("warning", "not-included", message, path) for path in sorted(expected - read)]
