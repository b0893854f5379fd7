"""What to say next, without sound, minds or tools: facts go in, orders come out."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.dialogue import Dialogue
from conversation.dialogue_settings import DialogueSettings, Phrases
from conversation.dialogue_state import DialogueState
from conversation.expectation import DigitEntry, Expectation
from conversation.orders import AskMind, CallTool, FallBack, HangUp, Order, Say, Transfer
from conversation.tools import ToolError, ToolResult
from vocabulary.speech import Correction
from vocabulary.thought import MemoryKept, Message, MindEvent, TextDelta, ToolWish

PHRASES = Phrases()
SETTINGS = DialogueSettings(
    agent="telecom",
    phrases=PHRASES,
    tools=("get_account_balance", "cancel_service", "transfer_to_agent", "transfer_to_manager"),
    targets={"agente": "blind", "tecnico": "warm"},
    person="agente",
    manager="tecnico",
)
ALONE = DialogueSettings(agent="telecom", phrases=PHRASES)
NOTHING_UNDERSTOOD = Correction("", "")


def said(text: str) -> Correction:
    return Correction(text, text)


def texts(orders: Sequence[Order]) -> list[str]:
    return [order.text for order in orders if isinstance(order, Say)]


def asked(orders: Sequence[Order]) -> AskMind:
    order = orders[-1]
    assert isinstance(order, AskMind)
    return order


def caller_says(dialogue: Dialogue, text: str) -> AskMind:
    return asked(dialogue.caller_said(said(text)))


def answered(dialogue: Dialogue, ask: AskMind, *events: MindEvent) -> list[Order]:
    """The mind answers `ask` with `events` and is done."""
    orders: list[Order] = []
    for event in events:
        orders += dialogue.mind_said(ask.thought_id, event)
    return [*orders, *dialogue.mind_finished(ask.thought_id)]


def test_the_greeting_is_said_once() -> None:
    dialogue = Dialogue(SETTINGS)
    assert texts(dialogue.greeting()) == [PHRASES.greeting]
    assert dialogue.greeting() == ()


def test_each_sentence_is_spoken_as_soon_as_it_is_whole() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "¿cuánto debo?")
    assert texts(dialogue.mind_said(ask.thought_id, TextDelta("Claro. Su saldo es 45"))) == ["Claro."]
    assert texts(dialogue.mind_said(ask.thought_id, TextDelta(".50 euros"))) == []
    assert texts(dialogue.mind_finished(ask.thought_id)) == ["Su saldo es 45.50 euros"]
    assert dialogue.state is DialogueState.LISTENING


def test_history_holds_only_what_was_heard() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "quiero cancelar")
    first, second, third = answered(dialogue, ask, TextDelta("Lo lamento. Tiene permanencia. ¿Por qué motivo? "))
    assert isinstance(first, Say)
    assert isinstance(second, Say)
    assert isinstance(third, Say)
    dialogue.reply_spoken("Lo lamento.", False, first.speech_id)
    dialogue.reply_spoken("Tiene", True, second.speech_id)
    ask = caller_says(dialogue, "espere")
    assert ask.thought.history == (
        Message("caller", "quiero cancelar"),
        Message("agent", "Lo lamento."),
        Message("agent", "Tiene"),
        Message("caller", "espere"),
    )


def test_a_tool_is_called_and_its_result_is_thought_about() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "¿cuánto debo?")
    orders = answered(dialogue, ask, TextDelta("Lo miro. "), ToolWish("get_account_balance", {}))
    assert orders[-1] == CallTool(1, "get_account_balance", {})
    assert dialogue.state is DialogueState.WORKING
    assert isinstance(orders[-1], CallTool)
    again = asked(dialogue.tool_returned(orders[-1], ToolResult({"balance": "45.50"})))
    assert again.thought.history[-1] == Message("tool", '{"balance": "45.50"}', "get_account_balance")


def test_a_tool_may_be_faster_than_the_mind() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "¿cuánto debo?")
    (call,) = dialogue.mind_said(ask.thought_id, ToolWish("get_account_balance", {}))
    assert isinstance(call, CallTool)
    assert dialogue.tool_returned(call, ToolResult({})) == ()
    assert asked(dialogue.mind_finished(ask.thought_id)).thought.history[-1].role == "tool"


def test_what_a_fast_tool_found_is_told_by_a_mind_that_has_spoken_already() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "¿cuánto debo?")
    dialogue.mind_said(ask.thought_id, TextDelta("Lo miro. "))
    (call,) = dialogue.mind_said(ask.thought_id, ToolWish("get_account_balance", {}))
    assert isinstance(call, CallTool)
    dialogue.tool_returned(call, ToolResult({"balance": "45.50"}))
    (again,) = dialogue.mind_finished(ask.thought_id)
    assert asked([again]).thought.history[-1] == Message("tool", '{"balance": "45.50"}', "get_account_balance")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (ToolWish("open_door", {}), "unknown_tool"),
        (ToolWish("transfer_to_agent", {"target": "+34900123456"}), "bad_arguments"),
        (ToolWish("cancel_service", {"reason": "caro"}), "bad_arguments"),
    ],
)
def test_a_wrong_wish_is_explained_to_the_mind(wish: ToolWish, code: str) -> None:
    dialogue = Dialogue(SETTINGS)
    again = asked(answered(dialogue, caller_says(dialogue, "hola"), wish))
    assert json.loads(again.thought.history[-1].text)["error"]["code"] == code


def test_a_mind_that_only_wants_tools_ends_at_a_person() -> None:
    dialogue = Dialogue(SETTINGS)
    orders: list[Order] = list(dialogue.caller_said(said("hola")))
    for _ in range(SETTINGS.max_tool_rounds):
        orders = answered(dialogue, asked(orders), ToolWish("open_door", {}))
    orders = answered(dialogue, asked(orders), ToolWish("open_door", {}))
    assert isinstance(orders[-1], Transfer)


def test_a_transfer_follows_the_words_before_it() -> None:
    dialogue = Dialogue(SETTINGS)
    wish = ToolWish("transfer_to_agent", {"target": "tecnico", "summary": "Cliente Ana: sin internet."})
    orders = answered(dialogue, caller_says(dialogue, "no va"), TextDelta("Le comunico con un técnico. "), wish)
    assert texts(orders) == ["Le comunico con un técnico."]
    assert orders[-1] == Transfer("tecnico", "warm", "Cliente Ana: sin internet.")


def test_a_silent_transfer_is_announced() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = answered(dialogue, caller_says(dialogue, "mi internet no va"), ToolWish("transfer_to_manager", {}))
    assert texts(orders) == [PHRASES.transfer]
    assert orders[-1] == Transfer("tecnico", "warm", "Cliente sin identificar: dice «mi internet no va».")


def test_a_failed_transfer_brings_the_caller_back() -> None:
    dialogue = Dialogue(SETTINGS)
    answered(dialogue, caller_says(dialogue, "un técnico"), ToolWish("transfer_to_agent", {"target": "tecnico"}))
    assert dialogue.caller_said(said("¿hola?")) == ()
    assert texts(dialogue.transfer_failed("tecnico", "busy")) == [PHRASES.transfer_failed]
    ask = caller_says(dialogue, "pues entonces mi saldo")
    assert any(message.role == "tool" and "busy" in message.text for message in ask.thought.history)


def test_goodbye_is_said_before_hanging_up() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = answered(dialogue, caller_says(dialogue, "adiós"), ToolWish("end_call", {}))
    assert texts(orders) == [PHRASES.goodbye]
    assert orders[-1] == HangUp()
    assert dialogue.has_ended
    assert dialogue.caller_said(said("¿hola?")) == ()


def test_hanging_up_waits_for_what_is_being_done() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "cancele y adiós")
    confirmed = ToolWish("cancel_service", {"reason": "caro", "confirmed": True})
    orders = answered(dialogue, ask, TextDelta("Hecho. "), confirmed, ToolWish("end_call", {}))
    call = orders[-1]
    assert isinstance(call, CallTool)
    assert dialogue.tool_returned(call, ToolResult({}))[-1] == HangUp()


def test_what_is_not_understood_is_asked_again_and_then_a_person_is_offered() -> None:
    dialogue = Dialogue(SETTINGS)
    for _ in range(SETTINGS.max_not_understood):
        assert texts(dialogue.caller_said(NOTHING_UNDERSTOOD)) == [PHRASES.not_understood[0]]
    (offer,) = dialogue.caller_said(NOTHING_UNDERSTOOD)
    assert isinstance(offer, Say)
    assert offer.text == PHRASES.offer_person
    assert offer.expectation is Expectation.YES_NO
    assert isinstance(dialogue.caller_said(said("sí, por favor"))[-1], Transfer)


def test_the_offer_of_a_person_can_be_declined() -> None:
    dialogue = Dialogue(SETTINGS)
    for _ in range(SETTINGS.max_not_understood + 1):
        dialogue.caller_said(NOTHING_UNDERSTOOD)
    assert texts(dialogue.caller_said(said("no, gracias"))) == [PHRASES.offer_declined]


def test_a_new_question_takes_the_place_of_an_old_thought() -> None:
    dialogue = Dialogue(SETTINGS)
    old = caller_says(dialogue, "mi saldo")
    new = caller_says(dialogue, "no, mejor mi internet")
    assert dialogue.mind_said(old.thought_id, TextDelta("Su saldo es. ")) == ()
    assert dialogue.mind_finished(old.thought_id) == ()
    assert texts(answered(dialogue, new, TextDelta("Vamos a ver. "))) == ["Vamos a ver."]


def test_what_a_late_tool_did_is_known_to_the_next_thought() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "cancele")
    done = ToolWish("cancel_service", {"reason": "caro", "confirmed": True})
    call = answered(dialogue, ask, done)[-1]
    assert isinstance(call, CallTool)
    caller_says(dialogue, "¿ya está?")
    assert dialogue.tool_returned(call, ToolResult({"cancellation_id": "7"})) == ()
    ask = caller_says(dialogue, "¿oiga?")
    assert [message.role for message in ask.thought.history] == ["caller", "tool", "caller", "caller"]


def test_a_mind_that_fails_is_asked_once_more_and_then_a_person_is_found() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "mi saldo")
    orders = dialogue.engine_failed("llm", thought_id=ask.thought_id)
    assert texts(orders) == [PHRASES.one_moment]
    orders = dialogue.engine_failed("llm", thought_id=asked(orders).thought_id)
    assert texts(orders) == [PHRASES.trouble]
    assert isinstance(orders[-1], Transfer)


def test_without_a_person_the_dialplan_takes_over() -> None:
    dialogue = Dialogue(ALONE)
    ask = caller_says(dialogue, "mi saldo")
    again = asked(dialogue.engine_failed("llm", thought_id=ask.thought_id))
    assert dialogue.engine_failed("llm", thought_id=again.thought_id)[-1] == FallBack("llm_failed")
    assert dialogue.has_ended


def test_an_answer_that_says_nothing_counts_as_failed() -> None:
    dialogue = Dialogue(SETTINGS)
    orders = answered(dialogue, caller_says(dialogue, "mi saldo"))
    assert texts(orders) == [PHRASES.one_moment]
    assert asked(orders)


def test_an_answer_that_breaks_off_is_not_begun_again() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "mi saldo")
    dialogue.mind_said(ask.thought_id, TextDelta("Su saldo es alto. Y adem"))
    assert texts(dialogue.engine_failed("llm", thought_id=ask.thought_id)) == [PHRASES.after_gap]


def test_a_deaf_ear_is_forgiven_once() -> None:
    dialogue = Dialogue(SETTINGS)
    assert texts(dialogue.engine_failed("stt")) == [PHRASES.not_understood[0]]
    assert isinstance(dialogue.engine_failed("stt")[-1], Transfer)


def test_a_dumb_mouth_is_tried_once_more() -> None:
    dialogue = Dialogue(SETTINGS)
    (failed,) = answered(dialogue, caller_says(dialogue, "mi saldo"), TextDelta("Son 45 euros."))
    assert isinstance(failed, Say)
    patience, again = dialogue.engine_failed("tts", failed=failed)
    assert isinstance(patience, Say)
    assert isinstance(again, Say)
    assert patience.is_rehearsed
    assert again.text == failed.text
    assert patience.speech_id < again.speech_id
    dialogue.reply_spoken(patience.text, False, patience.speech_id)
    assert isinstance(dialogue.engine_failed("tts", failed=again)[-1], Transfer)


def test_a_mind_without_words_for_a_result_asks_the_caller() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "mi saldo")
    call = answered(dialogue, ask, TextDelta("Lo miro. "), ToolWish("get_account_balance", {}))[-1]
    assert isinstance(call, CallTool)
    again = asked(dialogue.tool_returned(call, ToolResult({})))
    assert isinstance(answered(dialogue, again)[-1], AskMind), "the same thought once more"


def test_a_slow_answer_is_excused_once_a_turn() -> None:
    dialogue = Dialogue(SETTINGS)
    caller_says(dialogue, "mi saldo")
    assert texts(dialogue.still_thinking()) == [PHRASES.one_moment]
    assert dialogue.still_thinking() == ()


def test_a_silent_caller_is_asked_and_then_let_go() -> None:
    dialogue = Dialogue(SETTINGS)
    assert texts(dialogue.caller_silent(1)) == [PHRASES.silence[0]]
    assert texts(dialogue.caller_silent(2)) == [PHRASES.silence[1]]
    orders = dialogue.caller_silent(3)
    assert texts(orders) == [PHRASES.silence_goodbye]
    assert orders[-1] == HangUp()


def test_a_mind_says_what_its_question_asks_for() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "mi saldo")
    expects = MemoryKept({"expects": {"kind": "digits", "max_digits": 8}})
    (question,) = answered(dialogue, ask, expects, TextDelta("¿Su número? "))
    assert isinstance(question, Say)
    assert question.expectation == DigitEntry(8)
    (again,) = dialogue.caller_said(NOTHING_UNDERSTOOD)
    assert isinstance(again, Say)
    assert again.expectation == DigitEntry(8), "the question is still the same"
    (prompt,) = dialogue.caller_silent(1)
    assert isinstance(prompt, Say)
    assert prompt.expectation == DigitEntry(8)


@pytest.mark.parametrize("nonsense", ["digits", {"kind": "song"}, {"kind": "digits"}, {}, 7])
def test_an_expectation_nobody_understands_is_an_open_one(nonsense: object) -> None:
    dialogue = Dialogue(SETTINGS)
    kept = MemoryKept({"expects": nonsense})
    (question,) = answered(dialogue, caller_says(dialogue, "hola"), kept, TextDelta("¿Sí? "))
    assert isinstance(question, Say)
    assert question.expectation is Expectation.OPEN


def test_after_a_crash_the_caller_is_asked_to_go_on() -> None:
    dialogue = Dialogue(SETTINGS, caller="600")
    ask = caller_says(dialogue, "mi saldo")
    (answer,) = answered(dialogue, ask, MemoryKept({"slots": {"a": 1}}), TextDelta("Son 45 euros. "))
    assert isinstance(answer, Say)
    dialogue.reply_spoken(answer.text, False, answer.speech_id)
    caller_says(dialogue, "¿y cuándo vence?")
    resumed = Dialogue.from_json(SETTINGS, json.loads(json.dumps(dialogue.to_json())))
    (sorry,) = resumed.resumed_after_crash()
    assert isinstance(sorry, Say)
    assert sorry.text == PHRASES.after_gap
    assert sorry.speech_id > answer.speech_id
    ask = caller_says(resumed, "que cuándo vence")
    assert [message.text for message in ask.thought.history] == ["mi saldo", "Son 45 euros.", "que cuándo vence"]
    assert ask.thought.memory == {"slots": {"a": 1}}


def test_a_crash_during_a_transfer_tries_it_again() -> None:
    dialogue = Dialogue(SETTINGS)
    ask = caller_says(dialogue, "un técnico")
    transfer = answered(dialogue, ask, ToolWish("transfer_to_agent", {"target": "tecnico"}))[-1]
    resumed = Dialogue.from_json(SETTINGS, dialogue.to_json())
    assert resumed.resumed_after_crash() == (transfer,)
    assert texts(resumed.transfer_failed("tecnico", "busy")) == [PHRASES.transfer_failed]


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        Dialogue.from_json(SETTINGS, {**Dialogue(SETTINGS).to_json(), "version": 0})


# Whatever happens, in whatever order ----------------------------------------------------------------------------------

FACTS = st.one_of(
    st.sampled_from(
        ["greeting", "still", "gone", "resume", "transfer_failed", "finished", "stt", "llm", "tts", "tool"]
    ),
    st.tuples(st.just("said"), st.sampled_from(["", "sí", "no", "mi saldo", "quiero cancelar"])),
    st.tuples(st.just("digits"), st.sampled_from(["", "123"])),
    st.tuples(st.just("silent"), st.integers(1, 4)),
    st.tuples(
        st.just("event"),
        st.sampled_from(
            [
                TextDelta("Hola. ¿Qué"),
                TextDelta(" tal? "),
                MemoryKept({"expects": {"kind": "yes_no"}}),
                ToolWish("get_account_balance", {}),
                ToolWish("transfer_to_agent", {"target": "tecnico"}),
                ToolWish("transfer_to_agent", {"target": "12345"}),
                ToolWish("end_call", {}),
                ToolWish("nonsense", {"a": 1}),
            ]
        ),
    ),
    st.tuples(st.just("spoken"), st.booleans()),
)


class Player:
    """Turns drawn facts into calls of the dialogue, with the numbers a conductor would send back."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.thought_id = 0
        self.say: Say | None = None
        self.tool: CallTool | None = None

    def play(self, fact: object) -> Sequence[Order]:
        orders = self._orders(fact)
        for order in orders:
            match order:
                case AskMind(thought_id):
                    self.thought_id = thought_id
                case Say():
                    self.say = order
                case CallTool():
                    self.tool = order
                case _:
                    pass
        return orders

    def _orders(self, fact: object) -> Sequence[Order]:
        dialogue = self.dialogue
        match fact:
            case "greeting":
                return dialogue.greeting()
            case "still":
                return dialogue.still_thinking()
            case "gone":
                return dialogue.caller_gone()
            case "transfer_failed":
                return dialogue.transfer_failed("tecnico", "busy")
            case "finished":
                return dialogue.mind_finished(self.thought_id)
            case "stt":
                return dialogue.engine_failed("stt")
            case "llm":
                return dialogue.engine_failed("llm", thought_id=self.thought_id)
            case "tts":
                return dialogue.engine_failed("tts", failed=self.say)
            case "tool" if self.tool is not None:
                return dialogue.tool_returned(self.tool, ToolError("failed", "broken"))
            case ("said", str(text)):
                return dialogue.caller_said(said(text))
            case ("digits", str(digits)):
                return dialogue.digits_entered(digits)
            case ("silent", int(times)):
                return dialogue.caller_silent(times)
            case ("event", (TextDelta() | MemoryKept() | ToolWish()) as event):
                return dialogue.mind_said(self.thought_id, event)
            case ("spoken", bool(is_whole)) if self.say is not None:
                heard = self.say.text if is_whole else self.say.text[:3]
                return dialogue.reply_spoken(heard, not is_whole, self.say.speech_id)
            case _:
                return ()


@given(facts=st.lists(FACTS, max_size=40), settings=st.sampled_from([SETTINGS, ALONE]))
def test_no_order_of_facts_breaks_the_dialogue(facts: list[object], settings: DialogueSettings) -> None:
    player = Player(Dialogue(settings))
    endings = 0
    speech_ids: list[int] = []
    for fact in facts:
        had_ended = player.dialogue.has_ended
        if fact == "resume":
            player.dialogue = Dialogue.from_json(settings, json.loads(json.dumps(player.dialogue.to_json())))
            orders = player.dialogue.resumed_after_crash()
        else:
            orders = player.play(fact)
        if had_ended:
            assert not orders
        endings += sum(isinstance(order, HangUp | FallBack) for order in orders)
        speech_ids += [order.speech_id for order in orders if isinstance(order, Say)]
        for place, order in enumerate(orders):
            if isinstance(order, HangUp | FallBack | Transfer):
                assert place == len(orders) - 1, "nothing is wanted after an ending"
        stored = player.dialogue.to_json()
        assert Dialogue.from_json(settings, json.loads(json.dumps(stored))).to_json() == stored
    assert endings <= 1
    assert speech_ids == sorted(set(speech_ids))


@given(facts=st.lists(FACTS, max_size=30))
def test_a_busy_dialogue_always_has_somebody_to_wait_for(facts: list[object]) -> None:
    """THINKING waits for a thought that was asked for, WORKING for a tool: no state without a way out."""
    player = Player(Dialogue(SETTINGS))
    for fact in facts:
        player.play(fact)
    for _ in range(3):
        player.play("llm")
    assert player.dialogue.state.value != "thinking", "failing thoughts come to an end"
    if player.dialogue.state.value == "working":
        assert isinstance(player.play(("said", "hola"))[-1], AskMind), "the caller can always go on"
