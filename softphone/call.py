"""One call, from the first INVITE to the last BYE.

SoftphoneError
├── CallFailed           the other end said no: status, reason and cause
├── RegistrationFailed   wrong password, unknown name
└── NobodyAnswers        no answer to a request in 32 s                     retryable
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from softphone.codecs import Codec
from softphone.media import MediaStream
from softphone.sdp import AudioDescription
from softphone.sip import Headers, Request, Response, uri_of, user_of
from softphone.transactions import ClientTransaction, Retransmission
from vocabulary.errors import CentralitaError

REASONS = {180: "Ringing", 200: "OK", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here",
           487: "Request Terminated", 488: "Not Acceptable Here", 500: "Server Internal Error",
           603: "Decline"}  # fmt: skip
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE"


class SoftphoneError(CentralitaError):
    """Base of what goes wrong on the telephone; never raised itself."""


class CallFailed(SoftphoneError):
    """The call was refused, or nobody took it."""

    def __init__(self, status: int, reason: str, cause: int | None = None) -> None:
        super().__init__(f"{status} {reason}" + (f" (cause {cause})" if cause else ""))
        self.status = status
        """Of SIP, like 486."""
        self.reason = reason
        self.cause = cause
        """Of Q.850, like 17, when the other end told."""


class RegistrationFailed(SoftphoneError):
    """The server does not take this name or this password."""


class NobodyAnswers(SoftphoneError):
    """The server said nothing at all."""

    retryable = True


class CallState(Enum):
    """Where in its life a call is."""

    RINGING = "ringing"
    """Dialled or rung, not answered yet."""
    ESTABLISHED = "established"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CallEnded:
    """How a call was over."""

    by_us: bool
    status: int | None = None
    """SIP status when it was never answered."""
    cause: int | None = None
    """Q.850 cause in the other end's BYE, CANCEL or answer, when there was one."""


class Line(Protocol):
    """What a call needs of its phone."""

    host: str
    port: int
    codecs: tuple[Codec, ...]

    @property
    def contact(self) -> str: ...

    def send(self, message: Request | Response) -> None:
        """Send once to the server."""

    def new_request(self, method: str, uri: str, headers: Headers, body: bytes = b"") -> Request:
        """Add Via, Max-Forwards and Contact."""
        ...

    async def transact(
        self,
        request: Request,
        on_provisional: Callable[[Response], None] = ...,
        on_started: Callable[[ClientTransaction], None] = ...,
    ) -> Response:
        """Send the request, prove our password when asked, and return the final answer."""
        ...

    def forget(self, call: "Call") -> None:
        """The call is over."""


class Call:
    """One call; `media` is its sound, recordings included, also after its end."""

    def __init__(self, line: Line, call_id: str, local: str, remote: str, media: MediaStream) -> None:
        """`local` and `remote` are From and To as our requests carry them; ours has its tag."""
        self._line = line
        self.call_id = call_id
        self.media = media
        self.state = CallState.RINGING
        self.progress: list[int] = []
        """Provisional answers so far, like 180."""
        self.transfer_progress: list[str] = []
        """What the other end tells of a transfer we asked for: `SIP/2.0 100 Trying`, `SIP/2.0 200 OK`."""
        self._local, self._remote = local, remote
        self._remote_target = uri_of(remote)
        self._route: tuple[str, ...] = ()
        self._cseq = 1
        self._sdp_version = 1
        self._description: AudioDescription | None = None
        self._invite: Request | None = None
        self._ack: Request | None = None
        self._transaction: ClientTransaction | None = None
        self._final: Retransmission | None = None
        self._placing: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[CallFailed | NobodyAnswers | None] = loop.create_future()
        self._ringing = asyncio.Event()
        self._ended: asyncio.Future[CallEnded] = loop.create_future()
        self._transferred: asyncio.Future[int] = loop.create_future()

    @property
    def remote_user(self) -> str:
        """The other end's number as presented."""
        return user_of(self._remote)

    @property
    def dialled_user(self) -> str:
        """The user in the address that was dialled, of a call that came in: a trunk's calls carry our number there."""
        return user_of(self._invite.uri) if self._invite is not None else ""

    @property
    def asserted_user(self) -> str:
        """Who calls according to P-Asserted-Identity, of a call that came in; "" when it does not say."""
        return user_of(self._invite.headers.get("P-Asserted-Identity")) if self._invite is not None else ""

    @property
    def tag(self) -> str:
        """Our tag."""
        return self._local.rpartition("tag=")[2]

    # -- a call we make -----------------------------------------------------------------------------------------------

    def place(self, uri: str, codecs: Sequence[Codec], more: Sequence[tuple[str, str]]) -> None:
        """Send the INVITE (called by `Phone.dial`)."""
        self._description = AudioDescription.offer(self._line.host, self.media.port, codecs)
        headers = self._headers("INVITE").having(*more, ("Content-Type", "application/sdp"))
        request = self._line.new_request("INVITE", uri, headers, self._description.serialize())
        self._placing = asyncio.create_task(self._place(request, tuple(codecs)), name=f"softphone call {self.call_id}")

    async def _place(self, request: Request, codecs: tuple[Codec, ...]) -> None:
        try:
            response = await self._line.transact(request, lambda early: self._progress(early, codecs), self._started)
        except NobodyAnswers as exc:
            self._finish(CallEnded(by_us=False), exc)
            return
        self._cseq = response.cseq[0]
        if response.status >= 300:
            failed = CallFailed(response.status, response.reason, _cause(response.headers))
            self._finish(CallEnded(by_us=False, status=failed.status, cause=failed.cause), failed)
            return
        self._remote = response.headers.get("To")
        self._remote_target = uri_of(response.headers.get("Contact")) or self._remote_target
        self._route = tuple(reversed(response.headers.get_all("Record-Route")))
        ack_headers = self._headers("ACK", request_number=self._cseq)
        self._ack = self._line.new_request("ACK", self._remote_target, ack_headers)
        self._line.send(self._ack)
        if self.state is CallState.ENDED:  # cancelled, but the answer was faster
            await self._bye()
            return
        if not self._take_description(response.body, codecs):
            await self.hang_up()
            return
        self._establish()

    def _started(self, transaction: ClientTransaction) -> None:
        self._transaction = transaction

    def _progress(self, response: Response, codecs: tuple[Codec, ...]) -> None:
        self.progress.append(response.status)
        if response.status >= 180:
            self._ringing.set()
        if response.body:
            self._take_description(response.body, codecs)

    def answered_again(self) -> None:
        """Acknowledge a repeated 200 OK: our ACK was lost."""
        if self._ack is not None:
            self._line.send(self._ack)

    async def wait_ringing(self) -> None:
        """Return when the other end rings (180 or 183); raise what `wait_answered` raises when it never does."""
        ringing = asyncio.ensure_future(self._ringing.wait())
        try:
            await asyncio.wait((ringing, self._answered), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ringing.cancel()
        if not self._ringing.is_set():
            await self.wait_answered()

    async def wait_answered(self) -> None:
        """Return when both ends have agreed.

        Raises: CallFailed, NobodyAnswers.
        """
        failure = await asyncio.shield(self._answered)
        if failure is not None:
            raise failure

    async def cancel(self) -> None:
        """Give up a call that is not answered yet; return when the other end knows."""
        transaction = self._transaction
        if self._answered.done() or transaction is None or self._placing is None:
            return
        await asyncio.shield(transaction.provisional)
        if not transaction.final.done():
            await self._line.transact(transaction.request.cancel())
        await asyncio.wait([self._placing])
        if self.state is CallState.ESTABLISHED:
            await self.hang_up()

    # -- a call we get ------------------------------------------------------------------------------------------------

    def invited(self, invite: Request) -> None:
        """Take the INVITE (called by `Phone`)."""
        self._invite = invite
        self._remote_target = uri_of(invite.headers.get("Contact")) or self._remote_target
        self._route = tuple(invite.headers.get_all("Record-Route"))
        self._description = AudioDescription.parse(invite.body)

    def ring(self) -> None:
        """Tell the other end that we ring."""
        self._line.send(self._respond(180))

    async def answer(self, codecs: Sequence[Codec] | None = None) -> None:
        """Take the call and return when the other end has acknowledged; `codecs` are by default the phone's.

        Raises: CallFailed when no codec is common, or the caller was faster to hang up.
        """
        if self._invite is None or self.state is not CallState.RINGING:
            raise CallFailed(487, "the call is not ringing")
        wanted = tuple(codecs) if codecs is not None else self._line.codecs
        if not self._take_description(self._invite.body, wanted):
            self.reject(488)
            raise CallFailed(488, REASONS[488])
        self._send_final(self._answer_with_sound(self._invite))
        self.media.start_sending()
        await self.wait_answered()

    def reject(self, status: int = 486) -> None:
        """Refuse the call: 486 busy, 480 not here, 603 do not want to."""
        if self._invite is not None and self.state is CallState.RINGING:
            self._send_final(self._respond(status))
            self._finish(CallEnded(by_us=True, status=status), CallFailed(status, REASONS.get(status, "Refused")))

    def _answer_with_sound(self, invite: Request) -> Response:
        assert self._description is not None
        self._sdp_version += 1
        body = self._description.serialize(self._sdp_version)
        more = (("Contact", self._line.contact), ("Allow", ALLOW))
        return invite.response(200, REASONS[200], self.tag, more, body)

    def _respond(self, status: int) -> Response:
        assert self._invite is not None
        return self._invite.response(status, REASONS.get(status, "No"), self.tag, (("Contact", self._line.contact),))

    def _send_final(self, response: Response) -> None:
        self._final = Retransmission(lambda: self._line.send(response), self._never_acknowledged)

    def _never_acknowledged(self) -> None:
        self._finish(CallEnded(by_us=False), NobodyAnswers("our answer was never acknowledged"))

    # -- requests of the other end, within the call -------------------------------------------------------------------

    def receive(self, request: Request) -> None:
        """Take a request that belongs to this call (called by `Phone`)."""
        match request.method:
            case "ACK":
                self._acknowledged()
            case "INVITE" | "UPDATE":
                self._offered_again(request)
            case "BYE":
                self._line.send(request.response(200, REASONS[200], self.tag))
                self._finish(CallEnded(by_us=False, cause=_cause(request.headers)))
            case "CANCEL":
                self._line.send(request.response(200, REASONS[200], self.tag))
                if self.state is CallState.RINGING and self._invite is not None:
                    self._send_final(self._respond(487))
                    cause = _cause(request.headers)
                    self._finish(CallEnded(False, 487, cause), CallFailed(487, REASONS[487], cause))
            case "NOTIFY":
                self._line.send(request.response(200, REASONS[200], self.tag))
                self._transfer_reported(request.body.decode("utf-8", "replace").strip())
            case _:
                self._line.send(request.response(200, REASONS[200], self.tag, (("Allow", ALLOW),)))

    def _transfer_reported(self, progress: str) -> None:
        """Hang up when the other end has gone: that is our part of a transfer (RFC 5589); Asterisk waits a minute."""
        self.transfer_progress.append(progress)
        found = re.match(r"SIP/2\.0 (\d{3})", progress)
        status = int(found[1]) if found else 0
        if status >= 200 and not self._transferred.done():
            self._transferred.set_result(status)
        if 200 <= status < 300 and self.state is CallState.ESTABLISHED:
            self._leaving = asyncio.create_task(self.hang_up(), name=f"softphone transferred {self.call_id}")

    def _acknowledged(self) -> None:
        if self._final is not None:
            self._final.stop()
            self._final = None
        if self.state is CallState.RINGING and self._invite is not None:
            self._establish()

    def _offered_again(self, request: Request) -> None:
        """A re-INVITE, or an UPDATE with or without sound: agree to whatever is possible."""
        if not request.body:
            self._line.send(request.response(200, REASONS[200], self.tag, (("Contact", self._line.contact),)))
            return
        if not self._take_description(request.body, (self.media.codec,)):
            self._line.send(request.response(488, REASONS[488], self.tag))
            return
        answer = self._answer_with_sound(request)
        if request.method == "INVITE":
            self._send_final(answer)
        else:
            self._line.send(answer)

    # -- both ---------------------------------------------------------------------------------------------------------

    async def hang_up(self) -> None:
        """End the call whatever its state; return when the other end knows, or does not answer any more."""
        if self.state is CallState.RINGING:
            if self._invite is None:
                await self.cancel()
            else:
                self.reject(480)
        elif self.state is CallState.ESTABLISHED:
            self._finish(CallEnded(by_us=True))
            await self._bye()

    async def wait_ended(self) -> CallEnded:
        """Return how it ended, once it has."""
        return await asyncio.shield(self._ended)

    async def refer(self, target: str) -> int:
        """Ask the other end to call `target` instead of us (blind transfer); return its SIP status, 202 for yes.

        When it tells that `target` has taken the call, we hang up by ourselves.
        `target` is an extension or a SIP address.
        """
        address = target if ":" in target else re.sub(r"sips?:[^@]*@", f"sip:{target}@", self._remote_target)
        if "@" not in address:
            address = self._remote_target.replace("sip:", f"sip:{target}@", 1)
        more = (("Refer-To", f"<{address}>"), ("Referred-By", f"<{uri_of(self._local)}>"))
        return (await self._request("REFER", more)).status

    async def wait_transferred(self) -> int:
        """Return the SIP status with which the transfer we asked for ended: 200 when `target` took the call.

        Asterisk says 400 while it is still connecting the call that is to be transferred: speak first.
        """
        return await asyncio.shield(self._transferred)

    async def _bye(self) -> None:
        try:
            await self._request("BYE")
        except NobodyAnswers:
            return  # a PBX that is gone cannot be told

    async def _request(self, method: str, more: tuple[tuple[str, str], ...] = ()) -> Response:
        self._cseq += 1
        request = self._line.new_request(method, self._remote_target, self._headers(method).having(*more))
        response = await self._line.transact(request)
        self._cseq = response.cseq[0]
        return response

    def _headers(self, method: str, request_number: int | None = None) -> Headers:
        fields = [
            ("From", self._local),
            ("To", self._remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{request_number or self._cseq} {method}"),
            *(("Route", route) for route in self._route),
        ]
        return Headers(tuple(fields))

    def _take_description(self, body: bytes, wanted: Sequence[Codec]) -> bool:
        """Agree on codec and address; False when nothing is common."""
        theirs = AudioDescription.parse(body)
        chosen = theirs.choose(wanted) if theirs else None
        if theirs is None or chosen is None:
            return False
        self._description = theirs.answer(self._line.host, self.media.port, chosen)
        self.media.agree((theirs.address, theirs.port), chosen, theirs.event_type(chosen[1].rate))
        return True

    def _establish(self) -> None:
        self.state = CallState.ESTABLISHED
        self._ringing.set()
        self.media.start_sending()
        if not self._answered.done():
            self._answered.set_result(None)

    def _finish(self, ended: CallEnded, failure: CallFailed | NobodyAnswers | None = None) -> None:
        if self.state is CallState.ENDED:
            return
        self.state = CallState.ENDED
        if self._final is not None and ended.status is None:
            self._final.stop()
        self.media.close()
        if not self._answered.done():
            self._answered.set_result(failure or CallFailed(ended.status or 487, "ended", ended.cause))
        self._ended.set_result(ended)
        self._line.forget(self)


def _cause(headers: Headers) -> int | None:
    """Return the Q.850 cause of a Reason header."""
    found = re.search(r"Q\.850\s*;\s*cause\s*=\s*(\d+)", headers.get("Reason"), re.I)
    return int(found[1]) if found else None
