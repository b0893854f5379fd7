"""Numbers: E.164 inside, each trunk's own way outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.model.emergency import emergency_numbers
from provisioning.model.numbers import NumberFormat, e164, is_costly, spellings, written

CDMX, MADRID, LISBON, BOSTON = "+525512345678", "+34910123456", "+351211234567", "+16175551234"


@pytest.mark.parametrize(
    ("number", "how", "country", "expected"),
    [
        (CDMX, "e164", "MX", "+525512345678"),
        (CDMX, "digits", "MX", "525512345678"),
        (CDMX, "national", "MX", "5512345678"),
        (MADRID, "national", "ES", "910123456"),
        (MADRID, "national", "MX", "0034910123456"),
        (CDMX, "national", "ES", "00525512345678"),
        (CDMX, "national", "US", "011525512345678"),
        (BOSTON, "national", "US", "6175551234"),
        (LISBON, "national", "PT", "211234567"),
        ("+541123456789", "national", "AR", "01123456789"),
    ],
)
def test_a_number_is_written_as_the_trunk_wants_it(number: str, how: NumberFormat, country: str, expected: str) -> None:
    assert written(number, how, country) == expected


def test_the_last_digits_and_a_prefix() -> None:
    assert written(CDMX, "local", "MX", local_digits=8) == "12345678"
    assert written(CDMX, "digits", "MX", prefix="1234*") == "1234*525512345678"


def test_our_own_number_is_understood_in_every_usual_spelling() -> None:
    assert spellings(CDMX, "national", "MX") == (
        "5512345678", "+525512345678", "525512345678", "+5215512345678", "5215512345678",
    )  # fmt: skip
    assert spellings(MADRID, "e164", "ES") == ("+34910123456", "34910123456")


@pytest.mark.parametrize("number", ["+34806123456", "+881612345678", "+870773111632", "+19005551234", "+88213123456"])
def test_premium_and_satellite_numbers_are_costly(number: str) -> None:
    assert is_costly(number)


@pytest.mark.parametrize("number", [CDMX, MADRID, LISBON, "+34600100200", "+34900123456"])
def test_ordinary_and_free_numbers_are_not(number: str) -> None:
    assert not is_costly(number)


@given(st.text(max_size=20))
def test_whatever_is_given_is_a_number_or_refused(text: str) -> None:
    try:
        number = e164(text)
    except ValueError:
        return
    assert number[0] == "+"
    assert number[1:].isdecimal()
    assert number.isascii()
    assert e164(number) == number


def test_emergency_numbers_hold_the_countrys_the_worlds_and_the_owners() -> None:
    spanish = emergency_numbers("ES", ("900222999",))
    assert {"112", "091", "911", "900222999"} <= set(spanish)
    assert emergency_numbers("ZZ") == ("112", "911")
