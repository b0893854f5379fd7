"""Who may be called, as Asterisk's patterns: held against libphonenumber's own judgement."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from provisioning.asterisk_conf.dialplan import matches
from provisioning.model.numbers import COSTLY
from provisioning.rendering.number_patterns import allowed_patterns, costly_patterns, sequences
from vocabulary.errors import ConfigurationError

COUNTRIES = ("MX", "ES", "AR", "BR", "CL", "CO", "CR", "PA", "PE", "PT", "US", "VE", "DO", "CA", "GB", "DE", "IT")
ORDINARY = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)


def e164_of(example: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)


def is_let_out(number: str, country: str) -> bool:
    """As the dialplan decides: what is refused is looked at first."""
    if any(matches(pattern, number) for pattern in costly_patterns(country)):
        return False
    return any(matches(pattern, number) for pattern in allowed_patterns(country))


@pytest.mark.parametrize("country", COUNTRIES)
def test_ordinary_numbers_are_let_out_and_costly_ones_are_not(country: str) -> None:
    for kind in ORDINARY:
        example = phonenumbers.example_number_for_type(country, kind)
        assert example is not None
        # Chile's example of a fixed line begins like its shared-cost range, 600: refused, to be on the safe side
        assert is_let_out(e164_of(example), country) == (e164_of(example)[:6] != "+56600")
    for kind in COSTLY:
        example = phonenumbers.example_number_for_type(country, kind)
        if example is not None:
            assert not is_let_out(e164_of(example), country)


@given(st.sampled_from(COUNTRIES), st.text("0123456789", min_size=4, max_size=12))
def test_no_number_that_libphonenumber_calls_costly_gets_out(country: str, digits: str) -> None:
    number = f"+{phonenumbers.country_code_for_region(country)}{digits}"
    one = phonenumbers.PhoneNumber(country_code=phonenumbers.country_code_for_region(country))
    one.national_number, one.italian_leading_zero = int(digits), digits.startswith("0") or None
    if digits.startswith("0"):
        one.number_of_leading_zeros = len(digits) - len(digits.lstrip("0"))
    if phonenumbers.number_type(one) in COSTLY:
        assert not is_let_out(number, country)


def test_the_united_states_do_not_open_the_caribbean_or_canada() -> None:
    assert is_let_out("+12015550123", "US")
    for abroad in ("+18095550123", "+18765550123", "+14165550123", "+12425550123"):
        assert not is_let_out(abroad, "US")


def test_canada_does_not_close_los_angeles() -> None:
    refused = costly_patterns("US") + costly_patterns("CA")
    assert not any(matches(pattern, "+13105550123") for pattern in refused)


def test_a_premium_range_stays_refused_when_its_numbers_grow() -> None:
    assert any(matches(pattern, "+528001234567"[:3] + "90012345678901") for pattern in costly_patterns("MX"))
    assert "_+3480[367]!" in costly_patterns("ES")


def test_mexico_is_one_pattern() -> None:
    assert allowed_patterns("MX") == ("_+52XXXXXXXXXX",)


def test_every_country_of_libphonenumber_is_understood() -> None:
    for country in phonenumbers.SUPPORTED_REGIONS:
        patterns = (*allowed_patterns(country), *costly_patterns(country))
        assert allowed_patterns(country)
        assert all(len(pattern) < 79 for pattern in patterns)


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="XX"):
        allowed_patterns("XX")


@given(
    st.from_regex(
        r"(?:[0-9]|\[[1-4]-[6-9]\]|\\d|(?:\(\?:[0-9]{1,2}\|[0-9]\))|[0-9]\{1,2\}|[0-9]\?){1,4}", fullmatch=True
    )
)
def test_sequences_mean_what_the_expression_means(regex: str) -> None:
    for digits in sequences(regex)[:50]:
        assert re.fullmatch(regex, "".join(min(place) for place in digits))
        assert re.fullmatch(regex, "".join(max(place) for place in digits))


@pytest.mark.parametrize("regex", ["1(?=2)", "1+", "(1|2)", "[^1]", "1*", "1|(?:2"])
def test_an_expression_we_do_not_know_is_refused(regex: str) -> None:
    with pytest.raises((ConfigurationError, ValueError)):
        sequences(regex)
