"""A connection to SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection

from syncd.store.link import Compiled, end_core


class SqliteLink:
    """A connection to SQLite; see `syncd.store.link.Link`."""

    dialect: Final = "sqlite"

    def __init__(self, core: Connection) -> None:
        self.core = core
        driver: Any = core.connection.dbapi_connection
        self._driver: sqlite3.Connection = driver
        self._cursor = self._driver.cursor()

    def is_alive(self) -> bool:
        """Return True: there is nobody at the other end."""
        return True

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction; see `Link`."""
        self.command("BEGIN IMMEDIATE" if writing else "BEGIN")

    def commit(self) -> None:
        """Commit; see `Link`."""
        self.command("COMMIT")
        end_core(self.core, committed=True)

    def rollback(self) -> None:
        """Take back; see `Link`."""
        self._driver.rollback()
        end_core(self.core, committed=False)

    def is_in_transaction(self) -> bool:
        """Return whether there is a transaction; see `Link`."""
        return self._driver.in_transaction

    def run(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Run a statement; see `Link`."""
        rows = self._cursor.execute(statement.sql, statement.values(parameters)).fetchall()
        return [statement.row(row) for row in rows]

    def run_each(self, statement: Compiled, each: Iterable[dict[str, Any]]) -> Iterator[list[tuple[Any, ...]]]:
        """Run a statement for each of these parameters; see `Link`."""
        for parameters in each:
            yield self._cursor.execute(statement.sql, statement.values(parameters)).fetchall()

    def run_later(self, statement: Compiled, parameters: dict[str, Any]) -> None:
        """Run a statement at once: there is no round trip to save."""
        self.run(statement, parameters)

    def command(self, sql: str) -> None:
        """Run a statement without parameters; see `Link`."""
        self._cursor.execute(sql)
