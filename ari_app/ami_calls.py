"""Calls as AMI tells of them: their channels, whom they dialled, why they ended and by whom. Pure.

Seen on Asterisk 22.10: a party that hangs up, cancels or refuses gives a HangupRequest of its own channel; a dialplan
that comes to its end, the console and other programs give a SoftHangupRequest only. A Hangup's cause may be 0 (caller
left a queue, console) or 127 (caller cancelled): the statuses of what was dialled say more there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from ari_app.ami_fields import AmiEvent, device_of, whole

MAX_CALLS: Final = 5000
MAX_DIALS: Final = 200
"""Of one call; a queue rings again and again. And its channels of which it knows the ids afterwards."""

EndedBy = Literal["caller", "callee", "pbx", "unknown"]


@dataclass(frozen=True, slots=True)
class Dialled:
    """One attempt to reach somebody in a call."""

    device: str
    """Like "PJSIP/200"."""
    status: str
    """Asterisk's DialStatus: ANSWER, BUSY, NOANSWER, CANCEL, CHANUNAVAIL, CONGESTION …"""


@dataclass(frozen=True, slots=True)
class CallOver:
    """A call whose last channel has gone."""

    linkedid: str
    """Asterisk's id of the call."""
    channel: str
    """The caller's channel."""
    number: str = field(repr=False)
    """The caller's number as presented."""
    cause: int
    """Q.850, of the caller's channel; 0: not told."""
    cause_text: str
    ended_by: EndedBy
    """Who hung up, cancelled or refused; "pbx": the dialplan, the console or a program; "unknown": nobody watched."""
    dialled: tuple[Dialled, ...] = ()
    """In the order of their ends."""
    uniqueids: tuple[str, ...] = ()
    """Of all its channels, also those an ARI application had: there, they are the channels' ids."""

    @property
    def result(self) -> str:
        """ANSWER when somebody answered, else the status of the last that was dialled; "" when nobody was."""
        if any(one.status == "ANSWER" for one in self.dialled):
            return "ANSWER"
        return self.dialled[-1].status if self.dialled else ""


@dataclass(slots=True)
class _Call:
    linkedid: str
    first: str
    """Uniqueid of the caller's channel."""
    channel: str
    number: str
    alive: dict[str, str] = field(default_factory=dict)
    """Names of its channels by uniqueid."""
    dialled: dict[str, Dialled] = field(default_factory=dict)
    """By the uniqueid that was dialled: Asterisk tells the end of some twice."""
    uniqueids: list[str] = field(default_factory=list)
    asked: str = ""
    """Uniqueid of the party that wanted to hang up."""
    cause: int = 0
    cause_text: str = ""

    def over(self, *, seen: bool) -> CallOver:
        if not seen:
            by: EndedBy = "unknown"
        elif not self.asked:
            by = "pbx"
        else:
            by = "caller" if self.asked == self.first else "callee"
        dialled = tuple(self.dialled.values())
        return CallOver(
            self.linkedid,
            self.channel,
            self.number,
            self.cause,
            self.cause_text,
            by,
            dialled,
            tuple(self.uniqueids),
        )


class Calls:
    """The calls there are."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._of_channel: dict[str, _Call] = {}
        self.overlooked = 0
        """Channels not followed because there were too many calls."""

    def __len__(self) -> int:
        return len(self._calls)

    def replace_all(self, events: Iterable[AmiEvent]) -> list[CallOver]:
        """Take a whole list (CoreShowChannels); return the calls that ended while nobody watched."""
        there = [event for event in events if event.get("Event") == "CoreShowChannel"]
        alive = {event.get("Uniqueid", "") for event in there}
        over = [one for uniqueid in tuple(self._of_channel) if uniqueid not in alive
                for one in self._gone(uniqueid, seen=False)]  # fmt: skip
        for event in there:
            self._channel_there(event)
        return over

    def receive(self, event: AmiEvent) -> CallOver | None:
        """Take one event; return the call when it was its last."""
        uniqueid = event.get("Uniqueid", "")
        match event.get("Event", ""):
            case "Newchannel":
                self._channel_there(event)
            case "HangupRequest":
                self._asked(uniqueid)
            case "DialBegin":
                destination = event.get("DestUniqueid", "")
                self._goes_on(uniqueid or destination, destination)
            case "DialEnd":
                self._dial_ended(event)
            case "Hangup":
                return self._hung_up(event)
            case _:
                pass
        return None

    def _channel_there(self, event: AmiEvent) -> None:
        uniqueid, linkedid = event.get("Uniqueid", ""), event.get("Linkedid", "")
        if not uniqueid or uniqueid in self._of_channel:
            return
        call = self._calls.get(linkedid or uniqueid)
        if call is None:
            if len(self._calls) >= MAX_CALLS:
                self.overlooked += 1
                return
            call = _Call(linkedid or uniqueid, uniqueid, event.get("Channel", ""), event.get("CallerIDNum", ""))
            self._calls[call.linkedid] = call
        elif uniqueid == linkedid:  # a list need not begin with the caller
            call.first, call.channel, call.number = uniqueid, event.get("Channel", ""), event.get("CallerIDNum", "")
        call.alive[uniqueid] = event.get("Channel", "")
        if len(call.uniqueids) < MAX_DIALS:
            call.uniqueids.append(uniqueid)
        self._of_channel[uniqueid] = call

    def _asked(self, uniqueid: str) -> None:
        call = self._of_channel.get(uniqueid)
        # The two halves of a Local channel pass on what others want
        if call is None or call.alive[uniqueid].startswith("Local/"):
            return
        if not call.asked or uniqueid == call.first:
            call.asked = uniqueid

    def _goes_on(self, uniqueid: str, destination: str) -> None:
        """Somebody else is dialled or has answered: who refused before has not ended the call.

        `destination` itself may have refused or hung up already: Asterisk tells of dialling and of hanging up from two
        threads, now and then in the other order.
        """
        call = self._of_channel.get(uniqueid)
        if call is not None and call.asked not in (call.first, destination):
            call.asked = ""

    def _dial_ended(self, event: AmiEvent) -> None:
        destination = event.get("DestUniqueid", "")
        call = self._of_channel.get(event.get("Uniqueid", "")) or self._of_channel.get(destination)
        if call is None or (destination not in call.dialled and len(call.dialled) >= MAX_DIALS):
            return
        status = event.get("DialStatus", "")
        call.dialled[destination] = Dialled(device_of(event.get("DestChannel", "")), status)
        if status == "ANSWER":
            self._goes_on(destination, destination)

    def _hung_up(self, event: AmiEvent) -> CallOver | None:
        uniqueid = event.get("Uniqueid", "")
        call = self._of_channel.get(uniqueid)
        if call is None:
            return None
        if uniqueid == call.first:
            call.cause, call.cause_text = whole(event.get("Cause", "")), event.get("Cause-txt", "")
        return next(iter(self._gone(uniqueid, seen=True)), None)

    def _gone(self, uniqueid: str, *, seen: bool) -> list[CallOver]:
        call = self._of_channel.pop(uniqueid)
        del call.alive[uniqueid]
        if call.alive:
            return []
        del self._calls[call.linkedid]
        return [call.over(seen=seen)]
