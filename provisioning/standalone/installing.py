"""The same installation as for FreePBX, then fail2ban on the security log; and both away again, in the other order."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.applying.apply import USUAL, Ways
from provisioning.applying.control import AsteriskControl
from provisioning.applying.report import ApplyReport
from provisioning.finding import Finding
from provisioning.freepbx.gathering import Run, gather, run_program
from provisioning.freepbx.installing import InstallReport, install, uninstall
from provisioning.model import TelephonyReceptionConfig
from provisioning.rendering.services import SECURITY_LOG
from provisioning.security.fail2ban.installing import FOLDER, put_fail2ban, take_fail2ban_away
from provisioning.security.fail2ban.jail import fail2ban_files


@dataclass(frozen=True, slots=True)
class StandaloneReport:
    """Asterisk's part and fail2ban's."""

    asterisk: InstallReport
    fail2ban: ApplyReport | Finding | None = None
    """None: not tried. A finding: why there is none."""

    @property
    def is_good(self) -> bool:
        """True when Asterisk has it; without fail2ban calls work all the same."""
        return self.asterisk.is_good and not (isinstance(self.fail2ban, ApplyReport) and not self.fail2ban.is_good)

    def __str__(self) -> str:
        if isinstance(self.fail2ban, ApplyReport):
            items = [item.summary for item in self.fail2ban.changes.items] if self.fail2ban.is_good else []
            parts = [f"fail2ban: {self.fail2ban.result}", *items, *map(str, self.fail2ban.findings)]
        else:
            parts = [f"fail2ban: {self.fail2ban}"] if self.fail2ban else []
        return "\n".join([str(self.asterisk), *parts])

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return {
            "good": self.is_good,
            "asterisk": self.asterisk.as_json(),
            "fail2ban": self.fail2ban.as_json() if self.fail2ban else None,
        }


def install_standalone(
    config: TelephonyReceptionConfig,
    secrets: Mapping[str, str],
    folder: Path,
    asterisk: AsteriskControl,
    *,
    dry_run: bool = False,
    run: Run = run_program,
    agents: frozenset[str] = frozenset(),
    ways: Ways = USUAL,
    fail2ban_folder: Path = FOLDER,
) -> StandaloneReport:
    """Install; see `freepbx.installing.install`. Without fail2ban on the machine, that part says so and goes on."""
    report = install(config, secrets, folder, asterisk, dry_run=dry_run, run=run, agents=agents, ways=ways)
    if dry_run or not report.is_good:
        return StandaloneReport(report)
    log_folder = gather(folder, asterisk, run=run).log_folder
    files = fail2ban_files(config, log_folder)
    log = Path(log_folder) / SECURITY_LOG
    return StandaloneReport(report, put_fail2ban(files, log, folder=fail2ban_folder, run=run))


def uninstall_standalone(
    folder: Path,
    asterisk: AsteriskControl | None,
    *,
    dry_run: bool = False,
    although_pointed_at: bool = False,
    run: Run = run_program,
    ways: Ways = USUAL,
    fail2ban_folder: Path = FOLDER,
) -> StandaloneReport:
    """Take both away: fail2ban's jail first, because it watches a log that Asterisk then stops writing."""
    tried = uninstall(folder, asterisk, dry_run=True, although_pointed_at=although_pointed_at)
    if dry_run:
        return StandaloneReport(tried)
    if not tried.is_good:  # it will refuse for the same reasons, in words; fail2ban goes on watching
        return StandaloneReport(uninstall(folder, asterisk, although_pointed_at=although_pointed_at, ways=ways))
    jail = take_fail2ban_away(folder=fail2ban_folder, run=run)
    done = uninstall(folder, asterisk, although_pointed_at=although_pointed_at, ways=ways)
    return StandaloneReport(done, jail)
