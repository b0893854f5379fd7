"""Write the tables of docs/carriers.md again: `python -m provisioning.carriers`."""

from pathlib import Path
from typing import Final

from provisioning.carriers.loading import presets
from provisioning.carriers.table import presets_page, with_page

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "carriers.md"


def main() -> None:
    """Write the page where it differs."""
    PAGE.write_text(with_page(PAGE.read_text("utf-8"), presets_page(presets())), "utf-8")


if __name__ == "__main__":
    main()
