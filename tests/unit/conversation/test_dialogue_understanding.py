"""What the dialogue does about moods, repeated questions, wishes for a person, and doubtful words."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.clarification import MOST_CLARIFICATIONS, Strategy
from conversation.context import Action, Issue
from conversation.dialogue import Dialogue
from conversation.dialogue_settings import DialogueSettings, Phrases
from conversation.dialogue_state import DialogueState, KeptState
from conversation.expectation import Expectation
from conversation.orders import AskMind, CallTool, FallBack, Order, Say, Transfer
from conversation.sentiment import Mood
from conversation.tools import ToolResult
from conversation.understanding_phrases import SPANISH, understanding_phrases
from vocabulary.speech import Correction, Word
from vocabulary.thought import MemoryKept, MindEvent, TextDelta, ToolWish

PHRASES = Phrases()
SETTINGS = DialogueSettings(
    agent="telecom",
    phrases=PHRASES,
    tools=("get_account_balance", "transfer_to_agent"),
    targets={"agente": "blind"},
    person="agente",
)
ALONE = DialogueSettings(agent="telecom", phrases=PHRASES)
ENGLISH = replace(SETTINGS, language="en")


def hears(dialogue: Dialogue, said: str) -> Sequence[Order]:
    """The ear's words: "quiero cancelar:41" has the second one at 41 %, the others at 95."""
    parted = [word.partition(":") for word in said.split()]
    words = [Word(text, at, at + 1, int(percent or 95) / 100) for at, (text, _, percent) in enumerate(parted)]
    text = " ".join(word.text for word in words)
    return dialogue.caller_said(Correction(text, text), words)


def texts(orders: Sequence[Order]) -> list[str]:
    return [order.text for order in orders if isinstance(order, Say)]


def asked(orders: Sequence[Order]) -> AskMind:
    (ask,) = (order for order in orders if isinstance(order, AskMind))
    return ask


def answers(dialogue: Dialogue, ask: AskMind, *events: MindEvent) -> list[Order]:
    """The mind answers `ask`, and the caller hears all of it."""
    orders: list[Order] = []
    for event in events:
        orders += dialogue.mind_said(ask.thought_id, event)
    orders += dialogue.mind_finished(ask.thought_id)
    heard(dialogue, orders)
    return orders


def heard(dialogue: Dialogue, orders: Sequence[Order]) -> None:
    for order in orders:
        if isinstance(order, Say):
            dialogue.reply_spoken(order.text, False, order.speech_id)


def turn(dialogue: Dialogue, said: str, reply: str = "Es así. ") -> list[Order]:
    """The caller says something, and the mind answers `reply`."""
    return answers(dialogue, asked(hears(dialogue, said)), TextDelta(reply))


def crashed(dialogue: Dialogue, settings: DialogueSettings = SETTINGS) -> Dialogue:
    """The process dies; another one finds what was written."""
    return Dialogue.from_json(settings, json.loads(json.dumps(dialogue.to_json())))


# Moods and problems ---------------------------------------------------------------------------------------------------


def test_all_going_well_the_mind_is_told_nothing() -> None:
    dialogue = Dialogue(SETTINGS)
    thought = asked(hears(dialogue, "quiero saber mi saldo")).thought
    assert (thought.guidance, thought.mood, thought.issues) == ("", "neutral", ())


def test_the_mind_is_told_of_the_callers_mood() -> None:
    dialogue = Dialogue(SETTINGS)
    thought = asked(hears(dialogue, "estoy molesto con el servicio")).thought
    assert thought.guidance == SPANISH.moods[Mood.FRUSTRATED]
    assert thought.mood == "frustrated"
    assert dialogue.reading.sentiment.is_alarming


def test_a_repeated_question_is_to_be_answered_otherwise_and_a_person_is_offered() -> None:
    dialogue = Dialogue(SETTINGS)
    turn(dialogue, "¿cómo reseteo mi contraseña?", "En la web. ")
    again = asked(hears(dialogue, "sí pero ¿cómo reseteo la contraseña?"))
    assert SPANISH.issues[Issue.REPEATED_QUESTION] in again.thought.guidance
    assert SPANISH.offer in again.thought.guidance
    assert again.thought.issues == ("repeated_question",)
    orders = answers(dialogue, again, TextDelta("Pulse en «olvidé mi clave». "))
    assert texts(orders) == ["Pulse en «olvidé mi clave».", SPANISH.offer_person]
    assert isinstance(orders[-1], Say)
    assert orders[-1].expectation is Expectation.YES_NO
    accepted = hears(dialogue, "sí, por favor")
    assert texts(accepted) == [PHRASES.transfer]
    assert isinstance(accepted[-1], Transfer)


def test_many_questions_ask_for_simpler_words_and_not_for_a_person() -> None:
    dialogue = Dialogue(SETTINGS)
    turn(dialogue, "¿qué es la permanencia?")
    turn(dialogue, "¿y cómo se paga?")
    third = asked(hears(dialogue, "¿dónde lo veo?"))
    assert third.thought.guidance == SPANISH.issues[Issue.USER_CONFUSED]
    assert dialogue.reading.context.suggested_action is Action.SIMPLIFY
    assert texts(answers(dialogue, third, TextDelta("En su factura. "))) == ["En su factura."]


def test_one_complaint_brings_no_offer_but_two_do() -> None:
    dialogue = Dialogue(SETTINGS)
    assert texts(turn(dialogue, "mi internet no funciona", "Lo miro. ")) == ["Lo miro."]
    assert texts(turn(dialogue, "esto es un desastre", "Lo siento. ")) == ["Lo siento.", SPANISH.offer_person]


def test_an_offer_waits_while_our_answer_asks_something_itself() -> None:
    dialogue = Dialogue(SETTINGS)
    turn(dialogue, "mi internet no funciona", "Lo miro. ")
    held_back = turn(dialogue, "esto es un desastre", "¿Ha reiniciado el router? ")
    assert texts(held_back) == ["¿Ha reiniciado el router?"]
    # It still goes badly: now the offer comes before any further answer.
    orders = hears(dialogue, "ya le dije que sí, estoy harto")
    assert texts(orders) == [SPANISH.offer_person]
    assert not any(isinstance(order, AskMind) for order in orders)


def test_an_offer_that_was_held_back_is_forgotten_when_it_goes_well_again() -> None:
    dialogue = Dialogue(SETTINGS)
    turn(dialogue, "mi internet no funciona", "Lo miro. ")
    turn(dialogue, "esto es un desastre", "¿Ha reiniciado el router? ")
    assert texts(turn(dialogue, "sí, ya funciona, gracias", "Me alegro. ")) == ["Me alegro."]


def test_who_declines_a_person_is_not_asked_again_at_once_and_never_a_third_time() -> None:
    dialogue = Dialogue(SETTINGS)
    offers = 0
    for _ in range(12):
        orders = hears(dialogue, "esto es un desastre, estoy harto")
        if asks := [order for order in orders if isinstance(order, AskMind)]:
            orders = answers(dialogue, asks[0], TextDelta("Lo siento. "))
        if texts(orders)[-1] == SPANISH.offer_person:
            offers += 1
            assert texts(hears(dialogue, "no")) == [PHRASES.offer_declined]
            next_one = asked(hears(dialogue, "esto es un desastre, estoy harto"))
            assert SPANISH.was_offered in next_one.thought.guidance
            assert SPANISH.offer not in next_one.thought.guidance
            assert texts(answers(dialogue, next_one, TextDelta("Sigo. "))) == ["Sigo."]
    assert offers == 2


def test_who_asks_for_a_person_gets_one_even_if_the_mind_lets_it_pass() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = asked(hears(dialogue, "quiero hablar con una persona"))
    assert SPANISH.issues[Issue.EXPLICIT_ESCALATION] in ask.thought.guidance
    orders = answers(dialogue, ask, TextDelta("Dígame su número de cliente. "))
    assert texts(orders) == ["Dígame su número de cliente.", PHRASES.transfer]
    match orders[-1]:
        case Transfer("agente", "blind", summary):
            assert "quiero hablar con una persona" in summary
        case other:
            pytest.fail(str(other))


def test_who_asks_for_a_person_gets_one_even_behind_a_tool() -> None:
    dialogue = Dialogue(SETTINGS)
    call = answers(dialogue, asked(hears(dialogue, "páseme con un agente")), ToolWish("get_account_balance", {}))[-1]
    assert isinstance(call, CallTool)
    again = asked(dialogue.tool_returned(call, ToolResult({"balance": "45.50"})))
    assert isinstance(answers(dialogue, again, TextDelta("Debe 45 euros. "))[-1], Transfer)


def test_a_mind_that_hands_over_itself_chooses_the_person() -> None:
    settings = replace(SETTINGS, targets={"agente": "blind", "tecnico": "warm"})
    dialogue = Dialogue(settings)
    wish = ToolWish("transfer_to_agent", {"target": "tecnico", "summary": "Pide un técnico."})
    orders = answers(dialogue, asked(hears(dialogue, "quiero hablar con un técnico")), TextDelta("Le paso. "), wish)
    assert [order for order in orders if isinstance(order, Transfer)] == [
        Transfer("tecnico", "warm", "Pide un técnico.")
    ]


def test_without_anybody_to_hand_over_to_the_dialplan_gets_who_asks_for_a_person() -> None:
    dialogue = Dialogue(ALONE)
    orders = answers(dialogue, asked(hears(dialogue, "quiero hablar con una persona")), TextDelta("No puedo. "))
    assert orders[-1] == FallBack("caller_asked_for_person")


def test_what_was_said_before_a_failed_transfer_is_not_held_against_the_next_turn() -> None:
    dialogue = Dialogue(SETTINGS)
    answers(dialogue, asked(hears(dialogue, "quiero hablar con una persona")), TextDelta("Sí. "))
    dialogue.transfer_failed("agente", "busy")
    assert texts(turn(dialogue, "pues dígame mi saldo", "Son 45 euros. ")) == ["Son 45 euros."]


# Doubtful words -------------------------------------------------------------------------------------------------------


def test_a_costly_word_hardly_heard_is_asked_about_before_the_mind_hears_of_it() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = hears(dialogue, "quiero cancelar:41 mi servicio")
    (question,) = orders
    assert isinstance(question, Say)
    assert question.text == "Perdone, para no equivocarme: ¿ha dicho «quiero cancelar mi servicio»?"
    assert question.expectation is Expectation.YES_NO
    assert dialogue.state is DialogueState.LISTENING
    found = dialogue.reading.clarification
    assert found is not None
    assert (found.strategy, found.word) == (Strategy.EXPLICIT, "cancelar")
    heard(dialogue, orders)
    assert asked(hears(dialogue, "sí")).thought.history[-1].text == "quiero cancelar mi servicio"


def test_a_denied_word_is_said_again_and_the_mind_never_hears_the_wrong_one() -> None:
    dialogue = Dialogue(SETTINGS)
    heard(dialogue, hears(dialogue, "quiero cancelar:41"))
    assert texts(hears(dialogue, "no")) == [SPANISH.say_again]
    thought = asked(hears(dialogue, "quiero consultar mi saldo")).thought
    assert all("cancelar" not in message.text for message in thought.history if message.role == "caller")


def test_a_word_half_sure_is_confirmed_in_passing_while_the_mind_thinks() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = hears(dialogue, "quiero cancelar:60 mi servicio")
    assert texts(orders) == ["He entendido «quiero cancelar mi servicio»."]
    assert asked(orders).thought.history[-1].text == "quiero cancelar mi servicio"


def test_a_name_is_spelled_and_put_where_it_belongs() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = hears(dialogue, "me llamo Venito:35 García y quiero una cita")
    assert texts(orders) == [SPANISH.spell_name]
    heard(dialogue, orders)
    told = asked(hears(dialogue, "be e ene i te o")).thought.history[-1].text
    assert told == "me llamo Benito García y quiero una cita"


def test_a_number_said_again_leaves_the_rest_of_the_turn_as_it_was() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = hears(dialogue, "mi número es seis cero:40 cero uno y quiero mi saldo")
    assert texts(orders) == [SPANISH.dictate_again]
    heard(dialogue, orders)
    told = asked(hears(dialogue, "seis cero cero dos")).thought.history[-1].text
    assert told == "mi número es seis cero cero dos y quiero mi saldo"


def test_what_does_no_harm_is_never_asked_about() -> None:
    dialogue = Dialogue(SETTINGS)
    assert texts(hears(dialogue, "tengo:30 una:20 duda:25 con:30 el:30 router:20")) == []


def test_a_fourth_doubt_of_a_call_is_taken_as_it_was_heard() -> None:
    dialogue = Dialogue(SETTINGS)
    for _ in range(MOST_CLARIFICATIONS):
        heard(dialogue, hears(dialogue, "quiero cancelar:10"))
        answers(dialogue, asked(hears(dialogue, "sí")), TextDelta("Bien. "))
    assert asked(hears(dialogue, "quiero cancelar:10")).thought.history[-1].text == "quiero cancelar"


def test_an_agent_may_ask_less_often_or_never() -> None:
    never = Dialogue(replace(SETTINGS, max_clarifications=0))
    assert asked(hears(never, "quiero cancelar:10"))


def test_a_yes_to_a_question_that_was_talked_over_confirms_nothing() -> None:
    dialogue = Dialogue(SETTINGS)
    (question,) = hears(dialogue, "quiero cancelar:30")
    assert isinstance(question, Say)
    dialogue.reply_spoken("Perdone", True, question.speech_id)
    orders = hears(dialogue, "sí")
    assert texts(orders) == [question.text], "asked again, not taken for a yes"
    heard(dialogue, orders)
    assert asked(hears(dialogue, "sí")).thought.history[-1].text == "quiero cancelar"


def test_who_asks_for_a_person_is_not_asked_to_spell_anything() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = hears(dialogue, "soy Íñigo:20 y quiero hablar con una persona")
    assert isinstance(answers(dialogue, asked(orders), TextDelta("Bien. "))[-1], Transfer)


def test_silence_asks_the_doubt_anew_so_that_a_yes_answers_it() -> None:
    dialogue = Dialogue(SETTINGS)
    (question,) = hears(dialogue, "quiero cancelar:30")
    assert isinstance(question, Say)
    assert texts(dialogue.caller_silent(1)) == [PHRASES.silence[0], question.text]


def test_keys_settle_a_doubt() -> None:
    dialogue = Dialogue(SETTINGS)
    heard(dialogue, hears(dialogue, "mi número es seis cero:30 cero uno"))
    assert asked(dialogue.digits_entered("6002")).thought.history[-1].text == "6002"
    assert asked(hears(dialogue, "sí")).thought.history[-1].text == "sí"


# Crashes, languages, anything -----------------------------------------------------------------------------------------


def test_a_doubt_survives_being_written_down() -> None:
    dialogue = Dialogue(SETTINGS)
    heard(dialogue, hears(dialogue, "me llamo Venito:35 García"))
    stored = json.loads(json.dumps(dialogue.to_json()))
    kept = KeptState.from_json(stored)
    assert kept.understanding.doubt is not None
    assert (kept.understanding.doubt.word, kept.understanding.doubt.was_heard) == ("Venito", True)
    assert kept.to_json("telecom") == stored
    assert asked(hears(crashed(dialogue), "be e ene i te o")).thought.history[-1].text == "me llamo Benito García"


def test_after_a_crash_the_doubt_is_dropped_for_the_whole_turn_is_asked_for_again() -> None:
    dialogue = Dialogue(SETTINGS)
    heard(dialogue, hears(dialogue, "quiero cancelar:30"))
    back = crashed(dialogue)
    assert texts(back.resumed_after_crash()) == [PHRASES.after_gap]
    assert asked(hears(back, "sí")).thought.history[-1].text == "sí", "nothing is cancelled by this yes"


def test_moods_offers_and_questions_asked_survive_a_crash() -> None:
    dialogue = Dialogue(SETTINGS)
    for _ in range(MOST_CLARIFICATIONS):
        heard(dialogue, hears(dialogue, "quiero cancelar:10"))
        answers(dialogue, asked(hears(dialogue, "sí")), TextDelta("Bien. "))
    turn(dialogue, "mi internet no funciona", "Lo miro. ")
    back = crashed(dialogue)
    back.resumed_after_crash()
    assert asked(hears(back, "quiero cancelar:10")), "three were asked before"
    assert texts(turn(back, "esto es un desastre", "Lo siento. "))[-1] == SPANISH.offer_person


def test_what_an_older_release_left_behind_is_read() -> None:
    stored = Dialogue(SETTINGS).to_json()
    del stored["understanding"]
    assert asked(hears(Dialogue.from_json(SETTINGS, stored), "hola"))


def test_an_english_agent_says_it_in_english() -> None:
    english = understanding_phrases("en")
    dialogue = Dialogue(ENGLISH)
    assert texts(hears(dialogue, "my name is Siobhan:30")) == [english.spell_name]
    dialogue = Dialogue(ENGLISH)
    assert asked(hears(dialogue, "this is ridiculous")).thought.guidance == english.moods[Mood.FRUSTRATED]


SAYINGS = st.sampled_from(
    [
        "quiero cancelar:20", "quiero cancelar:60", "me llamo Igor:30", "seis cero:30 uno", "sí", "no", "sí, claro",
        "esto es una vergüenza", "¿cuánto debo?", "no entiendo", "quiero hablar con una persona", "be e a", "gracias",
    ]
)  # fmt: skip


@given(
    said=st.lists(st.tuples(SAYINGS, st.booleans(), st.sampled_from(["Bien. ", "¿Y qué más? "])), max_size=25),
    settings=st.sampled_from([SETTINGS, ALONE]),
)
def test_whatever_callers_say_they_are_asked_three_times_at_most_and_always_answered(
    said: list[tuple[str, bool, str]], settings: DialogueSettings
) -> None:
    dialogue = Dialogue(settings)
    questions = offers = 0
    for text, is_heard, reply in said:
        orders = list(hears(dialogue, text))
        if dialogue.has_ended or dialogue.state is DialogueState.TRANSFERRING:
            break
        assert orders, "a caller is never left without an answer"
        asking = {SPANISH.dictate_again, SPANISH.spell_name, SPANISH.spell_address}
        questions += sum(
            text in asking or text.startswith(("Perdone, para no", "He entendido")) for text in texts(orders)
        )
        if asks := [order for order in orders if isinstance(order, AskMind)]:
            orders += answers(dialogue, asks[0], MemoryKept({}), TextDelta(reply))
        offers += texts(orders).count(SPANISH.offer_person)
        if is_heard:
            heard(dialogue, orders)
        stored = json.loads(json.dumps(dialogue.to_json()))
        assert crashed(dialogue, settings).to_json() == stored
    assert questions <= MOST_CLARIFICATIONS
    assert offers <= 2
