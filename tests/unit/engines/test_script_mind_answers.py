"""What callers' answers mean: numbers, yes and no, days, hours, names."""

import pytest

from engines.llm import answers
from engines.llm.numbers import cardinal, dictated_digits
from engines.llm.template import filled, stray_braces
from vocabulary.agreement import yes_or_no
from vocabulary.spoken import plain


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("seis uno dos, tres cuatro cinco, seis siete ocho", "612345678"),
        ("seis doce treinta y cuatro cincuenta y seis setenta y ocho", "612345678"),
        ("seis doce treinta cuatro", "61234"),
        ("mi número es el 612 34 56 78", "612345678"),
        ("doble cero cinco", "005"),
        ("mil dos", "1002"),
        ("novecientos dos cien doscientos", "902100200"),
        ("veintiuno veintidós", "2122"),
        ("no lo sé", ""),
    ],
)
def test_digits_are_dictated_in_spanish(said: str, digits: str) -> None:
    assert dictated_digits(said) == digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [("oh seven double five", "0755"), ("twenty one thirty", "2130"), ("one hundred and five", "105")],
)
def test_digits_are_dictated_in_english(said: str, digits: str) -> None:
    assert dictated_digits(said, "en") == digits


@pytest.mark.parametrize(
    ("said", "number"),
    [("ciento veinte", 120), ("dos mil quinientos treinta y uno", 2531), ("mil", 1000), ("son 45", 45), ("nada", None)],
)
def test_amounts_are_read(said: str, number: int | None) -> None:
    assert cardinal(said) == number


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("sí", True), ("sí, claro", True), ("vale", True), ("por supuesto que sí", True), ("no", False),
        ("no, gracias", False), ("claro que no", False), ("no, está bien", False), ("todavía no", False),
        ("pues mire usted", None), ("", None), ("sino", None),
    ],
)  # fmt: skip
def test_yes_and_no(said: str, meant: bool | None) -> None:
    assert yes_or_no(said) is meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("el jueves", "jueves"), ("el miercoles por la mañana", "miércoles"), ("mañana", "mañana"),
        ("mañana por la mañana", "mañana"), ("por la mañana", None), ("pasado mañana", "pasado mañana"),
        ("el quince de febrero", "15 de febrero"), ("el treinta y uno de enero", "31 de enero"), ("hoy", "hoy"),
        ("cuando sea", None),
    ],
)  # fmt: skip
def test_days(said: str, meant: str | None) -> None:
    assert answers.day(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a las diez y media de la mañana", "10:30"), ("a las cinco", "17:00"), ("a las once menos cuarto", "10:45"),
        ("a las cinco y veinte de la tarde", "17:20"), ("a la una", "13:00"), ("10:30", "10:30"),
        ("sobre las doce y cuarto", "12:15"), ("al mediodía", "12:00"), ("a las dieciséis", "16:00"), ("luego", None),
    ],
)  # fmt: skip
def test_hours(said: str, meant: str | None) -> None:
    assert answers.hour(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [("half past three", "15:30"), ("at ten in the morning", "10:00"), ("quarter to nine", "08:45")],
)
def test_hours_in_english(said: str, meant: str) -> None:
    assert answers.hour(said, "en") == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("me llamo ana garcía", "Ana García"), ("soy Pedro de la Cruz", "Pedro de la Cruz"), ("Luis", "Luis"),
        ("hola, mi nombre es Luis", "Luis"), ("es el 612", None), ("", None),
        ("pues es que no sé si debería decírselo a usted", None),
    ],
)  # fmt: skip
def test_names(said: str, meant: str | None) -> None:
    assert answers.name(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ana@ejemplo.com", "ana@ejemplo.com"),
        ("mi correo es ana punto lópez arroba ejemplo punto com", "ana.lopez@ejemplo.com"),
        ("no tengo", None),
    ],
)
def test_addresses(said: str, meant: str | None) -> None:
    assert answers.email(said) == meant


def test_choices_forgive_a_letter() -> None:
    options = {"dermatología": ["dermatólogo", "piel"], "pediatría": ["pediatra"]}
    assert answers.choice("con el dermatologo por favor", options) == "dermatología"
    assert answers.choice("un pediatrra", options) == "pediatría"
    assert answers.choice("el que sea", options) is None
    assert answers.choice("", options) is None


def test_templates_are_filled_in_the_callers_language() -> None:
    values = {"due": "2026-02-15", "phone": "612", "name": ""}
    assert filled("Vence el {due:date}.", values, "es") == "Vence el 15 de febrero."
    assert filled("Due {due:date}.", values, "en") == "Due February 15."
    assert filled("{phone:digits} {name|nadie} {other}", values, "es") == "6 1 2 nadie"
    assert stray_braces("{Nombre} y {")
    assert not stray_braces("{name|sin nombre} {due:date}")


def test_words_are_compared_without_their_clothes() -> None:
    assert plain("¡Sí, SEÑOR! Son 45.50, a las 10:30.") == "si senor son 45.50 a las 10:30"
