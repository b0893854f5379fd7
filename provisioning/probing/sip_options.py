"""SIP OPTIONS (RFC 3261, section 11) as bytes: the question, the answer, and how long to go on asking. Pure."""

import re
from dataclasses import dataclass
from typing import Final, Literal

SipTransport = Literal["udp", "tcp", "tls"]

T1_SECONDS: Final = 0.5
"""RFC 3261, 17.1.2.2: a question over UDP is sent again after T1, then after twice as long, up to T2."""
T2_SECONDS: Final = 4.0
_LONGEST_MESSAGE: Final = 65_536
"""Bytes; nobody answers OPTIONS with more."""
_STATUS_LINE: Final = re.compile(r"SIP/2\.0 (?P<status>[1-6]\d\d) ?(?P<phrase>[^\r\n]*)")
_COMPACT: Final = {"i": "call-id", "l": "content-length", "v": "via"}


class MalformedAnswer(ValueError):
    """These bytes are no SIP message."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask."""

    host: str
    """Name or address; a certificate must be made out to it."""
    port: int = 5060
    transport: SipTransport = "udp"
    address: str = ""
    """Which of the host's addresses; "": the first."""

    def __str__(self) -> str:
        there = f" ({self.address})" if self.address and self.address != self.host else ""
        return f"{self.transport}:{bracketed(self.host)}:{self.port}{there}"


@dataclass(frozen=True, slots=True)
class Question:
    """What makes one OPTIONS request different from every other."""

    call_id: str
    branch: str
    tag: str


@dataclass(frozen=True, slots=True)
class SipAnswer:
    """A response."""

    status: int
    phrase: str
    call_id: str
    server: str
    """Server or User-Agent: who answers; "" when it does not say."""


def build_options(target: Target, question: Question, local: tuple[str, int]) -> bytes:
    """Return the request. `local` is the address and port we ask from: answers come back there."""
    here = f"{bracketed(local[0])}:{local[1]}"
    there = f"{bracketed(target.host)}:{target.port}"
    transport = "" if target.transport == "udp" else f";transport={target.transport}"
    lines = (
        f"OPTIONS sip:{there}{transport} SIP/2.0",
        f"Via: SIP/2.0/{target.transport.upper()} {here};rport;branch=z9hG4bK{question.branch}",
        "Max-Forwards: 70",
        f"From: <sip:centralita@{here}>;tag={question.tag}",
        f"To: <sip:{there}>",
        f"Call-ID: {question.call_id}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:centralita@{here}{transport}>",
        "Accept: application/sdp",
        "User-Agent: centralita",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def parse_answer(data: bytes) -> SipAnswer | None:
    """Return the response in `data`, or None when it is a request (a gateway may ask us at the same moment).

    Raises: MalformedAnswer.
    """
    text = data.decode("utf-8", "replace")
    first, _, rest = text.partition("\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        if re.fullmatch(r"[A-Z]+ \S+ SIP/2\.0", first):
            return None
        raise MalformedAnswer("what came back is no SIP message")
    fields = _fields(rest)
    if not fields.get("call-id"):
        raise MalformedAnswer("the answer has no Call-ID")
    server = fields.get("server") or fields.get("user-agent") or ""
    return SipAnswer(int(match["status"]), _printable(match["phrase"]), fields["call-id"], _printable(server))


def resend_pauses(t1_seconds: float = T1_SECONDS) -> list[float]:
    """Return the seconds between sendings over UDP, until the RFC gives up (64 times T1)."""
    pauses: list[float] = []
    pause = t1_seconds
    while sum(pauses) < 64 * t1_seconds:
        pauses.append(pause)
        pause = min(2 * pause, T2_SECONDS * t1_seconds / T1_SECONDS)
    return pauses


class MessageStream:
    """Cuts a TCP or TLS stream into SIP messages; knows no socket."""

    def __init__(self) -> None:
        self._held = b""

    def receive_data(self, data: bytes) -> list[bytes]:
        """Take bytes as TCP happened to cut them; return the messages that are complete now.

        Raises: MalformedAnswer when this cannot become a SIP message.
        """
        self._held += data
        messages: list[bytes] = []
        while True:
            self._held = self._held.lstrip(b"\r\n")  # keep-alives, RFC 5626
            head, end, rest = self._held.partition(b"\r\n\r\n")
            if not end:
                if len(self._held) > _LONGEST_MESSAGE:
                    raise MalformedAnswer("what came back has no end of headers")
                return messages
            length = _content_length(head)
            if len(rest) < length:
                return messages
            messages.append(head + end + rest[:length])
            self._held = rest[length:]


def bracketed(host: str) -> str:
    """Return a host as it stands in a URI: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def _content_length(head: bytes) -> int:
    _, _, rest = head.decode("utf-8", "replace").partition("\r\n")
    length = _fields(rest).get("content-length", "0")
    if not re.fullmatch(r"\d{1,5}", length):
        raise MalformedAnswer("the answer's Content-Length is no number")
    return int(length)


def _fields(text: str) -> dict[str, str]:
    """Return the header fields by lowercase name; of several with one name the first."""
    found: dict[str, str] = {}
    for line in text.split("\r\n\r\n", 1)[0].split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            found.setdefault(_COMPACT.get(key, key), value.strip())
    return found


def _printable(text: str) -> str:
    """Return what a stranger sent us, fit for a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)[:120]
