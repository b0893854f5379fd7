"""What can be a job, and what is said about one that failed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from storage.jobs.failure_text import failure_text
from storage.jobs.job import BadJob, Json, NewJob, checked_job
from vocabulary.errors import CentralitaError


def check(
    kind: str = "upload",
    args: dict[str, Json] | None = None,
    key: str | None = None,
    lock: str | None = None,
    run_at: datetime | None = None,
    priority: int = 0,
    queue: str = "default",
) -> NewJob:
    return checked_job(kind, args or {}, key=key, lock=lock, run_at=run_at, priority=priority, queue=queue)


def test_a_job_is_names_and_plain_json() -> None:
    job = check(args={"call": "rec_1", "tries": [1, 2.5, None, True]}, run_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert job.args_json == '{"call": "rec_1", "tries": [1, 2.5, null, true]}'


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("kind", {"kind": ""}),
        ("kind", {"kind": "two words"}),
        ("kind", {"kind": "x" * 129}),
        ("queue", {"queue": "-gpu"}),
        ("key", {"key": ""}),
        ("key", {"key": "k" * 513}),
        ("lock", {"lock": "a\0b"}),
        ("run_at", {"run_at": datetime(2026, 1, 1)}),  # noqa: DTZ001 - that is the point
        ("priority", {"priority": 2**40}),
        ("args", {"args": {"x": float("nan")}}),
        ("args", {"args": {"x": object()}}),
        ("args", {"args": {"x": "\ud800"}}),
        ("args", {"args": {"x": "a\0b"}}),
        ("args", {"args": {"x": "y" * 300_000}}),
    ],
)
def test_what_cannot_be_a_job_is_refused_by_the_name_of_its_field(field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(BadJob, match=f"^{field}: "):
        check(**wrong)  # type: ignore[arg-type]


def test_a_backslash_that_only_looks_like_a_nul_is_welcome() -> None:
    assert check(args={"x": r"\u0000"}).args_json == r'{"x": "\\u0000"}'


@given(st.text(min_size=20, alphabet=st.characters(categories=["L"])))
def test_refusing_arguments_does_not_quote_them(words: str) -> None:
    with pytest.raises(BadJob) as caught:
        check(args={"said": words, "wrong": object()})  # type: ignore[dict-item]

    assert words not in str(caught.value)


class Card(BaseModel):
    number: int


def test_a_foreign_error_is_told_by_type_and_place_without_its_message() -> None:
    with pytest.raises(ValidationError) as caught:
        Card.model_validate({"number": "mi tarjeta es la cuatro uno"})

    said = failure_text(caught.value)

    assert said.startswith("ValidationError (main.py:")
    assert "tarjeta" not in said


def test_our_own_errors_and_the_systems_are_told_in_full() -> None:
    assert failure_text(CentralitaError("the\nstore is down")) == "CentralitaError: the store is down"
    assert failure_text(OSError(28, "No space left on device", "/x/hola")) == "OSError: No space left on device"
    assert failure_text(TimeoutError()) == "TimeoutError"
    assert len(failure_text(CentralitaError("x" * 10_000))) <= 500
