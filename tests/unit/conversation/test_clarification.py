"""When to ask again, and how; and what the answer makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.clarification import MOST_CLARIFICATIONS, Clarification, Strategy, clarification_for, heard_words
from conversation.critical_words import HeardWord, Kind
from conversation.doubt import Denied, Doubt, Meant, Promised, Unanswered, doubt_about, resolved
from conversation.expectation import DigitEntry, Expectation, Expected
from conversation.sentiment_lists import word_set
from conversation.spelling import spelled_word
from conversation.understanding_phrases import clarifying
from vocabulary.speech import Correction, Replacement, Word


def ear(words: str) -> list[HeardWord]:
    """Read "quiero cancelar:41": words with the ear's confidence in percent, 90 where there is none."""
    parted = [word.partition(":") for word in words.split()]
    return [HeardWord(text, int(percent or 90) / 100) for text, _, percent in parted]


def asked(words: str, expected: Expected = Expectation.OPEN, *, before: int = 0) -> Clarification | None:
    return clarification_for(ear(words), expected=expected, asked=before)


@pytest.mark.parametrize(
    ("words", "strategy", "kind"),
    [
        ("quiero cancelar:41 mi servicio", Strategy.EXPLICIT, Kind.ACTION),
        ("quiero cancelar:60 mi servicio", Strategy.IMPLICIT, Kind.ACTION),
        ("quiero darme de baja:40", Strategy.EXPLICIT, Kind.ACTION),
        ("seis cero:45 cero uno", Strategy.EXPLICIT, Kind.NUMBER),
        ("a las cinco:60", Strategy.IMPLICIT, Kind.NUMBER),
        ("me llamo Xóchitl:30", Strategy.SPELL_OUT, Kind.NAME),
        ("zuri:33 arroba ejemplo punto mx", Strategy.SPELL_OUT, Kind.ADDRESS),
    ],
)
def test_costly_doubts_are_asked_about(words: str, strategy: Strategy, kind: Kind) -> None:
    found = asked(words)
    assert found is not None
    assert (found.strategy, found.kind) == (strategy, kind)


@pytest.mark.parametrize(
    "words",
    [
        "quiero:40 cancelar:95 mi:30 servicio:45",
        "quiero:40 saber:40 mi:40 saldo:40",
        "vivo en la planta baja:40",
        "una:40 persona:40",
        "un:35 momento",
        "mil:40 gracias",
        "los dos:40",
        "soy cliente:40",
        "",
    ],
)
def test_what_is_clear_or_harmless_is_not(words: str) -> None:
    assert asked(words) is None


def test_nobody_is_asked_a_fourth_time() -> None:
    assert asked("cancelar:10", before=MOST_CLARIFICATIONS - 1) is not None
    assert asked("cancelar:10", before=MOST_CLARIFICATIONS) is None


def test_asking_gets_dearer_each_time() -> None:
    strategies = [found.strategy if found else None for found in (asked("cancelar:50", before=n) for n in range(3))]
    assert strategies == [Strategy.EXPLICIT, Strategy.IMPLICIT, Strategy.IMPLICIT]


def test_the_costliest_doubt_is_asked_about_first() -> None:
    found = asked("me llamo Igor:40 y quiero cancelar:35")
    assert found is not None
    assert found.word == "cancelar"


def test_a_doubtful_no_before_cancelling_counts() -> None:
    found = asked("no:38 quiero cancelar")
    assert found is not None
    assert found.word == "no"


def test_what_we_asked_for_tells_what_is_critical() -> None:
    assert asked("uno:40") is None
    assert asked("uno:40", Expectation.NUMBER) is not None
    assert asked("uno:40", DigitEntry(8)) is not None
    spelled = asked("Urrutia:35", Expectation.SPELLING)
    assert spelled is not None
    assert spelled.strategy is Strategy.SPELL_OUT


def test_questions_say_what_was_heard() -> None:
    cancel, number = asked("quiero cancelar:41 mi servicio"), asked("seis:40 cero cero uno")
    assert cancel is not None
    assert number is not None
    assert clarifying(cancel) == "Perdone, para no equivocarme: ¿ha dicho «quiero cancelar mi servicio»?"
    assert "cifra a cifra" in clarifying(number)


def test_a_repair_is_as_sure_as_what_it_repairs() -> None:
    words = [Word("cancela", 0, 1, 0.8), Word("el", 1, 2, 0.3), Word("ya", 2, 3, 0.9)]
    repaired = Correction("cancela el ya", "cancelar ya", (Replacement("cancela el", "cancelar", 0, "r"),))
    assert heard_words(words, repaired) == (HeardWord("cancelar", 0.3), HeardWord("ya", 0.9))


def test_an_ear_without_words_raises_no_doubts() -> None:
    assert heard_words((), Correction("quiero cancelar", "quiero cancelar")) == ()
    assert heard_words([Word("quiero", 0, 1, 0.1)], Correction("quiero cancelar", "quiero cancelar")) == ()


# The answer -----------------------------------------------------------------------------------------------------------


def doubt(words: str, *, was_heard: bool = True) -> Doubt:
    found = asked(words)
    assert found is not None
    open_doubt = doubt_about(" ".join(word.text for word in ear(words)), found, clarifying(found))
    if was_heard:
        open_doubt.told(open_doubt.question)
    return open_doubt


def test_yes_confirms_and_no_denies() -> None:
    assert resolved(doubt("quiero cancelar:40"), "sí") == Meant("quiero cancelar")
    assert resolved(doubt("quiero cancelar:40"), "no, no") == Denied()


def test_more_than_a_yes_or_no_is_taken_as_it_is() -> None:
    said = "no, he dicho que quiero consultar mi saldo"
    assert resolved(doubt("quiero cancelar:40"), said) == Meant(said)


def test_a_yes_with_more_words_confirms_and_adds_them() -> None:
    said = "sí eso es lo quiero hoy"
    assert resolved(doubt("quiero cancelar:40"), said) == Meant(f"quiero cancelar. {said}")
    assert resolved(doubt("quiero cancelar:40", was_heard=False), said) == Meant(said)


def test_a_yes_to_a_question_nobody_heard_confirms_nothing() -> None:
    unheard = doubt("quiero cancelar:40", was_heard=False)
    unheard.told("Perdone")
    assert resolved(unheard, "sí") == Unanswered()
    unheard.was_repeated = True
    assert resolved(unheard, "sí") == Denied()


def test_a_name_that_is_spelled_takes_the_doubtful_ones_place() -> None:
    assert resolved(doubt("me llamo venito:40 García"), "be e ene i te o") == Meant("me llamo Benito García")


def test_a_name_said_again_takes_the_place_of_the_whole_name() -> None:
    named = doubt("me llamo venito:40 García:45 y quiero una cita")
    assert resolved(named, "Benito Gracia") == Meant("me llamo Benito Gracia y quiero una cita")


def test_a_letter_of_another_word_is_left_alone() -> None:
    """Only the doubtful word is replaced, not its letters inside another one."""
    assert resolved(doubt("dice Anabel que me llamo Ana:30"), "i ene e ese") == Meant("dice Anabel que me llamo Ines")


def test_a_promise_to_spell_is_waited_for() -> None:
    assert resolved(doubt("me llamo venito:40"), "sí, claro") == Promised()


def test_a_number_said_again_with_other_words_is_taken_as_it_is() -> None:
    said = "es el seis cero cero dos de la calle Mayor"
    assert resolved(doubt("seis:40 cero cero uno"), said) == Meant(said)


def test_a_number_that_is_said_again_replaces_the_first() -> None:
    assert resolved(doubt("seis:40 cero cero uno"), "seis cero cero dos") == Meant("seis cero cero dos")


@pytest.mark.parametrize(
    ("said", "language", "word"),
    [
        ("jota u a ene", "es", "Juan"),
        ("be de Barcelona, e de España, a de Ávila", "es", "Bea"),
        ("uve a ele", "es", "Val"),
        ("pe e eñe a", "es", "Peña"),
        ("doble uve i ele i", "es", "Wili"),
        ("Sí, te o eme", "es", "Tom"),
        ("N-I-A-M-H", "en", "Niamh"),
        ("Benito", "es", None),
        ("a las cinco", "es", None),
        ("sí", "es", None),
    ],
)
def test_letters_make_a_word(said: str, language: str, word: str | None) -> None:
    assert spelled_word(said, language) == word


@given(
    words=st.lists(
        st.builds(
            HeardWord,
            st.sampled_from(
                sorted(
                    word_set("quiero cancelar baja de dar no uno dos cero arroba punto me llamo Ana soy mil ¿? a las")
                )
            ),
            st.floats(0, 1),
        ),
        max_size=12,
    ),
    expected=st.sampled_from([*Expectation, DigitEntry(4)]),
    count=st.integers(0, 5),
)
def test_whatever_is_asked_about_was_heard_and_is_doubtful(
    words: list[HeardWord], expected: Expected, count: int
) -> None:
    found = clarification_for(words, expected=expected, asked=count)
    if found is not None:
        assert count < MOST_CLARIFICATIONS
        assert HeardWord(found.word, found.confidence) in words
        assert found.confidence < 0.75
        assert clarifying(found)
