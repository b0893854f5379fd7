"""SIP messages (RFC 3261) and digest authentication (RFC 2617/7616, MD5) as plain values; no socket, no clock."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from vocabulary.errors import CentralitaError

_COMPACT: Final = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
                   "c": "content-type", "k": "supported", "r": "refer-to", "o": "event"}  # fmt: skip
_VERSION: Final = "SIP/2.0"


class MalformedMessage(CentralitaError):
    """These bytes are no SIP message, or one without the headers that every message must have."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in their order; names are compared without regard to case."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return the first value, or ""."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field.lower() == wanted), "")

    def get_all(self, name: str) -> list[str]:
        """Return every value, in order."""
        wanted = name.lower()
        return [value for field, value in self.fields if field.lower() == wanted]

    def only(self, *names: str) -> "Headers":
        """Return just these fields, in the order they came."""
        wanted = {name.lower() for name in names}
        return Headers(tuple(field for field in self.fields if field[0].lower() in wanted))

    def having(self, *more: tuple[str, str]) -> "Headers":
        """Return these fields with others after them."""
        return Headers(self.fields + more)

    def without(self, *names: str) -> "Headers":
        """Return the fields of other names."""
        unwanted = {name.lower() for name in names}
        return Headers(tuple(field for field in self.fields if field[0].lower() not in unwanted))


@dataclass(frozen=True, slots=True)
class _Message:
    headers: Headers
    body: bytes

    @property
    def call_id(self) -> str:
        """The call's name, the same on both ends."""
        return self.headers.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method."""
        number, _, method = self.headers.get("CSeq").partition(" ")
        return int(number), method.strip()

    @property
    def branch(self) -> str:
        """The transaction's name: the topmost Via's branch."""
        found = re.search(r";\s*branch=([^;,\s]+)", self.headers.get("Via"))
        return found[1] if found else ""

    def _write(self, start_line: str) -> bytes:
        fields = (*self.headers.fields, ("Content-Length", str(len(self.body))))
        head = "\r\n".join((start_line, *(f"{name}: {value}" for name, value in fields)))
        return head.encode() + b"\r\n\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """A wish of the other end, or ours."""

    method: str
    uri: str

    def serialize(self) -> bytes:
        """Return the datagram."""
        return self._write(f"{self.method} {self.uri} {_VERSION}")

    def response(self, status: int, reason: str, tag: str = "", more: tuple[tuple[str, str], ...] = (),
                 body: bytes = b"") -> "Response":  # fmt: skip
        """Build the answer to this request; `tag` is put on To when it has none yet."""
        to = self.headers.get("To")
        if tag and not tag_of(to):
            to += f";tag={tag}"
        kept = self.headers.only("Via", "Record-Route", "From", "Call-ID", "CSeq")
        if body:
            more = (*more, ("Content-Type", "application/sdp"))
        return Response(kept.having(("To", to), *more), body, status, reason)

    def ack(self, response: "Response") -> "Request":
        """Build the ACK for a final answer other than 2xx: it belongs to the INVITE's own transaction."""
        headers = self.headers.only("Via", "Max-Forwards", "From", "Call-ID", "Route")
        headers = headers.having(("To", response.headers.get("To")), ("CSeq", f"{self.cseq[0]} ACK"))
        return Request(headers, b"", "ACK", self.uri)

    def cancel(self) -> "Request":
        """Build the CANCEL of this INVITE."""
        headers = self.headers.only("Via", "Max-Forwards", "From", "To", "Call-ID", "Route")
        return Request(headers.having(("CSeq", f"{self.cseq[0]} CANCEL")), b"", "CANCEL", self.uri)

    def again(self, branch: str, authorization: tuple[str, str]) -> "Request":
        """Build the same request once more, with credentials, as a transaction of its own."""
        number, method = self.cseq
        via = re.sub(r"branch=[^;,\s]+", f"branch={branch}", self.headers.get("Via"))
        rest = self.headers.without("Via", "CSeq", authorization[0])
        fields = (("Via", via), *rest.fields, ("CSeq", f"{number + 1} {method}"), authorization)
        return replace(self, headers=Headers(fields))


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """An answer to a request."""

    status: int
    reason: str

    @property
    def is_final(self) -> bool:
        """False for 100 Trying, 180 Ringing, 183 Session Progress."""
        return self.status >= 200

    def serialize(self) -> bytes:
        """Return the datagram."""
        return self._write(f"{_VERSION} {self.status} {self.reason}")


def parse(data: bytes) -> Request | Response:
    """Read one datagram.

    Raises: MalformedMessage.
    """
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise MalformedMessage("no empty line after the headers")
    start_line, *lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
    fields: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedMessage(f"a header without a colon: {name[:20]!r}")
        name = name.strip()
        fields.append((_COMPACT.get(name.lower(), name), value.strip()))
    headers = Headers(tuple(fields))
    length = headers.get("Content-Length")
    if length.isdecimal():
        body = body[: int(length)]
    headers = headers.without("Content-Length")
    if not re.fullmatch(r"\d+\s+\w+", headers.get("CSeq")) or not headers.get("Call-ID") or not headers.get("Via"):
        raise MalformedMessage("no CSeq, Call-ID or Via")
    if answer := re.fullmatch(r"SIP/2\.0 (\d{3}) ?(.*)", start_line):
        return Response(headers, body, int(answer[1]), answer[2])
    if wish := re.fullmatch(r"(\w+) (\S+) SIP/2\.0", start_line):
        return Request(headers, body, wish[1], wish[2])
    raise MalformedMessage("neither a request nor a response")


def tag_of(party: str) -> str:
    """Return the tag of a From or To header, or ""."""
    # inside < > a parameter belongs to the address, not to the header
    found = re.search(r";\s*tag=([^;>\s]+)", party.rpartition(">")[2] if ">" in party else party)
    return found[1] if found else ""


def uri_of(party: str) -> str:
    """Return the address in a From, To or Contact header, without display name and parameters."""
    found = re.search(r"<([^>]+)>", party)
    return found[1] if found else party.partition(";")[0].strip()


def user_of(party: str) -> str:
    """Return the user part of the address in a From, To or Contact header, or ""."""
    found = re.search(r"sips?:([^@;>]+)@", party)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server wants to be proved."""

    realm: str
    nonce: str
    opaque: str
    has_qop: bool
    answer_header: str
    """`Authorization` or `Proxy-Authorization`."""

    @classmethod
    def of(cls, response: Response) -> Self | None:
        """Return the first MD5 challenge of a 401 or 407; None when there is none."""
        for name, answer in (("WWW-Authenticate", "Authorization"), ("Proxy-Authenticate", "Proxy-Authorization")):
            for value in response.headers.get_all(name):
                facts = _parameters(value)
                if value.lower().startswith("digest") and facts.get("algorithm", "MD5").upper() == "MD5":
                    return cls(facts.get("realm", ""), facts.get("nonce", ""), facts.get("opaque", ""),
                               "auth" in facts.get("qop", "").split(","), answer)  # fmt: skip
        return None

    def answer(self, user: str, password: str, method: str, uri: str, client_nonce: str) -> tuple[str, str]:
        """Return the header, name and value, that proves `password` for one request."""
        secret = _md5(f"{user}:{self.realm}:{password}")
        request = _md5(f"{method}:{uri}")
        fields: dict[str, str] = {"username": user, "realm": self.realm, "nonce": self.nonce, "uri": uri}
        if self.has_qop:
            fields["response"] = _md5(f"{secret}:{self.nonce}:00000001:{client_nonce}:auth:{request}")
            fields["cnonce"] = client_nonce
        else:
            fields["response"] = _md5(f"{secret}:{self.nonce}:{request}")
        if self.opaque:
            fields["opaque"] = self.opaque
        value = "Digest " + ", ".join(f'{name}="{text}"' for name, text in fields.items()) + ", algorithm=MD5"
        return self.answer_header, value + (", qop=auth, nc=00000001" if self.has_qop else "")


def proves(value: str, user: str, password: str, realm: str, nonce: str, method: str) -> bool:
    """Return whether an Authorization header is the right answer to our challenge (MD5, with or without qop)."""
    facts = _parameters(value)
    if (facts.get("username"), facts.get("realm"), facts.get("nonce")) != (user, realm, nonce):
        return False
    secret = _md5(f"{user}:{realm}:{password}")
    request = _md5(f"{method}:{facts.get('uri', '')}")
    middle = f"{nonce}:{facts['nc']}:{facts.get('cnonce', '')}:auth" if "nc" in facts else nonce
    return facts.get("response") == _md5(f"{secret}:{middle}:{request}")


def _parameters(value: str) -> Mapping[str, str]:
    pairs = re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', value)
    return {name.lower(): quoted or plain for name, quoted, plain in pairs}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
