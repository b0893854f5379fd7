"""A small Asterisk that does what a test tells it: ARI over HTTP and WebSocket on a free port of 127.0.0.1.

Left alone it behaves: it keeps channels and bridges, answers as Asterisk does, and sends the events that follow. A
test can put a caller in, script one answer (late, refused, garbage, or the line cut), send any text as an event, cut
every connection, or be away for a while.
"""

import asyncio
import base64
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from ari_app.rest import AriAddress
from ari_app.scripted_wire import Json, ScriptedAnswer, ScriptedConnection, SeenRequest, refused


@dataclass(slots=True)
class _Bridge:
    id: str
    channels: list[str] = field(default_factory=list)


class ScriptedAri:
    """The server; `async with` runs it."""

    def __init__(self, *, app: str = "centralita", user: str = "user", password: str = "secret") -> None:
        self._app, self._user, self._password = app, user, password
        self._server: asyncio.Server | None = None
        self._port = 0
        self._connections: set[ScriptedConnection] = set()
        self._nobody_here = asyncio.Event()
        self._nobody_here.set()
        self._listeners: list[ScriptedConnection] = []
        self._scripted: dict[tuple[str, str], deque[ScriptedAnswer]] = {}
        self.channels: dict[str, Json] = {}
        """Channels that live, by id."""
        self.in_app: set[str] = set()
        """Those of them that are in our application."""
        self.bridges: dict[str, _Bridge] = {}
        self.requests: list[SeenRequest] = []
        self.variables: dict[tuple[str, str], str] = {}
        self.enters_stasis_by_itself = True
        """Channels that are made enter the application at once; a test that says False does it by `enter`."""
        self.is_deaf_to_events = False
        """Whoever asks for the event stream gets no answer at all."""
        self.changed = asyncio.Condition()

    @property
    def address(self) -> AriAddress:
        """What a client needs to know."""
        return AriAddress(f"http://127.0.0.1:{self._port}", self._user, self._password, self._app)

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.go_away()

    # --- what a test does ---------------------------------------------------------------------------------------

    async def come_back(self) -> None:
        """Listen (again), on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ScriptedConnection(self), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def go_away(self) -> None:
        """Close everything and listen no more; channels live on."""
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0.01)  # a connection accepted just now shows itself only in the loop's next turns
        self.cut()
        await self._nobody_here.wait()
        if self._server is not None:
            await self._server.wait_closed()

    def cut(self) -> None:
        """Break every connection, as a pulled cable would."""
        for connection in tuple(self._connections):
            connection.abort()

    def script(self, method: str, path: str, *answers: ScriptedAnswer) -> None:
        """Answer the next requests of this method and path (below `/ari`) in this way, then as usual again."""
        self._scripted.setdefault((method, path), deque()).extend(answers)

    def tell(self, event: Json | str) -> None:
        """Send an event, or any text at all, to whoever listens."""
        text = event if isinstance(event, str) else json.dumps(self._dressed(event))
        for listener in self._listeners[-1:]:  # the last one to connect under the application's name hears
            listener.send_text(text)

    def call_in(self, channel_id: str, *args: str, number: str = "600111222", name: str = "PJSIP/caller") -> None:
        """A caller enters the application."""
        self.channels[channel_id] = _channel_json(
            channel_id, f"{name}-{channel_id}", number, "Ring", (self._app, *args)
        )
        self.enter(channel_id, *args)

    def enter(self, channel_id: str, *args: str) -> None:
        """A living channel enters the application."""
        self.in_app.add(channel_id)
        self.tell({"type": "StasisStart", "args": list(args), "channel": self.channels[channel_id]})

    def leave(self, channel_id: str) -> None:
        """A channel goes back to the dialplan."""
        if channel_id in self.in_app:
            self._leave_bridges(channel_id)
            self.in_app.discard(channel_id)
            self.tell({"type": "StasisEnd", "channel": self.channels[channel_id]})

    def end(self, channel_id: str, cause: int = 16) -> None:
        """A channel ends."""
        if channel_id in self.channels:
            self.leave(channel_id)
            channel = self.channels.pop(channel_id)
            self.tell({"type": "ChannelDestroyed", "cause": cause, "cause_txt": "", "channel": channel})

    def bridge(self, bridge_id: str, *channel_ids: str) -> None:
        """Put channels into a bridge, made if it is not there."""
        self.bridges.setdefault(bridge_id, _Bridge(bridge_id)).channels.extend(channel_ids)

    def press(self, channel_id: str, digit: str) -> None:
        """A caller presses a key."""
        channel = self.channels[channel_id]
        self.tell({"type": "ChannelDtmfReceived", "digit": digit, "duration_ms": 100, "channel": channel})

    async def until(self, is_so: Callable[["ScriptedAri"], bool], within_seconds: float = 10.0) -> None:
        """Wait until the requests that came have made this true. Raises: TimeoutError."""
        async with asyncio.timeout(within_seconds), self.changed:
            await self.changed.wait_for(lambda: is_so(self))

    def asked(self, method: str, path: str) -> list[SeenRequest]:
        """The requests of this method whose path matches this pattern."""
        return [each for each in self.requests if each.method == method and re.fullmatch(path, each.path)]

    # --- what clients do ----------------------------------------------------------------------------------------

    def _dressed(self, event: Json) -> Json:
        return {"application": self._app, "timestamp": "2000-01-01T00:00:00.000+0000", **event}

    def may_enter(self, authorization: str) -> bool:
        """Is this the right user?"""
        expected = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        return authorization == f"Basic {expected}"

    async def answer(self, request: SeenRequest) -> ScriptedAnswer:
        """Do what is asked, or what the test scripted instead."""
        self.requests.append(request)
        scripted = self._scripted.get((request.method, request.path))
        answer = scripted.popleft() if scripted else self._usual(request)
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        async with self.changed:
            self.changed.notify_all()
        return answer

    def _usual(self, request: SeenRequest) -> ScriptedAnswer:
        for method, pattern, act in _ACTIONS:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                return act(self, request, *found.groups())
        return refused(404, "Resource not found")

    def _leave_bridges(self, channel_id: str) -> None:
        for bridge in self.bridges.values():
            if channel_id in bridge.channels:
                bridge.channels.remove(channel_id)
                self.tell(
                    {
                        "type": "ChannelLeftBridge",
                        "bridge": _bridge_json(bridge),
                        "channel": self.channels[channel_id],
                    }
                )

    def _make_channel(self, channel_id: str, name: str, number: str = "") -> ScriptedAnswer:
        if channel_id in self.channels:
            return refused(409, "Channel with given unique ID already exists")
        self.channels[channel_id] = _channel_json(channel_id, name, number, "Up", ())
        if self.enters_stasis_by_itself:
            # After the answer, as in Asterisk: this is the race that `StasisWaiter` is for
            asyncio.get_running_loop().call_later(0.005, self._enter_if_alive, channel_id)
        return _json(self.channels[channel_id])

    def _enter_if_alive(self, channel_id: str) -> None:
        if channel_id in self.channels:
            self.enter(channel_id)

    def _list_channels(self, request: SeenRequest) -> ScriptedAnswer:
        return _json(list(self.channels.values()))

    def _get_channel(self, request: SeenRequest, channel_id: str) -> ScriptedAnswer:
        channel = self.channels.get(channel_id)
        return _json(channel) if channel else refused(404, "Channel not found")

    def _originate(self, request: SeenRequest) -> ScriptedAnswer:
        return self._make_channel(request.query["channelId"], f"{request.query['endpoint']}-leg")

    def _external_media(self, request: SeenRequest) -> ScriptedAnswer:
        return self._make_channel(request.query["channelId"], f"AudioSocket/{request.query['external_host']}")

    def _hang_up(self, request: SeenRequest, channel_id: str) -> ScriptedAnswer:
        if channel_id not in self.channels:
            return refused(404, "Channel not found")
        self.end(channel_id)
        return _NOTHING

    def _continue(self, request: SeenRequest, channel_id: str) -> ScriptedAnswer:
        refusal = self._refuse_stranger(channel_id)
        if refusal is None:
            self.leave(channel_id)
        return refusal or _NOTHING

    def _to_channel(self, request: SeenRequest, channel_id: str, action: str) -> ScriptedAnswer:
        refusal = self._refuse_stranger(channel_id)
        if refusal is None and action == "answer":
            self.channels[channel_id]["state"] = "Up"
        return refusal or _NOTHING

    def _play(self, request: SeenRequest, kind: str, target: str, playback_id: str) -> ScriptedAnswer:
        playback = {
            "id": playback_id,
            "media_uri": request.query["media"],
            "target_uri": f"{kind[:-1]}:{target}",
            "state": "queued",
        }
        for type, state in (("PlaybackStarted", "playing"), ("PlaybackFinished", "done")):
            self.tell({"type": type, "playback": playback | {"state": state}})
        return _json(playback)

    def _get_variable(self, request: SeenRequest, channel_id: str) -> ScriptedAnswer:
        value = self.variables.get((channel_id, request.query["variable"]))
        return refused(404, "Provided variable was not found") if value is None else _json({"value": value})

    def _set_variable(self, request: SeenRequest, channel_id: str) -> ScriptedAnswer:
        self.variables[channel_id, request.query["variable"]] = request.query["value"]
        return _NOTHING

    def _list_bridges(self, request: SeenRequest) -> ScriptedAnswer:
        return _json([_bridge_json(bridge) for bridge in self.bridges.values()])

    def _create_bridge(self, request: SeenRequest) -> ScriptedAnswer:
        bridge = self.bridges.setdefault(request.query["bridgeId"], _Bridge(request.query["bridgeId"]))
        return _json(_bridge_json(bridge))

    def _get_bridge(self, request: SeenRequest, bridge_id: str) -> ScriptedAnswer:
        bridge = self.bridges.get(bridge_id)
        return _json(_bridge_json(bridge)) if bridge else refused(404, "Bridge not found")

    def _destroy_bridge(self, request: SeenRequest, bridge_id: str) -> ScriptedAnswer:
        if bridge_id not in self.bridges:
            return refused(404, "Bridge not found")
        for channel_id in tuple(self.bridges[bridge_id].channels):
            self._leave_bridges(channel_id)
        bridge = self.bridges.pop(bridge_id)
        self.tell({"type": "BridgeDestroyed", "bridge": _bridge_json(bridge)})
        return _NOTHING

    def _add_channel(self, request: SeenRequest, bridge_id: str) -> ScriptedAnswer:
        bridge = self.bridges.get(bridge_id)
        if bridge is None:
            return refused(404, "Bridge not found")
        channel_ids = request.query["channel"].split(",")
        if any(channel_id not in self.channels for channel_id in channel_ids):
            return refused(400, "Channel not found")
        if any(channel_id not in self.in_app for channel_id in channel_ids):
            return refused(422, "Channel not in Stasis application")
        for channel_id in channel_ids:
            self._leave_bridges(channel_id)
            bridge.channels.append(channel_id)
            channel = self.channels[channel_id]
            self.tell({"type": "ChannelEnteredBridge", "bridge": _bridge_json(bridge), "channel": channel})
        return _NOTHING

    def _remove_channel(self, request: SeenRequest, bridge_id: str) -> ScriptedAnswer:
        if bridge_id not in self.bridges:
            return refused(404, "Bridge not found")
        for channel_id in request.query["channel"].split(","):
            self._leave_bridges(channel_id)
        return _NOTHING

    def _stop_playback(self, request: SeenRequest, playback_id: str) -> ScriptedAnswer:
        return refused(404, "Playback not found")

    def _application(self, request: SeenRequest, app: str) -> ScriptedAnswer:
        if app != self._app or not (self.in_app or self._listeners):
            return refused(404, "Application not found")
        return _json({"name": app, "channel_ids": sorted(self.in_app), "bridge_ids": sorted(self.bridges)})

    def _ping(self, request: SeenRequest) -> ScriptedAnswer:
        return _json({"asterisk_id": "scripted", "ping": "pong", "timestamp": ""})

    def _info(self, request: SeenRequest) -> ScriptedAnswer:
        return _json({"system": {"version": "22.0.0-scripted", "entity_id": "scripted"}})

    def _refuse_stranger(self, channel_id: str) -> ScriptedAnswer | None:
        if channel_id not in self.channels:
            return refused(404, "Channel not found")
        return None if channel_id in self.in_app else refused(409, "Channel not in Stasis application")

    # --- connections --------------------------------------------------------------------------------------------

    def opened(self, connection: ScriptedConnection) -> None:
        """A client has connected."""
        self._connections.add(connection)
        self._nobody_here.clear()

    def closed(self, connection: ScriptedConnection) -> None:
        """A client has gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._nobody_here.set()
        if connection in self._listeners:
            self._listeners.remove(connection)

    def listens(self, connection: ScriptedConnection) -> None:
        """A client wants events: the one before hears no more, as in Asterisk."""
        if self._listeners:
            self.tell({"type": "ApplicationReplaced"})
        self._listeners.append(connection)


_NOTHING: Final = ScriptedAnswer(204)


def _json(value: Any) -> ScriptedAnswer:
    return ScriptedAnswer(200, json.dumps(value).encode())


def _channel_json(channel_id: str, name: str, number: str, state: str, app_data: tuple[str, ...]) -> Json:
    return {
        "id": channel_id,
        "name": name,
        "state": state,
        "caller": {"name": "", "number": number},
        "connected": {"name": "", "number": ""},
        "dialplan": {
            "context": "centralita-did",
            "exten": "s",
            "priority": 1,
            "app_name": "Stasis",
            "app_data": ",".join(app_data),
        },
        "creationtime": "2000-01-01T00:00:00.000+0000",
        "language": "es",
    }


def _bridge_json(bridge: _Bridge) -> Json:
    return {"id": bridge.id, "bridge_type": "mixing", "name": "", "channels": list(bridge.channels)}


_ID: Final = "([^/]+)"
_ACTIONS: Final[list[tuple[str, str, Callable[..., ScriptedAnswer]]]] = [
    ("GET", "/channels", ScriptedAri._list_channels),
    ("POST", "/channels", ScriptedAri._originate),
    ("POST", "/channels/externalMedia", ScriptedAri._external_media),
    ("GET", f"/channels/{_ID}", ScriptedAri._get_channel),
    ("DELETE", f"/channels/{_ID}", ScriptedAri._hang_up),
    ("POST", f"/channels/{_ID}/continue", ScriptedAri._continue),
    ("POST", f"/channels/{_ID}/(answer|ring|moh|dtmf|redirect)", ScriptedAri._to_channel),
    ("DELETE", f"/channels/{_ID}/(ring|moh)", ScriptedAri._to_channel),
    ("POST", f"/(channels|bridges)/{_ID}/play/{_ID}", ScriptedAri._play),
    ("GET", f"/channels/{_ID}/variable", ScriptedAri._get_variable),
    ("POST", f"/channels/{_ID}/variable", ScriptedAri._set_variable),
    ("GET", "/bridges", ScriptedAri._list_bridges),
    ("POST", "/bridges", ScriptedAri._create_bridge),
    ("GET", f"/bridges/{_ID}", ScriptedAri._get_bridge),
    ("DELETE", f"/bridges/{_ID}", ScriptedAri._destroy_bridge),
    ("POST", f"/bridges/{_ID}/addChannel", ScriptedAri._add_channel),
    ("POST", f"/bridges/{_ID}/removeChannel", ScriptedAri._remove_channel),
    ("DELETE", f"/playbacks/{_ID}", ScriptedAri._stop_playback),
    ("GET", f"/applications/{_ID}", ScriptedAri._application),
    ("GET", "/asterisk/ping", ScriptedAri._ping),
    ("GET", "/asterisk/info", ScriptedAri._info),
]
