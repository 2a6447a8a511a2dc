"""The counters say what a count would, after any history, and whoever else writes."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.errors import NotFound, Uniqueness
from scim.resource import MembershipChange
from scim.store import Query, ResourceStore
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.store.tables import TYPE_CODES
from tests.conftest import APP, SteppingClock, opened
from tests.store.inspection import rows_of

CAUSE = Cause("test")
NAMES = ("a", "b", "c")
NAME = {"User": "userName", "Group": "displayName"}


def counted(url: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (live, deleted) by application and type, as the counters have it."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for app, code, _, live, deleted in rows_of(url)["counter"]:
        before = found.get((app, code), (0, 0))
        found[app, code] = (before[0] + live, before[1] + deleted)
    return found


def held(url: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the same, as the tables have it."""
    rows = rows_of(url)
    there = [(row[1], row[2]) for row in rows["resource"]]
    gone = [(row[1], row[2]) for row in rows["tombstone"]]
    return {key: (there.count(key), gone.count(key)) for key in {*there, *gone}}


steps = st.lists(
    st.tuples(
        st.sampled_from(["create", "create", "delete", "rename", "undone", "end"]),
        st.sampled_from(["User", "Group"]),
        st.sampled_from(NAMES),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=steps)
def test_after_any_history_the_counters_say_what_is_there(
    database: SqlDatabase, database_url: str, history: list[tuple[str, str, str]]
) -> None:
    for kind, resource_type, name in history:
        with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
            _do(unit.resources, kind, resource_type, name)
            there = unit.resources.find(Query(resource_type, count=1000))
            assert there.total == len(there.resources)
            if kind == "end":
                raise ZeroDivisionError
    assert {key: value for key, value in counted(database_url).items() if value != (0, 0)} == held(database_url)


def _do(store: ResourceStore, kind: str, resource_type: str, name: str) -> None:
    document = {NAME[resource_type]: name}
    found = [one for one in store.find(Query(resource_type)).resources if one.document == document]
    if kind in {"create", "end"}:
        with suppress(Uniqueness):
            store.create(resource_type, document)
    elif kind == "undone":
        with suppress(NotFound, Uniqueness), store.attempt():
            store.create(resource_type, document)
            raise NotFound("so that it is undone")
    elif found and kind == "delete":
        store.delete(resource_type, found[0].id)
    elif found:
        with suppress(Uniqueness):
            store.update(found[0], {NAME[resource_type]: f"{name}{name}"}, MembershipChange())


def test_eight_writers_at_once_are_all_counted(database_url: str, clock: SteppingClock) -> None:
    with opened(database_url, clock) as one, opened(database_url, clock) as two, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: _write((one, two)[number % 2], number), range(40)))
    assert sum(made) == 40
    (figures,) = counted(database_url).values()
    assert figures == (30, 10)
    assert counted(database_url) == held(database_url)


def _write(database: SqlDatabase, number: int) -> int:
    with database.transaction(APP, CAUSE) as unit:
        created = unit.resources.create("User", {"userName": f"u{number}"})
    with pytest.raises(Uniqueness), database.transaction(APP, CAUSE) as unit:
        unit.resources.create("User", {"userName": f"U{number}"})
    if number % 4 == 0:
        with database.transaction(APP, CAUSE) as unit:
            unit.resources.delete("User", created.id)
    return 1


def test_a_total_is_that_of_the_own_application_and_type(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother000000000001")
    for app, number in ((APP, 3), ("other", 1)):
        with database.transaction(app, CAUSE) as unit:
            for name in range(number):
                unit.resources.create("User", {"userName": str(name)})
            unit.resources.create("Group", {"displayName": "g"})
    with database.asking(APP) as unit:
        assert unit.resources.find(Query("User", count=0)).total == 3
        assert unit.resources.find(Query("User", beside=(("Group", None),), count=1)).total == 4
    with database.reading("other") as unit:
        assert [unit.resources.find(Query(name, count=0)).total for name in TYPE_CODES] == [1, 1]
