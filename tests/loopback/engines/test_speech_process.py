"""The `speech` process and its client: what a call notices when it is late, broken, killed or replaced."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
from contextlib import aclosing, suppress
from pathlib import Path

import numpy as np
import pytest

from engines.base import BadEngineAnswer, EngineBusy, EngineFailed, EngineUnavailable, SpeechRequest, Utterance
from engines.speech import messages as said
from engines.speech.client import SpeechClient
from engines.speech.server import SocketTaken, SpeechLimits, SpeechServer
from engines.speech.wire import Frame, FrameReader, Kind
from engines.stt.scripted import ScriptedEar
from engines.tts.scripted import ScriptedMouth
from vocabulary.speech import SpokenPiece

from .conftest import StartSpeech

LOUD = Utterance((4000 * np.sin(np.arange(8000))).astype(np.int16).tobytes(), 8000)
SENTENCE = SpeechRequest("Buenos días, su saldo es de 45,50 euros.", 8000)
LONG = SpeechRequest("una palabra y otra palabra más " * 100, 8000)


async def test_it_hears_speaks_and_tells_its_health(start_speech: StartSpeech) -> None:
    async with SpeechClient(start_speech(ear="fake:says=sí por favor").path) as speech:
        await speech.connected()
        assert (await speech.ear.transcribe(LOUD)).text == "sí por favor"
        assert [piece async for piece in speech.mouth.speak(SENTENCE)]
        assert [(health.engine, health.is_ready) for health in await speech.health()] == [
            ("stt:fake", True),
            ("tts:espeak", True),
        ]


async def test_killed_in_mid_sentence_it_is_noticed_at_once_and_its_successor_is_found(
    start_speech: StartSpeech,
) -> None:
    first = start_speech(ear="fake:late=60", mouth="scripted:piece_delay=60")
    async with SpeechClient(first.path) as speech:
        await speech.connected()
        hearing = asyncio.create_task(speech.ear.transcribe(LOUD))
        async with aclosing(speech.mouth.speak(SENTENCE)) as pieces:
            assert (await anext(pieces)).pcm
            await asyncio.to_thread(first.kill)
            with pytest.raises(EngineUnavailable) as told:
                await anext(pieces)
        assert told.value.retryable
        with pytest.raises(EngineUnavailable):
            await hearing
        with pytest.raises(EngineUnavailable):
            await speech.ear.transcribe(LOUD)
        assert [health.is_ready for health in await speech.health()] == [False, False]

        await asyncio.to_thread(start_speech, path=first.path)
        await speech.connected()
        assert (await speech.ear.transcribe(LOUD)).text == "hola"
        assert [piece async for piece in speech.mouth.speak(SENTENCE)]


async def test_before_it_was_ever_started_requests_fail_at_once(tmp_path: Path) -> None:
    async with SpeechClient(tmp_path / "speech.sock") as speech:
        with pytest.raises(EngineUnavailable):
            await speech.ear.transcribe(LOUD)
        with pytest.raises(EngineUnavailable):
            await anext(speech.mouth.speak(SENTENCE))
        assert "is `centralita speech` running?" in (await speech.ear.health()).detail


@pytest.mark.parametrize(
    ("fake", "error", "is_retryable"),
    [("fake:crash", EngineFailed, False), ("fake:garbage", BadEngineAnswer, False), ("fake:busy", EngineBusy, True)],
)
async def test_a_broken_engine_is_told_by_its_error_and_the_process_serves_on(
    start_speech: StartSpeech, fake: str, error: type[Exception], is_retryable: bool
) -> None:
    async with SpeechClient(start_speech(ear=fake, mouth=fake).path) as speech:
        await speech.connected()
        for _ in range(2):
            with pytest.raises(error) as heard:
                await speech.ear.transcribe(LOUD)
            with pytest.raises(error) as spoken:
                await anext(speech.mouth.speak(SENTENCE))
            assert heard.value.retryable is spoken.value.retryable is is_retryable  # type: ignore[attr-defined]
        assert all(health.is_ready for health in await speech.health())


async def test_a_late_engine_is_given_up_by_the_caller_s_deadline(start_speech: StartSpeech) -> None:
    async with SpeechClient(start_speech(ear="fake:late=60").path) as speech:
        await speech.connected()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await speech.ear.transcribe(LOUD)
        assert (await speech.ear.health()).is_ready


async def test_sigterm_ends_it_cleanly_even_in_mid_sentence(start_speech: StartSpeech) -> None:
    process = start_speech(mouth="scripted:piece_delay=60")
    async with SpeechClient(process.path) as speech:
        await speech.connected()
        pieces = speech.mouth.speak(SENTENCE)
        await anext(pieces)
        assert await asyncio.to_thread(process.stop) == 0
        with pytest.raises(EngineUnavailable):
            await anext(pieces)
    assert not process.path.exists()


def test_only_its_user_may_connect_and_a_second_one_is_refused(start_speech: StartSpeech) -> None:
    process = start_speech()
    assert stat.S_IMODE(process.path.stat().st_mode) == 0o600
    command = [sys.executable, "-m", "engines.speech", "--socket", str(process.path), "--ear", "fake"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 2
    assert "another process serves" in second.stderr
    assert process.process.poll() is None


def test_an_engine_that_does_not_exist_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engines.speech", "--socket", str(tmp_path / "s"), "--ear", "golden"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "'golden'" in ended.stderr


# -- the server in our own process: what is hard to see from outside -------------------------------------------------


class Counting:
    """A mouth that counts the pieces it made, and makes them as fast as it can."""

    def __init__(self) -> None:
        self.made = 0
        self.is_closed = asyncio.Event()
        self._mouth = ScriptedMouth()
        self.health = self._mouth.health

    async def speak(self, request: SpeechRequest):  # type: ignore[no-untyped-def]
        try:
            while True:
                self.made += 1
                yield SpokenPiece(bytes(1600))
                await asyncio.sleep(0)
        finally:
            self.is_closed.set()


async def test_a_slow_listener_makes_the_mouth_wait(tmp_path: Path) -> None:
    mouth = Counting()
    server = SpeechServer(ScriptedEar([]), mouth, tmp_path / "s")
    await server.start()
    async with SpeechClient(tmp_path / "s") as speech:
        await speech.connected()
        async with aclosing(speech.mouth.speak(SENTENCE)) as pieces:
            await anext(pieces)
            for _ in range(50):  # other requests go their way meanwhile
                await speech.health()
            assert mouth.made <= 40
            for _ in range(100):
                await anext(pieces)
            assert 100 < mouth.made <= 140
        await mouth.is_closed.wait()
    await server.stop()


async def test_a_listener_who_goes_away_ends_the_work(tmp_path: Path) -> None:
    ear, mouth = ScriptedEar(["uno", "dos"], delay_seconds=60), Counting()
    server = SpeechServer(ear, mouth, tmp_path / "s", limits=SpeechLimits(utterances=1, sentences=1))
    await server.start()
    speech = SpeechClient(tmp_path / "s")
    await speech.start()
    await speech.connected()
    hearing = asyncio.create_task(speech.ear.transcribe(LOUD))
    pieces = speech.mouth.speak(SENTENCE)
    await anext(pieces)
    with pytest.raises(EngineBusy):
        await anext(speech.mouth.speak(SENTENCE))
    with pytest.raises(EngineBusy):
        await speech.ear.transcribe(LOUD)
    await speech.stop()
    with pytest.raises(EngineUnavailable):
        await hearing
    await mouth.is_closed.wait()
    with pytest.raises(EngineUnavailable):
        async for _ in pieces:
            pass  # what had arrived is still heard
    await server.stop()


async def test_cancelling_takes_the_request_back(tmp_path: Path) -> None:
    server = SpeechServer(
        ScriptedEar(["tarde"], delay_seconds=60), ScriptedMouth(), tmp_path / "s", limits=SpeechLimits(utterances=1)
    )
    await server.start()
    async with SpeechClient(tmp_path / "s") as speech:
        await speech.connected()
        hearing = asyncio.create_task(speech.ear.transcribe(LOUD))
        await speech.health()  # the request has arrived: messages keep their order
        hearing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hearing
        await speech.health()
        with server.utterances:  # its place is free again
            pass
    await server.stop()


async def test_a_socket_left_behind_by_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))
    server = SpeechServer(ScriptedEar([]), ScriptedMouth(), tmp_path / "s")
    await server.start()
    await server.stop()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")
    with pytest.raises(SocketTaken):
        await SpeechServer(ScriptedEar([]), ScriptedMouth(), tmp_path / "s").start()
    assert (tmp_path / "s").read_text() == "precious"


async def test_a_client_that_makes_no_sense_is_dropped_and_others_stay(tmp_path: Path) -> None:
    server = SpeechServer(ScriptedEar(["hola"]), ScriptedMouth(), tmp_path / "s")
    await server.start()
    async with SpeechClient(tmp_path / "s") as speech:
        await speech.connected()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):
            await reader.read()  # ends because the server closes, in whichever way
        writer.close()
        assert (await speech.ear.transcribe(LOUD)).text == "hola"
    await server.stop()


async def test_too_many_connections_are_refused(tmp_path: Path) -> None:
    server = SpeechServer(ScriptedEar([]), ScriptedMouth(), tmp_path / "s", limits=SpeechLimits(connections=1))
    await server.start()
    async with SpeechClient(tmp_path / "s") as speech:
        await speech.connected()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        assert await reader.read() == b""
        writer.close()
        assert speech.is_connected
    await server.stop()


# -- a peer that is not ours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff" * 64,
        Frame(Kind.TRANSCRIBED, 1, b"{}", b"").serialize(),
        Frame(Kind.PIECE, 1, b"", b"\x00\x00\x00").serialize(),
        said.encode(said.Spoken(1)),
        said.encode(said.Cancel(1)),
        said.encode(said.Piece(1, SpokenPiece(b""))) * 1000,
    ],
)
async def test_garbage_from_the_engine_is_a_bad_answer(tmp_path: Path, answer: bytes) -> None:
    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said.encode(said.Hello(said.VERSION)))
        frames = FrameReader()
        while data := await reader.read(1000):
            for frame in frames.receive_data(data):
                if frame.kind is Kind.TRANSCRIBE:
                    # the request's number is the client's own business
                    writer.write(answer.replace(b"\x00\x00\x00\x01", frame.request.to_bytes(4, "big"), 1))
        writer.close()

    async with await asyncio.start_unix_server(pretend, str(tmp_path / "s")), SpeechClient(tmp_path / "s") as speech:
        await speech.connected()
        with pytest.raises(BadEngineAnswer):
            await speech.ear.transcribe(LOUD)


async def test_a_process_of_another_version_is_not_used(tmp_path: Path) -> None:
    greeted = asyncio.Event()

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said.encode(said.Hello(said.VERSION + 1)))
        while await reader.read(1000):
            pass
        writer.close()
        greeted.set()

    async with await asyncio.start_unix_server(pretend, str(tmp_path / "s")), SpeechClient(tmp_path / "s") as speech:
        await greeted.wait()
        assert not speech.is_connected
        with pytest.raises(EngineUnavailable):
            await speech.ear.transcribe(LOUD)


def test_nothing_of_speech_is_loaded_by_its_client() -> None:
    """`calls` must not load a GPL library, nor models."""
    code = "import sys, engines.speech.client; print([n for n in sys.modules if 'espeak' in n or 'tiny' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
