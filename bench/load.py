"""The load: a process that plays the sound half of Asterisk for hundreds of callers, and must itself never be late.

Raw sockets and epoll, messages made in advance; senders are spread over the 20 ms in small groups. It measures its own
lateness too, so that what it causes is not blamed on the server.
"""

import gc
import os
import random
import select
import socket
import time
from array import array
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from audio_socket.protocol import audio_message, identification_message
from bench.callers import Caller, Findings, Repertoire
from bench.pinning import allow_many_files, pin
from bench.voices import Voices, messages
from vocabulary.audio import FRAME_SECONDS, NARROWBAND

SLOTS: Final = 10
"""Groups of senders; one is served every 2 ms."""
_SILENCE: Final = audio_message(NARROWBAND.silence, NARROWBAND.rate)
_MESSAGE_BYTES: Final = len(_SILENCE)
_READ_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """What the load saw between `begin` and `end`."""

    seconds: float
    legs: int
    arrivals: list[bytes]
    """For each leg, the moments at which frames came: doubles, seconds."""
    findings: Findings
    own_lateness: bytes
    """How late each group of senders was served: doubles, seconds."""
    legs_lost: int
    frames_not_sent: int


@dataclass(frozen=True, slots=True)
class _Connect:
    port: int
    uuid: UUID


@dataclass(frozen=True, slots=True)
class _Leave:
    legs: int


class Load:
    """The load's process, seen from the one that measures; `with` runs it."""

    def __init__(self, voices: Voices, core: int) -> None:
        ours, theirs = get_context("spawn").Pipe()
        self._pipe, self._their_pipe = ours, theirs
        self._process = get_context("spawn").Process(target=_run, args=(theirs, voices, core), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._their_pipe.close()  # so that we notice when the process has died
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def connect(self, port: int, uuid: UUID) -> None:
        """Begin one more leg. Raises: OSError when the process has died."""
        self._pipe.send(_Connect(port, uuid))

    def leave(self, legs: int) -> None:
        """End the latest legs, by closing their connections."""
        self._pipe.send(_Leave(legs))

    def begin(self) -> None:
        """Forget what was seen so far."""
        self._pipe.send("begin")

    def end(self) -> Measured:
        """Return what was seen since `begin`; blocks. Raises: EOFError when the process has died."""
        self._pipe.send("end")
        measured = self._pipe.recv()
        assert isinstance(measured, Measured)
        return measured


@dataclass(slots=True)
class _Leg:
    socket: socket.socket
    handle: int
    caller: Caller
    slot: int
    rest: bytes = b""


@dataclass(slots=True)
class _Seen:
    begun_at: float
    own_lateness: "array[float]" = field(default_factory=lambda: array("d"))
    legs_lost: int = 0
    frames_not_sent: int = 0


class _Legs:
    """All legs of the load, and the loop that serves them."""

    def __init__(self, pipe: Connection, repertoire: Repertoire) -> None:
        self._pipe = pipe
        self._repertoire = repertoire
        self._findings = Findings()
        self._legs: dict[int, _Leg] = {}
        self._slots: list[list[_Leg]] = [[] for _ in range(SLOTS)]
        self._seen = _Seen(time.perf_counter())
        self._seeds = random.Random(1)
        self._epoll = select.epoll()
        self._epoll.register(pipe.fileno(), select.EPOLLIN)

    def run(self) -> None:
        clock, poll = time.perf_counter, self._epoll.poll
        pipe_handle = self._pipe.fileno()
        start, ticks, step = clock(), 0, FRAME_SECONDS / SLOTS
        while True:
            due = start + ticks * step
            now = clock()
            if now >= due:
                self._seen.own_lateness.append(now - due)
                for leg in tuple(self._slots[ticks % SLOTS]):
                    self._send(leg, now)
                ticks += 1
                wait = 0.0
            else:
                wait = due - now
            for handle, _ in poll(wait):
                if handle == pipe_handle:
                    self._obey()
                else:
                    self._receive(handle, clock())

    def _send(self, leg: _Leg, now: float) -> None:
        message = leg.caller.next_message(now)
        try:
            if os.write(leg.handle, message) != _MESSAGE_BYTES:
                self._lose(leg)  # half a message: the framing would be lost
        except BlockingIOError:
            self._seen.frames_not_sent += 1
        except OSError:
            self._lose(leg)

    def _receive(self, handle: int, now: float) -> None:
        leg = self._legs.get(handle)
        if leg is None:
            return  # closed by an order that came in the same moment
        try:
            data = os.read(handle, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if len(data) == _MESSAGE_BYTES and not leg.rest:
            leg.caller.hear(data != _SILENCE, now)
        elif data:
            self._receive_pieces(leg, data, now)
        else:
            self._lose(leg)

    def _receive_pieces(self, leg: _Leg, data: bytes, now: float) -> None:
        data = leg.rest + data
        whole = len(data) - len(data) % _MESSAGE_BYTES
        for start in range(0, whole, _MESSAGE_BYTES):
            leg.caller.hear(data[start : start + _MESSAGE_BYTES] != _SILENCE, now)
        leg.rest = data[whole:]

    def _lose(self, leg: _Leg) -> None:
        self._seen.legs_lost += 1
        self._close(leg)

    def _close(self, leg: _Leg) -> None:
        self._slots[leg.slot].remove(leg)
        del self._legs[leg.handle]
        self._epoll.unregister(leg.handle)
        leg.socket.close()

    def _obey(self) -> None:
        match self._pipe.recv():
            case _Connect(port, uuid):
                self._connect(port, uuid)
            case _Leave(legs):
                for leg in list(self._legs.values())[-legs:]:
                    self._close(leg)
            case "begin":
                self._begin()
            case _:
                self._pipe.send(self._measured())

    def _connect(self, port: int, uuid: UUID) -> None:
        connection = socket.create_connection(("127.0.0.1", port), timeout=5.0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(identification_message(uuid))
        connection.setblocking(False)
        slot = min(range(SLOTS), key=lambda number: len(self._slots[number]))
        caller = Caller(self._repertoire, self._findings, self._seeds.getrandbits(32))
        leg = _Leg(connection, connection.fileno(), caller, slot)
        self._legs[leg.handle] = leg
        self._slots[slot].append(leg)
        self._epoll.register(leg.handle, select.EPOLLIN)

    def _begin(self) -> None:
        findings = self._findings
        findings.latencies.clear()
        findings.barge_in_stops.clear()
        findings.lost = findings.early = findings.deaf = 0
        for leg in self._legs.values():
            del leg.caller.arrivals[:]
        self._seen = _Seen(time.perf_counter())

    def _measured(self) -> Measured:
        seen = self._seen
        return Measured(
            seconds=time.perf_counter() - seen.begun_at,
            legs=len(self._legs),
            arrivals=[leg.caller.arrivals.tobytes() for leg in self._legs.values()],
            findings=self._findings,
            own_lateness=seen.own_lateness.tobytes(),
            legs_lost=seen.legs_lost,
            frames_not_sent=seen.frames_not_sent,
        )


def _run(pipe: Connection, voices: Voices, core: int) -> None:
    pin(core)
    allow_many_files()
    repertoire = Repertoire([messages(sentence) for sentence in voices.sentences], messages(voices.noise))
    gc.disable()
    legs = _Legs(pipe, repertoire)
    try:
        legs.run()
    except (EOFError, KeyboardInterrupt):
        return
