"""What happened while a listing was read: whom not to judge by it."""

from datetime import timedelta

import pytest

from syncd.ports import SourceUnhealthyError
from syncd.workflows.replay_log import take_places, touched_since
from tests.fakes.event_log import FakeEventLog

REMOVE, SUSPEND = "application.user_membership.remove", "user.lifecycle.suspend"


def test_whoever_something_happened_to_since_is_named_and_nobody_else() -> None:
    log = FakeEventLog()
    log.happen(REMOVE, "00ubefore")
    log.now += timedelta(minutes=10)
    places = take_places(log)
    log.now += timedelta(minutes=10)
    for person in ("00u1", "00u2", "00u3"):
        log.happen(REMOVE, person)
    log.happen(SUSPEND, "00u4")
    assert touched_since(log, places) == {"00u1", "00u2", "00u3", "00u4"}


def test_a_log_that_cannot_be_read_to_its_end_says_nothing() -> None:
    for spoil in ("unhealthy", "stuck", "lost"):
        log = FakeEventLog()
        places = take_places(log)
        for number in range(4):
            log.happen(REMOVE, f"00u{number}")
        if spoil == "unhealthy":
            log.unhealthy.update(log.clauses)
        log.stuck = spoil == "stuck"
        if spoil == "lost":
            log.oldest = log.now + timedelta(days=1)
        with pytest.raises(SourceUnhealthyError):
            touched_since(log, places)
