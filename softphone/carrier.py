"""A carrier's end of a trunk: takes registrations with digest, has its moods, and rings its customer's numbers."""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from softphone.call import ALLOW, Call
from softphone.codecs import ALAW, ULAW, Codec
from softphone.phone import Phone
from softphone.sip import Request, Response, proves, uri_of

REASONS: Final = {401: "Unauthorized", 403: "Forbidden", 407: "Proxy Authentication Required",
                  503: "Service Unavailable"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """An account at the carrier."""

    user: str
    password: str


class Carrier(Phone):
    """Open it with `Carrier.open`, then set `server` to the PBX's address and `customer`.

    It registers nowhere: the PBX registers here.
    """

    customer: Customer | None = None
    """Whose registrations are taken and, with `asks_callers`, whose calls; None: everybody's, unasked."""
    asks_callers: bool = False
    """True: calls to us must prove the customer's password, too."""

    def __init__(
        self, server: tuple[str, int], user: str, password: str | None, host: str, codecs: tuple[Codec, ...]
    ) -> None:
        super().__init__(server, user, password, host, codecs)
        self.moods: deque[int | None] = deque()
        """What the next REGISTERs get instead of a fair answer: a SIP status, or None for silence."""
        self.contact_of_customer = ""
        """The address under which the customer wants its calls, from its last good REGISTER."""
        self.contacts: list[str] = []
        """Every contact that was registered, in order."""
        self.seen: list[tuple[str, int | None]] = []
        """Every REGISTER so far: (user in From, what it got)."""
        self._realm = f"carrier.{secrets.token_hex(4)}"
        self._nonces: set[str] = set()
        self._registered = asyncio.Event()

    async def wait_registered(self) -> str:
        """Wait for the customer's next good registration and return its contact."""
        self._registered.clear()
        await self._registered.wait()
        return self.contact_of_customer

    async def ring(
        self,
        number: str,
        caller: str = "",
        in_header: str = "P-Asserted-Identity",
        keep_line: bool = True,
        codecs: Sequence[Codec] = (ALAW, ULAW),
    ) -> Call:
        """Start a call to one of the customer's numbers and return it while it rings.

        `keep_line`: the contact's parameters come back as the customer gave them, as a fair carrier does.
        Without a registration the call goes to the customer's address.
        """
        host, port = self.server
        contact = uri_of(self.contact_of_customer) if self.contact_of_customer else f"sip:{host}:{port}"
        place = re.sub(r"^sips?:([^@;>]+@)?", "", contact)
        if not keep_line:
            place = place.partition(";")[0]
        return await self.dial_uri(f"sip:{number}@{place}", codecs, caller, in_header)

    def _request_received(self, request: Request) -> None:
        if request.method == "REGISTER":
            self._register_received(request)
            return
        is_new = request.call_id not in self.calls and request.call_id not in self._ended
        asked = self.asks_callers and self.customer is not None
        if request.method == "INVITE" and is_new and asked and not self._proved(request, "Proxy-Authorization"):
            self.send(self._challenge(request, 407, "Proxy-Authenticate"))
            return
        super()._request_received(request)

    def _register_received(self, request: Request) -> None:
        mood = self.moods.popleft() if self.moods else 200
        if mood == 200 and not self._proved(request, "Authorization"):
            mood = 403 if request.headers.get("Authorization") and not self._is_stale(request) else 401
        self.seen.append((uri_of(request.headers.get("From")), mood))
        if mood == 401:
            self.send(self._challenge(request, 401, "WWW-Authenticate"))
        elif mood == 200:
            contact = request.headers.get("Contact")
            self.send(request.response(200, "OK", secrets.token_hex(4), (("Contact", contact), ("Expires", "120"))))
            self.contact_of_customer = contact
            self.contacts.append(contact)
            self._registered.set()
        elif mood is not None:
            self.send(request.response(mood, REASONS.get(mood, "Refused"), secrets.token_hex(4), (("Allow", ALLOW),)))

    def _challenge(self, request: Request, status: int, header: str) -> Response:
        nonce = secrets.token_hex(16)
        self._nonces.add(nonce)
        value = f'Digest realm="{self._realm}", nonce="{nonce}", algorithm=MD5, qop="auth"'
        return request.response(status, REASONS[status], secrets.token_hex(4), ((header, value),))

    def _is_stale(self, request: Request) -> bool:
        return not any(nonce in request.headers.get("Authorization") for nonce in self._nonces)

    def _proved(self, request: Request, header: str) -> bool:
        if self.customer is None:
            return True
        value = request.headers.get(header)
        return any(
            proves(value, self.customer.user, self.customer.password, self._realm, nonce, request.method)
            for nonce in self._nonces
        )
