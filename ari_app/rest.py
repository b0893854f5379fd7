"""Requests to Asterisk, each with a deadline and a typed error; the wishes themselves are stated in `protocol`."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx2

from ari_app import protocol
from ari_app.errors import BadAnswer, Conflict, NotFound, TimedOut, Unreachable
from ari_app.events import Application, AsteriskInfo, AsteriskPing, Bridge, Channel, Playback, Variable
from ari_app.json_shape import ShapeError, read
from ari_app.protocol import BridgeType, HangupReason, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AriAddress:
    """Where ARI is and who we are there."""

    url: str
    """Like `http://127.0.0.1:8088`, without `/ari`."""
    user: str
    password: str
    app: str
    """Our Stasis application."""

    def __repr__(self) -> str:
        return f"AriAddress({self.url!r}, user={self.user!r}, app={self.app!r})"  # never the password


@dataclass(frozen=True, slots=True)
class RestLimits:
    """How patient and how greedy the HTTP side is."""

    deadline_seconds: float = 5.0
    """For a request that names none. `externalMedia` alone may take 2 s when nobody listens."""
    connections: int = 90
    """Requests at once; more wait their turn. Asterisk's `http.conf` allows 100 sessions unless told otherwise."""
    keepalive_seconds: float = 10.0
    """Below Asterisk's own 15 s, so that it never closes a connection we are about to use."""


class AriRest:
    """ARI's requests as methods. Every one of them raises `AriRefused`, `Unreachable`, `TimedOut` or `BadAnswer`."""

    def __init__(self, address: AriAddress, limits: RestLimits | None = None) -> None:
        self.address: Final = address
        limits = limits or RestLimits()
        self._deadline_seconds = limits.deadline_seconds
        self._http = httpx2.AsyncClient(
            base_url=address.url.rstrip("/") + "/ari",
            auth=(address.user, address.password),
            timeout=None,  # one deadline over the whole request, below, instead of four partial ones
            verify=_certificates(address.url),
            trust_env=False,
            limits=httpx2.Limits(
                max_connections=limits.connections,
                max_keepalive_connections=limits.connections,
                keepalive_expiry=limits.keepalive_seconds,
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def request(self, request: Request, *, within_seconds: float | None = None) -> Any:
        """Send one wish and return the answer's JSON, None if it has none.

        Raises: AriRefused, Unreachable, TimedOut, BadAnswer.
        """
        try:
            async with asyncio.timeout(within_seconds or self._deadline_seconds):
                response = await self._http.request(
                    request.method, request.path, params=request.query, json=request.body
                )
        except TimeoutError as exc:
            raise TimedOut(str(request), "no answer in time") from exc
        except (httpx2.TransportError, OSError) as exc:
            raise Unreachable(str(request), type(exc).__name__) from exc
        if response.status_code >= 400:
            raise protocol.refusal(request, response.status_code, response.text)
        if not response.content:
            return None
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as exc:
            raise BadAnswer(f"{request}: no JSON") from exc

    async def _read(self, shape: type[T], request: Request) -> T:
        answer = await self.request(request)
        try:
            return read(shape, answer)
        except ShapeError as exc:
            raise BadAnswer(f"{request}: {exc}") from exc

    async def _read_list(self, shape: type[T], request: Request) -> list[T]:
        answers = await self.request(request)
        if not isinstance(answers, list):
            raise BadAnswer(f"{request}: no list")
        try:
            return [read(shape, answer) for answer in answers]
        except ShapeError as exc:
            raise BadAnswer(f"{request}: {exc}") from exc

    # --- channels -----------------------------------------------------------------------------------------------

    async def list_channels(self) -> list[Channel]:
        """Every channel of the whole PBX, ours or not."""
        return await self._read_list(Channel, protocol.list_channels())

    async def channel(self, channel_id: str) -> Channel:
        """One channel."""
        return await self._read(Channel, protocol.get_channel(channel_id))

    async def answer(self, channel_id: str) -> None:
        """Pick up."""
        await self.request(protocol.answer(channel_id))

    async def hang_up(self, channel_id: str, reason: HangupReason = "normal") -> None:
        """End a channel. One that has ended already is as good: no `NotFound` here."""
        await _gone_is_fine(self.request(protocol.hang_up(channel_id, reason)))

    async def continue_in_dialplan(
        self, channel_id: str, *, context: str = "", extension: str = "", priority: int | None = None
    ) -> None:
        """Let go of a channel; without a place it goes on at the priority after `Stasis()`: the fallback."""
        await self.request(
            protocol.continue_in_dialplan(channel_id, context=context, extension=extension, priority=priority)
        )

    async def redirect(self, channel_id: str, endpoint: str) -> None:
        """Ask the caller's own side to call `endpoint` instead (SIP REFER or 302)."""
        await self.request(protocol.redirect(channel_id, endpoint))

    async def originate(
        self,
        *,
        endpoint: str,
        channel_id: str,
        app_args: str = "",
        caller_id: str = "",
        timeout_seconds: int = 30,
        originator: str = "",
        formats: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Call somebody; StasisStart comes when it is answered, ChannelDestroyed with its cause when it is not."""
        return await self._read(
            Channel,
            protocol.originate(
                endpoint=endpoint,
                app=self.address.app,
                channel_id=channel_id,
                app_args=app_args,
                caller_id=caller_id,
                timeout_seconds=timeout_seconds,
                originator=originator,
                formats=formats,
                variables=variables,
            ),
        )

    async def external_media(
        self,
        *,
        channel_id: str,
        external_host: str,
        format: str,
        data: str = "",
        encapsulation: str = "audiosocket",
        transport: str = "tcp",
        connection_type: str = "client",
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Make a media channel. It can be bridged once its StasisStart has come: see `AriClient.media_in_stasis`."""
        return await self._read(
            Channel,
            protocol.external_media(
                app=self.address.app,
                channel_id=channel_id,
                external_host=external_host,
                format=format,
                data=data,
                encapsulation=encapsulation,
                transport=transport,
                connection_type=connection_type,
                variables=variables,
            ),
        )

    async def start_ringing(self, channel_id: str) -> None:
        """Let the channel hear (or see) ringing."""
        await self.request(protocol.start_ringing(channel_id))

    async def stop_ringing(self, channel_id: str) -> None:
        """End the ringing."""
        await self.request(protocol.stop_ringing(channel_id))

    async def start_music(self, channel_id: str, *, music_class: str = "") -> None:
        """Play music on hold to a channel."""
        await self.request(protocol.start_music(channel_id, music_class=music_class))

    async def stop_music(self, channel_id: str) -> None:
        """End the music on hold."""
        await self.request(protocol.stop_music(channel_id))

    async def play_to_channel(self, channel_id: str, media: str, *, playback_id: str, language: str = "") -> Playback:
        """Play `sound:…`, `tone:…`, `recording:…`, `digits:…`; the channel must not be in a bridge."""
        return await self._read(
            Playback, protocol.play_to_channel(channel_id, media, playback_id=playback_id, language=language)
        )

    async def send_digits(self, channel_id: str, digits: str) -> None:
        """Press keys towards the channel's phone."""
        await self.request(protocol.send_digits(channel_id, digits))

    async def variable(self, channel_id: str, variable: str) -> str | None:
        """Read a channel variable or function; None when it is not set."""
        try:
            return (await self._read(Variable, protocol.get_variable(channel_id, variable))).value
        except NotFound as exc:
            if "variable" in exc.reason.lower():
                return None
            raise

    async def set_variable(self, channel_id: str, variable: str, value: str) -> None:
        """Write a channel variable or function."""
        await self.request(protocol.set_variable(channel_id, variable, value))

    # --- bridges ------------------------------------------------------------------------------------------------

    async def list_bridges(self) -> list[Bridge]:
        """Every bridge of the whole PBX."""
        return await self._read_list(Bridge, protocol.list_bridges())

    async def bridge(self, bridge_id: str) -> Bridge:
        """One bridge."""
        return await self._read(Bridge, protocol.get_bridge(bridge_id))

    async def create_bridge(self, bridge_id: str, *, type: BridgeType = "mixing", name: str = "") -> Bridge:
        """Make a bridge under an id we choose; if it exists already, it is returned as it is."""
        return await self._read(Bridge, protocol.create_bridge(bridge_id, type=type, name=name))

    async def add_channel(self, bridge_id: str, *channel_ids: str) -> None:
        """Put channels into a bridge; `NotInStasis` if the StasisStart of one of them has not come yet."""
        await self.request(protocol.add_channel(bridge_id, *channel_ids))

    async def remove_channel(self, bridge_id: str, *channel_ids: str) -> None:
        """Take channels out of a bridge; they stay in Stasis."""
        await self.request(protocol.remove_channel(bridge_id, *channel_ids))

    async def destroy_bridge(self, bridge_id: str) -> None:
        """End a bridge; its channels stay in Stasis. One that is gone, or just going, is as good.

        While a bridge dissolves Asterisk knows its id a moment longer than our application does and answers
        409 "Bridge not in Stasis application" instead of 404.
        """
        with contextlib.suppress(Conflict):
            await _gone_is_fine(self.request(protocol.destroy_bridge(bridge_id)))

    async def play_to_bridge(self, bridge_id: str, media: str, *, playback_id: str, language: str = "") -> Playback:
        """Play a sound to everybody in a bridge."""
        return await self._read(
            Playback, protocol.play_to_bridge(bridge_id, media, playback_id=playback_id, language=language)
        )

    async def stop_playback(self, playback_id: str) -> None:
        """Cut a playback short; one that is over already is as good."""
        await _gone_is_fine(self.request(protocol.stop_playback(playback_id)))

    # --- Asterisk itself ----------------------------------------------------------------------------------------

    async def application(self) -> Application:
        """Our application's channels and bridges; `NotFound` when it has none and nobody is connected to it."""
        return await self._read(Application, protocol.get_application(self.address.app))

    async def our_channel_ids(self) -> frozenset[str]:
        """Ids of the channels in our application, also those of a process before us."""
        try:
            return frozenset((await self.application()).channel_ids)
        except NotFound:
            return frozenset()

    async def ping(self) -> AsteriskPing:
        """Is anybody there?"""
        return await self._read(AsteriskPing, protocol.ping())

    async def version(self) -> str:
        """Asterisk's version, "" if it does not tell."""
        info = await self._read(AsteriskInfo, protocol.get_info())
        return info.system.version if info.system else ""


def _certificates(url: str) -> ssl.SSLContext:
    """For http an empty context: loading the system's certificates would take longer than all the rest of the start."""
    return ssl.create_default_context() if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _gone_is_fine(request: Coroutine[Any, Any, Any]) -> None:
    try:
        await request
    except NotFound:
        return
