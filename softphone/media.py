"""One call's sound: what we play goes out on an absolute clock, what comes in is recorded where it was heard."""

import asyncio
import random
import wave
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, cast

import numpy as np

from softphone.codecs import CODECS, ULAW, Codec
from softphone.listening import Listening
from softphone.recording import HeardPacket, lay_out_heard, lay_out_sent
from softphone.rtp import DIGITS, RtpPacket, TelephoneEvent
from softphone.ticker import FRAME_SECONDS, Ticker

_DIGIT_FRAMES: Final = 5
"""100 ms of key held down; Asterisk wants at least 40."""
_DIGIT_ENDS: Final = 3
"""The last packet of a key is sent three times, because it must not be lost (RFC 4733)."""
_DIGIT_PAUSE_FRAMES: Final = 4
_GIVE_UP_SECONDS: Final = 30.0


@dataclass(slots=True)
class _Playing:
    """Sound on its way out, encoded once."""

    pcm: bytes
    payload: bytes
    is_loop: bool
    done: asyncio.Future[None]
    position: int = 0
    """Frames sent."""


class MediaStream(asyncio.DatagramProtocol):
    """The sound of one call. `codec` and `rate` are known once the call has agreed on them.

    Both recordings begin at `origin`, so that what was said and what was heard can be compared sample by sample.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ticker = Ticker.of_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._remote: tuple[str, int] | None = None
        self._known = {codec.payload_type: codec for codec in CODECS}
        self._event_types: dict[int, int] = {}
        self._payload_type = ULAW.payload_type
        self._event: tuple[int, int] | None = None
        self._is_sending = False
        self._is_closed = False
        # random over their whole range, as RFC 3550 wants: what depends on where a phone begins must show
        self._ssrc, self._sequence, self._timestamp = (
            random.getrandbits(32),
            random.getrandbits(16),
            random.getrandbits(32),
        )
        self._marker = True
        self._playing: deque[_Playing] = deque()
        self._silence = b""
        self._digits: deque[tuple[str, asyncio.Future[None]]] = deque()
        self._digit_frame = 0
        self._digit_begin = 0
        self._heard: list[HeardPacket] = []
        self._sent: list[tuple[float, bytes]] = []
        self._listening = Listening()
        self._waiting: list[tuple[Callable[[float], bool], asyncio.Future[None]]] = []
        self._last_event: tuple[int, int] | None = None
        self._digits_queue: asyncio.Queue[str] = asyncio.Queue()
        self.codec: Codec = ULAW
        self.origin: float | None = None
        """Loop time at which both recordings begin: the first packet in either direction."""
        self.digits_heard: list[tuple[float, str]] = []
        """Loop time and key."""
        self.packets_sent = 0

    # -- life ---------------------------------------------------------------------------------------------------------

    @classmethod
    async def open(cls, host: str) -> Self:
        """Bind a free UDP port; nothing is sent before `agree` and `start_sending`."""
        _, stream = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(host, 0))
        stream._ticker.subscribe(stream._tick)
        return stream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket (called by asyncio)."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port: int = transport.get_extra_info("sockname")[1]

    def agree(self, remote: tuple[str, int], chosen: tuple[int, Codec], event: tuple[int, int] | None) -> None:
        """Take what SDP settled: where to send, payload type and codec, payload type and clock of telephone events."""
        self._remote = remote
        self._payload_type, self.codec = chosen
        self._known[self._payload_type] = self.codec
        self._event = event
        if event:
            self._event_types[event[0]] = event[1]
        self._silence = self.codec.silence_byte * (self.codec.frame_bytes // len(self.codec.silence_byte))

    def close(self) -> None:
        """Stop at once; everything that waits for sound is released. The recordings stay."""
        if self._is_closed:
            return
        self._is_closed = True
        self._ticker.unsubscribe(self._tick)
        self.silence()
        for _, done in self._digits:
            _finish(done)
        for _, done in self._waiting:
            if not done.done():
                done.set_exception(ConnectionError("the call is over"))
        self._digits.clear()
        self._waiting.clear()
        if self._transport is not None:
            self._transport.close()

    # -- speaking -----------------------------------------------------------------------------------------------------

    @property
    def rate(self) -> int:
        """Hertz of all PCM given and returned."""
        return self.codec.rate

    def number_from(self, sequence: int) -> None:
        """Begin with this sequence number (0 to 65535) instead of a random one; say so before the call is answered."""
        self._sequence = sequence & 0xFFFF

    def start_sending(self) -> None:
        """Send a packet every 20 ms from now on, silence when nothing is played."""
        self._is_sending = True
        self._marker = True

    def stop_sending(self) -> None:
        """Fall silent on the wire, as a phone with silence suppression does; the clock goes on."""
        self._is_sending = False

    async def play(self, pcm: bytes) -> None:
        """Play mono 16 bit PCM at `rate` after what is playing; return when it was sent or cut by `silence`."""
        await self._enqueue(pcm, is_loop=False).done

    def loop(self, pcm: bytes) -> None:
        """Play it again and again until `silence`."""
        self._enqueue(pcm, is_loop=True)

    def silence(self) -> None:
        """Stop whatever is playing."""
        while self._playing:
            _finish(self._playing.popleft().done)

    async def send_digits(self, digits: str) -> None:
        """Press keys one after the other (RFC 4733); return when the last one was released.

        Raises: ValueError for what is no key, ConnectionError when the other end takes no telephone events.
        """
        if any(digit not in DIGITS for digit in digits):
            raise ValueError(f"not all of these are keys: {digits!r}")
        if self._event is None:
            raise ConnectionError("the other end takes no telephone events")
        pressed = [(digit, self._loop.create_future()) for digit in digits]
        self._digits.extend(pressed)
        for _, done in pressed:
            await done

    def _enqueue(self, pcm: bytes, is_loop: bool) -> _Playing:
        frame = self.codec.frame_samples * 2
        padded = pcm + bytes(-len(pcm) % frame)
        playing = _Playing(padded, self.codec.encode(padded), is_loop, self._loop.create_future())
        if self._is_closed or not padded:
            _finish(playing.done)
        else:
            self._playing.append(playing)
        return playing

    # -- hearing ------------------------------------------------------------------------------------------------------

    @property
    def packets_heard(self) -> int:
        """How many packets of sound came in."""
        return len(self._heard)

    async def wait_for_speech(self, min_ms: float = 100, within_seconds: float = _GIVE_UP_SECONDS) -> None:
        """Return when the other end is speaking, and has been for `min_ms`.

        Raises: TimeoutError, ConnectionError when the call ends first.
        """
        await self._wait(lambda now: self._listening.is_speech(now, min_ms / 1000), within_seconds, "no speech")

    async def wait_for_silence(self, seconds: float = 0.7, within_seconds: float = _GIVE_UP_SECONDS) -> None:
        """Return when nothing has been heard for `seconds`, counted from now on.

        Raises: TimeoutError, ConnectionError when the call ends first.
        """
        since = self._loop.time()
        await self._wait(
            lambda now: self._listening.silent_seconds(now, since) >= seconds, within_seconds, "no silence"
        )

    async def hear_out(self, silence_seconds: float = 0.7, within_seconds: float = _GIVE_UP_SECONDS) -> None:
        """Wait until the other end has begun to speak and has finished."""
        async with asyncio.timeout(within_seconds):
            await self.wait_for_speech(within_seconds=within_seconds)
            await self.wait_for_silence(silence_seconds, within_seconds)

    async def hear_digit(self, within_seconds: float = _GIVE_UP_SECONDS) -> str:
        """Return the next key the other end pressed. Raises: TimeoutError."""
        async with asyncio.timeout(within_seconds):
            return await self._digits_queue.get()

    def heard_pcm(self) -> bytes:
        """Return all that was heard since `origin`, mono 16 bit PCM at `rate`; what did not come is silence."""
        return b"" if self.origin is None else lay_out_heard(self._heard, self.origin, self.rate)

    def sent_pcm(self) -> bytes:
        """Return all that was played since `origin`, mono 16 bit PCM at `rate`, before any codec."""
        return b"" if self.origin is None else lay_out_sent(self._sent, self.origin, self.rate)

    def arrivals(self) -> list[float]:
        """Return the loop time at which each packet of sound came in."""
        return [packet.arrival for packet in self._heard]

    def save_wav(self, path: Path, with_sent: bool = False) -> None:
        """Write what was heard; `with_sent` makes it stereo: what was sent left, what was heard right."""
        heard, sent = (np.frombuffer(pcm, "<i2") for pcm in (self.heard_pcm(), self.sent_pcm()))
        if with_sent:
            length = max(len(heard), len(sent))
            channels = [np.pad(side, (0, length - len(side))) for side in (sent, heard)]
        else:
            channels = [heard]
        with wave.open(str(path), "wb") as file:
            file.setnchannels(len(channels))
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())

    async def _wait(self, is_true: Callable[[float], bool], within_seconds: float, complaint: str) -> None:
        if self._is_closed:
            raise ConnectionError("the call is over")
        done: asyncio.Future[None] = self._loop.create_future()
        waiting = (is_true, done)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(within_seconds):
                await done
        except TimeoutError:
            raise TimeoutError(f"{complaint} within {within_seconds} s") from None
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    # -- packets ------------------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        """Take a packet from the call's other end; anybody else is not heard (called by asyncio)."""
        if self._remote is not None and address[1] != self._remote[1]:
            return
        packet = RtpPacket.parse(data)
        if packet is None:
            return
        now = self._loop.time()
        if packet.payload_type in self._event_types:
            self._event_heard(packet, now)
            return
        codec = self._known.get(packet.payload_type)
        if codec is None:
            return
        if self.origin is None:
            self.origin = now
        self._heard.append(HeardPacket(now, packet.sequence, packet.timestamp, packet.ssrc, packet.payload, codec))
        seconds = len(packet.payload) / codec.sample_bytes / codec.rate
        self._listening.heard(now, codec.level(packet.payload), seconds)

    def _event_heard(self, packet: RtpPacket, now: float) -> None:
        """A key is many packets with one timestamp; the first that arrives counts."""
        event = TelephoneEvent.parse(packet.payload)
        key = (packet.ssrc, packet.timestamp)
        if event is None or key == self._last_event:
            return
        self._last_event = key
        self.digits_heard.append((now, event.digit))
        self._digits_queue.put_nowait(event.digit)

    def error_received(self, exc: Exception) -> None:
        """Ignore that the other end closed its port: SIP tells when a call is over (called by asyncio)."""

    def _tick(self, due: float, frames: int) -> None:
        """Send what belongs into this 20 ms and look whether somebody's wish came true."""
        samples = self.codec.frame_samples
        self._timestamp = (self._timestamp + frames * samples) & 0xFFFF_FFFF
        if self._is_sending and self._remote is not None:
            if self.origin is None:
                self.origin = due
            if self._digits:
                self._send_digit_frame()
            else:
                self._send(self._payload_type, self._timestamp, self._next_payload(due))
        if not self._waiting or frames > 1 or self._loop.time() - due > FRAME_SECONDS:
            return  # after a stall the packets of that time are still in the socket: not the moment to judge silence
        for waiting in tuple(self._waiting):
            is_true, done = waiting
            if is_true(self._loop.time()):
                _finish(done)
                self._waiting.remove(waiting)

    def _next_payload(self, due: float) -> bytes:
        if not self._playing:
            return self._silence
        playing = self._playing[0]
        codec = self.codec
        begin = playing.position * codec.frame_bytes
        payload = playing.payload[begin : begin + codec.frame_bytes]
        frame = codec.frame_samples * 2
        self._sent.append((due, playing.pcm[playing.position * frame : (playing.position + 1) * frame]))
        playing.position += 1
        if begin + codec.frame_bytes >= len(playing.payload):
            if playing.is_loop:
                playing.position = 0
            else:
                self._playing.popleft()
                _finish(playing.done)
        return payload

    def _send_digit_frame(self) -> None:
        """Send one frame's worth of the key in progress: held down, released, and a pause before the next."""
        assert self._event is not None
        digit, done = self._digits[0]
        payload_type, clock = self._event
        frame = self._digit_frame
        self._digit_frame += 1
        if frame == 0:
            self._digit_begin = self._timestamp
            self._marker = True
        if frame < _DIGIT_FRAMES:
            is_last = frame == _DIGIT_FRAMES - 1
            duration = (frame + 1) * int(clock * FRAME_SECONDS)
            for _ in range(_DIGIT_ENDS if is_last else 1):
                self._send(payload_type, self._digit_begin, TelephoneEvent(digit, duration, is_last).serialize())
        elif frame < _DIGIT_FRAMES + _DIGIT_PAUSE_FRAMES:
            self._send(self._payload_type, self._timestamp, self._silence)
        else:
            self._send(self._payload_type, self._timestamp, self._silence)
            self._digits.popleft()
            self._digit_frame = 0
            _finish(done)

    def _send(self, payload_type: int, timestamp: int, payload: bytes) -> None:
        packet = RtpPacket(payload_type, self._sequence, timestamp, self._ssrc, payload, self._marker)
        self._marker = False
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets_sent += 1
        if self._transport is not None:
            self._transport.sendto(packet.serialize(), self._remote)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
