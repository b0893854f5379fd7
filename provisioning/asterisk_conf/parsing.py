"""Asterisk's configuration language: files as text in, effective sections with file and line out.

What Asterisk's own reader does (`main/config.c`), and where it surprises:

* There is **no line continuation**; a backslash at the end of a line is part of the value. `key += more` appends to
  the last value of that key.
* `\\;` is a semicolon, any other `;` begins a comment, `;--` … `--;` comments out a block (it nests, and a fourth
  dash, as in `;---`, makes it a comment of one line). A lone `--;` outside a block silences the rest of the file.
* Options of a section follow its bracket at once: in `[a] (!)` the `(!)` is not seen. Names in them are not trimmed.
* Template and `(+)` names are found without regard to case, the first one wins, `(+)` skips templates unless
  `(+TEMPLATES=include)` says otherwise, and `(+type=endpoint)` picks among sections of one name.
* A template gives what it holds *at that line*; what `(+)` adds to it later reaches nobody.
* An include is looked for below Asterisk's configuration folder, never beside the file that names it. It begins in
  the section that was begun last; the lines after it go on in the section they stood in.
* A mistake in the root file makes Asterisk refuse all of it; a mistake in an included file ends that file only, and
  the including file goes on.

Each of these is held against a real Asterisk in `tests/asterisk/test_conf_checks.py`.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Literal

from provisioning.asterisk_conf.including import matching_files, read_folder
from provisioning.asterisk_conf.lexing import BLANKS, Comments, directive, shortened
from provisioning.asterisk_conf.sections import Entry, Section, Tree, Where
from provisioning.finding import Finding

__all__ = ["ETC", "Entry", "Section", "Tree", "Where", "read_folder", "read_tree"]

ETC: Final = "/etc/asterisk"
"""Where Asterisk's configuration folder is, unless somebody says otherwise."""

_LONGEST_LINE: Final = 8190
"""Bytes without the line's end; the buffer of its reader is `char buf[8192]`."""
_LONGEST_NAME: Final = 79
"""Characters of a section's name; the rest is cut off."""
_DEEPEST_INCLUDE: Final = 10
"""Files below the root, one in the other (`MAX_INCLUDE_LEVEL`)."""
_ANY: Final = "TEMPLATES=include"
"""Fits every section, templates too."""
_MOST_LOADS: Final = 5_000
"""Files read in one tree; Asterisk has no such limit, but files that include one another can multiply."""


def read_tree(files: Mapping[str, str], root: str, etc: str = ETC) -> Tree:
    """Return what Asterisk would read from `root`.

    Takes path → text, paths relative to the configuration folder (or absolute, for files outside it), and the path of
    that folder itself, so that absolute includes into it are understood. Never raises; whatever is wrong is a finding.
    """
    return _Reader(files, etc).read(root)


class _Outcome(Enum):
    LOADED = auto()
    MISSING = auto()
    INVALID = auto()
    """The file was read up to a mistake."""


@dataclass(slots=True)
class _Open:
    """A section that may still grow."""

    name: str
    where: Where
    is_template: bool = False
    entries: list[Entry] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    adds: bool = False

    def fits(self, matcher: str) -> bool:
        """Return whether this is what the text after `(+` asks for.

        No text: any section that is no template. Else `name=value` pairs joined by `&`, both searched as regular
        expressions, and `TEMPLATES=include` or `TEMPLATES=restrict`.
        """
        templates_too = False
        for pair in matcher.split("&") if matcher else ():
            name, equals, value = (part.strip(BLANKS) for part in pair.partition("="))
            if not equals:
                return False
            if name == "TEMPLATES":
                if value.lower() == "restrict" and not self.is_template:
                    return False
                templates_too = True
            elif not self._has(name, value):
                return False
        return templates_too or not self.is_template

    def _has(self, key_pattern: str, value_pattern: str) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python warns of what POSIX expressions may hold
                key, value = re.compile(key_pattern), re.compile(value_pattern)
        except (re.error, OverflowError, RecursionError):
            return False
        return any(key.search(entry.key) and value.search(entry.value) for entry in self.entries)

    def closed(self) -> Section:
        return Section(self.name, tuple(self.entries), self.where, self.is_template, tuple(self.bases), self.adds)


class _Reader:
    """The state of Asterisk's reader while it goes through one tree."""

    def __init__(self, files: Mapping[str, str], etc: str) -> None:
        self._files = files
        self._etc = etc
        self._sections: list[_Open] = []
        self._named: dict[str, list[_Open]] = {}
        self._begun_last: _Open | None = None
        self._findings: list[Finding] = []
        self._read: dict[str, None] = {}
        self._level = 0
        self._loads = 0

    def read(self, root: str) -> Tree:
        outcome = self._load(root, None)
        if outcome is _Outcome.MISSING:
            self._findings.append(Finding("error", "file-missing", "there is no such file", root))
        return Tree(
            tuple(section.closed() for section in self._sections),
            tuple(self._findings),
            tuple(self._read),
            is_refused=outcome is not _Outcome.LOADED,
        )

    # -- files --------------------------------------------------------------------------------------------------------

    def _load(self, pattern: str, named_at: Where | None) -> _Outcome:
        if self._level > _DEEPEST_INCLUDE:
            self._say("error", "include-too-deep", f"includes nest deeper than {_DEEPEST_INCLUDE} files", named_at)
            return _Outcome.MISSING
        paths = [pattern] if named_at is None else matching_files(self._files, pattern, self._etc)
        paths = [path for path in paths if path in self._files]
        if not paths:
            return _Outcome.MISSING
        self._level += 1
        reading = _FileReading(self, self._begun_last)
        for path in paths:
            self._loads += 1
            if self._loads > _MOST_LOADS:
                self._say("error", "include-too-many", f"more than {_MOST_LOADS} files are included", named_at)
                return _Outcome.INVALID
            self._read[path] = None
            if not reading.read(path, self._files[path]):
                # as in Asterisk, the level is not given back
                return _Outcome.INVALID
        self._level -= 1
        return _Outcome.LOADED

    def include(self, argument: str, where: Where, must_exist: bool) -> bool:
        """Read what an include names; False ends the file that holds it."""
        outcome = self._load(argument, where)
        if outcome is not _Outcome.MISSING or not must_exist:
            return True
        if argument.startswith("/") and not argument.startswith(self._etc.rstrip("/") + "/"):
            message = f"'{argument}' lies outside {self._etc}: it was not read, so nothing in it is checked"
            self._say("warning", "include-outside", message, where)
            return True
        message = f"'{argument}' is included and does not exist below {self._etc}; #tryinclude may name a missing file"
        self._say("error", "include-missing", message, where)
        return False

    # -- sections -----------------------------------------------------------------------------------------------------

    def begin(self, section: _Open) -> None:
        self._sections.append(section)
        self._named.setdefault(section.name.lower(), []).append(section)
        self._begun_last = section

    def go_back_to(self, section: _Open) -> None:
        self._begun_last = section

    def find(self, name: str, matcher: str) -> _Open | None:
        """Return the first section of that name that fits `matcher`, or None."""
        sections = self._named.get(name.lower(), ())
        return next((section for section in sections if section.fits(matcher)), None)

    def note(self, severity: Literal["error", "warning", "notice"], code: str, message: str, where: Where) -> None:
        self._findings.append(Finding(severity, code, message, where.file, where.line))

    def _say(self, severity: Literal["error", "warning"], code: str, message: str, where: Where | None) -> None:
        self.note(severity, code, message, where or Where("", 0))


class _FileReading:
    """One include (which may be several files, when it has a `*`): its comments and its present section."""

    def __init__(self, reader: _Reader, section: _Open | None) -> None:
        self._reader = reader
        self._section = section
        self._comments = Comments()

    def read(self, path: str, text: str) -> bool:
        """Take in one file; False when Asterisk gives it up at a mistake."""
        has_nul = "\0" in text
        comments = self._comments
        for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            line = raw.partition("\0")[0] if has_nul else raw
            if len(line) * 4 > _LONGEST_LINE and len(line.encode("utf-8", "surrogatepass")) > _LONGEST_LINE:
                self._reader.note(
                    "error", "line-too-long", "Asterisk skips a line this long (8190 bytes)", Where(path, number)
                )
                continue
            if ";" in line or comments.depth:
                line = self._without_comments(line, Where(path, number))
            line = line.strip(BLANKS)
            if line and not self._take(line, Where(path, number)):
                return False
        if comments.depth > 0:
            message = "a ;-- comment begins here and never ends with --;"
            self._reader.note("warning", "comment-not-closed", message, Where(path, comments.begun_at[-1]))
        return True

    def _without_comments(self, line: str, where: Where) -> str:
        said, trouble = self._comments.strip(line, where.line)
        if trouble:
            message = "'--;' without ';--' before it: Asterisk takes the rest of this file for a comment"
            self._reader.note("error", "stray-comment-end", message, where)
        return said

    # -- lines --------------------------------------------------------------------------------------------------------

    def _take(self, line: str, where: Where) -> bool:
        if line[0] == "[":
            return self._take_header(line, where)
        if line[0] == "#":
            return self._take_directive(line, where)
        return self._take_entry(line, where)

    def _take_entry(self, line: str, where: Where) -> bool:
        note = self._reader.note
        if self._section is None:
            note("error", "no-section", "this line stands before any [section]", where)
            return False
        escaped = line[0] == "\\"
        if escaped:
            line = line[1:]
            if not line or line[0] in BLANKS:
                note("error", "bad-escape", "a backslash at the beginning must be followed by a character", where)
                return False
        equals = line.find("=", 1 if escaped else 0)
        if equals < 0:
            # only its first word: the rest may be a password
            note(
                "warning", "no-equals", f"no '=' in this line ('{shortened(line.split()[0])} …'), it is ignored", where
            )
            return True
        appends = equals > int(escaped) and line[equals - 1] == "+"
        key = line[: equals - 1 if appends else equals].strip(BLANKS)
        rest = line[equals + 1 :]
        is_object = not appends and rest.startswith(">")
        if appends and self._append(key, rest):
            return True
        if not key:
            note("warning", "no-key", "nothing stands before the '=', Asterisk ignores this line", where)
            return True
        value = rest[1 if is_object else 0 :].strip(BLANKS)
        self._section.entries.append(Entry(key, value, where, is_object))
        return True

    def _append(self, key: str, more: str) -> bool:
        """Lengthen the last value of `key`, as `+=` does; False when there is none yet."""
        assert self._section is not None
        entries = self._section.entries
        last = next((entry for entry in reversed(entries) if entry.key == key), None)
        if last is None:
            return False
        # Asterisk looks its place up again by name and value, from the front and without case
        for index, entry in enumerate(entries):
            if entry.key.lower() == key.lower() and (not last.value or entry.value.lower() == last.value.lower()):
                longer = (last.value + more).strip(BLANKS)
                entries[index] = Entry(last.key, longer, entry.where, entry.is_object)
                break
        return True

    def _take_header(self, line: str, where: Where) -> bool:
        note = self._reader.note
        end = line.find("]")
        if end < 0:
            note("error", "section-not-closed", "a section's name begins with '[' and has no ']'", where)
            return False
        name = line[1:end]
        if len(name) > _LONGEST_NAME:
            note("warning", "name-too-long", f"Asterisk cuts a section's name at {_LONGEST_NAME} characters", where)
            name = name[:_LONGEST_NAME]
        section = new = _Open(name, where)
        rest = line[end + 1 :]
        if rest.startswith("("):
            close = rest.find(")")
            if close < 0:
                note("error", "section-not-closed", "the options of a section begin with '(' and have no ')'", where)
                return False
            for option in rest[1:close].split(","):
                taken = self._take_option(option, section, new, where)
                if taken is None:
                    return False
                section = taken
        elif rest.strip(BLANKS):
            message = f"what stands after the ']' is ignored: {shortened(rest.strip(BLANKS))}"
            note("warning", "options-ignored", message + " (options follow without a blank)", where)
        if section is new:
            self._reader.begin(new)
        self._section = section
        return True

    def _take_option(self, option: str, section: _Open, new: _Open, where: Where) -> _Open | None:
        """Apply one word between the parentheses; return the section that goes on, or None for a mistake."""
        if option == "!":
            section.is_template = True
            return section
        if option.startswith("+"):
            found = self._reader.find(new.name, option[1:])
            if found is None:
                hint = " (a template needs (+TEMPLATES=include))" if self._reader.find(new.name, _ANY) else ""
                message = f"(+) adds to section [{new.name}], which does not exist above{hint}"
                self._reader.note("error", "addition-without-section", message, where)
                return None
            if section is new:
                self._reader.go_back_to(found)
                found.is_template |= new.is_template
                found.entries += new.entries
                found.bases += new.bases
                found.adds = True
            return found
        base = self._reader.find(option, _ANY)
        if base is None:
            message = f"section [{new.name}] inherits from '{option}', which does not exist above"
            self._reader.note("error", "template-missing", message, where)
            return None
        section.bases.append(base.name)
        section.entries += tuple(base.entries)
        return section

    def _take_directive(self, line: str, where: Where) -> bool:
        note = self._reader.note
        word, argument = directive(line)
        kind = word.lower()
        if kind == "exec":
            message = "#exec runs a program while Asterisk loads; it was not run, so nothing it prints is checked"
            note("error", "exec-refused", message, where)
            return True
        if kind not in ("include", "tryinclude"):
            note("warning", "unknown-directive", f"Asterisk knows no '#{shortened(word)}' and ignores it", where)
            return True
        if not argument:
            note("warning", "directive-without-argument", f"'#{word}' names no file, Asterisk ignores it", where)
            return True
        return self._reader.include(argument, where, must_exist=kind == "include")
