"""Lists, as both databases plan them: pages of any list that may be long come from an index, in its order."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from scim.core_schemas import RESOURCE_TYPES, USER_TYPE
from scim.filter.parser import parse_filter
from scim.sorting import read_sort
from scim.store import START, Position, Query
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.statements import watched

CAUSE = Cause("test")
BARE = Query("User", start_index=2, count=2, with_members=False, with_groups=False)
EVERYTHING = replace(BARE, beside=(("Group", None),))


def _sorted(query: Query, name: str, order: str = "ascending", position: Position | None = None) -> Query:
    return replace(query, sort=read_sort({"sortBy": name, "sortOrder": order}, RESOURCE_TYPES), position=position)


WALKS = {
    "the whole list": BARE,
    "everything": EVERYTHING,
    "the total": replace(BARE, count=0),
    "a walk": replace(BARE, position=Position(None, 2)),
    "a walk back": replace(BARE, position=Position(None, 3, backwards=True)),
    **{
        f"by {name}, {order}": _sorted(BARE, name, order)
        for name in ("userName", "id", "externalId", "displayName", "meta.created")
        for order in ("ascending", "descending")
    },
    "a walk by name from the start": _sorted(BARE, "userName", position=START),
    "a walk by name": _sorted(BARE, "userName", position=Position("u1", 2)),
    "a walk by name back": _sorted(BARE, "userName", position=Position("u1", 2, backwards=True)),
    "a walk by externalId, descending": _sorted(BARE, "externalId", "descending", Position("x1", 2)),
    "a walk to those without": _sorted(BARE, "displayName", position=Position("zz", 2)),
    "groups by name": _sorted(replace(BARE, resource_type="Group"), "displayName"),
}


# The index of ids is walked from its beginning: it knows no types.
GROWS = re.compile(r"SCAN (resource|member|counter)\b(?! USING INDEX sqlite_autoindex_resource_1)")


def furnish(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        for number in range(4):
            document = {"userName": f"u{number}", "externalId": f"x{number}", "emails": [{"value": f"u{number}@x"}]}
            unit.resources.create("User", document)
            unit.resources.create("Group", {"displayName": f"g{number}"})


def asked(database: SqlDatabase, query: Query) -> list[tuple[str, Any]]:
    sent: list[tuple[str, Any]] = []
    with watched(lambda sql, bound: sent.append((sql, bound))), database.asking(APP) as unit:
        unit.resources.find(query)
    assert sent
    return sent


@pytest.mark.parametrize("query", WALKS.values(), ids=WALKS.keys())
def test_sqlite_takes_a_page_from_an_index_in_its_order(
    sqlite_database: SqlDatabase, sqlite_url: str, query: Query
) -> None:
    furnish(sqlite_database)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        for sql, bound in asked(sqlite_database, query):
            steps = list(connection.execute(f"EXPLAIN QUERY PLAN {sql}", bound))
            inside = {step for step, _, _, text in steps if text in {"MATERIALIZE page", "CO-ROUTINE page"}}
            for step, parent, _, text in steps:
                assert not GROWS.match(text), (sql, steps)
                assert not (parent in inside and "TEMP B-TREE" in text), (sql, steps)
                assert "member" not in text, (sql, step)


def postgresql_plans(database: SqlDatabase, query: Query) -> Iterator[str]:
    """Yield the plans of what a query asks, as they are where no table is small enough to be read as a whole."""
    for sql, bound in asked(database, query):
        with database.asking(APP) as unit:
            connection = unit._scope.link.core
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
            connection.exec_driver_sql("SET plan_cache_mode = force_custom_plan")
            try:
                if isinstance(bound, dict):
                    yield "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", bound))
                else:
                    pq: Any = connection.connection.dbapi_connection
                    formats = [1 if isinstance(one, bytes) and not one.lstrip(b"-").isdigit() else 0 for one in bound]
                    result = pq.pgconn.exec_params(f"EXPLAIN {sql}".encode(), bound, None, formats)
                    assert result.ntuples, result.error_message
                    yield "\n".join(result.get_value(row, 0).decode() for row in range(result.ntuples))
            finally:
                connection.exec_driver_sql("RESET ALL")


@pytest.mark.parametrize("query", WALKS.values(), ids=WALKS.keys())
def test_postgresql_takes_a_page_from_an_index_in_its_order(postgres_database: SqlDatabase, query: Query) -> None:
    furnish(postgres_database)
    for plan in postgresql_plans(postgres_database, query):
        assert "Seq Scan on resource" not in plan, plan
        assert "Seq Scan on member" not in plan, plan
        assert "->  Sort" not in plan.partition("Limit")[2], plan


MANY = """
    INSERT INTO resource (app, type, id, ukey, active, origin, protected, version, created, modified, doc, search)
    SELECT app, type, id || n, 'user' || n || '@x.example', active, origin, protected, version, created + n, modified,
           doc, search
    FROM resource CROSS JOIN generate_series(1, 20000) AS n
"""


@pytest.mark.parametrize("text", ['userName co "r12345"', 'userName ew "12345@x.example"'])
def test_postgresql_finds_parts_of_texts_by_their_pieces_among_many(postgres_database: SqlDatabase, text: str) -> None:
    with postgres_database.transaction(APP, CAUSE) as unit:
        unit.resources.create("User", {"userName": "first"})
        unit._scope.link.core.exec_driver_sql(MANY)
    with postgres_database.asking(APP) as unit:
        unit._scope.link.core.exec_driver_sql("VACUUM ANALYZE resource")
    sent = asked(postgres_database, replace(BARE, filter=parse_filter(text, USER_TYPE), start_index=1))
    with postgres_database.asking(APP) as unit:
        for sql, bound in sent:
            rows = unit._scope.link.core.exec_driver_sql(f"EXPLAIN {sql}", bound)
            plan = "\n".join(row[0] for row in rows)
            assert "ix_resource_ukey_trigram" in plan, plan
