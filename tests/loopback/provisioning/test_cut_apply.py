"""kill -9 at every step, a disk that fills up at every step, two at once: the folder is the old one or the new one."""

import errno
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest

from provisioning.applying.apply import Ways, apply, recover, rollback
from provisioning.applying.disk import Step
from provisioning.applying.errors import DiskTrouble, FolderLocked
from provisioning.applying.lock import LOCK_NAME, locked
from provisioning.applying.paper_asterisk import PaperAsterisk, folder_with
from provisioning.applying.status import status
from provisioning.finding import Finding
from provisioning.rendered import Rendered

THEIRS = {
    "pjsip.conf": b"[global]\ntype = global\n[200]\ntype = endpoint\ncontext = x",  # no newline at the end
    "extensions.conf": b"[general]\n\n; a\xf1o\n",
    "logger.conf": b"[logfiles]\n",
}
GATEWAY = "[centralita-gw]\ntype = endpoint\ncontext = c\nallow = alaw\n[centralita-gw]\ntype = aor\nmax_contacts = 1\n"
SMALL = Rendered(
    {"centralita/pjsip.conf": GATEWAY, "centralita/extensions.conf": "[centralita-in]\nexten => 1,1,Answer()\n"},
    {"pjsip.conf": ("centralita/pjsip.conf",), "extensions.conf": ("centralita/extensions.conf",)},
)
OTHER = Rendered(
    {
        "centralita/pjsip.conf": GATEWAY.replace("= 1", "= 2"),
        "centralita/more/acl.conf": "[centralita-lan]\npermit = 10.0.0.0/8\n",
        "centralita/ari.conf": "[centralita]\ntype = user\n",
    },
    {
        "pjsip.conf": ("centralita/pjsip.conf",),
        "acl.conf": ("centralita/more/acl.conf",),  # a file that is not there
        "ari.conf": ("centralita/ari.conf",),
    },
)
NOTHING = Rendered({}, {})

Tree = dict[str, tuple[int, int, int, bytes | None]]
Act = Callable[[Path, PaperAsterisk, Ways], object]


def no_checks(files: Mapping[str, str]) -> Sequence[Finding]:
    return ()


def applying(state: Rendered) -> Act:
    return lambda folder, asterisk, ways: apply(state, folder, asterisk, checks=no_checks, ways=ways)


def rolling_back(folder: Path, asterisk: PaperAsterisk, ways: Ways) -> object:
    return rollback(folder, asterisk, ways=ways)


def tree_of(folder: Path) -> Tree:
    """Everything in a folder but the journal's entries."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        if path.parent.name == ".journal":
            continue
        info = path.lstat()
        found[str(path.relative_to(folder))] = (
            info.st_mode, info.st_uid, info.st_gid, path.read_bytes() if path.is_file() else None,
        )  # fmt: skip
    return found


SCENES: dict[str, tuple[list[Act], Act]] = {
    "the first apply": ([], applying(SMALL)),
    "another state": ([applying(SMALL)], applying(OTHER)),
    "uninstalling": ([applying(OTHER)], applying(NOTHING)),
    "rolling back": ([applying(SMALL), applying(OTHER)], rolling_back),
    "rolling back the first": ([applying(SMALL)], rolling_back),
    "an apply that is taken back": ([], applying(Rendered(
        {"centralita/pjsip.conf": GATEWAY + "allow_guest = no\n"}, {"pjsip.conf": ("centralita/pjsip.conf",)}
    ))),
}  # fmt: skip


class Scene:
    """A folder before and after one act, to be played again and again."""

    def __init__(self, place: Path, name: str) -> None:
        before, self.act = SCENES[name]
        self._original = folder_with(place / "original", THEIRS)
        for act in before:
            act(self._original, PaperAsterisk(self._original), Ways())
        self._copy = place / "copy"
        self.old = tree_of(self._original)
        folder = self.fresh()
        self.act(folder, PaperAsterisk(folder), Ways(patience_seconds=0))
        self.new = tree_of(folder)

    def fresh(self) -> Path:
        """Return the folder as it was before the act."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._original, self._copy)
        return self._copy


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    return Scene(tmp_path, request.param)


def killed_at(number: int) -> Step:
    """Return a step that ends its process, without a word, when it is called for the `number`th time."""
    steps = count(1)

    def step(name: str) -> None:
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def was_killed(work: Callable[[], object]) -> bool:
    """Do the work in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(ended) == 0
    return False


def test_a_kill_at_any_step_leaves_the_old_or_the_new_state(scene: Scene) -> None:
    found = set()
    for number in count(1):
        folder = scene.fresh()
        ways = Ways(step=killed_at(number), patience_seconds=0)
        if not was_killed(lambda folder=folder, ways=ways: scene.act(folder, PaperAsterisk(folder), ways)):  # type: ignore[misc] # the loop's values, now
            break
        said = status(folder)
        asterisk = PaperAsterisk(folder)
        done = recover(folder, asterisk)
        # what status says before is what recover does
        assert bool(done) == (said.state == "cut"), (number, done, said)
        assert done == "" or "cut in the middle" in done
        after = tree_of(folder)
        assert after in (scene.old, scene.new), number
        found.add("old" if after == scene.old else "new")
        assert status(folder).is_intact
        # and life goes on
        assert apply(OTHER, folder, asterisk, checks=no_checks).is_good
    assert number > 15
    assert "old" in found
    assert "new" in found or scene.old == scene.new


def test_a_kill_while_recovering_is_recovered_from(scene: Scene) -> None:
    for number in count(3, 7):
        folder = scene.fresh()
        ways = Ways(step=killed_at(number), patience_seconds=0)
        if not was_killed(lambda folder=folder, ways=ways: scene.act(folder, PaperAsterisk(folder), ways)):  # type: ignore[misc] # the loop's values, now
            break
        for again in count(1):
            ways = Ways(step=killed_at(again))
            if not was_killed(lambda folder=folder, ways=ways: recover(folder, PaperAsterisk(folder), ways=ways)):  # type: ignore[misc] # the loop's values, now
                break
            recover(folder, PaperAsterisk(folder))
            assert tree_of(folder) in (scene.old, scene.new), (number, again)
            scene.fresh()
            was_killed(lambda folder=folder, number=number: scene.act(  # type: ignore[misc] # the loop's values, now
                folder, PaperAsterisk(folder), Ways(step=killed_at(number), patience_seconds=0)
            ))  # fmt: skip


@pytest.mark.parametrize("trouble", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_disk_that_refuses_at_any_step_leaves_the_old_or_the_new_state(scene: Scene, trouble: int) -> None:
    for number in count(1):
        folder = scene.fresh()
        asterisk = PaperAsterisk(folder)
        steps = count(1)

        def step(name: str, steps: Iterator[int] = steps, number: int = number) -> None:
            if next(steps) == number:
                raise OSError(trouble, os.strerror(trouble))

        said = os.strerror(trouble)
        try:
            scene.act(folder, asterisk, Ways(step=step, patience_seconds=0))
        except DiskTrouble as exc:
            said = str(exc)
        assert os.strerror(trouble) in said, number
        if next(steps) <= number:
            break
        recover(folder, asterisk)
        assert tree_of(folder) in (scene.old, scene.new), number
    assert number > 15


def test_a_disk_that_stays_full_is_not_touched(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "etc", THEIRS)
    before = tree_of(folder)

    def full(name: str) -> None:
        if "staged" in name and name.startswith(("opened", "wrote")):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskTrouble, match="nothing was changed, the old files are back: No space left"):
        apply(SMALL, folder, PaperAsterisk(folder), checks=no_checks, ways=Ways(step=full))
    assert tree_of(folder) == before


def test_a_second_process_is_told_who_is_at_it(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "etc", THEIRS)
    ready, say_ready = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with locked(folder, "apply"):
                os.write(say_ready, b"!")
                signal.pause()
        finally:
            os._exit(0)
    try:
        assert os.read(ready, 1) == b"!"
        with pytest.raises(FolderLocked, match=rf"process {child} \(apply\) since 20..-"):
            apply(SMALL, folder, PaperAsterisk(folder), checks=no_checks)
        seen = status(folder).lock
        assert seen is not None
        assert seen.pid == child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(say_ready)
    # the dead hold no lock, and the file they leave goes with the next one
    assert (folder / LOCK_NAME).exists()
    assert status(folder).lock is None
    assert apply(SMALL, folder, PaperAsterisk(folder), checks=no_checks).result == "applied"
    assert not (folder / LOCK_NAME).exists()
