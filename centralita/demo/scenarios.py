"""The three calls of the demo, as a stage play: who calls, what they say, and how it is to end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from centralita.demo.callers import Person, Speaker
from vocabulary.call import Ending


class Scene(Protocol):
    """What a call's play can ask for."""

    async def call(self) -> Speaker:
        """The caller dials, and is answered."""
        ...

    async def colleague_answers(self) -> Speaker:
        """The colleague's telephone rings; after a moment they take the call."""
        ...

    async def connected(self) -> None:
        """Caller and colleague have been connected."""
        ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call."""

    key: str
    """Names its files."""
    title: str
    """Spanish, for the picture."""
    did: str
    caller: Person
    play: Callable[[Scene], Awaitable[None]]
    ending: Ending
    """How our part of it is to end."""
    heard: str = ""
    """Words the ear is to hear and the proofreader to repair…"""
    meant: str = ""
    """…to these."""
    answer: str = ""
    """Words the caller must hear."""
    has_barge_in: bool = False
    colleague: Person | None = None
    target: str = ""
    """Id of the transfer's target."""
    ends_by: str = "agent"
    """Who hangs up: agent, caller or colleague."""


async def _billing(scene: Scene) -> None:
    caller = await scene.call()
    await caller.hear_out()
    await caller.say("necesito revisar el salgo de mi cuesta")
    await caller.hear_out()
    await caller.say("¿y cuándo vence?")
    await caller.hear_out()
    await caller.say("no gracias eso es todo")
    await caller.wait_ended()


async def _support(scene: Scene) -> None:
    caller = await scene.call()
    await caller.hear_out()
    await caller.say("hola, mi internet no funciona")
    await caller.hear_out()
    await caller.say("ya reinicié el router pero sigue igual")
    technician = await scene.colleague_answers()
    await technician.hear_out()
    await scene.connected()
    await technician.say("buenas tardes, soy el técnico")
    await caller.say("muchas gracias")
    await technician.hear_end()
    await technician.hang_up()
    await caller.wait_ended()


async def _cancellation(scene: Scene) -> None:
    caller = await scene.call()
    await caller.hear_out()
    await caller.say("quiero cancelar mi servicio")
    await caller.hear_for(2.6)
    await caller.say("espere, espere, quiero hablar con una persona")
    manager = await scene.colleague_answers()
    await manager.hear_out()
    await scene.connected()
    await manager.say("le atiende el gerente, dígame")
    await caller.say("estoy molesto con el servicio")
    await manager.hear_end()
    await caller.hang_up()
    await manager.wait_ended()


_DID: Final = "5551001"

SCENARIOS: Final = (
    Scenario(
        key="support",
        title="Soporte técnico: pasa a una persona",
        did=_DID,
        caller=Person("Luis", "es+m3", "+34600100201"),
        play=_support,
        ending=Ending.TRANSFERRED,
        colleague=Person("técnico", "es+m7", "201"),
        target="tecnico",
        ends_by="colleague",
    ),
    Scenario(
        key="cancellation",
        title="Cancelación: el cliente interrumpe",
        did=_DID,
        caller=Person("Carmen", "es-419+f2", "+34600100202"),
        play=_cancellation,
        ending=Ending.TRANSFERRED,
        has_barge_in=True,
        colleague=Person("gerente", "es+m2", "202"),
        target="gerente",
        ends_by="caller",
    ),
    Scenario(
        key="billing",
        title="Facturación: el saldo de la cuenta",
        did=_DID,
        caller=Person("Ana", "es-419+f3", "+34600100200"),
        play=_billing,
        ending=Ending.AGENT_HUNG_UP,
        heard="salgo de mi cuesta",
        meant="saldo de mi cuenta",
        answer="45",
        ends_by="agent",
    ),
)
"""The longest call first: they are held at the same time, and the show lasts as long as the last of them."""
