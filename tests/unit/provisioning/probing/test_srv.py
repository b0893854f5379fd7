"""DNS SRV as bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.probing.srv import (
    MalformedReply,
    SrvRecord,
    Truncated,
    build_query,
    parse_nameservers,
    parse_reply,
)

NAME = "_sip._udp.example.com"


def record(priority: int, weight: int, port: int, target: bytes) -> bytes:
    """An answer whose own name is a pointer to the question."""
    data = struct.pack("!3H", priority, weight, port) + target
    return b"\xc0\x0c" + struct.pack("!HHIH", 33, 1, 60, len(data)) + data


def reply(*records: bytes, number: int = 7, flags: int = 0x8180) -> bytes:
    return struct.pack("!6H", number, flags, 1, len(records), 0, 0) + build_query(NAME, 7)[12:] + b"".join(records)


POINTER_TO_EXAMPLE = b"\x03sbc\xc0" + bytes([12 + len(b"\x04_sip\x04_udp")])


def test_the_question_is_for_srv_in_the_internet() -> None:
    assert build_query("a.bc", 258) == b"\x01\x02\x01\x00\x00\x01\0\0\0\0\0\0" + b"\x01a\x02bc\0" + b"\x00\x21\x00\x01"


def test_the_best_server_comes_first_and_pointers_are_followed() -> None:
    got = parse_reply(
        reply(
            record(20, 0, 5060, POINTER_TO_EXAMPLE), record(10, 1, 5062, b"\x01b\0"), record(10, 9, 5064, b"\x01a\0")
        ),
        7,
    )
    assert got == (
        SrvRecord(10, 9, 5064, "a"),
        SrvRecord(10, 1, 5062, "b"),
        SrvRecord(20, 0, 5060, "sbc.example.com"),
    )


def test_other_records_beside_them_are_passed_over() -> None:
    alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 3) + b"\x01x\0"
    assert parse_reply(reply(alias, record(1, 1, 1, b"\x01a\0")), 7) == (SrvRecord(1, 1, 1, "a"),)


def test_a_point_says_that_the_service_is_not_there() -> None:
    assert parse_reply(reply(record(0, 0, 0, b"\0")), 7) == ()


def test_no_such_name_is_no_record() -> None:
    assert parse_reply(reply(flags=0x8183), 7) == ()


def test_what_did_not_fit_is_asked_again() -> None:
    with pytest.raises(Truncated):
        parse_reply(reply(flags=0x8380), 7)


@pytest.mark.parametrize(
    "data",
    [
        reply(number=8),
        reply(flags=0x0100),
        reply(record(1, 1, 1, b"\x01a\0"))[:-4],
        reply(record(1, 1, 1, b"\xc0\xff")),
        b"",
        struct.pack("!6H", 7, 0x8180, 1, 0, 0, 0) + b"\xc0\x0c",
    ],
)
def test_an_answer_to_something_else_or_a_torn_one_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedReply):
        parse_reply(data, 7)


@given(st.binary(max_size=200))
def test_no_bytes_break_it_or_keep_it_busy(tail: bytes) -> None:
    for data in (tail, struct.pack("!6H", 7, 0x8180, 1, 3, 0, 0) + tail):
        try:
            parse_reply(data, 7)
        except (MalformedReply, Truncated):
            continue


@pytest.mark.parametrize("name", ["a..b", "x" * 64, "ñ.example.com"])
def test_a_name_that_cannot_be_asked_for_is_refused(name: str) -> None:
    with pytest.raises(MalformedReply):
        build_query(name, 1)


def test_resolv_conf_names_who_to_ask() -> None:
    text = (
        "# by hand\nsearch example.com\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions ndots:1\nnameserver\n"
    )
    assert parse_nameservers(text) == ("192.0.2.53", "2001:db8::53")
