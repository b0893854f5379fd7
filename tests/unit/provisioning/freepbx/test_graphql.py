"""Requests to FreePBX's API as data: what is sent, what is never said aloud, and what an answer means."""

import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.freepbx.graphql import (
    FreePbxRefused,
    HttpAnswer,
    InboundRoute,
    add_inbound_route,
    all_inbound_routes,
    data_in,
    do_reload,
    operation_request,
    remove_inbound_route,
    routes_in,
    token_in,
    token_request,
)

ROUTE = InboundRoute("34910000001", "customdests,dest-1,1", "Centralita telecom")
PBX = "https://pbx.example.com/"


def said(status: int = 200, **answer: object) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(answer).encode())


def test_the_login_is_client_credentials() -> None:
    request = token_request(PBX, "me", "a&b=c")
    assert (request.method, request.url) == ("POST", "https://pbx.example.com/admin/api/api/token")
    form = parse_qs(request.body.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_secret"] == ["a&b=c"]
    assert "a&b" not in repr(request)
    assert "Bearer" not in repr(operation_request(PBX, "token-of-mine", do_reload()))


@pytest.mark.parametrize("url", ["http://pbx.example.com", "ftp://pbx", "pbx.example.com", ""])
def test_a_secret_does_not_travel_in_clear(url: str) -> None:
    with pytest.raises(ValueError, match=r"clear|no address"):
        token_request(url, "me", "secret")
    assert token_request("http://127.0.0.1:8080", "me", "secret").url.startswith("http://127.0.0.1:8080/admin")


def test_a_token_or_a_reason() -> None:
    assert token_in(said(access_token="abc", token_type="Bearer")) == "abc"
    with pytest.raises(FreePbxRefused, match="invalid_client"):
        token_in(said(401, error="invalid_client"))
    with pytest.raises(FreePbxRefused, match="no answer in JSON"):
        token_in(HttpAnswer(502, b"<html>Bad Gateway"))


def test_values_travel_as_variables_never_in_the_document() -> None:
    evil = InboundRoute('1"}) { x', "customdests,dest-1,1")
    for operation in (add_inbound_route(evil), remove_inbound_route(evil)):
        assert evil.extension not in operation.document
        body = json.loads(operation_request(PBX, "t", operation).body)
        assert evil.extension in json.dumps(body["variables"]).replace('\\"', '"')
    given_ = add_inbound_route(ROUTE).variables["input"]
    assert isinstance(given_, dict)
    assert given_["destination"] == "customdests,dest-1,1"
    assert [given_[name] for name in ("privacyman", "ringing", "pricid", "reversal", "fanswer")] == [False] * 5
    assert remove_inbound_route(ROUTE).variables == {"input": {"id": "34910000001/"}}


def test_what_was_not_read_in_freepbx_s_source_says_so() -> None:
    assert add_inbound_route(ROUTE).verified
    assert remove_inbound_route(ROUTE).verified
    assert not do_reload().verified


def test_answers() -> None:
    operation = add_inbound_route(ROUTE)
    given_ = data_in(operation, said(data={"addInboundRoute": {"status": True, "message": "created"}}))
    assert given_["message"] == "created"
    with pytest.raises(FreePbxRefused, match="already exists"):
        data_in(operation, said(data={"addInboundRoute": {"status": False, "message": "Inbound Route already exists"}}))
    with pytest.raises(FreePbxRefused, match="Cannot query"):
        data_in(operation, said(errors=[{"message": 'Cannot query field "addInboundRoute"'}]))
    with pytest.raises(FreePbxRefused, match="403"):
        data_in(operation, said(403))


def test_routes_are_read_in_either_shape() -> None:
    node = {"extension": "1", "cidnum": "", "description": "x", "destination": "ext-queues,400,1"}
    other = {"extension": "2", "cidnum": None, "description": None, "destination": {"id": "ext-group,600,1"}}
    found = routes_in({"edges": [{"node": node}, {"node": other}, {"node": None}, None]})
    assert found == (InboundRoute("1", "ext-queues,400,1", "x"), InboundRoute("2", "ext-group,600,1"))


@given(st.binary(), st.integers(100, 599))
def test_any_answer_is_an_answer_or_a_refusal(body: bytes, status: int) -> None:
    answer = HttpAnswer(status, body)
    for operation in (do_reload(), all_inbound_routes()):
        with pytest.raises(FreePbxRefused):
            data_in(operation, answer)
    with pytest.raises(FreePbxRefused):
        token_in(answer)
