"""What after the call is worth a person's attention, and in which words they are told."""

from pathlib import Path

import pytest

from centralita.health_storage import (
    LATE_SECONDS,
    LEAST_BYTES,
    UNSENT_SECONDS,
    disk_health,
    jobs_health,
    told_time,
    uploads_health,
)
from storage.jobs.backlog import Backlog
from storage.recording_store.waiting import UploadsWaiting


def test_work_that_flows_is_well() -> None:
    told = jobs_health(Backlog(waiting=900, running=2, oldest_due_seconds=LATE_SECONDS - 1), works=True)
    assert (told.is_ready, told.model, told.detail) == (True, "900 waiting, 2 running", "")


def test_a_job_that_was_given_up_wants_a_person() -> None:
    told = jobs_health(Backlog(dead=3), works=True)
    assert not told.is_ready
    assert told.detail == "3 given up: see `centralita jobs dead`, then `centralita jobs retry --dead`"


@pytest.mark.parametrize(("works", "way_out"), [(True, "`centralita up`"), (False, "`centralita worker`")])
def test_work_that_nobody_does_wants_a_person(works: bool, way_out: str) -> None:
    told = jobs_health(Backlog(waiting=1, oldest_due_seconds=3 * 3600), works=works)
    assert not told.is_ready
    assert "waited 3.0 hours" in told.detail
    assert way_out in told.detail


def test_a_disk_says_how_many_calls_it_takes_and_when_it_does_not() -> None:
    room = disk_health(Path("/data"), 115 * 10**9)
    assert (room.is_ready, room.model) == (True, "107.1 GiB free, 998 hours of calls")
    full = disk_health(Path("/data"), LEAST_BYTES - 1)
    assert not full.is_ready
    assert "make room" in full.detail


def test_uploads_may_wait_but_not_for_ever() -> None:
    assert uploads_health(UploadsWaiting(40, UNSENT_SECONDS - 1)).is_ready
    late = uploads_health(UploadsWaiting(40, 3 * 86400.0, is_whole=False))
    assert not late.is_ready
    assert (late.model, late.detail) == (
        "more than 40 calls wait",
        "the oldest for 3 days: `centralita recordings upload` says why",
    )


def test_times_are_told_as_people_say_them() -> None:
    assert [told_time(3600), told_time(86400), told_time(5 * 86400)] == ["1.0 hours", "24.0 hours", "5 days"]
