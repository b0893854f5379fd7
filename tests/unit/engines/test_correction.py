"""The online proofreader: what it repairs, and above all what it leaves alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.correction.bank import Bank, Rule, bank_of, load_bank
from engines.correction.dictionary import Proofreader
from vocabulary.errors import ConfigurationError
from vocabulary.speech import Correction, Replacement

SPANISH = Path(__file__).parents[3] / "agents" / "banks" / "telecom.toml"


@pytest.fixture(scope="module")
def proofreader() -> Proofreader:
    return Proofreader(load_bank(SPANISH))


def corrected(rules: tuple[Rule, ...], text: str) -> str:
    return Proofreader(bank_of(rules)).correct(text).text


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("necesito revisar el salgo de mi cuesta", "necesito revisar el saldo de mi cuenta"),
        ("quiero saber el salgo", "quiero saber el saldo"),
        ("¿Cuál es el SALGO?", "¿Cuál es el SALDO?"),
        ("Mi cuesta, por favor.", "Mi cuenta, por favor."),
        ("el salgo, de mi cuesta", "el saldo, de mi cuenta"),
        ("quiero pagar la fractura", "quiero pagar la factura"),
        ("no ahí internet", "no hay internet"),
    ],
)
def test_known_mishearings_are_repaired(proofreader: Proofreader, heard: str, meant: str) -> None:
    assert proofreader.correct(heard).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "salgo de casa",
        "ahora salgo",
        "la cuesta arriba",
        "mi cuesta arriba particular",
        "cuánto me cuesta",
        "¿Cuánto cuesta la fibra?",
        "ahí está mi casa",
        "tengo una fractura en el brazo desde hace un mes",
        "",
        "   ",
        "¿…?",
    ],
)
def test_good_spanish_stays_letter_by_letter(proofreader: Proofreader, text: str) -> None:
    assert proofreader.correct(text) == Correction(text, text)


def test_a_correction_tells_what_it_did_and_keeps_the_original(proofreader: Proofreader) -> None:
    correction = proofreader.correct("hola, ver el salgo de mi cuesta")
    assert correction.heard == "hola, ver el salgo de mi cuesta"
    assert correction.replacements == (
        Replacement("salgo de mi cuesta", "saldo de mi cuenta", position=3, rule="saldo-de-mi-cuenta"),
    )


def test_accents_and_case_do_not_hide_a_mishearing_but_n_and_ñ_differ() -> None:
    rules = (Rule(id="a", heard="fracturacion", meant="facturación"), Rule(id="b", heard="ano", meant="año"))
    assert corrected(rules, "La Fracturación, y un AÑO") == "La Facturación, y un AÑO"
    assert corrected(rules, "fracturacio\u0301n") == "facturación"  # the accent as a character of its own


def test_the_longest_phrase_that_holds_wins() -> None:
    rules = (
        Rule(id="short", heard="uno", meant="1"),
        Rule(id="long", heard="uno dos tres", meant="123"),
        Rule(id="middle", heard="uno dos", meant="12", before=("cuatro",)),
    )
    assert corrected(rules, "uno dos tres") == "123"
    assert corrected(rules, "uno dos cuatro") == "12 cuatro"
    assert corrected(rules, "uno dos cinco") == "1 dos cinco"


def test_a_phrase_does_not_reach_over_punctuation() -> None:
    assert corrected((Rule(id="a", heard="uno dos", meant="12"),), "uno, dos uno dos.") == "uno, dos 12."


@pytest.mark.parametrize(
    ("rule", "holds", "does_not_hold"),
    [
        (Rule(id="r", heard="x", meant="y", after=("por el",)), "por el x", "en el x"),
        (Rule(id="r", heard="x", meant="y", not_after=("por el",)), "en el x", "por el x"),
        (Rule(id="r", heard="x", meant="y", before=("de casa",)), "x de casa", "x de"),
        (Rule(id="r", heard="x", meant="y", not_before=("de casa",)), "x de", "x de casa"),
        (Rule(id="r", heard="x", meant="y", near=("Línea",)), "x a b c d linea", "x a b c d e linea"),
        (Rule(id="r", heard="x", meant="y", not_near=("línea",)), "x", "línea a x"),
    ],
)
def test_contexts_decide(rule: Rule, holds: str, does_not_hold: str) -> None:
    assert corrected((rule,), holds) == holds.replace("x", "y")
    assert corrected((rule,), does_not_hold) == does_not_hold


def test_a_rule_with_context_goes_before_one_without() -> None:
    rules = (Rule(id="any", heard="x", meant="any"), Rule(id="here", heard="x", meant="here", after=("el",)))
    assert corrected(rules, "el x, un x") == "el here, un any"


def test_words_can_be_taken_away() -> None:
    rule = Rule(id="r", heard="subtítulos por amara.org", meant="")
    assert corrected((rule,), "hola Subtítulos por Amara.org gracias") == "hola gracias"


def test_another_bank_is_adopted_without_a_new_proofreader() -> None:
    proofreader = Proofreader(Bank())
    assert proofreader.correct("uno").text == "uno"
    proofreader.adopt(bank_of((Rule(id="r", heard="uno", meant="dos"),)))
    assert proofreader.correct("uno").text == "dos"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[[rules]]\nid = "a"\nheard = "b"\nmeant = "c"\nafer = ["d"]', "rule 'a': afer"),
        ('[[rules]]\nid = "a"\nheard = "b"', "rule 'a': meant"),
        ('[[rules]]\nheard = "b"\nmeant = "c"', "rule 'number 1': id"),
        ('[[rules]]\nid = "a"\nheard = "b"\nmeant = "c"\nafter = "d"', "rule 'a': after"),
        ('[[rules]]\nid = "a"\nheard = "¿?"\nmeant = "c"', "rule 'a': heard holds no word"),
        ('[[rules]]\nid = "a"\nheard = "b"\nmeant = "c"\nnear = ["d e"]', "rule 'a': near takes single words"),
        ('[[rules]]\nid = "a"\nheard = "b"\nmeant = "c"\n' * 2, "two rules have the id 'a'"),
        (
            '[[rules]]\nid = "a"\nheard = "b"\nmeant = "c"\n[[rules]]\nid = "d"\nheard = "B!"\nmeant = "e"',
            "rules 'a' and 'd' say what was meant by",
        ),
        ('rule = "x"', "unknown key 'rule'"),
        ("rules = 3", "written as"),
        ("rules = [3]", "rule 'number 1'"),
        ("rules", "bank.toml"),
    ],
)
def test_a_wrong_bank_is_refused_with_the_rule_s_name(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "bank.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_bank(path)
    assert told in str(refused.value)


def test_a_missing_bank_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml"):
        load_bank(tmp_path / "nowhere.toml")


@given(st.text())
def test_any_text_is_survived_and_one_that_no_rule_touches_is_untouched(text: str) -> None:
    proofreader = Proofreader(bank_of((Rule(id="r", heard="palabra imposible", meant="x"),)))
    correction = proofreader.correct(text)
    assert correction.heard == text
    assert correction.replacements or correction.text == text


@given(st.lists(st.sampled_from(["el", "Salgo", "salgo,", "¿cuesta?", "mi", "de", "casa."]), max_size=12))
def test_positions_count_the_words_of_the_original(proofreader: Proofreader, words: list[str]) -> None:
    correction = proofreader.correct(" ".join(words))
    for replacement in correction.replacements:
        first = replacement.heard.split()[0]
        assert first in words[replacement.position]
