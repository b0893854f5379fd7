"""A language model's second opinion, switched on in the settings, asked by `centralita batch` and `centralita worker`
over real HTTP. Whatever the server does, the recording is processed."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from centralita.batch_command import batch_app
from centralita.config_command import config_app
from offline.analysis.second_opinion.verdict import schema
from tests.loopback.batch_calls import Calls

SAID = "I want to cancel my contract, I am very angry"
WORKER = "import typer; from centralita.worker_command import worker; typer.run(worker)"


def verdict() -> dict[str, Any]:
    said = {"turn": 1, "quote": "I want to cancel my contract"}
    return {
        "summary": "The caller cancels.",
        "intent": "cancellation",
        "intent_evidence": said,
        "sentiment": "neutral",
        "sentiment_evidence": said,
        "outcome": "informed",
        "outcome_evidence": said,
        "topics": [],
        "entities": [],
    }


@dataclass
class Model:
    """A server that speaks chat completions and always gives the same answer."""

    answer: bytes = b""
    status: int = 200
    is_mute: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def says(self, content: str) -> None:
        choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        self.answer = json.dumps({"choices": [choice]}).encode()


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    made.says(json.dumps(verdict()))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.paths.append(self.path)
            made.keys.append(self.headers.get("Authorization", ""))
            made.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if made.is_mute:
                made.closing.wait()
                return
            self.send_response(made.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(made.answer)))
            self.end_headers()
            self.wfile.write(made.answer)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    made.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    made = Calls(tmp_path)
    # In English: neither estimated nor corrected, so that no lexicon is loaded for it.
    made.add("uno", SAID, language="en")
    return made


def settings(calls: Calls, section: str) -> str:
    """Write a settings file with this section in it; return its path."""
    path = calls.folder / "opinion.toml"
    path.write_text(calls.settings.read_text() + f"[second_opinion]\n{section}\n")
    return str(path)


def wanted(model: Model, more: str = "") -> str:
    return f'enabled = true\nurl = "http://127.0.0.1:{model.port}/v1"\nmodel = "small"\n{more}'


def batch(*words: str, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(batch_app, [*words, "--json"])
    assert result.exit_code == code, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def opinion(calls: Calls) -> dict[str, Any]:
    metadata = calls.metadata("uno")
    assert metadata["processed"] is True
    found: dict[str, Any] = metadata["analysis"]["second_opinion"]
    return found


def test_the_batch_asks_it_and_writes_down_where_it_differs(
    calls: Calls, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPINION_KEY", "sesame")
    file = settings(calls, wanted(model, 'api_key = "env:OPINION_KEY"'))
    told = batch("single", "--recording-id", "uno", "--settings", file)
    assert (told["processed"], told["failed"]) == (1, 0)
    assert model.paths == ["/v1/chat/completions"]
    assert model.keys == ["Bearer sesame"]
    (request,) = model.asked
    assert request["model"] == "small"
    assert request["response_format"]["json_schema"]["schema"] == schema()
    found = opinion(calls)
    assert (found["status"], found["model"]) == ("used", "small")
    assert {"field": "sentiment", "rules": "frustrated", "llm": "neutral"} in found["disagreements"]
    analysis = calls.metadata("uno")["analysis"]
    assert analysis["sentiment"] == "frustrated", "the rules stand"
    assert "sesame" not in calls.layout.metadata("uno").read_text()
    assert "sesame" not in calls.layout.transcript("uno").read_text()


def test_nobody_is_asked_unless_it_is_switched_on(calls: Calls, model: Model) -> None:
    file = settings(calls, wanted(model).replace("true", "false"))
    batch("single", "--recording-id", "uno", "--settings", file)
    assert model.asked == []
    assert opinion(calls) is None


def test_switching_it_on_makes_another_version_of_the_result(calls: Calls, model: Model) -> None:
    batch("single", "--recording-id", "uno", "--settings", str(calls.settings))
    told = batch("single", "--recording-id", "uno", "--settings", settings(calls, wanted(model)))
    assert told["processed"] == 1
    assert opinion(calls)["status"] == "used"
    again = batch("single", "--recording-id", "uno", "--settings", settings(calls, wanted(model)))
    assert again["processed"] == 0
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (503, b"", "status 503"),
        (200, b"\xff\x00 no json", "no chat completion"),
        (200, b"[" * 200_000, "no chat completion"),
        (200, b'{"choices": [{"message": {"content": "{}"}}]}', "does not fit the schema"),
        (302, b"", "status 302"),
    ],
)
def test_a_server_that_answers_nonsense_costs_no_recording(
    calls: Calls, model: Model, status: int, answer: bytes, reason: str
) -> None:
    model.status, model.answer = status, answer
    told = batch("single", "--recording-id", "uno", "--settings", settings(calls, wanted(model)))
    assert (told["processed"], told["failed"]) == (1, 0)
    found = opinion(calls)
    assert found["status"] == "failed"
    assert reason in found["reason"]
    assert calls.metadata("uno")["analysis"]["sentiment"] == "frustrated"
    (problem,) = calls.metadata("uno")["processing_problems"]
    assert problem.startswith("second opinion: ")
    assert reason in problem


def test_a_server_that_says_nothing_is_waited_for_as_long_as_the_settings_say(calls: Calls, model: Model) -> None:
    model.is_mute = True
    file = settings(calls, wanted(model, "timeout_seconds = 0.2"))
    assert batch("single", "--recording-id", "uno", "--settings", file)["processed"] == 1
    assert "within 0.2 s" in opinion(calls)["reason"]


def test_a_server_that_is_not_there_costs_no_recording(calls: Calls, model: Model) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as gone:
        free = gone.server_port
    file = settings(calls, wanted(model).replace(str(model.port), str(free)))
    assert batch("single", "--recording-id", "uno", "--settings", file)["processed"] == 1
    assert "cannot be reached" in opinion(calls)["reason"]


def test_a_key_that_is_not_there_is_told_before_anything_is_done(
    calls: Calls, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPINION_KEY", raising=False)
    file = settings(calls, wanted(model, 'api_key = "env:OPINION_KEY"'))
    told = batch("single", "--recording-id", "uno", "--settings", file, code=2)
    assert "second_opinion.api_key" in told["error"]
    assert "OPINION_KEY" in told["error"]


def test_the_worker_asks_it_too(calls: Calls, model: Model) -> None:
    file = settings(calls, wanted(model))
    batch("single", "--recording-id", "uno", "--queue", "--settings", file)
    command = [sys.executable, "-c", WORKER, "--settings", file, "--once", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert opinion(calls)["status"] == "used"
    assert len(model.asked) == 1


def show(file: str) -> str:
    result = CliRunner().invoke(config_app, ["show", "--settings", file])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_settings_are_shown_without_the_key(calls: Calls, model: Model) -> None:
    shown = show(settings(calls, wanted(model, 'api_key = "env:OPINION_KEY"')))
    section = shown.partition("[second_opinion]")[2].partition("\n\n")[0]
    assert "enabled = true" in section
    assert f'url = "http://127.0.0.1:{model.port}/v1"' in section
    assert 'api_key = "env:OPINION_KEY"' in section


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("enabled = true", ["second_opinion.url: is required", "second_opinion.model: is required"]),
        ('adress = "x"', ["second_opinion.adress: is not known.", "There are"]),
        ('modl = "x"', ["second_opinion.modl: is not known. Did you mean 'model'?"]),
        ('api_key = "sk-123"', ["second_opinion.api_key: a secret is not written here"]),
        ('url = "127.0.0.1:9"', ["second_opinion.url"]),
        ("timeout_seconds = 0", ["second_opinion.timeout_seconds"]),
    ],
)
def test_what_is_wrong_in_them_is_named(calls: Calls, section: str, told: list[str]) -> None:
    result = CliRunner().invoke(config_app, ["check", "--settings", settings(calls, section)])
    assert result.exit_code == 1
    for part in told:
        assert part in result.output
    assert "sk-123" not in result.output
