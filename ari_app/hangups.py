"""How a call ended, as the PBX tells: at once for calls that end with us, perhaps much later for those that left us.

A caller in the dialplan (a blind transfer, the fallback, a queue) is beyond ARI's sight; AMI sees the end, and it is
written into the call's metadata then.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ari_app.ami_calls import CallOver
from ari_app.house import House
from ari_app.json_shape import to_json_object
from ari_app.pbx_knowledge import hangup_of
from storage.recordings import write_json
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
    """Complete a finished call's metadata once the caller's channel, followed until now, has ended.

    Without AMI, or after a restart of ours, that never comes: the metadata then says `null`.
    """
    path = house.layout.metadata(identity.call_id)

    def note(over: CallOver) -> None:
        hangup = hangup_of(over)
        if hangup is not None:
            house.disk.submit(add_hangup, path, hangup)

    house.pbx.when_over(identity.channel_id, note)


def add_hangup(path: Path, hangup: Hangup) -> None:
    """Write the end into a metadata file; one that is gone or no JSON is left alone. Does file I/O."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, Mapping):
            write_json(path, completed(told, hangup))
    except (OSError, ValueError) as error:
        logger.warning("hang-up not noted", extra={"error": type(error).__name__})


def completed(metadata: Mapping[str, Any], hangup: Hangup) -> dict[str, Any]:
    """Return the metadata with its end."""
    return {**metadata, "hangup": to_json_object(hangup)}
