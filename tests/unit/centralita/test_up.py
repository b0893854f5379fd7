"""`up` says at once what its processes would only die of, and which processes there are."""

from pathlib import Path

import pytest

from centralita.settings import load_settings
from centralita.up import children, supervisor_of
from vocabulary.errors import ConfigurationError

ROOT = Path(__file__).parents[3]


def settings_file(folder: Path, more: str = "") -> Path:
    path = folder / "centralita.toml"
    path.write_text(
        f'[asterisk]\nari_password = "env:ARI"\n[agents]\nfolder = "{ROOT / "agents"}"\n'
        f'[run]\nstate_folder = "{folder / "run"}"\n{more}',
        encoding="utf-8",
    )
    return path


@pytest.fixture(autouse=True)
def ari(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARI", "a-secret")


def names(path: Path) -> list[str]:
    return [child.name for child in children(load_settings(path), path)]


def test_who_works_and_who_comes_last(tmp_path: Path) -> None:
    assert names(settings_file(tmp_path)) == ["guard", "speech", "calls", "worker"]
    assert names(settings_file(tmp_path, "[offline]\nworker = false\n")) == ["guard", "speech", "calls"]
    assert names(settings_file(tmp_path, "[agi]\nenabled = true\n"))[-1] == "agi"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[storage]\nbackend = "both"\n', "S3_BUCKET"),
        ('[storage]\nmaster_key = "env:NOT_THERE"\n', "NOT_THERE"),
        ("[offline]\nworker = false\n", None),
    ],
)
def test_what_the_worker_would_die_of_is_said_before(tmp_path: Path, more: str, told: str | None) -> None:
    path = settings_file(tmp_path, more)
    if told is None:
        supervisor_of(load_settings(path), path)
        return
    with pytest.raises(ConfigurationError, match=told):
        supervisor_of(load_settings(path), path)
