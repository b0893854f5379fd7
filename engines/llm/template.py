"""Answers with variables: "Su saldo es {balance} euros", "{name|sin identificar}", "{due_date:date}"."""

import re
from collections.abc import Mapping
from typing import Any, Final

from engines.llm.answers import months

_VARIABLE: Final = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([a-z]+))?(?:\|([^{}]*))?\}")
FORMATS: Final = ("date", "digits")
"""`date` says an ISO date in words, `digits` parts a number so that it is read digit by digit."""


def variables(template: str) -> tuple[str, ...]:
    """Return the names of the variables in `template`, in order."""
    return tuple(match[1] for match in _VARIABLE.finditer(template))


def formats(template: str) -> tuple[str, ...]:
    """Return the formats asked for in `template`, in order."""
    return tuple(match[2] for match in _VARIABLE.finditer(template) if match[2])


def stray_braces(template: str) -> bool:
    """True when a brace belongs to no variable: a typing mistake the caller would hear."""
    return bool(re.search(r"[{}]", _VARIABLE.sub("", template)))


def filled(template: str, values: Mapping[str, Any], language: str) -> str:
    """Put values into `template`; a variable without value takes its default, or nothing."""

    def replaced(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None or value == "":
            return match[3] or ""
        return _said(value, match[2], language)

    return re.sub(r"\s{2,}", " ", _VARIABLE.sub(replaced, template)).strip()


def _said(value: object, form: str | None, language: str) -> str:
    if isinstance(value, bool):
        return {"es": ("no", "sí"), "en": ("no", "yes")}.get(language, ("no", "sí"))[value]
    text = str(value)
    if form == "digits":
        return " ".join(text)
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text) if form == "date" else None
    if iso is None or not 1 <= int(iso[2]) <= 12:
        return text
    month = months(language)[int(iso[2]) - 1]
    return f"{month} {int(iso[3])}" if language == "en" else f"{int(iso[3])} de {month}"
