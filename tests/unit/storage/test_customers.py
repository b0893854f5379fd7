"""The example store: nothing that was promised is lost, and the file people edit is never touched."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.customers import FileCustomers, read_seed
from vocabulary.errors import ConfigurationError

NOW = datetime(2026, 1, 20, tzinfo=UTC)
SEED = '[customers.1]\nname = "Ana"\nphones = ["+34 600 100 200"]\ndue_date = 2026-02-15\n'


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "customers.toml"
    path.write_text(SEED, encoding="utf-8")
    return path


def opened(seed: Path) -> FileCustomers:
    return FileCustomers(seed, seed.with_name("journal.jsonl"), now=lambda: NOW)


async def test_changes_survive_the_process(seed: Path) -> None:
    await opened(seed).cancel("1", "caro")
    await opened(seed).change_contact("1", phone="699", email="a@b.es")
    again = await opened(seed).by_phone("699")
    assert again is not None
    assert (again.status, again.email) == ("cancelled", "a@b.es")


def test_the_file_people_edit_is_read(seed: Path) -> None:
    (ana,) = read_seed(seed).values()
    assert (ana.name, ana.due_date, ana.balance) == ("Ana", "2026-02-15", "0.00")


async def test_a_line_cut_short_by_a_crash_is_left_out(seed: Path) -> None:
    await opened(seed).change_contact("1", email="a@b.es")
    journal = seed.with_name("journal.jsonl")
    with journal.open("a", encoding="utf-8") as lines:
        lines.write('{"id": "cancellation-000002", "kind": "cancell')
    store = opened(seed)
    assert await store.cancel("1", "caro") == "cancellation-000002"
    again = await opened(seed).by_id("1")
    assert again is not None
    assert again.status == "cancelled"


async def test_unknown_customers_are_not_changed(seed: Path) -> None:
    with pytest.raises(KeyError):
        await opened(seed).cancel("2", "caro")
    assert not seed.with_name("journal.jsonl").exists()


async def test_prefixes_of_countries_do_not_matter(seed: Path) -> None:
    store = opened(seed)
    for number in ("600100200", "0034600100200", "+34 600 100 200"):
        assert await store.by_phone(number) is not None
    assert await store.by_phone("anonymous") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[customers.1]\nname = "a"\nnmae = "b"', "customers.1.nmae: is not known"),
        ("[customers.1]", "customers.1.name: is required"),
        ('[customers.1]\nname = "a"\nbalance = 45.5', "customers.1.balance: must be a text"),
        ("[customers", "is not valid TOML"),
    ],
)
def test_mistakes_in_the_file_are_named(seed: Path, text: str, told: str) -> None:
    seed.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="customers") as caught:
        read_seed(seed)
    assert told in str(caught.value)
