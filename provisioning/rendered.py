"""What rendering gives: the files that are ours, and the lines by which somebody else's files take them in."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BEGIN_MARK: Final = "; BEGIN centralita managed"
END_MARK: Final = "; END centralita managed"

_SECRET_LINE: Final = re.compile(
    r"(?im)^([ \t;]*[\w.-]*(?:password|passwd|secret|token|md5_cred|password_digest|privkey_pass)"
    r"[ \t]*\+?=>?[ \t]*)\S.*$"
)
_SECRET_IN_URI: Final = re.compile(r"(?i)(\bsips?:[^\s:@;>\"]+:)[^\s@;>\"]+(?=@)")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One state of our part of Asterisk's configuration. Paths are relative to its configuration folder."""

    files: Mapping[str, str] = field(repr=False)
    """Path → text, like `centralita/pjsip.conf`; ours entirely, written 0640, and they hold passwords."""
    includes: Mapping[str, tuple[str, ...]]
    """Somebody else's file → our files that one marked block of `#tryinclude` lines in it takes in."""

    def digest(self) -> str:
        """Return a hash that changes with any file or include."""
        text = repr((sorted(self.files.items()), sorted(self.includes.items())))
        return hashlib.sha256(text.encode()).hexdigest()


def redacted(text: str) -> str:
    """Return a configuration text with every password replaced by `***`, in comments and SIP addresses too."""
    return _SECRET_IN_URI.sub(r"\1***", _SECRET_LINE.sub(r"\1***", text))


def marked_block(files: tuple[str, ...]) -> str:
    """Return the block that goes into somebody else's file; it ends with a newline."""
    return "\n".join([BEGIN_MARK, *(f"#tryinclude {path}" for path in files), END_MARK, ""])


def with_block(text: str, files: tuple[str, ...]) -> str:
    """Return somebody else's file with our block at its end, or in the place where it already stands."""
    before, _, after = split_block(text)
    if after is None:
        glue = "" if not text or text.endswith("\n") else "\n"
        return text + glue + marked_block(files)
    return before + marked_block(files) + after


def without_block(text: str) -> str:
    """Return somebody else's file as it was before our block, byte for byte.

    A newline that `with_block` had to add at the end of the last line stays out of this promise: see the journal,
    which keeps the original.
    """
    before, _, after = split_block(text)
    return before if after is None else before + after


def split_block(text: str) -> tuple[str, str, str | None]:
    """Return (before, block, after); `after` is None when there is no block.

    Raises: ValueError when the block begins and does not end, or stands twice: a person has been there.
    """
    begins, ends = text.count(BEGIN_MARK), text.count(END_MARK)
    if begins == ends == 0:
        return text, "", None
    if begins != 1 or ends != 1 or text.index(BEGIN_MARK) > text.index(END_MARK):
        raise ValueError("the lines marked as centralita's were changed by hand")
    start = text.index(BEGIN_MARK)
    stop = text.index(END_MARK) + len(END_MARK)
    if text[stop : stop + 1] == "\n":
        stop += 1
    return text[:start], text[start:stop], text[stop:]
