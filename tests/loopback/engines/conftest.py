"""A real `speech` process, as often as a test needs one; its client runs under the loop that runs in production."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@dataclass
class SpeechProcess:
    """One that answers."""

    path: Path
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """End it as the out-of-memory killer would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it as its supervisor would; return its exit status."""
        self.process.terminate()
        return self.process.wait(20)


class StartSpeech(Protocol):
    def __call__(self, *, ear: str = "fake", mouth: str = "espeak", path: Path | None = None) -> SpeechProcess: ...


def _starter(folder: Path, started: list[SpeechProcess]) -> StartSpeech:
    def start(*, ear: str = "fake", mouth: str = "espeak", path: Path | None = None) -> SpeechProcess:
        path = path or folder / f"speech{len(started)}.sock"
        ready, told = os.pipe()
        command = [sys.executable, "-m", "engines.speech", "--socket", str(path), "--ear", ear, "--mouth", mouth]
        process = subprocess.Popen([*command, "--ready-fd", str(told)], pass_fds=[told])
        started.append(SpeechProcess(path, process))
        os.close(told)
        with os.fdopen(ready, "rb") as line:
            assert line.read() == b"ready\n"
        return started[-1]

    return start


def _end(started: list[SpeechProcess]) -> None:
    for speech in started:
        if speech.process.poll() is None:
            speech.kill()


@pytest.fixture
def start_speech(tmp_path: Path) -> Iterator[StartSpeech]:
    """Start processes that end with the test."""
    started: list[SpeechProcess] = []
    yield _starter(tmp_path, started)
    _end(started)


@pytest.fixture(scope="session")
def shared_speech(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSpeech]:
    """Start processes that live as long as all the tests, one for each pair of engines."""
    started: list[SpeechProcess] = []
    by_engines: dict[tuple[str, str], SpeechProcess] = {}
    start_another = _starter(tmp_path_factory.mktemp("speech"), started)

    def start(*, ear: str = "fake", mouth: str = "espeak", path: Path | None = None) -> SpeechProcess:
        if (ear, mouth) not in by_engines:
            by_engines[ear, mouth] = start_another(ear=ear, mouth=mouth)
        return by_engines[ear, mouth]

    yield start
    _end(started)
