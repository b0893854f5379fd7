"""When a job that failed is tried again, and when it is given up. Pure: chance comes in from outside."""

from dataclasses import dataclass
from typing import Final

from vocabulary.errors import ConfigurationError

DEFAULT_DELAYS: Final = (5.0, 30.0, 120.0, 600.0, 3600.0, 6 * 3600.0, 24 * 3600.0)
"""An outage of minutes costs minutes, one of a night is outlasted; eight attempts in about 31 hours."""


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The waiting times between attempts."""

    delays: tuple[float, ...] = DEFAULT_DELAYS
    """Seconds after the first, second, … failed attempt; after the last of them the job is dead."""
    jitter: float = 0.2
    """Each delay is spread evenly over this share below and above it, so that an outage's jobs do not return as one."""

    def __post_init__(self) -> None:
        """Raises: ConfigurationError."""
        if any(not 0 <= delay < float("inf") for delay in self.delays):
            raise ConfigurationError("retry schedule: delays must be finite seconds, none negative")
        if not 0 <= self.jitter <= 1:
            raise ConfigurationError("retry schedule: jitter must lie between 0 and 1")

    @classmethod
    def doubling(cls, first: float, *, attempts: int, longest: float = 3600.0, jitter: float = 0.2) -> "RetrySchedule":
        """Return a schedule of `attempts` runs whose delays double from `first` up to `longest` seconds."""
        return cls(tuple(min(first * 2.0**index, longest) for index in range(attempts - 1)), jitter)

    @property
    def attempts(self) -> int:
        """How often a job is run at most."""
        return len(self.delays) + 1

    def delay_after(self, attempt: int, chance: float) -> float | None:
        """Return the seconds to wait after the failed attempt number `attempt` (from 1); None: give up.

        `chance` is a random number in [0, 1).
        """
        if attempt > len(self.delays):
            return None
        return self.delays[attempt - 1] * (1 - self.jitter + 2 * self.jitter * chance)

    def is_spent(self, attempts: int) -> bool:
        """True when a job that was run `attempts` times must not be run again.

        A handler that fails is given up by `delay_after`; this catches one that kills its worker each time, which
        nobody is left to report.
        """
        return attempts >= self.attempts


ONCE: Final = RetrySchedule(())
"""Never again: for what must not be repeated by itself, like ringing a person."""
