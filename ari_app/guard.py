"""`guard`: the process that looks after the callers when `calls` cannot.

It watches `calls` over the live stream and Asterisk over REST; it never opens an ARI event stream, because a second
one under the same application's name would take the events away from `calls`. What to do is decided in
`guard_decisions`; here it is only done.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop

from ari_app.errors import AriError, Conflict, NotFound
from ari_app.guard_decisions import (
    DestroyLeftover,
    GuardDecisions,
    GuardOrder,
    GuardPatience,
    HangUpLeftover,
    Rescue,
)
from ari_app.live_client import LiveAddress, LiveClient, LiveUnreachable
from ari_app.live_events import BadLiveMessage, Heartbeat, Snapshot
from ari_app.rest import AriAddress, AriRest, RestLimits

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """Where to look, and how patient to be."""

    ari: AriAddress
    live: LiveAddress
    patience: GuardPatience = field(default_factory=GuardPatience)
    look_seconds: float = 0.5
    """Between two looks at the application's channels; a death, or a due rescue, makes it look at once."""
    reconnect_seconds: float = 0.1
    """Between two attempts to reach `calls`."""
    deadline_seconds: float = 2.0
    """For each request to Asterisk."""
    orphaned_seconds: float = 30.0
    """When our parent is gone: how long to wait for an Asterisk that does not answer before giving up."""


class Guard:
    """Does what `GuardDecisions` decides."""

    def __init__(self, settings: GuardSettings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        self._decisions = GuardDecisions(settings.patience)
        self._wake = asyncio.Event()
        self._parent = os.getppid()
        self._channels_left: int | None = None
        """In our application at the last look; None when Asterisk did not answer."""
        self.rescued = 0
        """Callers sent to their fallback since the start."""

    @property
    def sees_calls(self) -> bool:
        """True while `calls` is alive as far as guard can tell."""
        return self._decisions.is_calls_alive

    async def run(self) -> None:
        """Guard until cancelled, or until our parent is gone and nobody is left to be rescued.

        Raises: LiveForbidden, because a guard that cannot see `calls` must not take its callers away.
        """
        limits = RestLimits(deadline_seconds=self._settings.deadline_seconds, connections=32)
        async with AriRest(self._settings.ari, limits) as ari, asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch_calls(), name="guard watches calls")
            await self._look_after_channels(ari)
            watching.cancel()

    # --- is `calls` alive? ----------------------------------------------------------------------------------------

    async def _watch_calls(self) -> None:
        client = LiveClient(self._settings.live)
        while True:
            try:
                await self._follow(client)
            except (LiveUnreachable, BadLiveMessage) as exc:
                self._lost(type(exc).__name__)
            await asyncio.sleep(self._settings.reconnect_seconds)

    async def _follow(self, client: LiveClient) -> None:
        async with client.events(kinds=("heartbeat",)) as events:
            async for event in events:
                if isinstance(event, Snapshot | Heartbeat):
                    if not self._decisions.is_calls_alive:
                        logger.info("calls is alive", extra={"calls_pid": event.pid, "owned": len(event.owned)})
                    self._decisions.calls_seen(self._now(), event.owned)

    def _lost(self, reason: str) -> None:
        if self._decisions.is_calls_alive:
            logger.warning("calls is dead", extra={"reason": reason})
            self._decisions.calls_lost(self._now())
            self._wake.set()

    # --- who is left alone? ---------------------------------------------------------------------------------------

    async def _look_after_channels(self, ari: AriRest) -> None:
        unanswered_since = self._now()
        while True:
            self._notice_silence()
            with contextlib.suppress(AriError):
                self._channels_left = None
                await self._look(ari)
                unanswered_since = self._now()
            if self._is_orphan_and_done(unanswered_since):
                logger.info("parent is gone and nobody is left", extra={"rescued": self.rescued})
                return
            await self._pause()

    def _notice_silence(self) -> None:
        was_alive = self._decisions.is_calls_alive
        self._decisions.handle_timer(self._now())
        if was_alive and not self._decisions.is_calls_alive:
            logger.warning("calls is dead", extra={"reason": "silent"})

    async def _look(self, ari: AriRest) -> None:
        ours = await ari.our_channel_ids()
        self._channels_left = len(ours)
        self._decisions.channels_listed(self._now(), ours)
        if not self._decisions.due_channels(self._now()):
            return
        names = {channel.id: channel.name for channel in await ari.list_channels()}
        bridges = await ari.list_bridges()
        # Asked again only now: while we were looking, a new `calls` may have adopted them
        orders = self._decisions.orders(self._now(), names, bridges)
        async with asyncio.TaskGroup() as doing:
            for order in orders:
                doing.create_task(self._do(ari, order), name="guard rescues")

    async def _do(self, ari: AriRest, order: GuardOrder) -> None:
        try:
            match order:
                case Rescue(channel_id=channel_id):
                    await ari.continue_in_dialplan(channel_id)
                    self.rescued += 1
                    logger.warning("caller sent to fallback", extra={"channel_id": channel_id})
                case HangUpLeftover(channel_id=channel_id):
                    await ari.hang_up(channel_id)
                    logger.warning("leftover hung up", extra={"channel_id": channel_id})
                case DestroyLeftover(bridge_id=bridge_id):
                    await ari.destroy_bridge(bridge_id)
        except (NotFound, Conflict):
            return  # it has left by itself: as good
        except AriError as exc:
            # Given again after `retry_seconds` while the channel is still listed
            logger.warning("guard's order failed", extra={"order": type(order).__name__, "error": type(exc).__name__})

    def _is_orphan_and_done(self, unanswered_since: float) -> bool:
        if os.getppid() == self._parent or self._decisions.is_calls_alive:
            return False
        return self._channels_left == 0 or self._now() - unanswered_since > self._settings.orphaned_seconds

    async def _pause(self) -> None:
        now = self._now()
        deadline = self._decisions.next_deadline()
        seconds = self._settings.look_seconds if deadline is None else min(self._settings.look_seconds, deadline - now)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.01)):
                await self._wake.wait()
        self._wake.clear()


def run(settings: GuardSettings, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Run the process until SIGTERM or SIGINT; `on_ready` is called once it guards."""

    async def guard_until_told() -> None:
        guarding = asyncio.create_task(Guard(settings).run(), name="guard")
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, guarding.cancel)
        on_ready()
        with contextlib.suppress(asyncio.CancelledError):
            await guarding

    uvloop.run(guard_until_told())
