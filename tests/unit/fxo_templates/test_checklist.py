"""The checklist: complete for every model, in both languages, and safe to show around when asked to be."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxo_templates.device import MODELS, Line, checklist_markdown, country_profile, produce
from fxo_templates.model import Language
from tests.unit.fxo_templates.sample_device import HAND_MODELS, device

LANGUAGES: tuple[Language, ...] = ("es", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_every_value_filled_in(model: str, language: Language) -> None:
    made = replace(device(model, "ES"), lines=(Line(1, "+34912345678"),))
    steps = produce(made).checklist[language]
    values = {step.value for step in steps}
    assert {"gw-oficina", "Clave123", "Admin999", "UDP"} <= values
    assert any("34912345678" in value for value in values)
    assert all(step.page and step.field and step.value and step.why for step in steps)


@pytest.mark.parametrize("model", HAND_MODELS)
def test_a_hand_made_gateway_gets_every_section(model: str) -> None:
    page = checklist_markdown(device(model), "es")
    for heading in (
        "Seguridad",
        "Cuenta SIP",
        "Líneas y sus números",
        "Contestar e identificador de llamada",
        "Tonos de la línea",
        "Detectar que el cliente colgó",
        "Sonido",
        "Configuración automática",
        "Cómo probar",
    ):
        assert heading in page


@pytest.mark.parametrize("model", MODELS)
def test_both_languages_have_the_same_steps(model: str) -> None:
    checklist = produce(device(model)).checklist
    assert len(checklist["es"]) == len(checklist["en"])
    assert [step.secret for step in checklist["es"]] == [step.secret for step in checklist["en"]]


def test_each_line_has_its_number_on_its_port() -> None:
    steps = produce(device("yeastar-ta810", lines=8)).checklist["es"]
    for port in range(1, 9):
        assert any(f"FXO Port {port} " in step.field and step.value == f"52551234567{port}" for step in steps)


def test_the_yeastar_is_told_in_its_own_words_how_the_number_arrives() -> None:
    def told(iso: str) -> str:
        steps = produce(device("yeastar-ta410", iso)).checklist["en"]
        return next(step.value for step in steps if "Caller ID Start" in step.field)

    assert told("MX") == "Start: Ring; Signaling: Bell-USA"
    assert told("ES") == "Start: Ring; Signaling: V23-UK"
    assert told("AR") == "Start: Polarity; Signaling: DTMF"
    assert told("BR") == "Start: Before Ring; Signaling: DTMF"


def test_what_is_typed_into_a_grandstream_is_what_its_file_says() -> None:
    steps = {step.field: step.value for step in produce(device("gxw4104")).checklist["en"]}
    assert steps["Channels › Busy Tone (P3002)"] == "f1=425@-11,f2=0@-11,c=25/25;"
    ht = {step.field: step.value for step in produce(device("ht813")).checklist["en"]}
    assert ht["FXO Port › PSTN Disconnect Tone (P841)"] == "f1=425@-24,f2=0@-24,c=250/250;"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_to_show_around_holds_no_password(language: Language) -> None:
    made = device("other", provisioning_url="http://192.168.1.10/prov/token77")
    page = checklist_markdown(made, language, show_secrets=False)
    assert not any(secret in page for secret in ("Clave123", "Admin999", "token77"))
    full = checklist_markdown(made, language)
    assert all(secret in full for secret in ("Clave123", "Admin999", "token77"))


@given(password=st.text([chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=40))
def test_no_password_adds_a_column_or_a_line_to_the_page(password: str) -> None:
    page = checklist_markdown(device("other", password=password), "es")
    plain = checklist_markdown(device("other", password="Clave123"), "es")
    assert [line.count("|") for line in page.splitlines()] == [line.count("|") for line in plain.splitlines()]


def test_an_impedance_with_bars_stays_in_its_cell() -> None:
    page = checklist_markdown(device("other", "ES"), "es")
    (row,) = [line for line in page.splitlines() if "Impedancia de línea" in line]
    assert row.count("|") == 5
    assert "270+750&#124;&#124;150nF" in row


def test_an_unknown_country_asks_to_learn_the_tone_in_spanish() -> None:
    assert "aprenda el tono" in checklist_markdown(device("other", country_profile("PE")), "es")
