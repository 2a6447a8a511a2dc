"""What waits for the next round trip is sent with it, in order, and fails as if it had been sent at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, select

from scim.core_schemas import USER_TYPE
from scim.errors import NotFound, Unavailable
from scim.filter.parser import parse_filter
from scim.resource import Member, MembershipChange
from scim.store import Query
from syncd.core.changes import Cause
from syncd.ports import UnitOfWork
from syncd.store import DatabaseUnavailableError, SqlDatabase
from syncd.store.link import INTEGRITY_ERRORS, savepoint
from syncd.store.postgresql_link import PostgresqlLink
from syncd.store.prepared import Prepared
from syncd.store.tables import token
from syncd.store.unit_of_work import SqlUnitOfWork
from tests.conftest import APP

CAUSE = Cause("test")
ROW: dict[str, Any] = {"app": 1, "token_id": "t", "label": "l", "digest": b"1", "created": 1}
ADD = Prepared(insert(token).inline(), list(ROW))
LABELS = Prepared(select(token.c.label))
Work = Callable[[UnitOfWork], object]


def tokens(database: SqlDatabase) -> list[str]:
    return [one.token_id for one in database.list_tokens(APP)]


def test_a_statement_sees_what_was_run_later_before_it(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ADD.later(unit._scope.link, **ROW)
        assert [row.label for row in LABELS.all(unit._scope.link)] == ["l"]
        ADD.later(unit._scope.link, **ROW | {"token_id": "u", "digest": b"2"})
        assert len(unit._scope.connection.execute(select(token.c.label)).all()) == 2
    assert tokens(database) == ["t", "u"]


def test_what_is_run_later_and_fails_takes_the_whole_unit_back(database: SqlDatabase) -> None:
    def add_twice() -> None:
        with database.transaction(APP, CAUSE) as unit:
            unit.resources.create("User", {"userName": "ann"})
            for _ in range(2):
                ADD.later(unit._scope.link, **ROW)

    for _ in range(2):
        with pytest.raises(INTEGRITY_ERRORS):
            add_twice()
    assert tokens(database) == []
    with database.reading(APP) as unit:
        assert unit.resources.find(Query("User")).total == 0
        assert unit.count_audit_events() == 0


def test_what_is_run_later_in_a_savepoint_fails_within_it(database: SqlDatabase) -> None:
    def add_twice(unit: SqlUnitOfWork) -> None:
        with savepoint(unit._scope.link):
            for _ in range(2):
                ADD.later(unit._scope.link, **ROW)

    with database.transaction(APP, CAUSE) as unit:
        ADD.later(unit._scope.link, **ROW | {"token_id": "kept", "digest": b"2"})
        with pytest.raises(INTEGRITY_ERRORS):
            add_twice(unit)
    assert tokens(database) == ["kept"]


def test_nothing_of_a_unit_that_fails_before_it_sent_anything_is_sent_with_the_next(database: SqlDatabase) -> None:
    def add_and_fail() -> None:
        with database.transaction(APP, CAUSE) as unit:
            ADD.later(unit._scope.link, **ROW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    with database.transaction(APP, CAUSE) as unit:
        ADD.later(unit._scope.link, **ROW | {"token_id": "next"})
    assert tokens(database) == ["next"]


def test_questions_are_answered_and_do_not_write(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann = unit.resources.create("User", {"userName": "ann"})
    with database.asking(APP) as unit:
        assert unit.resources.read("User", ann.id).document["userName"] == "ann"
        assert unit.count_audit_events() == 1  # by way of SQLAlchemy, on the same connection
        with pytest.raises(RuntimeError, match="opened for reading"):
            unit.resources.create("User", {"userName": "bob"})
    with pytest.raises(NotFound), database.asking(APP) as unit:
        unit.resources.read("User", "nobody")
    with pytest.raises(KeyError), database.asking("other"):
        pass
    assert database.in_use == 0


def test_what_waits_may_be_larger_than_any_buffer_of_the_network(database: SqlDatabase) -> None:
    large = "x" * 16_000_000
    with database.transaction(APP, CAUSE) as unit:
        for name in ("t", "u"):
            ADD.later(unit._scope.link, **ROW | {"token_id": name, "label": large, "digest": name.encode()})
        assert [row.label for row in LABELS.all(unit._scope.link)] == [large, large]
    assert tokens(database) == ["t", "u"]


@pytest.mark.postgres
def test_a_connection_that_is_lost_while_asking_is_unavailable(postgres_database: SqlDatabase) -> None:
    def ask_twice() -> None:
        with postgres_database.asking(APP) as unit:
            link = unit._scope.link
            unit._scope.connection.exec_driver_sql("SET idle_session_timeout = 1")
            while link.is_alive():
                pass
            LABELS.all(link)

    with pytest.raises(DatabaseUnavailableError, match="try again"):
        ask_twice()
    assert postgres_database.in_use == 0


@pytest.mark.postgres
def test_a_commit_that_the_database_made_a_rollback_is_no_success(postgres_database: SqlDatabase) -> None:
    def go_on_after_a_failure() -> None:
        with postgres_database.transaction(APP, CAUSE) as unit:
            ADD.all(unit._scope.link, **ROW)
            with pytest.raises(psycopg.IntegrityError):
                ADD.all(unit._scope.link, **ROW)

    with pytest.raises(Unavailable):
        go_on_after_a_failure()
    assert tokens(postgres_database) == []


# ------------------------------------------------------------------ how many


def create_user(unit: UnitOfWork) -> None:
    unit.resources.create("User", {"userName": "new", "emails": [{"value": "new@x.example"}]})


def deactivate(unit: UnitOfWork) -> None:
    user = unit.resources.read("User", "id-1")
    unit.resources.update(user, {**user.document, "active": False}, MembershipChange())


def add_member(unit: UnitOfWork) -> None:
    group = unit.resources.read("Group", "id-2", with_members=False)
    unit.resources.update(group, group.document, MembershipChange(add=(Member("id-1"),)), with_members=False)


def read(unit: UnitOfWork) -> None:
    unit.resources.read("User", "id-1")


def look_up(unit: UnitOfWork) -> None:
    assert unit.resources.find(Query("User", parse_filter('userName eq "ann"', USER_TYPE))).total == 1


@contextmanager
def counted() -> Iterator[list[None]]:
    """Yield a list that grows by one with each round trip to PostgreSQL."""
    sent: list[None] = []
    send: Any = PostgresqlLink._send

    def count(link: PostgresqlLink, last: Any) -> Any:
        sent.append(None)
        return send(link, last)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresqlLink, "_send", count)
        yield sent


@pytest.fixture
def furnished(postgres_database: SqlDatabase) -> SqlDatabase:
    names = iter(["id-1", "id-2", "id-3"])
    postgres_database._new_id = lambda: next(names)
    with postgres_database.transaction(APP, CAUSE) as unit:
        unit.resources.create("User", {"userName": "ann"})
        unit.resources.create("Group", {"displayName": "guides"})
    return postgres_database


@pytest.mark.postgres
@pytest.mark.parametrize(("work", "most"), [(create_user, 2), (deactivate, 2), (add_member, 4)])
def test_a_write_takes_few_round_trips(furnished: SqlDatabase, work: Work, most: int) -> None:
    with furnished.transaction(APP, CAUSE) as unit:
        work(unit)  # and prepare its statements
        unit._scope.link.rollback()
        unit._scope.held.clear()
        unit._scope.link.begin(writing=True)
    names = iter(["id-4"])
    furnished._new_id = lambda: next(names)
    with counted() as sent, furnished.transaction(APP, CAUSE) as unit:
        work(unit)
    assert 1 <= len(sent) <= most


@pytest.mark.postgres
@pytest.mark.parametrize("work", [read, look_up])
def test_a_question_takes_one_round_trip(furnished: SqlDatabase, work: Work) -> None:
    with furnished.asking(APP) as unit:
        work(unit)  # and prepare its statements
    with counted() as sent, furnished.asking(APP) as unit:
        work(unit)
    assert len(sent) == 1
