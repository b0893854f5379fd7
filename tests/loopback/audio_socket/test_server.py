"""The server over real sockets: who is let in, what is heard and said, and that one call's trouble is its own."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from audio_socket.leg import LegEnding, MediaOffer
from audio_socket.protocol import audio_message, hangup_message, identification_message
from audio_socket.scripted import ScriptedFarEnd, ScriptedListener
from audio_socket.server import AudioSocketServer
from vocabulary.audio import NARROWBAND, WIDEBAND, AudioFormat
from vocabulary.speech import SpokenPiece

PATIENCE = 10.0
"""Seconds until a test gives up waiting; nothing is measured with it."""


@pytest.fixture
async def server() -> AsyncIterator[AudioSocketServer]:
    async with AudioSocketServer(identify_seconds=0.3, max_connections=20) as server:
        yield server


def announce(
    server: AudioSocketServer, format: AudioFormat = NARROWBAND, within_seconds: float = PATIENCE
) -> tuple[MediaOffer, ScriptedListener]:
    listener = ScriptedListener()
    return server.expect(uuid4(), listener, format=format, within_seconds=within_seconds), listener


async def connected(
    server: AudioSocketServer, format: AudioFormat = NARROWBAND
) -> tuple[ScriptedFarEnd, ScriptedListener]:
    offer, listener = announce(server, format)
    far_end = await ScriptedFarEnd.connect(offer)
    await listener.until(lambda it: it.leg is not None)
    return far_end, listener


async def ended(listener: ScriptedListener) -> list[str]:
    await listener.until(lambda it: bool(it.endings))
    return listener.endings


def loud(format: AudioFormat, number: int = 1) -> bytes:
    return (number * 1000).to_bytes(2, "little") * format.frame_samples


@pytest.mark.parametrize(("format", "name"), [(NARROWBAND, "slin"), (WIDEBAND, "slin16")])
async def test_a_caller_is_heard_and_hears_us(server: AudioSocketServer, format: AudioFormat, name: str) -> None:
    offer, listener = announce(server, format)
    assert (offer.encapsulation, offer.transport, offer.format_name) == ("audiosocket", "tcp", name)
    assert offer.external_host == f"127.0.0.1:{server.port}"
    far_end = await ScriptedFarEnd.connect(offer)
    await listener.until(lambda it: it.leg is not None)
    assert listener.leg is not None
    said = [loud(format, number) for number in range(1, 11)]
    for frame in said:
        far_end.speak(frame, format.rate)
    far_end.press("7")
    await listener.until(lambda it: it.digits == ["7"])
    assert [frame for frame in listener.heard if frame.strip(b"\0")] == said

    listener.leg.playout.begin(1, "hola")
    listener.leg.playout.feed(1, SpokenPiece(b"".join(said)))
    listener.leg.playout.end(1)
    await listener.until(lambda it: it.speeches_played == [1])
    frames = await far_end.frames(len(listener.played))
    assert [frame for frame in frames if frame.strip(b"\0")] == said
    await far_end.close()
    assert await ended(listener) == [LegEnding.FAR_END_CLOSED]


async def test_the_server_is_never_silent(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    loop = asyncio.get_running_loop()
    began = loop.time()
    frames = await far_end.frames(50)
    passed = loop.time() - began
    # By the wall clock the loop has seen: never more frames than time passed, and none missing but those of a stall.
    assert len(frames) <= passed / 0.02 + 4
    assert len(frames) + server.ticker.skipped * 4 >= passed / 0.02 - 4
    assert set(frames) == {NARROWBAND.silence}
    assert all(frame is listener.leg.playout.silence for frame in listener.played) if listener.leg else False
    await far_end.close()


async def test_a_caller_who_sends_nothing_is_heard_as_silence(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    await listener.until(lambda it: len(it.played) >= 25)
    assert 20 <= len(listener.heard) <= 26
    assert set(listener.heard) == {NARROWBAND.silence}
    await far_end.close()


async def test_our_own_stall_loses_no_sound_and_inserts_none(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    await listener.until(lambda it: len(it.played) >= 5)
    already = len(listener.heard)
    said = [loud(NARROWBAND, number) for number in range(1, 21)]
    for frame in said:
        far_end.speak(frame)
    await asyncio.sleep(0)  # the bytes are in the socket, and nobody has read them
    time.sleep(0.3)  # noqa: ASYNC251 - the stall itself
    await listener.until(lambda it: sum(bool(frame.strip(b"\0")) for frame in it.heard) == 20)
    heard = listener.heard[already:]
    first = heard.index(said[0])
    assert heard[first : first + 20] == said
    await far_end.close()


async def test_both_channels_keep_wall_time_across_a_stall(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    await listener.until(lambda it: len(it.played) >= 5)
    time.sleep(0.3)  # noqa: ASYNC251 - the stall itself
    # Frames that wait in the socket may be behind for a moment; sound that was lost or made up would never be made good
    await listener.until(lambda it: len(it.played) >= 30 and abs(len(it.played) - len(it.heard)) <= 4)
    assert server.ticker.skipped > 0
    await far_end.close()


async def test_a_far_end_that_does_not_read_costs_frames_and_no_memory(server: AudioSocketServer) -> None:
    good, good_listener = await connected(server)
    offer, listener = announce(server, WIDEBAND)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, (offer.host, offer.port))
        await loop.sock_sendall(deaf, identification_message(offer.uuid))
        await listener.until(lambda _: server.stats.frames_lost >= 3)
        assert listener.endings == []
        await good.frames(len(good_listener.played))
        # It reads again: what it gets is whole messages still, for a message taken in part was gone on with.
        data = b""
        while len(data) < 643 * 150:
            data += await loop.sock_recv(deaf, 65536)
    messages = [data[at : at + 643] for at in range(0, 643 * 150, 643)]
    assert set(messages) == {audio_message(WIDEBAND.silence, WIDEBAND.rate)}
    assert await ended(listener) == [LegEnding.FAR_END_CLOSED]
    assert good_listener.endings == []
    await good.close()


async def test_barge_in_takes_effect_with_the_next_frame(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    assert listener.leg is not None
    listener.leg.playout.begin(1, "hola")
    listener.leg.playout.feed(1, SpokenPiece(loud(NARROWBAND) * 100))
    await listener.until(lambda it: sum(bool(frame.strip(b"\0")) for frame in it.played) >= 10)
    listener.leg.playout.flush()
    loud_frames = sum(bool(frame.strip(b"\0")) for frame in listener.played)
    await listener.until(lambda it: len(it.played) >= loud_frames + 10)
    assert sum(bool(frame.strip(b"\0")) for frame in listener.played) == loud_frames
    await far_end.close()


async def test_we_can_hang_up(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    assert listener.leg is not None
    listener.leg.hang_up()
    assert await far_end.is_hung_up()
    assert listener.endings == [LegEnding.CLOSED_BY_US]
    listener.leg.close()
    assert listener.endings == [LegEnding.CLOSED_BY_US]
    assert server.connections == 0
    await far_end.close()


async def test_a_far_end_may_hang_up(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server)
    far_end.send(hangup_message())
    assert await ended(listener) == [LegEnding.FAR_END_HUNG_UP]
    await far_end.close()


async def test_a_uuid_is_good_for_one_connection(server: AudioSocketServer) -> None:
    offer, listener = announce(server)
    first = await ScriptedFarEnd.connect(offer)
    await listener.until(lambda it: it.leg is not None)
    second = await ScriptedFarEnd.connect(offer)
    assert await second.until_closed() == []
    assert listener.endings == []
    await first.frames(3)
    await first.close()
    await second.close()


async def test_nobody_comes(server: AudioSocketServer) -> None:
    _, listener = announce(server, within_seconds=0.1)
    assert await ended(listener) == [LegEnding.NEVER_CAME]
    assert listener.leg is None


async def test_what_is_forgotten_is_a_stranger(server: AudioSocketServer) -> None:
    offer, listener = announce(server)
    server.forget(offer.uuid)
    server.forget(offer.uuid)
    far_end = await ScriptedFarEnd.connect(offer)
    assert await far_end.until_closed() == []
    assert server.stats.strangers == 1
    assert listener.endings == []
    await far_end.close()


async def test_a_listener_that_breaks_ends_its_own_leg_only(server: AudioSocketServer) -> None:
    class Broken(ScriptedListener):
        def frame_played(self, frame: bytes) -> None:
            raise RuntimeError("a mistake of ours")

    good, good_listener = await connected(server)
    listener = Broken()
    offer = server.expect(uuid4(), listener, format=NARROWBAND, within_seconds=PATIENCE)
    far_end = await ScriptedFarEnd.connect(offer)
    assert await ended(listener) == [LegEnding.LISTENER_FAILED]
    heard = len(good_listener.played)
    await good_listener.until(lambda it: len(it.played) > heard + 10)
    assert good_listener.endings == []
    await far_end.close()
    await good.close()


async def test_another_rate_than_agreed_is_an_error(server: AudioSocketServer) -> None:
    far_end, listener = await connected(server, NARROWBAND)
    far_end.speak(WIDEBAND.silence, WIDEBAND.rate)
    assert await ended(listener) == [LegEnding.PROTOCOL_ERROR]
    await far_end.close()


async def test_stopping_ends_every_leg_and_every_announcement() -> None:
    async with AudioSocketServer() as server:
        far_end, listener = await connected(server)
        _, waiting = announce(server)
    assert listener.endings == [LegEnding.SERVER_STOPPED]
    assert waiting.endings == [LegEnding.SERVER_STOPPED]
    await far_end.until_closed()
    await far_end.close()


class TestHostileClients:
    """Whatever they do, they are gone soon, and a call that goes on meanwhile misses nothing."""

    @pytest.fixture
    async def call(self, server: AudioSocketServer) -> AsyncIterator[tuple[ScriptedFarEnd, ScriptedListener]]:
        far_end, listener = await connected(server)
        assert listener.leg is not None
        numbered = [loud(NARROWBAND, number) for number in range(1, 31)]
        listener.leg.playout.begin(1, "una frase larga")
        listener.leg.playout.feed(1, SpokenPiece(b"".join(numbered)))
        listener.leg.playout.end(1)
        yield far_end, listener
        # Every frame came, in order and without one of silence between them: the sentence has no hole.
        await listener.until(lambda it: it.speeches_played == [1])
        frames = await far_end.frames(len(listener.played))
        first = frames.index(numbered[0])
        assert frames[first : first + 30] == numbered
        assert abs(len(listener.played) - len(listener.heard)) <= 4
        assert listener.endings == []
        assert server.connections == 1
        await far_end.close()

    @pytest.mark.usefixtures("call")
    @pytest.mark.parametrize(
        "said",
        [
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x10\xff\xff",
            b"\x10\x01\x40" + bytes(320),
            b"\x01\x00\x10" + bytes(16),
            b"\x01\xff\xff",
            bytes(100_000),
        ],
    )
    async def test_garbage(self, server: AudioSocketServer, said: bytes) -> None:
        far_end = await stranger(server)
        far_end.send(said)
        assert await far_end.until_closed() == []
        await far_end.close()

    @pytest.mark.usefixtures("call")
    @pytest.mark.parametrize("said", [b"", b"\x01", b"\x01\x00\x10" + bytes(15)])
    async def test_who_does_not_say_in_time_who_he_is(self, server: AudioSocketServer, said: bytes) -> None:
        far_end = await stranger(server)
        far_end.send(said)
        assert await far_end.until_closed() == []
        assert server.stats.silent_strangers == 1
        await far_end.close()

    @pytest.mark.usefixtures("call")
    @pytest.mark.parametrize("said", [identification_message(UUID(int=0)), b"\x10\x01", b"\x77", b"\x10\x01\x41"])
    async def test_a_known_caller_who_turns_bad(self, server: AudioSocketServer, said: bytes) -> None:
        far_end, listener = await connected(server)
        far_end.send(said)
        if len(said) < 3:  # half a header and then a stall is no crime, only silence
            await listener.until(lambda it: len(it.heard) > 10)
            await far_end.close()
            assert await ended(listener) == [LegEnding.FAR_END_CLOSED]
        else:
            assert await ended(listener) == [LegEnding.PROTOCOL_ERROR]
            await far_end.close()

    async def test_a_flood_locks_nobody_out(
        self, server: AudioSocketServer, call: tuple[ScriptedFarEnd, ScriptedListener]
    ) -> None:
        flood = [await stranger(server) for _ in range(60)]
        assert server.connections <= 20
        far_end, listener = await connected(server)
        await far_end.frames(5)
        assert listener.endings == []
        await far_end.close()
        await ended(listener)
        for one in flood:
            await one.until_closed()
            await one.close()
        assert server.stats.refused >= 40
        assert call[1].endings == []

    async def test_above_the_cap_nobody_is_let_in(self, server: AudioSocketServer) -> None:
        legs = [await connected(server) for _ in range(20)]
        offer, listener = announce(server)
        late = await ScriptedFarEnd.connect(offer)
        assert await late.until_closed() == []
        assert listener.leg is None
        await late.close()
        for far_end, one in legs:
            assert one.endings == []
            await far_end.close()
            await ended(one)

    @pytest.mark.usefixtures("call")
    async def test_a_flood_of_sound_is_cut_to_half_a_second(self, server: AudioSocketServer) -> None:
        far_end, listener = await connected(server)
        for _ in range(3000):
            far_end.speak(loud(NARROWBAND))
        far_end.press("1")
        await listener.until(lambda it: it.digits == ["1"])
        assert len(listener.heard) <= len(listener.played) + 26
        await far_end.close()
        await ended(listener)


async def stranger(server: AudioSocketServer) -> ScriptedFarEnd:
    offer = MediaOffer("127.0.0.1", server.port, "audiosocket", "tcp", "slin", UUID(int=1))
    return await ScriptedFarEnd.connect(offer, is_identified=False)
