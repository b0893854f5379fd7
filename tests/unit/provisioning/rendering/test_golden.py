"""What is written, to be read by people: `python -m tests.unit.provisioning.rendering.test_golden` writes it anew."""

import json
from pathlib import Path

import pytest

from provisioning.asterisk_conf.checks import check_tree
from provisioning.asterisk_conf.schema import shipped_schema
from provisioning.finding import has_errors
from provisioning.model.loading import parse_telephony
from provisioning.rendered import with_block
from provisioning.rendering import render
from tests.unit.provisioning.rendering.cases import CASES, FACTS, office, secrets_of

GOLDEN = Path(__file__).parent / "golden"
FREEPBX = {
    "pjsip.conf": "[global]\ntype=global\n#include pjsip_custom.conf\n[0.0.0.0-udp]\ntype=transport\nprotocol=udp\n"
    "bind=0.0.0.0:5060\n",
    "extensions.conf": "#include extensions_custom.conf\n",
    "ari.conf": "[general]\nenabled=yes\n#include ari_additional_custom.conf\n",
    "manager.conf": "[general]\nenabled=yes\n#include manager_custom.conf\n",
    "logger.conf": "[general]\n[logfiles]\n#include logger_logfiles_custom.conf\n",
}


def files_of(name: str) -> dict[str, str]:
    """The rendered files and the list of includes, by name below the case's folder."""
    config = office(name)
    rendered = render(config, secrets_of(config), FACTS)
    includes = json.dumps({host: list(ours) for host, ours in sorted(rendered.includes.items())}, indent=1)
    return {path.rpartition("/")[2]: text for path, text in rendered.files.items()} | {"includes.json": includes + "\n"}


@pytest.mark.parametrize("name", CASES)
def test_the_files_are_as_they_were(name: str) -> None:
    kept = {path.name: path.read_text("utf-8") for path in (GOLDEN / name).iterdir()}
    assert files_of(name) == kept


@pytest.mark.parametrize("name", CASES)
def test_the_order_in_which_things_are_written_down_changes_nothing(name: str) -> None:
    data = json.loads(json.dumps(CASES[name]))
    for table in ("gateways", "carriers"):
        for trunk in data.get(table, {}).values():
            trunk["dids"].reverse()
            trunk.get("signalling", []).reverse()
    data.get("fxo_gateway", {"dids": []})["dids"].reverse()
    upside_down = parse_telephony({key: data[key] for key in reversed(data)})
    assert render(upside_down, secrets_of(upside_down), FACTS).files == render(office(name), secrets_of(office(name)),
                                                                               FACTS).files  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_offline_check_finds_no_error(name: str) -> None:
    config = office(name)
    rendered = render(config, secrets_of(config), FACTS)
    files = dict(FREEPBX) if config.site.pbx == "freepbx" else {}
    if config.site.pbx == "freepbx":
        files["extensions.conf"] += "".join(
            f"[{context}]\nexten => _.,1,Hangup()\n"
            for context in ("from-did-direct", "ext-queues", "ext-group", "ext-local")
        )
    else:
        files["pjsip.conf"] = "[200]\ntype=endpoint\naors=200\n[200]\ntype=aor\n"
    for host, ours in rendered.includes.items():
        files[host] = with_block(files.get(host, ""), ours)
    schema, _ = shipped_schema(22)
    findings = check_tree({**files, **rendered.files}, schema, frozenset(rendered.files))
    assert not has_errors(findings), "\n".join(str(one) for one in findings)


if __name__ == "__main__":
    for case in CASES:
        folder = GOLDEN / case
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for file, text in files_of(case).items():
            (folder / file).write_text(text, "utf-8")
