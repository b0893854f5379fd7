"""The demonstration's calls, word for word: dialogue, script, tools and store together, without sound."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from centralita.agents import Agent, load_agents
from centralita.toolbox import CustomerTools
from conversation.dialogue import Dialogue
from conversation.orders import AskMind, CallTool, HangUp, Order, Say, Transfer
from engines.llm.script import Script, ScriptMind
from storage.customers import Customer, FileCustomers, StoreUnavailable
from storage.notes import Notes
from vocabulary.call import CallIdentity
from vocabulary.speech import Correction

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 20, 10, 0, tzinfo=UTC)


class Call:
    """Carries out orders as the conductor does, and remembers what sounded."""

    def __init__(self, agent: Agent, folder: Path, caller: str = "+34600100200") -> None:
        assert agent.script is not None
        self.identity = CallIdentity("c1", "ch1", agent.name, "900", caller)
        self.dialogue = Dialogue(agent.dialogue_settings(), caller=caller)
        self.mind = ScriptMind({agent.name: Script(agent.script, agent.language)})
        store = FileCustomers(ROOT / "examples" / "customers.toml", folder / "journal.jsonl", now=lambda: NOW)
        self.tools = CustomerTools(store, Notes(folder / "notes"), now=lambda: NOW)
        self.orders: list[Order] = []

    async def says(self, text: str) -> list[str]:
        """The caller says `text`; return the sentences they hear in answer."""
        return await self._carry_out(self.dialogue.caller_said(Correction(text, text)))

    async def presses(self, digits: str) -> list[str]:
        return await self._carry_out(self.dialogue.digits_entered(digits))

    async def _carry_out(self, orders: Sequence[Order]) -> list[str]:
        waiting = list(orders)
        said: list[str] = []
        while waiting:
            order = waiting.pop(0)
            self.orders.append(order)
            match order:
                case AskMind(thought_id, thought):
                    async for event in self.mind.think(thought):
                        waiting += self.dialogue.mind_said(thought_id, event)
                    waiting += self.dialogue.mind_finished(thought_id)
                case Say(speech_id, text):
                    said.append(text)
                    waiting += self.dialogue.reply_spoken(text, False, speech_id)
                case CallTool(_, name, arguments):
                    outcome = await self.tools.run(name, arguments, self.identity)
                    waiting += self.dialogue.tool_returned(order, outcome)
                case _:
                    pass
        return said


@pytest.fixture(scope="module")
def agents() -> Mapping[str, Agent]:
    return load_agents(ROOT / "agents")


@pytest.fixture
def telecom(agents: Mapping[str, Agent], tmp_path: Path) -> Call:
    return Call(agents["telecom"], tmp_path)


async def test_a_bill_is_asked_for(telecom: Call) -> None:
    assert await telecom.says("hola buenos días") == ["Hola.", "Dígame, ¿en qué puedo ayudarle?"]
    assert await telecom.says("necesito revisar el saldo de mi cuenta") == [
        "Claro, ahora mismo lo reviso.",
        "Su saldo actual es 45.50 euros.",
    ]
    assert await telecom.says("¿y cuándo vence?") == ["La próxima factura vence el 15 de febrero."]
    assert (await telecom.says("no, gracias, eso es todo"))[0].startswith("Gracias por llamar a Telecom Norte")
    assert telecom.orders[-1] == HangUp()


async def test_a_fault_ends_at_a_technician(telecom: Call) -> None:
    assert (await telecom.says("hola, mi internet no funciona"))[-1] == "¿Ha reiniciado ya el router?"
    said = await telecom.says("ya reinicié el router pero sigue igual")
    assert said[-1] == "Le comunico con un técnico."
    summary = "Cliente Ana García: su internet no funciona y ya reinició el router."
    assert telecom.orders[-1] == Transfer("tecnico", "warm", summary)


async def test_who_asks_for_a_person_while_cancelling_is_given_the_manager(telecom: Call) -> None:
    said = await telecom.says("quiero cancelar mi servicio")
    assert len(said) >= 4
    assert said[-1] == "¿Me puede decir el motivo?"
    await telecom.says("espere, espere, quiero hablar con una persona")
    match telecom.orders[-1]:
        case Transfer("gerente", "warm", summary):
            assert "cancelar" in summary
        case other:
            pytest.fail(str(other))


async def test_an_angry_reason_is_answered_by_the_manager(telecom: Call) -> None:
    await telecom.says("quiero cancelar mi servicio")
    await telecom.says("estoy molesto con el servicio")
    assert isinstance(telecom.orders[-1], Transfer)
    assert telecom.orders[-1].target_id == "gerente"


async def test_a_confirmed_cancellation_is_done(telecom: Call) -> None:
    await telecom.says("quiero darme de baja")
    assert (await telecom.says("me mudo a otro país"))[-1].startswith("Entonces, ¿confirma")
    said = await telecom.says("sí, confirmo")
    assert said[0] == "Su servicio queda cancelado con fecha 21 de enero."
    await telecom.says("no, nada más")
    assert telecom.orders[-1] == HangUp()


async def test_nothing_is_cancelled_without_a_yes(telecom: Call) -> None:
    await telecom.says("quiero cancelar mi servicio")
    assert (await telecom.says("es muy caro"))[-1].startswith("Entonces, ¿confirma")
    assert (await telecom.says("no, mejor me lo pienso"))[0] == "De acuerdo, no cancelo nada."
    assert not any(isinstance(order, CallTool) for order in telecom.orders)


async def test_a_router_that_works_again_needs_no_technician(telecom: Call) -> None:
    await telecom.says("mi internet no va")
    assert (await telecom.says("no, todavía no"))[-1] == "¿Le funciona ahora?"
    assert (await telecom.says("sí, ya funciona"))[0] == "Me alegro mucho."


async def test_an_appointment_can_be_begun_again(agents: Mapping[str, Agent], tmp_path: Path) -> None:
    call = Call(agents["clinica"], tmp_path)
    assert await call.says("buenas") == ["Hola.", "¿Quiere pedir una cita?"]
    assert await call.says("sí") == ["¿Para qué especialidad?"]
    assert await call.says("con el pediatra") == ["¿Qué día le viene bien?"]
    assert await call.says("el martes a las cinco y media") == ["¿A nombre de quién?"]
    assert await call.says("no") == ["¿A nombre de quién?"]
    assert "teléfono" in (await call.says("Marta López"))[0]
    assert "repite" in (await call.says("seis uno dos tres"))[0]
    assert (
        "pediatría, martes a las 17:30"
        in (await call.says("seis doce treinta y cuatro cincuenta y seis setenta y ocho"))[0]
    )
    assert await call.says("no") == ["De acuerdo, empezamos de nuevo.", "¿Para qué especialidad?"]


async def test_an_unknown_caller_tells_the_customer_number(agents: Mapping[str, Agent], tmp_path: Path) -> None:
    call = Call(agents["telecom"], tmp_path, caller="+34999999999")
    assert "número de cliente" in " ".join(await call.says("cuánto debo"))
    assert (await call.says("uno cero cero cero uno"))[-1] == "Su saldo actual es 45.50 euros."


async def test_an_unknown_caller_types_the_customer_number(agents: Mapping[str, Agent], tmp_path: Path) -> None:
    call = Call(agents["telecom"], tmp_path, caller="")
    await call.says("cuánto debo")
    assert (await call.presses("10002"))[-1] == "Su saldo actual es 0.00 euros."


async def test_an_appointment_is_booked(agents: Mapping[str, Agent], tmp_path: Path) -> None:
    call = Call(agents["clinica"], tmp_path, caller="612345678")
    assert await call.says("quisiera una cita con el dermatólogo el jueves") == ["¿A qué hora?"]
    assert await call.says("a las diez y media") == ["¿A nombre de quién?"]
    assert "teléfono" in (await call.says("me llamo Pedro Gómez"))[0]
    said = await call.presses("612345678")
    assert said[0].startswith("Entonces, dermatología, jueves a las 10:30, a nombre de Pedro Gómez")
    assert (await call.says("sí"))[0] == "Su cita está reservada."


async def test_a_fault_is_told_in_english(agents: Mapping[str, Agent], tmp_path: Path) -> None:
    call = Call(agents["support_en"], tmp_path, caller="104")
    assert (await call.says("hello, my internet is not working"))[-1] == "Have you restarted your router?"
    await call.says("yes, still the same")
    match call.orders[-1]:
        case Transfer("desk", "warm", summary):
            assert summary.startswith("Customer Emily Carter")
        case other:
            pytest.fail(str(other))


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("necesito rebisar el saldo de mi cuenta", "saldo actual"),
        ("buenas mire quería saber el saldo", "saldo actual"),
        ("saldo", "saldo actual"),
        ("cuanto devo", "saldo actual"),
        ("mi interné no funciona", "router"),
        ("no tengo internet desde ayer por la tarde", "router"),
        ("quiero canselar mi servisio", "motivo"),
        ("quiero dar de baja la línea de mi madre", "motivo"),
        ("páseme con una persona por favor", "compañero"),
        ("bla bla cocodrilo verde", "No le he entendido"),
    ],
)
async def test_imperfect_ears_are_forgiven(telecom: Call, heard: str, answer: str) -> None:
    assert answer in " ".join(await telecom.says(heard))


async def test_who_cannot_be_understood_is_offered_a_person(telecom: Call) -> None:
    for _ in range(2):
        await telecom.says("cocodrilo verde")
    assert (await telecom.says("cocodrilo verde"))[-1] == "¿Quiere que le comunique con una persona?"
    await telecom.says("sí")
    assert telecom.orders[-1] == Transfer("agente", "blind", "Cliente sin identificar: pide hablar con una persona.")


async def test_who_asks_the_same_again_is_told_in_simpler_words_and_offered_a_person(telecom: Call) -> None:
    assert (await telecom.says("¿cuánto debo de mi factura?"))[-1] == "Su saldo actual es 45.50 euros."
    said = await telecom.says("pero ¿cuánto debo de la factura?")
    assert said[-2] == "Para estar al día tiene que pagar 45.50 euros."
    assert "una persona" in said[-1]
    await telecom.says("sí")
    assert isinstance(telecom.orders[-1], Transfer)


async def test_who_stays_upset_is_shown_sympathy(telecom: Call) -> None:
    await telecom.says("mi internet no funciona")
    said = await telecom.says("no lo he reiniciado, esto es un desastre")
    assert said[0] == "Entiendo que es una molestia."
    assert "router" in said[1]


async def test_calls_at_once_do_not_mix(agents: Mapping[str, Agent], tmp_path: Path) -> None:
    callers = {"+34600100200": "45.50", "+34600100202": "120.00"}
    calls = [Call(agents["telecom"], tmp_path, caller) for caller in callers]
    said = await asyncio.gather(*(call.says("cuánto debo") for call in calls))
    assert [sentences[-1] for sentences in said] == [f"Su saldo actual es {owed} euros." for owed in callers.values()]


class OutOfReach(FileCustomers):
    async def by_phone(self, phone: str) -> Customer | None:
        raise StoreUnavailable("the database has not answered within 2 s")


@pytest.mark.parametrize(
    ("agent", "asked", "answer"),
    [
        ("telecom", "cuánto debo de mi factura", "Ahora mismo no puedo consultar sus datos"),
        ("support_en", "how much is my bill", "I cannot look that up right now"),
    ],
)
async def test_when_nobody_can_be_looked_up_the_agent_says_so_and_the_call_goes_on(
    agents: Mapping[str, Agent], tmp_path: Path, agent: str, asked: str, answer: str
) -> None:
    call = Call(agents[agent], tmp_path)
    call.tools = CustomerTools(OutOfReach(tmp_path / "none", tmp_path / "none"), Notes(tmp_path / "notes"))
    said = " ".join(await call.says(asked))
    assert answer in said
    assert not any(isinstance(order, HangUp) for order in call.orders)
