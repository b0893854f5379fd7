"""A first config from a few answers: what the owner says is what the file says."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from centralita.telephony.interview import FirstConfig, Language, first_config
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.editing import ConfigFile


class Answers:
    """A person with a list of answers; a refused answer is followed by the next one."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.refusals: list[str] = []
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)

    def ask(self, text: str, default: str = "", check: Callable[[str], str] | None = None) -> str:
        self.heard.append(text)
        while True:
            answer = self._answers.pop(0) or default
            if check is None:
                return answer
            try:
                return check(answer)
            except ValueError as refusal:
                self.refusals.append(str(refusal))

    def choose(self, text: str, choices: Sequence[tuple[str, str]], default: str) -> str:
        self.heard.append(text)
        answer = self._answers.pop(0) or default
        assert answer in [key for key, _ in choices]
        return answer

    def confirm(self, text: str, default: bool) -> bool:
        self.heard.append(text)
        return self._answers.pop(0) == "yes"

    @property
    def are_used_up(self) -> bool:
        return not self._answers


def written(first: FirstConfig, folder: Path) -> TelephonyReceptionConfig:
    file = ConfigFile.open(folder / "telephony.toml")
    for key, values in first.tables.items():
        file.add_table(key, values)
    for key, dids in first.dids.items():
        for did in dids:
            file.add_did(key, did)
    return file.save()


def test_an_office_with_a_gateway(tmp_path: Path) -> None:
    person = Answers(
        "mx", "standalone", "gateway", "Oficina Centro", "gxw4104", "192.168.1.50", "4", "00:0b:82:aa:bb:cc",
        "192.168.1.10", "192.168.1.0/24", "+525555123401", "Principal", "yes", "5555", "+525555123402", "", "no",
        "extension", "200",
    )  # fmt: skip
    config = written(first_config(person, "es"), tmp_path)
    gateway = config.gateways["oficina-centro"]
    assert person.are_used_up
    assert (gateway.model, gateway.ip, gateway.fxo_ports, gateway.mac) == (
        "gxw4104", "192.168.1.50", 4, "000b82aabbcc",
    )  # fmt: skip
    assert [did.number for did in gateway.dids] == ["+525555123401", "+525555123402"]
    assert (config.site.country, config.site.network.lan_address) == ("MX", "192.168.1.10")
    assert config.site.fallback is not None
    assert config.site.fallback.target == "200"


def test_a_number_without_its_country_is_asked_again_with_the_reason() -> None:
    person = Answers(
        "MX", "freepbx", "gateway", "x", "ht813", "192.168.1.50", "1", "", "192.168.1.10", "192.168.1.0/24",
        "5555123401", "+525555123401", "", "busy",
    )  # fmt: skip
    first_config(person, "es")
    assert any("must begin with +" in refusal for refusal in person.refusals)


def test_a_trunk_whose_password_goes_into_the_store_and_not_into_the_file(tmp_path: Path) -> None:
    person = Answers(
        "ES", "freepbx", "carrier", "operador", "other", "sip.example.com", "register", "miempresa", "cl4ve-larga",
        "203.0.113.7", "+34910123456", "", "no", "queue", "400",
    )  # fmt: skip
    first = first_config(person, "es")
    config = written(first, tmp_path)
    assert first.passwords == {"sip-operador": "cl4ve-larga"}
    assert "cl4ve-larga" not in (tmp_path / "telephony.toml").read_text(encoding="utf-8")
    assert "cl4ve-larga" not in repr(first)
    assert config.carriers["operador"].password.shown() == "file:secrets/sip-operador"
    assert config.site.network.transports.udp == "0.0.0.0-udp"


@pytest.mark.parametrize(("language", "words"), [("es", "¿En qué país"), ("en", "In which country")])
def test_it_speaks_the_persons_language(language: Language, words: str) -> None:
    person = Answers(
        "ES", "standalone", "carrier", "x", "other", "192.0.2.1", "ip_auth", "", "+34910123456", "", "no", "busy"
    )
    first_config(person, language)
    assert any(text.startswith(words) for text in person.heard)
