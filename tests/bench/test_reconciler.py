"""The measurement of the reconciler, on a directory that is small enough for a test."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.in_process.databases import POSTGRESQL, SQLITE
from bench.in_process.front_door import front_door, send
from bench.in_process.world import identity, user_body
from bench.reconciler.accounts import load_accounts
from bench.reconciler.measuring import Beside, compare, side_by_side, walk
from bench.reconciler.org import records_of
from bench.reconciler.people import APP_ID, DIFFERENCES, People, Served
from bench.reconciler.plain_join import plain_joins
from bench.reconciler.telling import Figures, text_of
from bench.timing import Took
from syncd.simulator import SimulatedOrg
from syncd.store import upgrade
from tests.store.inspection import rows_of

PEOPLE = People(accounts=700, percent=50)
KINDS = len(DIFFERENCES)


def load(url: str, users: int) -> None:
    load_accounts(url, users, StandingClock(), lambda _: None)


class StandingClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


def resources(url: str) -> list[tuple[Any, ...]]:
    return rows_of(url)["resource"]


@pytest.mark.parametrize("users", [120])
def test_loaded_accounts_are_those_that_the_front_door_makes(sqlite_url: str, tmp_path: Path, users: int) -> None:
    another = f"sqlite:///{tmp_path / 'another.db'}"
    upgrade(another)
    load(another, users)
    names = (identity("User", number) for number in range(1, users + 1))
    with front_door(sqlite_url, StandingClock(), lambda: next(names)) as door:
        for number in range(1, users + 1):
            assert door.answer(send("POST", "/Users", user_body(number))).status == 201
    assert resources(another) == resources(sqlite_url)


@pytest.fixture
def org() -> SimulatedOrg:
    return SimulatedOrg.start(scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", app_id=APP_ID)


@pytest.mark.parametrize("percent", [1, 50])
def test_a_listing_is_as_long_as_the_accounts_and_differs_in_so_many(percent: int) -> None:
    people = People(1400, percent)
    listed = list(people.everybody())
    ids = [one.okta_user_id for one in listed]
    agreeing = set(People(1400, 1).everybody()) & set(listed) if percent == 50 else set(listed)
    assert len(listed) == 1400
    assert ids == sorted(set(ids))
    assert len(agreeing) >= 1400 * (100 - percent) // 100


def test_the_listing_is_pulled_as_it_is_staged_without_http(sqlite_url: str, org: SimulatedOrg) -> None:
    load(sqlite_url, PEOPLE.accounts)
    with org:
        org.rate_limits.enabled = False
        org.load(map(records_of, PEOPLE.everybody()))
        pulled = walk(sqlite_url, PEOPLE, Served(org.url, org.api_token))
    staged = walk(sqlite_url, PEOPLE, None)
    assert (pulled.pages, pulled.rows) == (staged.pages, staged.rows) == (2, PEOPLE.accounts)
    first, second = (compare(sqlite_url, one.snapshot_id, None) for one in (pulled, staged))
    assert (first.in_sync, first.kept, first.items) == (second.in_sync, second.kept, second.items)


def test_what_differs_is_found_and_the_plain_join_counts_its_part_of_it(database_url: str) -> None:
    load(database_url, PEOPLE.accounts)
    snapshot_id = walk(database_url, PEOPLE, None).snapshot_id
    found = compare(database_url, snapshot_id, None)
    changed = PEOPLE.accounts // 2
    of_a_kind = changed // KINDS
    # Person 1 is disputed by those who carry the id of their account.
    assert found.in_sync == PEOPLE.accounts - changed - 1
    assert found.kept == changed + of_a_kind + 1
    # Of statuses, ids and claims it knows nothing: three kinds have another digest, two are on one side only.
    counts = {name: count()[0] for name, count in plain_joins(database_url, snapshot_id).items()}
    assert set(counts.values()) == {5 * of_a_kind}
    bounded = compare(database_url, snapshot_id, 10)
    assert (bounded.kept, bounded.kept + bounded.beyond) == (10, found.kept)


def test_all_of_it_is_told_with_what_was_not_reached(sqlite_url: str) -> None:
    load(sqlite_url, 700)
    walked = walk(sqlite_url, People(700, 1), None)
    once = compare(sqlite_url, walked.snapshot_id, None)
    beside = side_by_side(sqlite_url, walked.snapshot_id)
    assert 0 < beside.ratio < 1000
    good = Figures(
        walked, once, once, Beside(Took(2.0, 1.0), {"a": Took(1.0, 1.0), "b": Took(3.0, 3.0)}), beside, once, once
    )
    bad = replace(good, beside=Beside(Took(2.1, 1.0), {"b": Took(1.0, 1.0)}), whole=once._replace(memory=(1.0, 300.5)))
    text = text_of("Measured.", 700, (1, 50), {SQLITE: good, POSTGRESQL: bad})
    reached = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in text.splitlines() if "<=" in line}
    assert reached["compare and plan by the plain join, SQLite"] == "yes"
    assert reached["compare and plan by the plain join, PostgreSQL"] == "NO"
    assert reached["peak memory of a whole run in one process, PostgreSQL"] == "NO"
    assert len(reached) == 8
