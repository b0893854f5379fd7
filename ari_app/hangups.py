"""How a call ended, as the PBX tells: at once for calls that end with us, perhaps much later for those that left us.

A caller in the dialplan (a blind transfer, the fallback, a queue) is beyond ARI's sight; AMI sees the end, and a note
is left beside the call's files then (`storage.hangup_notes`): the files themselves are no longer ours.
"""

import logging

from ari_app.ami_calls import CallOver
from ari_app.house import House
from ari_app.json_shape import to_json_object
from ari_app.pbx_knowledge import hangup_of
from storage.hangup_notes import HangupNotes
from vocabulary.call import CallIdentity, Hangup

logger = logging.getLogger(__name__)


def follow_ends(house: House, identity: CallIdentity, person_id: str) -> None:
    """Want to know how caller and person (a channel, or "") end."""
    for channel_id in filter(None, (identity.channel_id, person_id)):
        house.pbx.follow(channel_id)


def forget_ends(house: House, identity: CallIdentity, person_id: str) -> None:
    """Want to know it no longer."""
    for channel_id in filter(None, (identity.channel_id, person_id)):
        house.pbx.forget(channel_id)


async def how_it_ended(house: House, identity: CallIdentity, person_id: str) -> Hangup | None:
    """Return what the PBX saw of a call whose channels are gone by now; nobody waits for it but the call's files."""
    caller = await house.pbx.over(identity.channel_id)
    return hangup_of(caller, await house.pbx.over(person_id) if person_id else None)


def note_when_over(house: House, identity: CallIdentity) -> None:
    """Leave a note of how a finished call ended once the caller's channel, followed until now, has ended.

    Without AMI, or after a restart of ours, that never comes: the metadata then says `null`.
    """
    notes = HangupNotes(house.layout.root)

    def note(over: CallOver) -> None:
        hangup = hangup_of(over)
        if hangup is not None:
            house.disk.submit(leave_note, notes, identity.call_id, hangup)

    house.pbx.when_over(identity.channel_id, note)


def leave_note(notes: HangupNotes, call_id: str, hangup: Hangup) -> None:
    """Leave the note; a disk that does not take it costs the note and nothing else. Does file I/O."""
    try:
        notes.leave(call_id, to_json_object(hangup))
    except OSError as error:
        logger.warning("hang-up not noted", extra={"call_id": call_id, "error": error.strerror})
