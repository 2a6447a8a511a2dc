"""A walk that died behind any page, and was taken up by another process, ends in the snapshot of one that did not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import select

from syncd.bootstrap.system import SystemClock
from syncd.core.changes import Cause
from syncd.core.subjects import Assignment
from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.source import OktaSource, open_source
from syncd.ports import Comparison, Lease, Manifest
from syncd.simulator import SimulatedOrg
from syncd.store import SqlDatabase
from syncd.store.tables import snapshot, snapshot_item, walk_version
from tests.conftest import APP
from tests.store.snapshots import create
from tests.support.waiting import Waiting

TOKEN, APP_ID = "00-contract-token", "0oacontract000000001"
CAUSE = Cause("test")
PEOPLE, PAGE, PAGES = 25, 10, 3


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    started = SimulatedOrg.start(scim_url="http://127.0.0.1:9/scim", scim_token="x", api_token=TOKEN, app_id=APP_ID)
    with started:
        started.populate(PEOPLE)
        yield started


def opened(org: SimulatedOrg) -> OktaSource:
    settings = OktaSettings(org.url, APP_ID, api_token=TOKEN, page_limit=PAGE)
    return open_source(settings, announce=lambda _: None, clock=SystemClock(), patience=Waiting().patience)


def begin_and_die(database: SqlDatabase, org: SimulatedOrg, pages: int) -> str:
    """Stage so many pages, and leave the run as a process leaves it that is killed."""
    source = opened(org)
    with database.transaction(APP, CAUSE) as unit:
        run_id = unit.runs.begin("apply", Lease(APP, "first", 1))
        snapshot_id = unit.staging.begin(run_id, source.preflight())
    for page in islice(source.pages(), pages):
        with database.transaction(APP, CAUSE) as unit:
            unit.staging.add_page(snapshot_id, page)
    source.close()
    return snapshot_id


def take_up_and_seal(database: SqlDatabase, org: SimulatedOrg) -> Manifest:
    source = opened(org)
    identity = source.preflight()
    with database.transaction(APP, CAUSE) as unit:
        resumed = unit.staging.resume(unit.runs.begin("apply", Lease(APP, "second", 2)), identity, timedelta(hours=1))
    assert resumed is not None
    for page in source.pages(resumed.cursor):
        with database.transaction(APP, CAUSE) as unit:
            unit.staging.add_page(resumed.snapshot_id, page)
    source.close()
    with database.transaction(APP, CAUSE) as unit:
        return unit.staging.seal(resumed.snapshot_id, identity)


def contents(database: SqlDatabase, snapshot_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a snapshot holds, but for its number, and for how old each row was when it was listed."""
    with database.reading(APP) as unit:
        connection = unit._scope.connection
        of_it = select(snapshot.c.pk).where(snapshot.c.id == snapshot_id).scalar_subquery()
        found = {}
        for table in (snapshot_item, walk_version):
            columns = [column for column in table.c if column.name not in {"snapshot_pk", "age"}]
            rows = connection.execute(select(*columns).where(table.c.snapshot_pk == of_it))
            found[table.name] = sorted(map(tuple, rows), key=repr)
        return found


def rows_of(comparison: Comparison) -> list[Assignment | None]:
    """Return the assignments that differ, but for how old each was when it was listed."""
    assignments = (one.assignment for one in comparison.differing)
    return [one and replace(one, age=None) for one in assignments]


@pytest.mark.parametrize("pages", range(1, PAGES + 1))
def test_a_walk_that_was_taken_up_behind_any_page_ends_as_one_that_was_not(
    database: SqlDatabase, org: SimulatedOrg, pages: int
) -> None:
    with database.transaction(APP, CAUSE) as unit:
        for number in range(3):
            create(unit, number)
    begin_and_die(database, org, pages)
    resumed = take_up_and_seal(database, org)
    begin_and_die(database, org, PAGES)
    whole = take_up_and_seal(database, org)
    assert (resumed.pages, resumed.rows) == (whole.pages, whole.rows) == (PAGES, PEOPLE)
    assert contents(database, resumed.snapshot_id) == contents(database, whole.snapshot_id)
    with database.reading(APP) as unit:
        found, expected = (unit.staging.compare(one.snapshot_id) for one in (resumed, whole))
    assert found.in_sync == expected.in_sync
    assert rows_of(found) == rows_of(expected)
