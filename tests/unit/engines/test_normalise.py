"""What is written, as it is said, and where each spoken word stands in the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.tts.normalise import normalise
from engines.tts.numerals import cardinal


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("45.50 euros", "cuarenta y cinco euros con cincuenta céntimos"),
        ("45,50 €", "cuarenta y cinco euros con cincuenta céntimos"),
        ("45,5€", "cuarenta y cinco euros con cincuenta céntimos"),
        ("$1,250.00", "mil doscientos cincuenta pesos"),
        ("US$ 1,250.01", "mil doscientos cincuenta dólares con un centavo"),
        ("$21 MXN", "veintiún pesos"),
        ("1.250,00 €", "mil doscientos cincuenta euros"),
        ("1.250 euros", "mil doscientos cincuenta euros"),
        ("1 euro", "un euro"),
        ("0,50 €", "cincuenta céntimos"),
        ("0 €", "cero euros"),
        ("1000000 €", "un millón de euros"),
        ("201 libras", "doscientas una libras"),
        ("15%", "15 por ciento"),
        ("15,5 %", "15 coma 5 por ciento"),
        ("0,05%", "0 coma 0 5 por ciento"),
        ("2026-02-15", "15 de febrero de 2026"),
        ("15/02/2026", "15 de febrero de 2026"),
        ("01/02/26", "primero de febrero de 2026"),
        ("el 15/2", "el 15 de febrero"),
        ("a las 10:30", "a las diez y media"),
        ("a la 1:00", "a la una"),
        ("a las 9:15", "a las nueve y cuarto"),
        ("a las 9:40", "a las nueve cuarenta"),
        ("a las 17:05 h", "a las diecisiete cero cinco"),
        ("a las 21:00", "a las veintiuna horas"),
        ("a las 8:15 pm", "a las ocho y cuarto de la noche"),
        ("612345678", "6 1 2, 3 4 5, 6 7 8"),
        ("612 345 678", "6 1 2, 3 4 5, 6 7 8"),
        ("+34 612345678", "más 3 4, 6 1 2, 3 4 5, 6 7 8"),
        ("(55) 1234-5678", "5 5, 1 2 3 4, 5 6 7 8"),
        ("su referencia 12345", "su referencia 1 2 3 4 5"),
        ("007", "0 0 7"),
        ("AB-1234", "A B, 1 2 3 4"),
        ("ana@correo.es", "ana arroba correo punto es"),
        ("Sr. López y Dra. Ruiz", "señor López y doctora Ruiz"),
        ("100 Mbps", "100 megas"),
        ("1 h", "una hora"),
        ("nº 45", "número 45"),
        ("**Hola** 😀", "Hola "),
    ],
)
def test_spanish(written: str, said: str) -> None:
    assert normalise(written).text == said


@pytest.mark.parametrize(
    "text",
    [
        "Buenos días, le atiende el asistente.",
        "son 1250 clientes",
        "el año 2026",
        "No. Gracias",
        "abierto 24/7",
        "la red 5G",
        "versión 3.2.1",
        "99/99/2026",
        "a las 25:70",
        "12345 puntos",
        "covid-19",
        "",
    ],
)
def test_what_espeak_reads_well_is_left_alone(text: str) -> None:
    assert normalise(text).text == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$1,250.00", "1250 dollars"),
        ("$45.50", "45 dollars and 50 cents"),
        ("2026-02-15", "February 15, 2026"),
        ("02/15/2026", "February 15, 2026"),
        ("at 10:05", "at 10 oh 5"),
        ("at 10:30 am", "at 10 30 A M"),
        ("15%", "15 percent"),
        ("555-123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
        ("ana@mail.com", "ana at mail dot com"),
    ],
)
def test_english(written: str, said: str) -> None:
    assert normalise(written, "en").text == said


def test_another_language_is_left_alone() -> None:
    assert normalise("45,50 €", "fr").text == "45,50 €"


def test_a_spoken_word_remembers_where_it_was_written() -> None:
    written = "Son 45,50 € el 15/02/2026, ¿vale?"
    spoken = normalise(written)
    for said, stood in [
        ("Son", "Son"),
        ("cuarenta", "45,50"),
        ("cincuenta", "50 €"),
        ("febrero", "15/02"),
        ("vale", "vale"),
    ]:
        assert written[spoken.original_offset(spoken.text.index(said)) :].startswith(stood)


def test_a_number_read_in_groups_is_quoted_in_groups() -> None:
    written = "Es el 612345678."
    spoken = normalise(written)
    assert written[spoken.original_offset(spoken.text.index("3 4 5")) :] == "345678."


@given(st.text(alphabet="ab15.,/:-+€$% @()#*\x00ñ", max_size=40), st.sampled_from(["es", "en", "fr"]))
def test_offsets_ascend_and_stay_inside_whatever_is_written(text: str, language: str) -> None:
    spoken = normalise(text, language)
    offsets = [spoken.original_offset(place) for place in range(len(spoken.text))]
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(text) for offset in offsets)
    assert "\x00" not in spoken.text


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "cero"), (1, "un"), (16, "dieciséis"), (21, "veintiún"), (31, "treinta y un"), (100, "cien"),
        (101, "ciento un"), (555, "quinientos cincuenta y cinco"), (1000, "mil"), (2001, "dos mil un"),
        (21_000, "veintiún mil"), (1_000_000, "un millón"), (2_100_000, "dos millones cien mil"),
        (10**12, "1000000000000"),
    ],
)  # fmt: skip
def test_cardinals(number: int, said: str) -> None:
    assert cardinal(number) == said


def test_cardinals_agree_with_a_feminine_noun() -> None:
    assert cardinal(21, is_feminine=True) == "veintiuna"
    assert cardinal(200, is_feminine=True) == "doscientas"
    assert cardinal(11, is_feminine=True) == "once"
    assert cardinal(1_000_000, is_feminine=True) == "un millón"
