"""Everything at once: config, folder, Asterisk, and the other ends of the trunks."""

from pathlib import Path

from centralita.telephony.asking_around import ask_all
from centralita.telephony.options import etc_folder, load
from centralita.telephony.workshop import checked, modules_of, prepare
from provisioning.applying.apply import diff
from provisioning.applying.control import AsteriskControl, silence_of
from provisioning.applying.errors import ApplyError
from provisioning.applying.status import status
from provisioning.finding import Finding, Severity
from provisioning.probing.report import Status as RowStatus

_NEEDED = (
    "res_ari.so", "res_stasis.so", "app_stasis.so", "res_audiosocket.so", "chan_audiosocket.so", "chan_pjsip.so",
    "bridge_simple.so", "bridge_softmix.so",
    "res_pjsip_outbound_registration.so", "res_pjsip_endpoint_identifier_ip.so",
)  # fmt: skip
_SEVERITY: dict[RowStatus, Severity] = {"ok": "notice", "warn": "warning", "fail": "error"}


def examine(path: Path, etc: Path | None, asterisk: AsteriskControl) -> list[Finding]:
    """Return everything there is to say, good news as notices.

    Raises: Misconfigured when the config does not load.
    """
    folder = etc_folder(load(path), etc)
    prepared = checked(prepare(path, etc, asterisk))
    findings = list(prepared.findings)
    findings += _of_asterisk(asterisk)
    try:
        standing = status(folder, asterisk)
        severity: Severity = "notice" if standing.is_intact else "error"
        findings.append(Finding(severity, "standing", str(standing), str(folder)))
        if prepared.rendered is not None and diff(prepared.rendered, folder).items:
            message = "the config says something else than what stands in Asterisk: see `diff`, then `apply`"
            findings.append(Finding("warning", "not-applied", message, str(path)))
    except ApplyError as exc:
        findings.append(Finding("error", "folder", str(exc), str(folder)))
    for report in ask_all(prepared.config, asterisk):
        findings += [
            Finding(
                _SEVERITY[row.status],
                "trunk",
                f"{row.reason}. {row.advice}".rstrip(". "),
                subject=f"{report.trunk}: {row.check}",
            )
            for row in report.rows
        ]
    return findings


def _of_asterisk(asterisk: AsteriskControl) -> list[Finding]:
    silence = silence_of(asterisk)
    if silence:
        return [Finding("error", "no-asterisk", f"{silence}; see --asterisk and --asterisk-conf")]
    modules = modules_of(asterisk)
    return [
        Finding("error", "missing-module", "Asterisk has not loaded it: see modules.conf", subject=name)
        for name in _NEEDED
        if name not in modules
    ]
