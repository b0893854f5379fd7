"""What apply, rollback and status decide; Asterisk is one of paper."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provisioning.applying.apply import Ways, apply, diff, recover, rollback
from provisioning.applying.disk import Disk
from provisioning.applying.errors import ApplyError, JournalUnreadable, NothingToUndo
from provisioning.applying.journal import KEPT, Journal
from provisioning.applying.paper_asterisk import PaperAsterisk, folder_with
from provisioning.applying.report import ApplyReport
from provisioning.applying.status import history, status
from provisioning.finding import Finding
from provisioning.rendered import Rendered

NOTHING = Rendered({}, {})


def state(contacts: int = 1, extra: str = "") -> Rendered:
    text = (
        "[centralita-gw]\ntype = endpoint\ncontext = c\nauth = centralita-gw-auth\n"
        f"[centralita-gw]\ntype = aor\nmax_contacts = {contacts}\n"
        f"[centralita-gw-auth]\ntype = auth\nusername = u\npassword = hush-{contacts}\n{extra}"
    )
    return Rendered({"centralita/pjsip.conf": text}, {"pjsip.conf": ("centralita/pjsip.conf",)})


def no_checks(files: Mapping[str, str]) -> Sequence[Finding]:
    return ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_with(tmp_path / "etc", {"pjsip.conf": b"[200]\ntype = endpoint\n", "extensions.conf": b"[general]\n"})


@pytest.fixture
def pbx(folder: Path) -> PaperAsterisk:
    return PaperAsterisk(folder, log=folder.parent / "log")


def applied(folder: Path, pbx: PaperAsterisk | None, rendered: Rendered, ways: Ways | None = None) -> ApplyReport:
    return apply(rendered, folder, pbx, checks=no_checks, ways=ways or Ways(patience_seconds=0))


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_checks_see_the_folder_as_it_would_be_and_may_forbid_it(folder: Path, pbx: PaperAsterisk) -> None:
    before = bytes_in(folder)
    seen: dict[str, str] = {}

    def checks(files: Mapping[str, str]) -> list[Finding]:
        seen.update(files)
        return [Finding("error", "dangling-reference", "no such context")]

    report = apply(state(), folder, pbx, checks=checks)
    assert (report.result, report.findings[0].code) == ("refused", "dangling-reference")
    assert "#tryinclude centralita/pjsip.conf" in seen["pjsip.conf"]
    assert "centralita/pjsip.conf" in seen
    assert (bytes_in(folder), pbx.commands) == (before, [])


def test_a_warning_forbids_nothing_and_is_passed_on(folder: Path, pbx: PaperAsterisk) -> None:
    report = apply(state(), folder, pbx, checks=lambda files: [Finding("warning", "w", "mind this")])
    assert (report.result, report.findings[0].message) == ("applied", "mind this")


def test_an_asterisk_that_is_down_is_not_written_to(folder: Path, pbx: PaperAsterisk) -> None:
    before = bytes_in(folder)
    pbx.is_running = False
    assert applied(folder, pbx, state()).result == "refused"
    assert bytes_in(folder) == before
    assert applied(folder, pbx, state(), Ways(offline=True)).result == "unproven"
    assert not status(folder, pbx).is_proven


def test_an_asterisk_that_dies_of_the_reload_gets_its_old_files_back(folder: Path) -> None:
    class Dying(PaperAsterisk):
        def cli(self, command: str) -> str:
            if command.startswith("module reload"):
                self.is_running = False
            return super().cli(command)

    pbx = Dying(folder)
    before = bytes_in(folder)
    report = applied(folder, pbx, state())
    assert report.result == "trouble"
    assert bytes_in(folder) == before
    assert "could not be told" in str(report)


def test_an_object_that_asterisk_loses_is_named(folder: Path, pbx: PaperAsterisk) -> None:
    pbx.forgets = frozenset({("auth", "centralita-gw-auth")})
    report = applied(folder, pbx, state())
    assert report.result == "taken-back"
    assert [f.subject for f in report.findings] == ["auth centralita-gw-auth"]


def test_asterisk_s_own_words_stand_beside_the_object(folder: Path, pbx: PaperAsterisk) -> None:
    assert pbx.log is not None
    pbx.log.write_text("[now] ERROR[1] x.c: an old complaint\n")
    report = applied(folder, pbx, state(extra="allow_guest = no\n"), Ways(log=pbx.log, patience_seconds=0))
    assert report.result == "taken-back"
    assert "Asterisk says: ERROR res_sorcery_config.c: Could not create an object of type 'auth'" in str(report)
    assert "old complaint" not in str(report)


def test_somebody_else_s_object_that_goes_with_our_reload_counts(folder: Path, pbx: PaperAsterisk) -> None:
    pbx.forgets = frozenset({("endpoint", "200")})
    report = applied(folder, pbx, state())
    assert report.result != "applied"
    assert any((f.code, f.subject) == ("others-vanished", "endpoint 200") for f in report.findings)


def test_an_endpoint_that_ari_does_not_see_is_no_proof(folder: Path, pbx: PaperAsterisk) -> None:
    report = applied(folder, pbx, state(), Ways(witness=lambda: ["200"], patience_seconds=0))
    assert (report.result, report.findings[0].code) == ("taken-back", "not-seen-by-ari")
    assert applied(folder, pbx, state(), Ways(witness=lambda: ["centralita-gw"])).result == "applied"


def test_changes_by_hand_are_respected_until_told_otherwise(folder: Path, pbx: PaperAsterisk) -> None:
    applied(folder, pbx, state())
    ours = folder / "centralita/pjsip.conf"
    ours.write_text(ours.read_text() + "; my note\n")
    assert not status(folder, pbx).is_intact
    assert applied(folder, pbx, state(2)).result == "refused"
    assert rollback(folder, pbx).result == "refused"
    assert "my note" in ours.read_text()
    report = applied(folder, pbx, state(2), Ways(overwrite_hand_changes=True))
    assert (report.result, "my note" in ours.read_text()) == ("applied", False)


def test_a_block_without_its_end_is_never_guessed_at(folder: Path, pbx: PaperAsterisk) -> None:
    applied(folder, pbx, state())
    host = folder / "pjsip.conf"
    host.write_text(host.read_text().replace("; END centralita managed\n", ""))
    report = applied(folder, pbx, state(2), Ways(overwrite_hand_changes=True))
    assert (report.result, report.findings[0].code) == ("refused", "broken-block")
    with pytest.raises(ApplyError, match="marks"):
        diff(state(2), folder)


def test_diff_writes_nothing_and_hides_passwords(folder: Path, pbx: PaperAsterisk) -> None:
    before = bytes_in(folder)
    assert "created file centralita/pjsip.conf" in str(diff(state(), folder))
    assert bytes_in(folder) == before
    applied(folder, pbx, state())
    text = str(diff(state(2), folder)) + diff(state(2), folder).json()
    assert "*** (changed)" in text
    assert "hush" not in text
    assert not diff(state(), folder)


def test_rollback_goes_step_by_step_and_by_entry(folder: Path, pbx: PaperAsterisk) -> None:
    ours = folder / "centralita/pjsip.conf"
    for contacts in (1, 2, 3):
        applied(folder, pbx, state(contacts))
    assert rollback(folder, pbx).result == "applied"
    assert "max_contacts = 2" in ours.read_text()
    applied(folder, pbx, state(4))
    with pytest.raises(NothingToUndo, match="000001, 000002, 000005"):
        rollback(folder, pbx, to="3")
    assert rollback(folder, pbx, to="000001").result == "applied"
    assert "max_contacts = 1" in ours.read_text()
    assert rollback(folder, pbx).result == "applied"
    assert bytes_in(folder) == {"pjsip.conf": b"[200]\ntype = endpoint\n", "extensions.conf": b"[general]\n"}
    with pytest.raises(NothingToUndo):
        rollback(folder, pbx)


def test_the_journal_keeps_the_last_twenty(folder: Path, pbx: PaperAsterisk) -> None:
    for contacts in range(1, KEPT + 6):
        assert applied(folder, pbx, state(contacts)).result == "applied"
    assert [past.entry for past in history(folder)] == [f"{n:06d}" for n in range(6, KEPT + 6)]
    assert rollback(folder, pbx, to="000006").result == "applied"
    assert "max_contacts = 6" in (folder / "centralita/pjsip.conf").read_text()
    with pytest.raises(NothingToUndo, match="does not reach back"):
        rollback(folder, pbx)
    assert applied(folder, pbx, NOTHING).result == "applied"
    assert not (folder / "centralita").exists()


def test_the_journal_can_be_kept_elsewhere_when_everything_goes(folder: Path, pbx: PaperAsterisk) -> None:
    applied(folder, pbx, state())
    archive = folder.parent / "archive"
    applied(folder, pbx, NOTHING, Ways(archive=archive))
    assert sorted(path.name for path in archive.iterdir()) == ["000001.done.json", "000002.done.json"]
    assert not (folder / "centralita").exists()


def test_a_link_stays_a_link_and_the_file_behind_it_is_written(folder: Path, pbx: PaperAsterisk) -> None:
    real = folder.parent / "elsewhere.conf"
    (folder / "pjsip.conf").rename(real)
    (folder / "pjsip.conf").symlink_to(real)
    real.chmod(0o664)
    assert applied(folder, pbx, state()).result == "applied"
    assert (folder / "pjsip.conf").is_symlink()
    assert "#tryinclude" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o664
    rollback(folder, pbx)
    assert real.read_bytes() == b"[200]\ntype = endpoint\n"


def test_our_own_folder_behind_a_link_is_refused(folder: Path, pbx: PaperAsterisk) -> None:
    (folder.parent / "trap").mkdir()
    (folder / "centralita").symlink_to(folder.parent / "trap")
    with pytest.raises(ApplyError, match="symbolic link"):
        applied(folder, pbx, state())


def test_a_damaged_journal_is_said_and_not_worked_around(folder: Path, pbx: PaperAsterisk) -> None:
    applied(folder, pbx, state())
    (folder / "centralita/.journal/000001.done.json").write_text("{")
    for work in (lambda: applied(folder, pbx, state(2)), lambda: rollback(folder, pbx), lambda: status(folder)):
        with pytest.raises(JournalUnreadable, match="damaged"):
            work()


def test_a_cut_apply_with_later_edits_waits_for_a_person(folder: Path, pbx: PaperAsterisk) -> None:
    applied(folder, pbx, state())
    applied(folder, pbx, state(2))
    journal = folder / "centralita/.journal"
    (journal / "000002.done.json").rename(journal / "000002.prepared.json")
    assert status(folder).disk_holds == "the new state"
    ours = folder / "centralita/pjsip.conf"
    ours.write_text("; mine now\n")
    assert status(folder).disk_holds == "changes by hand"
    with pytest.raises(ApplyError, match="a person changed files since"):
        recover(folder, pbx)
    assert ours.read_text() == "; mine now\n"
    assert "are back" in recover(folder, pbx, ways=Ways(overwrite_hand_changes=True))
    assert "max_contacts = 1" in ours.read_text()


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    for work in (
        lambda: apply(state(), tmp_path / "none", None, checks=no_checks),
        lambda: diff(state(), tmp_path / "none"),
        lambda: rollback(tmp_path / "none", None),
        lambda: status(tmp_path / "none"),
    ):
        with pytest.raises(ApplyError, match="there is no folder"):
            work()


def test_reports_are_programs_food_too_and_hold_no_secret(folder: Path, pbx: PaperAsterisk) -> None:
    report = applied(folder, pbx, state())
    assert json.loads(report.json())["result"] == "applied"
    assert json.loads(status(folder, pbx).json())["is_intact"] is True
    entries = Journal(Disk(folder)).entries()
    for said in (report.json(), repr(report), str(report), repr(entries), str(history(folder)), str(status(folder))):
        assert "hush" not in said
