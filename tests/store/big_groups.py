"""A group with any number of members, made by one statement, and what a unit of work does to a database's rows."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from scim.resource import MembershipChange
from syncd.core.changes import Cause
from syncd.ports import UnitOfWork
from syncd.store import SqlDatabase
from syncd.store.unit_of_work import SqlUnitOfWork
from tests.conftest import APP
from tests.store.statements import watched

CAUSE: Final = Cause("test")
_USERS: Final = """
INSERT INTO resource (app, type, id, ukey, label, active, origin, protected, version, created, modified, doc, search)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :size)
SELECT app.pk, 1, 'member-' || i, 'member-' || i, 'member-' || i, true, 'scim', false, 1, 1, 1, '{}', '{}' FROM n, app
"""
_MEMBERS: Final = """
INSERT INTO member (app, group_pk, member_pk)
SELECT one.app, big.pk, one.pk FROM resource AS one, resource AS big
WHERE big.id = :group AND one.id LIKE 'member-%' ORDER BY one.pk LIMIT :size
"""
_COUNT: Final = "UPDATE resource SET member_count = :size WHERE id = :group"


def member_ids(size: int) -> list[str]:
    """Return the ids of the first so many people."""
    return [f"member-{number}" for number in range(1, size + 1)]


def furnish(database: SqlDatabase, *sizes: int) -> list[str]:
    """Make the people for the largest group, and a group of each size; return the ids of the groups."""
    with database.transaction(APP, CAUSE) as unit:
        groups = [unit.resources.create("Group", {"displayName": f"of {size}"}).id for size in sizes]
        connection = unit._scope.connection
        connection.execute(text(_USERS), {"size": max(sizes)})
        for group, size in zip(groups, sizes, strict=True):
            for statement in (_MEMBERS, _COUNT):
                connection.execute(text(statement), {"group": group, "size": size})
        if unit._scope.dialect == "postgresql":
            connection.execute(text("ANALYZE resource, member"))  # as its own workers do after a while
    return groups


def change(membership: MembershipChange, group_id: str, unit: UnitOfWork) -> None:
    group = unit.resources.read("Group", group_id, with_members=False)
    unit.resources.update(group, group.document, membership, with_members=False)


class Cost(NamedTuple):
    """The statements of a unit of work, and what the database did for them.

    `effort` is in instructions on SQLite, and in rows read and written on PostgreSQL: neither depends on the machine or
    on what else runs on it.
    """

    statements: list[str]
    effort: int


def cost(database: SqlDatabase, work: Callable[[SqlUnitOfWork], object], grain: int = 1) -> Cost:
    """Return what the work costs, before the commit. Instructions are counted by the `grain`."""
    sent: list[str] = []
    with database.transaction(APP, CAUSE) as unit, watched(lambda sql, _: sent.append(sql)):
        effort = _instructions(unit, work, grain) if unit._scope.dialect == "sqlite" else _rows(unit, work)
    return Cost(sent, effort)


def _instructions(unit: SqlUnitOfWork, work: Callable[[SqlUnitOfWork], object], grain: int) -> int:
    driver: Any = unit._scope.connection.connection.dbapi_connection
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += grain
        return 0

    driver.set_progress_handler(step, grain)
    try:
        work(unit)
    finally:
        driver.set_progress_handler(None, grain)
    return steps


def _rows(unit: SqlUnitOfWork, work: Callable[[SqlUnitOfWork], object]) -> int:
    before = _touched(unit)
    work(unit)
    return _touched(unit) - before


def _touched(unit: SqlUnitOfWork) -> int:
    """Return how many rows and index entries this transaction has read and written (pg_stat_xact)."""
    tables = text(
        "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del), 0)"
        " + coalesce((SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_stat_user_indexes"
        " WHERE schemaname = current_schema()), 0) FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()"
    )
    return int(unit._scope.connection.execute(tables).scalar_one())
