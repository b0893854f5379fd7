"""Handing a caller to a person, by configured id only.

Blind: the caller goes on in the dialplan, and we are out. Warm: the person is rung while the caller hears ringback, is
told one sentence about the call in a bridge of their own, and then the caller joins them there. Busy or no answer
raises `TransferFailed`, and the agent goes on with an apology.

That bridge always mixes. In one that hands frames through, the person's leg would hear our summary, whose frames have
no sequence numbers, and then the caller's, which have those of the caller's telephone; where that leg transcodes,
Asterisk takes every frame that is more than 32,768 ahead for a late one and drops it without a word. Half of all
telephones begin there: the person would not hear the caller for up to ten minutes.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from ari_app.call_leg import CallLeg, CallLost
from ari_app.channel_ids import person_bridge_id
from ari_app.errors import AriError, ChannelGone, NotFound, TimedOut
from ari_app.house import AgentProfile, House, Target
from ari_app.ringback import CYCLE_SECONDS, ringback_cycle
from ari_app.speaking import Speaking
from audio_socket.leg import MediaLeg
from engines.base import EngineError
from vocabulary.call import CallIdentity
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

_SUMMARY_SECONDS: Final = 15.0
"""Longer than this nobody listens to a summary while a caller waits."""
_CAUSES: Final = {17: "busy", 18: "no answer", 19: "no answer", 20: "not there", 21: "rejected"}


class TransferFailed(CentralitaError):
    """The person could not be reached."""

    def __init__(self, target_id: str, reason: str) -> None:
        super().__init__(f"{target_id}: {reason}")
        self.target_id = target_id
        self.reason = reason
        """Constant words: busy, no answer, rejected, nobody there (in a queue)…"""


class _PersonHears:
    """The listener of the person's media leg during the summary; what they say to it is not ours."""

    def __init__(self, leg: CallLeg, speaking: Speaking) -> None:
        self._leg = leg
        self._speaking = speaking

    def leg_ready(self, leg: MediaLeg) -> None:
        self._speaking.attach(leg)
        self._leg.ready(leg)

    def frame_heard(self, frame: bytes) -> None: ...

    def frame_played(self, frame: bytes) -> None: ...

    def digit_pressed(self, digit: str) -> None: ...

    def speech_played(self, speech_id: int) -> None:
        self._speaking.speech_played(speech_id)

    def leg_ended(self, reason: str) -> None: ...


async def ring_and_tell(
    house: House,
    identity: CallIdentity,
    profile: AgentProfile,
    target: Target,
    leg_id: str,
    media_number: int,
    summary: str,
    tell: Callable[[str], None],
) -> None:
    """Have the person on the line and informed; `tell` hears how far it has come.

    Raises: TransferFailed.
    """
    tell("ringing")
    await _ring(house, identity, target, leg_id)
    await _receive(house, identity, target, leg_id)
    tell("announced")
    await _announce(house, identity, profile, target, leg_id, media_number, summary)


async def _ring(house: House, identity: CallIdentity, target: Target, leg_id: str) -> None:
    """Ring the person as channel `leg_id`; return when they have answered and are in our application.

    Raises: TransferFailed; the channel is gone then.
    """
    try:
        with house.ari.stasis_waiter(leg_id) as waiter:
            await house.ari.originate(
                endpoint=target.endpoint,
                channel_id=leg_id,
                app_args=f"leg,{identity.call_id}",
                originator=identity.channel_id,  # its codec too: a Local channel without one is made for 192 kHz
                caller_id=identity.caller,
                timeout_seconds=target.ring_seconds,
            )
            # Asterisk subscribes us only after it has begun to dial: of a phone that refuses within that millisecond
            # no event tells, only its absence.
            await house.ari.channel(leg_id)
            await waiter.started(target.ring_seconds + 2)
    except ChannelGone as gone:
        raise TransferFailed(target.target_id, _CAUSES.get(gone.cause, "no answer")) from gone
    except NotFound as gone:
        raise TransferFailed(target.target_id, "not available") from gone
    except (AriError, asyncio.CancelledError) as error:
        with contextlib.suppress(AriError):
            await asyncio.shield(house.ari.hang_up(leg_id, "no_answer"))
        if isinstance(error, asyncio.CancelledError):
            raise
        reason = "no answer" if isinstance(error, TimedOut) else "cannot be called"
        raise TransferFailed(target.target_id, reason) from error


async def _receive(house: House, identity: CallIdentity, target: Target, leg_id: str) -> None:
    """Put the person into their bridge.

    Raises: TransferFailed.
    """
    bridge = person_bridge_id(identity.call_id)
    try:
        await house.ari.create_bridge(bridge, type="mixing,video_sfu")
        await house.ari.add_channel(bridge, leg_id)
    except AriError as error:
        raise TransferFailed(target.target_id, "hung up") from error


async def _announce(
    house: House,
    identity: CallIdentity,
    profile: AgentProfile,
    target: Target,
    leg_id: str,
    media_number: int,
    text: str,
) -> None:
    """Tell the person, and nobody else, one sentence; trouble with that costs the sentence, not the transfer.

    Raises: TransferFailed when the person hung up instead of listening.
    """
    if not text:
        return
    speaking = Speaking(house.mouth, house.prompts, profile.voice, first_sound_seconds=house.deadlines.tts)
    leg = CallLeg(house, identity.call_id, media_number - 1)
    try:
        async with asyncio.timeout(_SUMMARY_SECONDS):
            await leg.open(lambda uuid: _PersonHears(leg, speaking))
            await house.ari.add_channel(person_bridge_id(identity.call_id), leg.channel_id)
            await speaking.say(1, text)
            await speaking.played_out()
    except (AriError, EngineError, CallLost, TimeoutError) as error:
        logger.warning("summary not told", extra={"call_id": identity.call_id, "error": type(error).__name__})
        if not await _is_alive(house, leg_id):
            raise TransferFailed(target.target_id, "hung up") from error
    finally:
        await asyncio.shield(leg.close())


async def _is_alive(house: House, channel_id: str) -> bool:
    try:
        await house.ari.channel(channel_id)
    except AriError:
        return False
    return True


@asynccontextmanager
async def ringback(speaking: Speaking) -> AsyncIterator[None]:
    """Let the caller hear ringing for as long as the block runs."""

    async def ring_on() -> None:
        cycle = ringback_cycle(speaking.audio)
        while True:
            speaking.play(cycle)
            await asyncio.sleep(CYCLE_SECONDS)

    ringing = asyncio.create_task(ring_on(), name="ringback")
    try:
        yield
    finally:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        speaking.drop()
