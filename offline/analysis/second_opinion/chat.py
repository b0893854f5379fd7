"""Asks an OpenAI-compatible server (`/chat/completions`, `response_format` with a JSON schema) for one answer."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx2

from vocabulary.errors import CentralitaError

MAX_ANSWER_BYTES: Final = 1024 * 1024
"""Whoever sends more is no server for us."""


class ChatError(CentralitaError):
    """The language model gave no answer that could be used; the message never holds its words or ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the exchange."""

    role: str
    """system, user, assistant."""
    content: str = field(repr=False)


class ChatModel(Protocol):
    """Whatever answers messages with JSON."""

    @property
    def name(self) -> str:
        """Which model answers; it is written into the analysis."""

    async def complete(self, messages: Sequence[Message], schema_name: str, schema: Mapping[str, Any]) -> str:
        """Return the answer's text. Raises: ChatError."""


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """Where the server is and what it is asked for."""

    url: str
    """Up to and with the version: `http://127.0.0.1:1234/v1`."""
    model: str
    key: str = field(default="", repr=False)
    """"" when the server wants none."""
    deadline_seconds: float = 60.0
    """For one answer; nobody waits on a line."""
    max_tokens: int = 2000


class OpenAiChat:
    """A server that speaks OpenAI's chat completions: OpenAI itself, vLLM, LM Studio, Ollama, llama.cpp …"""

    def __init__(self, address: ChatAddress) -> None:
        self._address = address
        headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
        self._http = httpx2.AsyncClient(
            base_url=address.url.rstrip("/"), headers=headers, timeout=None, trust_env=False, follow_redirects=False
        )

    @property
    def name(self) -> str:
        """Which model answers."""
        return self._address.model

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def complete(self, messages: Sequence[Message], schema_name: str, schema: Mapping[str, Any]) -> str:
        """Return the answer's text.

        Raises: ChatError when the server is not there, is late, refuses, breaks off, or says what is no completion.
        """
        body = {
            "model": self._address.model,
            "messages": [{"role": one.role, "content": one.content} for one in messages],
            "temperature": 0,
            "max_tokens": self._address.max_tokens,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": schema_name, "strict": True, "schema": dict(schema)},
            },
        }
        try:
            async with asyncio.timeout(self._address.deadline_seconds):
                raw = await self._posted(body)
        except TimeoutError:
            raise ChatError(f"the language model gave no answer within {self._address.deadline_seconds:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ChatError(f"the language model cannot be reached: {type(error).__name__}") from None
        return _answer_in(raw)

    async def _posted(self, body: Mapping[str, Any]) -> bytes:
        async with self._http.stream("POST", "/chat/completions", json=body) as response:
            if response.status_code != 200:
                raise ChatError(f"the language model's server answered with status {response.status_code}")
            raw = b""
            async for piece in response.aiter_bytes():
                raw += piece
                if len(raw) > MAX_ANSWER_BYTES:
                    raise ChatError(f"the language model's answer is longer than {MAX_ANSWER_BYTES} bytes")
            return raw


def _answer_in(raw: bytes) -> str:
    try:
        choice = json.loads(raw)["choices"][0]
        content = choice["message"].get("content")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise ChatError("the language model's server sent no chat completion") from None
    if choice.get("finish_reason") == "length":
        raise ChatError("the language model's answer broke off: max_tokens is too small")
    if not isinstance(content, str) or not content.strip():
        raise ChatError("the language model refused or answered nothing")
    return content
