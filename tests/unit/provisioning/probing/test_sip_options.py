"""OPTIONS as bytes: the question, the answer, and a stream cut anyhow."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.probing.sip_options import (
    MalformedAnswer,
    MessageStream,
    Question,
    Target,
    build_options,
    parse_answer,
    resend_pauses,
)

ASKED = Question("call-1", "branch-1", "tag-1")
ANSWER = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.0.0.1:5070;branch=z9hG4bKbranch-1\r\nCall-ID: call-1\r\n"
    b"CSeq: 1 OPTIONS\r\nServer: A Box 1.0\r\nContent-Length: 4\r\n\r\nbody"
)


def test_the_question_is_a_whole_request() -> None:
    lines = build_options(Target("sip.example.com", 5061, "tls"), ASKED, ("192.0.2.7", 40000)).decode().split("\r\n")
    assert lines[0] == "OPTIONS sip:sip.example.com:5061;transport=tls SIP/2.0"
    assert lines[1] == "Via: SIP/2.0/TLS 192.0.2.7:40000;rport;branch=z9hG4bKbranch-1"
    names = {line.split(":")[0] for line in lines[1:] if line}
    assert {"Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length"} <= names
    assert lines[-2:] == ["", ""]


def test_an_ipv6_address_stands_in_brackets() -> None:
    text = build_options(Target("2001:db8::1"), ASKED, ("2001:db8::2", 5070)).decode()
    assert "OPTIONS sip:[2001:db8::1]:5060 SIP/2.0" in text
    assert "Via: SIP/2.0/UDP [2001:db8::2]:5070;rport" in text


def test_the_answer_says_who_and_what() -> None:
    answer = parse_answer(ANSWER)
    assert answer is not None
    assert (answer.status, answer.phrase, answer.call_id, answer.server) == (200, "OK", "call-1", "A Box 1.0")


def test_short_header_names_and_no_phrase_are_understood() -> None:
    answer = parse_answer(b"SIP/2.0 404\r\ni: call-1\r\nUser-Agent: Other\r\nl: 0\r\n\r\n")
    assert answer is not None
    assert (answer.status, answer.call_id, answer.server) == (404, "call-1", "Other")


def test_a_stranger_s_name_cannot_write_on_the_terminal() -> None:
    answer = parse_answer(b"SIP/2.0 200 \x1b[2J\r\nCall-ID: c\r\nServer: \x1b]0;gone\x07" + b"x" * 500 + b"\r\n\r\n")
    assert answer is not None
    assert "\x1b" not in answer.phrase + answer.server
    assert len(answer.server) <= 120


def test_a_request_is_no_answer() -> None:
    assert parse_answer(b"OPTIONS sip:us SIP/2.0\r\nCall-ID: other\r\n\r\n") is None


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"SIP/2.0 999 ?\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"]
)
def test_what_is_no_sip_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse_answer(data)


@given(st.binary(max_size=300))
def test_nothing_that_comes_from_outside_breaks_it(data: bytes) -> None:
    for take in (parse_answer, MessageStream().receive_data):
        try:
            take(data)
        except MalformedAnswer:
            continue


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_messages_do_not_depend_on_how_the_stream_is_cut(sizes: list[int]) -> None:
    stream, data = MessageStream(), b"\r\n\r\n" + ANSWER + ANSWER
    got: list[bytes] = []
    for size in itertools.cycle(sizes):
        if not data:
            break
        got += stream.receive_data(data[:size])
        data = data[size:]
    assert got == [ANSWER, ANSWER]


def test_a_stream_without_end_is_not_kept_for_ever() -> None:
    stream = MessageStream()
    assert stream.receive_data(b"a" * 60_000) == []
    with pytest.raises(MalformedAnswer):
        stream.receive_data(b"a" * 10_000)


def test_the_question_is_repeated_as_the_rfc_says() -> None:
    assert resend_pauses()[:6] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert 32 <= sum(resend_pauses()) < 36
