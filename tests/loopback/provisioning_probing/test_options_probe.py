"""OPTIONS over real sockets, to a box that answers, refuses, stays silent or talks rubbish."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from provisioning.free_ports import free_tcp_port, free_udp_port
from provisioning.probing import Target, ask_options
from provisioning.probing.options_probe import Trust
from tests.loopback.provisioning_probing.sip_box import answering, silent, stream_box, udp_box

HERE = "127.0.0.1"
SOON = 0.05
"""T1 of these tests, in seconds."""


@pytest.mark.parametrize(("status", "phrase"), [(200, "OK"), (403, "Forbidden"), (503, "Service Unavailable")])
async def test_whatever_sip_says_is_an_answer(status: int, phrase: str) -> None:
    async with udp_box(answering(status, phrase)) as (box, port):
        result = await ask_options(Target(HERE, port))
    assert result.is_alive
    assert result.answer is not None
    assert (result.answer.status, result.answer.server) == (status, "Box/1.0")
    assert result.reason == f"{status} {phrase} from Box/1.0"
    assert result.milliseconds > 0
    assert len(box.asked) == 1
    assert box.asked[0].startswith(f"OPTIONS sip:{HERE}:{port} SIP/2.0\r\n".encode())


async def test_a_lost_question_is_asked_again() -> None:
    answers = answering(200, "OK")
    heard: list[bytes] = []

    def deaf_at_first(request: bytes) -> list[bytes]:
        heard.append(request)
        return answers(request) if len(heard) == 3 else []

    async with udp_box(deaf_at_first) as (_, port):
        result = await ask_options(Target(HERE, port), t1_seconds=SOON)
    assert result.is_alive
    assert len(set(heard)) == 1
    assert len(heard) == 3


async def test_a_silent_box_times_out() -> None:
    async with udp_box(silent) as (box, port):
        result = await ask_options(Target(HERE, port), deadline_seconds=0.5, t1_seconds=SOON)
    assert result.outcome == "timed-out"
    assert "firewall" in result.advice
    assert len(box.asked) > 1


async def test_a_provisional_answer_and_strangers_are_waited_through() -> None:
    def answer(request: bytes) -> list[bytes]:
        stranger = answering(200, "Stranger")(request.replace(b"Call-ID: ", b"Call-ID: not-"))
        question = b"OPTIONS sip:you SIP/2.0\r\nCall-ID: theirs\r\nContent-Length: 0\r\n\r\n"
        return [question, *stranger, *answering(100, "Trying")(request), *answering(404, "Not Found")(request)]

    async with udp_box(answer) as (_, udp), stream_box(answer) as tcp:
        for target in (Target(HERE, udp), Target(HERE, tcp, "tcp")):
            result = await ask_options(target)
            assert result.reason == "404 Not Found from Box/1.0"


async def test_rubbish_is_called_rubbish() -> None:
    def rubbish(request: bytes) -> list[bytes]:
        return [b"\x00\xff\x13 not a SIP message\r\n\r\n"]

    async with udp_box(rubbish) as (_, udp), stream_box(rubbish) as tcp:
        for target in (Target(HERE, udp), Target(HERE, tcp, "tcp")):
            assert (await ask_options(target, t1_seconds=SOON)).outcome == "garbage"


async def test_nobody_there_is_said_at_once() -> None:
    assert (await ask_options(Target(HERE, free_udp_port()))).outcome == "refused"
    assert (await ask_options(Target(HERE, free_tcp_port(), "tcp"))).outcome == "refused"


async def test_a_connection_closed_without_a_word() -> None:
    async with stream_box(None) as port:
        result = await ask_options(Target(HERE, port, "tcp"))
    assert result.outcome == "closed"
    assert "known addresses" in result.advice


async def test_a_name_that_cannot_exist() -> None:
    for host in ("x" * 64 + ".invalid", "-.invalid"):
        assert (await ask_options(Target(host))).outcome == "name-not-found"


async def test_over_tcp_it_is_asked_over_tcp() -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> list[bytes]:
        seen.append(request)
        (whole,) = answering(200, "OK")(request)
        return [whole[:20], whole[20:]]

    async with stream_box(answer) as port:
        result = await ask_options(Target(HERE, port, "tcp"))
    assert result.is_alive
    assert b"Via: SIP/2.0/TCP 127.0.0.1:" in seen[0]


class Authority:
    """A certificate authority of our own, its certificate in a file."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.file))

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        until = datetime.now(UTC) - timedelta(days=1) if expired else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names, not_after=until).configure_cert(context)
        return context

    @property
    def trust(self) -> Trust:
        return Trust(ca_file=str(self.file))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def ask_tls(tls: ssl.SSLContext, trust: Trust, host: str = "localhost") -> tuple[str, str]:
    async with stream_box(answering(200, "OK"), tls) as port:
        result = await ask_options(Target(host, port, "tls", HERE), trust=trust)
    return result.outcome, result.reason


async def test_tls_with_the_right_authority(authority: Authority) -> None:
    assert (await ask_tls(authority.server("localhost"), authority.trust))[0] == "answered"
    assert (await ask_tls(authority.server(HERE), authority.trust, HERE))[0] == "answered"


async def test_tls_with_an_authority_nobody_knows(authority: Authority) -> None:
    outcome, reason = await ask_tls(authority.server("localhost"), Trust())
    assert (outcome, reason) == ("certificate", "its certificate is signed by nobody we know")


async def test_tls_with_a_certificate_of_somebody_else(authority: Authority) -> None:
    outcome, reason = await ask_tls(authority.server("sip.example.com"), authority.trust)
    assert (outcome, reason) == ("certificate", "its certificate is made out to another name than localhost")


async def test_tls_with_an_expired_certificate(authority: Authority) -> None:
    outcome, reason = await ask_tls(authority.server("localhost", expired=True), authority.trust)
    assert (outcome, reason) == ("certificate", "its certificate has expired")


async def test_tls_believed_without_proof_when_told_so(authority: Authority) -> None:
    assert (await ask_tls(authority.server("sip.example.com"), Trust(verify=False)))[0] == "answered"


async def test_tls_to_a_port_without_it(authority: Authority) -> None:
    async with stream_box(None, greeting=b"SIP/2.0 400 Bad Request\r\n\r\n") as port:
        result = await ask_options(Target("localhost", port, "tls", HERE), trust=authority.trust)
    assert result.outcome == "tls"
    assert "5061" in result.advice


async def test_tls_that_never_greets_back(authority: Authority) -> None:
    async with stream_box(silent) as port:
        result = await ask_options(Target("localhost", port, "tls", HERE), 0.3, authority.trust)
    assert result.outcome == "timed-out"


async def test_a_name_that_does_not_go_into_a_greeting() -> None:
    async with stream_box(silent) as port:
        result = await ask_options(Target("x" * 64 + ".invalid", port, "tls", HERE), 0.3)
    assert result.outcome == "name-not-found"


async def test_an_authority_that_is_not_there(tmp_path: Path) -> None:
    trust = Trust(ca_file=str(tmp_path / "none.pem"))
    result = await ask_options(Target("localhost", free_tcp_port(), "tls", HERE), trust=trust)
    assert result.outcome == "ca-file"
    assert "none.pem" in result.reason
