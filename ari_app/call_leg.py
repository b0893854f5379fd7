"""A call's media leg: made, waited for, replaced when it breaks, put away.

Asterisk connects to us as a channel whose id we chose; the connection says the UUID we announced. Both must have
happened before the channel may be bridged.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

from ari_app.channel_ids import media_channel_id
from ari_app.errors import AriError
from ari_app.house import House
from audio_socket.leg import LegListener, MediaLeg
from vocabulary.errors import CentralitaError

_CONNECT_SECONDS: Final = 5.0
"""Asterisk connects within two, or not at all."""


class CallLost(CentralitaError):
    """Our half of a call cannot be had: no leg, no bridge."""


class CallLeg:
    """At most one media channel at a time, and how many there have been."""

    def __init__(self, house: House, call_id: str, legs_before: int) -> None:
        """`legs_before`: media channels this call had in an earlier process; their ids are not used again."""
        self._house = house
        self._call_id = call_id
        self._uuid: UUID | None = None
        self._leg: MediaLeg | None = None
        self._is_ready = asyncio.Event()
        self.count = legs_before
        self.channel_id = ""
        """Asterisk's id of the media channel; "" while there is none."""

    def next_number(self) -> int:
        """A number for one more channel of this call."""
        self.count += 1
        return self.count

    def ready(self, leg: MediaLeg) -> None:
        """From the leg's listener: the far end has said who it is."""
        self._leg = leg
        self._is_ready.set()

    async def open(self, listener_of: Callable[[UUID], LegListener]) -> None:
        """Return when the media channel may be bridged; `listener_of` makes the listener of this very leg.

        Raises: AriError, CallLost.
        """
        house = self._house
        self.channel_id = media_channel_id(self._call_id, self.next_number())
        uuid = self._uuid = uuid4()
        self._is_ready.clear()
        offer = house.media.expect(uuid, listener_of(uuid), format=house.audio, within_seconds=_CONNECT_SECONDS)
        await house.ari.media_in_stasis(
            channel_id=self.channel_id,
            external_host=offer.external_host,
            format=offer.format_name,
            data=str(uuid),
        )
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._is_ready.wait()
        except TimeoutError as exc:
            raise CallLost("the media leg did not connect") from exc

    def is_current(self, uuid: UUID) -> bool:
        """True when news about this leg are about the one in use."""
        return uuid == self._uuid

    async def close(self) -> None:
        """Put everything away that may be there; harmless when nothing is."""
        if self._uuid is not None:
            self._house.media.forget(self._uuid)
            self._uuid = None
        if self.channel_id:
            channel_id, self.channel_id = self.channel_id, ""
            with suppress(AriError):
                await self._house.ari.hang_up(channel_id)
        if self._leg is not None:
            self._leg.close()
            self._leg = None
