"""Sums of money: "cuarenta y cinco euros con cincuenta", "45,50 €", "mil doscientos pesos"."""

from typing import Final

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import amount_at, is_numeral
from offline.analysis.tokens import Spoken, word_set

VERSION: Final = "2"

_CURRENCIES: Final = {
    "euro": "EUR", "euros": "EUR", "€": "EUR", "eur": "EUR", "dolar": "USD", "dolares": "USD", "usd": "USD",
    "dollar": "USD", "dollars": "USD", "bucks": "USD", "sol": "PEN", "soles": "PEN", "libra": "GBP", "libras": "GBP",
    "pound": "GBP", "pounds": "GBP", "£": "GBP", "mxn": "MXN", "pavo": "EUR", "pavos": "EUR", "eurillos": "EUR",
    "euritos": "EUR", "varo": "MXN", "varos": "MXN", "boliviano": "BOB", "bolivianos": "BOB", "quetzales": "GTQ",
}  # fmt: skip
_PESOS: Final = {"MX": "MXN", "CO": "COP", "CL": "CLP", "AR": "ARS", "UY": "UYU", "DO": "DOP"}
"""Whose pesos, by the call's country; elsewhere they stay "pesos"."""
_CENTS: Final = word_set("centimo centimos centavo centavos cent cents penique peniques pence")
_JOINT: Final = frozenset({"con", "y", "and", "with"})
_DECIMAL: Final = frozenset({"con", "coma", "point"})
_VAGUE: Final = word_set("pico tantos tantas algo poco")
"""Behind "y": some more than was said; the value is what was said."""
_PAYING: Final = ("cobr", "pag", "cuest", "deb", "total", "import", "saldo", "factur", "sale", "vale", "precio", "son")


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the sums named in one turn; a number without a currency counts only as "doce con cincuenta" to pay."""
    found: list[Found] = []
    at = 0
    while at < len(spoken.tokens):
        read = _sign_first(spoken, at, setting) or _sum_at(spoken, at, setting)
        if read is None:
            at += 1
            # a number that is no sum is passed over as a whole: of "mil doscientos" nobody means the "doscientos"
            amount = amount_at(spoken, at - 1) if is_numeral(spoken.word(at - 1), spoken.language) else None
            at = max(at, amount.end if amount else at)
            continue
        value, currency, end, confidence = read
        span = spoken.tokens[at].begin, spoken.tokens[end - 1].end
        found.append(Found(Kind.MONEY, f"{value:.2f} {currency}".strip(), *span, confidence))
        at = end
    return found


def _sign_first(spoken: Spoken, at: int, setting: Setting) -> tuple[float, str, int, float] | None:
    """ "$1,200", "€ 45"."""
    if spoken.word(at) not in ("$", "€", "£"):
        return None
    amount = amount_at(spoken, at + 1)
    if amount is None or not amount.is_written:
        return None
    currency = _PESOS.get(setting.country, "USD") if spoken.word(at) == "$" else _CURRENCIES[spoken.word(at)]
    return amount.value, currency, amount.end, 0.9


def _sum_at(spoken: Spoken, at: int, setting: Setting) -> tuple[float, str, int, float] | None:
    amount = amount_at(spoken, at)
    if amount is None:
        return None
    value, end = amount.value, amount.end
    vague = spoken.word(end) == "y" and spoken.word(end + 1) in _VAGUE
    if vague:
        end += 2
    decimals = _decimals(spoken, end)
    if decimals is not None:
        value, end = value + decimals[0], decimals[1]
    of = end + (spoken.word(end) in ("de", "of"))
    if spoken.word(of) in _CENTS:
        return round(amount.value / 100, 2), _coin(setting), of + 1, 0.8
    currency = _currency(spoken.word(of), setting)
    if currency and not (amount.value == 1 and _is_idiom(spoken, at)):
        extra = _cents_after(spoken, of + 1) if decimals is None else None
        if extra is not None:
            return value + extra[0], currency, extra[1], 0.95
        return value, currency, of + 1, 0.7 if vague else 0.95
    if decimals is not None and _is_paid(spoken, at):
        return value, "", end, 0.7
    return None


def _decimals(spoken: Spoken, at: int) -> tuple[float, int] | None:
    """ "con cincuenta", "coma cinco"."""
    if spoken.word(at) not in _DECIMAL:
        return None
    amount = amount_at(spoken, at + 1)
    if amount is None or not 0 <= amount.value < 100 or amount.value != int(amount.value):
        return None
    is_tenth = spoken.word(at) != "con" and amount.value < 10
    return amount.value / (10 if is_tenth else 100), amount.end


def _cents_after(spoken: Spoken, at: int) -> tuple[float, int] | None:
    """ "… con cincuenta", "… y veinte céntimos", "… y medio"."""
    if spoken.word(at) not in _JOINT:
        return None
    if spoken.word(at + 1) == "medio":
        return 0.5, at + 2
    amount = amount_at(spoken, at + 1)
    if amount is None or not 0 < amount.value < 100:
        return None
    if spoken.word(amount.end) in _CENTS:
        return amount.value / 100, amount.end + 1
    # "veinte euros con cincuenta", but not "veinte euros y dos meses"
    return (amount.value / 100, amount.end) if spoken.word(at) == "con" else None


def _currency(word: str, setting: Setting) -> str:
    if word in ("peso", "pesos", "pesitos", "pesotes"):
        return _PESOS.get(setting.country, "pesos")
    return _CURRENCIES.get(word, "")


def _coin(setting: Setting) -> str:
    if setting.country in _PESOS:
        return _PESOS[setting.country]
    return {"US": "USD", "GB": "GBP", "PE": "PEN"}.get(setting.country, "EUR")


def _is_idiom(spoken: Spoken, at: int) -> bool:
    """ "Ni un euro", "no vale un peso": nobody counts them."""
    return bool({"ni", "no"} & set(spoken.before(at, 3)))


def _is_paid(spoken: Spoken, at: int) -> bool:
    return any(word.startswith(_PAYING) for word in spoken.before(at, 4))
