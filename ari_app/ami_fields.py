"""One message of Asterisk's Manager Interface, and the two vocabularies of device states. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import Self

AmiEvent = Mapping[str, str]
"""Headers by name, as Asterisk writes them: "Event", "Channel", "Uniqueid" …"""


class DeviceState(Enum):
    """What a telephone is doing. Member numbers are Asterisk's enum ast_device_state, which queues speak."""

    UNKNOWN = 0
    NOT_INUSE = 1
    INUSE = 2
    BUSY = 3
    INVALID = 4
    UNAVAILABLE = 5
    """Not registered, or not reachable."""
    RINGING = 6
    RINGINUSE = 7
    """Rings while it is in use."""
    ONHOLD = 8

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the state DeviceStateChange names; UNKNOWN for a name we do not know."""
        return cls.__members__.get(name.upper(), cls.UNKNOWN)

    @classmethod
    def numbered(cls, text: str) -> Self:
        """Return the state of a queue member's Status; UNKNOWN for a number we do not know."""
        number = whole(text)
        return cls(number) if number in cls._value2member_map_ else cls(0)


def whole(text: str, default: int = 0) -> int:
    """Return a header's number, or `default` when it is none."""
    stripped = text.strip()
    bare = stripped.removeprefix("-")
    if not (bare.isascii() and bare.isdigit() and len(bare) < 19):
        return default
    return int(stripped)


def is_true(text: str) -> bool:
    """Return a header's truth: Asterisk writes "1"."""
    return text.strip().lower() in ("1", "yes", "true")


def device_of(channel: str) -> str:
    """Return the device of a channel: "PJSIP/200" of "PJSIP/200-0000000a"."""
    device, dash, _ = channel.rpartition("-")
    return device if dash else channel
