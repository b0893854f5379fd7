"""Tools under way, by the numbers of their orders: which are waited for, and which come back too late to be."""

from typing import Literal


class Errands:
    """The errands of one call."""

    def __init__(self) -> None:
        self._awaited: set[int] = set()
        self._outlived: set[int] = set()

    @property
    def are_awaited(self) -> bool:
        """True while the mind's answer depends on one."""
        return bool(self._awaited)

    def begin(self, number: int) -> None:
        """A tool sets out."""
        self._awaited.add(number)

    def outlive(self) -> None:
        """The caller went on: what is still under way will be told to a later thought."""
        self._outlived |= self._awaited
        self._awaited = set()

    def drop(self) -> None:
        """Nobody will think any more about what they bring."""
        self._awaited.clear()

    def returned(self, number: int) -> Literal["awaited", "late", "unknown"]:
        """A tool came back; say once how it finds us."""
        if number in self._outlived:
            self._outlived.discard(number)
            return "late"
        if number in self._awaited:
            self._awaited.discard(number)
            return "awaited"
        return "unknown"
