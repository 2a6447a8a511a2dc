"""Held, a storm stops at the limit, whatever way its pushes take, until a person lets it through."""

from datetime import timedelta

import pytest

from syncd.core.alarms import StormRule
from syncd.core.changes import Cause, Change
from syncd.store import SqlDatabase
from syncd.workflows.hold_storm import COME_BACK_AFTER, HoldingDatabase, release_storm
from syncd.workflows.notify import watch_push_storm
from tests.conftest import APP, SteppingClock
from tests.workflows.pushing import Answer, Pusher

RULE = StormRule(2, timedelta(minutes=10), hold=True)
HOUR = timedelta(hours=1)
OPERATOR = Cause("operator:ann")


@pytest.fixture
def okta(database: SqlDatabase, clock: SteppingClock) -> Pusher:
    return Pusher(HoldingDatabase(database, {APP: RULE}, clock), APP)


@pytest.fixture
def staff(okta: Pusher) -> list[str]:
    return [okta.user(f"person{number}", active=True) for number in range(8)]


def close(okta: Pusher, user: str) -> Answer:
    return okta.send("PATCH", f"/Users/{user}", patch({"op": "replace", "path": "active", "value": False}))


def patch(*operations: dict[str, object]) -> dict[str, object]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


def is_open(okta: Pusher, user: str) -> bool:
    return bool(okta.send("GET", f"/Users/{user}").body["active"])


def reasons(database: SqlDatabase) -> list[str]:
    with database.reading(APP) as unit:
        return [one.notice.title for one in unit.notices.standing() if one.ended is None]


def test_what_is_beyond_the_limit_is_refused_whole_and_told_once(
    okta: Pusher, staff: list[str], database: SqlDatabase
) -> None:
    assert [close(okta, user).status for user in staff[:4]] == [200, 200, 429, 429]
    assert [is_open(okta, user) for user in staff[:4]] == [False, False, True, True]
    assert reasons(database) == [f"{APP}: pushes that close accounts are held: more than 2 within 10 minutes"]
    with database.reading(APP) as unit:
        assert [one.times for one in unit.notices.standing()] == [1]


def test_the_client_is_told_when_to_come_back(okta: Pusher, staff: list[str]) -> None:
    refused = [close(okta, user) for user in staff[:3]][-1]
    assert refused.headers["Retry-After"] == str(COME_BACK_AFTER)
    assert refused.body["status"] == "429"


@pytest.mark.parametrize("way", ["PUT", "DELETE", "Bulk"])
def test_every_way_is_held(okta: Pusher, staff: list[str], way: str) -> None:
    for user in staff[:2]:
        close(okta, user)
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "person2", "active": False}
    operation = {"method": "PUT", "path": f"/Users/{staff[2]}", "data": body}
    answers = {
        "PUT": lambda: okta.send("PUT", f"/Users/{staff[2]}", body),
        "DELETE": lambda: okta.send("DELETE", f"/Users/{staff[2]}"),
        "Bulk": lambda: okta.send(
            "POST",
            "/Bulk",
            {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]},
        ),
    }
    assert answers[way]().status == 429
    assert is_open(okta, staff[2])


def test_everything_else_is_taken(okta: Pusher, staff: list[str]) -> None:
    for user in staff[:3]:
        close(okta, user)
    title = patch({"op": "replace", "path": "title", "value": "Countess"})
    assert okta.send("PATCH", f"/Users/{staff[3]}", title).status == 200
    assert okta.send("PATCH", f"/Users/{staff[0]}", title).status == 200
    okta.user("newcomer")


def test_it_stays_held_when_the_window_has_passed(
    okta: Pusher, staff: list[str], database: SqlDatabase, clock: SteppingClock
) -> None:
    for user in staff[:3]:
        close(okta, user)
    clock.moment += HOUR
    watch_push_storm(database, APP, RULE, clock)
    assert close(okta, staff[3]).status == 429
    assert len(reasons(database)) == 1


def test_a_person_lets_it_through_for_a_while(
    okta: Pusher, staff: list[str], database: SqlDatabase, clock: SteppingClock
) -> None:
    for user in staff[:3]:
        close(okta, user)
    shorter_than_the_window = timedelta(minutes=5)
    assert release_storm(database, APP, shorter_than_the_window, clock, OPERATOR)
    assert reasons(database) == []
    assert [close(okta, user).status for user in staff[2:5]] == [200] * 3
    clock.moment += shorter_than_the_window
    assert [close(okta, user).status for user in staff[5:8]] == [200, 200, 429]
    assert len(reasons(database)) == 1


def test_to_release_what_is_not_held_says_so(database: SqlDatabase, clock: SteppingClock) -> None:
    assert not release_storm(database, APP, HOUR, clock, OPERATOR)


def test_who_let_it_through_is_in_the_audit_trail(database: SqlDatabase, clock: SteppingClock) -> None:
    release_storm(database, APP, HOUR, clock, OPERATOR)
    with database.reading(APP) as unit:
        (event,) = unit.audit_trail(limit=1)
    assert (event.action, event.actor, event.detail["held"]) == ("storm:released", "operator:ann", False)


def test_who_does_not_hold_any_more_is_released_by_the_watch(
    okta: Pusher, staff: list[str], database: SqlDatabase, clock: SteppingClock
) -> None:
    for user in staff[:3]:
        close(okta, user)
    watch_push_storm(database, APP, StormRule(2, timedelta(minutes=10)), clock)
    with database.reading(APP) as unit:
        assert unit.notices.push_hold().since is None


def test_an_application_that_does_not_ask_for_it_is_not_held(
    database: SqlDatabase, staff: list[str], clock: SteppingClock
) -> None:
    honouring = Pusher(HoldingDatabase(database, {"other": RULE}, clock), APP)
    assert {close(honouring, user).status for user in staff} == {200}
    assert reasons(database) == []


def test_the_reconciler_is_not_held(okta: Pusher, staff: list[str], database: SqlDatabase) -> None:
    for user in staff:
        with database.transaction(APP, Cause("reconciler")) as unit:
            stored = unit.resources.read("User", user)
            unit.record(Change("User", stored, {**stored.document, "active": False}))
    assert reasons(database) == []
