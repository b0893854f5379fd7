"""The commands an integrator types, on a folder with nothing but a config."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from centralita.cli import app
from provisioning.model.loading import load_telephony
from vocabulary.errors import CentralitaError

OFFICE = """
[site]
country = "MX"
fallback = { kind = "extension", target = "200" }

[site.network]
lan_address = "192.168.1.10"
local_networks = ["192.168.1.0/24"]

[gateways.oficina]
model = "gxw4104"
ip = "192.168.1.50"
mac = "00:0b:82:aa:bb:cc"

[[gateways.oficina.dids]]
number = "+525555123401"
label = "Principal"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "telephony.toml").write_text(OFFICE, encoding="utf-8")
    return tmp_path


def run(*words: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=answers, env={"COLUMNS": "200"})


def told(*words: str) -> dict[str, object]:
    result = run(*words, "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    answer = json.loads(result.stdout)
    assert isinstance(answer, dict)
    return answer


def refused(*words: str) -> str:
    """What `main` would print as one line: the error of a command that went wrong by the user's hand."""
    result = run(*words)
    assert isinstance(result.exception, CentralitaError), result.output
    return str(result.exception)


class TestNumbers:
    def test_a_number_is_added_listed_and_removed(self, here: Path) -> None:
        run("did", "add", "+52 55 5512 3402", "--trunk", "oficina", "--agent", "clinica", "--fallback", "queue:400")
        rows = told("did", "list")["dids"]
        assert isinstance(rows, list)
        assert rows[1]["number"] == "+525555123402"
        assert (rows[1]["agent"], rows[1]["fallback"]) == ("clinica", "queue:400")
        assert rows[0]["fallback"] == "extension:200"
        run("did", "remove", "+525555123402")
        assert len(list(load_telephony(here / "telephony.toml").all_dids())) == 1

    def test_a_number_that_is_there_is_not_added_twice(self, here: Path) -> None:
        assert "is there already" in refused("did", "add", "+525555123401", "--trunk", "oficina")

    def test_a_trunk_that_is_not_there_is_named_with_the_nearest(self, here: Path) -> None:
        assert "Did you mean 'oficina'" in refused("did", "add", "+525555123402", "--trunk", "ofisina")

    def test_a_place_that_is_none_is_explained(self, here: Path) -> None:
        said = refused("did", "add", "+525555123402", "--trunk", "oficina", "--fallback", "moon:7")
        assert "extension:200" in said


class TestGateways:
    def test_the_models_say_what_nobody_has_verified(self) -> None:
        models = told("gateway", "models")["models"]
        assert isinstance(models, dict)
        assert {"gxw4104", "ht813"} <= set(models)
        assert all("unverified" in one and one["source"] for one in models.values())

    def test_the_files_hold_the_number_and_a_password_that_is_shown_nowhere(self, here: Path) -> None:
        result = run("gateway", "files", "oficina")
        assert result.exit_code == 0, result.output
        [file] = (here / "gateway-files").glob("*.xml")
        assert file.name == "cfg000b82aabbcc.xml"
        assert file.stat().st_mode & 0o777 == 0o600
        password = (here / "secrets" / "sip-oficina").read_text(encoding="utf-8").strip()
        content = file.read_text(encoding="utf-8")
        assert password in content
        assert "525555123401" in content
        assert password not in result.output

    @pytest.mark.parametrize(("language", "word"), [("es", "Contraseña"), ("en", "Password")])
    def test_the_checklist_hides_passwords_until_asked(self, here: Path, language: str, word: str) -> None:
        hidden = run("gateway", "checklist", "oficina", "--lang", language)
        shown = run("gateway", "checklist", "oficina", "--lang", language, "--show-secrets")
        password = (here / "secrets" / "sip-oficina").read_text(encoding="utf-8").strip()
        assert hidden.exit_code == shown.exit_code == 0, hidden.output
        assert password not in hidden.output
        assert password in shown.output
        assert word.lower() in shown.output.lower()
        assert "525555123401" in hidden.output

    def test_a_gateway_is_added(self, here: Path) -> None:
        assert run("gateway", "add", "almacen", "--ip", "192.168.1.51", "--model", "ht813").exit_code == 0
        assert load_telephony(here / "telephony.toml").gateways["almacen"].fxo_ports == 1


class TestTrunks:
    def test_every_fact_of_a_preset_has_a_source_and_a_date(self) -> None:
        shown = told("trunk", "presets")["presets"]
        assert isinstance(shown, dict)
        assert "telnyx" in shown
        for preset in shown.values():
            for fact in preset["facts"].values():
                assert fact["source"]
                assert fact["read_on"]

    def test_a_trunk_from_a_preset(self, here: Path) -> None:
        result = run(
            "trunk", "add", "telnyx", "--preset", "telnyx", "--user", "miempresa", "--password", "env:TELNYX_PASSWORD"
        )
        assert result.exit_code == 0, result.output
        shown = told("trunk", "list")["carriers"]
        assert isinstance(shown, dict)
        assert shown["telnyx"]["host"] == "sip.telnyx.com"
        assert shown["telnyx"]["password"] == "env:TELNYX_PASSWORD"

    def test_a_password_on_the_command_line_is_refused(self, here: Path) -> None:
        said = refused("trunk", "add", "x", "--host", "sip.example.com", "--password", "n0-se-ve")
        assert "env:NAME" in said
        assert "n0-se-ve" not in said

    def test_a_password_that_is_asked_for_is_kept_apart(self, here: Path) -> None:
        words = ("trunk", "add", "x", "--host", "sip.example.com", "--user", "u", "--password", "ask")
        assert run(*words, answers="n0-se-ve\n").exit_code == 0
        assert (here / "secrets" / "sip-x").read_text(encoding="utf-8").strip() == "n0-se-ve"
        assert "n0-se-ve" not in (here / "telephony.toml").read_text(encoding="utf-8")

    def test_a_trunk_is_removed_with_its_numbers(self, here: Path) -> None:
        assert run("trunk", "remove", "oficina").exit_code == 0
        assert list(load_telephony(here / "telephony.toml").all_dids()) == []


class TestTheConfig:
    def test_check_without_any_asterisk(self, here: Path) -> None:
        answer = told("telephony", "check", "--etc", str(here / "none"))
        assert answer["ok"] is True

    def test_a_number_without_a_fallback_forbids_everything(self, here: Path) -> None:
        config = here / "telephony.toml"
        config.write_text(OFFICE.replace('fallback = { kind = "extension", target = "200" }', ""), encoding="utf-8")
        result = run("telephony", "render")
        assert result.exit_code == 1
        assert "fallback" in result.output

    def test_what_is_rendered_shows_no_password(self, here: Path) -> None:
        answer = told("telephony", "render")
        kept = [path.read_text(encoding="utf-8").strip() for path in (here / "secrets").glob("[a-z]*")]
        assert len(kept) == 3
        text = json.dumps(answer)
        assert "centralita-oficina" in text
        assert all(password not in text for password in kept)

    def test_rendered_files_are_for_owner_and_group(self, here: Path) -> None:
        assert run("telephony", "render", "--out", "look").exit_code == 0
        modes = {path.stat().st_mode & 0o777 for path in (here / "look").rglob("*.conf")}
        assert modes == {0o640}

    def test_a_password_in_the_config_moves_out(self, here: Path) -> None:
        config = here / "telephony.toml"
        config.write_text(OFFICE.replace('ip = "192', 'password = "estaba-aqui"\nip = "192'), encoding="utf-8")
        assert told("telephony", "keep-secrets")["moved"] == ["gateways.oficina.password"]
        assert "estaba-aqui" not in config.read_text(encoding="utf-8")
        assert load_telephony(config).gateways["oficina"].password.resolve() == "estaba-aqui"

    def test_the_schema_is_printed_for_editors(self) -> None:
        answer = json.loads(run("telephony", "schema").stdout)
        assert answer["title"] == "TelephonyReceptionConfig"

    def test_new_asks_and_writes(self, here: Path) -> None:
        answers = "\n".join([
            "ES", "standalone", "carrier", "operador", "other", "192.0.2.10", "ip_auth", "203.0.113.9", "+34910123456",
            "Centralita", "n", "busy", "",
        ])  # fmt: skip
        result = run("telephony", "new", "--config", "otra.toml", "--lang", "es", answers=answers)
        assert result.exit_code == 0, result.output
        assert load_telephony(here / "otra.toml").carriers["operador"].host == "192.0.2.10"
        assert told("telephony", "check", "-c", "otra.toml", "--etc", str(here / "none"))["ok"] is True

    def test_new_does_not_overwrite(self, here: Path) -> None:
        assert "is there already" in refused("telephony", "new")


@pytest.mark.parametrize(
    "example", sorted((Path(__file__).parents[4] / "examples" / "telephony").glob("*.toml")), ids=lambda path: path.stem
)
class TestExamples:
    def test_it_is_right_where_there_is_no_asterisk_to_look_at(
        self, example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What FreePBX would bring is not called missing: nobody has looked."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TELNYX_PASSWORD", "a-Password-of-the-test")
        monkeypatch.setenv("TWILIO_PASSWORD", "a-Password-of-the-test")
        answer = told(
            "telephony", "check", "--config", str(example), "--asterisk", "none", "--etc", str(tmp_path / "no")
        )
        findings = answer["findings"]
        assert isinstance(findings, list)
        assert [one for one in findings if one["severity"] == "error"] == []
