"""The ids we give to what we make, so that anybody can tell later what a channel is for, even after we died."""

from enum import Enum
from typing import Final

MEDIA_PREFIX: Final = "centralita-media-"
LEG_PREFIX: Final = "centralita-leg-"
BRIDGE_PREFIX: Final = "centralita-bridge-"

_MEDIA_TECHNOLOGIES: Final = ("AudioSocket/", "UnicastRTP/", "WebSocket/", "Snoop/")


class ChannelKind(Enum):
    """What a channel in our application is for."""

    CALLER = "caller"
    """A person who came to us."""
    LEG = "leg"
    """A person we called on a caller's behalf."""
    MEDIA = "media"
    """Our own ear and mouth."""


def media_channel_id(call_id: str, number: int) -> str:
    """The call's `number`-th media channel: a re-adopted call gets a new one."""
    return f"{MEDIA_PREFIX}{call_id}-{number}"


def leg_channel_id(call_id: str, number: int) -> str:
    """The `number`-th person called for this call."""
    return f"{LEG_PREFIX}{call_id}-{number}"


def bridge_id(call_id: str) -> str:
    """The bridge in which the caller hears us."""
    return f"{BRIDGE_PREFIX}{call_id}"


def person_bridge_id(call_id: str) -> str:
    """The bridge in which a person hears what the call is about, and then the caller."""
    return f"{BRIDGE_PREFIX}{call_id}-person"


def far_half(local_id: str) -> str:
    """Return the id of a Local channel's other half, the one that dials; Asterisk puts both into our application."""
    return f"{local_id};2"


def kind_of(channel_id: str, name: str) -> ChannelKind:
    """What a channel is for, by its id and, for channels made under other ids, by its technology."""
    if channel_id.startswith(MEDIA_PREFIX) or name.startswith(_MEDIA_TECHNOLOGIES):
        return ChannelKind.MEDIA
    return ChannelKind.LEG if channel_id.startswith(LEG_PREFIX) else ChannelKind.CALLER
