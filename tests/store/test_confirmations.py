"""A push that changes nothing is noted exactly while a run goes on, or has died and may be finished."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from scim.resource import Member, MembershipChange
from syncd.core.changes import Cause
from syncd.ports import Lease
from syncd.store import SqlDatabase
from syncd.store.confirmation_tables import confirmation
from syncd.store.confirmations import _NOTE
from syncd.store.tables import lease, run
from tests.conftest import APP
from tests.store.statements import watched
from tests.store.test_round_trips import counted

PUSH = Cause("token:1f2e")
OURS = Cause("reconciler")
HOUR = timedelta(hours=1)
NOTHING = MembershipChange()
MANY_RUNS = 5_000


def user(database: SqlDatabase, name: str = "ann") -> str:
    with database.transaction(APP, PUSH) as unit:
        return unit.resources.create("User", {"userName": name, "active": True}).id


def guides(database: SqlDatabase, member: str) -> str:
    with database.transaction(APP, PUSH) as unit:
        return unit.resources.create("Group", {"displayName": "guides"}, [Member(member)]).id


def push(database: SqlDatabase, of: tuple[str, str], change: MembershipChange = NOTHING, cause: Cause = PUSH) -> None:
    """Push a resource as it is."""
    with database.transaction(APP, cause) as unit:
        stored = unit.resources.read(*of)
        again = unit.resources.update(stored, stored.document, change)
        assert again.version == stored.version


def is_confirmed(database: SqlDatabase, of: tuple[str, str]) -> bool:
    with database.reading(APP) as unit:
        return unit.is_confirmed(*of)


def began(database: SqlDatabase, holder: str = "a run") -> tuple[Lease, str]:
    with database.transaction(APP, OURS) as unit:
        taken = unit.acquire_lease(holder, HOUR)
        return taken, unit.runs.begin("apply", taken)


def released(database: SqlDatabase, held: Lease) -> None:
    with database.transaction(APP, OURS) as unit:
        unit.release_lease(held)


def ended(database: SqlDatabase, run_id: str) -> None:
    with database.transaction(APP, OURS) as unit:
        unit.runs.end(run_id, 0, {})


def expired(database: SqlDatabase) -> None:
    """Let the lease run out."""
    with database.transaction(APP, OURS) as unit:
        unit._scope.connection.execute(update(lease).values(expires=0))


# ------------------------------------------------------------------ when


def nothing_ever_ran(_: SqlDatabase) -> None:
    pass


def a_run_goes_on(database: SqlDatabase) -> None:
    began(database)


def a_run_has_ended(database: SqlDatabase) -> None:
    held, run_id = began(database)
    ended(database, run_id)
    released(database, held)


def a_run_has_died(database: SqlDatabase) -> None:
    began(database)
    expired(database)


def a_run_has_died_and_nobody_holds_the_lease(database: SqlDatabase) -> None:
    released(database, began(database)[0])


def a_run_is_finished_that_its_first_process_has_ended(database: SqlDatabase) -> None:
    _, run_id = began(database)
    expired(database)
    with database.transaction(APP, OURS) as unit:
        unit.runs.resume(run_id, unit.acquire_lease("another", HOUR))
    ended(database, run_id)  # as the first process does, when it learns that it has lost the lease


def another_application_is_run(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother")
    with database.transaction("other", OURS) as unit:
        unit.runs.begin("apply", unit.acquire_lease("a run", HOUR))


WHEN: dict[Callable[[SqlDatabase], None], bool] = {
    nothing_ever_ran: False,
    a_run_goes_on: True,
    a_run_has_ended: False,
    a_run_has_died: True,
    a_run_has_died_and_nobody_holds_the_lease: True,
    a_run_is_finished_that_its_first_process_has_ended: True,
    another_application_is_run: False,
}


@pytest.mark.parametrize("state", WHEN, ids=lambda state: state.__name__)
def test_a_push_that_changes_nothing_is_noted_while(
    database: SqlDatabase, state: Callable[[SqlDatabase], None]
) -> None:
    ann, bob = ("User", user(database)), ("User", user(database, "bob"))
    state(database)
    push(database, ann)
    push(database, ann)
    assert (is_confirmed(database, ann), is_confirmed(database, bob)) == (WHEN[state], False)


def test_the_next_run_begins_after_what_was_pushed_before_it(database: SqlDatabase) -> None:
    ann = ("User", user(database))
    began(database)
    push(database, ann)
    expired(database)
    with database.transaction(APP, OURS) as unit:
        unit.acquire_lease("who finishes it", HOUR)
    assert is_confirmed(database, ann), "whoever finishes the run that died has to know"
    expired(database)
    began(database)
    assert not is_confirmed(database, ann)


# ------------------------------------------------------------------ what


CHANGES: dict[str, Callable[[str], MembershipChange]] = {
    "nothing": lambda _: NOTHING,
    "a member who is one": lambda ann: MembershipChange(add=(Member(ann),)),
    "the members that it has": lambda ann: MembershipChange(replace=True, add=(Member(ann),)),
    "a member less who is none": lambda _: MembershipChange(remove=("nobody",)),
    "somebody who is to come": lambda _: MembershipChange(add=(Member("later"),), park=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_push_of_a_group_that_changes_no_member_is_noted_of_the_group(
    database: SqlDatabase, change: Callable[[str], MembershipChange]
) -> None:
    ann = user(database)
    group = ("Group", guides(database, ann))
    began(database)
    push(database, group, change(ann))
    assert is_confirmed(database, group)
    assert not is_confirmed(database, ("User", ann))


def test_only_a_push_confirms(database: SqlDatabase) -> None:
    ann = ("User", user(database))
    began(database)
    for cause in (OURS, Cause("operator:ann")):
        push(database, ann, cause=cause)
    assert not is_confirmed(database, ann)


def test_what_is_undone_confirms_nothing(database: SqlDatabase) -> None:
    ann = ("User", user(database))
    began(database)
    with database.transaction(APP, PUSH) as unit:
        with suppress(ZeroDivisionError), unit.resources.attempt():
            stored = unit.resources.read(*ann)
            unit.resources.update(stored, stored.document, NOTHING)
            raise ZeroDivisionError
        unit.resources.create("User", {"userName": "bob"})
    assert not is_confirmed(database, ann)


def test_what_was_noted_goes_with_the_resource(database: SqlDatabase) -> None:
    ann = ("User", user(database))
    began(database)
    push(database, ann)
    with database.transaction(APP, PUSH) as unit:
        unit.resources.delete(*ann)
        assert unit._scope.connection.execute(select(confirmation)).all() == []


# ------------------------------------------------------------------ what it costs


@contextmanager
def many_runs(database: SqlDatabase) -> Iterator[Any]:
    """Yield a connection to a database in which thousands of runs have ended."""
    with database.transaction(APP, OURS) as unit:
        row = {"app": unit._scope.app, "kind": "apply", "state": "ended", "started": 1, "counts": {}}
        connection = unit._scope.connection
        connection.execute(insert(run), [{**row, "id": str(number)} for number in range(MANY_RUNS)])
        yield connection


def test_sqlite_finds_in_an_index_that_no_run_goes_on(sqlite_database: SqlDatabase, sqlite_url: str) -> None:
    with many_runs(sqlite_database):
        pass
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        sql = f"EXPLAIN QUERY PLAN {_NOTE.on('sqlite').sql}"
        steps = [step for *_, step in connection.execute(sql, [1] * sql.count("?"))]
    assert "SEARCH run USING INDEX ix_run_running (app=?)" in steps
    assert [step for step in steps if step.startswith("SCAN") and "CONSTANT" not in step] == []


@pytest.mark.postgres
def test_postgresql_finds_in_an_index_that_no_run_goes_on(postgres_database: SqlDatabase) -> None:
    with many_runs(postgres_database) as connection:
        connection.execute(text("ANALYZE run"))
        connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        connection.exec_driver_sql(f"PREPARE note AS {_NOTE.on('postgresql').sql}")
        given = ", ".join(["1"] * len(_NOTE.on("postgresql").formats))
        plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE note ({given})").scalars().all()
    assert any("ix_run_running" in step for step in plan), plan
    assert not any("Seq Scan on run" in step for step in plan), plan


def test_a_push_that_changes_nothing_costs_one_statement_more(database: SqlDatabase) -> None:
    ann = ("User", user(database))
    push(database, ann)
    sent: list[str] = []
    with watched(lambda sql, _: sent.append(sql)):
        push(database, ann)
    assert len({sql for sql in sent if "confirmation" in sql}) == 1
    assert [sql for sql in sent if sql.startswith(("UPDATE", "DELETE"))] == []


@pytest.mark.postgres
def test_noting_takes_no_round_trip_of_its_own(postgres_database: SqlDatabase) -> None:
    ann = ("User", user(postgres_database))
    push(postgres_database, ann)  # and prepare its statements
    with counted() as before, postgres_database.transaction(APP, PUSH) as unit:
        unit.resources.read(*ann)
    began(postgres_database)
    with counted() as sent:
        push(postgres_database, ann)
    assert len(sent) == len(before)
    assert is_confirmed(postgres_database, ann)


# ------------------------------------------------------------------ one after the other


@pytest.mark.postgres
def test_who_holds_the_account_learns_of_a_push_that_held_it_before(postgres_database: SqlDatabase) -> None:
    """An effect that has to wait for a push reads what was noted after it has waited."""
    ann = user(postgres_database)
    began(postgres_database)
    found: list[bool] = []

    def look() -> None:
        with postgres_database.transaction(APP, OURS) as unit:
            assert unit.account(ann) is not None
            found.append(unit.is_confirmed("User", ann))

    effect = Thread(target=look)
    with postgres_database.transaction(APP, PUSH) as unit:
        stored = unit.resources.read("User", ann)
        effect.start()
        effect.join(0.5)
        assert effect.is_alive()
        unit.resources.update(stored, stored.document, MembershipChange())
    effect.join()
    assert found == [True]


@pytest.mark.postgres
def test_a_push_waits_for_the_effect_that_holds_its_account(postgres_database: SqlDatabase) -> None:
    """What it finds is what the effect has left: it is no push that changes nothing any more, or it is a later one."""
    ann = user(postgres_database)
    began(postgres_database)
    versions: list[int] = []

    def open_again() -> None:
        with postgres_database.transaction(APP, PUSH) as unit:
            stored = unit.resources.read("User", ann)
            opened = unit.resources.update(stored, {**stored.document, "active": True}, MembershipChange())
            versions.append(opened.version)

    pushing = Thread(target=open_again)
    with postgres_database.transaction(APP, OURS) as unit:
        found = unit.account(ann)
        assert found is not None
        assert not unit.is_confirmed("User", ann)
        pushing.start()
        pushing.join(0.5)
        assert pushing.is_alive()
        unit.resources.update(found[1], {**found[1].document, "active": False}, MembershipChange())
    pushing.join()
    assert versions == [3]
