"""What hints of the System Log lead to, beside what a night over everybody would do."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.core.situations import Situation
from syncd.workflows.follow_events import Watch, follow_events
from syncd.workflows.reconcile import reconcile
from syncd.workflows.reconcile_subjects import MOST_AT_ONCE, dealt_with, reconcile_subjects
from tests.fakes.event_log import FakeEventLog
from tests.workflows.conftest import APP, LOGINS, Office, dismiss

REMOVE, ADD = "application.user_membership.remove", "application.user_membership.add"


def watch_of(office: Office, log: FakeEventLog) -> Watch:
    def settle(removals: Mapping[str, datetime | None]) -> Collection[str]:
        return dealt_with(reconcile_subjects(office.desk, removals), removals)

    return Watch(APP, log, office.database, settle, office.told.append)


@pytest.mark.parametrize("is_given_again", [True, False])
def test_a_removal_counts_until_the_log_says_that_the_assignment_was_given_again(
    office: Office, crowd: list[str], is_given_again: bool
) -> None:
    log = FakeEventLog()
    watch = watch_of(office, log)
    follow_events(watch)
    okta_user_id = office.okta_id(LOGINS[0])
    log.now += timedelta(hours=1)
    log.happen(REMOVE, okta_user_id)
    log.now += timedelta(minutes=1)
    if is_given_again:
        log.happen(ADD, okta_user_id)
    office.okta.unassign(okta_user_id)
    follow_events(watch)
    assert office.is_open(crowd[0]) is is_given_again


def test_a_hint_does_not_close_what_a_night_leaves_to_whoever_has_the_name_now(
    office: Office, crowd: list[str]
) -> None:
    left = office.okta_id(LOGINS[0])
    dismiss(office, LOGINS[0])
    office.okta.hire(LOGINS[0])
    reconcile(office.desk, apply=True)
    assert office.is_open(crowd[0])
    reconcile_subjects(office.desk, {left: None})
    assert office.is_open(crowd[0])


def test_a_run_that_wants_some_situations_only_is_no_full_run(office: Office, crowd: list[str]) -> None:
    watch = watch_of(office, FakeEventLog())
    assert follow_events(watch).full_run is not None
    dismiss(office, LOGINS[0])
    reconcile(replace(office.desk, only=frozenset({Situation.LAPSED})), apply=True)
    assert office.is_open(crowd[0])
    assert follow_events(watch).full_run is not None
    reconcile(office.desk, apply=True)
    assert follow_events(watch).full_run is None


def test_whoever_is_beyond_the_most_that_are_looked_at_is_not_dealt_with(office: Office, crowd: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    dismiss(office, LOGINS[0])
    removals: dict[str, datetime | None] = {f"00unobody{number}": None for number in range(MOST_AT_ONCE)}
    removals[okta_user_id] = None
    settled = dealt_with(reconcile_subjects(office.desk, removals), removals)
    assert office.is_open(crowd[0])
    assert settled == removals.keys() - {okta_user_id}
