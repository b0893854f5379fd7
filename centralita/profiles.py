"""Agents as calls need them: file, mind, proofreader and turn-taking put together once at the start."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ari_app.house import AgentProfile, Place, Target
from ari_app.speaking import Voice
from centralita.agents import Agent, Fallback, configured_agents
from centralita.settings import Settings
from engines.base import Mind, SpeechRequest
from engines.correction.live import LiveProofreader
from engines.llm.script import Script, ScriptMind
from vocabulary.problems import Misconfigured, Problem, nearest

BANKS: str = "banks"
"""Folder beside the agents' files that holds the banks of corrections."""


def script_mind(agents: Mapping[str, Agent]) -> Mind:
    """Return the mind `script` for all agents."""
    return ScriptMind(
        {name: Script(agent.script, agent.language) for name, agent in agents.items() if agent.script is not None}
    )


def profiles_of(
    settings: Settings, make_mind: Callable[[Mapping[str, Agent]], Mind] = script_mind
) -> dict[str, AgentProfile]:
    """Read and check all agents; return them by name.

    Raises: Misconfigured.
    """
    agents = configured_agents(settings)
    mind = make_mind(agents)
    banks = settings.agents.folder / BANKS
    return {name: _profile(agent, settings, mind, banks) for name, agent in agents.items()}


def _profile(agent: Agent, settings: Settings, mind: Mind, banks: Path) -> AgentProfile:
    return AgentProfile(
        name=agent.name,
        language=agent.language,
        voice=Voice(agent.language, agent.voice.name, agent.voice.speed),
        mind=mind,
        proofreader=_proofreader(agent, banks),
        dialogue=agent.dialogue_settings(),
        turns=settings.turns.for_language(agent.language),
        targets={
            target_id: Target(
                target_id,
                Place(target.context, target.extension or "", target.priority),
                endpoint=target.dial if target.kind == "warm" else "",
                ring_seconds=round(target.ring_seconds),
                queue=target.queue or "",
                may_wait=target.may_wait,
            )
            for target_id, target in agent.targets.items()
        },
        fallback=_place(agent.fallback),
        hints=agent.hints,
        max_call_seconds=agent.limits.max_call_seconds,
    )


def _place(fallback: Fallback | str) -> Place:
    return Place() if isinstance(fallback, str) else Place(fallback.context, fallback.extension, fallback.priority)


def _proofreader(agent: Agent, banks: Path) -> LiveProofreader:
    paths: list[Path] = []
    for name in agent.proofreading:
        path = banks / f"{name}.toml"
        if not path.is_file():
            known = nearest(name, [one.stem for one in banks.glob("*.toml")])
            message = f"there is no bank {path}.{known}"
            raise Misconfigured([Problem(f"agents/{agent.name}.toml", "proofreading", message)])
        paths.append(path)
    return LiveProofreader(paths, source=agent.name)


def rehearsed(profiles: Mapping[str, AgentProfile], rate: int) -> list[SpeechRequest]:
    """Every sentence that must sound without an engine, as it is asked for in a call."""
    return [
        SpeechRequest(text, rate, profile.voice.language, profile.voice.name, profile.voice.speed)
        for profile in profiles.values()
        for text in profile.dialogue.phrases.rehearsed()
    ]
