"""Who else an account was said to belong to: from a sealed snapshot, and from what an account carried before."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from scim.resource import StoredResource
from syncd.core.changes import Change
from syncd.core.subjects import Assignment
from syncd.store import SqlDatabase
from syncd.store.dispute_tables import claimant
from tests.conftest import APP
from tests.store.snapshots import CAUSE, assignment, create, okta_id, snapshot_of

ADA, BOB = 1, 2


def claimants(database: SqlDatabase, *account_ids: str) -> dict[str, frozenset[str]]:
    """Return who claims these accounts."""
    with database.reading(APP) as unit:
        return dict(unit.staging.claimants(account_ids))


def is_disputed(database: SqlDatabase, account_id: str) -> bool:
    with database.reading(APP) as unit:
        return unit.staging.is_disputed(account_id)


def settle(database: SqlDatabase, *okta_user_ids: str) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.staging.settle(okta_user_ids)


def carry(database: SqlDatabase, account: StoredResource, number: int | None) -> StoredResource:
    """Let the account carry the Okta user id of that person."""
    with database.transaction(APP, CAUSE) as unit:
        stored = unit.resources.read("User", account.id)
        external_id = None if number is None else okta_id(number)
        changed = unit.record(Change("User", stored, {**stored.document, "externalId": external_id}))
    assert changed is not None
    return changed


@pytest.fixture
def account(database: SqlDatabase) -> StoredResource:
    """Ada's account by Okta's word, that carries the Okta user id of Bob."""
    with database.transaction(APP, CAUSE) as unit:
        return create(unit, ADA, externalId=okta_id(BOB))


@pytest.fixture
def dispute(database: SqlDatabase, account: StoredResource) -> dict[str, frozenset[str]]:
    """What is told while Okta's row of Ada is listed."""
    snapshot_of(database, [assignment(ADA, account.id)])
    return {account.id: frozenset({okta_id(ADA)})}


def test_a_row_that_names_the_account_of_another_is_remembered(
    database: SqlDatabase, dispute: dict[str, frozenset[str]]
) -> None:
    assert claimants(database, *dispute) == dispute
    snapshot_of(database, [assignment(9)])
    assert claimants(database, *dispute) == dispute


def test_a_row_that_names_its_own_account_is_no_dispute(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        own = create(unit, ADA)
    snapshot_of(database, [assignment(ADA, own.id)])
    assert claimants(database, own.id) == {}


def test_what_an_account_carried_before_is_remembered(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        own = create(unit, ADA)
    carry(database, own, None)
    assert claimants(database, own.id) == {}, "it carries nobody's id, so nobody is asked about"
    carry(database, own, BOB)
    assert claimants(database, own.id) == {own.id: {okta_id(ADA)}}
    carry(database, own, ADA)
    assert claimants(database, own.id) == {own.id: {okta_id(BOB)}}


def test_a_row_that_names_an_account_without_an_id_is_remembered_for_when_it_carries_one(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        bare = create(unit, ADA, externalId=None)
    snapshot_of(database, [assignment(ADA, bare.id)])
    assert claimants(database, bare.id) == {}
    carry(database, bare, BOB)
    assert claimants(database, bare.id) == {bare.id: {okta_id(ADA)}}


def of_another(_database: SqlDatabase) -> Assignment:
    return assignment(ADA, "another account")


def of_another_by_okta_id(database: SqlDatabase) -> Assignment:
    with database.transaction(APP, CAUSE) as unit:
        create(unit, 5, externalId=okta_id(ADA))
    return assignment(ADA)


@pytest.mark.parametrize("row", [of_another, of_another_by_okta_id])
def test_it_ends_when_the_row_points_to_another_account(
    database: SqlDatabase, account: StoredResource, dispute: dict[str, frozenset[str]], row: object
) -> None:
    assert callable(row)
    snapshot_of(database, [row(database)])
    assert claimants(database, account.id) == {}


def test_a_row_that_points_nowhere_ends_nothing(database: SqlDatabase, dispute: dict[str, frozenset[str]]) -> None:
    snapshot_of(database, [replace(assignment(ADA), user_name="other@example.com")])
    assert claimants(database, *dispute) == dispute


def test_whoever_is_settled_is_told_and_disputes_nothing_until_they_are_listed_again(
    database: SqlDatabase, account: StoredResource, dispute: dict[str, frozenset[str]]
) -> None:
    settle(database, okta_id(ADA), "nobody")
    assert not is_disputed(database, account.id)
    assert claimants(database, account.id) == dispute
    snapshot_of(database, [assignment(9)])
    assert not is_disputed(database, account.id)
    snapshot_of(database, [assignment(ADA, account.id)])
    assert is_disputed(database, account.id)


def test_another_application_hears_nothing_of_it(
    database: SqlDatabase, account: StoredResource, dispute: dict[str, frozenset[str]]
) -> None:
    database.ensure_app("other", "0oaother")
    with database.transaction("other", CAUSE) as unit:
        assert unit.staging.claimants([account.id]) == {}
        unit.staging.settle([okta_id(ADA)])
    assert claimants(database, *dispute) == dispute


def test_it_goes_with_its_account(
    database: SqlDatabase, account: StoredResource, dispute: dict[str, frozenset[str]]
) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", account, None))
    with database.reading(APP) as unit:
        assert unit._scope.connection.execute(select(func.count()).select_from(claimant)).scalar_one() == 0


def test_a_group_belongs_to_nobody(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        group = unit.resources.create("Group", {"displayName": "Guides", "externalId": "00g1"}, [])
        unit.record(Change("Group", group, {"displayName": "Guides", "externalId": "00g2"}))
    assert claimants(database, group.id) == {}
    with database.reading(APP) as unit:
        assert unit._scope.connection.execute(select(func.count()).select_from(claimant)).scalar_one() == 0
