"""The ARI client against a running Asterisk, and against that Asterisk's own description of ARI."""

import asyncio
import contextlib
import dataclasses
import re
import typing
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from ari_app import events, protocol
from ari_app.client import AriClient
from ari_app.errors import ChannelGone, Conflict, Forbidden, NotFound, NotInStasis, ServerFailed, Unreachable
from ari_app.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelVanished,
    Connected,
    Disconnected,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
    Told,
)
from ari_app.rest import AriAddress, AriRest
from ari_app.subscriptions import EventStream
from provisioning.private_pbx import Did, Fallback, PbxPlan, PhoneAccount, PrivatePbx, TransferTarget, new_secret

PLAN = PbxPlan(
    ari_password=new_secret(),
    ami_password=new_secret(),
    phones=(PhoneAccount("200", "secret200"),),
    dids=(Did("5551001", "telecom", Fallback("tone")),),
    transfers=(TransferTarget("soporte", "centralita-people", "200"),),
)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        yield running


def address(pbx: PrivatePbx) -> AriAddress:
    return AriAddress(pbx.ari_url, pbx.plan.ari_user, pbx.plan.ari_password, pbx.plan.app)


@pytest.fixture
async def ari(pbx: PrivatePbx) -> AsyncIterator[AriClient]:
    async with AriClient(address(pbx)) as client:
        await client.wait_connected(5)
        yield client
        for channel in await client.list_channels():
            await client.hang_up(channel.id)
        for bridge in await client.list_bridges():
            await client.destroy_bridge(bridge.id)


async def until(stream: EventStream, kind: type, within_seconds: float = 8.0) -> Any:
    """Read the stream until an event of this kind comes."""
    async with asyncio.timeout(within_seconds):
        async for told in stream:
            if isinstance(told, kind):
                return told
    raise AssertionError(f"the stream ended without {kind.__name__}")


class SilentPeer(asyncio.Protocol):
    """One AudioSocket connection that hears nothing and says 20 ms of silence whenever it is told to."""

    def __init__(self, live: set["SilentPeer"]) -> None:
        self._live = live

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._live.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._live.discard(self)

    def say_nothing(self) -> None:
        self.transport.write(b"\x10\x01\x40" + bytes(320))


@contextlib.asynccontextmanager
async def silent_media_peer() -> AsyncIterator[str]:
    """An AudioSocket listener that says 20 ms of silence every 20 ms, as Asterisk needs it; yields host:port."""
    live: set[SilentPeer] = set()

    async def talk() -> None:
        while True:
            for peer in tuple(live):
                peer.say_nothing()
            await asyncio.sleep(0.02)

    server = await asyncio.get_running_loop().create_server(lambda: SilentPeer(live), "127.0.0.1", 0)
    talking = asyncio.create_task(talk())
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    talking.cancel()
    server.close()
    for peer in tuple(live):
        peer.transport.abort()
    await asyncio.sleep(0)


class Description:
    """What `/ari/api-docs` says."""

    def __init__(self, files: dict[str, Any]) -> None:
        self.models: dict[str, Any] = {}
        self.operations: list[tuple[str, re.Pattern[str], dict[str, Any]]] = []
        for file in files.values():
            self.models |= file.get("models", {})
            for api in file["apis"]:
                pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", api["path"]) + "$")
                self.operations += [(operation["httpMethod"], pattern, operation) for operation in api["operations"]]

    def fields(self, model: str) -> dict[str, Any]:
        """A model's properties with those it inherits."""
        found = dict(self.models[model]["properties"])
        for name, parent in self.models.items():
            if model in parent.get("subTypes", ()):
                found |= self.fields(name)
        return found

    def operation(self, request: protocol.Request) -> dict[str, Any]:
        """The one with the fewest path parameters that fits."""
        fitting = [
            operation
            for method, pattern, operation in self.operations
            if method == request.method and pattern.match(request.path)
        ]
        assert fitting, f"Asterisk describes no {request}"
        return min(
            fitting, key=lambda operation: sum(p["paramType"] == "path" for p in operation.get("parameters", ()))
        )


@pytest.fixture(scope="module")
def description(pbx: PrivatePbx) -> Description:
    with httpx2.Client(auth=(pbx.plan.ari_user, pbx.plan.ari_password), trust_env=False) as http:
        names = ["applications", "asterisk", "bridges", "channels", "events", "playbacks"]
        return Description({name: http.get(f"{pbx.ari_url}/ari/api-docs/{name}.json").json() for name in names})


ARI_TYPES = {
    str: {"string", "Date"},
    int: {"int", "long"},
    bool: {"boolean"},
    tuple[str, ...]: {"List[string]"},
}


def described_type(annotation: Any) -> set[str]:
    if type(None) in typing.get_args(annotation):
        annotation = typing.get_args(annotation)[0]
    return {annotation.__name__} if dataclasses.is_dataclass(annotation) else ARI_TYPES[annotation]  # type: ignore[union-attr]  # a class here


MODELS = [
    *events.EVENT_CLASSES.values(),
    events.Channel,
    events.CallerID,
    events.DialplanCEP,
    events.Bridge,
    events.Playback,
    events.Application,
    events.Variable,
    events.AsteriskPing,
    events.AsteriskInfo,
    events.SystemInfo,
]


@pytest.mark.parametrize("shape", MODELS, ids=lambda shape: shape.__name__)
async def test_every_field_is_as_asterisk_describes_it(shape: type, description: Description) -> None:
    described = description.fields(shape.__name__)
    hints = typing.get_type_hints(shape)
    for field in dataclasses.fields(shape):
        assert field.name in described, f"Asterisk's {shape.__name__} has no {field.name}"
        assert described[field.name]["type"] in described_type(hints[field.name]), field.name
        if not described[field.name].get("required"):
            assert field.default is not dataclasses.MISSING, f"{field.name} may be missing"


REQUESTS = [
    (protocol.list_channels(), "List[Channel]"),
    (protocol.get_channel("c"), "Channel"),
    (protocol.answer("c"), "void"),
    (protocol.hang_up("c"), "void"),
    (protocol.continue_in_dialplan("c"), "void"),
    (protocol.continue_in_dialplan("c", context="x", extension="s", priority=1), "void"),
    (protocol.redirect("c", "PJSIP/200"), "void"),
    (protocol.originate(endpoint="PJSIP/200", app="a", channel_id="c"), "Channel"),
    (
        protocol.originate(
            endpoint="PJSIP/200",
            app="a",
            channel_id="c",
            app_args="x",
            caller_id="1",
            originator="o",
            formats="slin",
            variables={"A": "b"},
        ),
        "Channel",
    ),
    (
        protocol.external_media(
            app="a", channel_id="c", external_host="h:1", format="slin", data="u", variables={"A": "b"}
        ),
        "Channel",
    ),
    (protocol.start_ringing("c"), "void"),
    (protocol.stop_ringing("c"), "void"),
    (protocol.start_music("c", music_class="default"), "void"),
    (protocol.stop_music("c"), "void"),
    (protocol.play_to_channel("c", "sound:beep", playback_id="p", language="es"), "Playback"),
    (protocol.send_digits("c", "12"), "void"),
    (protocol.get_variable("c", "A"), "Variable"),
    (protocol.set_variable("c", "A", "b"), "void"),
    (protocol.list_bridges(), "List[Bridge]"),
    (protocol.get_bridge("b"), "Bridge"),
    (protocol.create_bridge("b", name="n"), "Bridge"),
    (protocol.add_channel("b", "c", "d"), "void"),
    (protocol.remove_channel("b", "c"), "void"),
    (protocol.destroy_bridge("b"), "void"),
    (protocol.play_to_bridge("b", "sound:beep", playback_id="p", language="es"), "Playback"),
    (protocol.stop_playback("p"), "void"),
    (protocol.get_application("a"), "Application"),
    (protocol.ping(), "AsteriskPing"),
    (protocol.get_info(), "AsteriskInfo"),
]


@pytest.mark.parametrize(("request_", "answer"), REQUESTS, ids=lambda value: str(value))
async def test_every_request_is_one_that_asterisk_describes(
    request_: protocol.Request, answer: str, description: Description
) -> None:
    operation = description.operation(request_)
    parameters = {p["name"]: p for p in operation.get("parameters", ()) if p["paramType"] == "query"}
    assert set(request_.query) <= set(parameters)
    assert {name for name, p in parameters.items() if p.get("required")} <= set(request_.query)
    for name, value in request_.query.items():
        allowed = parameters[name].get("allowableValues", {})
        assert allowed.get("valueType") != "LIST" or value in allowed["values"], name
    assert set(request_.body or ()) <= {p["name"] for p in operation.get("parameters", ()) if p["paramType"] == "body"}
    assert operation["responseClass"] == answer


async def call_into_app(ari: AriClient, extension: str = "603") -> str:
    """Put one end of a Local channel into our application; its other end runs the extension. Returns its id."""
    channel_id = f"caller-{uuid.uuid4().hex[:8]}"
    with ari.stasis_waiter(channel_id) as waiter:
        await ari.originate(endpoint=f"Local/{extension}@centralita-phones", channel_id=channel_id)
        started = await waiter.started(5)
    assert started.channel.id == channel_id
    return channel_id


async def test_it_says_who_it_is(ari: AriClient) -> None:
    assert (await ari.ping()).ping == "pong"
    assert int((await ari.version()).split(".")[0]) >= 18


async def test_a_caller_and_a_media_channel_meet_in_a_bridge(ari: AriClient) -> None:
    caller = await call_into_app(ari)
    async with silent_media_peer() as host:
        with ari.subscribe("media-1", "bridge-1") as told:
            await ari.create_bridge("bridge-1")
            started = await ari.media_in_stasis(
                channel_id="media-1", external_host=host, format="slin", data=str(uuid.uuid4())
            )
            assert started.channel.name.startswith("AudioSocket/")
            await ari.add_channel("bridge-1", caller, "media-1")
            await until(told, ChannelEnteredBridge)
            assert set((await ari.bridge("bridge-1")).channels) == {caller, "media-1"}
            assert {caller, "media-1"} <= await ari.our_channel_ids()

            await ari.hang_up("media-1")
            assert (await until(told, ChannelDestroyed)).channel.id == "media-1"
            await ari.destroy_bridge("bridge-1")
            await ari.destroy_bridge("bridge-1")


async def test_fifty_media_channels_at_once_are_all_bridged_without_a_refusal(ari: AriClient) -> None:
    async with silent_media_peer() as host:

        async def one(number: int) -> None:
            bridge, media = f"many-{number}", f"many-media-{number}"
            await ari.create_bridge(bridge)
            await ari.media_in_stasis(channel_id=media, external_host=host, format="slin", data=str(uuid.uuid4()))
            await ari.add_channel(bridge, media)
            await ari.hang_up(media)
            await ari.destroy_bridge(bridge)

        async with asyncio.timeout(20):
            await asyncio.gather(*(one(number) for number in range(50)))


async def test_nobody_at_the_media_address_is_a_failure_worth_a_retry(ari: AriClient) -> None:
    with pytest.raises(ServerFailed) as failure:
        await ari.media_in_stasis(
            channel_id="nowhere", external_host="127.0.0.1:9", format="slin", data=str(uuid.uuid4())
        )
    assert failure.value.retryable
    with pytest.raises(NotFound):
        await ari.channel("nowhere")


async def test_refusals_have_names(ari: AriClient, pbx: PrivatePbx) -> None:
    with pytest.raises(NotFound):
        await ari.answer("nobody")
    with pytest.raises(NotFound):
        await ari.add_channel("no-bridge", "nobody")
    await ari.create_bridge("lonely")
    with pytest.raises(NotFound):
        await ari.add_channel("lonely", "nobody")
    caller = await call_into_app(ari)
    other_end = next(channel.id for channel in await ari.list_channels() if channel.id != caller)
    with pytest.raises(NotInStasis):
        await ari.add_channel("lonely", other_end)
    with pytest.raises(Conflict):
        await ari.continue_in_dialplan(other_end)
    assert await ari.variable(caller, "NOT_SET_BY_ANYBODY") is None
    await ari.set_variable(caller, "OURS", "año")
    assert await ari.variable(caller, "OURS") == "año"
    async with AriRest(dataclasses.replace(address(pbx), password="wrong")) as stranger:
        with pytest.raises(Forbidden):
            await stranger.ping()
    async with AriRest(dataclasses.replace(address(pbx), url="http://127.0.0.1:9")) as lost:
        with pytest.raises(Unreachable):
            await lost.ping()


async def test_an_attempt_nobody_answers_ends_the_wait_with_its_cause(ari: AriClient) -> None:
    with ari.stasis_waiter("in-vain") as waiter:
        await ari.originate(endpoint="Local/no-such-extension@centralita-phones/n", channel_id="in-vain")
        with pytest.raises(ChannelGone):
            await waiter.started(5)


async def test_digits_and_playbacks_reach_the_subscriber(ari: AriClient) -> None:
    caller = await call_into_app(ari)
    with ari.subscribe(caller) as told:
        other_end = next(channel.id for channel in await ari.list_channels() if channel.id != caller)
        assert other_end
        await ari.play_to_channel(caller, "tone:1004/50", playback_id="beep")
        await ari.stop_playback("beep")
        assert (await until(told, PlaybackFinished)).playback.id == "beep"
        await ari.continue_in_dialplan(caller, context="centralita-phones", extension="603", priority=1)
        await until(told, StasisEnd)
    with pytest.raises((Conflict, ServerFailed)):  # the latter while it is still on its way out of our application
        await ari.answer(caller)


async def test_the_callers_digits_are_heard(ari: AriClient) -> None:
    caller = await call_into_app(ari, "604")  # reads four digits and sends them back
    with ari.subscribe(caller) as told:
        await ari.send_digits(caller, "1234")
        digits = [(await until(told, ChannelDtmfReceived)).digit for _ in range(4)]
    assert "".join(digits) == "1234"


class CuttableRelay:
    """A TCP relay between the client and Asterisk whose cable can be pulled."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False

    async def __aenter__(self) -> "CuttableRelay":
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._tasks.add(asyncio.create_task(self._pump(source, sink)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
        sink.transport.abort()


async def test_after_a_cut_it_reconnects_and_tells_what_it_missed(pbx: PrivatePbx) -> None:
    async with (
        CuttableRelay(pbx.ports.http) as relay,
        AriClient(dataclasses.replace(address(pbx), url=f"http://127.0.0.1:{relay.port}")) as ari,
        AriRest(address(pbx)) as beside,
    ):
        await ari.wait_connected(5)
        stays, leaves = await call_into_app(ari), await call_into_app(ari)
        with ari.subscribe(stays) as stays_told, ari.subscribe(leaves) as leaves_told:
            news: list[Told] = []
            relay.cut()
            await until(ari.events(), Disconnected)
            with pytest.raises(Unreachable):
                await ari.ping()
            await beside.hang_up(leaves)
            relay.mend()
            again: Connected = await until(ari.events(), Connected)
            assert again.times == 2
            assert stays in again.channel_ids
            assert leaves not in again.channel_ids
            assert isinstance(await until(leaves_told, ChannelVanished), ChannelVanished)
            await beside.hang_up(stays)
            news.append(await until(stays_told, ChannelDestroyed))


async def test_a_new_process_is_told_of_the_callers_the_dead_one_left(pbx: PrivatePbx) -> None:
    async with AriClient(address(pbx)) as dying:
        await dying.wait_connected(5)
        caller = await call_into_app(dying)
    async with AriClient(address(pbx)) as heir:
        connected: Connected = await until(heir.events(), Connected)
        assert caller in connected.channel_ids
        with heir.subscribe(caller) as told:
            await heir.hang_up(caller)
            await until(told, StasisEnd)


async def test_a_start_is_never_missed_by_a_late_subscriber(ari: AriClient) -> None:
    await ari.originate(endpoint="Local/603@centralita-phones", channel_id="brief")
    started: StasisStart = await until(ari.events(), StasisStart)
    await ari.hang_up("brief")

    async def until_it_is_gone() -> None:
        while True:  # Asterisk ends it in its own time
            await ari.channel("brief")

    with pytest.raises(NotFound):
        await until_it_is_gone()
    with ari.subscribe(started.channel.id) as told:
        await until(told, StasisEnd)
