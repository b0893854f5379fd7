"""A DNS question for SRV records and its answer as bytes (RFC 1035, RFC 2782). Pure; asks nothing else."""

import struct
from dataclasses import dataclass
from typing import Final

_SRV: Final = 33
_INTERNET: Final = 1
_RESPONSE: Final = 0x8000
_TRUNCATED: Final = 0x0200
_RECURSION_DESIRED: Final = 0x0100
_RCODE: Final = 0x000F
_MOST_LABELS: Final = 128


class MalformedReply(ValueError):
    """These bytes are no answer to our question."""


class Truncated(Exception):
    """The answer did not fit into a datagram: ask again over TCP."""


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """A server for a service."""

    priority: int
    """The lowest is asked first."""
    weight: int
    port: int
    target: str


def build_query(name: str, number: int) -> bytes:
    """Return the question; `number` (0-65535) comes back with the answer.

    Raises: MalformedReply when the name cannot be asked for.
    """
    try:
        labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    except UnicodeEncodeError as exc:
        raise MalformedReply("the name is not ASCII") from exc
    if not all(0 < len(label) < 64 for label in labels):
        raise MalformedReply("the name has an empty or too long part")
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!6H", number, _RECURSION_DESIRED, 1, 0, 0, 0) + asked + struct.pack("!2H", _SRV, _INTERNET)


def parse_reply(data: bytes, number: int) -> tuple[SrvRecord, ...]:
    """Return the records of an answer, the lowest priority and the heaviest first; empty when there are none.

    Raises: MalformedReply, Truncated.
    """
    try:
        return _parse_reply(data, number)
    except (struct.error, IndexError, UnicodeDecodeError) as exc:
        raise MalformedReply("the answer ends in the middle") from exc


def _parse_reply(data: bytes, number: int) -> tuple[SrvRecord, ...]:
    got, flags, questions, answers, _, _ = struct.unpack_from("!6H", data)
    if got != number or not flags & _RESPONSE:
        raise MalformedReply("this is no answer to our question")
    if flags & _TRUNCATED:
        raise Truncated
    if flags & _RCODE:
        return ()  # no such name, or a server that will not say: for us the same
    place = 12
    for _ in range(questions):
        _, place = _name(data, place)
        place += 4
    records: list[SrvRecord] = []
    for _ in range(answers):
        _, place = _name(data, place)
        kind, _, _, length = struct.unpack_from("!HHIH", data, place)
        place += 10
        if kind == _SRV:
            priority, weight, port = struct.unpack_from("!3H", data, place)
            target, _ = _name(data, place + 6)
            if target:  # "." says: the service is decidedly not there (RFC 2782)
                records.append(SrvRecord(priority, weight, port, target))
        place += length
    return tuple(sorted(records, key=lambda one: (one.priority, -one.weight, one.target)))


def _name(data: bytes, place: int) -> tuple[str, int]:
    """Return the name at a place and the place behind it; follows compression pointers, not in circles."""
    labels: list[str] = []
    behind = -1
    for _ in range(_MOST_LABELS):
        length = data[place]
        if length & 0xC0 == 0xC0:
            behind = behind if behind >= 0 else place + 2
            place = (length & 0x3F) << 8 | data[place + 1]
        elif length == 0:
            return ".".join(labels), behind if behind >= 0 else place + 1
        else:
            label = data[place + 1 : place + 1 + length]
            if len(label) != length:
                raise IndexError
            labels.append(label.decode("ascii"))
            place += 1 + length
    raise MalformedReply("a name without end")


def parse_nameservers(resolv_conf: str) -> tuple[str, ...]:
    """Return the name servers of a resolv.conf, in order."""
    lines = (line.split() for line in resolv_conf.splitlines())
    return tuple(words[1] for words in lines if len(words) >= 2 and words[0] == "nameserver")
