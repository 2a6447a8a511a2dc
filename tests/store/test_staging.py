from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, text

from syncd.core.changes import Change
from syncd.core.subjects import Absence, Assignment, LinkKey
from syncd.ports import AssignmentPage, Lease, SnapshotRefusedError, UnitOfWork
from syncd.store import SqlDatabase
from syncd.store.correlation import PARTNERS
from syncd.store.tables import absence, snapshot, snapshot_item, walk_version
from tests.conftest import APP
from tests.store.snapshots import CAUSE, IDENTITY, assignment, create, okta_id, snapshot_of, stage

OTHER = "other"


def count(database: SqlDatabase, table: Table) -> int:
    with database.reading(APP) as unit:
        return unit._scope.connection.execute(select(func.count()).select_from(table)).scalar_one()


def states(database: SqlDatabase) -> list[str]:
    with database.reading(APP) as unit:
        return list(unit._scope.connection.execute(select(snapshot.c.state).order_by(snapshot.c.pk)).scalars())


def begin(unit: UnitOfWork) -> str:
    return unit.staging.begin(unit.runs.begin("drift-report", None))


# ------------------------------------------------------------------ pages


def test_a_manifest_says_what_was_staged_and_when(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = begin(unit)
        stage(unit, snapshot_id, [assignment(1), assignment(2)], [assignment(3)], [])
        manifest = unit.staging.seal(snapshot_id, IDENTITY)
    assert (manifest.snapshot_id, manifest.identity) == (snapshot_id, IDENTITY)
    assert (manifest.pages, manifest.rows) == (3, 3)
    assert timedelta() <= manifest.sealed - manifest.started < timedelta(minutes=1)
    with database.reading(APP) as unit:
        assert unit.staging.last_sealed() == manifest


def test_a_row_is_kept_as_okta_sent_it(database: SqlDatabase) -> None:
    whole = assignment(1, "nobody", user_name="Ünïcødé\u0301@EXAMPLE.com", app_status="SOMETHING_NEW")
    whole = replace(whole, age=timedelta(days=400, microseconds=1))
    bare = assignment(2, user_name=None, user_status=None, scope=None, sync_state=None, attributes={})
    manifest = snapshot_of(database, [bare, whole])
    with database.reading(APP) as unit:
        comparison = unit.staging.compare(manifest.snapshot_id)
    assert [subject.assignment for subject in comparison.differing] == [whole, bare]


@pytest.mark.parametrize("page", [[assignment(3), assignment(1)], [assignment(3), assignment(4), assignment(3)]])
def test_a_user_who_is_listed_twice_is_refused_by_name(database: SqlDatabase, page: list[Assignment]) -> None:
    twice = page[-1].okta_user_id
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = begin(unit)
        stage(unit, snapshot_id, [assignment(1), assignment(2)])
        with pytest.raises(SnapshotRefusedError, match=f"{twice} .* page 2"):
            unit.staging.add_page(snapshot_id, AssignmentPage(2, tuple(page)))
        assert unit.staging.seal(snapshot_id, IDENTITY).rows == 2, "the unit goes on, without anything of that page"


def test_the_same_user_may_be_in_two_snapshots(database: SqlDatabase) -> None:
    for _ in range(2):
        assert snapshot_of(database, [assignment(1)]).rows == 1


# ------------------------------------------------------------------ states


def test_a_snapshot_without_a_page_is_not_sealed(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = begin(unit)
        with pytest.raises(SnapshotRefusedError, match="no page"):
            unit.staging.seal(snapshot_id, IDENTITY)


def test_only_a_sealed_snapshot_is_compared(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        opened, voided = begin(unit), begin(unit)
        unit.staging.void(voided, "because")
        for snapshot_id in (opened, voided, "unknown"):
            with pytest.raises(SnapshotRefusedError):
                unit.staging.compare(snapshot_id)


WRITES: dict[str, Callable[[UnitOfWork, str], object]] = {
    "add_page": lambda unit, snapshot_id: unit.staging.add_page(snapshot_id, AssignmentPage(2, (assignment(2),))),
    "seal": lambda unit, snapshot_id: unit.staging.seal(snapshot_id, IDENTITY),
    "void": lambda unit, snapshot_id: unit.staging.void(snapshot_id, "too late"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_sealed_snapshot_is_never_touched_again(database: SqlDatabase, write: str) -> None:
    sealed = snapshot_of(database, [assignment(1)]).snapshot_id
    with database.transaction(APP, CAUSE) as unit:
        with pytest.raises(SnapshotRefusedError, match="sealed"):
            WRITES[write](unit, sealed)
        assert unit.staging.compare(sealed).assignments == 1


def test_voiding_drops_the_rows_and_may_be_done_twice(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        create(unit, 1)
        snapshot_id = begin(unit)
        stage(unit, snapshot_id, [assignment(1)])
        unit.staging.void(snapshot_id, "the first reason")
        unit.staging.void(snapshot_id, "the second reason")
        for write in ("add_page", "seal"):
            with pytest.raises(SnapshotRefusedError, match="void"):
                WRITES[write](unit, snapshot_id)
        reasons = unit._scope.connection.execute(select(snapshot.c.reason)).scalars().all()
    assert reasons == ["the first reason"]
    assert (count(database, snapshot_item), count(database, walk_version)) == (0, 0)


def test_an_open_or_void_snapshot_is_not_the_last_sealed_one(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        assert unit.staging.last_sealed() is None
    first, second = (snapshot_of(database, [assignment(1)]) for _ in range(2))
    with database.transaction(APP, CAUSE) as unit:
        unit.staging.void(begin(unit), "because")
        begin(unit)
        assert unit.staging.last_sealed() == second != first


def test_a_unit_that_was_opened_for_reading_stages_nothing(database: SqlDatabase) -> None:
    with database.reading(APP) as unit, pytest.raises(RuntimeError):
        unit.staging.begin("run")


# ------------------------------------------------------------------ retention


def test_rows_of_the_last_two_sealed_snapshots_are_kept(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        create(unit, 1)
    ids = [snapshot_of(database, [assignment(1)]).snapshot_id for _ in range(4)]
    with database.transaction(APP, CAUSE) as unit:
        begin(unit)
        for old in ids[:2]:
            with pytest.raises(SnapshotRefusedError):
                unit.staging.compare(old)
        assert [unit.staging.compare(kept).in_sync for kept in ids[2:]] == [1, 1]
    assert len(states(database)) == 5, "a manifest is never dropped"
    assert (count(database, snapshot_item), count(database, walk_version)) == (2, 3)


def test_a_snapshot_that_lost_a_row_is_not_compared(database: SqlDatabase) -> None:
    sealed = snapshot_of(database, [assignment(1), assignment(2)]).snapshot_id
    with database.transaction(APP, CAUSE) as unit:
        unit._scope.connection.execute(snapshot_item.delete().where(snapshot_item.c.okta_user_id == okta_id(1)))
        with pytest.raises(SnapshotRefusedError, match="lost"):
            unit.staging.compare(sealed)


def test_the_walk_of_a_run_that_died_is_given_up_and_that_of_a_living_one_is_not(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        died = unit.staging.begin(unit.runs.begin("apply", Lease(APP, "a", 1)))
        stage(unit, died, [assignment(1)])
    with database.transaction(APP, CAUSE) as unit:
        living = unit.staging.begin(unit.runs.begin("apply", Lease(APP, "b", 2)))
        stage(unit, living, [assignment(1)])
        begin(unit)
    assert states(database) == ["void", "open", "open"]
    assert count(database, snapshot_item) == 1


# ------------------------------------------------------------------ absences


def absences(database: SqlDatabase) -> dict[str, Absence | None]:
    """Return the absence of each open account that the last sealed snapshot does not list."""
    with database.reading(APP) as unit:
        last = unit.staging.last_sealed()
        assert last is not None
        differing = unit.staging.compare(last.snapshot_id).differing
        return {one.candidates[0].account.id: one.absence for one in differing if one.assignment is None}


def test_an_absence_counts_sealed_snapshots_and_ends_with_a_return(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        missing = create(unit, 1).id
    first = snapshot_of(database, [assignment(2)])
    assert absences(database) == {missing: Absence(1, first.sealed, timedelta())}
    second = snapshot_of(database, [assignment(2)])
    assert absences(database) == {missing: Absence(2, first.sealed, second.sealed - first.sealed)}
    snapshot_of(database, [assignment(1), assignment(2)])
    assert absences(database) == {}
    again = snapshot_of(database, [assignment(2)])
    assert absences(database) == {missing: Absence(1, again.sealed, timedelta())}


@pytest.mark.parametrize("key", PARTNERS)
def test_one_key_alone_makes_an_account_listed(database: SqlDatabase, key: LinkKey) -> None:
    with database.transaction(APP, CAUSE) as unit:
        account = create(unit, 1)
    stranger = assignment(9)
    pointing = {
        LinkKey.SCIM_ID: replace(stranger, external_id=account.id),
        LinkKey.OKTA_USER_ID: replace(stranger, okta_user_id=okta_id(1)),
        LinkKey.USER_NAME: replace(stranger, user_name="PERSON1@example.com"),
    }
    snapshot_of(database, [pointing[key]])
    assert count(database, absence) == 0
    snapshot_of(database, [stranger])
    assert count(database, absence) == 1


def test_a_closed_account_is_absent_too(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        create(unit, 1, active=False)
    snapshot_of(database, [assignment(2)])
    assert count(database, absence) == 1


def test_a_void_snapshot_makes_nobody_absent(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        create(unit, 1)
        snapshot_id = begin(unit)
        stage(unit, snapshot_id, [])
        unit.staging.void(snapshot_id, "because")
    assert count(database, absence) == 0


def test_an_account_that_was_made_during_the_walk_is_not_missing_from_it(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = begin(unit)
        late = create(unit, 1).id
        stage(unit, snapshot_id, [])
        unit.staging.seal(snapshot_id, IDENTITY)
    assert absences(database) == {late: None}


def test_an_absence_goes_with_its_account(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        account = create(unit, 1)
    snapshot_of(database, [])
    with database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", account, None))
    assert count(database, absence) == 0


# ------------------------------------------------------------------ time


LONG: dict[str, Callable[[UnitOfWork, str], object]] = {
    "begin": lambda unit, _: begin(unit),
    "seal": lambda unit, opened: unit.staging.seal(opened, IDENTITY),
    "void": lambda unit, opened: unit.staging.void(opened, "because"),
}


def allowed(unit: UnitOfWork) -> str:
    scope = unit._scope  # type: ignore[attr-defined]  # not of the port
    return str(scope.connection.execute(text("SHOW statement_timeout")).scalar_one())


@pytest.mark.parametrize("step", LONG)
def test_what_takes_long_at_size_may_take_long_and_nothing_after_it(postgres_database: SqlDatabase, step: str) -> None:
    with postgres_database.transaction(APP, CAUSE) as unit:
        assert allowed(unit) == "1min"
        opened = begin(unit)
        stage(unit, opened, [assignment(1)])
    with postgres_database.transaction(APP, CAUSE) as unit:
        LONG[step](unit, opened)
        assert allowed(unit) == "30min"
    with postgres_database.transaction(APP, CAUSE) as unit:
        assert allowed(unit) == "1min", "the connection is the same"


def test_a_comparison_may_take_long(postgres_database: SqlDatabase) -> None:
    sealed = snapshot_of(postgres_database, [assignment(1)]).snapshot_id
    with postgres_database.reading(APP) as unit:
        unit.staging.compare(sealed)
        assert allowed(unit) == "30min"
    with postgres_database.reading(APP) as unit:
        assert allowed(unit) == "1min"


# ------------------------------------------------------------------ applications


def test_applications_do_not_see_one_anothers_snapshots(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    with database.transaction(OTHER, CAUSE) as unit:
        create(unit, 1)
    theirs = snapshot_of(database, [assignment(1)], OTHER).snapshot_id
    with database.transaction(APP, CAUSE) as unit:
        ours = begin(unit)
        for write in WRITES.values():
            with pytest.raises(SnapshotRefusedError):
                write(unit, theirs)
        with pytest.raises(SnapshotRefusedError):
            unit.staging.compare(theirs)
        stage(unit, ours, [assignment(1)])
        unit.staging.seal(ours, IDENTITY)
        comparison = unit.staging.compare(ours)
    assert (comparison.accounts, comparison.in_sync, len(comparison.differing)) == (0, 0, 1)
    assert count(database, absence) == 0
    for _ in range(3):
        snapshot_of(database, [assignment(1)])
    with database.reading(OTHER) as unit:
        assert unit.staging.compare(theirs).in_sync == 1


# ------------------------------------------------------------------ one person


@pytest.mark.parametrize("key", [okta_id(2), "PERSON2@Example.com", "of-account-2"])
def test_a_row_of_the_last_sealed_snapshot_is_found_by_every_key_with_whom_it_points_to(
    database: SqlDatabase, key: str
) -> None:
    with database.transaction(APP, CAUSE) as unit:
        account = create(unit, 2, externalId=None)
    rows = [assignment(1), assignment(2, "of-account-2"), assignment(3, user_name=None)]
    snapshot_of(database, [assignment(2, user_name="former@example.com"), assignment(4)])
    snapshot_of(database, rows)
    with database.reading(APP) as unit:
        (found,) = unit.staging.listed([key])
        assert unit.staging.listed(["former@example.com", okta_id(4), "nobody"]) == ()
        assert [one.assignment for one in unit.staging.listed([okta_id(1), okta_id(3)])] == [rows[0], rows[2]]
    assert found.assignment == rows[1]
    assert [(one.account.id, one.keys) for one in found.candidates] == [(account.id, frozenset({LinkKey.USER_NAME}))]


def test_nobody_is_listed_before_the_first_seal_or_in_another_application(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = begin(unit)
        stage(unit, snapshot_id, [assignment(1)])
        assert unit.staging.listed([okta_id(1)]) == ()
        unit.staging.seal(snapshot_id, IDENTITY)
        assert len(unit.staging.listed([okta_id(1)])) == 1
    with database.reading(OTHER) as unit:
        assert unit.staging.listed([okta_id(1)]) == ()


def test_an_account_that_was_deleted_is_found_by_every_key_that_it_had(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    with database.transaction(APP, CAUSE) as unit:
        first, nameless = create(unit, 1), create(unit, 3, externalId=None)
        unit.record(Change("User", first, None))
        unit.record(Change("User", nameless, None))
        second = create(unit, 1)
        unit.record(Change("User", second, None))
        create(unit, 2)
    with database.reading(APP) as unit:
        for key in (okta_id(1), "PERSON1@example.com", second.id):
            assert unit.staging.buried(key) == {okta_id(1): second.id}
        assert unit.staging.buried(first.id) == {okta_id(1): first.id}
        for key in ("nobody", okta_id(2), "person2@example.com", nameless.id):
            assert unit.staging.buried(key) == {}
    with database.reading(OTHER) as unit:
        assert unit.staging.buried(okta_id(1)) == {}
