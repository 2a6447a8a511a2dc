"""Connections: how they are opened on each database, and how a transaction begins and ends on one."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import psycopg
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from scim.errors import Unavailable
from syncd.store.link import Link, end_core
from syncd.store.postgresql_link import PostgresqlLink
from syncd.store.prepared import Prepared, json_text
from syncd.store.sqlite_link import SqliteLink
from syncd.store.urls import parse_url
from syncd.store.writer_lock import WriterLock

WRITER_PATIENCE: Final = 15.0
"""Seconds that a writer waits for another one."""

_MOST_IDLE: Final = 64
_OLDEST_SQLITE: Final = (3, 38, 0)
_OLDEST_SQLITE_NAME: Final = ".".join(map(str, _OLDEST_SQLITE))
_FAILURES: Final = (
    *(OperationalError, InterfaceError),
    *(sqlite3.OperationalError, sqlite3.InterfaceError),
    *(psycopg.OperationalError, psycopg.InterfaceError),
)
_UNREACHABLE: Final = "The database cannot be reached. Nothing was written; try again."
_FAILED: Final = "The database failed. Nothing was written; try again."
_UNDECIDED: Final = "The database was lost while it was committing: the change may have been written or not; try again."

# A statement and a wait for a lock are bounded, and a peer that is silent is noticed after about ten seconds.
_POSTGRESQL_SETTINGS: Final = (
    "-c timezone=UTC -c jit=off"
    " -c statement_timeout=60s -c lock_timeout=15s -c idle_in_transaction_session_timeout=120s"
)
_POSTGRESQL_ARGUMENTS: Final[dict[str, Any]] = {
    "application_name": "syncd",
    "client_encoding": "utf8",
    "prepare_threshold": None,  # or psycopg would drop our prepared statements with its own
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={int(WRITER_PATIENCE * 1000)}",
)

_First = TypeVar("_First")
_LINKS: Final[Mapping[str, Callable[[Connection], Link]]] = {"sqlite": SqliteLink, "postgresql": PostgresqlLink}


def make_engine(url: str) -> Engine:
    """Return an engine whose connections leave BEGIN and COMMIT to us. It keeps none of them itself."""
    parsed = parse_url(url)
    common: dict[str, Any] = {
        "poolclass": NullPool,
        "isolation_level": "AUTOCOMMIT",
        "json_serializer": json_text,
        "json_deserializer": orjson.loads,
        "query_cache_size": 1000,
    }
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"check_same_thread": False}, **common)
        event.listen(engine, "connect", _set_up_sqlite)
        return engine
    settings = f"{_POSTGRESQL_SETTINGS} {parsed.query.get('options', '')}".strip()
    arguments = _POSTGRESQL_ARGUMENTS | {"options": settings}
    return create_engine(parsed.difference_update_query(["options"]), connect_args=arguments, **common)


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


class DatabaseUnavailableError(Unavailable):
    """The database failed. Clients see `detail`; operators may see `reason`, the driver's own words."""

    def __init__(self, detail: str, error: Exception) -> None:
        super().__init__(detail)
        self.reason = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]


class DatabaseFileError(ValueError):
    """The file of a SQLite database can neither be opened nor made; the message says why, and what to do."""


class Transactions:
    """Opens transactions of one database, on connections that stay open in between.

    Taking a connection from a pool and setting it up costs more than most statements, so idle ones are kept as they
    are: a transaction has one to itself, and none crosses a fork.
    """

    def __init__(self, url: str) -> None:
        """Take the URL of a database. Nothing is opened yet.

        Raises ValueError for a URL that is not understood, and `DatabaseFileError`.
        """
        self._engine = make_engine(url)
        self.dialect: Final = self._engine.dialect.name
        self._writer_lock = _writer_lock_of(self._engine.url) if self.dialect == "sqlite" else None
        self._process = os.getpid()
        self._idle: list[Link] = []
        self._busy: set[Link] = set()
        self._inherited: list[Link] = []

    @property
    def in_use(self) -> int:
        """How many transactions are open."""
        return len(self._busy)

    @contextmanager
    def writing(self) -> Iterator[Link]:
        """Open a transaction that may write: it commits when the block ends and rolls back on any exception.

        Raises `Unavailable` when the database cannot be reached, is full or is kept by others for too long.
        """
        if self._writer_lock is None:
            with self._transaction(writing=True) as link:
                yield link
        else:
            with self._writer_lock.held(), self._transaction(writing=True) as link:
                yield link

    @contextmanager
    def reading(self) -> Iterator[Link]:
        """Open a transaction that sees one state of the database. Raises `Unavailable` as `writing` does."""
        with self._transaction(writing=False) as link:
            yield link

    @contextmanager
    def asking(self) -> Iterator[Link]:
        """Lend a connection for questions outside of a transaction: each sees one state. Raises as `writing` does."""
        link = self._taken()
        try:
            yield link
            end_core(link.core, committed=True)
        except _FAILURES as error:
            self._abandon(link)
            raise DatabaseUnavailableError(_FAILED, error) from error
        except BaseException:
            self._roll_back(link)
            raise
        self._give_back(link)

    def first_row(self, statement: Prepared, **parameters: Any) -> Any:
        """Run one reading statement outside of a transaction and return its first row, if any.

        Raises `Unavailable` when the database cannot be reached, on a new connection too.
        """
        link, row = self._taken_for(lambda link: statement.first(link, **parameters))
        self._give_back(link)
        return row

    def close(self) -> None:
        """Close the idle connections. Transactions must have ended."""
        self._drop_idle()
        self._engine.dispose()
        if self._writer_lock:
            self._writer_lock.close()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Link]:
        link, _ = self._taken_for(lambda link: link.begin(writing=writing))
        told = _FAILED
        try:
            yield link
            _refuse_ended(link)
            told = _UNDECIDED
            link.commit()
        except _FAILURES as error:
            self._abandon(link)
            raise DatabaseUnavailableError(told, error) from error
        except BaseException:
            self._roll_back(link)
            raise
        self._give_back(link)

    def _taken_for(self, first: Callable[[Link], _First]) -> tuple[Link, _First]:
        """Return a connection that did its first work, and what came of it. An idle one that has died is replaced."""
        try:
            return self._first_on_one(first)
        except _FAILURES:
            pass
        try:
            return self._first_on_one(first)
        except _FAILURES as error:
            raise DatabaseUnavailableError(_UNREACHABLE, error) from error

    def _first_on_one(self, first: Callable[[Link], _First]) -> tuple[Link, _First]:
        link = self._taken()
        try:
            return link, first(link)
        except BaseException:
            self._abandon(link)
            raise

    def _taken(self) -> Link:
        if self._process != os.getpid():
            # What was inherited belongs to the parent: it is neither used nor closed nor collected here.
            self._inherited += self._idle
            self._idle, self._busy, self._process = [], set(), os.getpid()
        link = self._idle_one() or self._connect()
        self._busy.add(link)
        return link

    def _idle_one(self) -> Link | None:
        while self._idle:
            try:
                link = self._idle.pop()
            except IndexError:  # another thread took it
                return None
            if link.is_alive():
                return link
            _close(link)
        return None

    def _connect(self) -> Link:
        try:
            return _LINKS[self.dialect](self._engine.connect())
        except DBAPIError as error:
            raise DatabaseUnavailableError(_UNREACHABLE, error) from error

    def _give_back(self, link: Link) -> None:
        self._busy.discard(link)
        if len(self._idle) < _MOST_IDLE:
            self._idle.append(link)
        else:
            _close(link)

    def _roll_back(self, link: Link) -> None:
        try:
            link.rollback()
        except _FAILURES:
            self._abandon(link)
        else:
            self._give_back(link)

    def _abandon(self, link: Link) -> None:
        """Close a connection that failed, and the idle ones: what ended it may have ended them."""
        self._busy.discard(link)
        _close(link)
        self._drop_idle()

    def _drop_idle(self) -> None:
        while self._idle:
            _close(self._idle.pop())


def _refuse_ended(link: Link) -> None:
    """Raise `Unavailable` when the transaction is gone: either database would call its commit a success."""
    if not link.is_in_transaction():
        raise Unavailable(_FAILED)


def _close(link: Link) -> None:
    with suppress(DBAPIError, *_FAILURES):
        link.core.close()


def _writer_lock_of(url: URL) -> WriterLock:
    """Return the lock of a SQLite file. Makes the file, for its owner only.

    Raises `DatabaseFileError` where it cannot be, and ValueError for a SQLite that is too old.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise ValueError(f"SQLite {sqlite3.sqlite_version} is too old: {_OLDEST_SQLITE_NAME} or newer is needed.")
    path = Path(url.database or "").absolute()
    try:
        path.touch(mode=0o600)
        return WriterLock(path.with_name(f"{path.name}-writer"), WRITER_PATIENCE)
    except OSError as error:
        message = (
            f"The database file {path} cannot be opened: {error.strerror}. "
            "Run this as the user that owns it, or put database.url right; the folder has to be there"
        )
        raise DatabaseFileError(message) from None
