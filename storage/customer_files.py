"""Customers from files of other people's programs, and as files for them: TOML like the example, or CSV. File I/O."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Final

from storage.customers import Customer, read_seed
from vocabulary.errors import ConfigurationError

COLUMNS: Final = tuple(one.name for one in fields(Customer))
"""Of a CSV file; `customer_id` and `name` are wanted, telephones are parted by semicolons."""
_BETWEEN_PHONES: Final = ";"


def read_customers(path: Path) -> dict[str, Customer]:
    """Read every customer of a file, by id.

    Raises: ConfigurationError naming the file, and the key or the line.
    """
    if path.suffix == ".toml":
        return read_seed(path)
    if path.suffix == ".csv":
        return _read_csv(path)
    raise ConfigurationError(f"{path}: name it .toml or .csv, after what is in it")


def _read_csv(path: Path) -> dict[str, Customer]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise ConfigurationError(f"{path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{path}: is not UTF-8; save it as such") from exc
    rows = csv.DictReader(io.StringIO(text), strict=True)
    found: dict[str, Customer] = {}
    try:
        names = tuple(name.strip() for name in rows.fieldnames or ())
        rows.fieldnames = names
        if unknown := [name for name in names if name not in COLUMNS]:
            raise ConfigurationError(f"{path}: column {unknown[0]!r} is not known; there are {', '.join(COLUMNS)}")
        for row in rows:
            customer = _of_row(row, f"{path}, line {rows.line_num}")
            if customer.customer_id in found:
                raise ConfigurationError(f"{path}, line {rows.line_num}: {customer.customer_id} stands there twice")
            found[customer.customer_id] = customer
    except csv.Error as exc:
        raise ConfigurationError(f"{path}, line {rows.line_num}: is not valid CSV: {exc}") from exc
    return found


def _of_row(row: dict[str | None, object], place: str) -> Customer:
    if None in row:
        raise ConfigurationError(f"{place}: holds more cells than there are columns; put texts with commas in quotes")
    # An empty cell is the default, as a key that is left out is in TOML
    told = {str(name): str(cell).strip() for name, cell in row.items() if cell is not None and str(cell).strip()}
    for wanted in ("customer_id", "name"):
        if wanted not in told:
            raise ConfigurationError(f"{place}: {wanted}: is required and missing")
    phones = tuple(phone.strip() for phone in told.pop("phones", "").split(_BETWEEN_PHONES) if phone.strip())
    return Customer(**told, phones=phones)


def as_toml(customers: Iterable[Customer]) -> str:
    """Return customers as `read_customers` reads them; what is as usual is left out."""
    lines: list[str] = []
    for one in customers:
        lines.append(f"[customers.{_quoted(one.customer_id)}]")
        usual = Customer(one.customer_id, "")
        for name in COLUMNS[1:]:
            value = getattr(one, name)
            if name == "phones":
                if value:
                    lines.append(f"phones = [{', '.join(map(_quoted, value))}]")
            elif name == "name" or value != getattr(usual, name):
                lines.append(f"{name} = {_quoted(value)}")
        lines.append("")
    return "\n".join(lines)


def as_csv(customers: Iterable[Customer]) -> str:
    """Return customers as a CSV table with every column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in customers:
        values = [getattr(one, name) for name in COLUMNS]
        writer.writerow([_BETWEEN_PHONES.join(cell) if isinstance(cell, tuple) else cell for cell in values])
    return out.getvalue()


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's are the same but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
