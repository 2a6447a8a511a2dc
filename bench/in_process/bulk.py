"""Many rows at once: SQLite by one prepared statement, PostgreSQL by COPY."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

import orjson
import psycopg
from psycopg import sql
from sqlalchemy import JSON, Column, Table, make_url

Row = dict[str, Any]
_SQLITE_HASTE: Final = (
    "PRAGMA synchronous=OFF",
    "PRAGMA wal_autocheckpoint=50000",
    "PRAGMA cache_size=-2000000",
    "PRAGMA foreign_keys=OFF",
)


class Bulk(Protocol):
    """A way to write many rows. They are all committed when the block of `bulk` has ended."""

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Write rows, all with the same columns; the row number is among them where the table has one."""

    def count_on(self, table: Table) -> None:
        """Let the next row number follow the largest one."""


@contextmanager
def bulk(url: str) -> Iterator[Bulk]:
    """Open a database for writing many rows."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        lite = sqlite3.connect(parsed.database or "", isolation_level=None)
        try:
            for pragma in _SQLITE_HASTE:
                lite.execute(pragma)
            yield _Sqlite(lite)
        finally:
            lite.close()
    else:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as connection:
            yield _Postgresql(connection)


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = [table.c[name] for name in rows[0]]
        names = ", ".join(f'"{column.name}"' for column in columns)
        marks = ", ".join("?" for _ in columns)
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608  # names of our own tables
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(statement, _values(columns, rows))
        self._connection.execute("COMMIT")

    def count_on(self, table: Table) -> None:
        """Do nothing: SQLite has seen the numbers."""


class _Postgresql:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = [table.c[name] for name in rows[0]]
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for values in _values(columns, rows):
                copy.write_row(values)

    def count_on(self, table: Table) -> None:
        name = table.name
        newest = sql.SQL("SELECT max(pk) FROM {}").format(sql.Identifier(name))
        number = self._connection.execute(newest).fetchone()
        self._connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'pk'), %s)", [name, number and number[0]])


def _values(columns: Sequence[Column[Any]], rows: Sequence[Row]) -> Iterator[list[Any]]:
    """Yield the values of each row as either driver takes them: JSON as text, everything else as it is."""
    names = [column.name for column in columns]
    in_json = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
    for row in rows:
        values = [row[name] for name in names]
        for place in in_json:
            if values[place] is not None:
                values[place] = orjson.dumps(values[place]).decode()
        yield values
