"""Pages of whole lists by index: whatever is remembered of a list, a page is what a slice of the list would be."""

import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.store import Query
from syncd.core.changes import Cause
from syncd.ports import UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP, SteppingClock, opened

CAUSE = Cause("test")
EVERYTHING = Query("User", beside=(("Group", None),))


def create(database: SqlDatabase, name: str, kind: str = "User") -> str:
    with database.transaction(APP, CAUSE) as unit:
        return _create(unit, name, kind)


def _create(unit: UnitOfWork, name: str, kind: str = "User") -> str:
    return unit.resources.create(kind, {"userName" if kind == "User" else "displayName": name}).id


def page(database: SqlDatabase, start: int, count: int, beside: bool = False) -> tuple[int, list[str]]:
    query = Query("User", start_index=start, count=count, beside=EVERYTHING.beside if beside else ())
    with database.asking(APP) as unit:
        found = unit.resources.find(query)
    return found.total, [one.id for one in found.resources]


def remembered(database: SqlDatabase) -> int:
    anchors = database._walks.anchors
    return sum(len(walk.places) for walk in anchors._walks.values())


asked = st.tuples(st.integers(1, 30), st.integers(1, 6))
histories = st.lists(
    st.one_of(
        st.tuples(st.just("page"), asked),
        st.tuples(st.just("page of everything"), asked),
        st.tuples(st.just("walk"), asked),
        st.tuples(st.just("create"), asked),
        st.tuples(st.just("create group"), asked),
        st.tuples(st.just("delete"), asked),
        st.tuples(st.just("undone"), asked),
    ),
    min_size=5,
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_every_page_is_a_slice_of_the_list_whatever_happened_before(
    database_url: str, clock: SteppingClock, history: list[tuple[str, tuple[int, int]]]
) -> None:
    name = f"app{datetime.now(UTC).timestamp()}"
    with ExitStack() as stack:
        processes = [stack.enter_context(opened(database_url, clock)) for _ in range(2)]
        model = _Model(processes, name)
        for number, (step, (start, count)) in enumerate(history):
            model.do(step, start, count, number)


class _Model:
    """The list as it should be, beside two processes that serve it."""

    def __init__(self, processes: list[SqlDatabase], name: str) -> None:
        self.processes = processes
        self.name = name
        self.made: list[tuple[str, str]] = []
        processes[0].ensure_app(name, "0oa")
        for number in range(12):
            self.create("User" if number % 3 else "Group", f"first{number}")

    def create(self, kind: str, name: str) -> None:
        with self.processes[0].transaction(self.name, CAUSE) as unit:
            self.made.append((kind, _create(unit, name, kind)))

    def do(self, step: str, start: int, count: int, number: int) -> None:
        process = self.processes[number % 2]
        if step in {"page", "page of everything"}:
            self.check(process, start, count, everything=step != "page")
        elif step == "walk":
            for at in range(1, 20, count):
                self.check(process, at, count, everything=False)
        elif step == "delete" and self.made:
            kind, gone = self.made.pop(start % len(self.made))
            with process.transaction(self.name, CAUSE) as unit:
                unit.resources.delete(kind, gone)
        elif step == "undone":
            with suppress(ZeroDivisionError), process.transaction(self.name, CAUSE) as unit:
                _create(unit, f"undone{number}")
                for kind, one in self.made[:1]:
                    unit.resources.delete(kind, one)
                unit.resources.find(Query("User", start_index=start, count=count))
                raise ZeroDivisionError
        else:
            self.create("Group" if step == "create group" else "User", f"more{number}")

    def check(self, process: SqlDatabase, start: int, count: int, *, everything: bool) -> None:
        whole = [one for kind, one in self.made if everything or kind == "User"]
        beside = EVERYTHING.beside if everything else ()
        with process.asking(self.name) as unit:
            found = unit.resources.find(Query("User", start_index=start, count=count, beside=beside))
        assert [one.id for one in found.resources] == whole[start - 1 : start - 1 + count]
        assert found.total == len(whole)


def test_a_row_that_appears_late_is_not_missed_on_any_page(
    postgres_database: SqlDatabase, postgres_url: str, clock: SteppingClock
) -> None:
    """On PostgreSQL, who takes a row number first may commit last: places beyond it must not be believed before."""
    first = [create(postgres_database, f"u{number}") for number in range(4)]
    page(postgres_database, 1, 2)
    with opened(postgres_url, clock) as another:
        with another.transaction(APP, CAUSE) as slow:
            late = _create(slow, "late")
            slow.resources.find(Query("User"))  # whatever waits to be sent is sent
            after = [create(postgres_database, f"v{number}") for number in range(4)]
            for start in (1, 3, 5, 7):
                page(postgres_database, start, 2)
            expected = [*first, *after]
            assert page(postgres_database, 7, 2) == (8, expected[6:8])
        expected = [*first, late, *after]
    for start in (9, 7, 5, 3):
        assert page(postgres_database, start, 2) == (9, expected[start - 1 : start + 1])


def test_places_are_remembered_once_nothing_can_appear_before_them(database: SqlDatabase) -> None:
    """Otherwise the tests above would hold for a store that remembers nothing."""
    ids = [create(database, f"u{number}") for number in range(6)]
    end = time.monotonic() + 60
    while remembered(database) < 3 and time.monotonic() < end:  # on PostgreSQL, until older transactions have ended
        for start in (1, 3, 5):
            assert page(database, start, 2) == (6, ids[start - 1 : start + 1])
    assert remembered(database) == 3


def test_of_a_page_that_was_jumped_to_the_beginning_is_remembered_too(sqlite_database: SqlDatabase) -> None:
    ids = [create(sqlite_database, f"u{number}") for number in range(6)]
    for _ in range(2):
        assert page(sqlite_database, 4, 2) == (6, ids[3:5])
    assert remembered(sqlite_database) == 2


def test_a_deletion_moves_every_later_page(database: SqlDatabase, database_url: str, clock: SteppingClock) -> None:
    ids = [create(database, f"u{number}") for number in range(9)]
    with opened(database_url, clock) as another:
        for gone in (ids[0], ids[3], ids[5]):
            for process in (database, another) * 2:
                for start in (1, 3, 5):
                    assert page(process, start, 2) == (len(ids), ids[start - 1 : start + 1])
            with another.transaction(APP, CAUSE) as unit:
                unit.resources.delete("User", gone)
            ids.remove(gone)
            for start in (5, 3):
                assert page(database, start, 2) == (len(ids), ids[start - 1 : start + 1])


def test_what_was_seen_within_a_transaction_that_writes_is_not_remembered(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        for number in range(4):
            _create(unit, str(number))
        unit.resources.find(Query("User", start_index=2, count=2))
    assert remembered(database) == 0
