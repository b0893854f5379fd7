"""Filter and jail into /etc/fail2ban and out again, with the same journal as Asterisk's files. A thin shell."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from provisioning.applying.apply import Ways, apply, rollback
from provisioning.applying.report import ApplyReport
from provisioning.finding import Finding
from provisioning.freepbx.gathering import Run, run_program
from provisioning.rendered import Rendered

FOLDER: Final = Path("/etc/fail2ban")
NOTHING: Final = Rendered({}, {})
_FILES_ONLY: Final = Ways(offline=True)


def put_fail2ban(
    rendered: Rendered, log: Path, *, folder: Path = FOLDER, run: Run = run_program
) -> ApplyReport | Finding:
    """Write the files, try them, let fail2ban read them; take them back when it will not.

    Returns a finding when nothing can be done: no fail2ban here, or no log to watch yet (fail2ban does not start a
    jail without its log). Raises: ApplyError and its kin.
    """
    if not folder.is_dir():
        message = "fail2ban is not installed, nobody is banned: apt install fail2ban, then install again"
        return Finding("warning", "no-fail2ban", message, str(folder))
    if not log.exists():
        message = "Asterisk has not begun this log yet, and fail2ban does not start a jail without it"
        return Finding("warning", "no-security-log", message, str(log))
    report = _known(apply(rendered, folder, None, checks=lambda merged: (), ways=_FILES_ONLY))
    if report.result != "unproven":
        return report
    trouble = _reloaded(run)
    if not trouble:
        return replace(report, result="applied")
    rollback(folder, None, ways=_FILES_ONLY)
    _reloaded(run)
    finding = Finding("error", "fail2ban-refuses", f"fail2ban did not take our jail: {trouble}", str(folder))
    return replace(report, result="taken-back", findings=(*report.findings, finding))


def take_fail2ban_away(*, folder: Path = FOLDER, run: Run = run_program) -> ApplyReport | None:
    """Remove the files; None where there is no fail2ban. Refuses on hand-made changes, as everywhere."""
    if not folder.is_dir():
        return None
    report = _known(apply(NOTHING, folder, None, checks=lambda merged: (), ways=_FILES_ONLY))
    if report.result == "unproven":
        trouble = _reloaded(run)
        finding = Finding("warning", "fail2ban-silent", f"the files are gone, but: {trouble}", str(folder))
        report = replace(report, result="applied", findings=(*report.findings, *([finding] if trouble else [])))
    return report


def _reloaded(run: Run) -> str:
    """Test the whole configuration, then reload; return what went wrong, or ""."""
    for command in (["fail2ban-client", "-t"], ["fail2ban-client", "reload"]):
        status, said = run(command)
        if status != 0:
            return f"`{' '.join(command)}`: {said.strip()[-300:] or status}"
    return ""


def _known(report: ApplyReport) -> ApplyReport:
    """Leave out that Asterisk does not read these files: it never should."""
    return replace(report, findings=tuple(one for one in report.findings if one.code != "unknown-family"))
