"""All calls of one `calls` process: callers come in, are taken back after a crash, and never fall between two chairs.

Every channel in our application is somebody's: a call's own, or it is released to its fallback (a caller) or hung up
(a media channel or a person's leg that nobody waits for any more).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Final
from uuid import uuid4

from ari_app.call import Call
from ari_app.call_file import CallFile
from ari_app.call_records import keep_what_was_said
from ari_app.channel_ids import BRIDGE_PREFIX, ChannelKind, bridge_id, kind_of, person_bridge_id
from ari_app.door import Door
from ari_app.errors import AriError
from ari_app.events import Channel, Connected, StasisStart
from ari_app.house import AgentProfile, House
from ari_app.live_events import CallSnapshot, CommandRefused, HangUpCall, LiveCommand, TransferCall
from ari_app.refusal import tell_refusal
from ari_app.screening import Screening
from vocabulary.call import CallIdentity

logger = logging.getLogger(__name__)

_FAREWELL_SECONDS: Final = 5.0
"""How long calls may take to put their things away when we are told to stop."""


class Switchboard:
    """Where Asterisk's application events become calls."""

    def __init__(
        self,
        house: House,
        choose_agent: Callable[[str, str], AgentProfile | None],
        *,
        max_calls: int = 1000,
        door: Door | None = None,
    ) -> None:
        """`choose_agent(name, did)` returns the profile of the agent a call is for, or None if there is none; without
        a `door` everybody comes in."""
        self._house = house
        self._choose_agent = choose_agent
        self._max_calls = max_calls
        self._door = door
        self._at_the_door: set[str] = set()
        """Channels of callers who are being judged; nobody has answered them."""
        self._calls: dict[str, Call] = {}
        """By the caller's channel."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = True
        self._is_settled = False
        """True once the channels that were here before us have been dealt with."""
        house.live.set_snapshot(self.snapshots, self.owned_channels)
        house.live.set_control(self.obey)

    @property
    def calls(self) -> int:
        """Calls under way."""
        return len(self._calls)

    def snapshots(self) -> Sequence[CallSnapshot]:
        return [call.log.snapshot() for call in self._calls.values()]

    def owned_channels(self) -> list[str]:
        """Every channel some call answers for, and callers who are being judged."""
        return [*self._at_the_door, *(channel for call in self._calls.values() for channel in call.channels)]

    async def serve(self) -> None:
        """Take calls until cancelled or closed."""
        watching = asyncio.create_task(self._watch_levels(), name="levels")
        try:
            async for told in self._house.ari.events():
                match told:
                    case Connected(channel_ids=ours):
                        await self._settle(ours)
                    case StasisStart(channel=channel, args=args):
                        self._caller_came(channel, args)
                    case _:
                        pass
        finally:
            watching.cancel()

    async def close(self) -> None:
        """Take no more calls and hand every caller to their fallback."""
        self._is_open = False
        for call in tuple(self._calls.values()):
            call.release()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FAREWELL_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ── who comes ──

    def _caller_came(self, channel: Channel, args: Sequence[str]) -> None:
        if channel.id in self._calls or channel.id in self._at_the_door:
            return
        if kind_of(channel.id, channel.name) is not ChannelKind.CALLER:
            self._spawn(self._hang_up(channel.id), "stray channel")
        elif self._door is not None:
            self._at_the_door.add(channel.id)
            self._spawn(self._judge(self._door, channel, args), "door")
        else:
            self._let_in(channel, args)

    async def _judge(self, door: Door, channel: Channel, args: Sequence[str]) -> None:
        """Look at the caller before anybody answers, and before the fallback could have them."""
        try:
            screening = await door.turned_away(channel)
            if screening is not None:
                await self._turn_away(channel, args, screening)
        finally:
            self._at_the_door.discard(channel.id)
        if screening is None and self._is_open:
            self._let_in(channel, args)
        elif screening is None:
            await self._release(channel.id)

    async def _turn_away(self, channel: Channel, args: Sequence[str], screening: Screening) -> None:
        """Refuse the call (cause 21, SIP 403): sent on in the dialplan, a pest would get a person from the fallback."""
        try:
            await self._house.ari.hang_up(channel.id, "rejected")
        except AriError as error:
            logger.warning("pest not hung up", extra={"channel_id": channel.id, "error": type(error).__name__})
            return
        name, did = (*args, "", "")[:2]
        profile = self._choose_agent(name, did)
        agent = profile.name if profile else name
        identity = CallIdentity(_new_call_id(), channel.id, agent, did, channel.caller.number)
        tell_refusal(self._house, identity, screening, time.time())

    def _let_in(self, channel: Channel, args: Sequence[str]) -> None:
        name, did = (*args, "", "")[:2]
        profile = self._choose_agent(name, did)
        if profile is None or not self._is_open or len(self._calls) >= self._max_calls:
            logger.warning("caller not taken", extra={"agent": name, "did": did, "calls": len(self._calls)})
            self._spawn(self._release(channel.id), "release")
            return
        identity = CallIdentity(_new_call_id(), channel.id, profile.name, did, channel.caller.number)
        self._take(Call(identity, profile, self._house))

    def _take(self, call: Call) -> None:
        self._calls[call.identity.channel_id] = call
        self._spawn(self._run(call), f"call {call.identity.call_id}")

    async def _run(self, call: Call) -> None:
        try:
            await call.run()
        finally:
            self._calls.pop(call.identity.channel_id, None)

    # ── after a restart or a cut ──

    async def _settle(self, ours: Iterable[str]) -> None:
        """Deal with the channels that were in our application before we heard of them."""
        files = await asyncio.get_running_loop().run_in_executor(self._house.disk, self._house.folder.by_channel)
        known_callers = self._calls.keys() | self._at_the_door
        unknown = [channel_id for channel_id in ours if channel_id not in known_callers]
        known = set(self.owned_channels())
        callers = [channel_id for channel_id in unknown if kind_of(channel_id, "") is ChannelKind.CALLER]
        for channel_id in callers:
            await self._adopt(channel_id, files.get(channel_id))
        adopted = set(self.owned_channels())
        for channel_id in unknown:
            if channel_id not in callers and channel_id not in known and channel_id not in adopted:
                self._spawn(self._hang_up(channel_id), "stray channel")
        if not self._is_settled:
            self._is_settled = True
            await self._sweep_bridges()
            self._forget_ended(files, set(callers))

    async def _adopt(self, channel_id: str, file: CallFile | None) -> None:
        profile = self._choose_agent(file.identity.agent, file.identity.did) if file else None
        if file is None or profile is None or not self._is_open:
            logger.warning("caller of before not known", extra={"channel_id": channel_id})
            await self._release(channel_id)
            return
        logger.info("caller taken back", extra={"call_id": file.identity.call_id, "phase": file.phase})
        self._take(Call(file.identity, profile, self._house, resumed=file))

    async def _sweep_bridges(self) -> None:
        """Remove bridges of ours that no call uses: an earlier process died between two steps."""
        call_ids = [call.identity.call_id for call in self._calls.values()]
        used = {*map(bridge_id, call_ids), *map(person_bridge_id, call_ids)}
        with contextlib.suppress(AriError):
            for bridge in await self._house.ari.list_bridges():
                if bridge.id.startswith(BRIDGE_PREFIX) and bridge.id not in used:
                    with contextlib.suppress(AriError):
                        await self._house.ari.destroy_bridge(bridge.id)

    def _forget_ended(self, files: dict[str, CallFile], callers: set[str]) -> None:
        """Keep what was said in calls whose callers are gone, and forget their state; their recordings stay."""
        for channel_id, file in files.items():
            if channel_id not in callers and channel_id not in self._calls:
                self._house.disk.submit(keep_what_was_said, self._house.folder, self._house.layout, file)

    # ── small things ──

    async def _release(self, channel_id: str) -> None:
        try:
            await self._house.ari.continue_in_dialplan(channel_id)
        except AriError as error:
            logger.warning("channel not released", extra={"channel_id": channel_id, "error": type(error).__name__})

    async def _hang_up(self, channel_id: str) -> None:
        with contextlib.suppress(AriError):
            await self._house.ari.hang_up(channel_id)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch_levels(self) -> None:
        """Levels cost a little arithmetic per call, so they are measured only while somebody looks."""
        while True:
            await asyncio.sleep(0.5)
            is_watched = self._house.live.is_watched("level")
            for call in self._calls.values():
                call.watch_levels(is_watched)

    # ── supervisors ──

    async def obey(self, command: LiveCommand) -> None:
        """Carry out a command from the control connection. Raises: CommandRefused."""
        call = next((one for one in self._calls.values() if one.identity.call_id == command.call_id), None)
        if call is None:
            raise CommandRefused(f"there is no call {command.call_id!r}; `centralita calls list` shows them")
        match command:
            case HangUpCall():
                call.hang_up()
            case TransferCall(target=target):
                if target in call.profile.targets and not call.transfer(target):
                    raise CommandRefused("the call is on its way to somebody else already")
                if target not in call.profile.targets:
                    known = ", ".join(call.profile.targets) or "none"
                    raise CommandRefused(f"agent {call.profile.name!r} has no target {target!r}; it has: {known}")


def _new_call_id() -> str:
    """Sorts by time, is unique for ever, and is a good file name."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex[:10]}"
