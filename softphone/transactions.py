"""SIP over UDP loses nothing that is sent again: retransmission of requests and of final answers (RFC 3261, 17)."""

import asyncio
from collections.abc import Callable
from typing import Final

from softphone.sip import Request, Response

FIRST_WAIT_SECONDS: Final = 0.5
"""T1: the guess at a round trip."""
LONGEST_WAIT_SECONDS: Final = 4.0
"""T2."""
GIVE_UP_SECONDS: Final = 64 * FIRST_WAIT_SECONDS


class Retransmission:
    """One datagram, sent now and again and again, at growing intervals, until stopped."""

    def __init__(self, send: Callable[[], None], on_give_up: Callable[[], None] = lambda: None) -> None:
        self._send = send
        self._on_give_up = on_give_up
        self._loop = asyncio.get_running_loop()
        self._give_up_at = self._loop.time() + GIVE_UP_SECONDS
        self._wait = FIRST_WAIT_SECONDS
        send()
        self._timer = self._loop.call_later(self._wait, self._again)

    def stop(self) -> None:
        """Send it no more."""
        self._timer.cancel()

    def _again(self) -> None:
        if self._loop.time() >= self._give_up_at:
            self._on_give_up()
            return
        self._send()
        self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)
        self._timer = self._loop.call_later(self._wait, self._again)


class ClientTransaction:
    """One request of ours, until its final answer."""

    def __init__(
        self,
        request: Request,
        send: Callable[[bytes], None],
        on_provisional: Callable[[Response], None] = lambda response: None,
    ) -> None:
        """Send the request at once."""
        self.request = request
        self.final: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        """The final answer; None when nobody answered in 32 s."""
        self.provisional: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once anything was answered: only then may an INVITE be cancelled."""
        self._on_provisional = on_provisional
        data = request.serialize()
        self._send = send
        self._retransmission = Retransmission(lambda: send(data), self._give_up)

    def receive(self, response: Response) -> None:
        """Take an answer to this request; a repeated one changes nothing."""
        self._retransmission.stop()
        if not self.provisional.done():
            self.provisional.set_result(None)
        if not response.is_final:
            self._on_provisional(response)
            return
        if self.request.method == "INVITE" and response.status >= 300:
            self._send(self.request.ack(response).serialize())
        if not self.final.done():
            self.final.set_result(response)

    def close(self) -> None:
        """Forget the request."""
        self._retransmission.stop()
        self._give_up()

    def _give_up(self) -> None:
        for waiting in (self.provisional, self.final):
            if not waiting.done():
                waiting.set_result(None)
