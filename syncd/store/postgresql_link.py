"""A connection to PostgreSQL, with as few round trips as a transaction allows."""

import select
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from sqlalchemy import Connection

from syncd.store.link import Compiled, end_core

_BEGIN: Final = {
    True: b"BEGIN ISOLATION LEVEL READ COMMITTED",
    False: b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
_COMMIT: Final = b"COMMIT"
_GOOD: Final = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY}

_Sent = tuple[bytes, Sequence[Any] | None, Sequence[int] | None]
"""A command as libpq takes it: the name of a prepared statement, its values and their formats, or SQL and None."""


class PostgresqlLink:
    """A connection to PostgreSQL; see `syncd.store.link.Link`. It prepares every statement that `run` sends.

    The statements go to libpq itself (`psycopg.pq`): what psycopg does for each of them, to suit any value and any
    type, costs as much as the round trip. BEGIN, and what is run later, wait for the next statement or for COMMIT, and
    go with it in one pipeline (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html). Waiting is done
    without the interpreter's lock.
    """

    dialect: Final = "postgresql"

    def __init__(self, core: Connection) -> None:
        self._core = core
        driver: Any = core.connection.dbapi_connection
        self._driver = driver
        self._pq: Any = driver.pgconn
        self._prepared: set[bytes] = set()
        self._waiting: list[_Sent] = []
        self._asked: list[Any] | None = None
        self._readable, self._ready = select.poll(), select.poll()
        self._readable.register(self._pq.socket, select.POLLIN)
        self._ready.register(self._pq.socket, select.POLLIN | select.POLLOUT)

    @property
    def core(self) -> Connection:
        """The connection as SQLAlchemy sees it; see `Link`."""
        self._catch_up()
        return self._core

    def is_alive(self) -> bool:
        """Ask the database only if it has said something while nobody asked; see `Link`."""
        if not self._readable.poll(0):
            return True
        try:
            self._checked(self._pq.exec_(b""))
        except psycopg.Error:
            return False
        return True

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction with the next statement; see `Link`."""
        self._waiting = [(_BEGIN[writing], None, None)]

    def commit(self) -> None:
        """Commit; see `Link`. A transaction in which nothing was done is forgotten."""
        if self._status() == TransactionStatus.INTRANS or len(self._waiting) > 1:
            self._send((_COMMIT, None, None))
        self._waiting = []
        end_core(self._core, committed=True)

    def rollback(self) -> None:
        """Take back; see `Link`."""
        self._waiting = []
        if self._status() != TransactionStatus.IDLE:
            self._send((b"ROLLBACK", None, None))
        end_core(self._core, committed=False)

    def is_in_transaction(self) -> bool:
        """Return whether there is a transaction; see `Link`."""
        return bool(self._waiting) or self._status() == TransactionStatus.INTRANS

    def run(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Run a statement; see `Link`."""
        result = self._send(self._named(statement, parameters))
        value, columns = result.get_value, range(result.nfields)
        return [statement.row([value(row, column) for column in columns]) for row in range(result.ntuples)]

    def run_each(self, statement: Compiled, each: Iterable[dict[str, Any]]) -> Iterator[list[tuple[Any, ...]]]:
        """Run a statement for each of these parameters; see `Link`.

        The next one is sent before rows are yielded, so that the database looks for its rows while these are used. No
        thread does that: one that waits for the interpreter's lock here loses what it gains. Rows come in binary: as
        text, bytes are twice as long, and are written and read digit by digit.
        """
        rows: Any = Transformer(self._driver)
        asked: list[Any] | None = None
        for parameters in each:
            before, asked = asked, self._ask(statement, parameters)
            if before is not None:
                yield self._answer(before, rows)
        if asked is not None:
            yield self._answer(asked, rows)

    def run_later(self, statement: Compiled, parameters: dict[str, Any]) -> None:
        """Run a statement with the next one; see `Link`."""
        named = self._named(statement, parameters)  # which may have sent what waited
        self._waiting.append(named)

    def command(self, sql: str) -> None:
        """Run a statement without parameters; see `Link`."""
        self._send((sql.encode(), None, None))

    def _ask(self, statement: Compiled, parameters: dict[str, Any]) -> list[Any]:
        """Send a statement without waiting for it, and return the list that its result will be put into."""
        name, values, formats = self._named(statement, parameters)
        self._catch_up()
        self._pq.send_query_prepared(name, values, formats, Format.BINARY)
        self._asked = []
        return self._asked

    def _answer(self, asked: list[Any], rows: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that was asked."""
        if not asked:
            self._settle()
        result = self._checked(asked.pop())
        rows.set_pgresult(result)
        loaded: list[tuple[Any, ...]] = rows.load_rows(0, result.ntuples, tuple)
        return loaded

    def _status(self) -> int:
        """Return what the transaction is like when nothing is asked any more."""
        self._settle()
        status: int = self._pq.transaction_status
        return status

    def _settle(self) -> None:
        """Wait for the statement that was asked, if any: nothing else can be sent before its result is here."""
        if self._asked is not None:
            asked, self._asked = self._asked, None
            asked.append(self._received())
            self._received()

    def _catch_up(self) -> None:
        self._settle()
        if self._waiting:
            self._send(self._waiting.pop())

    def _named(self, statement: Compiled, parameters: dict[str, Any]) -> _Sent:
        if statement.name not in self._prepared:
            self._catch_up()
            self._checked(self._pq.prepare(statement.name, statement.sql.encode()))
            self._prepared.add(statement.name)
        return statement.name, statement.values(parameters), statement.formats

    def _send(self, last: _Sent) -> Any:
        """Send what waits and then `last`, in one round trip; return the result of `last`."""
        self._settle()
        before, self._waiting = self._waiting, []
        if before:
            return self._in_pipeline([*before, last])
        name, values, formats = last
        if values is None:
            return self._checked(self._pq.exec_(name))
        return self._checked(self._pq.exec_prepared(name, values, formats))

    def _in_pipeline(self, commands: list[_Sent]) -> Any:
        self._pq.enter_pipeline_mode()
        for name, values, formats in commands:
            if values is None:
                self._pq.send_query_params(name, None)
            else:
                self._pq.send_query_prepared(name, values, formats)
        self._pq.pipeline_sync()
        results = [self._received() for _ in range(2 * len(commands) + 1)][::2]
        self._pq.exit_pipeline_mode()
        for result in results[:-1]:
            self._checked(result)
        return results[-2]

    def _received(self) -> Any:
        """Return the next result. Each command has one, and then None."""
        while self._pq.is_busy():
            unsent = self._pq.flush()
            (self._ready if unsent else self._readable).poll()
            self._pq.consume_input()
        return self._pq.get_result()

    def _checked(self, result: Any) -> Any:
        if result.status in _GOOD:
            return result
        if self._pq.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self._pq.get_error_message())
        raise error_from_result(result)
