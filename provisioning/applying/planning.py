"""From what stands to what shall stand, and back: files in, files out. Pure.

Somebody else's file is never replaced as a whole: only the marked block in it is ours, and lines that a person added
around it stay, also when we go back.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provisioning.applying.file_state import ABSENT, FILE_MODE, FileChange, FileState, encoded, fingerprint
from provisioning.applying.standing import Host, Standing
from provisioning.finding import Finding
from provisioning.rendered import Rendered, split_block, with_block

_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*")


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done."""

    changes: tuple[FileChange, ...]
    standing: Standing
    """What will stand afterwards."""


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom new files belong: the configuration folder's owner and group."""

    uid: int
    gid: int


def paths_of(rendered: Rendered, standing: Standing) -> tuple[frozenset[str], frozenset[str]]:
    """Return (our files, somebody else's files) that a plan is about."""
    ours = frozenset(rendered.files) | frozenset(standing.files)
    return ours, frozenset(_includes(rendered)) | frozenset(standing.blocks)


def bad_paths(rendered: Rendered) -> list[Finding]:
    """Say which paths cannot be written: outside the folder, hidden, or ours and somebody else's at once."""
    findings = []
    for path in sorted({*rendered.files, *rendered.includes}):
        if not _PATH.fullmatch(path):
            message = "is no path below the configuration folder (letters, digits and . _ + - only)"
            findings.append(Finding("error", "bad-path", message, path))
    for path in sorted(frozenset(rendered.files) & frozenset(rendered.includes)):
        findings.append(Finding("error", "bad-path", "cannot be our file and somebody else's at once", path))
    for host, files in sorted(rendered.includes.items()):
        for missing in (path for path in files if path not in rendered.files):
            message = f"would include {missing}, which is not among our files"
            findings.append(Finding("error", "dangling-include", message, host))
    return findings


def plan(rendered: Rendered, standing: Standing, present: Mapping[str, FileState], owner: Owner) -> Plan:
    """Return what leads from the present files to the rendered state.

    `present` has every path of `paths_of`.
    Raises: ValueError when a file's block has lost one of its marks (`hand_changes` says so in words).
    """
    states: dict[str, tuple[FileState, bool]] = {}
    for path, text in rendered.files.items():
        states[path] = _our_file(encoded(text), present[path], owner), False
    for path in standing.files:
        states.setdefault(path, (ABSENT, False))
    hosts: dict[str, Host] = {}
    blocks: dict[str, str] = {}
    for path, files in _includes(rendered).items():
        hosts[path] = _host(present[path], standing.hosts.get(path))
        state = present[path] if present[path].exists else FileState(b"", FILE_MODE, owner.uid, owner.gid)
        state = state.with_text(with_block(state.text, files))
        blocks[path] = block_print(state)
        states[path] = state, True
    for path in standing.blocks:
        if path not in blocks:
            states[path] = without_our_block(present[path], standing.hosts[path]), True
    changes = [
        FileChange(path, present[path], after, is_host)
        for path, (after, is_host) in sorted(states.items())
        if after != present[path]
    ]
    prints = {path: fingerprint(encoded(text)) for path, text in rendered.files.items()}
    digest = "" if not prints and not blocks else rendered.digest()
    return Plan(tuple(changes), Standing(digest, prints, blocks, hosts, standing.folders))


def hand_changes(rendered: Rendered, standing: Standing, present: Mapping[str, FileState]) -> list[Finding]:
    """Say what a person did to our files and blocks since we wrote them."""
    findings = []
    for path, print_ in standing.files.items():
        content = present[path].content
        if content is None:
            findings.append(_by_hand(path, "our file was deleted by hand"))
        elif fingerprint(content) != print_:
            findings.append(_by_hand(path, "our file was changed by hand since the last apply"))
    for path, text in rendered.files.items():
        if path not in standing.files and present[path].content not in (None, encoded(text)):
            findings.append(_by_hand(path, "is there already, and we did not write it"))
    for path in sorted(paths_of(rendered, standing)[1]):
        known = standing.blocks.get(path)
        try:
            block = block_print(present[path])
        except ValueError:
            message = "the marks of our block were changed by hand: remove the block and both marks in an editor"
            findings.append(Finding("error", "broken-block", message, path))
            continue
        if known is None and block:
            findings.append(_by_hand(path, "has a block of ours that no apply of this folder wrote"))
        elif known is not None and not block:
            findings.append(_by_hand(path, "our block was removed by hand"))
        elif known is not None and block != known:
            findings.append(_by_hand(path, "our block was changed by hand since the last apply"))
    return findings


def undone(present: FileState, change: FileChange) -> FileState | None:
    """Return the file without one change of ours; None when a person has since changed what was ours."""
    if present.content == change.after.content:
        return change.before
    if present.content == change.before.content:
        return replace(change.before, content=present.content)
    if not change.is_host:
        return None
    try:
        now, ours = split_block(present.text), split_block(change.after.text)
        then = split_block(change.before.text)
    except ValueError:
        return None
    if now[1] == then[1]:
        # a file that we made and emptied is no file of theirs
        return present if present.content or change.before.exists else ABSENT
    if now[1] != ours[1] or not present.exists:
        return None
    if now[2] is None:  # the change had removed our block: it goes back to the end
        glue = "" if not now[0] or now[0].endswith("\n") else "\n"
        return present.with_text(now[0] + glue + then[1])
    if then[2] is not None:
        return present.with_text(now[0] + then[1] + now[2])
    before = change.before.text
    return without_our_block(present, Host(change.before.exists, bool(before) and not before.endswith("\n")))


def undo_plan(
    changes: Sequence[FileChange], present: Mapping[str, FileState], overwrite: bool
) -> tuple[tuple[FileChange, ...], list[Finding]]:
    """Return (what undoes the changes, what a person did in between).

    The changes come in the order they were made. With `overwrite`, our own files go back whatever they hold now; a
    block in somebody else's file whose lines a person changed is never guessed at.
    """
    states = dict(present)
    is_host: dict[str, bool] = {}
    findings: dict[str, Finding] = {}
    for change in reversed(changes):
        path = change.path
        is_host[path] = change.is_host
        state = undone(states[path], change)
        if state is None:
            if overwrite and not change.is_host:
                state = change.before
            else:
                findings[path] = _by_hand(path, "was changed by hand since we wrote it")
                continue
        states[path] = state
    steps = [
        FileChange(path, present[path], states[path], is_host[path])
        for path in sorted(is_host)
        if states[path] != present[path]
    ]
    return tuple(steps), list(findings.values())


def without_our_block(state: FileState, host: Host) -> FileState:
    """Return somebody else's file as if we had never been there."""
    if not state.exists:
        return state
    before, _, after = split_block(state.text)
    if after is None:
        return state
    if host.glued and not after and before.endswith("\n"):
        before = before[:-1]
    if not before and not after and not host.existed:
        return ABSENT
    return state.with_text(before + after)


def block_print(state: FileState) -> str:
    """Return the SHA-256 of our block in a file, or "" without one.

    Raises: ValueError when the block has lost one of its marks.
    """
    _, block, after = split_block(state.text)
    return "" if after is None else fingerprint(encoded(block.rstrip("\n")))


def folders_above(path: str) -> list[str]:
    """Return the folders a path lies in, outermost first."""
    found: list[str] = []
    while path := posixpath.dirname(path):
        found.insert(0, path)
    return found


def _our_file(content: bytes, now: FileState, owner: Owner) -> FileState:
    """Return our file; who may read it is left as it is, unless it is open to everybody."""
    if now.content == content and not now.mode & 0o007:
        return now
    if now.exists and not now.mode & 0o007:
        return FileState(content, now.mode, now.uid, now.gid)
    return FileState(content, FILE_MODE, owner.uid, owner.gid)


def _host(now: FileState, known: Host | None) -> Host:
    has_block = split_block(now.text)[2] is not None
    if known is not None and has_block:
        return known
    glued = not has_block and bool(now.text) and not now.text.endswith("\n")
    return Host(known.existed if known else now.exists, glued)


def _includes(rendered: Rendered) -> dict[str, tuple[str, ...]]:
    return {host: files for host, files in rendered.includes.items() if files}


def _by_hand(path: str, message: str) -> Finding:
    return Finding("error", "changed-by-hand", message, path)
