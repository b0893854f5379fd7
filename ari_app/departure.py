"""How a caller leaves us: handed to a person, sent on in the dialplan, or let go to the fallback.

It knows what it would mean if the caller's channel left our application now, and which channels a person who is being
rung has cost so far. Whatever ends a transfer early, nobody is left holding a silent receiver.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ari_app.call_file import CallFile, Phase
from ari_app.call_leg import CallLeg
from ari_app.call_log import CallLog
from ari_app.channel_ids import bridge_id, far_half, leg_channel_id, media_channel_id, person_bridge_id
from ari_app.errors import AriError, NotFound
from ari_app.house import AgentProfile, House, Place
from ari_app.pbx_knowledge import why_not
from ari_app.speaking import Speaking
from ari_app.subscriptions import Subscription
from ari_app.transfer import TransferFailed, ring_and_tell, ringback
from conversation.orders import Transfer
from vocabulary.call import CallIdentity, Ending


class Departure:
    """The way out of one call."""

    def __init__(
        self,
        house: House,
        identity: CallIdentity,
        profile: AgentProfile,
        log: CallLog,
        *,
        leg: CallLeg,
        speaking: Speaking,
        resumed: CallFile | None,
        save: Callable[[], None],
    ) -> None:
        """`leg` and `speaking` are the caller's; `save` keeps the call's state whenever it has changed."""
        self._house = house
        self._identity = identity
        self._profile = profile
        self._log = log
        self._leg = leg
        self._speaking = speaking
        self._save = save
        self._bridge_id = bridge_id(identity.call_id)
        self._summary_media_id = ""
        self.phase: Phase = resumed.phase if resumed else "talking"
        self.person_id = resumed.person_channel if resumed else ""
        """The channel of the person who is rung, informed or connected."""
        self.leaving_as: Ending | None = Ending.TRANSFERRED if self.is_connected else None
        """What it means when the caller's channel leaves our application now; None: the caller hung up."""
        self._has_rung = resumed is not None
        """There may be a bridge for a person: one was rung, or nobody knows."""
        self.events: Subscription | None = None
        """The call's channel events; a person's are added to them."""

    @property
    def is_connected(self) -> bool:
        """True when a person has the caller and we only keep the bridge."""
        return self.phase == "connected"

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels made for a person."""
        both_halves = (self.person_id, far_half(self.person_id)) if self.person_id else ()
        return (*both_halves, self._summary_media_id)

    async def transfer(self, order: Transfer) -> None:
        """Hand the caller over; return when it is done.

        Raises: TransferFailed, and then the caller is where they were.
        """
        target = self._profile.targets.get(order.target_id)
        if target is None:
            raise TransferFailed(order.target_id, "unknown target")
        self._log.transfer(order.target_id, order.kind, "started")
        self._log.state_is("transferring")
        self._save()
        if target.queue and (reason := why_not(self._house.pbx.room_in(target.queue), may_wait=target.may_wait)):
            raise TransferFailed(order.target_id, reason)
        if order.kind == "warm" and target.endpoint:
            await self._connect(order)
        else:
            await self._send_on(order.target_id, target.place)
        self._log.transfer(order.target_id, order.kind, "connected")

    async def fall_back(self) -> Ending:
        """Let the agent's fallback in the dialplan have the caller; return what came of it."""
        try:
            await self._continue(self._profile.fallback)
        except NotFound:
            return Ending.CALLER_HUNG_UP
        except AriError:
            with suppress(AriError):
                await self._house.ari.hang_up(self._identity.channel_id)
            return Ending.FAILED
        return Ending.FELL_BACK

    async def _send_on(self, target_id: str, place: Place) -> None:
        self.leaving_as = Ending.TRANSFERRED
        try:
            await self._continue(place)
        except AriError as error:
            self.leaving_as = None
            raise TransferFailed(target_id, "refused") from error

    async def _connect(self, order: Transfer) -> None:
        """Ring the person, tell them what it is about, and put them in our place."""
        identity, target = self._identity, self._profile.targets[order.target_id]
        number = self._leg.next_number()
        self.person_id = leg_channel_id(identity.call_id, number)
        self._summary_media_id = media_channel_id(identity.call_id, number)
        self._has_rung = True
        if self.events is not None:
            self.events.also(self.person_id)
        self._house.pbx.follow(self.person_id)
        tell = partial(self._log.transfer, order.target_id, "warm")
        try:
            async with ringback(self._speaking):
                await ring_and_tell(
                    self._house, identity, self._profile, target, self.person_id, number, order.summary, tell
                )
            await self._join()
        except (TransferFailed, AriError, asyncio.CancelledError) as error:
            await asyncio.shield(self._let_person_go())
            if isinstance(error, AriError):
                raise TransferFailed(order.target_id, "hung up") from error
            raise
        self.phase = "connected"
        self.leaving_as = Ending.TRANSFERRED
        self._save()
        await self._leg.close()
        self._log.state_is("connected")

    async def _join(self) -> None:
        """Take the caller from our bridge to the person's; where that fails, back to us."""
        ari, caller_id = self._house.ari, self._identity.channel_id
        await ari.remove_channel(self._bridge_id, caller_id)
        try:
            await ari.channel(self.person_id)  # a bridge takes a caller also when nobody is in it any more
            await ari.add_channel(person_bridge_id(self._identity.call_id), caller_id)
        except AriError:
            await ari.add_channel(self._bridge_id, caller_id)
            raise

    async def _let_person_go(self) -> None:
        """They may have answered already: the caller is gone, or cannot be connected."""
        person_id, self.person_id, self._summary_media_id = self.person_id, "", ""
        self._house.pbx.forget(person_id)
        with suppress(AriError):
            await self._house.ari.hang_up(person_id)
        await self._destroy(person_bridge_id(self._identity.call_id))

    async def clear_away(self) -> None:
        """End every bridge of the call."""
        await self._destroy(self._bridge_id)
        if self._has_rung:
            await self._destroy(person_bridge_id(self._identity.call_id))

    async def _destroy(self, bridge: str) -> None:
        with suppress(AriError):
            await self._house.ari.destroy_bridge(bridge)

    async def _continue(self, place: Place) -> None:
        await self._house.ari.continue_in_dialplan(
            self._identity.channel_id, context=place.context, extension=place.extension, priority=place.priority
        )
