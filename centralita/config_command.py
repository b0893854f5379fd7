"""`centralita config check | show`: are the settings right, and what are they."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from centralita.agents import Agent, configured_agents
from centralita.command_line import AsJson, SettingsPath
from centralita.settings import Settings, load_settings, settings_file
from vocabulary.problems import Misconfigured, Problem

config_app = typer.Typer(help="Settings and agents: are they right, and what are they.", no_args_is_help=True)


@config_app.command("check")
def check(settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Read settings and agents, and say what is wrong in them; exit code 1 when something is."""
    problems: Sequence[Problem] = ()
    agents: Mapping[str, Agent] = {}
    try:
        agents = configured_agents(load_settings(settings))
    except Misconfigured as exc:
        problems = exc.problems
    source = settings_file(settings, os.environ)
    if as_json:
        report = {
            "ok": not problems,
            "settings_file": str(source) if source else None,
            "agents": sorted(agents),
            "problems": [problem.as_json() for problem in problems],
        }
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(str(problem), err=True)
        if not problems:
            typer.echo(f"{source or 'defaults, no settings file'}: all is well; agents: {', '.join(sorted(agents))}")
    if problems:
        raise typer.Exit(1)


@config_app.command("show")
def show(settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Print every setting with its value, as a settings file; secrets are shown as where they are kept."""
    try:
        loaded = load_settings(settings)
    except Misconfigured as exc:
        for problem in exc.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(1) from exc
    if as_json:
        typer.echo(loaded.model_dump_json())
    else:
        typer.echo(as_toml(loaded))


def as_toml(settings: Settings) -> str:
    """Return the settings as a file that `load_settings` reads again; what has no value is a comment."""
    lines: list[str] = []
    for section, values in settings.model_dump(mode="json").items():
        lines += [f"[{section}]", *_lines_of(values), ""]
    return "\n".join(lines).rstrip()


def _lines_of(values: Mapping[str, Any]) -> list[str]:
    return [f"# {key} =" if value is None else f"{key} = {_toml(value)}" for key, value in values.items()]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    # JSON writes texts, numbers, truths and lists of them as TOML does.
    return json.dumps(value, ensure_ascii=False)
