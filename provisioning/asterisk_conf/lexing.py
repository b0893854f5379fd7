"""Single lines of Asterisk's configuration language: what stands outside of comments, and what a directive says."""

from typing import Final, Literal

BLANKS: Final = "".join(map(chr, range(33)))
"""What Asterisk strips: every character below 33."""

_MOST_NESTED_COMMENTS: Final = 128
"""`MAX_NESTED_COMMENTS`; what would go deeper is left as it is."""


class Comments:
    """Where a text stands between `;--` and `--;`; takes its lines in order."""

    def __init__(self) -> None:
        self.depth = 0
        """How many blocks are open; -1 after a `--;` too many, which silences everything that follows."""
        self.begun_at: list[int] = []
        """Line numbers at which the open blocks began."""

    def strip(self, line: str, number: int) -> tuple[str, Literal["", "stray-end"]]:
        """Return what a line says outside of comments, with `\\;` as `;`, and whether a `--;` has no beginning."""
        kept: list[str] = []
        trouble: Literal["", "stray-end"] = ""
        is_outside = self.depth == 0
        start = at = 0
        while (mark := line.find(";", at)) >= 0:
            if mark > at and line[mark - 1] == "\\":
                line = line[: mark - 1] + line[mark:]
                at = mark
            elif line.startswith("--", mark + 1) and line[mark + 3 : mark + 4] != "-":
                if self.depth >= _MOST_NESTED_COMMENTS:
                    break
                if is_outside:
                    kept.append(line[start:mark])
                    is_outside = False
                self.depth += 1
                self.begun_at.append(number)
                at = mark + 3
            elif mark >= at + 2 and line[mark - 2 : mark] == "--":
                self.depth -= 1
                if self.depth < 0:
                    trouble = "stray-end"
                else:
                    self.begun_at.pop()
                at = mark + 1
                if self.depth == 0:
                    is_outside, start = True, at
            elif self.depth == 0:
                if is_outside:
                    kept.append(line[start:mark])
                return "".join(kept), trouble
            else:
                at = mark + 1
        if is_outside:
            kept.append(line[start:])
        return "".join(kept), trouble


def directive(line: str) -> tuple[str, str]:
    """Return the word after `#` and its argument without quotation marks."""
    end = next((index for index, char in enumerate(line) if index and char in BLANKS), len(line))
    argument = line[end + 1 :].strip(BLANKS)
    closing = {'"': '"', "<": ">"}.get(argument[:1])
    if closing and len(argument) > 1 and argument.endswith(closing):
        argument = argument[1:-1]
    return line[1:end], argument


def shortened(text: str) -> str:
    """Return the beginning of a text: enough to recognise it by."""
    return text if len(text) <= 24 else text[:24] + "…"
