"""`centralita config`: what people and programs are told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from centralita.config_command import as_toml, config_app
from centralita.settings import load_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "centralita.toml"
    path.write_text(f'[agents]\nfolder = "{ROOT / "agents"}"\nby_did = {{ "900" = "clinica" }}', encoding="utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "centralita.toml"
    path.write_text("[asterisk]\nari_ulr = 1", encoding="utf-8")
    return path


def test_check_is_content(good: Path) -> None:
    result = CliRunner().invoke(config_app, ["check", "--settings", str(good)])
    assert result.exit_code == 0
    assert "agents: clinica, support_en, telecom" in result.output


def test_check_names_what_is_wrong(bad: Path) -> None:
    result = CliRunner().invoke(config_app, ["check", "--settings", str(bad)])
    assert result.exit_code == 1
    assert "Did you mean 'ari_url'?" in result.output


def test_check_speaks_json(good: Path, bad: Path) -> None:
    result = CliRunner().invoke(config_app, ["check", "--settings", str(bad), "--json"])
    assert result.exit_code == 1
    report = json.loads(result.output.splitlines()[-1])
    assert report["ok"] is False
    assert report["problems"][0]["key"] == "asterisk.ari_ulr"


def test_show_prints_a_file_that_means_the_same(good: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(config_app, ["show", "--settings", str(good)])
    assert result.exit_code == 0
    again = tmp_path / "again.toml"
    again.write_text(result.output, encoding="utf-8")
    assert load_settings(again, {}).model_dump() == load_settings(good, {}).model_dump()
    assert as_toml(load_settings(again, {})) == result.output.strip()


def test_show_speaks_json(good: Path) -> None:
    result = CliRunner().invoke(config_app, ["show", "--settings", str(good), "--json"])
    shown = json.loads(result.output)
    assert shown["asterisk"]["ari_password"] == "env:CENTRALITA_ARI_PASSWORD"


def test_show_refuses_what_check_refuses(bad: Path) -> None:
    assert CliRunner().invoke(config_app, ["show", "--settings", str(bad)]).exit_code == 1
