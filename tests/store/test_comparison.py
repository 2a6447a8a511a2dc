"""The comparison in SQL says what the plain one says, and reads each row about once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from syncd.core.changes import Change
from syncd.core.subjects import Account, Assignment, LinkKey, Origin, Subject
from syncd.ports import Comparison, SnapshotRefusedError, UnitOfWork
from syncd.store import SqlDatabase, open_database, pairing
from syncd.store.correlation import PARTNERS
from syncd.store.tables import snapshot_item
from syncd.store.unit_of_work import SqlUnitOfWork
from tests.conftest import APP, SteppingClock
from tests.store.naive_comparison import NaiveComparison
from tests.store.random_worlds import Planned, World, worlds
from tests.store.snapshots import CAUSE, IDENTITY, assignment, create, document, okta_id, snapshot_of, stage


class UndoneError(Exception):
    """Ends a unit of work without a trace."""


@contextmanager
def undone(database: SqlDatabase) -> Iterator[SqlUnitOfWork]:
    """Open a unit of work that is rolled back at its end."""
    with suppress(UndoneError), database.transaction(APP, CAUSE) as unit:
        yield unit
        raise UndoneError


def make(unit: UnitOfWork, planned: Planned) -> str:
    made = unit.record(Change("User", None, planned.document, origin=planned.origin))
    assert made is not None
    return made.id


def enact(unit: UnitOfWork, world: World) -> tuple[Comparison, NaiveComparison]:
    """Let the world happen around a walk; return what the store makes of it, and what there was to compare."""
    early = {number: make(unit, one) for number, one in world.accounts.items() if not one.made_late}
    snapshot_id = unit.staging.begin("run")
    late = {number: make(unit, one) for number, one in world.accounts.items() if one.made_late}
    ids = early | late
    for number, planned in world.accounts.items():
        if planned.changed_late:
            before = unit.resources.read("User", ids[number])
            unit.record(Change("User", before, {**before.document, "title": "changed"}))
    rows = [replace(row, external_id=ids[link]) if link in ids else row for row, link in world.listed]
    stage(unit, snapshot_id, rows)
    unit.staging.seal(snapshot_id, IDENTITY)
    walked = dict.fromkeys(early.values(), 1)
    return unit.staging.compare(snapshot_id), NaiveComparison(
        [replace(account_now(unit, one), walk_version=walked.get(one)) for one in ids.values()], rows
    )


def account_now(unit: UnitOfWork, account_id: str) -> Account:
    found = unit.account(account_id)
    assert found is not None
    return found[0]


@given(world=worlds())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("at_once", [1, 5000])
def test_sql_finds_what_the_plain_comparison_finds(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch, at_once: int, world: World
) -> None:
    monkeypatch.setattr(pairing, "AT_ONCE", at_once)
    with undone(database) as unit:
        found, naive = enact(unit, world)
        told = replace(found, differing=tuple(replace(subject, absence=None) for subject in found.differing))
        assert told == naive.compare()


@given(world=worlds())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_assignment_and_every_account_is_in_one_place(database: SqlDatabase, world: World) -> None:
    """An account may be a candidate several times over, once for each assignment that points to it."""
    with undone(database) as unit:
        found, naive = enact(unit, world)
    listed = {subject.assignment.okta_user_id: subject for subject in found.differing if subject.assignment}
    alone = [subject.candidates[0].account.id for subject in found.differing if not subject.assignment]
    pointed_to = {candidate.account.id for subject in listed.values() for candidate in subject.candidates}
    assert found.assignments == found.in_sync + len(listed) == len(naive.assignments)
    assert found.accounts == found.in_sync + found.closed + len(alone) + len(pointed_to) == len(naive.accounts)
    assert not pointed_to & set(alone)
    for subject in listed.values():
        ids = [candidate.account.id for candidate in subject.candidates]
        assert ids == sorted(set(ids))
        assert all(candidate.keys for candidate in subject.candidates)


@given(world=worlds(), most=st.integers(0, 8))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_beyond_the_bound_is_counted(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch, world: World, most: int
) -> None:
    monkeypatch.setattr(pairing, "AT_ONCE", 2)
    with undone(database) as unit:
        whole, _ = enact(unit, world)
        last = unit.staging.last_sealed()
        assert last is not None
        found = unit.staging.compare(last.snapshot_id, most)
    unbounded = replace(found, differing=(), beyond=0, foreign_beyond=0, without_external_id=whole.without_external_id)
    assert unbounded == replace(whole, differing=())
    assert found.without_external_id == (0 if found.beyond else whole.without_external_id)
    assert len(found.differing) == min(most, len(whole.differing))
    assert len(found.differing) + found.beyond + found.foreign_beyond == len(whole.differing)
    assert [one for one in whole.differing if one in found.differing] == list(found.differing)
    left_out = [one for one in whole.differing if one not in found.differing]
    assert found.foreign_beyond == sum(is_foreign(one) for one in left_out)
    if found.beyond:
        assert not any(is_foreign(one) for one in found.differing), "they come last"


@given(world=worlds(), number=st.integers(0, 3))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_listing_that_lost_any_of_its_rows_is_refused(database: SqlDatabase, world: World, number: int) -> None:
    """Rows are not counted by themselves: how many there are follows from what was found of each."""
    assume(world.listed)
    lost, _ = world.listed[number % len(world.listed)]
    with undone(database) as unit:
        enact(unit, world)
        last = unit.staging.last_sealed()
        assert last is not None
        unit._scope.connection.execute(snapshot_item.delete().where(snapshot_item.c.okta_user_id == lost.okta_user_id))
        with pytest.raises(SnapshotRefusedError, match="lost"):
            unit.staging.compare(last.snapshot_id)


def is_foreign(subject: Subject) -> bool:
    return subject.assignment is None and subject.candidates[0].account.origin is not Origin.SCIM


# ------------------------------------------------------------------ one case at a time


def compared(database: SqlDatabase, *rows: Assignment) -> Comparison:
    snapshot_id = snapshot_of(database, rows).snapshot_id
    with database.reading(APP) as unit:
        return unit.staging.compare(snapshot_id)


def accounts(database: SqlDatabase, *numbers: int, **changes: Any) -> list[str]:
    with database.transaction(APP, CAUSE) as unit:
        return [create(unit, number, **changes).id for number in numbers]


def keys(subject: Subject) -> dict[str, frozenset[LinkKey]]:
    return {candidate.account.id: candidate.keys for candidate in subject.candidates}


def test_people_who_agree_are_counted_and_not_listed(database: SqlDatabase) -> None:
    ids = accounts(database, 1, 2, 3)
    found = compared(database, *(assignment(number, ids[number - 1]) for number in (1, 2, 3)))
    assert found == Comparison(3, 3, 3, 3, 0, ())


def test_okta_need_not_carry_our_id_nor_we_okta_s(database: SqlDatabase) -> None:
    accounts(database, 1)
    (second,) = accounts(database, 2, externalId=None)
    assert compared(database, assignment(1), assignment(2, second)).in_sync == 2


RIVALS: dict[LinkKey, Callable[[str], dict[str, Any]]] = {
    LinkKey.SCIM_ID: lambda account_id: {"external_id": account_id},
    LinkKey.USER_NAME: lambda _: {"user_name": "PERSON1@example.com"},
}


@pytest.mark.parametrize("key", RIVALS)
@pytest.mark.parametrize("carries_our_id", [True, False])
@pytest.mark.parametrize("renamed", [False, True])
def test_a_second_person_who_points_to_an_account_makes_both_differ(
    database: SqlDatabase, key: LinkKey, carries_our_id: bool, renamed: bool
) -> None:
    (account,) = accounts(database, 1)
    own = assignment(1, account if carries_our_id else None, **{"user_name": "new@example.com"} if renamed else {})
    assert compared(database, own).in_sync == 1
    found = compared(database, own, assignment(2, **RIVALS[key](account)))
    assert (found.in_sync, found.accounts) == (0, 1)
    first, second = found.differing
    assert LinkKey.OKTA_USER_ID in keys(first)[account]
    assert keys(second) == {account: frozenset({key})}


def test_two_accounts_of_one_okta_user_are_both_candidates(database: SqlDatabase) -> None:
    first, second = accounts(database, 1)[0], accounts(database, 2, externalId=okta_id(1))[0]
    (subject,) = compared(database, assignment(1, first)).differing
    assert keys(subject) == {first: frozenset(PARTNERS), second: frozenset({LinkKey.OKTA_USER_ID})}


def test_keys_that_point_to_three_accounts_name_all_three(database: SqlDatabase) -> None:
    ids = accounts(database, 1, 2, 3)
    row = replace(assignment(1, ids[1]), user_name="PERSON3@example.com")
    (subject,) = compared(database, row).differing
    assert [candidate.account.id for candidate in subject.candidates] == sorted(ids)
    by_name, by_id, by_okta_id = LinkKey.USER_NAME, LinkKey.SCIM_ID, LinkKey.OKTA_USER_ID
    assert keys(subject) == {
        ids[0]: frozenset({by_okta_id}),
        ids[1]: frozenset({by_id}),
        ids[2]: frozenset({by_name}),
    }


def test_an_account_is_told_with_its_version_before_the_walk_and_its_version_now(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        original = create(unit, 1)
    earlier_id = snapshot_of(database, []).snapshot_id
    with database.transaction(APP, CAUSE) as unit:
        account = unit.record(Change("User", original, document(1, title="later than the earlier snapshot")))
        assert account is not None
        snapshot_id = unit.staging.begin(unit.runs.begin("apply", None))
        changed = unit.record(Change("User", account, document(1, name={"givenName": "Sam"})))
        late = create(unit, 2)
        stage(unit, snapshot_id, [assignment(1, account.id), assignment(2, late.id, app_status="NEW")])
        unit.staging.seal(snapshot_id, IDENTITY)
        differing = unit.staging.compare(snapshot_id).differing
        earlier = [one.candidates[0].account for one in unit.staging.compare(earlier_id).differing]
    assert changed is not None
    told = {one.candidates[0].account.id: one.candidates[0].account for one in differing}
    assert (told[account.id].walk_version, told[account.id].version) == (2, 3)
    assert (told[late.id].walk_version, told[late.id].version) == (None, 1)
    assert told[account.id].attributes["name.givenName"] == "Sam"
    assert sorted((one.id, one.walk_version) for one in earlier) == sorted([(account.id, 1), (late.id, None)])


def test_groups_are_no_accounts(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        group = unit.resources.create("Group", {"displayName": "person1@example.com", "externalId": okta_id(1)})
    found = compared(database, assignment(1, group.id))
    assert (found.accounts, found.differing[0].candidates) == (0, ())


# ------------------------------------------------------------------ what it costs


def steps_of(unit: UnitOfWork, work: Callable[[], object]) -> int:
    """Return how many steps SQLite's machine made while `work` ran, in hundreds."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    driver = unit._scope.connection.connection.dbapi_connection  # type: ignore[attr-defined]  # not of the port
    driver.set_progress_handler(step, 100)
    try:
        work()
    finally:
        driver.set_progress_handler(None, 0)
    return steps


def cost(database: SqlDatabase, people: range) -> int:
    """Return what it costs to seal and compare a snapshot of so many people."""
    with undone(database) as unit:
        ids = [create(unit, number).id for number in people]
        snapshot_id = unit.staging.begin("run")
        rows = [assignment(number, account_id) for number, account_id in zip(people, ids, strict=True)]
        stage(unit, snapshot_id, rows[10:])
        return steps_of(unit, lambda: (unit.staging.seal(snapshot_id, IDENTITY), unit.staging.compare(snapshot_id)))


@pytest.fixture
def on_sqlite(sqlite_url: str, clock: SteppingClock) -> Iterator[SqlDatabase]:
    opened = open_database(sqlite_url, clock=clock, new_id=lambda: str(uuid4()))
    opened.ensure_app(APP, IDENTITY.okta_app_id)
    yield opened
    opened.close()


def test_four_times_the_people_cost_about_four_times_as_much_without_statistics(on_sqlite: SqlDatabase) -> None:
    """A partner that is looked for without the index of its key would make it sixteen times."""
    assert cost(on_sqlite, range(600)) < 6 * cost(on_sqlite, range(150))
