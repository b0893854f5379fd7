"""A mind's letters, cut into sentences as early as possible: the mouth begins while the mind still writes."""

import re
from typing import Final

_END: Final = re.compile(r"[.!?…]+[\"»)]*(?=\s)|\n+")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:sr|sra|srta|dr|dra|d|dña|ud|uds|avda|núm|tel|mr|mrs|ms|st|no|[a-zñ])\.$", re.I
)
LONGEST_SENTENCE: Final = 240
"""Characters; a mind that forgets its full stops is cut at a comma or a space, or nobody would hear it for long."""


class SentenceCutter:
    """Takes letters, gives whole sentences."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        """Return the sentences that `text` completes."""
        self._rest += text
        sentences: list[str] = []
        while (end := self._sentence_end()) is not None:
            sentences.append(self._rest[:end].strip())
            self._rest = self._rest[end:]
        return [sentence for sentence in sentences if _has_words(sentence)]

    def finish(self) -> list[str]:
        """Return what is left, when nothing follows any more."""
        sentence, self._rest = self._rest.strip(), ""
        return [sentence] if _has_words(sentence) else []

    def _sentence_end(self) -> int | None:
        for match in _END.finditer(self._rest):
            if not _ABBREVIATION.search(self._rest[: match.end()]):
                return match.end()
        if len(self._rest) <= LONGEST_SENTENCE:
            return None
        head = self._rest[:LONGEST_SENTENCE]
        comma = max(head.rfind(", "), head.rfind("; "))
        return (comma if comma > 0 else max(head.rfind(" "), 0) or LONGEST_SENTENCE - 1) + 1


def _has_words(sentence: str) -> bool:
    return any(letter.isalnum() for letter in sentence)
