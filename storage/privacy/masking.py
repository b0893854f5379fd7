"""What is shown of a person where it is enough to tell one from another: lists on screens, which people look over."""

from typing import Final

_SHOWN_DIGITS: Final = 3
_DOT: Final = "•"


def masked_name(name: str) -> str:
    """Return the initials: "Ana García" is "A. G."."""
    return " ".join(f"{word[0]}." for word in name.split())


def masked_phone(phone: str) -> str:
    """Return the last three digits behind dots; short numbers, which are extensions, have only dots."""
    digits = [sign for sign in phone if sign.isdigit()]
    if len(digits) <= 2 * _SHOWN_DIGITS:
        return _DOT * len(digits)
    return _DOT * _SHOWN_DIGITS + "".join(digits[-_SHOWN_DIGITS:])


def masked_email(email: str) -> str:
    """Return the first letter and the domain: "ana@example.com" is "a•••@example.com"."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}{_DOT * 3}{at}{domain}" if at else _DOT * 3 if email else ""
