"""Customers in files of other programs: what is written is read, and mistakes are named where they are."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.customer_files import as_csv, as_toml, read_customers
from storage.customers import Customer, read_seed
from storage.privacy.masking import masked_email, masked_name, masked_phone
from vocabulary.errors import ConfigurationError

SEED = Path(__file__).resolve().parents[3] / "examples" / "customers.toml"
# Cells of a CSV table: no lone surrogates, no spaces around, no line ends that a spreadsheet would change
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=12)
PHONE = st.from_regex(r"\+?[0-9]{3,12}", fullmatch=True)
CUSTOMERS = st.lists(
    st.builds(Customer, TEXT, TEXT, phones=st.lists(PHONE, max_size=3).map(tuple), email=TEXT | st.just(""), plan=TEXT),
    unique_by=lambda one: one.customer_id,
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CUSTOMERS)
@pytest.mark.parametrize(("suffix", "write"), [(".toml", as_toml), (".csv", as_csv)])
def test_what_is_exported_is_imported(tmp_path: Path, suffix: str, write: object, customers: list[Customer]) -> None:
    assert callable(write)
    file = tmp_path / f"customers{suffix}"
    file.write_text(write(customers), "utf-8")
    assert list(read_customers(file).values()) == customers


def test_the_examples_survive_both_forms(tmp_path: Path) -> None:
    known = read_seed(SEED)
    for name, write in (("a.toml", as_toml), ("a.csv", as_csv)):
        (tmp_path / name).write_text(write(known.values()), "utf-8")
        assert read_customers(tmp_path / name) == known


def test_columns_may_be_few_and_cells_empty(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("\ufeffname, customer_id,phones\nAna,1,600;601\nLuis,2,\n", "utf-8")
    assert read_customers(file) == {"1": Customer("1", "Ana", ("600", "601")), "2": Customer("2", "Luis")}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "customer_id,nmae\n1,Ana\n", "column 'nmae' is not known"),
        ("a.csv", "customer_id,name\n1,\n", "line 2: name: is required"),
        ("a.csv", "customer_id,name\n1,Ana\n1,Eva\n", "line 3: 1 stands there twice"),
        ("a.csv", "customer_id,name\n1,García, Ana\n", "line 2: holds more cells"),
        ("a.csv", 'customer_id,name\n1,"Ana\n', "is not valid CSV"),
        ("a.txt", "", "name it .toml or .csv"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, name: str, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_customers(tmp_path / name)
    assert told in str(caught.value)
    assert "García" not in str(caught.value)


def test_people_are_told_apart_but_not_told() -> None:
    assert masked_name("Ana García") == "A. G."
    assert (masked_phone("+34 600 100 200"), masked_phone("101"), masked_phone("")) == ("•••200", "•••", "")
    assert (masked_email("ana@example.com"), masked_email("ana"), masked_email("")) == ("a•••@example.com", "•••", "")
