"""One call, from the caller's first event to the last file; one task group, and with it everything ends.

    StasisStart ─► open (media leg, answer, bridge) ─► greeting ─► turns … ─► close
                                                          │
                                    transfer, goodbye, fallback, hang-up, trouble

The turn machine decides inside the loop's callback, so that our sound stops within a frame; everything that takes time
goes through one inbox.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from ari_app.call_audio import CallAudio
from ari_app.call_ear import CallEar
from ari_app.call_file import CallFile
from ari_app.call_leg import CallLeg, CallLost
from ari_app.call_log import CallLog
from ari_app.call_records import CallRecords
from ari_app.channel_ids import bridge_id
from ari_app.departure import Departure
from ari_app.errors import AriError, Conflict
from ari_app.events import ChannelDestroyed, ChannelHangupRequest, ChannelVanished, StasisEnd
from ari_app.hangups import follow_ends, forget_ends, how_it_ended, note_when_over
from ari_app.house import AgentProfile, House
from ari_app.loudness import Loudness
from ari_app.replying import Leaving, Replying
from ari_app.speaking import Speaking
from ari_app.transfer import TransferFailed
from ari_app.turn_clock import TurnClock
from audio_socket.leg import LegEnding, MediaLeg
from conversation.decisions import (
    Backchannel,
    CallerGone,
    CallerSilent,
    Decision,
    DigitsEntered,
    ResumePlayback,
    SpeechStarted,
    StopPlayback,
    Transcribe,
    TurnEnded,
)
from conversation.dialogue import Dialogue
from conversation.orders import FallBack, HangUp, Transfer
from conversation.turns import TurnMachine
from vocabulary.call import CallIdentity, Ending
from vocabulary.speech import Correction

logger = logging.getLogger(__name__)

_MOST_LEG_LOSSES: Final = 3
"""A leg that breaks is replaced; one that keeps breaking is a broken PBX, and the fallback is kinder."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """A decision and the moment at which it was taken."""

    decision: Decision
    at: float


@dataclass(frozen=True, slots=True)
class _LegLost:
    uuid: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class _TooLong:
    """The agent's limit for a call has passed."""


@dataclass(frozen=True, slots=True)
class _Over:
    ending: Ending


_News = _Timed | _LegLost | _TooLong | _Over


class Call:
    """A caller's stay with us."""

    def __init__(
        self, identity: CallIdentity, profile: AgentProfile, house: House, *, resumed: CallFile | None = None
    ) -> None:
        """`resumed`: what an earlier `calls` process left of this call."""
        self.identity = identity
        self.profile = profile
        self.started_at = resumed.started_at if resumed else time.time()
        self.log = CallLog(identity, house.live, self.started_at, resumed.turns if resumed else ())
        self._house = house
        self._resumed = resumed
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[_News] = asyncio.Queue()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._dialogue = self._restored_dialogue(resumed)
        self._turns = TurnMachine(profile.turns, house.audio)
        self._speaking = Speaking(house.mouth, house.prompts, profile.voice, first_sound_seconds=house.deadlines.tts)
        self._records = CallRecords(house, identity, self.log, resumed)
        self._track = house.voices.open(house.audio.rate)
        self._audio: CallAudio | None = None
        self._leg = CallLeg(house, identity.call_id, resumed.media_legs if resumed else 0)
        self._leg_losses = 0
        self._bridge_id = bridge_id(identity.call_id)
        self._clock: TurnClock | None = None
        self._is_caller_here = True
        self._limit: asyncio.TimerHandle | None = None
        self._farewell = Ending.AGENT_HUNG_UP
        self._is_left_alone = False
        """We go, and caller and person stay in their bridge."""
        self._departure = Departure(
            house,
            identity,
            profile,
            self.log,
            leg=self._leg,
            speaking=self._speaking,
            resumed=resumed,
            save=self._save,
        )
        self._ear = CallEar(house, profile, self._turns, self.log, spawn=self._spawn, decide=self._decide)
        self._replying = Replying(
            identity=identity,
            profile=profile,
            dialogue=self._dialogue,
            turns=self._turns,
            speaking=self._speaking,
            tools=house.tools,
            deadlines=house.deadlines,
            spawn=self._spawn,
            leave=self._leave,
            heard=self.log.agent_said,
            replied=self._save,
        )

    # ── for whoever watches ──

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels this call answers for."""
        return tuple(filter(None, (self.identity.channel_id, self._leg.channel_id, *self._departure.channels)))

    def watch_levels(self, is_watched: bool) -> None:
        """Compute levels only for somebody who looks at them."""
        if self._audio is None or is_watched == (self._audio.levels is not None):
            return
        self._audio.levels = Loudness(self.log.levels) if is_watched else None

    def hang_up(self) -> None:
        """A supervisor ends the call."""
        self._inbox.put_nowait(_Over(Ending.AGENT_HUNG_UP))

    def release(self) -> None:
        """We are shutting down: the dialplan's fallback takes the caller; who talks to a person goes on doing so."""
        self._is_left_alone = self._departure.is_connected
        self._inbox.put_nowait(_Over(Ending.TRANSFERRED if self._is_left_alone else Ending.FELL_BACK))

    def transfer(self, target_id: str) -> bool:
        """A supervisor sends the caller to a configured target; False if there is none of that name."""
        if self._replying.is_leaving or target_id not in self.profile.targets:
            return False
        self._replying.interrupt()
        self._replying.carry_out(self._dialogue.transfer_wanted(target_id))
        return True

    # ── the life ──

    async def run(self) -> Ending:
        """Take the call through its life; whatever happens, nothing of it is left behind."""
        ending = Ending.FAILED
        house = self._house
        follow_ends(house, self.identity, self._departure.person_id)
        self.log.started()
        with house.ari.subscribe(*filter(None, (self.identity.channel_id, self._departure.person_id))) as events:
            self._departure.events = events
            try:
                async with asyncio.TaskGroup() as self._group:
                    self._spawn(self._watch_channels(events), "channel events")
                    try:
                        ending = await self._live()
                    finally:
                        for task in tuple(self._tasks):
                            task.cancel()
            except* asyncio.CancelledError:
                ending = Ending.FELL_BACK
            except* CallLost as lost:
                logger.error("call lost", extra={"call_id": self.identity.call_id, "reason": _first_of(lost)})
                ending = Ending.FELL_BACK
            except* Exception:  # the one home of a call's own trouble: it ends this call, with its fallback
                logger.exception("call failed", extra={"call_id": self.identity.call_id})
                ending = Ending.FELL_BACK
            if not self._is_caller_here and ending in (Ending.FELL_BACK, Ending.AGENT_HUNG_UP):
                ending = Ending.CALLER_HUNG_UP
            return await asyncio.shield(self._close(ending))

    async def _live(self) -> Ending:
        if self._departure.is_connected:
            self.log.state_is("connected")
        else:
            await self._open()
            self._replying.start()
            greeting = self._dialogue.resumed_after_crash() if self._resumed else self._dialogue.greeting()
            self._replying.carry_out(greeting)
            left = max(0.0, self.started_at + self.profile.max_call_seconds - time.time())
            self._limit = self._loop.call_later(left, self._inbox.put_nowait, _TooLong())
        self._save()
        while True:
            news = await self._inbox.get()
            match news:
                case _Over(ending):
                    return ending
                case _TooLong():
                    self._replying.interrupt()
                    self._replying.carry_out(self._dialogue.find_person("call too long"))
                case _LegLost(uuid, reason):
                    if self._leg.is_current(uuid):
                        await self._replace_leg(reason)
                case _Timed(decision, at):
                    self._act(decision, at)

    async def _open(self) -> None:
        """Answer, and let caller and media leg meet in a bridge."""
        house = self._house
        channel_id = self.identity.channel_id
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._leg.open(self._listener))
                group.create_task(self._prepare_bridge())
            if self._resumed is None:
                await house.ari.answer(channel_id)
            await house.ari.add_channel(self._bridge_id, channel_id, self._leg.channel_id)
        except* AriError as errors:
            raise CallLost(f"cannot be opened: {errors.exceptions[0]}") from errors

    async def _prepare_bridge(self) -> None:
        with contextlib.suppress(Conflict):  # on re-adoption the old bridge is still there, the caller inside
            await self._house.ari.create_bridge(self._bridge_id)

    def _listener(self, uuid: UUID) -> CallAudio:
        """The listener of one media leg; recording, voice detection and turns go on over all of them."""
        self._audio = CallAudio(
            recorder=self._records.recorder,
            track=self._track,
            turns=self._turns,
            decide=self._decide,
            leg_ready=self._leg_ready,
            leg_ended=lambda reason: self._inbox.put_nowait(_LegLost(uuid, reason)),
            speech_played=self._replying.speech_played,
        )
        return self._audio

    def _leg_ready(self, leg: MediaLeg) -> None:
        recorder = self._records.recorder
        so_far = time.time() - self.started_at
        if self._resumed is not None and self.log.gap_seconds is None:
            self.log.gap_seconds = round(so_far - recorder.seconds, 3)
        recorder.fill_to(so_far)
        self._speaking.attach(leg)
        self._leg.ready(leg)
        if self._house.live.is_watched("level"):
            self.watch_levels(True)

    async def _replace_leg(self, reason: str) -> None:
        """The sound broke but the caller is still there: make a new leg and ask where we were."""
        if not self._is_caller_here or self._departure.is_connected or self._replying.is_leaving:
            return
        self._leg_losses += 1
        logger.warning("media leg lost", extra={"call_id": self.identity.call_id, "reason": str(reason)})
        if self._leg_losses > _MOST_LEG_LOSSES or reason == LegEnding.SERVER_STOPPED:
            raise CallLost(f"media leg: {reason}")
        self._replying.interrupt()
        try:
            await self._leg.open(self._listener)
            await self._house.ari.add_channel(self._bridge_id, self._leg.channel_id)
        except AriError as error:
            raise CallLost(f"no new media leg: {error}") from error
        self._replying.carry_out(self._dialogue.resumed_after_crash())

    async def _watch_channels(self, events: Any) -> None:
        async for event in events:
            match event:
                case StasisEnd() | ChannelDestroyed() | ChannelHangupRequest() | ChannelVanished():
                    if _about(event, self.identity.channel_id):
                        self._is_caller_here = False
                        self._inbox.put_nowait(_Over(self._departure.leaving_as or Ending.CALLER_HUNG_UP))
                        return
                    if self._departure.is_connected and _about(event, self._departure.person_id):
                        self._inbox.put_nowait(_Over(Ending.TRANSFERRED))
                        return
                case _:
                    pass

    # ── turns ──

    def _decide(self, decisions: Sequence[Decision]) -> None:
        """From inside the frame's callback: fall silent at once, everything else in its turn."""
        now = self._loop.time()
        for decision in decisions:
            match decision:
                case StopPlayback():
                    self._turns.reply_held(self._speaking.hold())
                case ResumePlayback():
                    self._speaking.go_on()
                case _:
                    self._inbox.put_nowait(_Timed(decision, now))

    def _act(self, decision: Decision, at: float) -> None:
        if self._replying.is_leaving:
            return
        match decision:
            case SpeechStarted():
                self.log.state_is("listening")
            case Transcribe():
                self._ear.transcribe(decision)
            case TurnEnded():
                self._turn_ended(decision, at)
            case DigitsEntered(digits):
                self._digits_entered(digits, at)
            case CallerSilent(times):
                self._replying.carry_out(self._dialogue.caller_silent(times))
            case CallerGone():
                self._farewell = Ending.ABANDONED
                self._replying.carry_out(self._dialogue.caller_gone())
            case Backchannel(text):
                self.log.partial(text)
            case _:
                pass

    def _turn_ended(self, turn: TurnEnded, at: float) -> None:
        self._replying.interrupt()
        clock = self._clock = TurnClock(at, turn.silence_seconds, turn.waited_for_words_seconds)
        if turn.transcript is None:
            orders = self._dialogue.engine_failed("stt")
        else:
            correction = self.profile.proofreader.correct(turn.transcript.text)
            prosody = self._ear.prosody_of(turn.utterance_id)
            orders = self._dialogue.caller_said(correction, turn.transcript.words, prosody)
            self.log.caller_said(correction, turn, self._dialogue.reading)
        self._answer(orders, clock)

    def _digits_entered(self, digits: str, at: float) -> None:
        self._replying.interrupt()
        clock = self._clock = TurnClock(at, 0.0)
        orders = self._dialogue.digits_entered(digits)
        self.log.caller_said(Correction(heard=digits, text=digits), None, self._dialogue.reading)
        self._answer(orders, clock)

    def _answer(self, orders: Sequence[Any], clock: TurnClock) -> None:
        if not orders:
            return
        self.log.state_is("thinking")
        self._turns.thinking_started()
        if self._audio is not None:
            self._audio.on_first_sound(self._first_sound)
        self._replying.carry_out(orders, clock)

    def _first_sound(self, at: float) -> None:
        self.log.state_is("speaking")
        clock, self._clock = self._clock, None
        if clock is not None:
            clock.sound_at = self._speaking.first_sound_at
            self.log.answered(clock.latency(at))

    # ── leaving ──

    async def _leave(self, order: Leaving) -> None:
        match order:
            case HangUp():
                self._inbox.put_nowait(_Over(self._farewell))
            case FallBack():
                self._inbox.put_nowait(_Over(Ending.FELL_BACK))
            case Transfer(target_id, kind):
                try:
                    await self._departure.transfer(order)
                except TransferFailed as failed:
                    self.log.transfer(target_id, kind, "failed", failed.reason)
                    self._replying.carry_out(self._dialogue.transfer_failed(target_id, failed.reason))
                else:
                    self._dialogue.transferred()
                    self._save()

    # ── the end ──

    async def _close(self, ending: Ending) -> Ending:
        """Put everything away; each step for itself, because half of it may be gone already."""
        house, identity = self._house, self.identity
        if self._limit is not None:
            self._limit.cancel()
        if self._is_left_alone:
            self._track.close()
            forget_ends(house, identity, self._departure.person_id)
            await self._records.pause()
            return ending
        if ending is Ending.FELL_BACK:
            ending = await self._departure.fall_back()
        elif self._is_caller_here and ending is not Ending.TRANSFERRED:
            await self._quietly(house.ari.hang_up(identity.channel_id))
        elif self._departure.is_connected:
            await self._quietly(house.ari.hang_up(self._departure.person_id))
            await self._quietly(house.ari.hang_up(identity.channel_id))
        await self._leg.close()
        await self._departure.clear_away()
        self._track.close()
        is_elsewhere = ending is Ending.FELL_BACK or (ending is Ending.TRANSFERRED and not self._departure.is_connected)
        if not is_elsewhere:
            self.log.hangup = await how_it_ended(house, identity, self._departure.person_id)
        await self._records.finish(ending, self.profile)
        self.log.ended(ending)
        if is_elsewhere:
            note_when_over(house, identity)
        return ending

    async def _quietly(self, request: Awaitable[None]) -> None:
        with contextlib.suppress(AriError):
            await request

    def _save(self) -> None:
        """Keep the call as it stands, for whoever takes it over should we die now."""
        self._records.save(
            CallFile(
                identity=self.identity,
                started_at=self.started_at,
                saved_at=time.time(),
                phase=self._departure.phase,
                dialogue=self._dialogue.to_json(),
                turns=self.log.turns,
                media_legs=self._leg.count,
                person_channel=self._departure.person_id if self._departure.is_connected else "",
            )
        )

    # ── beginnings ──

    def _spawn(self, work: Awaitable[None], name: str) -> "asyncio.Task[None]":
        assert self._group is not None
        task = self._group.create_task(cast(Any, work), name=f"{name} of {self.identity.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _restored_dialogue(self, resumed: CallFile | None) -> Dialogue:
        if resumed is not None:
            try:
                return Dialogue.from_json(self.profile.dialogue, resumed.dialogue)
            except (ValueError, KeyError, TypeError):
                logger.warning("dialogue not restored", extra={"call_id": self.identity.call_id})
        return Dialogue(self.profile.dialogue, caller=self.identity.caller)


def _about(event: Any, channel_id: str) -> bool:
    return channel_id in event.subjects()


def _first_of(group: BaseExceptionGroup[Any]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)
