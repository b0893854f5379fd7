"""One connection to Asterisk's Manager Interface, carried by panoramisk; the only module that knows panoramisk.

What panoramisk 1.4 does by itself, and why it may not here: it connects again every two seconds for ever, also with a
wrong password (which gets a machine banned) and also after `close()`, by a timer nobody can stop; the future of an
action on a connection that broke never ends; nothing notices a peer that is silent; what it receives has no limit.
So a connection here lives once, every wait has a deadline, and `AmiWatch` decides what comes next.
"""

import asyncio
import codecs
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from ari_app.ami_fields import AmiEvent
from vocabulary.errors import CentralitaError, ConfigurationError

MAX_MESSAGE_CHARACTERS: Final = 1_000_000
"""A message without an end is none of Asterisk's."""
_NEVER_SECONDS: Final = 10**9
"""panoramisk's own pings, whose answers it does not await: `AmiWatch` asks itself."""
_CLOSE_SECONDS: Final = 1.0


class AmiError(CentralitaError):
    """Base of what goes wrong between us and Asterisk's Manager Interface; never raised itself.

    AmiError
    ├── AmiForbidden      wrong user or password, or an address manager.conf does not permit
    ├── AmiRefused        an action Asterisk does not know, or this user may not do
    └── AmiUnreachable    no connection, it broke, or no answer in time                     retryable
    """


class AmiForbidden(AmiError):
    """Asterisk does not let us in."""


class AmiRefused(AmiError):
    """Asterisk does not do this action, or not for this user."""


class AmiUnreachable(AmiError):
    """No connection, it broke, or no answer in time."""

    retryable = True


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where Asterisk's Manager Interface is, and who we are there."""

    user: str
    """Section in manager.conf."""
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 5038

    def __post_init__(self) -> None:
        """Raises: ConfigurationError for a user or password that would become a header of its own."""
        for what, value in (("user", self.user), ("password", self.password)):
            if not value or not value.isprintable():
                raise ConfigurationError(f"the AMI {what} must be printable and not empty")


class AmiLine:
    """One connection, logged in: actions, events, and the news that it broke."""

    def __init__(self, manager: "_OneConnection", lost: "asyncio.Future[str]") -> None:
        self._manager = manager
        self.lost = lost
        """Done, with the reason, when the connection is over."""

    @classmethod
    async def open(
        cls, address: AmiAddress, on_event: Callable[[AmiEvent], None], events: str, within_seconds: float
    ) -> Self:
        """Connect and log in; `on_event` gets everything that is no answer, `events` are the classes wanted.

        Raises: AmiForbidden, AmiUnreachable.
        """
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        manager = _OneConnection(address, on_event, lost, events)
        line = cls(manager, lost)
        try:
            async with asyncio.timeout(within_seconds):
                try:
                    await manager.connect()
                except OSError as exc:
                    raise AmiUnreachable(f"no AMI at {address.host}:{address.port}: {exc.strerror or exc}") from exc
                await line._log_in(address)
        except TimeoutError as exc:
            await line.close()
            raise AmiUnreachable(f"the AMI at {address.host}:{address.port} did not answer in time") from exc
        except BaseException:  # also when cancelled: nothing half-made stays; raised again
            await line.close()
            raise
        return line

    async def action(self, name: str, within_seconds: float) -> list[AmiEvent]:
        """Do an action without parameters; return its answer, and the list that follows it.

        Raises: AmiRefused, AmiUnreachable.
        """
        if self.lost.done():
            raise AmiUnreachable(self.lost.result())
        answer: asyncio.Future[Any] = self._manager.send_action({"Action": name})
        await asyncio.wait([answer, self.lost], timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            reason = self.lost.result() if self.lost.done() else f"no answer to {name} in time"
            raise AmiUnreachable(reason)
        told = answer.result()
        messages = [_plain(one) for one in (told if isinstance(told, list) else [told])]
        if messages[0].get("Response") == "Error":
            raise AmiRefused(f"AMI action {name}: {messages[0].get('Message', 'refused')}")
        return messages

    async def close(self) -> None:
        """Close the connection and wait until it is."""
        self._manager.close()
        protocol: _Protocol | None = self._manager.protocol
        if protocol is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await protocol.gone.wait()
            protocol.transport.abort()
        if not self.lost.done():
            self.lost.set_result("closed by us")

    async def _log_in(self, address: AmiAddress) -> None:
        answer: asyncio.Future[Any] = self._manager.authenticated_future
        await asyncio.wait([answer, self.lost], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise AmiUnreachable(f"the AMI at {address.host}:{address.port} hung up before it let us in")
        told = _plain(answer.result())
        if told.get("Response") != "Success":
            why = told.get("Message", "refused")
            raise AmiForbidden(
                f"AMI user {address.user!r} at {address.host}:{address.port}: {why}; "
                "compare its secret, deny and permit in manager.conf"
            )


class _Protocol(AMIProtocol):  # type: ignore[misc] # panoramisk has no types
    """panoramisk's framing, with a limit, and with characters that TCP cuts in two left whole."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def data_received(self, data: bytes) -> None:
        super().data_received(self._decoder.decode(data).encode("utf-8"))
        if self.queue and len(self.queue[0]) > MAX_MESSAGE_CHARACTERS:
            self.transport.abort()

    def connection_lost(self, exc: object) -> None:
        if exc is None or isinstance(exc, Exception):  # panoramisk calls it too, with the event Shutdown
            self.gone.set()
        super().connection_lost(exc)


class _OneConnection(Manager):  # type: ignore[misc] # panoramisk has no types
    """panoramisk's manager without its own reconnecting, pinging and dispatching."""

    def __init__(
        self,
        address: AmiAddress,
        on_event: Callable[[AmiEvent], None],
        lost: "asyncio.Future[str]",
        events: str,
    ) -> None:
        super().__init__(
            host=address.host,
            port=address.port,
            username=address.user,
            secret=address.password,
            events=events,
            protocol_factory=_Protocol,
            ping_delay=_NEVER_SECONDS,
        )
        self.pinger: asyncio.TimerHandle | None
        self._on_event = on_event
        self._lost = lost

    def connection_made(self, f: "asyncio.Task[Any]") -> None:
        if not f.cancelled() and f.exception() is None:  # else whoever awaits the task knows
            super().connection_made(f)

    def connection_lost(self, exc: object) -> None:
        if self.pinger is not None:
            self.pinger.cancel()
            self.pinger = None
        if not self._lost.done():
            self._lost.set_result("Asterisk shut down" if exc and not isinstance(exc, Exception) else "connection lost")

    def login(self, future: "asyncio.Future[Any]") -> bool:
        """Overridden: it would raise inside a callback when the future was cancelled, and start pings."""
        return not future.cancelled() and bool(future.result().success)

    def dispatch(self, event: Any) -> list[str]:
        self._on_event(_plain(event))
        return []


def _plain(message: Any) -> AmiEvent:
    """Return a panoramisk message as plain headers; of a header that stands twice, the first."""
    return {str(key): str(value[0] if isinstance(value, list) else value) for key, value in message.items()}
