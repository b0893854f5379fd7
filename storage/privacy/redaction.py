"""Texts without what identifies people: "[PHONE]" in its place, or with a key "[PHONE:token]", which can be undone."""

import re
from collections.abc import Sequence
from typing import Final

from storage.privacy.detection import find_pii, find_pii_in_turns
from storage.privacy.finding import Finding, PiiKind
from storage.privacy.pseudonyms import Pseudonyms

_TOKEN: Final = re.compile(rf"\[({'|'.join(kind.value for kind in PiiKind)}):([a-z2-7]+)\]")


def redact(text: str, pseudonyms: Pseudonyms | None = None) -> str:
    """Return the text without what identifies anybody; for good, or with `pseudonyms` so that `restore` undoes it."""
    return replaced(text, find_pii(text), pseudonyms)


def redact_turns(texts: Sequence[str], pseudonyms: Pseudonyms | None = None) -> list[str]:
    """Return the texts of one speaker, in order, redacted: also numbers dictated over several of them."""
    pairs = zip(texts, find_pii_in_turns(texts), strict=True)
    return [replaced(text, findings, pseudonyms) for text, findings in pairs]


def replaced(text: str, findings: Sequence[Finding], pseudonyms: Pseudonyms | None) -> str:
    """Return the text with something else in the findings' places; they must not overlap."""
    pieces, end = [], 0
    for found in findings:
        token = f":{pseudonyms.hide(found.kind, text[found.start : found.end])}" if pseudonyms else ""
        pieces += [text[end : found.start], f"[{found.kind.value}{token}]"]
        end = found.end
    return "".join([*pieces, text[end:]])


def restore(text: str, pseudonyms: Pseudonyms) -> str:
    """Return the text as it was; tokens of another key, another call, or made up, stay."""

    def shown(found: re.Match[str]) -> str:
        original = pseudonyms.show(PiiKind(found[1]), found[2])
        return found[0] if original is None else original

    return _TOKEN.sub(shown, text)
