"""Agents' files: the shipped ones are right, and what is wrong in one is named with file and key."""

from pathlib import Path

import pytest

from centralita.agents import Limits, configured_agents, load_agent, load_agents
from centralita.settings import load_settings
from conversation.tools import TOOLS
from vocabulary.problems import Misconfigured

ROOT = Path(__file__).parents[3]
MINIMAL = 'persona = "p"\ngreeting = "Hola."\nfallback = "dialplan"\n'
DESK = '[targets.desk]\nname = "d"\nextension = "1"\n'
SCRIPT = '[script]\nfallback = ["¿?"]\nafter_misses = "a"\n'


def problems(folder: Path, text: str) -> str:
    path = folder / "ana.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_agent(path)
    assert all(problem.source == str(path) for problem in caught.value.problems)
    return str(caught.value)


def test_the_shipped_agents_are_right() -> None:
    agents = load_agents(ROOT / "agents")
    assert {name: agent.language for name, agent in agents.items()} == {
        "clinica": "es",
        "support_en": "en",
        "telecom": "es",
    }
    telecom = agents["telecom"]
    assert telecom.targets["tecnico"].kind == "warm"
    assert telecom.targets["tecnico"].dial.startswith(("Local/", "PJSIP/"))
    assert telecom.greeting in telecom.rehearsed_sentences()
    assert agents["support_en"].fixed_phrases().one_moment == "One moment, please."
    assert telecom.dialogue_settings().targets == {"agente": "blind", "tecnico": "warm", "gerente": "warm"}


def test_a_small_agent_is_enough(tmp_path: Path) -> None:
    (tmp_path / "ana.toml").write_text(MINIMAL, encoding="utf-8")
    agent = load_agent(tmp_path / "ana.toml")
    assert agent.name == "ana"
    assert agent.fallback == "dialplan"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('persona = "p"\ngreeting = "Hola."', 'fallback: must be "dialplan" or a table'),
        ('persona = "p"\ngreeting = "H"\nfallback = { context = "a" }', 'fallback: must be "dialplan" or a table'),
        (MINIMAL + 'greting = "x"', "greting: is not known. Did you mean 'greeting'?"),
        (MINIMAL + "[voice]\nsped = 1", "voice.sped: is not known. Did you mean 'speed'?"),
        (
            MINIMAL + 'tools = ["get_balance"]',
            "tools: there is no tool 'get_balance'. Did you mean 'get_account_balance'?",
        ),
        (MINIMAL + 'tools = ["transfer_to_agent"]', "targets: the tool transfer_to_agent needs at least one"),
        (MINIMAL + 'tools = ["transfer_to_manager"]\n' + DESK, "manager: the tool transfer_to_manager needs it"),
        (MINIMAL + 'person = "desc"\n' + DESK, "person: there is no target 'desc'. Did you mean 'desk'?"),
        (MINIMAL + '[targets.desk]\nname = "d"', "targets.desk: a target needs extension"),
        (MINIMAL + '[targets.desk]\nname = "d"\nextension = "1;rm"', "targets.desk.extension: "),
        (
            MINIMAL + SCRIPT + '[script.intents.b]\nsteps = [{ say = "a" }]',
            "script.after_misses: there is no intent 'a'",
        ),
    ],
)
def test_mistakes_are_named_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    assert told in problems(tmp_path, text)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ('{ go = "b" }', "script.intents.a.steps.0.go: there is no intent 'b'"),
        ('{ ask = "b" }', "script.intents.a.steps.0.ask: there is no slot 'b'"),
        ('{ say = "a" }, { transfer = "des" }', "script.intents.a.steps.1.transfer: there is no target 'des'"),
        ('{ call = "lookup_customer" }', "there is no tool 'lookup_customer'. Add it to tools."),
        ('{ call = "look_up" }', "script.intents.a.steps.0.call: there is no tool 'look_up'"),
        ('{ say = "{balanc}" }', "script.intents.a.steps.0.say: there is no variable 'balanc'"),
        ('{ say = "{Name}" }', "script.intents.a.steps.0.say: a brace that belongs to no {variable}"),
        ('{ say = "{caller:loud}" }', "unknown format 'loud'"),
        ('{ when = { x = 1 }, say = "a" }', "script.intents.a.steps.0.when: there is no variable 'x'"),
        ('{ call = "cancel_service" }', "the tool cancel_service needs the argument 'reason'"),
        ('{ call = "cancel_service", arguments = { raison = "x" } }', "Did you mean 'reason'?"),
        ('{ sey = "a" }', "script.intents.a.steps.0.sey: is not known. Did you mean 'say'?"),
    ],
)
def test_references_of_a_script_lead_somewhere(tmp_path: Path, steps: str, told: str) -> None:
    text = 'tools = ["cancel_service"]\n' + MINIMAL + DESK + SCRIPT + f"[script.intents.a]\nsteps = [{steps}]"
    assert told in problems(tmp_path, text)


def test_a_folder_without_agents_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"put a file <name>\.toml there"):
        load_agents(tmp_path)


def test_settings_name_only_agents_there_are(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "ana.toml").write_text(MINIMAL, encoding="utf-8")
    settings = tmp_path / "centralita.toml"
    settings.write_text('[agents]\ndefault = "anna"\nby_did = { "900" = "ana" }', encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        configured_agents(load_settings(settings, {}))
    told = str(caught.value)
    assert "agents.default: there is no agent 'anna'. Did you mean 'ana'?" in told
    assert 'the mind "script" needs this section' in told


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_explained(tool: str) -> None:
    assert f"`{tool}`" in (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")


def test_every_limit_is_explained_and_reaches_the_dialogue(tmp_path: Path) -> None:
    explained = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    (row,) = (line for line in explained.splitlines() if line.startswith("| `limits.*` |"))
    assert all(f"`{limit}`" in row for limit in Limits.model_fields)
    path = tmp_path / "ana.toml"
    path.write_text(MINIMAL + "[limits]\nmax_clarifications = 1\n", encoding="utf-8")
    assert load_agent(path).dialogue_settings().max_clarifications == 1


def test_nobody_can_be_asked_more_than_three_times(tmp_path: Path) -> None:
    assert "limits.max_clarifications" in problems(tmp_path, MINIMAL + "[limits]\nmax_clarifications = 4\n")


def test_what_is_said_to_upset_callers_uses_only_variables_there_are(tmp_path: Path) -> None:
    script = (
        SCRIPT
        + 'sympathy = ["Lo siento, {nobody}."]\n[script.intents.a]\nsteps = [{ say = "b", simply = "{nothing}" }]\n'
    )
    told = problems(tmp_path, MINIMAL + script)
    assert "script.sympathy.0" in told
    assert "script.intents.a.steps.0.simply" in told
