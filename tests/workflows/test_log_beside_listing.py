"""What the System Log says beside a listing: whose removal it states, and who moved while the listing was read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.core.changes import Action
from syncd.core.situations import Situation
from syncd.ports import OutcomeKind
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import reconcile
from tests.fakes.event_log import FakeEventLog
from tests.workflows.conftest import APP, LOGINS, Office, unassign

REMOVE, ADD = "application.user_membership.remove", "application.user_membership.add"


@pytest.fixture
def log() -> FakeEventLog:
    return FakeEventLog(now=datetime.now(UTC))


def desk(office: Office, log: FakeEventLog) -> Desk:
    return replace(office.desk, log=log)


def test_an_unassignment_that_okta_states_is_repaired_by_the_next_night_and_says_how_late(
    office: Office, crowd: list[str], log: FakeEventLog
) -> None:
    log.happen(REMOVE, office.okta_id(LOGINS[0]), published=log.now - timedelta(hours=5))
    unassign(office, LOGINS[0])
    result = reconcile(replace(desk(office, log), revocation_sla=timedelta(hours=1)), apply=True)
    (outcome,) = result.outcomes
    assert outcome.kind is OutcomeKind.DONE
    with office.database.reading(APP) as unit:
        (told,) = [event for event in unit.audit_trail() if event.action == Action.REVOCATION_LATE]
    assert told.detail["account"] == crowd[0]
    assert outcome.late is not None
    assert timedelta(hours=5) <= outcome.late < timedelta(hours=6)
    assert not office.is_open(crowd[0])


def test_somebody_who_was_assigned_again_has_no_removal(office: Office, crowd: list[str], log: FakeEventLog) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    log.happen(REMOVE, okta_user_id, published=log.now - timedelta(hours=5))
    log.happen(ADD, okta_user_id, published=log.now - timedelta(hours=4))
    unassign(office, LOGINS[0])
    assert [one.kind for one in reconcile(desk(office, log), apply=True).outcomes] == [OutcomeKind.WAITING]


def test_of_many_who_are_missing_nothing_is_concluded_of_somebody_who_moved_meanwhile(
    office: Office, crowd: list[str], log: FakeEventLog
) -> None:
    office.policy = replace(office.policy, lookup_limit=2)
    moved = office.okta_id(LOGINS[3])
    unassign(office, *LOGINS[:4])

    def happen(number: int) -> None:
        if number == 2:
            log.now += timedelta(minutes=2)
            log.happen(ADD, moved)

    office.okta.before_page = happen
    result = reconcile(desk(office, log), apply=True)
    assert result.report is not None
    assert (result.report.counts[Situation.UNKNOWN], result.applied) == (1, 3)
    assert office.is_open(crowd[3])


def test_a_log_that_cannot_be_read_keeps_no_run_from_its_work(
    office: Office, crowd: list[str], log: FakeEventLog
) -> None:
    log.unhealthy = set(log.clauses)
    unassign(office, LOGINS[0])
    assert [one.kind for one in reconcile(desk(office, log), apply=True).outcomes] == [OutcomeKind.WAITING]
    assert any("System Log" in said for said in office.told)
