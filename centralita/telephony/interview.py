"""The questions that make a first config: pure, they know an `Asker` and nothing of the terminal or of files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from centralita.telephony.asking import Asker
from fxo_templates.country_file import shipped_countries
from fxo_templates.models import MODELS
from provisioning.carriers import presets
from provisioning.model.numbers import e164
from provisioning.model.passwords import checked_password
from provisioning.model.words import host, only_network

Language = Literal["es", "en"]


@dataclass(frozen=True, slots=True)
class FirstConfig:
    """What the answers make."""

    tables: Mapping[str, Mapping[str, Any]]
    """Dotted table → values, in the order in which they are written."""
    dids: Mapping[str, tuple[Mapping[str, Any], ...]]
    """Table of a gateway or carrier → its numbers."""
    passwords: Mapping[str, str] = field(repr=False)
    """Name in the secret store → password; the tables only refer to it."""


_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "welcome": (
        "Unas preguntas y queda escrita la primera configuración. Todo se puede cambiar después en el archivo.",
        "A few questions write the first config. Everything can be changed in the file afterwards.",
    ),
    "country": ("¿En qué país está la centralita? (dos letras)", "In which country is the PBX? (two letters)"),
    "pbx": ("¿Qué hay instalado?", "What is installed?"),
    "freepbx": ("FreePBX, y nos instalamos a su lado", "FreePBX, and we go beside it"),
    "standalone": ("Asterisk solo", "Asterisk alone"),
    "way": ("¿Cómo llegan las llamadas?", "How do calls arrive?"),
    "gateway": ("Líneas analógicas en un gateway FXO", "Analogue lines on an FXO gateway"),
    "carrier": ("Un troncal SIP de un operador", "A SIP trunk of a carrier"),
    "name": ("¿Cómo lo llamamos? (minúsculas, como oficina)", "What do we call it? (lowercase, like office)"),
    "model": ("¿Qué gateway es?", "Which gateway is it?"),
    "ip": ("Dirección IP del gateway", "IP address of the gateway"),
    "ports": ("¿Cuántas líneas FXO tiene?", "How many FXO lines does it have?"),
    "mac": ("Su dirección MAC (vacío si no se sabe)", "Its MAC address (empty if not known)"),
    "lan": ("Dirección de esta centralita en la red local", "Address of this PBX in the LAN"),
    "lan_net": ("Red local, como 192.168.1.0/24", "The LAN, like 192.168.1.0/24"),
    "preset": ("¿Qué operador?", "Which carrier?"),
    "other": ("Otro", "Another one"),
    "host": ("Servidor SIP del operador", "The carrier's SIP server"),
    "auth": ("¿Cómo nos conoce el operador?", "How does the carrier know us?"),
    "register": ("Con usuario y contraseña (registro)", "By user and password (registration)"),
    "ip_auth": ("Por nuestra dirección IP", "By our IP address"),
    "user": ("Usuario", "User"),
    "password": ("Contraseña (vacío: la escribiré después)", "Password (empty: I shall write it later)"),
    "external": ("Nuestra IP pública, si hay NAT (vacío si no)", "Our public IP, if there is a NAT (empty if not)"),
    "did": ("Número, como +525512345678", "Number, like +525512345678"),
    "label": ("Nombre para las personas", "Name for people"),
    "more": ("¿Otro número?", "Another number?"),
    "agent": ("¿Qué agente contesta?", "Which agent answers?"),
    "fallback": (
        "¿Y si el agente no puede contestar? Nadie debe quedarse en silencio.",
        "And if the agent cannot answer? Nobody must be left in silence.",
    ),
    "extension": ("Suena una extensión", "An extension rings"),
    "queue": ("Va a una cola", "A queue takes the call"),
    "voicemail": ("Va a un buzón de voz", "Voicemail"),
    "busy": ("Comunica", "Busy"),
    "target": ("¿Cuál? (como 200)", "Which one? (like 200)"),
}


def first_config(asker: Asker, language: Language, agents: tuple[str, ...] = ("telecom",)) -> FirstConfig:
    """Ask what a first config needs and return it. Nothing is guessed: the country is asked first."""
    text = _spoken(language)
    asker.say(text("welcome"))
    country = asker.ask(text("country"), "MX" if language == "es" else "", _country)
    kinds = [(kind, text(kind)) for kind in ("freepbx", "standalone")]
    pbx = asker.choose(text("pbx"), kinds, "freepbx")
    way = asker.choose(text("way"), [(kind, text(kind)) for kind in ("gateway", "carrier")], "gateway")
    network: dict[str, Any] = {}
    passwords: dict[str, str] = {}
    if way == "gateway":
        key, trunk = _gateway(asker, text, network)
        most = int(trunk["fxo_ports"])
    else:
        key, trunk = _carrier(asker, text, network, passwords)
        most = 5000
    dids = _dids(asker, text, most)
    agent = agents[0]
    if len(agents) > 1:
        agent = asker.choose(text("agent"), [(name, name) for name in agents], agents[0])
    site: dict[str, Any] = {"pbx": pbx, "country": country, "agent": agent, "fallback": _fallback(asker, text)}
    tables: dict[str, Mapping[str, Any]] = {"site": site}
    if network:
        tables["site.network"] = network
    if pbx == "freepbx":
        tables["site.network.transports"] = {"udp": "0.0.0.0-udp"}
    return FirstConfig(tables | {key: trunk}, {key: dids}, passwords)


def _gateway(asker: Asker, text: Callable[[str], str], network: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = asker.ask(text("name"), "oficina", _name)
    model = asker.choose(text("model"), [(key, f"{one.vendor} {one.name}") for key, one in MODELS.items()], "ht813")
    values: dict[str, Any] = {"model": model, "ip": asker.ask(text("ip"), "", _host)}
    ports = MODELS[model].most_ports
    values["fxo_ports"] = int(asker.ask(text("ports"), str(ports), _whole_number(1, 48)))
    mac = asker.ask(text("mac"))
    if mac:
        values["mac"] = mac
    network["lan_address"] = asker.ask(text("lan"), "", _host)
    network["local_networks"] = [asker.ask(text("lan_net"), "", only_network)]
    return f"gateways.{name}", values


def _carrier(
    asker: Asker, text: Callable[[str], str], network: dict[str, Any], passwords: dict[str, str]
) -> tuple[str, dict[str, Any]]:
    name = asker.ask(text("name"), "operador", _name)
    known = [(key, preset.label) for key, preset in presets().items()]
    preset = asker.choose(text("preset"), [*known, ("other", text("other"))], "other")
    values: dict[str, Any] = {} if preset == "other" else {"preset": preset}
    values["host"] = asker.ask(text("host"), "", _host)
    auth = asker.choose(text("auth"), [(kind, text(kind)) for kind in ("register", "ip_auth")], "register")
    values["auth_type"] = auth
    if auth == "register":
        values["user"] = asker.ask(text("user"))
        password = asker.ask(text("password"), "", lambda value: checked_password(value) if value else "")
        if password:
            passwords[f"sip-{name}"] = password
            values["password"] = f"file:secrets/sip-{name}"
    external = asker.ask(text("external"), "", lambda value: host(value) if value else "")
    if external:
        network["external_address"] = external
    return f"carriers.{name}", values


def _dids(asker: Asker, text: Callable[[str], str], most: int) -> tuple[Mapping[str, Any], ...]:
    dids: list[Mapping[str, Any]] = []
    while len(dids) < most:
        number = asker.ask(text("did"), "", e164)
        label = asker.ask(text("label"))
        dids.append({"number": number} | ({"label": label} if label else {}))
        if len(dids) == most or not asker.confirm(text("more"), default=False):
            break
    return tuple(dids)


def _fallback(asker: Asker, text: Callable[[str], str]) -> Mapping[str, Any]:
    kinds = [(kind, text(kind)) for kind in ("extension", "queue", "voicemail", "busy")]
    kind = asker.choose(text("fallback"), kinds, "extension")
    return {"kind": kind} if kind == "busy" else {"kind": kind, "target": asker.ask(text("target"), "200")}


def _spoken(language: Language) -> Callable[[str], str]:
    column = 0 if language == "es" else 1
    return lambda key: _TEXTS[key][column]


def _country(value: str) -> str:
    code = value.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        known = ", ".join(shipped_countries())
        raise ValueError(f"dos letras / two letters: {known}…")
    return code


def _name(value: str) -> str:
    text = value.strip().lower().replace(" ", "-")
    if not text or not text.isascii() or not text[0].isalpha() or not text.replace("-", "").isalnum():
        raise ValueError("a-z 0-9 -")
    return text


def _host(value: str) -> str:
    return host(value.strip())


def _whole_number(least: int, most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not value.isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"{least} … {most}")
        return value

    return check
