"""What a batch did, recording by recording. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Final

MOST_REPORTED: Final = 10_000
"""Recordings named one by one; more are only counted, so that memory stays flat."""


class Outcome(Enum):
    """What became of one recording."""

    PROCESSED = "processed"
    ALREADY = "already"
    """This version of the pipeline had done it before."""
    GONE = "gone"
    """Deleted, or its words were: left alone."""
    FAILED = "failed"
    QUEUED = "queued"
    """Left to `centralita worker`."""
    WOULD = "would be processed"
    """In a dry run."""


@dataclass(frozen=True, slots=True)
class Done:
    """One recording's end."""

    recording_id: str
    outcome: Outcome
    stage: str = ""
    """Where it failed."""
    reason: str = ""
    """Why; without anybody's words."""
    is_retryable: bool = False
    is_elsewhere: bool = False
    """Another machine knows of it, and has not brought its files to the bucket yet."""
    is_retranscribed: bool = False
    problems: tuple[str, ...] = ()
    """What was wrong with its files, though it could be processed."""
    seconds: float = 0.0


@dataclass(slots=True)
class BatchReport:
    """The whole batch."""

    pipeline_version: str = ""
    counts: dict[Outcome, int] = field(default_factory=dict)
    retranscribed: int = 0
    named: list[Done] = field(default_factory=list)
    """Failed ones and those with problems; in a dry run all."""
    unnamed: int = 0
    is_interrupted: bool = False
    stopped: str = ""
    """Why the batch ended before its time: the disk or the database refuse everything."""
    seconds: float = 0.0

    def add(self, one: Done) -> None:
        """Count a recording."""
        self.counts[one.outcome] = self.counts.get(one.outcome, 0) + 1
        self.retranscribed += one.is_retranscribed
        if one.outcome in (Outcome.FAILED, Outcome.WOULD) or one.problems:
            if len(self.named) < MOST_REPORTED:
                self.named.append(one)
            else:
                self.unnamed += 1

    def count(self, outcome: Outcome) -> int:
        return self.counts.get(outcome, 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def exit_code(self) -> int:
        """0 all done, 1 some failed, 130 stopped before the end."""
        if self.is_interrupted:
            return 130
        return 1 if self.count(Outcome.FAILED) or self.stopped else 0

    def as_json(self) -> Mapping[str, Any]:
        """Return it as `--json` prints it."""
        failed = [one for one in self.named if one.outcome is Outcome.FAILED]
        return {
            "ok": self.exit_code == 0,
            "pipeline_version": self.pipeline_version,
            "total": self.total,
            **{outcome.name.lower(): self.count(outcome) for outcome in Outcome},
            "retranscribed": self.retranscribed,
            "interrupted": self.is_interrupted,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 2),
            "failures": [_told(one) for one in failed],
            "problems": [
                {"recording_id": one.recording_id, "problems": one.problems} for one in self.named if one.problems
            ],
            "recordings": [one.recording_id for one in self.named if one.outcome is Outcome.WOULD],
            "unnamed": self.unnamed,
        }


def _told(one: Done) -> dict[str, Any]:
    kept = ("recording_id", "stage", "reason", "is_retryable")
    return {name: value for name, value in asdict(one).items() if name in kept}
