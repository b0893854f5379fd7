"""AGI's wire: the environment, answers of every kind, and what must not be taken for either."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.agi_protocol import (
    MAX_LINE_BYTES,
    MAX_VARIABLES,
    AgiBroken,
    AgiEvent,
    AgiProtocol,
    Answered,
    BadAgiCommand,
    HungUp,
    Phase,
    Reply,
    Started,
    command_line,
)

ENVIRONMENT = (
    b"agi_network: yes\nagi_network_script: entry?x=1\nagi_request: agi://127.0.0.1:4573/entry\n"
    b"agi_channel: PJSIP/caller-00000000\nagi_callerid: +34600111222\nagi_calleridname: unknown\n"
    b"agi_callingpres: 32\nagi_dnid: 5551001\nagi_rdnis: unknown\nagi_accountcode: \nagi_arg_1: 5551001\n"
    b"agi_arg_2: dos: tres\n\n"
)
"""As Asterisk 22.10 sends it, shortened."""


def ready() -> AgiProtocol:
    """A session whose environment has come."""
    protocol = AgiProtocol()
    assert len(protocol.receive_data(ENVIRONMENT)) == 1
    return protocol


def answer(data: bytes) -> list[AgiEvent]:
    """What these bytes are, as the answer to a command."""
    protocol = ready()
    protocol.send_command("GET", "VARIABLE", "X")
    return protocol.receive_data(data)


def test_the_environment_says_who_calls() -> None:
    (started,) = AgiProtocol().receive_data(ENVIRONMENT)
    assert isinstance(started, Started)
    request = started.request
    assert (request.script, request.caller, request.presentation) == ("entry", "+34600111222", 0x20)
    assert request.arguments == ("5551001", "dos: tres")
    assert (request.known("rdnis"), request.known("accountcode"), request.known("nothing")) == ("", "", "")
    assert "600111222" not in repr(request)


@given(st.lists(st.integers(1, len(ENVIRONMENT)), max_size=20))
def test_events_do_not_depend_on_how_tcp_cuts_the_stream(cuts: list[int]) -> None:
    data = ENVIRONMENT
    protocol = AgiProtocol()
    events: list[AgiEvent] = []
    edges = [0, *sorted(set(cuts)), len(data)]
    for start, end in pairwise(edges):
        events += protocol.receive_data(data[start:end])
    assert events == AgiProtocol().receive_data(data)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=1\n", Reply(200, "1")),
        (b"200 result=0\r\n", Reply(200, "0")),
        (b"200 result=-1\n", Reply(200, "-1")),
        (b"200 result=1 (hola)\n", Reply(200, "1", "hola")),
        (b"200 result=1 ()\n", Reply(200, "1", "")),
        (b"200 result=1 (a (b) c)\n", Reply(200, "1", "a (b) c")),
        (b"200 result=1 (two\nlines)\n", Reply(200, "1", "two\nlines")),
        (b"200 result=1 (one\nHANGUP\n)\n", Reply(200, "1", "one\nHANGUP\n")),
        (b"200 result= (timeout)\n", Reply(200, "", "timeout")),
        (b"200 result=0 endpos=800\n", Reply(200, "0", None, "endpos=800")),
        (b"200 result=49 (dtmf) endpos=800\n", Reply(200, "49", "dtmf", "endpos=800")),
        (b"100 result=0 Trying...\n200 result=1\n", Reply(200, "1")),
        (b"510 Invalid or unknown command\n", Reply(510, text="Invalid or unknown command")),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n",
         Reply(511, text="Command Not Permitted on a dead channel or intercept routine")),
        (b"520-Invalid command syntax.  Proper usage follows:\nSets a variable.\n520 End of proper usage.\n",
         Reply(520, text="Invalid command syntax.  Proper usage follows:\nSets a variable.")),
        ("200 result=1 (señor ñandú)\n".encode(), Reply(200, "1", "señor ñandú")),
    ],
)  # fmt: skip
def test_answers_are_read_as_asterisk_writes_them(line: bytes, reply: Reply) -> None:
    assert answer(line) == [Answered(reply)]


def test_the_caller_may_hang_up_before_and_after_an_answer() -> None:
    protocol = ready()
    assert protocol.receive_data(b"HANGUP\n") == [HungUp()]
    protocol.send_command("NOOP")
    assert protocol.receive_data(b"HANGUP\n200 result=1\n") == [HungUp(), Answered(Reply(200, "1"))]


def test_one_command_at_a_time() -> None:
    protocol = AgiProtocol()
    with pytest.raises(RuntimeError, match="environment"):
        protocol.send_command("NOOP")
    protocol.receive_data(ENVIRONMENT)
    protocol.send_command("NOOP")
    with pytest.raises(RuntimeError, match="waiting"):
        protocol.send_command("NOOP")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "environment"),
        (b"agi_network yes\n", "environment"),
        (b"agi_dnid: 1\nagi_dnid: 2\n", "agi_dnid stands twice"),
        (b"agi_x: " + b"x" * (MAX_LINE_BYTES + 1), "more than"),
        (b"".join(b"agi_x%d: 1\n" % i for i in range(MAX_VARIABLES + 1)), "more than 200 variables"),
        (ENVIRONMENT + b"200 result=1\n", "no command asked for"),
    ],
)
def test_what_is_no_agi_breaks_the_session(data: bytes, reason: str) -> None:
    protocol = AgiProtocol()
    with pytest.raises(AgiBroken, match=reason):
        protocol.receive_data(data)
    assert protocol.phase is Phase.BROKEN
    with pytest.raises(AgiBroken):
        protocol.receive_data(b"\n")


def test_a_value_without_end_breaks_the_session() -> None:
    with pytest.raises(AgiBroken, match="value of more than"):
        answer(b"200 result=1 (" + b"x\n" * MAX_LINE_BYTES)


def test_a_usage_without_end_breaks_the_session() -> None:
    with pytest.raises(AgiBroken, match="usage"):
        answer(b"520-usage\n" + b"more\n" * 200)


def test_words_are_quoted_where_they_must_be() -> None:
    assert command_line("SET", "VARIABLE", "X", 'a "b" \\c') == b'SET VARIABLE X "a \\"b\\" \\\\c"\n'
    assert command_line("SET", "VARIABLE", "X", "") == b'SET VARIABLE X ""\n'


@pytest.mark.parametrize("word", ["a\nHANGUP", "a\rb", "a\x00b", "x" * 3000])
def test_what_would_be_a_command_of_its_own_is_not_sent(word: str) -> None:
    protocol = ready()
    with pytest.raises(BadAgiCommand):
        protocol.send_command("SET", "VARIABLE", "X", word)
    protocol.send_command("NOOP")  # nothing was sent: the session goes on


@given(st.text(max_size=300))
def test_a_command_is_one_line_whatever_is_in_it(word: str) -> None:
    try:
        line = command_line("VERBOSE", word)
    except BadAgiCommand:
        return
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_events_or_an_error(data: bytes) -> None:
    protocol = ready()
    protocol.send_command("NOOP")
    try:
        protocol.receive_data(data)
    except AgiBroken:
        assert protocol.phase is Phase.BROKEN
