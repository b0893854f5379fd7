"""What identifies somebody is found however it is written or said; what does not is left alone."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.privacy.detection import find_pii, find_pii_in_turns

UNITS = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
TEENS = ["diez", "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve"]
TENS = ["_", "_", "veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
TWENTIES = (
    "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
)
ENGLISH = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

SPOKEN_IBAN = " ".join(["e ese", *(UNITS[int(digit)] for digit in "9121000418450200051332")])

FOUND = [
    # phones
    ("mi teléfono es 612 345 678", "PHONE", "612 345 678"),
    ("es el 612345678.", "PHONE", "612345678"),
    ("(55) 1234-5678 en México", "PHONE", "55) 1234-5678"),
    ("+34 912 345 678", "PHONE", "+34 912 345 678"),
    ("0034 612 34 56 78", "PHONE", "0034 612 34 56 78"),
    ("apunte, seis uno dos, tres cuatro cinco, seis siete ocho", "PHONE",
     "seis uno dos, tres cuatro cinco, seis siete ocho"),
    ("seiscientos doce treinta y cuatro cincuenta y seis setenta y ocho, gracias", "PHONE",
     "seiscientos doce treinta y cuatro cincuenta y seis setenta y ocho"),
    ("seiscientos doce treinta cuatro cincuenta seis setenta ocho", "PHONE",
     "seiscientos doce treinta cuatro cincuenta seis setenta ocho"),
    ("seis uno dos eh tres cuatro cinco y luego 678", "PHONE", "seis uno dos eh tres cuatro cinco y luego 678"),
    ("nueve uno dos doble cuatro tres ceros siete", "PHONE", "nueve uno dos doble cuatro tres ceros siete"),
    ("cincuenta y cinco, doce, treinta y cuatro, cincuenta y seis, setenta y ocho", "PHONE",
     "cincuenta y cinco, doce, treinta y cuatro, cincuenta y seis, setenta y ocho"),
    ("call six one two double five oh seven three four", "PHONE", "six one two double five oh seven three four"),
    ("six hundred twelve thirty four fifty six seventy eight", "PHONE",
     "six hundred twelve thirty four fifty six seventy eight"),
    # e-mails
    ("escríbame a Ana.Perez@ejemplo.com.mx, por favor", "EMAIL", "Ana.Perez@ejemplo.com.mx"),
    ("mi correo es ana punto pérez arroba gmail punto com", "EMAIL", "ana punto pérez arroba gmail punto com"),
    ("es ana guion bajo perez arroba hotmail punto es", "EMAIL", "ana guion bajo perez arroba hotmail punto es"),
    ("it is john dot smith at example dot com", "EMAIL", "john dot smith at example dot com"),
    # cards, accounts
    ("la tarjeta 4111 1111 1111 1111", "CARD", "4111 1111 1111 1111"),
    ("cuatro uno uno uno, uno uno uno uno, uno uno uno uno, uno uno uno uno", "CARD",
     "cuatro uno uno uno, uno uno uno uno, uno uno uno uno, uno uno uno uno"),
    ("IBAN ES91 2100 0418 4502 0005 1332 gracias", "IBAN", "ES91 2100 0418 4502 0005 1332"),
    (SPOKEN_IBAN, "IBAN", SPOKEN_IBAN),
    # identity numbers
    ("mi DNI es 12345678Z", "NIF", "12345678Z"),
    ("dni 12.345.678-z", "NIF", "12.345.678-z"),
    ("uno dos tres cuatro cinco seis siete ocho zeta", "NIF", "uno dos tres cuatro cinco seis siete ocho zeta"),
    ("doce treinta y cuatro cincuenta y seis setenta y ocho letra zeta", "NIF",
     "doce treinta y cuatro cincuenta y seis setenta y ocho letra zeta"),
    ("NIE X-1234567-L", "NIE", "X-1234567-L"),
    ("equis uno dos tres cuatro cinco seis siete ele", "NIE", "equis uno dos tres cuatro cinco seis siete ele"),
    ("la CURP HEGG560427MVZRRL04", "CURP", "HEGG560427MVZRRL04"),
    ("RFC: GODE561231GR8", "RFC", "GODE561231GR8"),
    # the right shape with wrong check characters goes too: misheard is not harmless
    ("mi DNI es 12345678A", "IDENTIFIER", "12345678A"),
    ("RFC GODE561231GR9", "IDENTIFIER", "GODE561231GR9"),
    ("contrato 7 654 321", "NUMBER", "7 654 321"),
    ("el código es uno dos tres cuatro cinco seis", "NUMBER", "uno dos tres cuatro cinco seis"),
    ("the code is one two three four five six", "NUMBER", "one two three four five six"),
]  # fmt: skip

LEFT_ALONE = [
    "quiero dos líneas y tres móviles",
    "el 21/11/2026 a las 10:30",
    "la cita del 2026-11-21 y la del 3-12-2026",
    "entre 2024, 2025 y 2026",
    "2026-11-21T16:10:47Z",
    "la factura es de 1.234.567,89 euros",
    "son 12345678 pesos",
    "$1,250,000.00 al año",
    "dos mil trescientos cincuenta y seis euros con cuarenta y cinco céntimos",
    "un millón doscientos mil",
    "uno de los dos o tres que llamaron cuatro o cinco veces",
    "one of the two or three I saw",
    "nos vemos en la oficina a las nueve y media",
    "call me at the office",
    "llegó una arroba de café",
    "conversación 550e8400-e29b-41d4-a716-446655440000",
    "piso 3, puerta 12, código postal 28013",
    "extensión 4502, marque 2",
    "llamé a la una, a las dos y a las tres",
    "el RFC genérico XAXX010101000",
    "modelo AB12CD34EF56",
    "tengo 30 años y ella 28",
    "",
]


@pytest.mark.parametrize(("text", "kind", "part"), FOUND)
def test_it_is_found_whole(text: str, kind: str, part: str) -> None:
    assert [(found.kind.value, text[found.start : found.end]) for found in find_pii(text)] == [(kind, part)]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_it_is_left_alone(text: str) -> None:
    assert find_pii(text) == ()


def spoken(digits: str, dice: random.Random) -> str:
    """Say digits as people do: one by one, or in pairs and threes; sometimes written."""
    said = []
    while digits:
        size = dice.choice([1, 1, 2, 3]) if digits[0] != "0" else 1
        group, digits = digits[:size], digits[size:]
        number = int(group)
        if len(group) == 2 and number % 10 == 0:  # "treinta tres" may be 33: nobody can tell
            said += [UNITS[int(one)] for one in group]
            continue
        if len(group) == 3 and number % 100 == 0:
            said += [UNITS[int(one)] for one in group]
        elif len(group) == 3 or dice.random() < 0.15:
            said.append(group)
        elif len(group) == 1:
            said.append(UNITS[number])
        elif number < 20:
            said.append(TEENS[number - 10])
        elif number < 30:
            said.append(TWENTIES.split()[number - 20])
        else:
            said.append(TENS[number // 10] + (f" y {UNITS[number % 10]}" if number % 10 else ""))
    return dice.choice([" ", ", "]).join(said)


@given(st.integers(600_000_000, 999_999_999), st.randoms(use_true_random=False))
def test_a_phone_said_in_any_way_is_covered_whole(number: int, dice: random.Random) -> None:
    said = spoken(str(number), dice)
    text = f"sí, mire, es el {said} por las mañanas"
    (found,) = find_pii(text)
    assert text[found.start : found.end] == said
    assert found.value == str(number)


@given(st.lists(st.integers(0, 9), min_size=7, max_size=15))
def test_seven_english_digits_never_stay(digits: list[int]) -> None:
    said = " ".join(ENGLISH[digit] for digit in digits)
    (found,) = find_pii(f"it is {said} thanks")
    assert found.end - found.start == len(said)


@given(st.text(alphabet="0123456789 abcñé.,-+@[]()ZX:/\n\0", max_size=200))
def test_any_text_is_read_and_findings_lie_apart(text: str) -> None:
    end = 0
    for found in find_pii(text):
        assert end <= found.start < found.end <= len(text)
        end = found.end


def test_a_number_dictated_over_several_turns_is_found_in_each() -> None:
    turns = ["apunte: seis uno dos", "tres cuatro cinco", "y seis siete ocho. Quiero saber mi saldo", "gracias"]
    parts = [[text[one.start : one.end] for one in found] for text, found in
             zip(turns, find_pii_in_turns(turns), strict=True)]  # fmt: skip
    assert parts == [["seis uno dos"], ["tres cuatro cinco"], ["y seis siete ocho"], []]


def test_two_numbers_are_two() -> None:
    text = "612345678 y 698765432"
    assert [text[found.start : found.end] for found in find_pii(text)] == ["612345678", "698765432"]


def test_what_was_found_is_not_in_the_repr() -> None:
    assert "612" not in repr(find_pii("612345678"))


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "nasty", ["1 ", "a.a", "ES12 1A", "uno ", "a@", "a arroba ", "mil ", "eh ", "uno " + "eh " * 9, "+ ", "AAAA010101 "]
)
def test_no_long_text_hangs_it(nasty: str) -> None:
    find_pii(nasty * 5_000)
