"""One open connection, as the store uses it: a transaction begins and ends on it, and statements run on its driver."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg
import sqlalchemy.exc
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from sqlalchemy import Connection

INTEGRITY_ERRORS: Final = (sqlalchemy.exc.IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)
"""What a statement raises that would break a constraint, by whichever way it was sent."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as one database understands it.

    `values` makes the driver's parameters of named ones, `row` makes a row of the driver's values. For PostgreSQL,
    `formats` tells which parameters are binary, and `name` is that of the prepared statement.
    """

    sql: str
    values: Callable[[dict[str, Any]], Sequence[Any]]
    row: Callable[[Iterable[Any]], Any]
    formats: Sequence[int]
    name: bytes


class Link(Protocol):
    """A connection. It is used by one thread at a time."""

    core: Connection
    """The same connection as SQLAlchemy sees it, for statements that are made as they are needed."""

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction. Raises what the driver raises, as all of these."""

    def commit(self) -> None:
        """Commit. The transaction must not have ended."""

    def rollback(self) -> None:
        """Take back what was done since `begin`."""

    def is_in_transaction(self) -> bool:
        """Return whether there is a transaction that can be committed: databases may end one by themselves."""

    def run(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Run a statement to its end and return its rows."""

    def command(self, sql: str) -> None:
        """Run a statement that has neither parameters nor rows."""


class SqliteLink:
    """A connection to SQLite."""

    def __init__(self, core: Connection) -> None:
        self.core = core
        self._driver: sqlite3.Connection = _driver_of(core)
        self._cursor = self._driver.cursor()

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction; see `Link`."""
        self.command("BEGIN IMMEDIATE" if writing else "BEGIN")

    def commit(self) -> None:
        """Commit; see `Link`."""
        self._driver.commit()
        if self.core.in_transaction():
            self.core.commit()

    def rollback(self) -> None:
        """Take back; see `Link`."""
        self._driver.rollback()
        if self.core.in_transaction():
            self.core.rollback()

    def is_in_transaction(self) -> bool:
        """Return whether there is a transaction; see `Link`."""
        return self._driver.in_transaction

    def run(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Run a statement; see `Link`."""
        rows = self._cursor.execute(statement.sql, statement.values(parameters)).fetchall()
        return [statement.row(row) for row in rows]

    def command(self, sql: str) -> None:
        """Run a statement without parameters; see `Link`."""
        self._cursor.execute(sql)


class PostgresqlLink:
    """A connection to PostgreSQL, which prepares every statement that `run` sends it.

    The statements go to libpq itself (`psycopg.pq`): what psycopg does for each of them, to suit any value and any
    type, costs as much as the round trip.
    """

    def __init__(self, core: Connection) -> None:
        self.core = core
        driver: psycopg.Connection[Any] = _driver_of(core)
        self._pq = driver.pgconn
        self._prepared: set[bytes] = set()

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction; see `Link`."""
        self.command(
            "BEGIN ISOLATION LEVEL READ COMMITTED" if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )

    def commit(self) -> None:
        """Commit; see `Link`."""
        self.command("COMMIT")
        if self.core.in_transaction():
            self.core.commit()

    def rollback(self) -> None:
        """Take back; see `Link`."""
        if self._pq.transaction_status != TransactionStatus.IDLE:
            self.command("ROLLBACK")
        if self.core.in_transaction():
            self.core.rollback()

    def is_in_transaction(self) -> bool:
        """Return whether there is a transaction; see `Link`."""
        return self._pq.transaction_status == TransactionStatus.INTRANS

    def run(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Run a statement; see `Link`."""
        if statement.name not in self._prepared:
            self._checked(self._pq.prepare(statement.name, statement.sql.encode()))
            self._prepared.add(statement.name)
        result = self._pq.exec_prepared(statement.name, statement.values(parameters), statement.formats)
        if result.status != ExecStatus.TUPLES_OK:
            self._checked(result)
        value, columns = result.get_value, range(result.nfields)
        return [statement.row([value(row, column) for column in columns]) for row in range(result.ntuples)]

    def command(self, sql: str) -> None:
        """Run a statement without parameters; see `Link`."""
        self._checked(self._pq.exec_(sql.encode()))

    def _checked(self, result: Any) -> None:
        if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
            return
        if self._pq.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self._pq.get_error_message())
        raise error_from_result(result)


def link_of(core: Connection) -> Link:
    """Return the link that is made of an open connection."""
    return SqliteLink(core) if core.dialect.name == "sqlite" else PostgresqlLink(core)


@contextmanager
def savepoint(link: Link) -> Iterator[None]:
    """Take back what the block did, and only that, when it raises."""
    link.command("SAVEPOINT one")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error, psycopg.Error):  # a connection that is lost has taken it back
            link.command("ROLLBACK TO SAVEPOINT one")
            link.command("RELEASE SAVEPOINT one")
        raise
    link.command("RELEASE SAVEPOINT one")


def _driver_of(core: Connection) -> Any:
    return core.connection.dbapi_connection
