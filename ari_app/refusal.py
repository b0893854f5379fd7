"""What is told and kept of a caller who was turned away at the door: an event, a small metadata file, a log line."""

import logging
from typing import Any, Final

from ari_app.house import House
from ari_app.live_events import CallRefused
from ari_app.screening import Screening
from storage.metadata.schema import SCHEMA_VERSION
from storage.recordings import write_json
from vocabulary.call import CallIdentity

logger = logging.getLogger(__name__)

BLOCKED: Final = "blocked"
"""The reason, in `call_refused` and as the outcome in the metadata."""


def tell_refusal(house: House, identity: CallIdentity, screening: Screening, at: float) -> None:
    """Tell and keep that a caller was refused; `at` in seconds since 1970. There was no call, hence no recording."""
    house.live.publish(
        CallRefused(
            at,
            identity.call_id,
            identity.channel_id,
            identity.agent,
            identity.did,
            identity.caller,
            BLOCKED,
            screening.reason,
        )
    )
    house.disk.submit(_keep, house, identity.call_id, refusal_metadata(identity, screening, at))
    logger.info(
        "caller refused",
        extra={
            "call_id": identity.call_id,
            "reason": BLOCKED,
            "detail": screening.reason,
            "did": identity.did,
            "pii.caller": screening.number,
        },
    )


def refusal_metadata(identity: CallIdentity, screening: Screening, at: float) -> dict[str, Any]:
    """Return what `rec_<id>_metadata.json` holds of a caller who was refused."""
    return {
        "schema_version": SCHEMA_VERSION,
        "recording_id": f"rec_{identity.call_id}",
        "conversation_id": identity.call_id,
        "agent": identity.agent,
        "did": identity.did,
        "caller": identity.caller,
        "started_at": at,
        "audio": None,
        "metrics": {"duration_seconds": 0.0, "total_turns": 0, "outcome": BLOCKED},
        "outcome": BLOCKED,
        "reason": BLOCKED,
        "detail": screening.reason,
        "hangup": None,
    }


def _keep(house: House, call_id: str, metadata: dict[str, Any]) -> None:
    try:
        write_json(house.layout.metadata(call_id), metadata)
    except OSError as error:
        logger.error("record not written", extra={"error": error.strerror})
