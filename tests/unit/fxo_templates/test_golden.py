"""Whole files, byte for byte: a change of any value has to be looked at by a person.

`REGEN_GOLDEN=1 pytest tests/unit/fxo_templates/test_golden.py` writes them anew.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fxo_templates.device import Device, HangUpSignals, Line, checklist_markdown, produce
from tests.unit.fxo_templates.sample_device import FILE_MODELS, HAND_MODELS, device

GOLDEN = Path(__file__).parent / "golden"


def office(model: str) -> Device:
    """Return a Mexican office that registers: the shape most customers have."""
    ports = 1 if model in ("ht813", "ht503", "spa3102", "spa232d", "obi110", "obi212") else 2
    return device(model, "MX", lines=ports)


def branch(model: str) -> Device:
    """Return a Spanish branch: each line with its account, numbers with +, P-Asserted-Identity, gains, fax."""
    encrypted = model not in ("gxw4104", "gxw4108", "spa3102", "obi110")
    tls = encrypted or model in ("spa3102", "obi110")
    return replace(
        device(model, "ES"),
        gateway_id="sucursal",
        mac="",
        transport="tls" if tls else "tcp",
        srtp=encrypted,
        pbx_port=5061 if tls else 5060,
        lines=(Line(1, "+34912345678", "linea1", "Uno11111"),),
        codecs=("alaw", "ulaw", "g729"),
        caller_id_header="pai",
        did_style="e164",
        hang_up=HangUpSignals(polarity_reversal=True, silence_seconds=180),
        rings=3,
        fax=True,
        gain_from_line_db=2,
        gain_to_line_db=-4,
        provisioning_url="http://192.168.1.10:8088/prov/3f9c",
    )


def compare(name: str, content: bytes) -> None:
    path = GOLDEN / name
    if os.environ.get("REGEN_GOLDEN"):
        path.write_bytes(content)
    assert content == path.read_bytes(), f"{name} has changed: look at it, then run with REGEN_GOLDEN=1"


@pytest.mark.parametrize("customer", ["office", "branch"])
@pytest.mark.parametrize("model", FILE_MODELS)
def test_files(model: str, customer: str) -> None:
    (file,) = produce(office(model) if customer == "office" else branch(model)).files
    compare(f"{model}.{customer}.{file.name.rpartition('.')[2]}", file.content)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("model", ["gxw4104", "ht813", "spa3102", "yeastar-ta410", "dinstar", "sangoma-vega", "other"])
def test_checklists(model: str, language: str) -> None:
    page = checklist_markdown(office(model), "es" if language == "es" else "en")
    compare(f"{model}.office.{language}.md", page.encode())


@pytest.mark.parametrize("model", FILE_MODELS)
def test_the_same_device_gives_the_same_bytes(model: str) -> None:
    assert [file.content for file in produce(office(model)).files] == [
        file.content for file in produce(office(model)).files
    ]


@pytest.mark.parametrize("model", HAND_MODELS)
def test_a_device_set_up_by_hand_has_no_file(model: str) -> None:
    assert produce(office(model)).files == ()
