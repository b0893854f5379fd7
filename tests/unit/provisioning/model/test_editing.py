"""Changes to the file: a person's comments stay, and what would not load is not written."""

from pathlib import Path

import pytest

from provisioning.model.editing import ConfigFile
from provisioning.model.loading import load_telephony
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured

FILE = """# Our office. Ask Lucía before you change the fallback.
[site]
country = "MX"          # never guessed
fallback = { kind = "extension", target = "200" }

[gateways.oficina]
ip = "192.168.1.50"

[[gateways.oficina.dids]]
number = "+525555123401"  # painted on the van
label = "Principal"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "telephony.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_nothing_changed_is_nothing_written_differently(path: Path) -> None:
    ConfigFile.open(path).save()
    assert path.read_text(encoding="utf-8") == FILE


def test_a_number_is_added_below_the_others_and_every_comment_stays(path: Path) -> None:
    file = ConfigFile.open(path)
    file.add_did("gateways.oficina", {"number": "+525555123402", "fallback": {"kind": "busy"}})
    file.save()
    text = path.read_text(encoding="utf-8")
    assert text.startswith(FILE)
    assert [did.number for did in load_telephony(path).gateways["oficina"].dids] == ["+525555123401", "+525555123402"]


def test_adding_and_removing_leaves_the_same_config(path: Path) -> None:
    before = load_telephony(path)
    file = ConfigFile.open(path)
    file.add_did("gateways.oficina", {"number": "+525555123402"})
    file.add_table("carriers.telnyx", {"host": "sip.telnyx.com", "user": "x"})
    file.save()
    file = ConfigFile.open(path)
    file.remove_did("gateways.oficina", 1)
    file.remove_table("carriers.telnyx")
    file.save()
    assert load_telephony(path) == before
    assert "# painted on the van" in path.read_text(encoding="utf-8")


def test_the_last_number_can_go_and_another_come(path: Path) -> None:
    file = ConfigFile.open(path)
    file.remove_did("gateways.oficina", 0)
    assert file.save().gateways["oficina"].dids == ()
    file.add_did("gateways.oficina", {"number": "+525555123409"})
    assert [did.number for did in file.save().gateways["oficina"].dids] == ["+525555123409"]


def test_a_list_written_on_one_line_takes_a_number_too(path: Path) -> None:
    path.write_text('[carriers.x]\nhost = "sip.example.com"\ndids = [{ number = "+34910123456" }]\n', encoding="utf-8")
    file = ConfigFile.open(path)
    file.add_did("carriers.x", {"number": "+34910123457", "label": "Dos"})
    assert [did.number for did in file.save().carriers["x"].dids] == ["+34910123456", "+34910123457"]


def test_what_would_not_load_is_not_written(path: Path) -> None:
    file = ConfigFile.open(path)
    file.add_did("gateways.oficina", {"number": "55 1234"})
    with pytest.raises(Misconfigured, match=r"gateways\.oficina\.dids\.1\.number"):
        file.save()
    assert path.read_text(encoding="utf-8") == FILE
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_a_new_file_is_for_its_owner_and_group(tmp_path: Path) -> None:
    file = ConfigFile.open(tmp_path / "new" / "telephony.toml")
    file.add_table("site", {"country": "ES"})
    file.put("site.network.lan_address", "192.168.0.10")
    file.save()
    assert file.path.stat().st_mode & 0o777 == 0o640
    assert load_telephony(file.path).site.network.lan_address == "192.168.0.10"


def test_a_table_that_is_there_is_not_overwritten(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gateways\.oficina is there already"):
        ConfigFile.open(path).add_table("gateways.oficina", {})


def test_json_is_left_to_programs(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="write TOML only"):
        ConfigFile.open(tmp_path / "telephony.json")
