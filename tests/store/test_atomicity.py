"""Whatever statement of a change fails: all of the change is there, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from scim.errors import Unavailable
from scim.resource import Member, MembershipChange
from scim.store import Query
from syncd.core.changes import Cause, Change
from syncd.ports import UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.inspection import rows_of
from tests.store.statements import watched

CAUSE = Cause("test")
MOST_STATEMENTS = 40


class PulledPlugError(Exception):
    """Stands for whatever may happen at any statement."""


@contextmanager
def failing_at(number: int, error: Exception) -> Iterator[list[str]]:
    """Raise `error` instead of the statement of that number, from 1. Yields the statements that were reached."""
    reached: list[str] = []

    def fail(statement: str, _parameters: Any) -> None:
        reached.append(statement)
        if len(reached) == number:
            raise error

    with watched(fail):
        yield reached


def create_user(unit: UnitOfWork) -> None:
    unit.record(Change("User", None, {"userName": "new", "emails": [{"value": "new@x.example"}]}))


def create_group(unit: UnitOfWork) -> None:
    people = unit.resources.find(Query("User")).resources
    unit.resources.create("Group", {"displayName": "new"}, [Member(one.id, "shown") for one in people])


def rename_user(unit: UnitOfWork) -> None:
    ann = unit.resources.find(Query("User")).resources[0]
    unit.resources.update(ann, {"userName": "renamed", "emails": [{"value": "b@x.example"}]}, MembershipChange())


def swap_members(unit: UnitOfWork) -> None:
    guides = unit.resources.find(Query("Group")).resources[0]
    bob = unit.resources.find(Query("User")).resources[1]
    change = MembershipChange(replace=True, add=(Member(bob.id),))
    unit.resources.update(guides, {"displayName": "Guides", "externalId": "x"}, change)


def delete_user(unit: UnitOfWork) -> None:
    unit.resources.delete("User", unit.resources.find(Query("User")).resources[0].id)


def delete_group(unit: UnitOfWork) -> None:
    unit.resources.delete("Group", unit.resources.find(Query("Group")).resources[0].id)


CHANGES = [create_user, create_group, rename_user, swap_members, delete_user, delete_group]


@pytest.fixture
def furnished(database: SqlDatabase) -> SqlDatabase:
    """Two users, the first of them in a group."""
    with database.transaction(APP, CAUSE) as unit:
        ann = unit.resources.create("User", {"userName": "ann", "emails": [{"value": "a@x.example"}]})
        unit.resources.create("User", {"userName": "bob"})
        unit.resources.create("Group", {"displayName": "guides"}, [Member(ann.id)])
    return database


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_stopped_at_any_statement_leaves_nothing(
    furnished: SqlDatabase, database_url: str, change: Callable[[UnitOfWork], None]
) -> None:
    before = rows_of(database_url)
    for number in range(1, MOST_STATEMENTS):
        with failing_at(number, PulledPlugError()) as reached:
            try:
                with furnished.transaction(APP, CAUSE) as unit:
                    change(unit)
            except PulledPlugError:
                assert rows_of(database_url) == before, reached[-1]
            else:
                break
    else:
        pytest.fail(f"there are {MOST_STATEMENTS} statements and more")
    after = rows_of(database_url)
    for table in ("audit_event", "outbox"):
        assert len(after[table]) == len(before[table]) + 1


@pytest.mark.parametrize("change", CHANGES)
def test_a_database_that_fails_at_any_statement_is_unavailable_and_then_works_again(
    furnished: SqlDatabase, database_url: str, change: Callable[[UnitOfWork], None]
) -> None:
    before = rows_of(database_url)
    failure = OperationalError("statement", {}, Exception("disk full"))
    for number in range(2, MOST_STATEMENTS):
        with failing_at(number, failure):
            try:
                with furnished.transaction(APP, CAUSE) as unit:
                    change(unit)
            except Unavailable:
                assert rows_of(database_url) == before
            else:
                break
    else:
        pytest.fail(f"there are {MOST_STATEMENTS} statements and more")


def test_each_change_writes_one_event_and_one_message_for_it(furnished: SqlDatabase, database_url: str) -> None:
    with furnished.transaction(APP, CAUSE) as unit:
        for change in CHANGES:
            change(unit)
    rows = rows_of(database_url)
    assert len(rows["audit_event"]) == 3 + len(CHANGES)
    assert sorted(row[-1] for row in rows["outbox"]) == sorted(row[0] for row in rows["audit_event"])


def test_a_deletion_leaves_a_tombstone_and_no_other_row(database: SqlDatabase, database_url: str) -> None:
    with database.transaction(APP, CAUSE) as unit:
        document = {"userName": "Ann", "externalId": "00u1", "emails": [{"value": "a@x.example"}]}
        ann = unit.resources.create("User", document)
        guides = unit.resources.create("Group", {"displayName": "guides"}, [Member(ann.id)])
        unit.resources.delete("Group", guides.id)
        unit.resources.delete("User", ann.id)
    rows = rows_of(database_url)
    assert rows["resource"] == rows["member"] == rows["attr_value"] == []
    (tombstone,) = (row for row in rows["tombstone"] if row[3] == ann.id)
    assert tombstone[4:7] == ("ann", "00u1", 1)
    assert tombstone[-2:] == (document, "scim")


def test_a_changed_address_is_found_and_the_old_one_is_not(furnished: SqlDatabase) -> None:
    with furnished.transaction(APP, CAUSE) as unit:
        rename_user(unit)
    with furnished.reading(APP) as unit:
        assert unit.find_accounts("a@x.example") == ()
