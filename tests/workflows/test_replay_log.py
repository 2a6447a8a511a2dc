"""What happened while a listing was read: whom not to judge by it."""

from datetime import timedelta

import pytest

from syncd.ports import SourceUnhealthyError
from syncd.workflows.replay_log import removed_since, take_places, touched_since
from tests.fakes.event_log import FakeEventLog

ADD = "application.user_membership.add"
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


def test_somebody_who_was_assigned_again_is_not_removed_in_whatever_order_the_log_tells_it() -> None:
    log = FakeEventLog()
    begun, removed, given = (log.now + timedelta(minutes=number) for number in range(3))
    log.now = given
    for person, told in {"00uhad": (REMOVE, ADD), "00ulate": (ADD, REMOVE)}.items():
        for event_type in told:
            log.happen(event_type, person, published=removed if event_type == REMOVE else given)
    log.happen(REMOVE, "00ugone", published=removed)
    log.happen(ADD, "00uagain", published=removed)
    log.happen(REMOVE, "00uagain", published=given)
    assert removed_since(log, begun) == {"00ugone": removed, "00uagain": given}


def test_removals_of_a_log_without_an_end_are_not_told() -> None:
    log = FakeEventLog()
    begun = log.now
    for number in range(4):
        log.happen(REMOVE, f"00u{number}")
    log.stuck = True
    with pytest.raises(SourceUnhealthyError):
        removed_since(log, begun)
