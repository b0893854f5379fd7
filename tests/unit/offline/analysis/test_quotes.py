"""What a language model quotes is looked up before it is believed."""

from datetime import UTC, datetime

import pytest

from offline.analysis.call import CallToAnalyse, SpokenTurn
from offline.analysis.second_opinion.quotes import invents_numbers, located, shown_turns
from vocabulary.speech import Speaker

TEXTS = ("¿En qué puedo ayudarle?", "Quiero darme de baja, por favor.")


@pytest.mark.parametrize("quote", ["darme de baja", "DARME DE BAJA", "quiero darme de baja por favor"])
def test_words_are_found_whatever_their_dress(quote: str) -> None:
    where = located(quote, 1, TEXTS, "es")
    assert where is not None
    assert "darme de baja" in TEXTS[where.turn][where.begin : where.end]


def test_a_quote_from_the_wrong_turn_is_put_right() -> None:
    where = located("de baja", 0, TEXTS, "es")
    assert where is not None
    assert where.turn == 1


@pytest.mark.parametrize("quote", ["quiero una oferta", "arme de baja", "baja de darme", "…", "", "darme baja"])
def test_what_nobody_said_is_not_found(quote: str) -> None:
    assert located(quote, 1, TEXTS, "es") is None


def test_cards_accounts_and_documents_are_hidden_letter_by_letter() -> None:
    said = "mi dni es 12345678Z y la tarjeta es la 4111 1111 1111 1111, gracias"
    call = CallToAnalyse("c", datetime(2026, 2, 10, tzinfo=UTC), (SpokenTurn(Speaker.CALLER, said),))
    (shown,) = shown_turns(call)
    assert len(shown) == len(said)
    assert "4111" not in shown
    assert "12345678" not in shown
    assert shown.endswith(", gracias")


def test_a_summary_must_not_bring_numbers_of_its_own() -> None:
    assert invents_numbers("Debe 45 euros.", ("debo dinero",), ())
    assert not invents_numbers("Debe 45 euros.", ("debo dinero",), ("45.50 EUR",))
    assert not invents_numbers("Quiere la baja.", ("quiero la baja",), ())
