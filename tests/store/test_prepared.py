"""A prepared statement gives what SQLAlchemy Core gives, for every type of column that the tables have."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import Integer, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.store.link import INTEGRITY_ERRORS, savepoint
from syncd.store.prepared import Prepared
from syncd.store.tables import METADATA, app, resource, token
from tests.conftest import APP

CAUSE = Cause("test")
TEXTS = ["", "ann", "Straße 東京 \U0001f600", "quote' \" \\ %s %(x)s :y $1 ?", "a" * 5000]
ROW: dict[str, Any] = {
    "app": 1,
    "type": 1,
    "id": "i",
    "ukey": None,
    "external_id": "Ü",
    "active": True,
    "origin": "scim",
    "protected": False,
    "version": 2**40,
    "created": 0,
    "modified": -1,
    "member_count": None,
    "doc": {"a": [1, 2.5, None, True, "Ü\u0000x".replace("\u0000", " ")], "b": {}},
    "search": {},
}


def test_every_column_of_the_tables_can_be_bound_and_read() -> None:
    for table in METADATA.tables.values():
        statement = Prepared(insert(table).returning(*table.columns), table.columns.keys())
        for dialect in ("sqlite", "postgresql"):
            assert len(statement.on(dialect).formats) == len(table.columns)


@pytest.mark.parametrize("text", TEXTS)
def test_rows_are_the_same_by_either_way(database: SqlDatabase, text: str) -> None:
    row = ROW | {"id": text or "none", "external_id": text}
    columns = select(*(column for column in resource.c if column.key != "pk")).where(resource.c.id == bindparam("key"))
    with database.transaction(APP, CAUSE) as unit:
        link = unit._scope.link
        link.core.execute(insert(resource), row)
        by_core = tuple(link.core.execute(columns, {"key": row["id"]}).one())
        assert tuple(Prepared(columns).first(link, key=row["id"])) == by_core
        Prepared(insert(resource).inline(), list(row)).all(link, **row | {"id": "second"})
        by_us = tuple(link.core.execute(columns, {"key": "second"}).one())
        position = columns.selected_columns.keys().index("id")
        assert by_us[:position] + by_us[position + 1 :] == by_core[:position] + by_core[position + 1 :]


@pytest.mark.parametrize("digest", [b"", b"\x00\xff\\x'", bytes(range(256))])
def test_bytes_are_the_same_by_either_way(database: SqlDatabase, digest: bytes) -> None:
    find = select(token.c.digest, token.c.expires).where(token.c.digest == bindparam("digest"))
    with database.transaction(APP, CAUSE) as unit:
        link = unit._scope.link
        row = {"app": 1, "token_id": "t", "label": "l", "digest": digest, "created": 1}
        Prepared(insert(token).inline(), list(row)).all(link, **row)
        by_core = tuple(link.core.execute(find, {"digest": digest}).one())
        assert tuple(Prepared(find).first(link, digest=digest)) == by_core == (digest, None)


def test_a_null_in_json_is_the_same_by_either_way(database: SqlDatabase) -> None:
    add = insert(resource).returning(resource.c.past, resource.c.past.is_(None))
    with database.transaction(APP, CAUSE) as unit:
        link = unit._scope.link
        rows = [ROW | {"id": f"{at}{value}", "past": value} for value in (None, [], [None]) for at in "cp"]
        for by_core, prepared in zip(rows[::2], rows[1::2], strict=True):
            given = tuple(Prepared(add, list(prepared)).first(link, **prepared))
            assert given == tuple(link.core.execute(add, by_core).one())


def test_constants_of_a_statement_are_bound_and_can_be_given_twice(database: SqlDatabase) -> None:
    statement = select(app.c.name).where(app.c.pk + 1 > 0, app.c.name == bindparam("name")).limit(1)
    twice = select(cast(bindparam("one", type_=Integer()), Integer) + bindparam("one", type_=Integer()))
    with database.reading(APP) as unit:
        assert Prepared(statement).first(unit._scope.link, name=APP).name == APP
        assert Prepared(statement).first(unit._scope.link, name="other") is None
        assert Prepared(twice).first(unit._scope.link, one=21)[0] == 42


def test_a_parameter_that_is_missing_is_a_bug_that_shows(database: SqlDatabase) -> None:
    statement = Prepared(select(app.c.name).where(app.c.name == bindparam("name")))
    with database.reading(APP) as unit, pytest.raises(KeyError, match="name"):
        statement.first(unit._scope.link, nam=APP)


def test_a_type_that_no_table_has_cannot_be_prepared() -> None:
    with pytest.raises(TypeError, match="cannot be prepared"):
        Prepared(select(func.now())).on("sqlite")


@pytest.mark.postgres
def test_a_text_does_not_end_at_a_nul(postgres_database: SqlDatabase) -> None:
    statement = Prepared(select(app.c.name).where(app.c.name == bindparam("name")))
    with pytest.raises(psycopg.DataError), postgres_database.reading(APP) as unit:
        statement.first(unit._scope.link, name=f"{APP}\x00x")


def test_a_savepoint_takes_back_its_own_block_only(database: SqlDatabase) -> None:
    row = {"app": 1, "token_id": "t", "label": "kept", "digest": b"1", "created": 1}
    add = Prepared(insert(token).inline(), list(row))
    relabel = Prepared(update(token).values(label=bindparam("new")).where(token.c.digest == bindparam("of_digest")))
    with database.transaction(APP, CAUSE) as unit:
        link = unit._scope.link
        add.all(link, **row)

        def relabel_and_fail() -> None:
            with savepoint(link):
                relabel.all(link, new="lost", of_digest=b"1")
                add.all(link, **row)

        for _ in range(6):  # often enough for psycopg to prepare statements of its own, if it did
            with pytest.raises(INTEGRITY_ERRORS):
                relabel_and_fail()
        with savepoint(link):
            add.all(link, **row | {"token_id": "u", "digest": b"2"})
    assert [one.label for one in database.list_tokens(APP)] == ["kept", "kept"]


def test_statements_of_either_way_are_in_one_transaction(database: SqlDatabase) -> None:
    row = {"app": 1, "token_id": "t", "label": "l", "digest": b"1", "created": 1}

    def fail_after_both() -> None:
        with database.transaction(APP, CAUSE) as unit:
            Prepared(insert(token).inline(), list(row)).all(unit._scope.link, **row)
            unit._scope.connection.execute(insert(token), row | {"token_id": "u", "digest": b"2"})
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fail_after_both()
        assert database.list_tokens(APP) == ()


def test_a_conflict_is_no_row_on_each_database(database: SqlDatabase) -> None:
    add = {
        name: dialect.insert(app).on_conflict_do_nothing(index_elements=["name"]).returning(app.c.pk)
        for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
    }
    with database.transaction(APP, CAUSE) as unit:
        row = {"name": APP, "okta_app_id": "x", "created": 1}
        assert Prepared(add, list(row)).first(unit._scope.link, **row) is None
        assert Prepared(add, list(row)).first(unit._scope.link, **row | {"name": "new"}).pk > 0
