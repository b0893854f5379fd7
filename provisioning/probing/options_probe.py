"""Sends OPTIONS over UDP, TCP or TLS and says in one result how it went. The shell of `sip_options`."""

import asyncio
import contextlib
import secrets
import ssl
from dataclasses import dataclass
from typing import Final, Literal

from provisioning.probing.certificate import distrust
from provisioning.probing.names import ask_addresses
from provisioning.probing.sip_options import (
    T1_SECONDS,
    MalformedAnswer,
    MessageStream,
    Question,
    SipAnswer,
    Target,
    build_options,
    parse_answer,
    resend_pauses,
)

Outcome = Literal[
    "answered",
    "refused",
    "timed-out",
    "name-not-found",
    "unreachable",
    "certificate",
    "ca-file",
    "tls",
    "garbage",
    "closed",
]
DEADLINE_SECONDS: Final = 5.0
_READ: Final = 4096


@dataclass(frozen=True, slots=True)
class OptionsResult:
    """How one question ended."""

    target: Target
    outcome: Outcome
    reason: str
    """In words: "403 Forbidden from Asterisk", "nothing listens there"."""
    advice: str = ""
    answer: SipAnswer | None = None
    milliseconds: float = 0.0
    """From the first sending to the answer."""

    @property
    def is_alive(self) -> bool:
        """True when SIP answered, whatever it said."""
        return self.outcome == "answered"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom TLS believes."""

    verify: bool = True
    """False: anybody."""
    ca_file: str = ""
    """PEM; "": the machine's own authorities."""


async def ask_options(
    target: Target,
    deadline_seconds: float = DEADLINE_SECONDS,
    trust: Trust | None = None,
    t1_seconds: float = T1_SECONDS,
) -> OptionsResult:
    """Ask once, over UDP again and again, until an answer or the deadline; never raises for what the network does."""
    try:
        async with asyncio.timeout(deadline_seconds):
            address = target.address or await _first_address(target)
            if not address:
                return _failed(target, "name-not-found")
            if target.transport == "udp":
                return await _ask_udp(target, address, t1_seconds)
            return await _ask_stream(target, address, trust or Trust())
    except TimeoutError:
        return _failed(target, "timed-out")
    except _UnreadableAuthority as exc:
        return _failed(target, "ca-file", str(exc))
    except ssl.SSLCertVerificationError as exc:
        why = distrust(exc, target.host)
        return OptionsResult(target, "certificate", why.reason, why.advice)
    except ssl.SSLError as exc:
        return _failed(target, "tls", exc.reason or "")
    except (ConnectionRefusedError, ConnectionResetError) as exc:
        return _failed(target, "refused" if isinstance(exc, ConnectionRefusedError) else "closed")
    except OSError as exc:
        return _failed(target, "unreachable", exc.strerror or str(exc))
    except MalformedAnswer as exc:
        return _failed(target, "garbage", str(exc))
    except UnicodeError as exc:
        return _failed(target, "name-not-found", str(exc))


async def _first_address(target: Target) -> str:
    addresses = await ask_addresses(target.host)
    return addresses[0] if addresses else ""


def _failed(target: Target, outcome: Outcome, detail: str = "") -> OptionsResult:
    what, advice = _WORDS[outcome]
    return OptionsResult(target, outcome, f"{what}: {detail}" if detail else what, advice)


_WORDS: Final[dict[Outcome, tuple[str, str]]] = {
    "refused": ("nothing listens there", "compare port and transport with the carrier's or gateway's own page"),
    "timed-out": (
        "no answer in time",
        "a firewall on the way, a wrong address, or a server that does not answer strangers: allow our address there",
    ),
    "name-not-found": ("the host name is not known", "look for a typing error, or a DNS server that is not reachable"),
    "unreachable": ("no way there", "compare address and routes; a VPN or dedicated access may be down"),
    "ca-file": ("ca_file cannot be used", "write the path of a PEM file with the authority's certificate"),
    "tls": ("TLS failed", "this port may not speak TLS (5061 does, 5060 does not), or only old versions of it"),
    "garbage": ("something answered, but no SIP", "another service has this port: compare it"),
    "closed": ("the connection was closed without an answer", "it may let in known addresses only: allow ours there"),
}


def _answered(target: Target, answer: SipAnswer, started: float) -> OptionsResult:
    elapsed = (asyncio.get_running_loop().time() - started) * 1000
    who = f" from {answer.server}" if answer.server else ""
    reason = f"{answer.status} {answer.phrase}".rstrip() + who
    return OptionsResult(target, "answered", reason, "", answer, elapsed)


def _new_question() -> Question:
    return Question(secrets.token_hex(12), secrets.token_hex(8), secrets.token_hex(6))


def _final_answer(data: bytes, question: Question) -> SipAnswer | None:
    """Return the answer when it is one, to our question, and the last one (not 1xx). Raises: MalformedAnswer."""
    answer = parse_answer(data)
    if answer is None or answer.call_id != question.call_id or answer.status < 200:
        return None
    return answer


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams and errors to whoever waits."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[bytes | Exception] = asyncio.Queue(64)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    def _put(self, what: bytes | Exception) -> None:
        if not self.arrived.full():  # a flood: the newest is dropped, we only need one answer
            self.arrived.put_nowait(what)


async def _ask_udp(target: Target, address: str, t1_seconds: float) -> OptionsResult:
    loop = asyncio.get_running_loop()
    transport, datagrams = await loop.create_datagram_endpoint(_Datagrams, remote_addr=(address, target.port))
    try:
        question = _new_question()
        request = build_options(target, question, _local(transport))
        started = loop.time()
        garbage: MalformedAnswer | None = None
        for pause in resend_pauses(t1_seconds):
            transport.sendto(request)
            deadline = loop.time() + pause
            while (data := await _next(datagrams.arrived, deadline)) is not None:
                try:
                    answer = _final_answer(data, question)
                except MalformedAnswer as exc:
                    garbage = exc
                    continue
                if answer is not None:
                    return _answered(target, answer, started)
            if garbage is not None:
                raise garbage
        raise TimeoutError
    finally:
        transport.close()
        await asyncio.sleep(0)  # the socket itself is closed in the loop's next round


async def _next(arrived: asyncio.Queue[bytes | Exception], deadline: float) -> bytes | None:
    """Return what arrives before the deadline, or None. Raises: what the network reported (ConnectionRefusedError)."""
    try:
        async with asyncio.timeout_at(deadline):
            got = await arrived.get()
    except TimeoutError:
        return None
    if isinstance(got, Exception):
        raise got
    return got


async def _ask_stream(target: Target, address: str, trust: Trust) -> OptionsResult:
    loop = asyncio.get_running_loop()
    started = loop.time()
    if target.transport == "tls":
        target.host.encode("idna")  # TLS puts the name into its greeting: refuse before connecting what cannot be there
        context = _context(trust)
        reader, writer = await asyncio.open_connection(address, target.port, ssl=context, server_hostname=target.host)
    else:
        reader, writer = await asyncio.open_connection(address, target.port)
    try:
        question = _new_question()
        writer.write(build_options(target, question, _local(writer.transport)))
        stream = MessageStream()
        while data := await reader.read(_READ):
            for message in stream.receive_data(data):
                answer = _final_answer(message, question)
                if answer is not None:
                    return _answered(target, answer, started)
        return _failed(target, "closed")
    finally:
        writer.transport.abort()  # an answer is all we wanted: no farewell to wait for
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _UnreadableAuthority(Exception):
    """`ca_file` cannot be read, or holds no certificate."""


def _context(trust: Trust) -> ssl.SSLContext:
    """Return what TLS is to believe. Raises: _UnreadableAuthority."""
    try:
        context = ssl.create_default_context(cafile=trust.ca_file or None)
    except OSError as exc:  # an SSLError is one
        raise _UnreadableAuthority(f"{trust.ca_file}: {exc.strerror or exc}") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _local(transport: asyncio.BaseTransport) -> tuple[str, int]:
    name: tuple[str, int] = transport.get_extra_info("sockname")
    return name[0], name[1]
