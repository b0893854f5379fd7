"""Settings: what is written, what is refused, and what a person is told about it."""

import dataclasses
import re
from pathlib import Path

import pytest

from centralita.secret import kept_token
from centralita.settings import ALIASES, Settings, TurnsSettings, load_settings
from conversation.turn_settings import TurnSettings
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured
from vocabulary.secret import SecretRef

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str) -> Path:
    path = folder / "centralita.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path | None, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load_settings(path, environment or {})
    return [str(problem) for problem in caught.value.problems]


def keys() -> list[str]:
    sections = {section: getattr(Settings(), section) for section in Settings.model_fields}
    return [f"{name}.{key}" for name, section in sections.items() for key in type(section).model_fields]


def test_an_empty_file_is_enough(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, ""), {})
    assert settings.asterisk.app == "centralita"
    assert settings.storage.local_path == tmp_path / "data" / "recordings"


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[asterisk]\nari_user = "ann"\napp = "a"\n[storage]\nlocal_path = "/x"')
    environment = {
        "CENTRALITA_ASTERISK__ARI_USER": "bob",
        "STORAGE_LOCAL_PATH": "recordings",
        "CENTRALITA_AGENTS__BY_DID": '{"900": "clinica"}',
        "CENTRALITA_RUN__LOG_LEVEL": "WARNING",
        "LLM_PROVIDER": "script",
    }
    settings = load_settings(path, environment)
    assert (settings.asterisk.ari_user, settings.asterisk.app) == ("bob", "a")
    assert settings.storage.local_path == tmp_path / "recordings"
    assert settings.agents.by_did == {"900": "clinica"}
    assert settings.run.log_level == "warning"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[audio_socket]\nrate = 16000")
    assert load_settings(None, {"CENTRALITA_CONFIG": str(path)}).audio_socket.rate == 16000


def test_a_missing_file_is_no_empty_file(tmp_path: Path) -> None:
    assert "no such file" in problems(tmp_path / "nowhere.toml")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[asterisk]\nari_ulr = "http://x"', "asterisk.ari_ulr: is not known. Did you mean 'ari_url'?"),
        ("[astersik]", "astersik: is not known. Did you mean 'asterisk'?"),
        ("[audio_socket]\nrate = 44100", "audio_socket.rate: Input should be 8000 or 16000"),
        ('[asterisk]\nari_url = "127.0.0.1"', "asterisk.ari_url: "),
        ("[turns]\nbase_silence_seconds = 0.01", "turns.base_silence_seconds: must be at least 0.1"),
        ("[turns", "is not valid TOML"),
        ('[asterisk]\nari_password = "hunter2"', "asterisk.ari_password: a secret is not written here"),
    ],
)
def test_what_is_wrong_is_named_with_the_file_and_the_way_out(tmp_path: Path, text: str, told: str) -> None:
    (problem,) = problems(written(tmp_path, text))
    assert str(tmp_path / "centralita.toml") in problem
    assert told in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("CENTRALITA_ASTERISK__ARI_ULR", "Did you mean 'ari_url'?"),
        ("CENTRALITA_ASTERIKS__ARI_URL", "Did you mean 'asterisk'?"),
        ("CENTRALITA_ASTERISK_ARI_URL", "CENTRALITA_ASTERISK__ARI_URL"),
        ("LLM_PROVIDER", "mind.provider"),
    ],
)
def test_wrong_variables_are_refused_by_name(tmp_path: Path, variable: str, told: str) -> None:
    (problem,) = problems(written(tmp_path, ""), {variable: "x"})
    assert problem.startswith(variable)
    assert told in problem


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "[asterisk]\na = 1\n[run]\nb = 2")
    assert len(problems(path, {"CENTRALITA_X__Y": "1"})) == 3


def test_secrets_are_looked_up_late_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ari.secret").write_text("hunter2\n", encoding="utf-8")
    path = written(tmp_path, '[asterisk]\nari_password = "file:ari.secret"\n[events]\ntoken = "env:CENTRALITA_TOKEN"')
    settings = load_settings(path, {"CENTRALITA_TOKEN": "t"})
    assert settings.asterisk.ari_password.resolve() == "hunter2"
    assert "hunter2" not in repr(settings) + settings.model_dump_json()
    assert settings.events.token is not None
    monkeypatch.delenv("CENTRALITA_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="set the environment variable CENTRALITA_TOKEN"):
        settings.events.token.resolve()
    monkeypatch.setenv("CENTRALITA_TOKEN", "t")
    assert settings.events.token.resolve() == "t"


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        SecretRef("file:nowhere", tmp_path).resolve()
    (tmp_path / "empty").touch()
    with pytest.raises(ConfigurationError, match="is empty"):
        SecretRef("file:empty", tmp_path).resolve()


def test_a_token_is_made_once_for_our_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "run" / "events.token"
    token = kept_token(path)
    assert len(token) > 30
    assert kept_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600


def test_turns_mirror_the_turn_machine() -> None:
    theirs = {field.name: field.default for field in dataclasses.fields(TurnSettings) if field.name != "language"}
    assert TurnsSettings().model_dump() == theirs
    assert TurnsSettings().for_language("en") == TurnSettings(language="en")


@pytest.mark.parametrize("key", [*keys(), *ALIASES])
def test_every_setting_is_explained(key: str) -> None:
    explained = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    section, _, name = key.rpartition(".")
    if not section:
        assert f"`{key}`" in explained
        return
    table = explained.partition(f"## [{section}]")[2].partition("\n## ")[0]
    assert re.search(rf"^\| `{name}` \|", table, re.MULTILINE), f"docs/settings.md does not explain {key}"


def test_defaults_explained_are_the_real_ones() -> None:
    explained = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    shown = dict(
        re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", explained.partition("## [turns]")[2].partition("\n## ")[0], re.M)
    )
    assert {key: float(value) for key, value in shown.items()} == TurnsSettings().model_dump()


def test_nothing_explained_has_gone() -> None:
    explained = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## \[(\w+)\]\n(.*?)(?=^## |\Z)", explained, re.MULTILINE | re.DOTALL)
    told = {
        f"{section}.{key}" for section, text in sections for key in re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    }
    assert told == set(keys())
