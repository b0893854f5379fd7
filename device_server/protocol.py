"""HTTP as gateways speak it when they fetch a file: bytes in, a request or a refusal out; knows no socket, no clock.

One request a connection, GET or HEAD, HTTP/1.0 or 1.1 (RFC 9112). Whatever else arrives is refused, not repaired.
"""

from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

MOST_LINE_BYTES: Final = 2048
MOST_HEAD_BYTES: Final = 8192
MOST_HEADERS: Final = 64

_TOKEN_LETTERS: Final = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Request:
    """A device wants something."""

    method: Literal["GET", "HEAD"]
    path: tuple[str, ...] | None
    """Its parts, percent-decoded once; None: no path a device would ask for (`..`, a slash inside a part, …)."""
    user_agent: str = ""
    """As sent, Latin-1; vendors put model, firmware and MAC there."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What arrived is no request we answer."""

    status: HTTPStatus
    reason: str
    """For the log; holds nothing of what was sent."""


class RequestReader:
    """Takes bytes as TCP happened to cut them, until there is a request or a refusal."""

    def __init__(self) -> None:
        self._head = bytearray()

    def receive_data(self, data: bytes) -> Request | Refusal | None:
        """Return the request, why it is refused, or None while more is needed."""
        searched = max(len(self._head) - 3, 0)
        self._head += data
        end = self._head.find(b"\r\n\r\n", searched)
        line_end = self._head.find(b"\r\n")
        if line_end > MOST_LINE_BYTES or (line_end < 0 and len(self._head) > MOST_LINE_BYTES):
            return Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "request line too long")
        if end > MOST_HEAD_BYTES or (end < 0 and len(self._head) > MOST_HEAD_BYTES):
            return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers too large")
        return None if end < 0 else _request(bytes(self._head[:end]))

    def receive_eof(self) -> Refusal | None:
        """Return why a request that will not go on is refused; None when nothing had been sent."""
        return Refusal(HTTPStatus.BAD_REQUEST, "cut request") if self._head else None


def head_of(status: HTTPStatus, media_type: str, length: int, now: float) -> bytes:
    """Return a response's head; the connection ends with it. `now`: seconds since 1970."""
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Date: {formatdate(now, usegmt=True)}",
        f"Content-Type: {media_type}",
        f"Content-Length: {length}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET, HEAD")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _request(head: bytes) -> Request | Refusal:
    line, *fields = head.split(b"\r\n")
    parts = line.split(b" ")
    if len(parts) != 3 or not parts[0] or not _TOKEN_LETTERS.issuperset(parts[0]):
        return Refusal(HTTPStatus.BAD_REQUEST, "bad request line")
    method, target, version = parts
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        return Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "bad version")
    if len(fields) > MOST_HEADERS:
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
    headers: dict[bytes, bytes] = {}
    for field in fields:
        name, colon, value = field.partition(b":")
        if (
            not colon
            or not name
            or not _TOKEN_LETTERS.issuperset(name)
            or b"\n" in value
            or b"\r" in value
            or b"\0" in value
        ):
            return Refusal(HTTPStatus.BAD_REQUEST, "bad header")
        name = name.lower()
        if name in headers and name in (b"host", b"content-length", b"transfer-encoding"):
            return Refusal(HTTPStatus.BAD_REQUEST, "doubled header")
        headers[name] = value.strip(b" \t")
    if version == b"HTTP/1.1" and b"host" not in headers:
        return Refusal(HTTPStatus.BAD_REQUEST, "no host")
    if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
        return Refusal(HTTPStatus.BAD_REQUEST, "request with a body")
    agent = headers.get(b"user-agent", b"").decode("latin-1")
    match method:
        case b"GET":
            return Request("GET", path_of(target), agent)
        case b"HEAD":
            return Request("HEAD", path_of(target), agent)
        case _:
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "other method")


def path_of(target: bytes) -> tuple[str, ...] | None:
    """Return the parts of a request target's path; the query is left out.

    None for what no device asks for: bad escapes, `.` and `..`, slashes, backslashes or control letters inside a part.
    """
    if target[:7].lower() == b"http://":  # absolute form, RFC 9112 3.2.2
        target = b"/" + target[7:].partition(b"/")[2]
    path = target.partition(b"?")[0].partition(b"#")[0]
    if not path.startswith(b"/"):
        return None
    parts = []
    for raw in path[1:].split(b"/"):
        for escape in raw.split(b"%")[1:]:
            if len(escape) < 2 or not all(letter in b"0123456789abcdefABCDEF" for letter in escape[:2]):
                return None
        part = unquote_to_bytes(raw)
        if part in (b"", b".", b"..") or any(not 32 < byte < 127 or byte in b"/\\%" for byte in part):
            return None
        parts.append(part.decode("ascii"))
    return tuple(parts)
