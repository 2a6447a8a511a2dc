"""Unique values of extensions under concurrency: the database decides."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from scim.conformance.examples import BADGE, RESOURCE_TYPES
from scim.errors import Uniqueness
from scim.resource import MembershipChange
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from tests.conftest import APP, SteppingClock, opened

CAUSE = Cause("test")
THREADS = 6


@pytest.fixture
def badges(database_url: str, clock: SteppingClock) -> Iterator[SqlDatabase]:
    with opened(database_url, clock, RESOURCE_TYPES) as database:
        yield database


def create(database: SqlDatabase, name: str, number: str) -> str:
    try:
        with database.transaction(APP, CAUSE) as unit:
            return unit.resources.create("User", {"userName": name, BADGE.urn: {"number": number}}).id
    except Uniqueness:
        return ""


def test_of_many_who_claim_one_value_at_once_one_has_it(badges: SqlDatabase) -> None:
    users = [create(badges, f"user{number}", f"n{number}") for number in range(THREADS)]
    barrier = Barrier(2 * THREADS)

    def claim(place: int) -> bool:
        barrier.wait()
        if place >= THREADS:
            return bool(create(badges, f"user{place}", "wanted"))
        try:
            with badges.transaction(APP, CAUSE) as unit:
                user = unit.resources.read("User", users[place])
                unit.resources.update(user, {**user.document, BADGE.urn: {"number": "WANTED"}}, MembershipChange())
        except Uniqueness:
            return False
        return True

    with ThreadPoolExecutor(2 * THREADS) as pool:
        assert Counter(pool.map(claim, range(2 * THREADS))) == {True: 1, False: 2 * THREADS - 1}


def test_two_applications_may_have_the_same_value(badges: SqlDatabase) -> None:
    badges.ensure_app("other", "0oaother000000000001")
    assert create(badges, "ann", "1")
    with badges.transaction("other", CAUSE) as unit:
        unit.resources.create("User", {"userName": "ann", BADGE.urn: {"number": "1"}})
