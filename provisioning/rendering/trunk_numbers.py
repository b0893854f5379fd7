"""How a trunk wants numbers written, as an expression of Asterisk's dialplan: what `model.numbers.written` does in
Python, for numbers that are known only when the call is made."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from provisioning.model import CarrierGradeConfig
from provisioning.model.numbers import written
from provisioning.rendering.names import Trunk
from provisioning.rendering.writing import token

_ABROAD = ("+442083661177", "+12015550123")
"""libphonenumber's example numbers of two countries: one of them is abroad."""


@dataclass(frozen=True, slots=True)
class NationalRule:
    """How people of a country dial: at home, and abroad."""

    code: int
    home_prefix: str
    """Before a number of the country, like Argentina's 0."""
    abroad_prefix: str
    """Before a foreign number with its country, like 00."""
    is_exact: bool
    """False: some numbers of the country are dialled in yet another way, like Argentina's mobiles (15)."""


def national_rule(country: str) -> NationalRule:
    """Return the rule of a country, found by writing libphonenumber's example numbers."""
    code = phonenumbers.country_code_for_region(country)
    home = [_home_prefix(country, kind) for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)]
    known = [prefix for prefix in home if prefix is not None]
    abroad = next(number for number in _ABROAD if not number.startswith(f"+{code}"))
    digits = written(abroad, "national", country)
    return NationalRule(
        code=code,
        home_prefix=known[0] if known else "",
        abroad_prefix=digits.removesuffix(abroad[1:]) if digits.endswith(abroad[1:]) else "00",
        is_exact=len(known) == len(home) and len(set(known)) == 1,
    )


def _home_prefix(country: str, kind: int) -> str | None:
    """Return what is put before the example number of this kind; None when more than that is done to it."""
    example = phonenumbers.example_number_for_type(country, kind)
    if example is None:
        return None
    digits = written(phonenumbers.format_number(example, PhoneNumberFormat.E164), "national", country)
    national = phonenumbers.national_significant_number(example)
    return digits.removesuffix(national) if digits.endswith(national) else None


def dialled(trunk: Trunk, country: str, variable: str = "CENTRALITA_NUMBER") -> str:
    """Return the expression that writes the E.164 number in `variable` as the trunk of `country` wants it."""
    how, prefix, local = "national", "", 0
    if isinstance(trunk, CarrierGradeConfig):
        how, prefix, local = (
            trunk.number_format,
            token(trunk.dial_prefix) if trunk.dial_prefix else "",
            trunk.local_digits,
        )
    if how == "e164":
        return f"{prefix}${{{variable}}}"
    if how == "digits":
        return f"{prefix}${{{variable}:1}}"
    if how == "local":
        return f"{prefix}${{{variable}:-{local}}}"
    rule = national_rule(country)
    head = f"+{rule.code}"
    return (
        f'{prefix}${{IF($["${{{variable}:0:{len(head)}}}" = "{head}"]'
        f"?{rule.home_prefix}${{{variable}:{len(head)}}}:{rule.abroad_prefix}${{{variable}:1}})}}"
    )
