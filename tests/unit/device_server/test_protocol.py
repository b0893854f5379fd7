"""HTTP as gateways speak it: what is a request, what is refused, however TCP cuts it."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_server.protocol import (
    MOST_HEAD_BYTES,
    MOST_HEADERS,
    MOST_LINE_BYTES,
    Refusal,
    Request,
    RequestReader,
    head_of,
    path_of,
)

# as an HT813 asks, shortened
GRANDSTREAM = (
    b"GET /token/cfgc074ad112233.xml HTTP/1.0\r\nHost: 192.168.1.10:8089\r\n"
    b"User-Agent: Grandstream Model HW HT813 V1.1A SW 1.0.5.4 DevId c074ad112233\r\n\r\n"
)


def read(data: bytes) -> Request | Refusal | None:
    return RequestReader().receive_data(data)


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 50, len(GRANDSTREAM)])
def test_a_request_does_not_depend_on_how_tcp_cuts_it(cut: int) -> None:
    reader = RequestReader()
    found = [reader.receive_data(GRANDSTREAM[begin : begin + cut]) for begin in range(0, len(GRANDSTREAM), cut)]
    assert found[:-1] == [None] * (len(found) - 1)
    assert found[-1] == Request(
        "GET",
        ("token", "cfgc074ad112233.xml"),
        "Grandstream Model HW HT813 V1.1A SW 1.0.5.4 DevId c074ad112233",
    )


@given(data=st.binary(max_size=400) | st.binary(max_size=100).map(lambda tail: GRANDSTREAM[:60] + tail + b"\r\n\r\n"))
def test_arbitrary_bytes_are_a_request_a_refusal_or_not_enough(data: bytes) -> None:
    found = read(data)
    if isinstance(found, Request) and found.path is not None:
        assert all(part not in ("", ".", "..") and not set(part) & set("/\\%\0\r\n") for part in found.path)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/t/a.xml", ("t", "a.xml")),
        (b"/t/a.xml?mac=000b82", ("t", "a.xml")),
        (b"/%74/a%2exml", ("t", "a.xml")),
        (b"http://192.168.1.10/t/a.xml", ("t", "a.xml")),
        (b"/t/../a.xml", None),
        (b"/t/%2e%2e/a.xml", None),
        (b"/t/%252e%252e", None),
        (b"/t/..%2fa.xml", None),
        (b"/t/a%5c..%5cb", None),
        (b"/t/a%00.xml", None),
        (b"/t/a%0d%0aX:1", None),
        (b"/t/%zz", None),
        (b"/t/%2", None),
        (b"/t//a", None),
        (b"/t/", None),
        (b"/", None),
        (b"t/a", None),
        (b"*", None),
        ("/t/ñ".encode(), None),
        (b"/t/%c0%af", None),
    ],
)
def test_paths_are_decoded_once_and_lead_nowhere_else(target: bytes, path: tuple[str, ...] | None) -> None:
    assert path_of(target) == path


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /t/a HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"PUT /t/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n", 400),
        (b"GET /t/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n", 400),
        (b"GET /t/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /t/a HTTP/1.1\r\n\r\n", 400),
        (b"GET /t/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /t/a HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /t/a HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET /t/a HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET /t/a\r\n\r\n", 400),
        (b"GET  /t/a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET /" + b"a" * MOST_LINE_BYTES, 414),
        (b"GET / HTTP/1.0\r\n" + b"a: b\r\n" * (MOST_HEADERS + 1) + b"\r\n", 431),
        (b"GET / HTTP/1.0\r\nx: " + b"a" * MOST_HEAD_BYTES, 431),
    ],
)
def test_what_is_no_plain_fetch_is_refused(sent: bytes, status: int) -> None:
    found = read(sent)
    assert isinstance(found, Refusal)
    assert found.status == status


def test_a_connection_that_ends_early_is_a_refusal_only_if_something_was_asked() -> None:
    assert RequestReader().receive_eof() is None
    reader = RequestReader()
    reader.receive_data(b"GET /t")
    assert reader.receive_eof() == Refusal(HTTPStatus.BAD_REQUEST, "cut request")


def test_an_answer_says_that_it_is_not_to_be_kept_and_that_it_is_the_last() -> None:
    assert head_of(HTTPStatus.OK, "text/xml", 12, 0.0) == (
        b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/xml\r\nContent-Length: 12\r\n"
        b"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    assert b"\r\nAllow: GET, HEAD\r\n" in head_of(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", 0, 0.0)
