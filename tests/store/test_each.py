"""A statement that is run for each of many parameters: its rows, and what may happen between them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import Integer, LargeBinary, Text, bindparam, delete, insert, literal, null, select

from syncd.core.changes import Cause
from syncd.store import DatabaseUnavailableError, SqlDatabase
from syncd.store.link import Link, savepoint
from syncd.store.prepared import Prepared
from syncd.store.tables import token
from syncd.store.unit_of_work import SqlUnitOfWork
from tests.conftest import APP

CAUSE = Cause("test")
LABELS = Prepared(select(token.c.label, token.c.digest).where(token.c.created == bindparam("of")))
ADD = Prepared(insert(token).inline(), ["app", "token_id", "label", "digest", "created"])
NOTHING = Prepared(delete(token).where(token.c.created == bindparam("of")))
DIVIDED = Prepared(select((100 / bindparam("by", type_=Integer)).cast(Integer)))
"""Fails for 0, on PostgreSQL."""


@pytest.fixture
def database_of_five(database: SqlDatabase) -> SqlDatabase:
    with database.transaction(APP, CAUSE) as unit:
        for number in range(5):
            add(unit, number)
    return database


def add(unit: SqlUnitOfWork, number: int) -> None:
    row = {"app": 1, "token_id": f"t{number}", "label": f"l{number}", "digest": b"%d\0" % number, "created": number}
    ADD.all(unit._scope.link, **row)


def labels(link: Link, numbers: int = 5) -> Iterator[list[str]]:
    return ([row[0] for row in rows] for rows in LABELS.each(link, ({"of": number} for number in range(numbers))))


def test_the_rows_of_each_come_in_order_and_none_where_there_are_none(database_of_five: SqlDatabase) -> None:
    with database_of_five.reading(APP) as unit:
        assert list(labels(unit._scope.link, 7)) == [["l0"], ["l1"], ["l2"], ["l3"], ["l4"], [], []]
        assert list(labels(unit._scope.link, 1)) == [["l0"]]
        assert list(labels(unit._scope.link, 0)) == []


@pytest.mark.parametrize(
    ("text", "number", "binary"),
    [
        ("", 0, b""),
        ("quote' \" \\ %s", -(2**62), b"\x00\xff\\x'"),
        ("Straße 東京 \U0001f600", 2**62, bytes(range(256))),
    ],
)
def test_values_are_the_same_as_by_core(database: SqlDatabase, text: str, number: int, binary: bytes) -> None:
    row = {"app": 1, "token_id": "t", "label": text, "digest": binary, "created": number}
    columns = [token.c.label, token.c.digest, token.c.created, token.c.expires, token.c.pk]
    find = select(*columns, null().cast(LargeBinary), literal("x", Text)).where(token.c.digest == bindparam("of"))
    with database.transaction(APP, CAUSE) as unit:
        link = unit._scope.link
        link.core.execute(insert(token), row)
        by_core = tuple(link.core.execute(find, {"of": binary}).one())
        assert list(Prepared(find).each(link, [{"of": binary}])) == [[by_core]]
        assert by_core[:4] == (text, binary, number, None)


def failing(link: Link) -> None:
    with suppress(RuntimeError), savepoint(link):
        NOTHING.all(link, of=1)
        raise RuntimeError


BETWEEN: dict[str, Callable[[Link], object]] = {
    "by Core": lambda link: link.core.execute(select(token.c.pk)).all(),
    "one that is prepared": lambda link: LABELS.all(link, of=1),
    "one that was never prepared": lambda link: Prepared(select(token.c.pk)).all(link),
    "one that is run later": lambda link: NOTHING.later(link, of=7),
    "a command": lambda link: link.command("SAVEPOINT another"),
    "a savepoint that is taken back": failing,
    "whether there is a transaction": lambda link: link.is_in_transaction(),
    "the same for each": lambda link: list(labels(link)),
    "the same for each, and left early": lambda link: next(labels(link)),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_other_statements_can_be_run_in_between(database_of_five: SqlDatabase, name: str) -> None:
    with database_of_five.transaction(APP, CAUSE) as unit:
        link, seen = unit._scope.link, []
        LABELS.all(link, of=0)
        NOTHING.all(link, of=7)
        for number, found in enumerate(labels(link)):
            BETWEEN[name](link)
            add(unit, 10 + number)
            seen += found
    assert seen == ["l0", "l1", "l2", "l3", "l4"]
    assert len(database_of_five.list_tokens(APP)) == 10


def test_a_loop_that_is_left_early_leaves_a_transaction_that_goes_on_and_commits(database_of_five: SqlDatabase) -> None:
    with database_of_five.transaction(APP, CAUSE) as unit:
        left = labels(unit._scope.link)
        assert next(left) == ["l0"]
        add(unit, 5)
    with database_of_five.transaction(APP, CAUSE) as unit:
        add(unit, 6)
        another = labels(unit._scope.link)
        assert list(islice(another, 2)) == [["l0"], ["l1"]]
    assert len(database_of_five.list_tokens(APP)) == 7
    del left, another  # held until here, as a traceback holds what a loop was over


def test_a_loop_that_raises_takes_the_transaction_back(database_of_five: SqlDatabase) -> None:
    def fail_within() -> None:
        with database_of_five.transaction(APP, CAUSE) as unit:
            add(unit, 5)
            for _ in labels(unit._scope.link):
                raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fail_within()
        assert len(database_of_five.list_tokens(APP)) == 5


@pytest.mark.parametrize("is_prepared", [False, True])
def test_all_rows_are_of_one_state(database_of_five: SqlDatabase, is_prepared: bool) -> None:
    with database_of_five.audit_log.reading_log() as reader:
        if is_prepared:
            list(labels(reader._link))
    with database_of_five.audit_log.reading_log() as reader:
        loop = labels(reader._link)
        assert next(loop) == ["l0"]
        with database_of_five.transaction(APP, CAUSE) as unit:
            unit._scope.connection.execute(token.update().values(label="new"))
        assert list(loop) == [["l1"], ["l2"], ["l3"], ["l4"]]
    assert {one.label for one in database_of_five.list_tokens(APP)} == {"new"}


@pytest.mark.postgres
def test_the_next_one_is_on_its_way_while_rows_are_looked_at(postgres_database: SqlDatabase) -> None:
    with postgres_database.reading(APP) as unit:
        link: Any = unit._scope.link
        states = [link._pq.transaction_status for _ in labels(link, 3)]
    assert states == [TransactionStatus.ACTIVE, TransactionStatus.ACTIVE, TransactionStatus.INTRANS]


@pytest.mark.postgres
def test_what_fails_is_raised_where_its_rows_are_wanted(postgres_database: SqlDatabase) -> None:
    def divide(*numbers: int) -> list[int]:
        found: list[int] = []
        with postgres_database.reading(APP) as unit:
            for rows in DIVIDED.each(unit._scope.link, [{"by": number} for number in numbers]):
                found += [row[0] for row in rows]
        return found

    for numbers in ((0,), (1, 0), (1, 0, 2), (0, 0, 0)):
        with pytest.raises(psycopg.errors.DivisionByZero):
            divide(*numbers)
        assert divide(1, 2, 4) == [100, 50, 25]
    assert postgres_database.in_use == 0


@pytest.mark.postgres
def test_a_connection_that_is_lost_between_two_is_unavailable(postgres_database: SqlDatabase) -> None:
    def lose_it() -> None:
        with postgres_database.reading(APP) as unit:
            pid = unit._scope.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            for _ in labels(unit._scope.link):
                with postgres_database.transaction(APP, CAUSE) as other:
                    other._scope.connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")

    with pytest.raises(DatabaseUnavailableError, match="try again"):
        lose_it()
    assert postgres_database.in_use == 0
    with postgres_database.reading(APP) as unit:
        assert list(labels(unit._scope.link, 1)) == [[]]
