"""A language model behind a real HTTP server gives its opinion; it is believed as far as it can quote."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from offline.analysis.analysis import Analysis, analyse
from offline.analysis.call import CallToAnalyse, SpokenTurn
from offline.analysis.second_opinion.analyst import LlmAnalyst, RulesAnalyst
from offline.analysis.second_opinion.chat import ChatAddress, ChatError, Message, OpenAiChat
from offline.analysis.second_opinion.verdict import schema
from vocabulary.speech import Speaker

NOW = datetime(2026, 2, 11, tzinfo=UTC)
CALL = CallToAnalyse(
    "c1",
    datetime(2026, 2, 10, tzinfo=UTC),
    (
        SpokenTurn(Speaker.AGENT, "¿En qué puedo ayudarle?"),
        SpokenTurn(Speaker.CALLER, "Quiero darme de baja, mi router es el modelo Zeta nueve"),
        SpokenTurn(Speaker.AGENT, "De acuerdo, le paso con un compañero"),
        SpokenTurn(Speaker.CALLER, "Mi tarjeta es la 4111 1111 1111 1111, llámenme mañana"),
    ),
)


def verdict(**changes: Any) -> dict[str, Any]:
    said = {"turn": 1, "quote": "Quiero darme de baja"}
    return {
        "summary": "El cliente quiere la baja.",
        "intent": "cancellation",
        "intent_evidence": said,
        "sentiment": "neutral",
        "sentiment_evidence": said,
        "outcome": "informed",
        "outcome_evidence": {"turn": 2, "quote": "le paso con un compañero"},
        "topics": [],
        "entities": [],
    } | changes


class Server:
    """Answers each request with the next of its answers, and keeps what it was asked."""

    def __init__(self, *answers: str | dict[str, Any] | int) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.connections: list[asyncio.Task[None]] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.create_task(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
        self.asked.append(json.loads(await reader.readexactly(length)))
        self.headers.append(head)
        answer = self._answers.pop(0)
        if answer == -1:  # never
            await reader.read()
        else:
            status = answer if isinstance(answer, int) else 200
            content = json.dumps(answer) if isinstance(answer, dict) else str(answer)
            choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            body = json.dumps({"choices": [choice]}).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def chatting(server: Server, **options: Any) -> AsyncIterator[OpenAiChat]:
    async with await asyncio.start_server(server.accept, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with OpenAiChat(ChatAddress(f"http://127.0.0.1:{port}/v1", "small", "sesame", **options)) as chat:
            yield chat
        await asyncio.gather(*server.connections)


async def opinion(*answers: str | dict[str, Any] | int) -> tuple[Analysis, Server]:
    server = Server(*answers)
    async with chatting(server) as chat:
        return await LlmAnalyst(chat).analyse(CALL, now=NOW), server


async def test_it_is_asked_for_json_of_our_schema_and_sees_no_card() -> None:
    found, server = await opinion(verdict())
    (request,) = server.asked
    assert request["response_format"]["type"] == "json_schema"
    assert request["response_format"]["json_schema"]["schema"] == schema()
    assert request["response_format"]["json_schema"]["strict"] is True
    assert "authorization: bearer sesame" in server.headers[0].lower()
    shown = request["messages"][-1]["content"]
    assert "[1] caller: Quiero darme de baja" in shown
    assert "4111" not in shown
    assert found.second_opinion is not None
    assert (found.second_opinion.status, found.second_opinion.attempts) == ("used", 1)
    assert Analysis.from_json(found.to_json()) == found


async def test_what_it_quotes_is_added_and_what_it_invents_is_left_out() -> None:
    true = {"kind": "order_id", "value": "Z9", "evidence": {"turn": 1, "quote": "Zeta nueve"}}
    false = {"kind": "email", "value": "a@b.es", "evidence": {"turn": 1, "quote": "mi correo es a arroba be"}}
    topic = {"name": "offers", "evidence": {"turn": 3, "quote": "quiero una oferta"}}
    found, _ = await opinion(verdict(entities=[true, false], topics=[topic]))
    added = [one for one in found.entities if one.value == "Z9"]
    assert [(one.turn, one.text, one.speaker) for one in added] == [(1, "Zeta nueve", "caller")]
    assert "a@b.es" not in {one.value for one in found.entities}
    assert "offers" not in found.topics
    assert found.second_opinion is not None
    assert (found.second_opinion.quotes_checked, found.second_opinion.quotes_rejected) == (6, 2)


async def test_where_it_differs_the_rules_stand_and_the_difference_is_written_down() -> None:
    later = {"kind": "date", "value": "2026-02-12", "evidence": {"turn": 3, "quote": "mañana"}}
    found, _ = await opinion(verdict(sentiment="frustrated", entities=[later]))
    rules = analyse(CALL, now=NOW)
    assert found.sentiment == rules.sentiment == "neutral"
    assert [one.value for one in found.entities if one.kind == "date"] == ["2026-02-11"]
    assert found.second_opinion is not None
    told = {one.field: (one.rules, one.llm) for one in found.second_opinion.disagreements}
    assert told["sentiment"] == ("neutral", "frustrated")
    assert told["entities"] == ("date 2026-02-11", "date 2026-02-12")


async def test_a_view_that_quotes_nothing_real_is_no_view() -> None:
    found, _ = await opinion(verdict(intent="complaint", intent_evidence={"turn": 1, "quote": "quiero quejarme"}))
    assert found.second_opinion is not None
    assert found.second_opinion.intent == ""
    assert "intent" not in {one.field for one in found.second_opinion.disagreements}


async def test_a_summary_with_numbers_of_its_own_is_dropped() -> None:
    found, _ = await opinion(verdict(summary="Debe 99 euros."))
    assert found.second_opinion is not None
    assert found.second_opinion.summary == ""


async def test_one_bad_answer_may_be_mended() -> None:
    found, server = await opinion(verdict(intent="dancing"), verdict())
    assert found.second_opinion is not None
    assert (found.second_opinion.status, found.second_opinion.attempts) == ("used", 2)
    assert "intent: enum" in server.asked[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("answers", "attempts", "reason"),
    [
        (("no json", "none either"), 2, "schema"),
        ((503,), 1, "503"),
        (("",), 1, "refused"),
        ((verdict() | {"secreto del cliente": 1}, "{}"), 2, "missing"),
    ],
)
async def test_when_it_fails_the_rules_stand_and_say_why(answers: tuple[Any, ...], attempts: int, reason: str) -> None:
    found, server = await opinion(*answers)
    assert found.second_opinion is not None
    assert (found.second_opinion.status, found.second_opinion.attempts) == ("failed", attempts)
    assert reason in found.second_opinion.reason
    assert len(server.asked) == attempts
    assert found.model_copy(update={"second_opinion": None}) == analyse(CALL, now=NOW)
    assert all("secreto" not in request["messages"][-1]["content"] for request in server.asked)


async def test_a_server_that_never_answers_is_not_waited_for() -> None:
    server = Server(-1)
    async with chatting(server, deadline_seconds=0.05) as chat:
        with pytest.raises(ChatError, match="within 0"):
            await chat.complete([Message("user", "hola")], "x", {})


async def test_a_server_that_is_not_there() -> None:
    async with await asyncio.start_server(Server().accept, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
    async with OpenAiChat(ChatAddress(f"http://127.0.0.1:{port}", "small")) as chat:
        found = await LlmAnalyst(chat).analyse(CALL, now=NOW)
    assert found.second_opinion is not None
    assert "cannot be reached" in found.second_opinion.reason


async def test_the_rules_alone_speak_through_the_same_port() -> None:
    assert await RulesAnalyst().analyse(CALL, now=NOW) == analyse(CALL, now=NOW)


def test_neither_words_nor_keys_show() -> None:
    assert "hola" not in repr(Message("user", "hola"))
    assert "sesame" not in repr(ChatAddress("http://x", "m", "sesame"))
