"""How a conversation goes: four problems, and what they ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.context import ALL_WELL, Action, CallerTurn, ContextAnalysis, Issue, analyse_context
from conversation.escalation import asks_for_person
from conversation.questions import is_question


def after(*turns: str, language: str = "es") -> ContextAnalysis:
    return analyse_context([CallerTurn.of(turn, language) for turn in turns], language)


def test_a_call_that_goes_well_has_nothing_to_tell() -> None:
    fine = after("hola", "quiero saber mi saldo", "gracias")
    assert fine == ALL_WELL == analyse_context([])
    assert (fine.needs_escalation, fine.confidence_level, fine.suggested_action) == (False, 1.0, Action.GO_ON)


def test_the_same_question_again_is_noticed() -> None:
    again = after("¿cómo reseteo mi contraseña?", "sí pero ¿cómo reseteo la contraseña?")
    assert again.issues == (Issue.REPEATED_QUESTION,)
    assert again.suggested_action is Action.TRANSFER


@pytest.mark.parametrize(
    "turns",
    [
        ("¿cuánto cuesta el plan familiar?", "¿y cuánto cuesta el plan individual?"),
        ("¿cuánto debo de la línea?", "¿y cuándo vence la línea?"),
        ("mi número es uno dos tres", "mi número es uno dos tres"),
        ("sí", "sí"),
    ],
)
def test_another_question_or_no_question_at_all_is_no_repetition(turns: tuple[str, str]) -> None:
    assert Issue.REPEATED_QUESTION not in after(*turns).issues


def test_more_than_six_words_in_ten_make_it_the_same_question() -> None:
    """Telling words: three of five are 60 % and not enough, four of five are."""
    first = "¿cuándo viene el técnico a instalar la fibra nueva?"
    assert Issue.REPEATED_QUESTION in after(first, "¿cuándo viene el técnico a instalar la fibra?").issues
    assert Issue.REPEATED_QUESTION not in after(first, "¿cuándo viene el técnico con la fibra roja?").issues


def test_frustration_adds_up_over_three_turns_and_is_forgotten_after() -> None:
    assert Issue.USER_FRUSTRATED not in after("mi internet no funciona").issues
    assert Issue.USER_FRUSTRATED in after("mi internet no funciona", "sí", "ya se lo dije tres veces").issues
    assert Issue.USER_FRUSTRATED not in after("mi internet no funciona", "sí", "el martes", "estoy harto").issues


def test_who_is_glad_now_is_not_frustrated_any_more() -> None:
    assert after("esto es un desastre", "estoy harto", "ah, ya funciona, gracias").issues == ()


@pytest.mark.parametrize(
    "said",
    [
        "quiero hablar con una persona",
        "páseme con su supervisor",
        "no quiero hablar con una máquina",
        "agente",
        "un humano, por favor",
        "¿me puede comunicar con alguien de ventas?",
        "que me atienda un gerente",
    ],
)
def test_asking_for_a_person_is_understood(said: str) -> None:
    wanted = after(said)
    assert wanted.is_person_wanted
    assert wanted.suggested_action is Action.TRANSFER


@pytest.mark.parametrize(
    "said",
    [
        "quiero hablar con usted de mi factura",
        "persona física",
        "soy agente de viajes",
        "un agente me llamó ayer",
        "no quiero hablar con una persona",
        "no hace falta que me pase con nadie",
        "necesito hablar con mi mujer",
        "mi gerente me pidió la factura",
        "lo que me pasa con el router es raro",
        "fue un error humano",
        "transfiérame el saldo a la otra línea",
        "páseme al plan de cincuenta gigas",
        "conécteme el servicio el lunes",
    ],
)
def test_the_same_words_without_the_wish_send_nobody_away(said: str) -> None:
    assert not asks_for_person(said)


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("let me speak to your manager", True),
        ("operator please", True),
        ("I don't want to talk to a machine", True),
        ("I'm a travel agent", False),
        ("I spoke to an agent yesterday", False),
        ("I want to talk about my bill", False),
    ],
)
def test_english_too(said: str, asks: bool) -> None:
    assert asks_for_person(said, "en") is asks


def test_three_questions_in_four_turns_are_confusion() -> None:
    assert after("¿qué es la permanencia?", "¿y cómo se paga?", "sí", "¿dónde lo veo?").issues == (Issue.USER_CONFUSED,)
    assert after("¿qué es la permanencia?", "sí", "vale", "no", "¿cómo se paga?", "¿dónde?").issues == ()


def test_confusion_asks_for_simpler_words_not_for_a_person() -> None:
    confused = after("no entiendo", "sigo sin entenderlo", "no me queda claro")
    assert not confused.needs_escalation
    assert confused.suggested_action is Action.SIMPLIFY


@pytest.mark.parametrize(
    "said", ["¿cómo no?", "qué bien", "¡qué vergüenza!", "qué tal", "cuando pueda", "como usted quiera"]
)
def test_exclamations_and_relatives_are_no_questions(said: str) -> None:
    assert not is_question(said)


def test_confidence_falls_with_every_problem() -> None:
    issues = tuple(Issue)
    levels = [ContextAnalysis(issues[:count]).confidence_level for count in range(5)]
    assert levels == [1.0, 0.7, 0.4, 0.1, 0.0]


@given(turns=st.lists(st.text(max_size=80), max_size=12), language=st.sampled_from(["es", "en"]))
def test_any_conversation_can_be_looked_at(turns: list[str], language: str) -> None:
    found = after(*turns, language=language)
    assert list(found.issues) == [issue for issue in Issue if issue in found.issues], "in one order, none twice"
    assert found.needs_escalation == (found.suggested_action is Action.TRANSFER)
