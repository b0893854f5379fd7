"""Applying to a real Asterisk: what it takes is proven, what it refuses is taken back, and nothing is left behind."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from provisioning.applying.apply import Ways, apply, diff, rollback
from provisioning.applying.control import AsteriskCli, silence_of
from provisioning.applying.dialplan_modules import APPLICATIONS, FUNCTIONS
from provisioning.applying.expectations import PJSIP_SHOWN
from provisioning.applying.read_back import listing
from provisioning.applying.report import ApplyReport
from provisioning.applying.status import history, status
from provisioning.finding import Finding
from provisioning.private_pbx import PbxPlan, PhoneAccount, PrivatePbx, new_secret
from provisioning.rendered import Rendered

PLAN = PbxPlan(
    ari_password=new_secret(), ami_password=new_secret(), phones=(PhoneAccount("200", "secret200"),),
)  # fmt: skip
PASSWORD = "a-Password-of-Ours-77"

GATEWAY = f"""\
[centralita-gw-oficina]
type = endpoint
transport = udp
aors = centralita-gw-oficina
auth = centralita-gw-oficina-auth
context = centralita-in-gw
disallow = all
allow = alaw,ulaw
dtmf_mode = rfc4733
direct_media = no
rtp_symmetric = yes
force_rport = yes
trust_id_inbound = yes
deny = 0.0.0.0/0
permit = 192.168.1.0/24
device_state_busy_at = 4
rtp_timeout = 60
set_var = AICC_TRUNK=gw-oficina
[centralita-gw-oficina]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 30
[centralita-gw-oficina-auth]
type = auth
auth_type = digest
username = centralita-gw-oficina
password = {PASSWORD}
"""

CARRIER = """\
[centralita-car](!)
type = endpoint
context = centralita-in-car
disallow = all
allow = alaw
send_pai = yes
outbound_proxy = sip:127.0.0.1:9\\;lr
[centralita-car-uno](centralita-car)
aors = centralita-car-uno
outbound_auth = centralita-car-uno-auth
[centralita-car-uno]
type = aor
contact = sip:127.0.0.1:9
[centralita-car-uno-auth]
type = auth
auth_type = digest
username = 34911222333
password = another-secret-88
[centralita-car-uno]
type = identify
endpoint = centralita-car-uno
match = 203.0.113.0/28,203.0.113.77
match = localhost
[centralita-car-uno]
type = registration
transport = udp
server_uri = sip:127.0.0.1:9
client_uri = sip:34911222333@127.0.0.1:9
outbound_auth = centralita-car-uno-auth
line = yes
endpoint = centralita-car-uno
expiration = 120
retry_interval = 60
max_retries = 10000
auth_rejection_permanent = no
"""

DIALPLAN = """\
[centralita-in-gw]
exten => _X.,1,NoOp(centralita ${EXTEN} did=${FROM_DID})
 same => n,GotoIf($["${AICC_LOOP}" = "1"]?fallback)
 same => n,Set(__AICC_LOOP=1)
 same => n,Stasis(centralita,agent\\,one,${EXTEN})
 same => n(fallback),Hangup
exten => 5559000/600111222,1(known),Answer()
exten => 5559000,hint,PJSIP/200
include => centralita-services
[centralita-in-car]
exten => _+34.,1,Goto(centralita-in-gw,${EXTEN:1},1)
"""

INCLUDES = {
    "pjsip.conf": ("centralita/pjsip.conf",),
    "extensions.conf": ("centralita/extensions.conf",),
    "ari.conf": ("centralita/ari.conf",),
    "manager.conf": ("centralita/manager.conf",),
}


def rendered(pjsip: str = GATEWAY + CARRIER, extensions: str = DIALPLAN) -> Rendered:
    """One state of ours."""
    files = {
        "centralita/pjsip.conf": pjsip,
        "centralita/extensions.conf": extensions,
        "centralita/ari.conf": "[centralita-ari]\ntype = user\nread_only = yes\npassword = ari-secret-1\n",
        "centralita/manager.conf": "[centralita-ami]\nsecret = ami-secret-1\nread = call,dialplan\nwrite = originate\n",
    }
    return Rendered(files, INCLUDES)


def tree_of(folder: Path) -> dict[str, tuple[int, int, int, bytes | None]]:
    """Everything in a folder: permissions, owner and bytes, by relative path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_uid, info.st_gid, content)
    return found


def without_journal(tree: Mapping[str, object]) -> dict[str, object]:
    return {path: state for path, state in tree.items() if "/.journal" not in path}


def no_checks(files: Mapping[str, str]) -> Sequence[Finding]:
    """The offline checks have tests of their own; here Asterisk shall have the last word."""
    return ()


class Witness:
    """Passes commands on and remembers the reloads."""

    def __init__(self, pbx: PrivatePbx) -> None:
        self._pbx = pbx
        self.reloads: list[str] = []

    def cli(self, command: str) -> str:
        if "reload" in command:
            self.reloads.append(command)
        return self._pbx.cli(command)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        yield running


@pytest.fixture
def etc(pbx: PrivatePbx) -> Iterator[Path]:
    """The configuration folder; whatever a test leaves is taken out again, to the byte."""
    folder = pbx.folder / "etc"
    # hosts as people leave them: without a newline at the end, and with bytes that are no UTF-8
    pjsip = folder / "pjsip.conf"
    pjsip.write_bytes(pjsip.read_bytes().rstrip(b"\n") + b"\n; a\xf1o")
    before = tree_of(folder)
    yield folder
    apply(Rendered({}, {}), folder, pbx, checks=no_checks, ways=Ways(overwrite_hand_changes=True))
    assert tree_of(folder) == before


def applied(folder: Path, pbx: PrivatePbx | Witness, state: Rendered | None = None) -> ApplyReport:
    return apply(state or rendered(), folder, pbx, checks=no_checks, ways=Ways(patience_seconds=1.0))


def test_what_asterisk_takes_is_proven(pbx: PrivatePbx, etc: Path) -> None:
    report = applied(etc, pbx)
    assert report.result == "applied", str(report)
    # 2 endpoints, 2 aors, 2 auths, identify, registration, 2 users, 8 priorities with the hint
    assert report.checked == 18
    assert [finding for finding in report.findings if finding.severity != "notice"] == []
    assert "centralita-gw-oficina" in pbx.cli("pjsip show endpoints")
    assert "Goto(centralita-in-gw,${EXTEN:1},1)" in pbx.cli("dialplan show centralita-in-car")
    assert "centralita-ari" in pbx.cli("ari show users")
    assert {(etc / path).stat().st_mode & 0o777 for path in rendered().files} == {0o640}
    assert PASSWORD not in str(report) + report.json() + repr(report)
    standing = status(etc, pbx)
    assert (standing.state, standing.is_proven, standing.is_intact) == ("applied", True, True)


def test_without_a_difference_nothing_is_reloaded(pbx: PrivatePbx, etc: Path) -> None:
    applied(etc, pbx)
    before, witness = tree_of(etc), Witness(pbx)
    report = applied(etc, witness)
    assert (report.result, report.reloads, witness.reloads) == ("unchanged", (), [])
    assert tree_of(etc) == before


def test_only_what_changed_is_reloaded(pbx: PrivatePbx, etc: Path) -> None:
    applied(etc, pbx)
    witness = Witness(pbx)
    report = applied(etc, witness, rendered(extensions=DIALPLAN.replace("agent\\,one", "agent")))
    assert (report.result, witness.reloads) == ("applied", ["dialplan reload"])


@pytest.mark.parametrize(
    ("mistake", "subject", "reason"),
    [
        ("allow_guest = no", "endpoint centralita-gw-oficina", "allow_guest"),
        ("dtmf_mode = inbandd", "endpoint centralita-gw-oficina", "inbandd"),
    ],
)
def test_an_object_asterisk_refuses_is_named_and_taken_back(
    pbx: PrivatePbx, etc: Path, mistake: str, subject: str, reason: str
) -> None:
    before = tree_of(etc)
    report = applied(etc, pbx, rendered(GATEWAY.replace("context =", f"{mistake}\ncontext =") + CARRIER))
    assert report.result == "taken-back", str(report)
    blamed = [finding for finding in report.findings if finding.subject == subject and finding.severity == "error"]
    assert reason in blamed[0].message
    assert blamed[0].file == "centralita/pjsip.conf"
    # as if nothing had been: no file of ours, none of our objects that it had taken already
    assert tree_of(etc) == before
    assert not [name for ids in listing(pbx, PJSIP_SHOWN).values() for name in ids if name.startswith("centralita-")]
    assert "no existence" in pbx.cli("dialplan show centralita-in-gw")


def test_the_old_object_is_no_proof_of_the_new_one(pbx: PrivatePbx, etc: Path) -> None:
    """On a reload Asterisk keeps the old object, and says "reloaded successfully"."""
    applied(etc, pbx)
    before = tree_of(etc)
    changed = GATEWAY.replace("rtp_timeout = 60", "rtp_timeout = 61\nallow_guest = no")
    report = applied(etc, pbx, rendered(changed + CARRIER))
    assert report.result == "taken-back"
    assert any("rtp_timeout" in f.message and "kept the old" in f.message for f in report.findings), str(report)
    assert without_journal(tree_of(etc)) == without_journal(before)
    assert re.search(r"rtp_timeout +: 60", pbx.cli("pjsip show endpoint centralita-gw-oficina"))


def test_an_id_that_somebody_else_has_takes_nothing_from_them(pbx: PrivatePbx, etc: Path) -> None:
    before = tree_of(etc)
    duplicate = "[200]\ntype = endpoint\ncontext = centralita-in-gw\n"
    report = applied(etc, pbx, rendered(GATEWAY + duplicate))
    assert report.result == "taken-back"
    assert any("duplicate" in f.message and f.subject == "endpoint 200" for f in report.findings), str(report)
    assert tree_of(etc) == before
    assert "200" in listing(pbx, ["endpoint"])["endpoint"]
    assert "centralita-phones" in pbx.cli("pjsip show endpoint 200")


def test_a_dialplan_that_asterisk_does_not_take_is_taken_back(pbx: PrivatePbx, etc: Path) -> None:
    before = tree_of(etc)
    host = etc / "extensions.conf"
    theirs = host.read_bytes()
    host.write_bytes(b"[half a section\n" + theirs)  # a person's mistake: Asterisk refuses the whole file
    broken = tree_of(etc)
    report = applied(etc, pbx)
    assert report.result == "taken-back", str(report)
    assert "extension _X.@centralita-in-gw, 1" in {f.subject for f in report.findings if f.severity == "error"}
    assert tree_of(etc) == broken
    host.write_bytes(theirs)
    assert tree_of(etc) == before


def test_a_line_that_asterisk_would_ignore_is_refused(pbx: PrivatePbx, etc: Path) -> None:
    before = tree_of(etc)
    # one extension cannot have a label twice
    labels = "exten => 900,1(here),NoOp()\n same => n(here),Hangup()\n"
    report = applied(etc, pbx, rendered(extensions=DIALPLAN + labels))
    assert (report.result, report.findings[0].code) == ("refused", "duplicate-label")
    assert tree_of(etc) == before


def test_a_file_that_asterisk_s_reader_would_give_up_is_refused(pbx: PrivatePbx, etc: Path) -> None:
    before, witness = tree_of(etc), Witness(pbx)
    report = applied(etc, witness, rendered(extensions=DIALPLAN.replace("[centralita-in-car]", "[centralita-in-car")))
    assert (report.result, witness.reloads) == ("refused", [])
    assert (report.findings[0].file, report.findings[0].line) == ("centralita/extensions.conf", 10)
    assert tree_of(etc) == before


def test_removed_objects_are_gone(pbx: PrivatePbx, etc: Path) -> None:
    applied(etc, pbx)
    smaller = DIALPLAN.replace("exten => 5559000,hint,PJSIP/200\n", "")
    report = applied(etc, pbx, rendered(GATEWAY, smaller))
    assert report.result == "applied", str(report)
    assert "centralita-car-uno" not in pbx.cli("pjsip show endpoints") + pbx.cli("pjsip show registrations")
    assert "hint" not in pbx.cli("dialplan show centralita-in-gw")


def test_rollback_brings_back_the_state_before(pbx: PrivatePbx, etc: Path) -> None:
    empty = tree_of(etc)
    applied(etc, pbx)
    first = without_journal(tree_of(etc))
    applied(etc, pbx, rendered(GATEWAY.replace("rtp_timeout = 60", "rtp_timeout = 90"), DIALPLAN))
    applied(etc, pbx, rendered(GATEWAY.replace("rtp_timeout = 60", "rtp_timeout = 30"), DIALPLAN))
    assert "30" in pbx.cli("pjsip show endpoint centralita-gw-oficina").partition("rtp_timeout ")[2][:40]
    assert rollback(etc, pbx, to="000001").result == "applied"
    assert without_journal(tree_of(etc)) == first
    assert re.search(r"rtp_timeout +: 60", pbx.cli("pjsip show endpoint centralita-gw-oficina"))
    assert [past.kind for past in history(etc)] == ["apply", "apply", "apply", "rollback"]
    assert rollback(etc, pbx).result == "applied"
    assert tree_of(etc) == empty
    assert "centralita" not in pbx.cli("pjsip show endpoints")


def test_uninstalling_leaves_the_folder_as_it_was(pbx: PrivatePbx, etc: Path) -> None:
    before = tree_of(etc)
    theirs = (etc / "acl.conf").read_bytes()
    (etc / "acl.conf").unlink()  # without its file, Asterisk would keep what it knows from it
    before.pop("acl.conf")
    new_host = {**INCLUDES, "acl.conf": ("centralita/acl.conf",)}
    state = rendered()
    files = dict(state.files) | {"centralita/acl.conf": "[centralita-lan]\ndeny = 0.0.0.0/0\npermit = 10.0.0.0/8\n"}
    assert applied(etc, pbx, Rendered(files, new_host)).result == "applied"
    assert "centralita-lan" in pbx.cli("acl show")
    assert applied(etc, pbx, Rendered({}, {})).result == "applied"
    assert tree_of(etc) == before
    assert status(etc, pbx).state == "never applied"
    (etc / "acl.conf").touch(0o640)
    (etc / "acl.conf").write_bytes(theirs)
    assert "centralita" not in pbx.cli("acl show") + pbx.cli("pjsip show auths") + pbx.cli("manager show users")[20:]


def test_a_module_that_is_missing_is_found_before_anything_is_written(tmp_path: Path) -> None:
    with PrivatePbx(PLAN, tmp_path / "pbx") as pbx:
        pbx.cli("module unload res_pjsip_outbound_registration.so")
        pbx.cli("module unload func_groupcount.so")
        folder = pbx.folder / "etc"
        before = tree_of(folder)
        report = applied(folder, pbx, rendered(extensions=DIALPLAN + "exten => 900,1,Set(GROUP()=ours)\n"))
        assert (report.result, tree_of(folder)) == ("refused", before)
        missing = {"module res_pjsip_outbound_registration.so", "module func_groupcount.so"}
        assert {f.subject for f in report.findings} == missing


def test_applications_and_functions_come_from_the_modules_we_think(tmp_path: Path) -> None:
    """Each is there, and gone once its module is."""
    unknown = re.compile(r"No function by that name|application\(s\) is \(are\) not registered")
    asked = [("application", name, module) for name, module in APPLICATIONS.items() if module.endswith(".so")]
    asked += [("function", name, module) for name, module in FUNCTIONS.items()]
    with PrivatePbx(PLAN, tmp_path / "pbx") as pbx:
        before = {name for kind, name, _ in asked if unknown.search(pbx.cli(f"core show {kind} {name}"))}
        assert before == set()
        for module in sorted({module for _, _, module in asked}):
            pbx.cli(f"module unload -f {module}")
        left = {name for kind, name, _ in asked if not unknown.search(pbx.cli(f"core show {kind} {name}"))}
        assert left == set()


def test_a_pbx_that_is_down_is_not_written_to_but_offline(tmp_path: Path) -> None:
    pbx = PrivatePbx(PLAN, tmp_path / "pbx")
    pbx.launch()
    folder = pbx.folder / "etc"
    before = tree_of(folder)
    pbx.terminate()
    cli = AsteriskCli(pbx.build.argv, folder / "asterisk.conf")
    report = apply(rendered(GATEWAY), folder, cli, checks=no_checks)
    assert (report.result, tree_of(folder)) == ("refused", before)
    assert "Unable to connect" in report.findings[0].message
    assert apply(rendered(GATEWAY), folder, cli, checks=no_checks, ways=Ways(offline=True)).result == "unproven"
    pbx.launch()  # writes its own files anew: the block in them is gone, as after a restore from a copy
    try:
        assert silence_of(AsteriskCli(pbx.build.argv, folder / "asterisk.conf")) == ""
        refused = apply(rendered(GATEWAY), folder, pbx, checks=no_checks)
        assert {f.message for f in refused.findings} == {"our block was removed by hand"}
        again = apply(rendered(GATEWAY), folder, pbx, checks=no_checks, ways=Ways(overwrite_hand_changes=True))
        assert again.result == "applied", str(again)
        assert "centralita-gw-oficina" in pbx.cli("pjsip show endpoints")
    finally:
        pbx.terminate()


def test_what_was_written_offline_is_proven_by_the_next_apply(pbx: PrivatePbx, etc: Path) -> None:
    assert apply(rendered(), etc, None, checks=no_checks, ways=Ways(offline=True)).result == "unproven"
    assert "centralita" not in pbx.cli("pjsip show endpoints")
    report = applied(etc, pbx)
    assert (report.result, status(etc, pbx).is_proven) == ("applied", True)
    assert "centralita-gw-oficina" in pbx.cli("pjsip show endpoints")


def test_a_large_site_is_proven_with_few_questions(pbx: PrivatePbx, etc: Path) -> None:
    """500 trunks and 5,000 DIDs; the second apply changes one trunk and asks about one trunk."""
    trunks = "".join(
        f"[centralita-t{n}]\ntype = endpoint\naors = centralita-t{n}\ncontext = centralita-dids\n"
        f"disallow = all\nallow = alaw\n[centralita-t{n}]\ntype = aor\ncontact = sip:127.0.0.1:9\n"
        for n in range(500)
    )
    dids = "[centralita-dids]\n" + "".join(f"exten => 3491{n:06d},1,Stasis(centralita,a{n})\n" for n in range(5000))
    report = applied(etc, pbx, rendered(trunks, dids))
    assert (report.result, report.checked) == ("applied", 6002), str(report)[:2000]
    asked: list[str] = []

    class Listening(Witness):
        def cli(self, command: str) -> str:
            asked.append(command)
            return super().cli(command)

    changed = trunks.replace("allow = alaw\n[centralita-t7]", "allow = ulaw\n[centralita-t7]")
    assert applied(etc, Listening(pbx), rendered(changed, dids)).result == "applied"
    assert [command for command in asked if command.startswith("pjsip show")] == ["pjsip show endpoint centralita-t7"]
    assert len(asked) < 30


def test_the_diff_says_that_a_password_changed_and_not_which(pbx: PrivatePbx, etc: Path) -> None:
    applied(etc, pbx)
    text = str(diff(rendered(GATEWAY.replace(PASSWORD, "the-New-one-99") + CARRIER), etc))
    assert "+password = *** (changed)" in text
    assert not any(secret in text for secret in (PASSWORD, "the-New-one-99", "another-secret-88"))


def test_the_files_belong_to_whom_the_folder_belongs(pbx: PrivatePbx, etc: Path) -> None:
    applied(etc, pbx)
    folder = etc.stat()
    owners = {(p.stat().st_uid, p.stat().st_gid) for p in (etc / "centralita").iterdir()}
    assert owners == {(folder.st_uid, folder.st_gid)}
    assert (etc / "centralita/.journal").stat().st_mode & 0o777 == 0o700
    assert os.access(etc / "pjsip.conf", os.R_OK)
