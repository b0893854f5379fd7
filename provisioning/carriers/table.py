"""The presets as a Markdown page, for docs/carriers.md; a test keeps the page and the data the same."""

from collections.abc import Iterable, Mapping
from typing import Final

from provisioning.carriers.fact import Fact
from provisioning.carriers.preset import Preset

BEGIN: Final = "<!-- presets: written by `python -m provisioning.carriers` -->"
END: Final = "<!-- end of presets -->"
_SHORT: Final = 60
"""Characters of a value shown; longer lists are counted."""


def presets_page(presets: Mapping[str, Preset]) -> str:
    """Return the tables: an overview, then each preset's facts with source and date, then the forms' fields."""
    carriers = [one for one in presets.values() if one.kind == "preset"]
    forms = [one for one in presets.values() if one.kind == "form"]
    return "\n".join(
        [
            *_overview(carriers, forms),
            *(line for preset in carriers for line in _of_preset(preset)),
            *(line for group in _alike(forms) for line in _of_form(group)),
        ]
    )


def with_page(document: str, page: str) -> str:
    """Return the document with `page` between its two marks.

    Raises: ValueError when a mark is missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the marks of the presets are missing")
    return f"{before}{BEGIN}\n\n{page}\n{END}{after}"


def _overview(carriers: Iterable[Preset], forms: Iterable[Preset]) -> list[str]:
    lines = ["| `preset =` | Carrier | Places | Facts | Unverified | Oldest |", "| --- | --- | --- | --- | --- | --- |"]
    for preset in (*carriers, *forms):
        facts = [fact for _, fact in preset.all_facts()]
        places = ", ".join(f"`{preset.id}-{region}`" for region in preset.regions)
        kind = " (form)" if preset.kind == "form" else ""
        doubtful = sum(not fact.verified for fact in facts)
        oldest = min(fact.read_on for fact in facts).isoformat()
        lines.append(f"| `{preset.id}` | {preset.label}{kind} | {places} | {len(facts)} | {doubtful} | {oldest} |")
    return [*lines, ""]


def _of_preset(preset: Preset) -> list[str]:
    lines = [f"### {preset.label}: `{preset.id}`", ""]
    shapes = [preset.host_shape, *(region.host_shape for region in preset.regions.values())]
    if any(shapes):
        lines += [f"Hosts look like {', '.join(f'`{shape}`' for shape in shapes if shape)}.", ""]
    lines += _facts(preset.all_facts()) + _needs(preset)
    return lines


def _of_form(group: list[Preset]) -> list[str]:
    names = ", ".join(f"{one.label} (`{one.id}`)" for one in group)
    return [f"### {names}", "", *_facts(group[0].all_facts()), *_needs(group[0])]


def _alike(forms: Iterable[Preset]) -> list[list[Preset]]:
    """Put forms together that differ in their names only."""
    groups: list[list[Preset]] = []
    for form in forms:
        for group in groups:
            if (group[0].required, group[0].facts) == (form.required, form.facts):
                group.append(form)
                break
        else:
            groups.append([form])
    return groups


def _facts(facts: Iterable[tuple[str, Fact]]) -> list[str]:
    lines = ["| Fact | Value | Source | Read on | Verified |", "| --- | --- | --- | --- | --- |"]
    for name, fact in facts:
        source = f"[{fact.source}]({fact.url})" if fact.url else fact.source
        note = f"; {fact.note}" if fact.note else ""
        verified = "yes" if fact.verified else "**no**"
        lines.append(f"| `{name}` | {_value(fact)}{note} | {source} | {fact.read_on.isoformat()} | {verified} |")
    return [*lines, ""]


def _needs(preset: Preset) -> list[str]:
    if not preset.required:
        return []
    lines = ["You copy from your contract / Usted copia de su contrato:", ""]
    for need in preset.required:
        only = f' (`auth_type = "{need.auth_type}"`)' if need.auth_type else ""
        lines.append(f"- `{need.field}`{only}: {need.en} / {need.es}")
    return [*lines, ""]


def _value(fact: Fact) -> str:
    shown = fact.shown()
    if len(shown) <= _SHORT or not isinstance(fact.value, tuple):
        return shown
    return f"{fact.value[0]} and {len(fact.value) - 1} more"
