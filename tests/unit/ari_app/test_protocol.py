"""Requests as Asterisk wants them, refusals with names, and any text at all as an event."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app import protocol
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
from ari_app.events import EVENT_CLASSES, StasisStart, UnknownEvent

CHANNEL = {
    "id": "1700000000.7",
    "name": "PJSIP/100-00000003",
    "state": "Ring",
    "caller": {"name": "Ana", "number": "600111222"},
    "connected": {"name": "", "number": ""},
    "dialplan": {"context": "centralita-did", "exten": "5551001", "priority": 2},
    "creationtime": "2026-11-20T15:00:00.000+0000",
    "language": "es",
    "something_newer": {"than": "this code"},
}
STASIS_START = {
    "type": "StasisStart",
    "application": "centralita",
    "timestamp": "2026-11-20T15:00:00.001+0000",
    "args": ["telecom", "5551001"],
    "channel": CHANNEL,
}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in STASIS_START.items() if name != key}


def test_a_caller_comes_in() -> None:
    event = protocol.parse(json.dumps(STASIS_START))
    assert isinstance(event, StasisStart)
    assert event.args == ("telecom", "5551001")
    assert event.channel.caller.number == "600111222"
    assert event.channel.dialplan.priority == 2
    assert event.subjects() == ("1700000000.7",)


def test_an_event_we_have_no_use_for_is_only_named() -> None:
    assert protocol.parse('{"type": "ChannelTalkingStarted"}') == UnknownEvent("ChannelTalkingStarted")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ("[]", "no object with a type"),
        ('{"type": 7}', "no object with a type"),
        (json.dumps(without("args")), "StasisStart.args is missing"),
        (json.dumps(STASIS_START | {"args": "telecom"}), "StasisStart.args: str is no list"),
        (json.dumps(STASIS_START | {"args": [1]}), "StasisStart.args: int is no str"),
        (json.dumps(STASIS_START | {"channel": None}), "StasisStart.channel: Channel is no object"),
        (json.dumps(STASIS_START | {"channel": CHANNEL | {"id": 7}}), "StasisStart.channel: Channel.id: int is no str"),
    ],
)
def test_nonsense_says_where_it_is_wrong_and_never_what_it_said(text: str | bytes, reason: str) -> None:
    with pytest.raises(BadEvent) as failure:
        protocol.parse(text)
    assert str(failure.value) == reason


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(EVENT_CLASSES)), st.dictionaries(st.sampled_from(sorted(STASIS_START)), JSON_VALUES))
def test_no_event_breaks_the_parser(type: str, fields: dict[str, Any]) -> None:
    try:
        event = protocol.parse(json.dumps({**fields, "type": type}))
    except BadEvent:
        return
    assert not isinstance(event, UnknownEvent)
    assert event.subjects() is not None


@given(st.text() | st.binary())
def test_no_text_breaks_the_parser(text: str | bytes) -> None:
    try:
        protocol.parse(text)
    except BadEvent:
        return


def test_the_fallback_is_a_continue_without_a_place() -> None:
    request = protocol.continue_in_dialplan("1700000000.7")
    assert (request.method, request.path, request.query) == ("POST", "/channels/1700000000.7/continue", {})


def test_ids_cannot_escape_their_place_in_the_path() -> None:
    assert protocol.hang_up("a/../b?c#d é").path == "/channels/a%2F..%2Fb%3Fc%23d%20%C3%A9"


def test_a_request_in_a_log_shows_no_telephone_number() -> None:
    request = protocol.originate(endpoint="PJSIP/600111222", app="a", channel_id="c", caller_id="600333444")
    assert str(request) == "POST /channels"


def test_media_is_asked_for_over_tcp_with_our_uuid() -> None:
    request = protocol.external_media(app="a", channel_id="m", external_host="h:1", format="slin16", data="uuid")
    assert request.query["encapsulation"] == "audiosocket"
    assert request.query["transport"] == "tcp"
    assert request.query["data"] == "uuid"
    assert request.body is None


REFUSALS: list[tuple[int, type[AriRefused], bool]] = [
    (400, BadRequest, False),
    (401, Forbidden, False),
    (403, Forbidden, False),
    (404, NotFound, False),
    (409, Conflict, False),
    (412, Conflict, False),
    (418, BadRequest, False),
    (422, NotInStasis, False),
    (500, ServerFailed, True),
    (503, ServerFailed, True),
]


@pytest.mark.parametrize(("status", "kind", "is_retryable"), REFUSALS)
def test_every_refusal_has_a_name(status: int, kind: type[AriRefused], is_retryable: bool) -> None:
    error = protocol.refusal(protocol.answer("c"), status, '{"message": "so it is"}')
    assert type(error) is kind
    assert error.retryable is is_retryable
    assert error.reason == "so it is"


def test_the_words_of_asterisk_decide_where_its_numbers_mislead() -> None:
    missing = protocol.refusal(protocol.add_channel("b", "c"), 400, '{"message": "Channel not found"}')
    assert type(missing) is NotFound
    other_technology = protocol.refusal(protocol.redirect("c", "PJSIP/1"), 422, '{"message": "Endpoint…"}')
    assert type(other_technology) is BadRequest


@pytest.mark.parametrize("text", ["", "<html>", "[1]", '{"message": 7}'])
def test_a_refusal_without_words_is_one_all_the_same(text: str) -> None:
    assert protocol.refusal(protocol.ping(), 500, text).reason == "without explanation"
