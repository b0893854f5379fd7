"""The whole second listening over real sound: a synthetic caller who was misheard is heard better the second time."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from centralita.batch_command import batch_app
from offline.testing.random_whisper import make_random_whisper
from tests.loopback.batch_calls import RATE, Calls, Samples
from training.tiny.espeak import Voice, speak

SAID = "hola quiero saber el saldo de mi cuenta"
MISHEARD = "ola quiero el salto de cuesta"


@pytest.fixture(scope="module")
def speech() -> Samples:
    """The caller, from the first second on."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        spoken = pool.submit(speak, SAID, Voice("es+m3")).result()
    samples = np.asarray(spoken * 12000 / np.abs(spoken).max(), np.int16)
    return np.concatenate([np.zeros(RATE, np.int16), samples, np.zeros(2 * RATE, np.int16)])


@pytest.fixture
def calls(tmp_path: Path, speech: Samples) -> Calls:
    made = Calls(tmp_path)
    made.add("uno", MISHEARD, confidence=0.3, sound=speech)
    return made


def batch(calls: Calls, *words: str) -> dict[str, Any]:
    result = CliRunner().invoke(batch_app, [*words, "--settings", str(calls.settings), "--json"])
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_a_caller_who_was_misheard_is_heard_the_second_time(calls: Calls) -> None:
    assert batch(calls, "unprocessed")["retranscribed"] == 1
    transcription = calls.metadata("uno")["transcription"]
    assert transcription["text"] == SAID
    assert transcription["is_retranscribed"] is True
    assert transcription["engine"].startswith("tiny-")
    assert transcription["estimated_wer"] < 0.2 < transcription["first_wer"]
    assert calls.metadata("uno")["analysis"]["intent"] == "billing_inquiry"
    transcript = calls.transcript("uno")
    assert transcript["original"]["turns"][1]["heard"] == MISHEARD
    words = transcript["turns"][1]["words"]
    assert [word["text"] for word in words] == SAID.split()
    assert words[0]["start_seconds"] == pytest.approx(1.0, abs=0.2)


def test_another_ear_is_another_version_and_the_former_result_is_history(calls: Calls, tmp_path: Path) -> None:
    """Whisper with random weights says nonsense; whatever it changes, what was there before stays beside it."""
    batch(calls, "unprocessed")
    before = calls.transcript("uno")
    model = make_random_whisper(tmp_path / "whisper", words_a_window=60)
    told = batch(calls, "single", "--recording-id", "uno", "--ear", f"whisper:{model}")
    assert told["processed"] == 1
    after = calls.transcript("uno")
    assert "whisper" in after["pipeline"]["stages"]["retranscribe"]
    assert [one["pipeline"]["version"] for one in after["history"]] == [before["pipeline"]["version"]]
    assert after["history"][0]["turns"] == before["turns"]
    assert after["original"] == before["original"]
