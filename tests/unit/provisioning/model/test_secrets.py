"""Passwords: looked up or made, kept where only we may read, and shown nowhere."""

import logging
import stat
from pathlib import Path

import pytest

from provisioning.model.loading import parse_telephony
from provisioning.model.passwords import Password
from provisioning.model.secrets import SecretStore, admin_secret, gathered, sip_secret
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured

PLAIN = "n0-se-lo-digas"
INSIDE = {"carriers": {"x": {"host": "sip.example.com", "user": "u", "password": PLAIN}}}


def test_a_password_in_the_config_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    config = parse_telephony(INSIDE)
    logging.getLogger("test").warning("%s %r", config, config)
    everything = [repr(config), str(config), config.model_dump_json(), str(config.model_dump()), caplog.text]
    assert all(PLAIN not in text for text in everything)
    assert config.carriers["x"].password.resolve() == PLAIN


def test_what_was_printed_masked_is_not_taken_for_a_password() -> None:
    masked = parse_telephony(INSIDE).model_dump(mode="json")
    with pytest.raises(Misconfigured, match=r"carriers\.x\.password: .* stands for a password that was not printed"):
        parse_telephony(masked)


def test_a_reference_is_kept_as_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse_telephony({"carriers": {"x": {"password": "env:TRUNK_PASSWORD"}}})
    monkeypatch.setenv("TRUNK_PASSWORD", PLAIN)
    assert config.model_dump()["carriers"]["x"]["password"] == "env:TRUNK_PASSWORD"
    assert config.carriers["x"].password.resolve() == PLAIN


def test_a_file_is_relative_to_the_config(tmp_path: Path) -> None:
    (tmp_path / "trunk").write_text(PLAIN + "\n", encoding="utf-8")
    config = parse_telephony({"carriers": {"x": {"password": "file:trunk"}}}, folder=tmp_path)
    assert config.carriers["x"].password.resolve() == PLAIN


def test_a_registering_gateway_gets_a_password_and_keeps_it(tmp_path: Path) -> None:
    config = parse_telephony({"gateways": {"oficina": {"ip": "192.168.1.50"}}})
    store = SecretStore(tmp_path / "secrets")
    first, second = gathered(config, store), gathered(config, store)
    assert first == second
    assert len(first[sip_secret("oficina")]) == 24
    assert first[sip_secret("oficina")].isalnum()
    assert first[admin_secret("oficina")] != first[sip_secret("oficina")]


def test_a_gateway_known_by_its_address_needs_none(tmp_path: Path) -> None:
    config = parse_telephony({"gateways": {"oficina": {"ip": "192.168.1.50", "attach": "ip"}}})
    assert sip_secret("oficina") not in gathered(config, SecretStore(tmp_path))


def test_kept_passwords_are_for_our_eyes_only_and_not_for_git(tmp_path: Path) -> None:
    store = SecretStore(tmp_path / "secrets")
    store.keep("sip-x", PLAIN)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "sip-x").stat().st_mode) == 0o600
    assert (tmp_path / "secrets" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_secret_that_is_not_there_is_named_by_its_key(tmp_path: Path) -> None:
    config = parse_telephony({"carriers": {"x": {"password": "env:NOT_SET_ANYWHERE"}}})
    with pytest.raises(ConfigurationError, match=r"carriers\.x\.password: .*NOT_SET_ANYWHERE"):
        gathered(config, SecretStore(tmp_path))


def test_a_secret_that_would_break_out_of_its_line_is_refused_when_it_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "trunk").write_text("one\n[other]\ntype=endpoint\n", encoding="utf-8")
    config = parse_telephony({"carriers": {"x": {"password": "file:trunk"}}}, folder=tmp_path)
    with pytest.raises(ConfigurationError, match=r"carriers\.x\.password: a password holds"):
        gathered(config, SecretStore(tmp_path / "secrets"))


@pytest.mark.parametrize("name", ["../x", "X", "", "a b"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a password"):
        SecretStore(tmp_path).read(name)


def test_no_password_is_no_password() -> None:
    assert not Password()
    assert Password.parse("") == Password()
    assert Password.parse("env:X")
