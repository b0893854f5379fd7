"""The checklist as a page to read and tick off, in Markdown."""

from itertools import groupby
from typing import Final

from fxo_templates.checks import check
from fxo_templates.emit import emit
from fxo_templates.model import Device, Language, Step, Words
from fxo_templates.models import MODELS
from fxo_templates.notes import notes_for
from fxo_templates.steps import steps

_HIDDEN: Final = "••••••••"

_HEAD: Final = Words("| ✓ | Field | Value | Why |", "| ✓ | Campo | Valor | Por qué |")

_INTRO: Final = Words(
    "Open the gateway's web page and type each value as it stands. Pages and fields may be called a little differently "
    "in your firmware; skip a field that yours does not have. Save, restart the device, then do the tests at the end.",
    "Abra la página web del gateway y escriba cada valor tal cual. Las páginas y los campos pueden llamarse un poco "
    "distinto en su firmware; sáltese los que el suyo no tenga. Guarde, reinicie el aparato y haga las pruebas del "
    "final.",
)
_FILE: Final = Words(
    "A configuration file was made for this model (`{name}`): this list is for checking it, or for typing it by hand.",
    "Para este modelo se generó un archivo (`{name}`): la lista sirve para comprobarlo o para escribirlo a mano.",
)
_SECRET: Final = Words(
    "This page holds passwords: keep it to yourself and delete it when you are done.",
    "Esta página contiene contraseñas: guárdela para usted y bórrela al terminar.",
)


def checklist_markdown(device: Device, language: Language, show_secrets: bool = True) -> str:
    """Return the whole checklist as Markdown, with every value filled in; it ends with a newline.

    `show_secrets=False` hides passwords and the provisioning address, for a page that is shown around.

    Raises: ConfigurationError as `produce` does.
    """
    check(device)
    emitted = emit(device)
    info = MODELS[device.model]
    title = Words("Setting up the gateway", "Puesta en marcha del gateway").text(language)
    lines = [f"# {title} {_plain(device.gateway_id)}", "", *_facts(device, language), ""]
    lines += [_INTRO.text(language), ""]
    if emitted.files:
        lines += [_FILE.text(language).replace("{name}", emitted.files[0].name), ""]
    if show_secrets:
        lines += [f"> {_SECRET.text(language)}", ""]
    for number, (page, group) in enumerate(groupby(steps(device, language), key=lambda step: step.page), start=1):
        lines += [f"## {number}. {page}", "", _HEAD.text(language), "|---|---|---|---|"]
        lines += [_row(step, show_secrets) for step in group]
        lines.append("")
    lines += [*_tests(device, language), ""]
    notes = notes_for(device, emitted)
    if notes:
        heading = Words("Not proven yet, or to keep in mind", "Sin comprobar todavía, o a tener en cuenta")
        lines += [f"## {heading.text(language)}", ""]
        lines += [f"- **{_plain(note.subject)}** — {_plain(note.text(language))}." for note in notes]
        lines.append("")
    lines.append(f"{Words('Source', 'Fuente').text(language)}: {info.source}.")
    return "\n".join(lines) + "\n"


def _facts(device: Device, language: Language) -> list[str]:
    info, country = MODELS[device.model], device.country
    where = country.name_es if language == "es" else country.name
    mac = ":".join(device.mac[place : place + 2] for place in range(0, 12, 2)) if device.mac else "—"
    lines = ", ".join(f"{line.port} → {line.did}" for line in sorted(device.lines, key=lambda line: line.port))
    facts = (
        (Words("Model", "Modelo"), f"{info.vendor} {info.name}"),
        (Words("MAC", "MAC"), mac),
        (Words("Country of the lines", "País de las líneas"), where),
        (Words("PBX", "Central"), f"{device.pbx_host}:{device.pbx_port} ({device.transport.upper()})"),
        (Words("Port → number", "Puerto → número"), lines),
    )
    return [f"- **{name.text(language)}**: {_plain(value)}" for name, value in facts]


def _row(step: Step, show_secrets: bool) -> str:
    value = step.value if show_secrets or not step.secret else _HIDDEN
    return f"| ☐ | {_plain(step.field)} | {_code(value)} | {_plain(step.why)} |"


def _plain(text: str) -> str:
    """Return text in which nothing is read as Markdown or HTML; `_` inside words is none."""
    return "".join(f"&#{ord(letter)};" if letter in "|`*<>[]\\" else letter for letter in text.replace("&", "&amp;"))


def _code(value: str) -> str:
    """Return a value to be copied as it stands."""
    if not set(value) & set("|`<>&\\"):
        return f"`{value}`"
    return f"<code>{_plain(value)}</code>"


def _tests(device: Device, language: Language) -> list[str]:
    heading = Words("How to test", "Cómo probar")
    did = device.lines[0].did
    wait = 15
    tests = [
        Words(
            "Registration: the PBX shows the gateway as reachable (`pjsip show endpoint` or the gateway doctor).",
            "Registro: la central muestra el gateway como alcanzable (`pjsip show endpoint` o el diagnóstico).",
        )
        if device.registers
        else Words(
            "Reach: the PBX shows the gateway's address as reachable (qualify).",
            "Alcance: la central muestra la dirección del gateway como alcanzable (qualify).",
        ),
        Words(
            f"Call {did} from a mobile phone: the agent answers, and the PBX says the call came to {did}. "
            "Repeat for each line.",
            f"Llame a {did} desde un móvil: contesta el agente y la central dice que la llamada entró por {did}. "
            "Repita con cada línea.",
        ),
        Words(
            "Caller id: the PBX shows the mobile's number. If not: one ring more, then another caller-id scheme.",
            "Identificador: la central muestra el número del móvil. Si no: un timbre más, después otro esquema.",
        ),
        Words(
            f"Hang up the mobile first: the line is free within {wait} seconds. If not, record the tone and learn it.",
            f"Cuelgue primero el móvil: la línea queda libre en {wait} segundos. Si no, grabe el tono y apréndalo.",
        ),
        Words(
            "Stay silent for two minutes: the call must not end.",
            "Quédese callado dos minutos: la llamada no debe terminar.",
        ),
        Words(
            "Press digits: each arrives once. Listen for echo; if there is some, check impedance, then gains.",
            "Pulse dígitos: cada uno llega una vez. Si hay eco, revise la impedancia y luego las ganancias.",
        ),
        Words(
            "From another computer of the network, try a SIP call to the gateway: it must be refused.",
            "Desde otro equipo de la red intente una llamada SIP al gateway: debe rechazarla.",
        ),
        Words("Log in with the factory's password: it must fail.", "Entre con la contraseña de fábrica: debe fallar."),
    ]
    return [f"## {heading.text(language)}", "", *[f"- [ ] {test.text(language)}" for test in tests]]
