"""Into an Asterisk without FreePBX and out again: one with sample files, one with nothing but its modules."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from provisioning.applying.apply import Ways
from provisioning.applying.control import AsteriskCli
from provisioning.finding import Finding
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.model.secrets import SecretStore, gathered, sip_secret
from provisioning.security.fail2ban.jail import FILTER_FILE, JAIL_FILE
from provisioning.standalone.installing import StandaloneReport, install_standalone, uninstall_standalone
from softphone import CallFailed, Phone
from tests.freepbx_tree import TreePbx, snapshot, write_files

NUMBER = "34910000001"
SAMPLES = {
    "pjsip.conf": "; PJSIP configuration\n;\n;[simpletrans]\n;type = transport\n;protocol = udp\n;bind = 0.0.0.0\n",
    "extensions.conf": "[general]\nstatic = yes\nwriteprotect = no\n\n[globals]\n\n[public]\n; nothing yet\n",
    "http.conf": "[general]\nservername = Asterisk\n; off\n;enabled = yes\nbindaddr = 127.0.0.1",
    "ari.conf": "[general]\nenabled = yes       ; When set to no, ARI support is disabled.\n;pretty = no\n",
    "rtp.conf": "; RTP\n[general]\nrtpstart = {rtp_first}\nrtpend = {rtp_last}\n",
    "logger.conf": "[general]\n\n[logfiles]\nconsole = notice,warning,error\nmessages.log = notice,warning,error\n",
    "manager.conf": "[general]\nenabled = no\nport = 5038\nbindaddr = 0.0.0.0\n",
    "musiconhold.conf": "[default]\nmode = files\ndirectory = {moh}\n",
    "acl.conf": "",
    "indications.conf": "[general]\ncountry = us\n[us]\nringcadence = 2000,4000\ndial = 350+440\n"
    "busy = 480+620/500,0/500\nring = 440+480/2000,0/4000\ncongestion = 480+620/250,0/250\n",
}
"""A bare Asterisk's folder, like the sample files of a package: comments, and sections of the names that we need too;
http.conf ends without a newline."""


class Bare:
    """An Asterisk on a folder, a fail2ban folder beside it, and the two commands."""

    def __init__(self, folder: Path, samples: bool) -> None:
        self.pbx = TreePbx(folder / "pbx")
        self.store = SecretStore(folder / "secrets")
        self.cli = AsteriskCli(self.pbx.build.argv, self.pbx.conf)
        self.commands: list[Sequence[str]] = []
        self.fail2ban_status = 0
        self.fail2ban = folder / "fail2ban"
        write_files(self.fail2ban, {"jail.conf": "[DEFAULT]\nbanaction_allports = x\n", "filter.d/common.conf": ""})
        (self.fail2ban / "jail.d").mkdir()
        if samples:
            values = {
                "rtp_first": str(self.pbx.rtp_first),
                "rtp_last": str(self.pbx.rtp_last),
                "moh": str(self.pbx.folder / "lib" / "moh"),
            }
            write_files(self.pbx.etc, {name: text.format(**values) for name, text in SAMPLES.items()})

    @property
    def config(self) -> TelephonyReceptionConfig:
        return parse_telephony(
            {
                "site": {
                    "country": "ES",
                    "fallback": {"kind": "busy"},
                    "ari": {"port": self.pbx.http_port},
                    "network": {
                        "bind": "127.0.0.1",
                        "sip_port": self.pbx.sip_port,
                        "lan_address": "127.0.0.1",
                        "external_address": "203.0.113.7",
                        "local_networks": ["127.0.0.0/8"],
                        "rtp_first": self.pbx.rtp_first,
                        "rtp_last": self.pbx.rtp_last,
                    },
                },
                "gateways": {"oficina": {"dids": [{"number": f"+{NUMBER}"}]}},
            }
        )

    @property
    def secrets(self) -> Mapping[str, str]:
        return gathered(self.config, self.store)

    def run(self, argv: Sequence[str]) -> tuple[int, str]:
        """No fwconsole here; a fail2ban-client that answers as it is told."""
        if argv[0] == "fwconsole":
            return 127, ""
        self.commands.append(list(argv))
        return self.fail2ban_status, "fail2ban says no" if self.fail2ban_status else ""

    def install(self, dry_run: bool = False, offline: bool = False) -> StandaloneReport:
        return install_standalone(
            self.config, self.secrets, self.pbx.etc, self.cli,
            dry_run=dry_run, run=self.run, fail2ban_folder=self.fail2ban, ways=Ways(offline=offline),
        )  # fmt: skip

    def uninstall(self) -> StandaloneReport:
        return uninstall_standalone(self.pbx.etc, self.cli, run=self.run, fail2ban_folder=self.fail2ban)

    async def gateway(self) -> Phone:
        phone = await Phone.open(self.pbx.sip_address, "centralita-oficina", self.secrets[sip_secret("oficina")])
        await phone.register()
        return phone


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[Bare]:
    bare = Bare(tmp_path, samples=True)
    with bare.pbx:
        yield bare


async def test_install_call_uninstall_leaves_every_byte_as_it_was(sampled: Bare) -> None:
    before, watched = snapshot(sampled.pbx.etc), snapshot(sampled.fail2ban)
    tried = sampled.install(dry_run=True)
    assert tried.is_good, str(tried)
    assert (snapshot(sampled.pbx.etc), snapshot(sampled.fail2ban)) == (before, watched)

    done = sampled.install()
    assert done.is_good, str(done)
    assert f"127.0.0.1:{sampled.pbx.http_port}" in sampled.pbx.cli("http show status")
    assert "external_media_address" in sampled.pbx.cli("pjsip show transport centralita-udp")
    assert (sampled.pbx.log_folder / "centralita-security.log").exists()
    assert sampled.commands == [["fail2ban-client", "-t"], ["fail2ban-client", "reload"]]
    jail = (sampled.fail2ban / JAIL_FILE).read_text()
    assert f"logpath  = {sampled.pbx.log_folder}/centralita-security.log" in jail

    async with await sampled.gateway() as line:
        with pytest.raises(CallFailed) as engaged:  # the agent is not there, and the fallback is a busy signal
            await line.call(NUMBER, caller_number="+34600111222")
        # Busy() answers first and notes the cause then, so that now and then the answer goes without it
        assert (engaged.value.status, engaged.value.cause) in ((486, 17), (486, 0))
    assert "centralita let go: FAILED" in sampled.pbx.log() or "doesn't exist" in sampled.pbx.log()

    again = sampled.install()
    assert again.asterisk.applied is not None
    assert again.asterisk.applied.result == "unchanged"

    gone = sampled.uninstall()
    assert gone.is_good, str(gone)
    assert snapshot(sampled.pbx.etc) == before
    assert snapshot(sampled.fail2ban) == watched


async def test_a_folder_without_a_single_file_is_written_first_and_proven_when_asterisk_runs(tmp_path: Path) -> None:
    bare = Bare(tmp_path, samples=False)
    with bare.pbx:
        before = snapshot(bare.pbx.etc)
        refused = bare.install()
        assert "module-without-file" in {one.code for one in refused.asterisk.findings}
        assert snapshot(bare.pbx.etc) == before

        bare.pbx.terminate()
        assert bare.install(offline=True).is_good
        bare.pbx.launch()
        proven = bare.install()
        assert proven.is_good, str(proven)
        assert proven.asterisk.applied is not None
        assert proven.asterisk.applied.result == "applied"
        async with await bare.gateway() as line:
            with pytest.raises(CallFailed) as engaged:
                await line.call(NUMBER)
            assert engaged.value.status == 486

        assert bare.uninstall().is_good
        assert snapshot(bare.pbx.etc) == before


def test_a_fresh_start_reads_all_of_it_and_asterisk_starts_without_our_folder(sampled: Bare) -> None:
    sampled.install()
    sampled.pbx.restart()
    assert "centralita-oficina" in sampled.pbx.cli("pjsip list endpoints")
    shutil.rmtree(sampled.pbx.etc / "centralita")
    sampled.pbx.restart()
    assert "centralita" not in sampled.pbx.cli("pjsip list endpoints")


def test_a_port_that_somebody_has_is_found_before_anything_is_written(sampled: Bare, tmp_path: Path) -> None:
    other = Bare(tmp_path / "other", samples=True)
    with other.pbx:
        assert other.install().is_good
        sampled.pbx.sip_port = other.pbx.sip_port
        before = snapshot(sampled.pbx.etc)
        report = sampled.install()
        assert "port-taken" in {one.code for one in report.asterisk.findings if one.severity == "error"}
        assert snapshot(sampled.pbx.etc) == before


def test_a_fail2ban_that_refuses_gets_its_files_back(sampled: Bare) -> None:
    watched = snapshot(sampled.fail2ban)
    sampled.fail2ban_status = 255
    report = sampled.install()
    assert not report.is_good
    assert report.asterisk.is_good
    assert "fail2ban says no" in str(report)
    assert snapshot(sampled.fail2ban) == watched


def test_without_fail2ban_the_rest_is_installed_and_it_is_said(sampled: Bare) -> None:
    shutil.rmtree(sampled.fail2ban)
    report = sampled.install()
    assert report.is_good
    assert isinstance(report.fail2ban, Finding)
    assert report.fail2ban.code == "no-fail2ban"
    assert sampled.uninstall().is_good


def test_a_filter_changed_by_hand_is_not_deleted(sampled: Bare) -> None:
    sampled.install()
    mine = sampled.fail2ban / FILTER_FILE
    mine.write_text(mine.read_text() + "# mine\n")
    report = sampled.uninstall()
    assert not report.is_good
    assert mine.read_text().endswith("# mine\n")


def test_a_freepbx_is_not_treated_as_bare(sampled: Bare) -> None:
    write_files(sampled.pbx.etc, {"extensions_additional.conf": "", "pjsip.endpoint.conf": ""})
    before = snapshot(sampled.pbx.etc)
    report = sampled.install()
    assert "is-freepbx" in {one.code for one in report.asterisk.findings if one.severity == "error"}
    assert snapshot(sampled.pbx.etc) == before
