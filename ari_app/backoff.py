"""How long to wait before the next attempt to reach Asterisk; pure, the dice are thrown outside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling pauses with a ceiling; the first attempt after a loss is nearly immediate."""

    first_seconds: float = 0.05
    most_seconds: float = 2.0
    """Low, because callers wait in silence for us: a reconnect costs Asterisk almost nothing."""

    def delay_seconds(self, failures: int, jitter: float) -> float:
        """Pause after the `failures`-th failure in a row (from 1); `jitter` in [0, 1) spreads clients apart."""
        ceiling = min(self.most_seconds, self.first_seconds * 2.0 ** min(failures - 1, 32))
        return ceiling * (0.5 + 0.5 * jitter)
