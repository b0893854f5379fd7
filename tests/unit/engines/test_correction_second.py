"""The second listening's proofreader: what vectors, sound and context repair, and what they leave alone."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.correction.bank import Bank, Rule, Term, bank_of
from engines.correction.conjugation import conjugated
from engines.correction.grams import vectors_of
from engines.correction.inflection import spanish_words
from engines.correction.kinds import kinds_of
from engines.correction.language import spanish
from engines.correction.nearest import FaissNearest, NumpyNearest, nearest_of
from engines.correction.phonetics import run_together, sound_distance, sound_of, sounds_of
from engines.correction.proposals import WAYS
from engines.correction.second import SecondProofreader, Weights
from engines.correction.words import words_of

BANK = bank_of(
    (Rule(id="salgo", heard="salgo", meant="saldo", after=("el",)),),
    terms=(
        Term("fibra total", "product"),
        Term("plan viajero", "product"),
        Term("calle hilanderas", "street"),
        Term("zubizarreta", "surname"),
        Term("Xàtiva", "city"),
    ),
)


@pytest.fixture(scope="module")
def second() -> SecondProofreader:
    return SecondProofreader(BANK)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hay", "ahí"),
        ("hay", "ay"),
        ("echo", "hecho"),
        ("vaca", "baca"),
        ("valla", "vaya"),
        ("casa", "caza"),
        ("tubo", "tuvo"),
        ("haya", "halla"),
        ("cocer", "coser"),
        ("asta", "hasta"),
        ("a ver", "haber"),
        ("gira", "jira"),
        ("kilo", "quilo"),
    ],
)
def test_what_is_said_alike_has_one_key(one: str, other: str) -> None:
    assert sound_of(one) == sound_of(other)
    assert sound_distance(sound_of(one), sound_of(other)) == 0


@pytest.mark.parametrize(
    ("one", "other"), [("pero", "perro"), ("caza", "cama"), ("ano", "año"), ("coche", "cose"), ("pago", "pagó "[:3])]
)
def test_what_is_said_otherwise_has_another(one: str, other: str) -> None:
    assert sound_of(one) != sound_of(other)


def test_near_sounds_are_nearer_than_far_ones() -> None:
    heard = sound_of("pata")
    assert 0 < sound_distance(heard, sound_of("bata")) < sound_distance(heard, sound_of("lata"))


@given(st.text("abcdefghijklmnñopqrstuvwxyzáéíóú ", max_size=12), st.text("abcdelmnorstuvyz", max_size=8))
def test_distances_are_the_same_both_ways_or_nearly_and_never_negative(one: str, other: str) -> None:
    a, b = sound_of(one), sound_of(other)
    assert sound_distance(a, b) >= 0
    assert (sound_distance(a, b) == 0) == (a == b)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("quiero contratar la fivra total", "quiero contratar la fibra total"),
        ("Me yamo Begoña.", "Me llamo Begoña."),
        ("vivo en calle hilan deras", "vivo en calle hilanderas"),
        ("no ahí internet en mi casa", "no hay internet en mi casa"),
        ("ya lo e hecho", "ya lo he hecho"),
        ("la señora subizarreta", "la señora zubizarreta"),
    ],
)
def test_terms_misspellings_and_homophones_are_repaired(second: SecondProofreader, heard: str, meant: str) -> None:
    assert second.correct(heard).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "no hay internet en mi casa",
        "está ahí en la mesa",
        "quiero la fibra total, por favor",
        "el plan viajero no me interesa",
        "voy a la caza del jabalí",
        "asta de toro y empuñadura de marfil",
        "la vaca del vecino saltó la valla",
        "te invito a un té de jengibre",
        "ya les envié una copia del documento a la oficina",
        "quiero hablar con quien lleva las devoluciones",
        "no sé qué hacer con tanto papel",
        "mi código es AB12, y el 600 123 456",
        "…",
        "",
    ],
)
def test_what_is_right_stays_letter_by_letter(second: SecondProofreader, text: str) -> None:
    assert second.correct(text).text == text


def test_corrections_name_their_level_and_count_the_words_of_the_original(second: SecondProofreader) -> None:
    found = second.correct("ver el salgo de la fivra total")
    assert found.text == "ver el saldo de la fibra total"
    assert [(one.heard, one.meant, one.position, one.rule) for one in found.replacements] == [
        ("salgo", "saldo", 2, "salgo"),
        ("fivra", "fibra", 5, "near"),
    ]


def test_levels_can_be_left_out() -> None:
    only_first = SecondProofreader(BANK, levels=frozenset({1}))
    assert only_first.correct("el salgo de la fivra total").text == "el saldo de la fivra total"


def test_an_ear_that_was_sure_is_believed_sooner() -> None:
    # weights at which only the ear's doubt tips the scale
    shut = {f"{way}.change": -50.0 for way in WAYS if way != "homophone"}
    weights = Weights.of({"language": 0.1, "homophone.doubt": 6.0} | shut)
    second = SecondProofreader(Bank(), weights=weights)
    heard = "no ahí internet"
    assert second.correct(heard, (0.99, 0.999, 0.99)).text == heard
    assert second.correct(heard, (0.99, 0.02, 0.99)).text == "no hay internet"


def test_a_change_must_gain_its_margin_and_another_one_where_the_ear_told_its_confidence() -> None:
    weights = Weights.of({"language": 0.5})
    heard, meant, told = "no ahí internet", "no hay internet", (0.5, 0.5, 0.5)
    assert SecondProofreader(Bank(), weights=weights).correct(heard).text == meant
    dearer = SecondProofreader(Bank(), weights=replace(weights, margin=50.0))
    assert dearer.correct(heard).text == heard
    assert dearer.correct(heard, told).text == meant
    dearer = SecondProofreader(Bank(), weights=replace(weights, told_margin=50.0))
    assert dearer.correct(heard).text == meant
    assert dearer.correct(heard, told).text == heard


def test_weights_are_kept_by_name_and_a_name_that_there_is_not_is_refused(tmp_path: Path) -> None:
    weights = Weights.of({"language": 0.25, "near.distance": -2.5, "margin": 1.5, "told_margin": 0.75})
    path = tmp_path / "weights.json"
    path.write_text(weights.as_json(), "utf-8")
    assert Weights.load(path) == weights
    with pytest.raises(ValueError, match=r"near\.distanze"):
        Weights.of({"near.distanze": 1.0})


def test_kinds_of_words_that_agree_stand_side_by_side_oftener_than_others() -> None:
    language = spanish()
    for right, wrong in (
        (("un", "amplificador"), ("una", "amplificador")),
        (("todos", "están"), ("todos", "está")),
        (("las", "bombillas"), ("los", "bombillas")),
        (("los", "destornilladores"), ("las", "destornilladores")),
        (("ustedes", "prometieron"), ("es", "prometieron")),
    ):
        assert language.agreement(*right) > language.agreement(*wrong), (right, wrong)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("bombillas", "nfp"), ("tornillo", "nms"), ("días", "nmp"), ("manos", "nfp"), ("cambiaron", "v3p"),
        ("llamé", "v1"), ("cambiando", "vndo"), ("devolverlo", "v+infinitive"), ("rápidamente", "adv"),
        ("quince", "number"), ("que", "que"), ("<city>", "<city>"), ("xyzzy", "?"),
    ],
)  # fmt: skip
def test_a_word_is_of_the_kind_that_its_list_and_its_ending_say(word: str, kind: str) -> None:
    assert kind in kinds_of(word)


def test_two_words_are_parted_elsewhere_where_they_sound_the_same() -> None:
    assert run_together(sound_of("nos están")) == run_together(sound_of("nos es tan"))
    cuts = {(head.text, tail.text) for head, tail in _SHARED.lexicon.recut(run_together(sound_of("nos es tan")))}
    assert ("nos", "están") in cuts


def test_words_that_are_run_together_are_said_as_one() -> None:
    assert sound_of("están bien") == sound_of("es también")


def test_confidences_that_do_not_fit_the_words_are_not_used(second: SecondProofreader) -> None:
    assert second.correct("no ahí internet", (0.5,)) == second.correct("no ahí internet")


@given(st.text(max_size=60))
def test_any_text_is_survived_and_positions_are_words_of_it(text: str) -> None:
    found = _SHARED.correct(text)
    assert found.heard == text
    count = len(words_of(text))
    assert all(0 <= one.position < count for one in found.replacements)


_SHARED = SecondProofreader(Bank())


def test_the_lists_bend_words_as_spanish_does() -> None:
    forms = spanish_words()
    right = (
        "pague toque sigo cojo recoge conozco conoce vence venza exámenes jóvenes naciones luces durmió pidió siguió "
        "siguiendo dígame dime póngamelo envíenlo averigüe avergüenza países sofás amiguito poquita "
        "cafecito riquísima oyó cayeron construyendo tuviéramos mantuvo propón bulló río vergüenzas baúles inglesa"
    )
    assert not [word for word in right.split() if word not in forms]
    wrong = (
        "page toce recogue conoque zonoce examenes siguyó énvíeme seguiendo bocita amigito mandardo poderé paises "
        "caido sígate cortesa"
    )
    assert not [word for word in wrong.split() if word in forms]


def test_the_lists_know_more_than_sixty_thousand_words_without_the_pronouns_written_onto_verbs() -> None:
    joined = re.compile(r"[áéíó]\w*(me|te|se|nos|l[aeo]s?)$|r(me|te|se|nos|l[aeo]s?)$")
    assert sum(joined.search(word) is None for word in spanish_words()) > 60_000


@pytest.mark.parametrize(
    ("infinitive", "change", "forms"),
    [
        ("pedir", "i", "pido pedimos pidió pidieron pidiendo pídalo pedirá pedido"),
        ("poder", "", "puedo podemos pudo podrá pueda podamos pudiendo podido"),
        ("decir", "", "digo dice dijo dijeron dirá dicho diciendo dile dígame"),
        ("mantener", "", "mantengo mantiene mantuvo mantendrá mantén manteniendo"),
        ("traducir", "zc", "traduzco traduce tradujo tradujeron traducirá"),
        ("vaciar", "í", "vacío vaciamos vacíe vació vacíelo vaciándola"),
        ("jugar", "ue", "juego jugamos jugué juegue juguemos"),
    ],
)
def test_verbs_are_conjugated(infinitive: str, change: str, forms: str) -> None:
    assert set(forms.split()) <= set(conjugated(infinitive, change))


def test_the_sounds_of_many_words_are_those_of_each() -> None:
    words = sorted(spanish_words())[::50]
    assert sounds_of(words) == [sound_of(word) for word in words]


def test_a_name_is_left_alone_unless_it_is_the_companys(second: SecondProofreader) -> None:
    assert second.correct("me llamo Vanco y vivo aquí").text == "me llamo Vanco y vivo aquí"
    assert second.correct("la señora Subizarreta").text == "la señora Zubizarreta"


def test_a_word_that_nobody_knows_becomes_the_one_that_sounds_the_same(second: SecondProofreader) -> None:
    assert second.correct("necesito una amvulancia").text == "necesito una ambulancia"
    assert second.correct("quiero bacunar a la niña").text == "quiero vacunar a la niña"


def test_a_term_takes_no_right_word_with_it(second: SecondProofreader) -> None:
    assert second.correct("la señora zubizarreta es la titular").text == "la señora zubizarreta es la titular"


def test_faiss_and_numpy_find_the_same() -> None:
    assert importlib.util.find_spec("faiss") is not None  # the check needs both
    sounds = [sound_of(word) for word in sorted(spanish_words())[::40]]
    rows = vectors_of(sounds)
    asked = vectors_of([sound_of(word) for word in ("fivra", "subizarreta", "hilanderas", "permanensia", "")])
    by_faiss, by_numpy = FaissNearest(rows).search(asked, 24), NumpyNearest(rows).search(asked, 24)
    assert np.array_equal(by_faiss[0], by_numpy[0])
    assert np.array_equal(by_faiss[1], by_numpy[1])


def test_without_faiss_the_proofreader_works_the_same(
    monkeypatch: pytest.MonkeyPatch, second: SecondProofreader
) -> None:
    monkeypatch.setattr("engines.correction.nearest.has_faiss", lambda: False)
    assert isinstance(nearest_of(vectors_of(["a", "b"])), NumpyNearest)
    plain = SecondProofreader(BANK)
    for heard in ("la fivra total", "me yamo subizarreta", "vivo en calle hilan deras", "no ahí internet"):
        assert plain.correct(heard) == second.correct(heard)


@pytest.mark.parametrize("search", [NumpyNearest, FaissNearest])
def test_a_small_index_gives_what_it_has(search: type[NumpyNearest] | type[FaissNearest]) -> None:
    rows, cosines = search(vectors_of(["kasa", "kama"])).search(vectors_of(["kasa"]), 24)
    assert rows.tolist() == [[0, 1]]
    assert cosines[0, 0] == 1
