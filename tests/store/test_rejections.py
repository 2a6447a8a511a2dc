"""What follows from the rejections of access reviews, on every database."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.resource import Member, MembershipChange
from syncd.core.changes import Cause, Change
from syncd.core.classification import Door
from syncd.core.planning import Item
from syncd.core.rejections import Rejections
from syncd.core.reviews import (
    Decision,
    Entry,
)
from syncd.core.situations import Effect, Situation
from syncd.core.subjects import MarkKind
from syncd.ports import OutcomeKind, SavedPlan, UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.random_worlds import World, worlds
from tests.store.reviewing import decide, finished, opened, population, rejected
from tests.store.snapshots import CAUSE, IDENTITY, assignment, create, okta_id, snapshot_of
from tests.store.test_comparison import enact, undone


@pytest.fixture
def people(database: SqlDatabase) -> list[str]:
    """The SCIM ids of three people; the last of them is closed."""
    with database.transaction(APP, CAUSE) as unit:
        return [create(unit, number, active=number != 3).id for number in (1, 2, 3)]


@pytest.fixture
def entries(database: SqlDatabase, people: list[str]) -> list[Entry]:
    return population(database, finished(database, 1, 2, 3))


def test_the_youngest_decision_about_an_account_is_what_counts(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    opened(database, entries)
    decide(database, "r-1", Decision.REJECT, *people[:2])
    assert rejected(database) == {(people[0], "r-1"), (people[1], "r-1")}
    opened(database, entries, "r-2")
    assert len(rejected(database)) == 2
    decide(database, "r-2", Decision.APPROVE, people[0])
    decide(database, "r-2", Decision.REJECT, people[1])
    assert rejected(database) == {(people[1], "r-2")}
    decide(database, "r-1", Decision.REJECT, people[0])
    assert rejected(database) == {(people[0], "r-1"), (people[1], "r-2")}
    decide(database, "r-1", Decision.APPROVE, people[0])
    assert rejected(database) == {(people[1], "r-2")}


def test_a_rejection_outlives_its_account_until_a_review_decides_about_the_person(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    opened(database, entries)
    decide(database, "r-1", Decision.REJECT, people[0])
    with database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", unit.resources.read("User", people[0]), None))
        again = create(unit, 1, userName="again@example.com").id
        found = unit.account(again)
        assert found
        (one,) = unit.reviews.rejections(found[0])
        assert (one.account_id, one.okta_user_id, one.is_gone) == (people[0], okta_id(1), True)
        assert Rejections.among([one]).of(found[0]) == one
        other = unit.account(people[1])
        assert other
        assert unit.reviews.rejections(other[0]) == ()
    opened(database, population(database, finished(database, 1, 2)), "r-2")
    decide(database, "r-2", Decision.APPROVE, again)
    assert rejected(database) == set()


def planned(unit: UnitOfWork, account_id: str) -> str:
    """Begin a run over everybody with a plan to close the account, and return the run."""
    run_id = unit.runs.begin("apply", None)
    item = Item(Effect.DEACTIVATE, Situation.ACCESS_REJECTED, account_id, "x", None, 1, "review", proposed=True)
    unit.runs.save_plan(run_id, SavedPlan("digest", (item,), "allowed", True, "snapshot", "p", IDENTITY))
    return run_id


def outcomes(database: SqlDatabase) -> Iterator[tuple[Door, bool, str]]:
    with database.reading(APP) as unit:
        for one in unit.reviews.remediations("r-1").values():
            yield one.door, one.is_done, one.told


def test_what_became_of_a_rejection_is_read_from_ledger_trail_and_account(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    ada = people[0]
    opened(database, entries)
    with database.transaction(APP, CAUSE) as unit:
        planned(unit, ada)
    decide(database, "r-1", Decision.REJECT, ada)
    decide(database, "r-1", Decision.APPROVE, people[1])
    ((door, done, told),) = outcomes(database)
    assert (door, done) == (Door.OPEN, False)
    assert "no run since" in told
    finished(database, 1)
    assert "planned nothing" in next(outcomes(database))[2]
    with database.transaction(APP, CAUSE) as unit:
        run_id = planned(unit, ada)
    assert f"planned by run {run_id}" in next(outcomes(database))[2]
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.conclude(run_id, 0, OutcomeKind.WAITING, "proposed")
    assert f"waiting in run {run_id}: proposed" in next(outcomes(database))[2]


def test_an_outcome_is_what_is_so_now(database: SqlDatabase, people: list[str], entries: list[Entry]) -> None:
    ada = people[0]
    opened(database, entries)
    decide(database, "r-1", Decision.REJECT, ada)
    with database.transaction(APP, Cause("reconciler", run_id="run-7")) as unit:
        before = unit.resources.read("User", ada)
        unit.record(Change("User", before, {**before.document, "active": False}))
    ((door, done, told),) = outcomes(database)
    assert (door, done) == (Door.CLOSED, True)
    assert "by reconciler, run run-7" in told
    with database.transaction(APP, Cause("token:okta")) as unit:
        before = unit.resources.read("User", ada)
        unit.record(Change("User", before, {**before.document, "active": True}))
    assert next(outcomes(database))[:2] == (Door.OPEN, False)
    with database.transaction(APP, Cause("token:okta")) as unit:
        unit.record(Change("User", unit.resources.read("User", ada), None))
    ((door, done, told),) = outcomes(database)
    assert (door, done) == (Door.NONE, True)
    assert "gone at" in told
    assert "by token:okta" in told


def test_what_was_closed_before_the_decision_is_no_outcome_of_it(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    opened(database, entries)
    with database.transaction(APP, CAUSE) as unit:
        before = unit.resources.read("User", people[0])
        unit.record(Change("User", before, {**before.document, "active": False}))
    decide(database, "r-1", Decision.REJECT, people[0])
    ((_, done, told),) = outcomes(database)
    assert done
    assert "nothing had to be done" in told


# ------------------------------------------------------------------ rejected accounts in a comparison


@given(world=worlds(), data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whoever_is_named_is_among_the_differing_though_both_sides_agree(
    database: SqlDatabase, world: World, data: st.DataObject
) -> None:
    with undone(database) as unit:
        _, naive = enact(unit, world)
        last = unit.staging.last_sealed()
        assert last is not None
        keys = [one.id for one in naive.accounts] + [one.okta_user_id for one in naive.assignments]
        also = data.draw(st.sets(st.sampled_from([*keys, "nobody"])))
        found = unit.staging.compare(last.snapshot_id, None, also)
        told = replace(found, differing=tuple(replace(subject, absence=None) for subject in found.differing))
        assert told == naive.compare(also)


def test_a_mark_of_the_store_itself_is_told(database: SqlDatabase, people: list[str]) -> None:
    snapshot = snapshot_of(database, [assignment(1)])
    with database.transaction(APP, CAUSE) as unit:
        unit._scope.connection.exec_driver_sql(f"UPDATE resource SET protected = true WHERE id = '{people[0]}'")
        (one, _) = unit.reviews.population(snapshot.snapshot_id)
        assert one.marks == (MarkKind.PROTECTED,)
        group = unit.resources.create("Group", {"displayName": "x"}, [])
        unit.record(Change("Group", group, group.document, MembershipChange(add=(Member(people[0]),))))
        assert next(unit.reviews.population(snapshot.snapshot_id)).groups == ("x",)
