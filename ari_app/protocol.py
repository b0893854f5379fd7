"""ARI as text and as requests; knows neither socket nor clock.

`parse` reads one message of the event stream. Every function below it states one wish as a `Request`; a parameter
left empty is not sent, so that Asterisk's own default holds. `refusal` names the error behind a status.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from ari_app.errors import (
    AriRefused,
    BadEvent,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotInStasis,
    ServerFailed,
)
from ari_app.events import EVENT_CLASSES, Event, UnknownEvent
from ari_app.json_shape import Reader, ShapeError, reader_of

Method = Literal["GET", "POST", "DELETE"]
HangupReason = Literal["normal", "busy", "congestion", "no_answer", "rejected", "failure", "answered_elsewhere"]


@dataclass(frozen=True, slots=True)
class Request:
    """One wish to Asterisk."""

    method: Method
    path: str
    """Below `/ari`, ids quoted."""
    query: Mapping[str, str]
    body: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        """For logs and errors; the query stays out, it carries telephone numbers."""
        return f"{self.method} {self.path}"


_READERS: Final[dict[str, Reader]] = {name: reader_of(shape) for name, shape in EVENT_CLASSES.items()}


def parse(text: str | bytes) -> Event | UnknownEvent:
    """Read one message of the event stream.

    Raises: BadEvent.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadEvent("no JSON") from exc
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadEvent("no object with a type")
    read = _READERS.get(message["type"])
    if read is None:
        return UnknownEvent(message["type"])
    try:
        event: Event = read(message)
    except ShapeError as exc:
        raise BadEvent(str(exc)) from exc
    return event


def refusal(request: Request, status: int, text: str) -> AriRefused:
    """Return the error that a status of 400 or more stands for; `text` is the answer's body."""
    reason = _reason(text)
    kind = _REFUSALS.get(status, ServerFailed if status >= 500 else BadRequest)
    if status == 400 and reason.lower() == "channel not found":
        kind = NotFound  # addChannel names a missing bridge by 404 and a missing channel by 400
    if status == 422 and request.path.endswith("/redirect"):
        kind = BadRequest  # here 422 says that the endpoint is of another technology than the channel
    return kind(str(request), status, reason)


_REFUSALS: Final[dict[int, type[AriRefused]]] = {
    400: BadRequest,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: NotInStasis,
}


def _reason(text: str) -> str:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return "without explanation"
    message = answer.get("message", answer.get("error")) if isinstance(answer, dict) else None
    return message if isinstance(message, str) else "without explanation"


# --- channels ---------------------------------------------------------------------------------------------------


def list_channels() -> Request:
    """Every channel of the whole PBX, ours or not."""
    return Request("GET", "/channels", {})


def get_channel(channel_id: str) -> Request:
    """One channel."""
    return Request("GET", _channel(channel_id), {})


def answer(channel_id: str) -> Request:
    """Pick up."""
    return Request("POST", _channel(channel_id, "answer"), {})


def hang_up(channel_id: str, reason: HangupReason = "normal") -> Request:
    """End a channel."""
    return Request("DELETE", _channel(channel_id), {"reason": reason})


def continue_in_dialplan(
    channel_id: str, *, context: str = "", extension: str = "", priority: int | None = None
) -> Request:
    """Let go of a channel; without a place it goes on at the priority after `Stasis()`: the fallback."""
    return Request(
        "POST",
        _channel(channel_id, "continue"),
        _given(context=context, extension=extension, priority=priority),
    )


def redirect(channel_id: str, endpoint: str) -> Request:
    """Ask the caller's own side to call `endpoint` instead (SIP REFER or 302)."""
    return Request("POST", _channel(channel_id, "redirect"), {"endpoint": endpoint})


def originate(
    *,
    endpoint: str,
    app: str,
    channel_id: str,
    app_args: str = "",
    caller_id: str = "",
    timeout_seconds: int = 30,
    originator: str = "",
    formats: str = "",
    variables: Mapping[str, str] | None = None,
) -> Request:
    """Call somebody; the channel enters `app` when it is answered.

    `originator` is the channel on whose behalf we call: its codecs and accounting are inherited; excludes `formats`.
    """
    return Request(
        "POST",
        "/channels",
        {
            "endpoint": endpoint,
            "app": app,
            "channelId": channel_id,
            "timeout": str(timeout_seconds),
            **_given(appArgs=app_args, callerId=caller_id, originator=originator, formats=formats),
        },
        {"variables": dict(variables)} if variables else None,
    )


def external_media(
    *,
    app: str,
    channel_id: str,
    external_host: str,
    format: str,
    data: str = "",
    encapsulation: str = "audiosocket",
    transport: str = "tcp",
    connection_type: str = "client",
    direction: str = "both",
    variables: Mapping[str, str] | None = None,
) -> Request:
    """Make a channel whose sound goes to `external_host` (`host:port`); for AudioSocket `data` is the UUID it says.

    Asterisk answers only once the TCP connection stands, up to 2 s later.
    """
    return Request(
        "POST",
        "/channels/externalMedia",
        {
            "app": app,
            "channelId": channel_id,
            "external_host": external_host,
            "format": format,
            "encapsulation": encapsulation,
            "transport": transport,
            "connection_type": connection_type,
            "direction": direction,
            **_given(data=data),
        },
        {"variables": dict(variables)} if variables else None,
    )


def start_ringing(channel_id: str) -> Request:
    """Let the channel hear (or see) ringing."""
    return Request("POST", _channel(channel_id, "ring"), {})


def stop_ringing(channel_id: str) -> Request:
    """End the ringing."""
    return Request("DELETE", _channel(channel_id, "ring"), {})


def start_music(channel_id: str, *, music_class: str = "") -> Request:
    """Play music on hold to a channel."""
    return Request("POST", _channel(channel_id, "moh"), _given(mohClass=music_class))


def stop_music(channel_id: str) -> Request:
    """End the music on hold."""
    return Request("DELETE", _channel(channel_id, "moh"), {})


def play_to_channel(channel_id: str, media: str, *, playback_id: str, language: str = "") -> Request:
    """Play `sound:…`, `tone:…`, `recording:…`, `digits:…`; the channel must not be in a bridge."""
    return Request(
        "POST", f"{_channel(channel_id, 'play')}/{_quoted(playback_id)}", {"media": media, **_given(lang=language)}
    )


def send_digits(channel_id: str, digits: str) -> Request:
    """Press keys towards the channel's phone."""
    return Request("POST", _channel(channel_id, "dtmf"), {"dtmf": digits})


def get_variable(channel_id: str, variable: str) -> Request:
    """Read a channel variable or function, like `CALLERID(num)`."""
    return Request("GET", _channel(channel_id, "variable"), {"variable": variable})


def set_variable(channel_id: str, variable: str, value: str) -> Request:
    """Write a channel variable or function."""
    return Request("POST", _channel(channel_id, "variable"), {"variable": variable, "value": value})


# --- bridges ----------------------------------------------------------------------------------------------------


def list_bridges() -> Request:
    """Every bridge of the whole PBX."""
    return Request("GET", "/bridges", {})


def get_bridge(bridge_id: str) -> Request:
    """One bridge."""
    return Request("GET", _bridge(bridge_id), {})


BridgeType = Literal["mixing", "mixing,video_sfu", "holding"]
"""What a bridge is made of. `mixing` passes two members' frames on as they are. `mixing,video_sfu` always mixes and
makes frames of its own: the only type of ARI's that never hands a frame through, with or without video."""


def create_bridge(bridge_id: str, *, type: BridgeType = "mixing", name: str = "") -> Request:
    """Make a bridge under an id we choose."""
    return Request("POST", "/bridges", {"type": type, "bridgeId": bridge_id, **_given(name=name)})


def add_channel(bridge_id: str, *channel_ids: str) -> Request:
    """Put channels into a bridge; each must be in Stasis already."""
    return Request("POST", _bridge(bridge_id, "addChannel"), {"channel": ",".join(channel_ids)})


def remove_channel(bridge_id: str, *channel_ids: str) -> Request:
    """Take channels out of a bridge; they stay in Stasis."""
    return Request("POST", _bridge(bridge_id, "removeChannel"), {"channel": ",".join(channel_ids)})


def destroy_bridge(bridge_id: str) -> Request:
    """End a bridge; its channels stay in Stasis."""
    return Request("DELETE", _bridge(bridge_id), {})


def play_to_bridge(bridge_id: str, media: str, *, playback_id: str, language: str = "") -> Request:
    """Play a sound to everybody in a bridge."""
    return Request(
        "POST", f"{_bridge(bridge_id, 'play')}/{_quoted(playback_id)}", {"media": media, **_given(lang=language)}
    )


def stop_playback(playback_id: str) -> Request:
    """Cut a playback short."""
    return Request("DELETE", f"/playbacks/{_quoted(playback_id)}", {})


# --- Asterisk itself --------------------------------------------------------------------------------------------


def get_application(app: str) -> Request:
    """What an application is subscribed to: its channels and bridges, even when nobody is connected to it."""
    return Request("GET", f"/applications/{_quoted(app)}", {})


def ping() -> Request:
    """Is anybody there?"""
    return Request("GET", "/asterisk/ping", {})


def get_info() -> Request:
    """Version and identity."""
    return Request("GET", "/asterisk/info", {"only": "system"})


def _channel(channel_id: str, action: str = "") -> str:
    return f"/channels/{_quoted(channel_id)}" + (f"/{action}" if action else "")


def _bridge(bridge_id: str, action: str = "") -> str:
    return f"/bridges/{_quoted(bridge_id)}" + (f"/{action}" if action else "")


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _given(**parameters: str | int | None) -> dict[str, str]:
    """Only what was said: empty strings and None stay away."""
    return {name: str(value) for name, value in parameters.items() if value is not None and value != ""}
