"""When to start a dead process again; pure, told the time.

A process that dies once is started again at once: a caller is waiting. One that dies again and again, before it has
lived long enough to be called healthy, is given longer and longer pauses, so that it does not eat the machine.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPatience:
    """How long the pauses are."""

    healthy_seconds: float = 10.0
    """A life at least this long clears the record."""
    first_pause_seconds: float = 0.25
    """After the second early death; then doubling."""
    longest_pause_seconds: float = 15.0


class RestartPolicy:
    """The record of one process."""

    def __init__(self, patience: RestartPatience | None = None) -> None:
        self._patience = patience or RestartPatience()
        self.early_deaths = 0
        """In a row."""

    def pause_seconds(self, lived_seconds: float) -> float:
        """It has died after living this long: how long to wait before starting it again."""
        if lived_seconds >= self._patience.healthy_seconds:
            self.early_deaths = 0
            return 0.0
        self.early_deaths += 1
        if self.early_deaths == 1:
            return 0.0
        doublings = min(self.early_deaths - 2, 32)
        return min(self._patience.longest_pause_seconds, self._patience.first_pause_seconds * 2.0**doublings)
