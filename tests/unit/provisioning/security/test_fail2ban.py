"""The jail watches the right log, never bans those who must be heard, and comes into /etc/fail2ban and out again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioning.applying.report import ApplyReport
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.security.audit import audit
from provisioning.security.fail2ban.installing import put_fail2ban, take_fail2ban_away
from provisioning.security.fail2ban.jail import FILTER_FILE, JAIL_FILE, fail2ban_files, never_banned
from provisioning.security.gathering import gather_audit
from vocabulary.errors import ConfigurationError


def config() -> TelephonyReceptionConfig:
    return parse_telephony(
        {
            "site": {"country": "ES", "network": {"local_networks": ["192.168.1.0/24"]}},
            "gateways": {"oficina": {"ip": "192.168.7.50", "permit": ["10.9.0.0/16", "0.0.0.0/0"]}},
            "carriers": {"norte": {"host": "sip.example.net", "signalling": ["198.51.100.0/28"]}},
        }
    )


def test_a_carrier_that_is_banned_is_a_dead_line() -> None:
    assert set(never_banned(config())) == {
        "127.0.0.0/8", "::1", "192.168.1.0/24", "192.168.7.50", "10.9.0.0/16", "sip.example.net", "198.51.100.0/28",
    }  # fmt: skip


def test_the_jail_watches_the_security_log() -> None:
    files = fail2ban_files(config(), "/var/log/asterisk").files
    jail = files[JAIL_FILE]
    assert "logpath  = /var/log/asterisk/centralita-security.log\n" in jail
    assert "filter   = centralita-asterisk\n" in jail
    assert "198.51.100.0/28" in jail
    assert "@{" not in jail
    assert "<ADDR>" in files[FILTER_FILE]


@pytest.mark.parametrize("folder", ["relative", "/var/log/a b", "/x\nlogpath = /etc/shadow"])
def test_a_folder_that_would_become_configuration_is_refused(folder: str) -> None:
    with pytest.raises(ConfigurationError, match="absolute path"):
        fail2ban_files(config(), folder)


def test_in_and_out_again(tmp_path: Path) -> None:
    folder, log = tmp_path / "fail2ban", tmp_path / "centralita-security.log"
    log.touch()
    for name in ("filter.d", "jail.d"):
        (folder / name).mkdir(parents=True)
    asked: list[list[str]] = []

    def run(argv: Sequence[str]) -> tuple[int, str]:
        asked.append(list(argv))
        return 0, ""

    report = put_fail2ban(fail2ban_files(config(), str(tmp_path)), log, folder=folder, run=run)
    assert isinstance(report, ApplyReport)
    assert report.result == "applied"
    assert asked == [["fail2ban-client", "-t"], ["fail2ban-client", "reload"]]
    (tmp_path / "etc").mkdir()
    assert {one.code for one in audit(gather_audit(tmp_path / "etc", fail2ban=folder))} == {"no-security-log"}
    gone = take_fail2ban_away(folder=folder, run=run)
    assert gone is not None
    assert gone.is_good
    assert sorted(path.name for path in folder.rglob("*")) == ["filter.d", "jail.d"]
