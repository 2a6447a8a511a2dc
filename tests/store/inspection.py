"""Looking at a database from outside: what rows and what tables there are."""

import re
from typing import Any, Final

from sqlalchemy import Connection, inspect, select

from syncd.store.engine import make_engine
from syncd.store.tables import METADATA

_ADDED: Final = re.compile(r", (\w+ [A-Z]+)(?=, )")


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, by table."""
    engine = make_engine(url)
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for name, table in METADATA.tables.items()
        }


def table_names(url: str) -> set[str]:
    with make_engine(url).connect() as connection:
        return set(inspect(connection).get_table_names())


def definitions(connection: Connection) -> set[tuple[str, ...]]:
    """Return how the database itself describes its tables, columns, indexes and constraints, Alembic's table aside."""
    found: set[tuple[str, ...]]
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT tbl_name, name, sql FROM sqlite_master WHERE type <> 'trigger'")
        found = {(table, name, _in_any_order(sql or "")) for table, name, sql in rows}
    else:
        found = {tuple(map(str, row)) for query in _POSTGRESQL_CATALOGUE for row in connection.exec_driver_sql(query)}
    return {row for row in found if row[0] != "alembic_version"}


def _in_any_order(sql: str) -> str:
    """Return the parts of a CREATE TABLE in one order: that of its constraints means nothing.

    SQLite writes columns that were added later into the line of the last column.
    """
    body, _, options = _ADDED.sub(r",\n\t\1", sql).rpartition("\n)")
    return "\n".join([*sorted(part.strip(", ") for part in body.split("\n\t")), options])


_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, collation_name, ordinal_position,
           replace(column_default, current_schema || '.', '')
    FROM information_schema.columns WHERE table_schema = current_schema
"""
_INDEXES = """
    SELECT tablename, indexname, replace(indexdef, current_schema || '.', '')
    FROM pg_indexes WHERE schemaname = current_schema
"""
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, replace(pg_get_constraintdef(oid), current_schema || '.', '')
    FROM pg_constraint WHERE connamespace = current_schema::regnamespace
"""
_POSTGRESQL_CATALOGUE = (_COLUMNS, _INDEXES, _CONSTRAINTS)
