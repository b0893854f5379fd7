"""Batches that are killed, at every boundary and in any sequence: nothing is lost, nothing is doubled."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loopback.batch_calls import Calls

TEXTS = {
    "uno": ("necesito revisar el salgo de mi cuenta", "mi correo es ana arroba ejemplo punto com"),
    "dos": ("quiero cancelar mi servicio estoy muy molesto",),
}
_CHANGING = ("finished_at", "processed_at", "kept_since")


class Rehearsal:
    """The process that lets batches die."""

    def __init__(self) -> None:
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.loopback.batch_rehearsal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, folder: Path, kill_at: int = 0) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "kill_at": kill_at}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate("")


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    started = Rehearsal()
    yield started
    started.close()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished calls nobody has listened to again."""
    folder = tmp_path_factory.mktemp("fresh")
    for place, (call_id, texts) in enumerate(TEXTS.items()):
        Calls(folder).add(call_id, *texts, confidence=0.3 if place == 1 else 0.95, at=1_795_000_000.0 + place)
    return folder


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(one) for name, one in value.items() if name not in _CHANGING}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def state(folder: Path) -> dict[str, Any]:
    """Return everything a batch leaves, but for the moments at which it did."""
    calls = Calls(folder)
    with closing(sqlite3.connect(folder / "centralita.db")) as database:

        def rows(query: str) -> list[Any]:
            return database.execute(query).fetchall()

        tables = {
            "recordings": rows("SELECT recording_id, processed, pipeline_version, intent FROM recordings ORDER BY 1"),
            "analyses": rows("SELECT recording_id, pipeline_version FROM analyses ORDER BY 1"),
            "events": rows("SELECT event_id, kind, conversation_id FROM events ORDER BY 1"),
            "turns": rows("SELECT conversation_id, position, text FROM turns ORDER BY 1, 2"),
        }
    files = {
        call_id: (without_times(calls.metadata(call_id)), without_times(calls.transcript(call_id))) for call_id in TEXTS
    }
    return {**tables, "files": files}


@pytest.fixture(scope="module")
def undisturbed(rehearsal: Rehearsal, fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a batch that nobody kills leaves, and the moments it passes."""
    folder = tmp_path_factory.mktemp("undisturbed") / "calls"
    shutil.copytree(fresh, folder)
    answer = rehearsal.run(folder)
    assert answer["code"] == 0
    assert rehearsal.run(folder)["moments"] == ["counted"], "nothing is left to do"
    return {"moments": answer["moments"], "state": state(folder)}


def test_an_undisturbed_batch_processes_each_recording_once(undisturbed: dict[str, Any], fresh: Path) -> None:
    found = undisturbed["state"]
    assert [row[:2] for row in found["recordings"]] == [("rec_dos", 1), ("rec_uno", 1)]
    assert [row[0] for row in found["analyses"]] == ["rec_dos", "rec_uno"]
    assert len(found["events"]) == 2
    for call_id, (metadata, transcript) in found["files"].items():
        assert (metadata["processed"], metadata["processing_mode"]) == (True, "offline")
        assert transcript["original"] == without_times(Calls(fresh).transcript(call_id))
        assert transcript["history"] == []
    assert "saldo de mi cuenta" in found["files"]["uno"][0]["transcription"]["text"]
    stages = [moment.split()[1] for moment in undisturbed["moments"] if moment.startswith("rec_uno ")]
    assert stages == ["estimate", "retranscribe", "correct", "analyse", "keep", "not", "processed"]


def test_killed_at_each_boundary_the_next_batch_ends_the_same(
    rehearsal: Rehearsal, undisturbed: dict[str, Any], fresh: Path, tmp_path: Path
) -> None:
    for place, moment in enumerate(undisturbed["moments"], 1):
        folder = tmp_path / str(place)
        shutil.copytree(fresh, folder)

        killed = rehearsal.run(folder, place)
        assert killed["killed"], moment
        assert killed["moments"][-1] == moment

        again = rehearsal.run(folder)
        assert again["code"] == 0, moment
        assert state(folder) == undisturbed["state"], moment
        assert not list((folder / "recordings").rglob(".*.part")), moment


_serial = count()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deaths=st.lists(st.integers(1, 24), max_size=5))
def test_any_sequence_of_crashes_ends_with_every_recording_processed_once(
    rehearsal: Rehearsal, undisturbed: dict[str, Any], fresh: Path, tmp_path: Path, deaths: list[int]
) -> None:
    folder = tmp_path / f"sequence-{next(_serial)}"
    shutil.copytree(fresh, folder)
    for death in deaths:
        answer = rehearsal.run(folder, death)
        # A death that comes after the end is none.
        assert answer["killed"] or answer["code"] == 0
    assert rehearsal.run(folder)["code"] == 0
    assert state(folder) == undisturbed["state"]
