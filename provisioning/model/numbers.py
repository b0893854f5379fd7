"""Telephone numbers: E.164 inside, each trunk's own spelling at its edge. The country is told, never guessed."""

from typing import Annotated, Final, Literal

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, shortnumberinfo
from pydantic import AfterValidator

from provisioning.model.words import or_empty, plain_text

NumberFormat = Literal["e164", "digits", "national", "local"]
"""How a trunk writes +525512345678: `e164` +525512345678 · `digits` 525512345678 · `national` the way people dial at
home, with the country's trunk prefix if it has one (5512345678) · `local` the number's last digits (a prefix and a
length say which)."""

COSTLY: Final = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PAGER,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
"""Kinds of numbers nobody calls from an agent's tool; `UNKNOWN` (satellite and global services) is refused as well."""
_NO_COUNTRY: Final = "001"
"""phonenumbers' region of codes that belong to no country: satellites (+870, +881, +882), international premium."""
_OLD_MEXICAN_MOBILE: Final = "+521"


def e164(value: str) -> str:
    """Return a telephone number as +, country and number.

    Mexican mobiles in the form used until 2019 (+52 1 and ten digits) lose the 1.
    Raises: ValueError when it is no number, or its country is missing.
    """
    text = plain_text(value).strip()
    if not text.startswith("+"):
        raise ValueError(f"{text!r} must begin with + and the country, like +525512345678")
    if text.startswith(_OLD_MEXICAN_MOBILE) and sum(c.isdigit() for c in text) == 13:
        text = "+52" + text.removeprefix(_OLD_MEXICAN_MOBILE)
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as exc:
        raise ValueError(f"{value!r} is no telephone number") from exc
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{value!r} has too few or too many digits for its country")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


E164 = Annotated[str, AfterValidator(e164)]
MaybeE164 = Annotated[str, or_empty(AfterValidator(e164))]


def parsed(number: str) -> PhoneNumber:
    """Return phonenumbers' form of an E.164 number."""
    return phonenumbers.parse(number, None)


def country_of(number: str) -> str:
    """Return the two letters of the number's country, or "" where several share it or none is known."""
    return phonenumbers.region_code_for_number(parsed(number)) or ""


def written(number: str, how: NumberFormat, country: str, prefix: str = "", local_digits: int = 0) -> str:
    """Return an E.164 number as a trunk of `country` wants it, `prefix` (of the trunk) before it.

    `national` numbers of another country go out the international way of `country`; `local` needs `local_digits`.
    """
    if how == "e164":
        return prefix + number
    if how == "digits":
        return prefix + number.removeprefix("+")
    one = parsed(number)
    if how == "local":
        return prefix + phonenumbers.national_significant_number(one)[-local_digits:]
    text = phonenumbers.format_out_of_country_calling_number(one, country)
    if one.country_code == phonenumbers.country_code_for_region(country):
        text = phonenumbers.format_number(one, PhoneNumberFormat.NATIONAL)
    return prefix + "".join(character for character in text if character.isdigit())


def spellings(number: str, how: NumberFormat, country: str, prefix: str = "", local_digits: int = 0) -> tuple[str, ...]:
    """Return every way in which a trunk that writes numbers like `how` may spell one of our own: its own first.

    With + and without are always understood, the old Mexican mobile 1 too.
    """
    ways = [written(number, how, country, prefix, local_digits), number, number.removeprefix("+")]
    if number.startswith("+52"):
        ways += [f"+521{number[3:]}", f"521{number[3:]}"]
    return tuple(dict.fromkeys(ways))


def is_costly(number: str) -> bool:
    """True for premium, shared-cost, satellite and all unknown kinds of numbers: an agent never calls them."""
    one = parsed(number)
    kind = phonenumbers.number_type(one)
    is_nowhere = phonenumbers.region_code_for_number(one) in (None, _NO_COUNTRY)
    return kind in COSTLY or kind == PhoneNumberType.UNKNOWN or is_nowhere


def is_short_emergency(digits: str, country: str) -> bool:
    """True when phonenumbers' own table calls `digits` an emergency number of the country."""
    return bool(shortnumberinfo.is_emergency_number(digits, country))
