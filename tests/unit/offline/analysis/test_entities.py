"""What callers name, read from the words they use; the day of the call is Tuesday, 10 February 2026."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.entities.find import find
from offline.analysis.entities.identifiers import has_right_letter, is_card, is_iban
from offline.analysis.tokens import spoken, word_list

SPAIN = Setting(date(2026, 2, 10), "ES")
MEXICO = Setting(date(2026, 2, 10), "MX")


def named(text: str, setting: Setting = SPAIN, language: str = "es") -> list[tuple[str, str]]:
    return [(one.kind.value, one.value) for one in find(text, language, setting)]


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("mañana no puedo", "2026-02-11"),
        ("venga pasado mañana", "2026-02-12"),
        ("el martes que viene estoy en casa", "2026-02-17"),
        ("lo dijeron antes de ayer", "2026-02-08"),
        ("vino el técnico el lunes", "2026-02-09"),
        ("la factura vence el 15 de febrero", "2026-02-15"),
        ("nací el veintiuno de junio de mil novecientos ochenta y cinco", "1985-06-21"),
        ("dentro de tres días hábiles", "2026-02-13"),
        ("hace dos semanas que llamé", "2026-01-27"),
        ("a fin de mes", "2026-02-28"),
        ("la semana que viene", "2026-W08"),
        ("este mes me cobran de más", "2026-02"),
        ("a principios de marzo", "2026-03"),
        ("el último día del mes", "2026-02-28"),
        ("vence el tres del cinco", "2026-05-03"),
        ("lo quiero para navidad", "2026-12-25"),
        ("lo compré en navidad", "2025-12-25"),
        ("el próximo martes por la tarde", "2026-02-17"),
    ],
)
def test_days_are_reckoned_from_the_day_of_the_call(said: str, day: str) -> None:
    assert named(said) == [("date", day)]


@pytest.mark.parametrize(
    "said",
    [
        "por la mañana no puedo",
        "hasta mañana",
        "todos los lunes igual",
        "hoy en día",
        "de lunes a viernes",
        "un segundo",
    ],
)
def test_a_part_of_the_day_or_a_habit_is_no_date(said: str) -> None:
    assert named(said) == []


def test_the_turn_of_the_year_is_crossed() -> None:
    assert named("el dos de enero", Setting(date(2026, 12, 30), "ES")) == [("date", "2027-01-02")]


@pytest.mark.parametrize("said", ["el treinta y uno de febrero", "el 31 de febrero"])
def test_a_day_that_no_calendar_has_is_at_most_its_month(said: str) -> None:
    assert named(said) in ([], [("date", "2026-02")])


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("a las cinco y media de la tarde", "17:30"),
        ("sobre la una menos cuarto", "12:45"),
        ("a partir de las 18:00", "18:00"),
        ("a las diez", "10:00"),
        ("al mediodía", "12:00"),
    ],
)
def test_times_are_on_the_24_hour_clock(said: str, hour: str) -> None:
    assert named(said) == [("time", hour)]


def test_things_that_are_counted_are_no_times() -> None:
    assert named("las dos facturas están mal") == []


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("mi teléfono es el seis doce treinta y cuatro cincuenta y seis setenta y ocho", "+34612345678"),
        ("llámeme al 612 345 678", "+34612345678"),
        ("es el más treinta y cuatro seis doce treinta y cuatro cincuenta y seis setenta y ocho", "+34612345678"),
        ("mi móvil es seis doble cero uno uno dos dos tres tres", "+34600112233"),
    ],
)
def test_telephones_are_read_from_digits_and_from_words(said: str, number: str) -> None:
    assert named(said) == [("phone", number)]


def test_the_country_of_the_call_decides_whose_numbers_and_pesos_are_meant() -> None:
    assert named("márqueme al 55 1234 5678", MEXICO) == [("phone", "+525512345678")]
    assert named("me cobraron mil quinientos pesos", MEXICO) == [("money", "1500.00 MXN")]


def test_the_same_digits_are_what_they_are_called() -> None:
    assert named("mi número de cliente es seis uno dos tres cuatro cinco seis siete ocho") == [
        ("customer_id", "612345678")
    ]
    assert named("el contrato es el dos cero dos tres once setenta y siete") == [("contract_id", "20231177")]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("mi correo es ana punto garcía arroba gmail punto com", "ana.garcia@gmail.com"),
        ("pedro guion bajo lópez arroba hot mail punto com", "pedro_lopez@hotmail.com"),
        ("escriba a jota punto pérez arroba empresa punto com punto mx", "j.perez@empresa.com.mx"),
        ("es Ana.Ruiz@Example.com.", "ana.ruiz@example.com"),
    ],
)
def test_mail_addresses_are_read_as_they_are_spoken(said: str, address: str) -> None:
    assert named(said) == [("email", address)]


@pytest.mark.parametrize(
    ("said", "sum_"),
    [
        ("me cobraron cuarenta y cinco euros con cincuenta", "45.50 EUR"),
        ("son 1.250,75 €", "1250.75 EUR"),
        ("pagué mil doscientos euros", "1200.00 EUR"),
        ("solo veinte céntimos", "0.20 EUR"),
    ],
)
def test_sums_carry_their_currency(said: str, sum_: str) -> None:
    assert named(said) == [("money", sum_)]


def test_an_address_needs_its_number() -> None:
    assert named("vivo en la calle Mayor número cinco") == [("address", "calle mayor 5")]
    assert named("estoy en la calle y no oigo bien") == []


def test_of_a_payment_card_only_the_last_digits_are_kept() -> None:
    assert named("la tarjeta es la 4111 1111 1111 1111") == [("payment_card", "************1111")]


def test_a_span_shows_the_very_words() -> None:
    said = "hola, venga pasado mañana a las cinco"
    assert [said[one.begin : one.end] for one in find(said, "es", SPAIN)] == ["pasado mañana", "las cinco"]


def test_english_is_read_too() -> None:
    found = named("call me the day after tomorrow at five pm", Setting(date(2026, 2, 10), "GB"), "en")
    assert found == [("date", "2026-02-12"), ("time", "17:00")]


def test_check_digits() -> None:
    assert has_right_letter("12345678Z")
    assert not has_right_letter("12345678A")
    assert is_iban("ES9121000418450200051332")
    assert not is_iban("ES9121000418450200051333")
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")


_WORDS = st.sampled_from(
    word_list(
        "el la de a las dos mil cien y con euros mañana pasado martes calle número arroba punto com gmail seis doce "
        "teléfono cliente factura 12 3,5 1.000 25/12 € + - , . º el día hace en dentro semanas que viene próximo enero"
    )
)


@given(st.lists(_WORDS, max_size=25).map(" ".join) | st.text(max_size=80), st.sampled_from(["es", "en"]))
def test_whatever_is_said_spans_lie_in_the_text_and_apart(said: str, language: str) -> None:
    found = find(said, language, SPAIN)
    assert all(0 <= one.begin < one.end <= len(said) and 0 < one.confidence <= 1 and one.value for one in found)
    assert all(before.end <= after.begin for before, after in pairwise(found))
    assert all(isinstance(one, Found) and isinstance(one.kind, Kind) for one in found)


@given(st.lists(st.sampled_from(["hola", "¿qué", "12,5", "€", "AB-12", "", "año"]), max_size=8).map(" ".join))
def test_a_place_in_the_text_belongs_to_its_token_or_the_next(said: str) -> None:
    tokens = spoken(said).tokens
    for index in range(len(said) + 1):
        expected = next((place for place, token in enumerate(tokens) if index < token.end), len(tokens))
        assert spoken(said).token_at(index) == expected


@pytest.mark.parametrize(
    ("said", "money"),
    [
        ("me cobraron dos mil y pico pesos", "2000.00 MXN"),
        ("son treinta y tantos pesos", "30.00 MXN"),
        ("pagué quinientos varos", "500.00 MXN"),
    ],
)
def test_a_sum_that_is_about_so_much_is_what_was_said_and_less_sure(said: str, money: str) -> None:
    assert named(said, MEXICO) == [("money", money)]
    about = find("dos mil y pico pesos", "es", MEXICO)[0]
    exact = find("dos mil pesos", "es", MEXICO)[0]
    assert about.confidence < exact.confidence


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("vivo en calle Madero esquina con Juárez", "calle madero esquina juárez"),
        ("es avenida de América esquina calle Cartagena, en Madrid", "avenida de américa esquina cartagena"),
        ("calle Hidalgo sin número", "calle hidalgo s/n"),
    ],
)
def test_a_corner_or_a_house_without_number_is_an_address_too(said: str, address: str) -> None:
    assert named(said) == [("address", address)]


def test_a_corner_alone_is_none() -> None:
    assert named("el de la esquina de la calle grita mucho") == []


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("soy el cliente cuatro cinco seis siete", "customer_id", "4567"),
        ("mi número de guía es uno dos tres cuatro guion a be ce", "order_id", "1234-ABC"),
        ("mi código postal es el veintiocho cero cero uno", "postal_code", "28001"),
    ],
)
def test_codes_are_found_by_more_of_their_names(said: str, kind: str, code: str) -> None:
    assert named(said) == [(kind, code)]


def test_an_hour_may_be_told_by_what_lacks_to_it() -> None:
    assert named("al cuarto para las ocho", MEXICO) == [("time", "19:45")]
    assert named("diez para las nueve de la mañana", MEXICO) == [("time", "08:50")]
