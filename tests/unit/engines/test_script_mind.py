"""The scripted mind: thoughts go in, words, wishes and memories come out."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from engines.base import BadEngineAnswer
from engines.llm.intents import IntentIndex
from engines.llm.scenario import scenario
from engines.llm.script import Script, ScriptMind, answer
from engines.llm.scripted import ScriptedMind
from vocabulary.thought import MemoryKept, Message, MindEvent, TextDelta, Thought, ToolWish

SCENARIO: Mapping[str, Any] = {
    "fallback": ["No le entiendo.", "¿Saldo o cita?"],
    "after_misses": "offer",
    "sympathy": ["Lo siento.", "Entiendo que esté molesto."],
    "variables": {"company": "Norte"},
    "slots": {
        "person": {"kind": "yes_no", "question": "¿Una persona?"},
        "number": {"kind": "digits", "question": "¿Su número?", "again": "¿Otra vez?", "min_digits": 3, "keys": True},
        "reason": {"kind": "text", "question": "¿Por qué?"},
        "size": {"kind": "choice", "question": "¿Cuál?", "options": {"grande": ["enorme"], "pequeño": []}},
    },
    "intents": {
        "balance": {
            "examples": ["quiero saber mi saldo", "cuánto debo"],
            "keywords": ["saldo"],
            "steps": [
                {"say": "Lo miro."},
                {"call": "get_account_balance", "arguments": {"customer_id": "{number}"}, "on_error": "identify"},
                {"say": "Son {balance} euros.", "simply": "Debe {balance} euros, nada más."},
            ],
        },
        "identify": {"steps": [{"ask": "number"}, {"go": "balance"}]},
        "due": {"examples": ["y cuándo vence"], "within": ["balance"], "steps": [{"say": "El {due_date:date}."}]},
        "leave": {
            "examples": ["quiero darme de baja"],
            "steps": [{"ask": "reason"}, {"when": {"reason": "*"}, "say": "Lo anoto: {reason}."}],
        },
        "order": {"examples": ["quiero pedir una caja"], "steps": [{"ask": "size"}, {"say": "Una {size}."}]},
        "person": {
            "examples": ["quiero hablar con una persona"],
            "interrupts": True,
            "steps": [
                {"say": "Le paso."},
                {"transfer": "desk", "summary": "Cliente {customer_name|desconocido}: pide una persona."},
            ],
        },
        "again": {"examples": ["puede repetir"], "interrupts": True, "comes_back": True},
        "offer": {"steps": [{"ask": "person"}, {"when": {"person": True}, "go": "person"}, {"say": "Dígame."}]},
        "bye": {
            "examples": ["adiós"],
            "steps": [
                {"when": {"mood": "positive"}, "say": "Un placer."},
                {"say": "Gracias por llamar a {company}."},
                {"hang_up": True},
            ],
        },
        "circle": {"examples": ["dando vueltas"], "steps": [{"go": "circle"}]},
    },
}
SCRIPT = Script(scenario(SCENARIO), "es")


class Talk:
    """One call with the script alone."""

    def __init__(self) -> None:
        self.memory: Mapping[str, Any] = {"facts": {"caller": "600"}}
        self.history: list[Message] = []

    def caller(self, text: str, *issues: str, mood: str = "neutral") -> Sequence[MindEvent]:
        return self._hears("caller", text, issues, mood)

    def tool(self, text: str, *issues: str, mood: str = "neutral") -> Sequence[MindEvent]:
        return self._hears("tool", text, issues, mood)

    def _hears(
        self, role: Literal["caller", "tool"], text: str, issues: Sequence[str], mood: str
    ) -> Sequence[MindEvent]:
        self.history.append(Message(role, text))
        thought = Thought("telecom", "es", self.history, memory=self.memory, mood=mood, issues=issues)
        events = answer(SCRIPT, thought)
        kept, *others = events
        assert isinstance(kept, MemoryKept), "memory comes first, so that a barge-in does not lose it"
        self.memory = kept.memory
        said = " ".join(event.text.strip() for event in others if isinstance(event, TextDelta))
        if said:
            self.history.append(Message("agent", said))
        return others

    @property
    def expects(self) -> Mapping[str, Any]:
        expects: Mapping[str, Any] = self.memory["expects"]
        return expects


def test_a_tool_is_wished_for_and_its_result_said() -> None:
    talk = Talk()
    assert talk.caller("cuánto debo") == [TextDelta("Lo miro. "), ToolWish("get_account_balance", {})]
    result = '{"balance": "45.50", "due_date": "2026-02-15"}'
    assert talk.tool(result) == [TextDelta("Son 45.50 euros. ")]
    assert talk.caller("¿y cuándo vence?") == [TextDelta("El 15 de febrero. ")]


@pytest.mark.parametrize(
    ("issues", "mood"), [(["repeated_question"], "neutral"), (["user_confused"], "neutral"), ([], "confused")]
)
def test_who_asks_again_or_does_not_follow_is_told_in_simpler_words(issues: list[str], mood: str) -> None:
    talk = Talk()
    talk.caller("cuánto debo", *issues, mood=mood)
    assert talk.tool('{"balance": "45.50"}', *issues, mood=mood) == [TextDelta("Debe 45.50 euros, nada más. ")]


def test_who_has_been_upset_for_a_while_is_shown_sympathy_each_time_in_other_words() -> None:
    talk = Talk()
    first, second, third = (talk.caller("cuánto debo", "user_frustrated")[0] for _ in range(3))
    assert (first, second) == (TextDelta("Lo siento. "), TextDelta("Entiendo que esté molesto. "))
    assert third == TextDelta("Lo miro. "), "nothing new to say"


def test_one_complaint_alone_calls_for_no_sympathy() -> None:
    assert Talk().caller("cuánto debo", mood="frustrated")[0] == TextDelta("Lo miro. ")


def test_steps_may_depend_on_the_mood() -> None:
    talk = Talk()
    assert talk.caller("adiós", mood="positive")[0] == TextDelta("Un placer. ")
    assert Talk().caller("adiós")[0] == TextDelta("Gracias por llamar a Norte. ")


def test_a_follow_up_is_not_understood_out_of_its_place() -> None:
    assert Talk().caller("¿y cuándo vence?") == [TextDelta("No le entiendo. ")]


def test_a_tools_error_leads_elsewhere_and_back() -> None:
    talk = Talk()
    talk.caller("cuánto debo")
    assert talk.tool('{"error": {"code": "not_found", "message": ""}}') == [TextDelta("¿Su número? ")]
    assert talk.expects == {"kind": "digits", "max_digits": 15}
    assert talk.caller("uno dos tres")[-1] == ToolWish("get_account_balance", {"customer_id": "123"})


def test_an_answer_that_cannot_be_read_is_asked_for_again_and_then_a_person_offered() -> None:
    talk = Talk()
    talk.caller("cuánto debo")
    talk.tool("no json at all")
    assert talk.caller("cocodrilo") == [TextDelta("¿Otra vez? ")]
    assert talk.caller("cocodrilo") == [TextDelta("¿Otra vez? ")]
    assert talk.caller("cocodrilo") == [TextDelta("¿Una persona? ")]
    assert talk.expects == {"kind": "yes_no"}
    assert talk.caller("sí")[-1] == ToolWish(
        "transfer_to_agent", {"target": "desk", "summary": "Cliente desconocido: pide una persona."}
    )


def test_a_question_may_be_left_for_something_else() -> None:
    talk = Talk()
    talk.caller("cuánto debo")
    talk.tool("{}")
    talk.caller("quiero darme de baja")
    assert talk.caller("quiero hablar con una persona")[0] == TextDelta("Le paso. ")


def test_any_words_answer_an_open_question() -> None:
    talk = Talk()
    talk.caller("quiero darme de baja")
    assert talk.caller("cuánto debo no me importa") == [TextDelta("Lo anoto: cuánto debo no me importa. ")]


def test_who_did_not_hear_the_question_has_not_answered_it() -> None:
    talk = Talk()
    talk.caller("quiero darme de baja")
    talk.history[-1] = Message("agent", "Lamento que")
    assert talk.caller("pero oiga") == [TextDelta("¿Por qué? ")]
    talk.history[-1] = Message("agent", "¿Por")
    assert talk.caller("cuánto debo")[0] == TextDelta("Lo miro. ")


def test_a_question_can_be_repeated_at_no_cost() -> None:
    talk = Talk()
    talk.caller("quiero darme de baja")
    for _ in range(5):
        assert talk.caller("¿puede repetir?") == [TextDelta("¿Por qué? ")]


def test_what_was_volunteered_is_not_asked_for() -> None:
    assert Talk().caller("quiero pedir una caja grande") == [TextDelta("Una grande. ")]


def test_the_call_ends_politely() -> None:
    assert Talk().caller("adiós") == [TextDelta("Gracias por llamar a Norte. "), ToolWish("end_call", {})]


def test_misses_are_counted_in_a_row() -> None:
    talk = Talk()
    assert talk.caller("cocodrilo") == [TextDelta("No le entiendo. ")]
    assert talk.caller("cocodrilo") == [TextDelta("¿Saldo o cita? ")]
    assert talk.caller("cocodrilo") == [TextDelta("¿Una persona? ")]


def test_intents_that_chase_one_another_are_an_error_not_a_loop() -> None:
    with pytest.raises(BadEngineAnswer):
        Talk().caller("dando vueltas")


def test_a_memory_of_another_script_does_not_stop_the_call() -> None:
    thought = Thought("telecom", "es", [Message("caller", "cuánto debo")], memory={"awaiting": "gone", "slots": {}})
    assert ToolWish("get_account_balance", {}) in answer(SCRIPT, thought)
    lost = Thought("telecom", "es", [Message("tool", "{}")], memory={"running": {"intent": "gone", "step": 9}})
    assert len(answer(SCRIPT, lost)) == 1


async def test_the_mind_streams_the_answer() -> None:
    mind = ScriptMind({"telecom": SCRIPT})
    thought = Thought("telecom", "es", [Message("caller", "adiós")])
    assert tuple([event async for event in mind.think(thought)]) == answer(SCRIPT, thought)
    assert (await mind.health()).is_ready
    with pytest.raises(BadEngineAnswer):
        _ = [event async for event in mind.think(Thought("nobody", "es", []))]


async def test_the_fake_answers_in_order() -> None:
    mind = ScriptedMind(["Hola.", [TextDelta("Y"), ValueError("broken")]])
    thought = Thought("telecom", "es", [])
    assert [event async for event in mind.think(thought)] == [TextDelta("Hola.")]
    stream = mind.think(thought)
    assert await anext(stream) == TextDelta("Y")
    with pytest.raises(ValueError, match="broken"):
        await anext(stream)
    assert [event async for event in mind.think(thought)] == []
    assert len(mind.thoughts) == 3


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("quiero saber mi saldo", "balance"),
        ("kiero saver mi saldo", "balance"),
        ("cuanto devo", "balance"),
        ("ciero darme de vaja", "leave"),
        ("buenas tardes mire le llamaba porque quiero saber mi saldo", "balance"),
        ("quiero", None),
        ("el perro come carne", None),
        ("", None),
    ],
)
def test_intents_are_found_by_what_tells_them_apart(said: str, intent: str | None) -> None:
    match = IntentIndex(SCRIPT.scenario).best(said)
    assert (match.intent if match else None) == intent


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"say": "a", "ask": "b"}, "exactly one"),
        ({}, "exactly one"),
        ({"say": "a", "arguments": {"b": "c"}}, "belong to a step with call"),
        ({"ask": "a", "simply": "b"}, "simply belongs to a step with say"),
        ({"say": "a", "summary": "b"}, "belongs to a step with transfer"),
    ],
)
def test_a_step_does_one_thing(step: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        scenario({"fallback": ["a"], "after_misses": "b", "intents": {"b": {"steps": [step]}}})
