"""`centralita blocklist` and the lines of `centralita pbx watch`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ari_app.ami_calls import CallOver, Dialled
from ari_app.ami_fields import DeviceState
from ari_app.ami_queues import Member, Queue
from ari_app.ami_state import Change, DeviceChanged, Lost, Missed, QueueChanged, Synced
from centralita.pbx_command import as_json_object, as_line, blocklist_app, pbx_app


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "blocklist.toml"
    path.write_text("# quién no\n", "utf-8")
    return path


def blocklist(path: Path, *words: str) -> Result:
    return CliRunner().invoke(blocklist_app, [*words, "--blocklist", str(path)])


def test_a_pest_is_added_found_and_removed(path: Path) -> None:
    assert blocklist(path, "add", "600 111 222", "--reason", "insulta", "--until", "2999-12-31").exit_code == 0
    assert blocklist(path, "add", "+34807*").exit_code == 0
    assert path.read_text("utf-8").startswith("# quién no")
    listed = blocklist(path, "list")
    assert "+34600111222" in listed.output
    assert "2999-12-31" in listed.output
    shown = json.loads(blocklist(path, "list", "--json").output)
    assert [rule["number"] or rule["prefix"] for rule in shown["block"]] == ["+34600111222", "+34807"]

    found = blocklist(path, "check", "0034600111222", "--json")
    assert found.exit_code == 1
    assert json.loads(found.output) == {"verdict": "blocked", "number": "+34600111222", "reason": "insulta"}
    assert blocklist(path, "check", "807123123").exit_code == 1
    assert blocklist(path, "check", "600111333").exit_code == 0
    assert "unknown" in blocklist(path, "check", "").output

    assert blocklist(path, "remove", "600111222").exit_code == 0
    assert blocklist(path, "check", "600111222").exit_code == 0
    again = blocklist(path, "remove", "600111222")
    assert again.exit_code == 1
    assert "is not on the list" in again.output


def test_adding_twice_replaces(path: Path) -> None:
    blocklist(path, "add", "600111222")
    assert "replaced" in blocklist(path, "add", "600111222", "--reason", "otra vez").output
    assert path.read_text("utf-8").count("+34600111222") == 1


@pytest.mark.parametrize(("number", "told"), [("hola", "is no telephone number"), ("807*", "write the prefix with +")])
def test_what_is_no_number_is_refused_with_a_way_out(path: Path, number: str, told: str) -> None:
    refused = blocklist(path, "add", number)
    assert refused.exit_code == 1
    assert told in refused.output
    assert path.read_text("utf-8") == "# quién no\n"


def test_a_broken_list_is_told_and_left_alone(path: Path) -> None:
    path.write_text("default_country = 'XX'\n", "utf-8")
    for words in (["list"], ["add", "600111222"], ["check", "600111222"]):
        told = blocklist(path, *words)
        assert told.exit_code in (1, 2)
        assert "blocklist.toml:1: default_country" in told.output
    assert path.read_text("utf-8") == "default_country = 'XX'\n"


def test_a_password_on_the_command_line_is_refused_and_not_repeated() -> None:
    told = CliRunner().invoke(pbx_app, ["devices", "--password", "hunter2"])
    assert told.exit_code == 1
    assert "env:NAME" in told.output
    assert "hunter2" not in told.output


QUEUE = Queue("ventas", "ringall", members=(Member("PJSIP/200", "Ana", DeviceState.NOT_INUSE),))
OVER = CallOver("1", "PJSIP/x-1", "+34600", 17, "User busy", "callee", (Dialled("PJSIP/200", "BUSY"),))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (DeviceChanged("PJSIP/200", DeviceState.UNAVAILABLE, None), "device  PJSIP/200: not there"),
        (QueueChanged(QUEUE), "queue   ventas: 1 of 1 free, 0 waiting"),
        (OVER, "call    +34600: over, cause 17 User busy, BUSY, by callee"),
        (Synced(1, 2, 3), "synced  1 devices, 2 queues, 3 calls"),
        (Lost("no answer"), "lost    no answer; trying again"),
        (Missed(3), "missed  3 changes"),
    ],
)
def test_every_change_has_a_line_and_an_object(change: Change, line: str) -> None:
    assert as_line(change) == line
    told = json.loads(json.dumps(as_json_object(change)))
    assert isinstance(told["type"], str)
