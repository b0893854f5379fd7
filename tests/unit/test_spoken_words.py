"""The net must hold fish: whichever way a leak is written, it is seen."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.spoken_words import distinctive, leaked

SAID = ["me llamo Filomena Gómez", "mi teléfono es el 654 321 987", "quiero cancelar"]
WORDS = distinctive(SAID) | {"654321987"}
REPO = Path(__file__).resolve().parents[2]
CLEAN = [
    '12:00:01.000 INFO    ari_app.call_records: call ended call_id="20260120T101500-ab12" agent="telecom" turns=7',
    "12:00:01.000 DEBUG   engines.speech.client: speech connected",
    "channel 1700000000.654321 is gone",
]


@pytest.mark.parametrize("line", CLEAN)
def test_a_line_without_anybodys_words_is_clean(line: str) -> None:
    assert leaked(line, WORDS) == []


LEAKS = {
    "a message": 'logging.getLogger("ari_app.call").info("heard me llamo Filomena")',
    "a message's argument": 'logging.getLogger("ari_app.call").warning("heard %s", "quiero CANCELAR")',
    "a field": 'logging.getLogger("ari_app.call").debug("turn", extra={"text": "Gómez"})',
    "a field in a list": 'logging.getLogger("offline.x").info("turn", extra={"words": [{"text": "filomena"}]})',
    "a number": 'logging.getLogger("ari_app.call").info("number 654-321-987")',
    "a longer number": 'logging.getLogger("ari_app.call").info("x", extra={"number": "+34654321987"})',
    "print": 'print("he said Gomez")',
    "standard error": 'import sys; sys.stderr.write("cancelar")',
    "our own error": 'from vocabulary.errors import CentralitaError; raise CentralitaError("no Filomena here")',
    "json": 'import json; print(json.dumps({"text": "teléfono"}))',
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_seen_however_it_is_written(leak: str) -> None:
    program = f'from centralita.logs import set_up_logging\nset_up_logging("debug")\nimport logging\n{LEAKS[leak]}\n'
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPO, check=False)
    assert leaked(done.stdout + done.stderr, WORDS), "a test that cannot fail proves nothing"


HELD_BACK = {
    "a foreign error": 'raise ValueError("me llamo Filomena")',
    "a foreign error's cause": "\n".join(
        ["try:", '    {}["Gómez"]', "except KeyError as error:", '    raise RuntimeError("cancelar") from error']
    ),
    "a library at debug": 'logging.getLogger("aiosqlite").debug("INSERT INTO turns %s", "Filomena")',
    "a hidden field": 'logging.getLogger("ari_app").warning("x", extra={"pii.caller": "654321987"})',
    "a logged error": "\n".join(
        ["try:", '    int("Filomena")', "except ValueError:", '    logging.getLogger("ari_app").exception("failed")']
    ),
}


@pytest.mark.parametrize("slip", HELD_BACK)
def test_what_slips_is_held_back(slip: str) -> None:
    program = (
        f'from centralita.logs import set_up_logging\nset_up_logging("debug")\nimport logging\n{HELD_BACK[slip]}\n'
    )
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, cwd=REPO, check=False)
    assert leaked(done.stdout + done.stderr, WORDS) == []
