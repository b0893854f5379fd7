"""A telephone: one SIP address on UDP, and any number of calls at the same time."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self, cast

from softphone.call import ALLOW, Call, NobodyAnswers, RegistrationFailed
from softphone.codecs import ALAW, ULAW, Codec
from softphone.media import MediaStream
from softphone.sip import Challenge, Headers, MalformedMessage, Request, Response, parse, tag_of
from softphone.transactions import ClientTransaction

log = logging.getLogger(__name__)

_ANSWERS_KEPT: Final = 1000
"""Requests answered lately: when one comes again, our answer was lost and is sent again."""


class Phone(asyncio.DatagramProtocol):
    """Registers, makes calls and takes them. Open it with `Phone.open`; it is an async context manager too."""

    def __init__(
        self, server: tuple[str, int], user: str, password: str | None, host: str, codecs: tuple[Codec, ...]
    ) -> None:
        self.server = server
        self.user = user
        self.host = host
        self.port = 0
        self.codecs = codecs
        self.calls: dict[str, Call] = {}
        """Calls that live, by Call-ID."""
        self.refuse_with: int | None = None
        """SIP status, like 486, with which every new call is refused at once; None: they ring in `incoming`."""
        self._password = password
        self._transport: asyncio.DatagramTransport | None = None
        self._transactions: dict[tuple[str, str], ClientTransaction] = {}
        self._answers: OrderedDict[tuple[str, str], Response] = OrderedDict()
        self._ringing: asyncio.Queue[Call] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: OrderedDict[str, Call] = OrderedDict()
        self._registered_for = 0
        self._registration = (f"{secrets.token_hex(8)}@{host}", secrets.token_hex(4))
        self._registration_number = 0

    @classmethod
    async def open(
        cls,
        server: tuple[str, int],
        user: str = "caller",
        password: str | None = None,
        host: str = "127.0.0.1",
        codecs: Sequence[Codec] = (ALAW, ULAW),
    ) -> Self:
        """Bind a free UDP port on `host`; `server` is the PBX's address. Nothing is sent yet."""
        loop = asyncio.get_running_loop()
        _, phone = await loop.create_datagram_endpoint(
            lambda: cls(server, user, password, host, tuple(codecs)), local_addr=(host, 0)
        )
        return phone

    async def close(self) -> None:
        """Hang up, unregister, close the port."""
        await asyncio.gather(*(call.hang_up() for call in tuple(self.calls.values())))
        if self._registered_for:
            await self.register(expires=0)
        if self._tasks:
            await asyncio.wait(self._tasks)
        for transaction in tuple(self._transactions.values()):
            transaction.close()
        if self._transport is not None:
            self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    # -- what a person does with a telephone --------------------------------------------------------------------------

    async def register(self, expires: int = 300) -> None:
        """Tell the PBX where we are, for `expires` seconds; 0 takes it back. It is not renewed by itself.

        Raises: RegistrationFailed, NobodyAnswers.
        """
        self._registration_number += 1
        call_id, tag = self._registration
        us = f"<sip:{self.user}@{self.server[0]}>"
        headers = Headers(
            (
                ("From", f"{us};tag={tag}"),
                ("To", us),
                ("Call-ID", call_id),
                ("CSeq", f"{self._registration_number} REGISTER"),
                ("Expires", str(expires)),
            )
        )
        response = await self.transact(self.new_request("REGISTER", f"sip:{self.server[0]}:{self.server[1]}", headers))
        self._registration_number = response.cseq[0]
        if response.status >= 300:
            raise RegistrationFailed(f"{self.user}: {response.status} {response.reason}")
        self._registered_for = expires

    async def dial(self, extension: str, codecs: Sequence[Codec] | None = None, caller_number: str = "") -> Call:
        """Start a call and return it while it rings; `call.wait_answered()` tells what becomes of it.

        `codecs` are by default the phone's; `caller_number` is presented as P-Asserted-Identity.
        """
        return await self.dial_uri(f"sip:{extension}@{self.server[0]}:{self.server[1]}", codecs, caller_number)

    async def dial_uri(
        self,
        uri: str,
        codecs: Sequence[Codec] | None = None,
        caller_number: str = "",
        in_header: str = "P-Asserted-Identity",
    ) -> Call:
        """Start a call to any address at the server and return it while it rings.

        `in_header` says where `caller_number` is presented: P-Asserted-Identity, Remote-Party-ID or From.
        """
        from_user = caller_number if in_header == "From" and caller_number else self.user
        us = f"<sip:{from_user}@{self.server[0]}>;tag={secrets.token_hex(4)}"
        call = Call(self, f"{secrets.token_hex(12)}@{self.host}", us, f"<{uri}>", await MediaStream.open(self.host))
        self.calls[call.call_id] = call
        is_apart = bool(caller_number) and in_header != "From"
        more = [(in_header, f"<sip:{caller_number}@{self.server[0]}>")] if is_apart else []
        call.place(uri, codecs or self.codecs, more)
        return call

    async def call(self, extension: str, codecs: Sequence[Codec] | None = None, caller_number: str = "") -> Call:
        """Start a call and return it when it is answered.

        Raises: CallFailed, NobodyAnswers.
        """
        call = await self.dial(extension, codecs, caller_number)
        try:
            await call.wait_answered()
        except asyncio.CancelledError:
            await call.hang_up()
            raise
        return call

    async def incoming(self) -> Call:
        """Wait for the next call that rings here; `answer`, `reject` or let it `ring`."""
        return await self._ringing.get()

    # -- what calls need of their line --------------------------------------------------------------------------------

    @property
    def contact(self) -> str:
        """Where the other end reaches us directly."""
        return f"<sip:{self.user}@{self.host}:{self.port}>"

    def new_request(self, method: str, uri: str, headers: Headers, body: bytes = b"") -> Request:
        """Build a request with a transaction of its own; `headers` are those of its call."""
        via = f"SIP/2.0/UDP {self.host}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        first = (("Via", via), ("Max-Forwards", "70"))
        last = (("Contact", self.contact), ("Allow", ALLOW))
        return Request(Headers((*first, *headers.fields, *last)), body, method, uri)

    async def transact(
        self,
        request: Request,
        on_provisional: Callable[[Response], None] = lambda response: None,
        on_started: Callable[[ClientTransaction], None] = lambda transaction: None,
    ) -> Response:
        """Send the request until it is answered, prove our password when asked, and return the final answer.

        Raises: NobodyAnswers.
        """
        response = await self._transact_once(request, on_provisional, on_started)
        challenge = Challenge.of(response) if response.status in (401, 407) else None
        if challenge is None or self._password is None:
            return response
        proof = challenge.answer(self.user, self._password, request.method, request.uri, secrets.token_hex(8))
        again = request.again(f"z9hG4bK{secrets.token_hex(8)}", proof)
        return await self._transact_once(again, on_provisional, on_started)

    async def _transact_once(
        self,
        request: Request,
        on_provisional: Callable[[Response], None],
        on_started: Callable[[ClientTransaction], None],
    ) -> Response:
        transaction = ClientTransaction(request, self._send_bytes, on_provisional)
        key = (request.branch, request.method)
        self._transactions[key] = transaction
        on_started(transaction)
        try:
            response = await transaction.final
        finally:
            transaction.close()
            del self._transactions[key]
        if response is None:
            raise NobodyAnswers(f"{request.method}: no answer from {self.server[0]}:{self.server[1]}")
        return response

    def send(self, message: Request | Response) -> None:
        """Send once; an answer is kept, in case its request comes again."""
        if isinstance(message, Response) and message.is_final:
            self._answers[message.branch, message.cseq[1]] = message
            if len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)
        self._send_bytes(message.serialize())

    def forget(self, call: Call) -> None:
        """Drop a call that is over; it still acknowledges what comes again."""
        self.calls.pop(call.call_id, None)
        self._ended[call.call_id] = call
        if len(self._ended) > _ANSWERS_KEPT:
            self._ended.popitem(last=False)

    def _send_bytes(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self.server)

    # -- what comes in ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket (called by asyncio)."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def error_received(self, exc: Exception) -> None:
        """Ignore that nobody listens there: the request's own time-out tells (called by asyncio)."""

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        """Take one SIP message (called by asyncio)."""
        try:
            message = parse(data)
        except MalformedMessage as exc:
            log.debug("not a SIP message", extra={"reason": str(exc), "bytes": len(data)})
            return
        if isinstance(message, Response):
            self._response_received(message)
        elif message.method == "OPTIONS" and message.call_id not in self.calls and self._transport is not None:
            # Anybody may ask whether we are there, from anywhere, and is answered where they are.
            there = message.response(200, "OK", secrets.token_hex(4), (("Allow", ALLOW),))
            self._transport.sendto(there.serialize(), address)
        else:
            self._request_received(message)

    def _response_received(self, response: Response) -> None:
        method = response.cseq[1]
        transaction = self._transactions.get((response.branch, method))
        if transaction is not None:
            transaction.receive(response)
        elif method == "INVITE" and 200 <= response.status < 300:
            call = self.calls.get(response.call_id) or self._ended.get(response.call_id)
            if call is not None:
                call.answered_again()

    def _request_received(self, request: Request) -> None:
        call = self.calls.get(request.call_id) or self._ended.get(request.call_id)
        known = self._answers.get((request.branch, request.method))
        if known is not None and request.method != "ACK":
            self._send_bytes(known.serialize())
        elif request.method == "INVITE" and call is None:
            self._new_call(request)
        elif call is not None and not (request.method == "INVITE" and not tag_of(request.headers.get("To"))):
            call.receive(request)
        elif request.method == "NOTIFY":
            self.send(request.response(200, "OK", secrets.token_hex(4)))
        elif request.method not in ("ACK", "INVITE"):
            self.send(request.response(481, "Call/Transaction Does Not Exist", secrets.token_hex(4)))

    def _new_call(self, invite: Request) -> None:
        self.send(invite.response(100, "Trying"))
        if self.refuse_with is not None:
            self.send(invite.response(self.refuse_with, "Refused", secrets.token_hex(4)))
            return
        task = asyncio.create_task(self._open_call(invite), name=f"softphone incoming {invite.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open_call(self, invite: Request) -> None:
        """Make the call; a repeated INVITE meanwhile is answered by nobody and comes once more, which does no harm."""
        media = await MediaStream.open(self.host)
        if invite.call_id in self.calls:
            media.close()
            return
        local = f"{invite.headers.get('To')};tag={secrets.token_hex(4)}"
        call = Call(self, invite.call_id, local, invite.headers.get("From"), media)
        call.invited(invite)
        self.calls[call.call_id] = call
        self._ringing.put_nowait(call)
