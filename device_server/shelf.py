"""Who may take what from the shelf: a request and the time in, an answer and what to remember out. Waits for nothing.

A one-time file holds passwords. It is withdrawn when its device has taken it, until the manifest brings a new edition:

    available --(a)--> taking --(b)--> taken --(e)--> available
        ^                |
        +------(c)(d)----+

(a) its device begins to fetch it (b) it has all of it (c) the connection is cut (d) we were killed meanwhile: nobody
knows whether it arrived, so it is available again, and the log says so (e) the manifest has a higher edition
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Literal

from device_server.address import IpAddress
from device_server.protocol import Refusal, Request
from fxo_templates.model import DeviceFile

Outcome = Literal[
    "served",  # all of it was sent
    "taken",  # the same, of a one-time file: it is withdrawn now
    "cut",  # the connection ended before all of it had arrived; does not count
    "looked",  # HEAD: it is there
    "withdrawn",  # asked for again after it was taken: a reset device, or somebody else
    "unknown-file",  # the right token, but no such file: firmware, the binary twin of the XML, another MAC
    "other-network",  # the right token from where this device is not
    "unknown-token",
    "refused",  # no request at all
    "uncertain",  # we were killed while it was taken
    "not-kept",  # could not be written down as being taken, so it was not given away
]
SUCCESSES: Final[frozenset[Outcome]] = frozenset({"served", "taken", "looked"})

Key = tuple[str, str]
"""(device id, file name)."""

NOT_FOUND_BODY: Final = b"Not found\n"
_MOST_NAME_LETTERS: Final = 80
_MOST_AGENT_LETTERS: Final = 160


@dataclass(frozen=True, slots=True)
class ShelvedDevice:
    """One device and what waits for it."""

    id: str
    """As in the settings: "oficina"."""
    token: str = field(repr=False)
    """The first part of its path; random."""
    clients: tuple[IPv4Network | IPv6Network, ...]
    """Where it fetches from."""
    files: tuple[DeviceFile, ...]
    one_time: bool = True
    """True: each file is withdrawn once it has been taken."""
    edition: int = 1
    """Raised to let a taken file be taken once more."""


@dataclass(frozen=True, slots=True)
class Taking:
    """What we remember about one one-time file."""

    edition: int
    is_done: bool
    """False: on its way."""
    at: float
    """Seconds since 1970."""
    client: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told; all 404s look alike."""

    status: HTTPStatus
    body: bytes = field(repr=False)
    media_type: str
    outcome: Outcome
    """If all of it arrives."""
    device: str = ""
    """"" when the token is unknown."""
    file: str = ""
    user_agent: str = ""
    takes: Key | None = None
    """The one-time file this gives away."""
    edition: int = 0


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log. Never a token, never content."""

    time: float
    """Seconds since 1970."""
    outcome: Outcome
    client: str
    status: int
    """0: nothing was answered."""
    bytes: int
    device: str = ""
    file: str = ""
    user_agent: str = ""
    detail: str = ""


class Shelf:
    """All devices' files, and which one-time files have been taken."""

    def __init__(self, devices: Sequence[ShelvedDevice], takings: Mapping[Key, Taking] | None = None) -> None:
        self._devices = tuple(devices)
        self._takings = dict(takings or {})

    @property
    def takings(self) -> Mapping[Key, Taking]:
        """What has to survive a restart."""
        return dict(self._takings)

    def restock(self, devices: Sequence[ShelvedDevice]) -> None:
        """Put other files on the shelf; what was taken stays taken."""
        self._devices = tuple(devices)

    def recover(self, now: float) -> list[LogEntry]:
        """Release what was on its way when the process was killed, and say so."""
        entries = []
        for key, taking in list(self._takings.items()):
            if not taking.is_done:
                del self._takings[key]
                detail = "killed while it was fetched: it may have arrived, and is available again"
                entries.append(LogEntry(now, "uncertain", taking.client, 0, 0, key[0], key[1], detail=detail))
        return entries

    def answer(self, request: Request, client: IpAddress | None) -> Answer:
        """Decide what `client` is told. Nothing is remembered yet: see `begin`."""
        device = self._device_of(request)
        agent = self._loggable(request.user_agent, _MOST_AGENT_LETTERS)
        if device is None or request.path is None:
            return _not_found("unknown-token", user_agent=agent)
        name = self._loggable("/".join(request.path[1:]), _MOST_NAME_LETTERS)
        if client is None or not any(client in network for network in device.clients):
            return _not_found("other-network", device.id, name, agent)
        found = next((file for file in device.files if _is_named(file, request.path)), None)
        if found is None:
            return _not_found("unknown-file", device.id, name, agent)
        if device.one_time and self._is_taken(device, found):
            return _not_found("withdrawn", device.id, found.name, agent)
        takes = (device.id, found.name) if device.one_time and request.method == "GET" else None
        outcome: Outcome = "looked" if request.method == "HEAD" else "taken" if takes else "served"
        return Answer(
            HTTPStatus.OK, found.content, found.media_type, outcome, device.id, found.name, agent, takes, device.edition
        )

    def begin(self, answer: Answer, client: str, now: float) -> None:
        """A one-time file is about to leave. Keep `takings` on disk before its first byte does."""
        if answer.takes:
            self._takings[answer.takes] = Taking(answer.edition, is_done=False, at=now, client=client)

    def end(self, answer: Answer, client: str, now: float, *, has_arrived: bool) -> None:
        """It has arrived, or it has not and is available again."""
        if not answer.takes:
            return
        if has_arrived:
            self._takings[answer.takes] = Taking(answer.edition, is_done=True, at=now, client=client)
        else:
            self._takings.pop(answer.takes, None)

    def _device_of(self, request: Request) -> ShelvedDevice | None:
        """Compare with every device's token, each in constant time: how long it takes tells nothing about any."""
        offered = request.path[0] if request.path else ""
        found = None
        for device in self._devices:
            if hmac.compare_digest(device.token.encode(), offered.encode()):
                found = device
        return found

    def _is_taken(self, device: ShelvedDevice, file: DeviceFile) -> bool:
        taking = self._takings.get((device.id, file.name))
        return taking is not None and taking.edition >= device.edition

    def _loggable(self, text: str, most: int) -> str:
        """Return what a client sent, fit for the log: no token, printable ASCII, at most `most` letters."""
        for device in self._devices:
            text = text.replace(device.token, "[token]")
        return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:most])


def entry_of(answer: Answer, client: str, now: float, sent: int, *, has_arrived: bool) -> LogEntry:
    """Return the log line of an answer of which `sent` bytes of content were sent."""
    outcome: Outcome = answer.outcome if has_arrived or answer.outcome not in SUCCESSES else "cut"
    return LogEntry(now, outcome, client, answer.status.value, sent, answer.device, answer.file, answer.user_agent)


def refused_entry(refusal: Refusal, client: str, now: float) -> LogEntry:
    """Return the log line of what was no request."""
    return LogEntry(now, "refused", client, refusal.status.value, 0, detail=refusal.reason)


def _is_named(file: DeviceFile, path: tuple[str, ...]) -> bool:
    """Devices write their MAC in either case."""
    return len(path) == 2 and file.name.casefold() == path[1].casefold()


def _not_found(outcome: Outcome, device: str = "", file: str = "", user_agent: str = "") -> Answer:
    return Answer(HTTPStatus.NOT_FOUND, NOT_FOUND_BODY, "text/plain", outcome, device, file, user_agent)
