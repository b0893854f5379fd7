"""What a person clicks in FreePBX's web pages, in Spanish and English. Pure.

Menu names are those of FreePBX 16 and 17 in English; in Spanish they depend on the language pack's version, so the
English name stands beside each one (unverified on a running FreePBX: its translations change).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from provisioning.model import Place, TelephonyReceptionConfig
from provisioning.rendering.inbound_dialplan import agents_of

Language = Literal["es", "en"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in both languages."""

    es: str
    en: str

    def in_(self, language: Language) -> str:
        """Return it in one language."""
        return self.es if language == "es" else self.en


@dataclass(frozen=True, slots=True)
class Destination:
    """One Custom Destination."""

    agent: str
    then: str
    """Where the GUI should send a caller who comes back: FreePBX's name of the fallback, or ""."""

    @property
    def target(self) -> str:
        """What goes into the field Target."""
        return f"centralita-entry,{self.agent},1"

    @property
    def description(self) -> str:
        """What goes into the field Description."""
        return f"Centralita {self.agent}"


def destinations(config: TelephonyReceptionConfig) -> tuple[Destination, ...]:
    """Return one Custom Destination for each agent."""
    then = destination_of(config.site.fallback) if config.site.fallback else ""
    return tuple(Destination(agent, then) for agent in agents_of(config))


def destination_of(place: Place) -> str:
    """Return a place as FreePBX writes destinations (`ext-queues,400,1`), or "" when it has none for it."""
    contexts: Mapping[str, str] = {
        "extension": "from-did-direct,{}",
        "queue": "ext-queues,{}",
        "ring_group": "ext-group,{}",
        "voicemail": "ext-local,vmu{}",
    }
    if place.kind == "dialplan":
        return f"{place.context},{place.target},1"
    return f"{contexts[place.kind].format(place.target)},1" if place.kind in contexts else ""


def numbers_of_routes(config: TelephonyReceptionConfig) -> tuple[tuple[str, str], ...]:
    """Return (number, agent) for every active number, for those who let FreePBX's own trunks bring the calls."""
    return tuple(
        (did.number, did.agent or config.site.agent) for _, _, did in config.all_dids() if did.active and did.number
    )


def clicks(config: TelephonyReceptionConfig) -> tuple[Step, ...]:
    """Return the steps after an installation: Custom Destinations, Inbound Routes, Apply Config."""
    return tuple(_steps(config))


def _steps(config: TelephonyReceptionConfig) -> Iterable[Step]:
    for one in destinations(config):
        yield Step(
            "Admin → Destinos personalizados (Custom Destinations) → Añadir destino (Add Destination): "
            f"Destino (Target) = {one.target} · Descripción (Description) = {one.description} · "
            f"¿Retorna? (Return) = Sí (Yes) · Destino (Destination) = {_then(one, 'es')} → Enviar (Submit)",
            "Admin → Custom Destinations → Add Destination: "
            f"Target = {one.target} · Description = {one.description} · Return = Yes · "
            f"Destination = {_then(one, 'en')} → Submit",
        )
    for number, agent in numbers_of_routes(config):
        yield Step(
            "Conectividad (Connectivity) → Rutas entrantes (Inbound Routes) → Añadir ruta entrante "
            f"(Add Inbound Route): Descripción = Centralita {number} · Número DID (DID Number) = {number}, escrito "
            "como lo envía su operador · Establecer destino (Set Destination) = Destinos personalizados "
            f"(Custom Destinations): Centralita {agent} → Enviar (Submit). Sólo si la llamada llega por un troncal de "
            "FreePBX: los troncales de centralita no la necesitan",
            f"Connectivity → Inbound Routes → Add Inbound Route: Description = Centralita {number} · "
            f"DID Number = {number}, as your carrier writes it · Set Destination = Custom Destinations: "
            f"Centralita {agent} → Submit. Only for calls that come over a trunk of FreePBX's: trunks of centralita "
            "do not need it",
        )
    yield Step(
        "Pulse el botón rojo «Aplicar cambios» (Apply Config)",
        "Press the red button “Apply Config”",
    )


def _then(one: Destination, language: Language) -> str:
    if one.then:
        return one.then
    return "su cola o grupo de timbrado (obligatorio)" if language == "es" else "your queue or ring group (required)"


def clicks_to_undo(pointers: Iterable[str]) -> tuple[Step, ...]:
    """Return what to click before an uninstallation, one step for each thing that still points to us."""
    steps = [
        Step(f"Cambie el destino de: {name}", f"Give another destination to: {name}")
        for name in dict.fromkeys(pointers)
    ]
    return (
        *steps,
        Step(
            "Pulse «Aplicar cambios» (Apply Config) y repita la desinstalación",
            "Press “Apply Config” and uninstall again",
        ),
    )
