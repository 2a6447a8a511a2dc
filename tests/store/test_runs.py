import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from syncd.core.guard import NOTHING_SPENT, Spent
from syncd.core.planning import Item
from syncd.core.situations import Effect, Situation
from syncd.ports import Lease, OutcomeKind, RunRecord, SavedPlan, SourceIdentity
from syncd.store import SqlDatabase
from syncd.store.tables import plan_item
from tests.conftest import APP
from tests.store.snapshots import CAUSE

IDENTITY = SourceIdentity("0oa1", "CRM", "credential", "filter")
MEMBER = Item(Effect.REMOVE_MEMBER, Situation.MEMBER_EXTRA, "a3", "cid", "00u3", 5, "extra", group_id="g1")
ITEMS = (
    Item(Effect.DEACTIVATE, Situation.ORPHAN_GONE, "ä1", "ann", "00u1", 3, "gone"),
    Item(Effect.UPDATE, Situation.RENAMED, "a2", "bob", "00u2", 1, "differs", changes={"userName": "bo"}),
)
OTHER = "other"


def plan(items: tuple[Item, ...] = ITEMS, *, allowed: bool = True, policy: str = "policy") -> SavedPlan:
    return SavedPlan("digest", items, "allowed" if allowed else "too many", allowed, "snapshot", policy, IDENTITY)


def begin(database: SqlDatabase, kind: str = "apply", lease: Lease | None = None, app: str = APP) -> str:
    with database.transaction(app, CAUSE) as unit:
        return unit.runs.begin(kind, lease)


def planned(database: SqlDatabase) -> str:
    """Begin a run with a plan of two items."""
    run_id = begin(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.save_plan(run_id, plan())
    return run_id


def latest(database: SqlDatabase, limit: int = 10, app: str = APP) -> tuple[RunRecord, ...]:
    with database.reading(app) as unit:
        return unit.runs.latest(limit)


def states(database: SqlDatabase, app: str = APP) -> dict[str, str]:
    return {run.run_id: run.state for run in latest(database, app=app)}


def plan_rows(database: SqlDatabase) -> list[Any]:
    with database.reading(APP) as unit:
        return list(unit._scope.connection.execute(select(plan_item).order_by(plan_item.c.position)))


# ------------------------------------------------------------------ runs


def test_a_run_is_told_from_its_beginning_to_its_end(database: SqlDatabase) -> None:
    run_id = begin(database, "dry-run", Lease(APP, "night", 3))
    (running,) = latest(database)
    assert (running.run_id, running.kind, running.state) == (run_id, "dry-run", "running")
    assert (running.ended, running.exit_code, running.plan_digest, running.counts) == (None, None, None, {})
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.save_plan(run_id, plan(()))
        unit.runs.end(run_id, 2, {"ghost": 3, "in-sync": 4})
    (ended,) = latest(database)
    assert (ended.state, ended.exit_code, ended.plan_digest) == ("ended", 2, "digest")
    assert ended.counts == {"ghost": 3, "in-sync": 4}
    assert ended.ended is not None
    assert timedelta() <= ended.ended - running.started < timedelta(minutes=1)


def test_a_run_that_ends_with_an_error_has_failed(database: SqlDatabase) -> None:
    run_id = begin(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.end(run_id, 1, {})
    assert states(database) == {run_id: "failed"}


def test_the_youngest_runs_come_first(database: SqlDatabase) -> None:
    ids = [begin(database) for _ in range(4)]
    assert [run.run_id for run in latest(database, 3)] == ids[:0:-1]


def test_a_run_with_a_lease_finds_those_that_died_and_marks_them_failed(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    ended, died, elsewhere = begin(database), begin(database), begin(database, app=OTHER)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.end(ended, 0, {})
    running = begin(database, lease=Lease(APP, "night", 2))
    assert states(database) == {running: "running", died: "failed", ended: "ended"}
    assert states(database, OTHER) == {elsewhere: "running"}
    found = next(run for run in latest(database) if run.run_id == died)
    assert found.ended is not None
    assert found.exit_code is None, "nobody saw how it ended"


def test_a_run_without_a_lease_says_nothing_about_others(database: SqlDatabase) -> None:
    first, second = begin(database, lease=Lease(APP, "night", 1)), begin(database)
    assert states(database) == {second: "running", first: "running"}


def test_a_run_that_is_not_there_is_refused(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    run_id = planned(database)
    with database.transaction(OTHER, CAUSE) as unit:
        writes: list[Callable[[], object]] = [
            lambda: unit.runs.save_plan(run_id, plan()),
            lambda: unit.runs.intend(run_id, 0),
            lambda: unit.runs.conclude(run_id, 0, OutcomeKind.DONE, ""),
            lambda: unit.runs.end(run_id, 0, {}),
        ]
        for write in writes:
            with pytest.raises(ValueError, match=run_id):
                write()
    assert states(database) == {run_id: "running"}
    assert [row.intended for row in plan_rows(database)] == [None, None]


def test_a_unit_that_was_opened_for_reading_begins_no_run(database: SqlDatabase) -> None:
    with database.reading(APP) as unit, pytest.raises(RuntimeError):
        unit.runs.begin("apply", None)


# ------------------------------------------------------------------ plans


def test_a_plan_is_kept_item_by_item_in_order(database: SqlDatabase) -> None:
    planned(database)
    assert [(row.position, row.item, row.outcome) for row in plan_rows(database)] == [
        (0, ITEMS[0].as_json(), None),
        (1, ITEMS[1].as_json(), None),
    ]


def test_intention_and_outcome_are_written_each_at_its_time(database: SqlDatabase) -> None:
    run_id = planned(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.intend(run_id, 0)
    before, untouched = plan_rows(database)
    assert before.intended is not None
    assert (before.concluded, before.outcome) == (None, None)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.conclude(run_id, 0, OutcomeKind.SKIPPED, "it changed meanwhile")
    after = plan_rows(database)[0]
    assert (after.outcome, after.reason) == ("skipped", "it changed meanwhile")
    assert before.intended == after.intended <= after.concluded
    assert plan_rows(database)[1] == untouched


def test_an_item_ends_once(database: SqlDatabase) -> None:
    run_id = planned(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.conclude(run_id, 1, OutcomeKind.WAITING, "not due")
        with pytest.raises(ValueError, match="item 1"):
            unit.runs.conclude(run_id, 1, OutcomeKind.DONE, "")
        with pytest.raises(ValueError, match="item 1"):
            unit.runs.intend(run_id, 1)
    assert plan_rows(database)[1].outcome == "waiting"


def test_an_item_that_was_not_planned_does_not_end(database: SqlDatabase) -> None:
    run_id = planned(database)
    with database.transaction(APP, CAUSE) as unit, pytest.raises(ValueError, match="item 2"):
        unit.runs.conclude(run_id, 2, OutcomeKind.DONE, "")


def test_an_outcome_goes_with_its_effect_or_not_at_all(database: SqlDatabase) -> None:
    run_id = planned(database)
    with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
        unit.runs.conclude(run_id, 0, OutcomeKind.DONE, "")
        raise ZeroDivisionError
    assert plan_rows(database)[0].outcome is None


# ------------------------------------------------------------------ what an unattended reconciler asks of the ledger


def carry_out(database: SqlDatabase, run_id: str, position: int, version: int | None = None) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.intend(run_id, position)
        unit.runs.conclude(run_id, position, OutcomeKind.DONE, "", version)


def test_a_plan_is_kept_by_run_and_by_digest_with_how_each_item_ended(database: SqlDatabase) -> None:
    run_id = planned(database)
    carry_out(database, run_id, 0, 4)
    with database.reading(APP) as unit:
        kept = unit.runs.kept(run_id)
        assert kept == unit.runs.kept("digest")
        assert unit.runs.kept("another") is None
    assert kept is not None
    assert (kept.snapshot_id, kept.policy, [one.item for one in kept.items]) == ("snapshot", "policy", list(ITEMS))
    assert [(one.outcome, one.result_version) for one in kept.items] == [(OutcomeKind.DONE, 4), (None, None)]


def test_the_runs_about_an_account_are_told_with_its_items_alone(database: SqlDatabase) -> None:
    first, second = planned(database), begin(database, "dry-run")
    carry_out(database, first, 1, 2)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.save_plan(second, plan((*ITEMS, ITEMS[1]), allowed=False))
    begin(database)
    with database.reading(APP) as unit:
        younger, older = unit.runs.about("a2", 10)
        assert unit.runs.about("a2", 1) == (younger,)
        assert unit.runs.about("nobody", 10) == ()
        assert [kept.record.run_id for kept in unit.runs.about("ä1", 10)] == [second, first]
    assert (younger.record.run_id, younger.record.kind, younger.verdict) == (second, "dry-run", "too many")
    assert [one.position for one in younger.items] == [1, 2]
    assert (older.record.run_id, older.verdict) == (first, "allowed")
    assert [(one.item, one.outcome) for one in older.items] == [(ITEMS[1], OutcomeKind.DONE)]


def test_the_runs_that_planned_something_for_a_person_without_an_account_are_told(database: SqlDatabase) -> None:
    ghost = Item(Effect.CREATE, Situation.GHOST, "", "ann", "00u1", 0, "assigned")
    other = Item(Effect.CREATE, Situation.GHOST, "", "bob", "00u2", 0, "assigned")
    run_id, without = begin(database), begin(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.save_plan(run_id, plan((ITEMS[0], ghost, other)))
        unit.runs.save_plan(without, plan((ITEMS[0], other)))
    with database.reading(APP) as unit:
        (kept,) = unit.runs.about_person("00u1", 10)
        assert unit.runs.about_person("nobody", 10) == ()
        assert [one.record.run_id for one in unit.runs.about_person("00u2", 10)] == [without, run_id]
        assert [one.record.run_id for one in unit.runs.about_person("00u2", 1)] == [without]
    assert (kept.record.run_id, [one.item for one in kept.items]) == (run_id, [ghost])


def test_the_runs_of_another_application_about_the_same_id_are_not_told(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    planned(database)
    with database.reading(OTHER) as unit:
        assert unit.runs.about("a2", 10) == ()


def test_only_what_takes_access_away_and_was_carried_out_is_spent(database: SqlDatabase) -> None:
    def spent(closed: Spent, taken_out: Spent) -> dict[Effect, Spent]:
        return {Effect.DEACTIVATE: closed, Effect.REMOVE_MEMBER: taken_out}

    run_id, other = begin(database), begin(database, "undo")
    with database.transaction(APP, CAUSE) as unit:
        for each in (run_id, other):
            unit.runs.save_plan(each, plan((*ITEMS, MEMBER, MEMBER)))
    for position in range(4):
        carry_out(database, run_id, position)
    carry_out(database, other, 2)
    with database.transaction(APP, CAUSE) as unit:
        for position in (0, 3):
            unit.runs.conclude(other, position, OutcomeKind.SKIPPED, "no")
        assert unit.runs.spent() == spent(Spent(1, 1), Spent(3, 3))
        connection = unit._scope.connection
        day = 24 * 3600 * 1_000_000
        connection.exec_driver_sql(f"UPDATE plan_item SET concluded = concluded - {2 * day} WHERE position < 3")
        assert unit.runs.spent() == spent(Spent(0, 1), Spent(1, 3))
        connection.exec_driver_sql(f"UPDATE plan_item SET concluded = concluded - {6 * day}")
        assert unit.runs.spent() == spent(Spent(0, 0), Spent(0, 1))
        connection.exec_driver_sql(f"UPDATE plan_item SET concluded = concluded - {day}")
        assert unit.runs.spent() == NOTHING_SPENT


def test_what_was_spent_on_another_application_does_not_count(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    run_id = planned(database)
    carry_out(database, run_id, 0)
    with database.reading(OTHER) as unit:
        assert unit.runs.spent() == NOTHING_SPENT


def test_what_a_plan_was_carried_out_with_is_remembered(database: SqlDatabase) -> None:
    run_id = planned(database)
    with database.reading(APP) as unit:
        assert unit.runs.applied_with() is None
    carry_out(database, run_id, 0)
    planned(database)
    with database.reading(APP) as unit:
        assert unit.runs.applied_with() == ("policy", IDENTITY)


def test_a_run_that_died_can_be_taken_up_and_one_that_ended_cannot(database: SqlDatabase) -> None:
    run_id = planned(database)
    hour = timedelta(hours=1)
    with database.transaction(APP, CAUSE) as unit:
        found = unit.runs.resumable("policy", hour)
        assert found is not None
        assert found.record.run_id == run_id
        assert unit.runs.resumable("another policy", hour) is None
        assert unit.runs.resumable("policy", timedelta(microseconds=1)) is None
        unit.runs.end(run_id, 2, {})
        assert unit.runs.resumable("policy", hour) is None


def test_a_plan_that_was_blocked_is_not_taken_up(database: SqlDatabase) -> None:
    run_id = begin(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.save_plan(run_id, plan(allowed=False))
        assert unit.runs.resumable("policy", timedelta(hours=1)) is None


def test_what_a_dead_run_left_open_is_abandoned_by_the_next(database: SqlDatabase) -> None:
    run_id = planned(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.intend(run_id, 0)
        unit.runs.begin("apply", unit.acquire_lease("next", timedelta(minutes=1)))
        kept = unit.runs.kept(run_id)
    assert kept is not None
    assert [one.outcome for one in kept.items] == [OutcomeKind.ABANDONED] * 2


def test_the_runs_of_a_period_are_told_oldest_first_and_of_one_application(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother")
    ids = [begin(database)]
    time.sleep(0.002)  # the clock of SQLite counts milliseconds
    ids += [begin(database), begin(database, app="other")]
    first, second = reversed(latest(database))
    with database.reading(APP) as unit:
        found = unit.runs.between(first.started, second.started + timedelta(microseconds=1))
        assert [one.run_id for one in found] == ids[:2]
        assert [one.run_id for one in unit.runs.between(first.started, second.started)] == ids[:1]
        assert unit.runs.between(second.started + timedelta(microseconds=1), second.started + timedelta(days=1)) == ()
