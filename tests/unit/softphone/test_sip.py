"""SIP messages and digest proofs as plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softphone.sip import Challenge, Headers, MalformedMessage, Request, Response, parse, tag_of, uri_of, user_of

INVITE = (
    b"INVITE sip:200@127.0.0.1:5071 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKPj1;received=127.0.0.1\r\n"
    b"Record-Route: <sip:proxy;lr>\r\n"
    b'f: "Ana" <sip:+34600@127.0.0.1>;tag=abc\r\n'
    b"t: <sip:200@127.0.0.1>\r\n"
    b"Call-ID: one@pbx\r\n"
    b"CSeq: 17 INVITE\r\n"
    b"Subject: folded\r\n over two lines\r\n"
    b"l: 4\r\n"
    b"\r\nv=0\nrubbish after the length"
)


def invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_reads_a_request_with_short_names_and_folded_lines() -> None:
    request = invite()
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:200@127.0.0.1:5071", b"v=0\n")
    assert request.branch == "z9hG4bKPj1"
    assert request.cseq == (17, "INVITE")
    assert request.headers.get("subject") == "folded over two lines"
    assert tag_of(request.headers.get("From")) == "abc"
    assert user_of(request.headers.get("From")) == "+34600"


def test_a_message_comes_back_as_it_was() -> None:
    assert parse(invite().serialize()) == invite()


def test_an_answer_keeps_what_ties_it_to_its_request() -> None:
    answer = parse(invite().response(486, "Busy Here", tag="ours").serialize())
    assert isinstance(answer, Response)
    assert (answer.status, answer.branch, answer.cseq, answer.call_id) == (486, "z9hG4bKPj1", (17, "INVITE"), "one@pbx")
    assert answer.headers.get("Record-Route") == "<sip:proxy;lr>"
    assert tag_of(answer.headers.get("To")) == "ours"


def test_a_tag_is_not_put_on_twice() -> None:
    again = Request(Headers((("To", "<sip:a@b>;tag=first"),)), b"", "BYE", "sip:a@b")
    assert again.response(200, "OK", tag="second").headers.get("To") == "<sip:a@b>;tag=first"


def test_cancel_and_ack_belong_to_the_invite_s_transaction() -> None:
    request = invite()
    refused = request.response(486, "Busy Here", tag="ours")
    for message, method in ((request.cancel(), "CANCEL"), (request.ack(refused), "ACK")):
        assert message.branch == request.branch
        assert message.cseq == (17, method)
    assert tag_of(request.ack(refused).headers.get("To")) == "ours"


def test_proves_a_password_as_the_standard_s_example_does() -> None:
    response = parse(
        b"SIP/2.0 401 Unauthorized\r\nVia: x\r\nCall-ID: c\r\nCSeq: 1 GET\r\n"
        b'WWW-Authenticate: Digest realm="testrealm@host.com", qop="auth,auth-int", '
        b'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"\r\n\r\n'
    )
    assert isinstance(response, Response)
    challenge = Challenge.of(response)
    assert challenge is not None
    name, value = challenge.answer("Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b")
    assert name == "Authorization"
    assert 'response="6629fae49393a05397450978507c4ef1"' in value  # RFC 2617, 3.5
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in value


def test_credentials_make_a_new_transaction() -> None:
    again = invite().again("z9hG4bKnew", ("Authorization", "Digest x"))
    assert (again.branch, again.cseq) == ("z9hG4bKnew", (18, "INVITE"))
    assert again.headers.get("Authorization") == "Digest x"


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"INVITE sip:a SIP/2.0\r\nno colon\r\n\r\n", b"INVITE sip:a SIP/2.0\r\nTo: b\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nVia: x\r\nCall-ID: c\r\nCSeq: 1 GET\r\n\r\n"],
)  # fmt: skip
def test_refuses_what_is_no_sip(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    try:
        parse(INVITE[: len(data)] + data)
    except MalformedMessage:
        return


def test_reads_addresses() -> None:
    assert uri_of('"A; B" <sip:a@b:5060;ob>;expires=3') == "sip:a@b:5060;ob"
    assert uri_of("sip:a@b;tag=1") == "sip:a@b"
    assert tag_of("<sip:a@b;tag=inside>") == ""
