"""Check characters: published examples pass, and one wrong character never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.privacy.check_digits import is_curp, is_iban, is_luhn, is_nie, is_nif, is_rfc, nif_letter


@pytest.mark.parametrize("iban", ["ES9121000418450200051332", "DE89370400440532013000", "GB82WEST12345698765432",
                                  "FR1420041010050500013M02606"])  # fmt: skip
def test_published_ibans_pass_and_any_changed_digit_fails(iban: str) -> None:
    assert is_iban(iban)
    for place in range(4, len(iban)):
        if iban[place].isdigit():
            assert not is_iban(iban[:place] + str((int(iban[place]) + 1) % 10) + iban[place + 1 :])
    assert not is_iban(iban[:-1])
    assert not is_iban(f"ZZ{iban[2:]}")


@given(st.integers(10**11, 10**18))
def test_of_ten_last_digits_exactly_one_is_luhns(number: int) -> None:
    assert sum(is_luhn(f"{number}{last}") for last in range(10)) == 1


def test_published_cards_pass_and_exchanged_neighbours_fail() -> None:
    for card in ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"):
        assert is_luhn(card)
    assert not is_luhn("4111111111111112")
    assert not is_luhn("5555555555545444")


@given(st.integers(0, 99_999_999))
def test_a_nif_has_exactly_one_letter(number: int) -> None:
    digits = f"{number:08}"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert [letter for letter in letters if is_nif(digits + letter)] == [nif_letter(digits)]


def test_published_identity_numbers_pass() -> None:
    assert is_nif("12345678Z")
    assert is_nie("X1234567L")
    assert is_nie("Y1234567X")
    assert is_nie("Z1234567R")
    assert is_curp("HEGG560427MVZRRL04")
    assert is_rfc("GODE561231GR8")


@pytest.mark.parametrize("text", ["", "12345678A", "1234567Z", "X1234567A", "A1234567L", "HEGG560427MVZRRL05", "HEGG",
                                  "GODE561231GR9", "GODE", "ñandú", "١٢٣٤٥٦٧٨Z"])  # fmt: skip
def test_others_do_not(text: str) -> None:
    assert not any(check(text) for check in (is_nif, is_nie, is_curp, is_rfc, is_iban))
