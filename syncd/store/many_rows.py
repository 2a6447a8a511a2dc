"""Many rows into one table: on PostgreSQL by one statement, however many there are.

There, a statement for each row costs several times what the row does. SQLite runs a prepared one again, in process.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from syncd.store.constructs import POSTGRESQL


class ManyRows:
    """The insertion of rows that name every column of the table."""

    def __init__(self, table: Table) -> None:
        self._names = [column.name for column in table.c]
        arrays = [bindparam(column.name, type_=ARRAY(column.type)) for column in table.c]
        rows = func.unnest(*arrays).table_valued(*self._names).render_derived()
        self._each = insert(table)
        self._at_once = insert(table).from_select(self._names, select(rows))

    def insert(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Insert the rows, if there are any."""
        if not rows:
            return
        if connection.dialect.name == POSTGRESQL:
            connection.execute(self._at_once, {name: [row[name] for row in rows] for name in self._names})
        else:
            connection.execute(self._each, rows)
