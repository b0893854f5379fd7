"""What callers want, and how sure we are of it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from offline.analysis import intents
from offline.analysis.call import CallToAnalyse, SpokenTurn
from offline.analysis.concepts import DENIED, concepts_of, read
from offline.analysis.features import BUCKETS, features_of
from offline.analysis.fit.learning import Judged, fitted_temperature, judged_unseen, train
from offline.analysis.fit.sentences import Sentence, digest, drawn_sentences, dressed_wordings
from offline.analysis.intent_model import calibration_error, load, shipped_model
from vocabulary.speech import Speaker
from vocabulary.spoken import words

LESSONS = [
    *(
        Sentence(text, "payment", place)
        for place, text in enumerate(("quiero pagar", "pagar el recibo", "hacer un pago"))
    ),
    *(Sentence(text, "appointment", place) for place, text in enumerate(("quiero cita", "una cita", "pedir hora"))),
]


def call(*said: str) -> CallToAnalyse:
    turns = tuple(SpokenTurn(Speaker.CALLER, text) for text in said)
    return CallToAnalyse("c", datetime(2026, 2, 10, tzinfo=UTC), turns)


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("Quiero cancelar mi servicio", "cancellation"),
        ("Hola, mi internet no funciona", "technical_support"),
        ("Necesito revisar el saldo de mi cuenta", "billing_inquiry"),
        ("Buenos días", "other"),
    ],
)
def test_the_wishes_of_the_use_cases_are_understood(said: str, intent: str) -> None:
    assert intents.intent_of(said).name == intent


def test_a_call_is_about_what_was_wanted_not_about_greetings() -> None:
    found = intents.analyse(call("hola", "quiero cancelar mi cita de mañana", "sí", "gracias, adiós"))
    assert [(one.name, one.turn) for one in found] == [("appointment", 1)]


def test_several_wishes_are_all_told() -> None:
    found = intents.analyse(call("quiero pagar mi factura", "y quiero cambiar mi dirección"))
    assert {one.name for one in found} == {"payment", "contact_update"}


def test_asking_for_a_person_never_hides_the_reason() -> None:
    found = intents.analyse(call("quiero hablar con una persona", "mi pedido no ha llegado"))
    assert [one.name for one in found] == ["order_status", "human_agent"]


def test_nothing_wanted_and_nothing_said() -> None:
    assert intents.analyse(call("hola", "sí", "gracias"))[0].name == "other"
    assert intents.analyse(call())[0] == intents.Intent("other", 1.0, None)


def test_likelihoods_add_up_and_cover_all_intents() -> None:
    likely = shipped_model().probabilities("quiero una cita")
    assert sum(likely.values()) == pytest.approx(1.0, abs=1e-5)
    assert set(likely) == {*intents.INTENTS, intents.OTHER}
    assert len(intents.INTENTS) >= 12


def test_the_weights_belong_to_the_sentences_beside_them() -> None:
    assert shipped_model().sentences == digest(drawn_sentences() + dressed_wordings()), "python -m offline.analysis.fit"


def test_features_do_not_mind_accents_capitals_and_order_of_places() -> None:
    places, weights = features_of("¡Cancélenme LA línea!")
    again, same = features_of("cancelenme la linea")
    assert np.array_equal(places, again)
    assert np.array_equal(weights, same)
    assert float((weights**2).sum()) == pytest.approx(1.0, abs=1e-5)
    assert places.max() < BUCKETS
    assert features_of("…")[0].size == 0


def test_learning_tells_apart_what_it_was_taught(tmp_path: Path) -> None:
    model = train(LESSONS, epochs=20)
    path = tmp_path / "model.npz"
    model.save(path)
    read = load(path)
    for text, label in (("quiero hacer un pago", "payment"), ("pedir una cita", "appointment")):
        assert max(read.probabilities(text).items(), key=lambda one: one[1])[0] == label
    assert read.sentences == digest(LESSONS)


def test_a_file_that_holds_no_model_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, something=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz"):
        load(path)


def test_the_temperature_humbles_a_model_that_is_too_sure() -> None:
    boasting = Judged(np.array([[9.0, 0.0]] * 4, np.float32), np.array([0, 0, 1, 1]))
    assert fitted_temperature(boasting) > 3
    modest = Judged(np.array([[0.5, 0.0]] * 4, np.float32), np.array([0, 0, 0, 0]))
    assert fitted_temperature(modest) < 0.5


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    assert calibration_error([0.95] * 10, [True] * 9 + [False]) == pytest.approx(0.05)
    assert calibration_error([1.0] * 4, [False] * 4) == 1.0
    assert calibration_error([], []) == 0.0


def test_a_pattern_with_missing_columns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sentences.tsv"
    path.write_text("intent\tlanguage\tpattern\npayment\tquiero pagar\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        drawn_sentences(path)


def test_a_wording_with_missing_columns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wordings.tsv"
    path.write_text("intent\ttopics\tlanguage\ttext\npayment\tpayments\tes\tquiero pagar\nx\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3"):
        dressed_wordings(path)


def test_a_wording_is_judged_only_by_models_that_have_not_seen_its_group() -> None:
    # The same words mean mostly one thing in even groups and mostly the other in odd ones: who has seen only the others
    # is wrong as often as can be.
    even, odd = (
        ("payment", "payment", "payment", "appointment"),
        ("appointment", "appointment", "appointment", "payment"),
    )
    twins = [Sentence("quiero eso", label, 2 * place) for place, label in enumerate(even)]
    twins += [Sentence("quiero eso", label, 2 * place + 1) for place, label in enumerate(odd)]
    assert judged_unseen(twins, epochs=10, folds=2).accuracy == 0.25


def test_a_dressed_wording_stays_in_the_group_of_its_own() -> None:
    groups: dict[int, list[Sentence]] = {}
    for one in dressed_wordings():
        groups.setdefault(one.group, []).append(one)
    assert all(any(one.is_wording for one in group) for group in groups.values())
    assert any(not one.is_wording for group in groups.values() for one in group)


def test_other_words_for_the_same_thing_show_the_same_concept() -> None:
    assert "broken" in concepts_of(words("no me jala"))
    assert set(concepts_of(words("la factura"))) == set(concepts_of(words("la planilla")))
    assert f"{DENIED}cancel" in concepts_of(words("no quiero cancelar"))
    assert concepts_of(()) == ()


def test_a_concept_without_terms_is_named(tmp_path: Path) -> None:
    path = tmp_path / "concepts.tsv"
    path.write_text("concept\tterms\ninvoice\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read(path)
