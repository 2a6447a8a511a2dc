"""What a push takes away is noted with the change; nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest

from scim.resource import StoredResource
from syncd.core.changes import Cause, Change
from syncd.store import SqlDatabase
from tests.conftest import APP, SteppingClock
from tests.store.statements import watched
from tests.store.test_round_trips import counted

PUSH, RUN = Cause("token:t1"), Cause("reconciler")
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)


def create(database: SqlDatabase, name: str, *, active: bool = True) -> StoredResource:
    with database.transaction(APP, PUSH) as unit:
        stored = unit.record(Change("User", None, {"userName": name, "active": active}))
    assert stored is not None
    return stored


def change(database: SqlDatabase, before: StoredResource, cause: Cause = PUSH, **changes: object) -> StoredResource:
    with database.transaction(APP, cause) as unit:
        stored = unit.record(Change("User", before, {**before.document, **changes}))
    assert stored is not None
    return stored


def delete(database: SqlDatabase, before: StoredResource, cause: Cause = PUSH) -> None:
    with database.transaction(APP, cause) as unit:
        unit.record(Change(before.resource_type, before, None))


def noted(database: SqlDatabase, since: datetime = ALWAYS) -> list[tuple[str, int, bool]]:
    with database.reading(APP) as unit:
        rows = unit.notices.inbound(since, 100)
        assert unit.notices.count_inbound(since) == len(rows)
    return [(one.subject_id, one.version, one.deleted) for one in rows]


def test_a_push_that_closes_or_deletes_an_open_account_is_noted(database: SqlDatabase) -> None:
    ann, bob = create(database, "ann"), create(database, "bob")
    change(database, ann, active=False)
    delete(database, bob)
    assert noted(database) == [(ann.id, 2, False), (bob.id, 1, True)]


def test_nothing_else_is(database: SqlDatabase) -> None:
    ann, bob, closed = create(database, "ann"), create(database, "bob"), create(database, "cleo", active=False)
    ann = change(database, ann, title="Countess")
    ann = change(database, ann, RUN, active=False)
    ann = change(database, ann, active=True)
    delete(database, closed)
    delete(database, bob, RUN)
    with database.transaction(APP, PUSH) as unit:
        group = unit.record(Change("Group", None, {"displayName": "guides"}))
    assert group is not None
    delete(database, group)
    assert noted(database) == []


def test_what_is_rolled_back_is_not_noted(database: SqlDatabase) -> None:
    ann = create(database, "ann")

    def close_and_fail() -> None:
        with database.transaction(APP, PUSH) as unit:
            unit.record(Change("User", ann, {**ann.document, "active": False}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        close_and_fail()
    assert noted(database) == []


def test_they_are_counted_from_a_moment_on_and_forgotten(database: SqlDatabase, clock: SteppingClock) -> None:
    ann, bob = create(database, "ann"), create(database, "bob")
    change(database, ann, active=False)
    between = clock.moment + timedelta(milliseconds=500)
    change(database, bob, active=False)
    assert noted(database, between) == [(bob.id, 2, False)]
    with database.transaction(APP, RUN) as unit:
        unit.notices.tidy(between)
    assert noted(database) == [(bob.id, 2, False)]


def test_applications_are_counted_apart(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother000000000001")
    change(database, create(database, "ann"), active=False)
    with database.reading("other") as unit:
        assert (unit.notices.count_inbound(ALWAYS), unit.notices.inbound(ALWAYS, 10)) == (0, ())


def test_a_write_that_takes_nothing_away_sends_nothing_more(database: SqlDatabase) -> None:
    ann = create(database, "ann")
    sent: list[str] = []
    with watched(lambda sql, _: sent.append(sql)):
        change(database, ann, title="Countess")
    assert [sql for sql in sent if "inbound" in sql] == []


def test_counting_looks_into_the_index(sqlite_database: SqlDatabase) -> None:
    with sqlite_database.reading(APP) as unit:
        rows = unit._scope.connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT count(*) FROM inbound_deactivation WHERE app = 1 AND at >= 5"
        ).all()
    assert "USING COVERING INDEX ix_inbound_deactivation_app_at" in str(rows)


@pytest.mark.postgres
def test_noting_takes_no_round_trip_of_its_own(postgres_database: SqlDatabase) -> None:
    ann, bob = create(postgres_database, "ann"), create(postgres_database, "bob")
    change(postgres_database, ann, active=False)  # and prepare its statements
    with counted() as sent:
        change(postgres_database, bob, active=False)
    assert len(sent) <= 2
    assert len(noted(postgres_database)) == 2
