"""The dialplan writes a number as Python would."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.model import CarrierGradeConfig
from provisioning.model.numbers import NumberFormat, written
from provisioning.rendering.trunk_numbers import dialled, national_rule

EXACT = ("MX", "ES", "CL", "CO", "CR", "PA", "PT", "US", "VE", "DO", "GB", "FR")


def evaluated(expression: str, number: str) -> str:
    """What Asterisk makes of the expression: substrings of one variable, and one IF around them."""

    def part(found: re.Match[str]) -> str:
        begin, length = int(found[1] or 0), found[2]
        return number[begin:][: int(length)] if length else number[begin:]

    flat = re.sub(r"\$\{CENTRALITA_NUMBER(?::(-?\d+))?(?::(\d+))?\}", part, expression)
    choice = re.fullmatch(r'(.*)\$\{IF\(\$\["(.*?)" = "(.*?)"\]\?(.*?):(.*?)\)\}', flat)
    return flat if choice is None else choice[1] + (choice[4] if choice[2] == choice[3] else choice[5])


@pytest.mark.parametrize("country", EXACT)
@given(data=st.data())
def test_it_agrees_with_written(country: str, data: st.DataObject) -> None:
    how: NumberFormat = data.draw(st.sampled_from(["e164", "digits", "national", "local"]))
    prefix = data.draw(st.sampled_from(["", "77", "9*"]))
    region = data.draw(st.sampled_from([country, "ES", "MX", "GB", "FR"]))
    example = phonenumbers.example_number_for_type(region, data.draw(st.sampled_from([0, 1])))
    assert example is not None
    number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    carrier = CarrierGradeConfig(number_format=how, dial_prefix=prefix, local_digits=7)
    assert evaluated(dialled(carrier, country), number) == written(number, how, country, prefix, 7)


def test_a_country_with_more_ways_than_one_is_known_as_such() -> None:
    assert not national_rule("AR").is_exact
    assert not national_rule("PE").is_exact
    assert national_rule("MX").is_exact
    assert (national_rule("GB").home_prefix, national_rule("US").abroad_prefix) == ("0", "011")
