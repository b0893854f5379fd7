"""From what stands to what shall stand and back, for whatever somebody else's files hold."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from provisioning.applying.file_state import ABSENT, FileChange, FileState
from provisioning.applying.planning import Owner, bad_paths, hand_changes, paths_of, plan, undo_plan
from provisioning.applying.standing import NOTHING, Standing
from provisioning.rendered import BEGIN_MARK, END_MARK, Rendered

OWNER = Owner(5, 6)
OURS = "centralita/pjsip.conf"
SOME = Rendered({OURS: "[a]\n"}, {"pjsip.conf": (OURS,)})
MORE = Rendered(
    {OURS: "[b]\n", "centralita/x.conf": "[x]\n"},
    {"pjsip.conf": (OURS, "centralita/x.conf"), "new.conf": ("centralita/x.conf",)},
)
EMPTY = Rendered({}, {})

# somebody else's bytes: any, and often with line ends in all the awkward places
BYTES = st.one_of(
    st.binary(max_size=60), st.sampled_from([b"", b"a", b"a\n", b"\n", b"a\r\n", b"a\n\n", b"\xf1", b";"])
)
HOSTS = st.one_of(st.just(ABSENT), st.builds(FileState, BYTES, st.just(0o644), st.just(1), st.just(2)))

Files = dict[str, FileState]


def present(files: Mapping[str, FileState], rendered: Rendered, standing: Standing) -> Files:
    ours, hosts = paths_of(rendered, standing)
    return {path: files.get(path, ABSENT) for path in ours | hosts}


def done(files: Files, rendered: Rendered, standing: Standing) -> tuple[Files, Standing, tuple[FileChange, ...]]:
    planned = plan(rendered, standing, present(files, rendered, standing), OWNER)
    return files | {change.path: change.after for change in planned.changes}, planned.standing, planned.changes


def existing(files: Mapping[str, FileState]) -> Files:
    return {path: state for path, state in files.items() if state.exists}


@given(HOSTS, HOSTS, st.lists(st.sampled_from([SOME, MORE]), min_size=1, max_size=4))
def test_taking_everything_out_leaves_every_byte_as_it_was(
    one: FileState, other: FileState, way: list[Rendered]
) -> None:
    theirs = {"pjsip.conf": one, "new.conf": other}
    files, standing = dict(theirs), NOTHING
    for state in way:
        files, standing, _ = done(files, state, standing)
        assert files[OURS].content == state.files[OURS].encode()
        assert files[OURS].mode == 0o640
        assert hand_changes(state, standing, present(files, state, standing)) == []
    files, standing, _ = done(files, EMPTY, standing)
    assert standing.is_empty
    assert existing(files) == existing(theirs)


@given(HOSTS, HOSTS, st.lists(st.sampled_from([SOME, MORE, EMPTY]), min_size=1, max_size=5), st.data())
def test_undoing_any_number_of_steps_goes_back_to_the_byte(
    one: FileState, other: FileState, way: list[Rendered], data: st.DataObject
) -> None:
    files: Files = {"pjsip.conf": one, "new.conf": other}
    states, steps, standing = [dict(files)], [], NOTHING
    for state in way:
        files, standing, changes = done(files, state, standing)
        states.append(dict(files))
        steps.append(changes)
    back_to = data.draw(st.integers(0, len(way) - 1))
    changes = tuple(change for step in steps[back_to:] for change in step)
    undoing, conflicts = undo_plan(changes, {c.path: files[c.path] for c in changes}, overwrite=False)
    assert conflicts == []
    after = files | {change.path: change.after for change in undoing}
    assert existing(after) == existing(states[back_to])


@given(BYTES, st.sampled_from([b"", b"[theirs]\n"]))
def test_what_a_person_adds_around_our_block_survives_going_back(added: bytes, before: bytes) -> None:
    files, _, changes = done({"pjsip.conf": FileState(before, 0o644, 1, 2)}, SOME, NOTHING)
    edited = b"; above\n" + (files["pjsip.conf"].content or b"") + added
    files["pjsip.conf"] = FileState(edited, 0o644, 1, 2)
    undoing, conflicts = undo_plan(changes, files, overwrite=False)
    after = files | {change.path: change.after for change in undoing}
    assert conflicts == []
    assert after["pjsip.conf"].content == b"; above\n" + before + added
    assert not after[OURS].exists


def test_an_edit_between_two_applies_is_not_lost_by_going_back_over_both() -> None:
    files, standing, first = done({"pjsip.conf": FileState(b"[a]\n", 0o644, 1, 2)}, SOME, NOTHING)
    files["pjsip.conf"] = FileState(b"; theirs\n" + (files["pjsip.conf"].content or b""), 0o644, 1, 2)
    files, standing, second = done(files, MORE, standing)
    changes = (*first, *second)
    undoing, _ = undo_plan(changes, {c.path: files[c.path] for c in changes}, overwrite=False)
    assert {c.path: c.after.content for c in undoing}["pjsip.conf"] == b"; theirs\n[a]\n"


def test_our_file_changed_by_hand_is_not_taken_back_unasked() -> None:
    files, standing, changes = done({}, SOME, NOTHING)
    files[OURS] = FileState(b"[by hand]\n", 0o640, 5, 6)
    assert [f.message for f in hand_changes(SOME, standing, files)] == [
        "our file was changed by hand since the last apply"
    ]
    _, conflicts = undo_plan(changes, files, overwrite=False)
    assert [conflict.file for conflict in conflicts] == [OURS]
    undoing, conflicts = undo_plan(changes, files, overwrite=True)
    assert conflicts == []
    assert {change.path: change.after for change in undoing}[OURS] == ABSENT


def test_hand_changes_are_told_apart() -> None:
    files, standing, _ = done({"pjsip.conf": FileState(b"x\n", 0o644, 1, 2)}, SOME, NOTHING)
    with_block = files["pjsip.conf"].text

    def said(**states: str | None) -> list[str]:
        changed = dict(files)
        changed["pjsip.conf"] = FileState(states["host"].encode() if states["host"] is not None else None, 0o644, 1, 2)
        return [finding.message for finding in hand_changes(SOME, standing, changed)]

    assert said(host=with_block) == []
    assert said(host="; a line more\n" + with_block + "and another") == []
    assert said(host="x\n") == ["our block was removed by hand"]
    assert said(host=with_block.replace("#tryinclude", ";#tryinclude")) == [
        "our block was changed by hand since the last apply"
    ]
    assert "marks" in said(host=with_block.replace(END_MARK, ""))[0]
    assert "marks" in said(host=with_block + BEGIN_MARK)[0]


def test_a_file_that_is_not_ours_is_not_overwritten_unasked() -> None:
    files = {OURS: FileState(b"[somebody]\n", 0o640, 1, 2), "pjsip.conf": ABSENT}
    assert [f.message for f in hand_changes(SOME, NOTHING, files)] == ["is there already, and we did not write it"]


def test_a_world_readable_file_of_ours_is_closed_again() -> None:
    files, standing, _ = done({"pjsip.conf": ABSENT}, SOME, NOTHING)
    files[OURS] = FileState(files[OURS].content, 0o644, 5, 6)
    _, _, changes = done(files, SOME, standing)
    assert [(change.path, change.after.mode) for change in changes] == [(OURS, 0o640)]


def test_paths_that_leave_the_folder_are_refused() -> None:
    for path in ("../x.conf", "/etc/x.conf", "a//b.conf", ".hidden/x.conf", "a\nb.conf", ""):
        assert bad_paths(Rendered({path: ""}, {})), path
    assert bad_paths(Rendered({}, {"pjsip.conf": ("centralita/none.conf",)}))
    assert bad_paths(SOME) == []
