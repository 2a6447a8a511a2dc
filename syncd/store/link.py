"""One open connection, as the store uses it: a transaction begins and ends on it, and statements run on its driver."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg
import sqlalchemy.exc
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
    """A connection. It is used by one thread at a time. Everything raises what the driver raises."""

    @property
    def dialect(self) -> str:
        """The name that SQLAlchemy has for the database."""

    @property
    def core(self) -> Connection:
        """The same connection as SQLAlchemy sees it, for statements that are made as they are needed."""

    def is_alive(self) -> bool:
        """Return whether an idle connection can be used still, without asking the database unless in doubt."""

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """Commit. The transaction must not have ended."""

    def rollback(self) -> None:
        """Take back what was done since `begin`."""

    def is_in_transaction(self) -> bool:
        """Return whether there is a transaction that can be committed: databases may end one by themselves."""

    def run(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Run a statement to its end and return its rows."""

    def run_each(
        self, statement: Compiled, each: Iterable[dict[str, Any]]
    ) -> Iterator[Sequence[tuple[int | str | bytes | None, ...]]]:
        """Run a reading statement for each of these parameters, and yield its rows, as the driver makes them.

        Its columns are integers, text or bytes. The database may look for the next rows while these are used. Other
        statements can be run in between; what they write may come too late for the next rows.
        """

    def run_later(self, statement: Compiled, parameters: dict[str, Any]) -> None:
        """Run a statement at the latest before the next one, or with the commit. That is where it raises, too."""

    def command(self, sql: str) -> None:
        """Run a statement that has neither parameters nor rows."""


@contextmanager
def savepoint(link: Link) -> Iterator[None]:
    """Take back what the block did, and only that, when it raises."""
    link.command("SAVEPOINT one")
    try:
        yield
        link.command("RELEASE SAVEPOINT one")
    except BaseException:
        with suppress(sqlite3.Error, psycopg.Error):  # a connection that is lost has taken it back
            link.command("ROLLBACK TO SAVEPOINT one")
            link.command("RELEASE SAVEPOINT one")
        raise


def end_core(core: Connection, *, committed: bool) -> None:
    """Tell SQLAlchemy, where it saw anything of a transaction, that it has ended."""
    if core.in_transaction():
        if committed:
            core.commit()
        else:
            core.rollback()
