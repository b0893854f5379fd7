"""docs/carriers.md shows the presets as they are."""

from pathlib import Path

import pytest

from provisioning.carriers import presets
from provisioning.carriers.table import presets_page, with_page

PAGE = Path(__file__).parents[4] / "docs" / "carriers.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text("utf-8")
    assert with_page(text, presets_page(presets())) == text, "run `python -m provisioning.carriers`"


def test_every_doubt_is_on_the_page() -> None:
    page = presets_page(presets())
    doubts = {
        (fact.source, name) for preset in presets().values() for name, fact in preset.all_facts() if not fact.verified
    }
    assert page.count("**no**") >= len(doubts) > 0


def test_a_page_without_its_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="marks"):
        with_page("# Carriers", "tables")
