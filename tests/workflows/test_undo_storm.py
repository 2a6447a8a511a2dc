"""What a storm closed is opened again when a person says so, and only what nobody touched since."""

from datetime import UTC, datetime, timedelta

import pytest

from scim.resource import MembershipChange
from syncd.core.alarms import StormRule
from syncd.core.changes import Cause
from syncd.workflows.notify import watch_push_storm
from syncd.workflows.undo_storm import last_storm, list_storm, undo_storm
from tests.conftest import SteppingClock
from tests.workflows.conftest import APP, Office

PERSON, PUSH = Cause("operator"), Cause("token:t1")
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)
LOGINS = [f"person{number}@example.com" for number in range(4)]


@pytest.fixture
def closed(office: Office) -> list[str]:
    """Four people whom pushes have closed; their SCIM ids."""
    ids = [office.hire(login) for login in LOGINS]
    for account_id in ids:
        push(office, account_id, active=False)
    return ids


def push(office: Office, account_id: str, **changes: object) -> None:
    with office.database.transaction(APP, PUSH) as unit:
        stored = unit.resources.read("User", account_id)
        unit.resources.update(stored, {**stored.document, **changes}, MembershipChange())


def test_a_storm_is_listed_and_undone_once(office: Office, closed: list[str]) -> None:
    listed = list_storm(office.database, APP, ALWAYS)
    assert [(one.user_name, one.objection) for one in listed] == [(login, None) for login in LOGINS]
    assert undo_storm(office.database, APP, PERSON, ALWAYS) == listed
    assert all(office.is_open(account) for account in closed)
    assert office.actions(closed[0]) == ["account:created", "account:deactivated", "account:reactivated"]
    again = undo_storm(office.database, APP, PERSON, ALWAYS)
    assert {one.objection for one in again} == {"it is open already"}
    assert office.actions(closed[0]).count("account:reactivated") == 1


def test_what_was_touched_since_is_left_alone(office: Office, closed: list[str]) -> None:
    push(office, closed[0], title="touched")
    push(office, closed[1], active=True)
    with office.database.transaction(APP, PUSH) as unit:
        unit.resources.delete("User", closed[2])
    undone = {one.account_id: one.objection for one in undo_storm(office.database, APP, PERSON, ALWAYS)}
    assert undone == {
        closed[0]: "it was changed since it was closed",
        closed[1]: "it is open already",
        closed[2]: "it is gone",
        closed[3]: None,
    }
    assert [office.is_open(account) for account in (closed[0], closed[1], closed[3])] == [False, True, True]


def test_of_an_account_that_was_closed_twice_the_last_time_counts(office: Office, closed: list[str]) -> None:
    push(office, closed[0], active=True)
    push(office, closed[0], active=False)
    listed = list_storm(office.database, APP, ALWAYS)
    assert sorted(one.account_id for one in listed) == sorted(closed)
    assert {one.objection for one in listed} == {None}


def test_a_deleted_account_is_not_made_again(office: Office) -> None:
    account_id = office.hire(LOGINS[0])
    with office.database.transaction(APP, PUSH) as unit:
        unit.resources.delete("User", account_id)
    (one,) = list_storm(office.database, APP, ALWAYS)
    assert one.objection == "it was deleted: let Okta push it again"


def test_what_the_reconciler_closed_is_not_part_of_it(office: Office) -> None:
    office.edit(office.hire(LOGINS[0]), active=False)
    assert list_storm(office.database, APP, ALWAYS) == ()


def test_the_last_storm_is_remembered_when_it_is_over(office: Office, closed: list[str], clock: SteppingClock) -> None:
    assert last_storm(office.database, APP) is None
    rule = StormRule(3, timedelta(minutes=10))
    watch_push_storm(office.database, APP, rule, clock)
    noticed = last_storm(office.database, APP)
    clock.moment += timedelta(hours=1)
    watch_push_storm(office.database, APP, rule, clock)
    assert last_storm(office.database, APP) == noticed is not None
    assert len(list_storm(office.database, APP, noticed - rule.window)) == len(closed)
