"""Statements that are compiled once for each database, and run without SQLAlchemy between us and the driver.

They are written as any other SQLAlchemy Core statement. What Core does for each execution (look the compiled statement
up, make a context, make a result) costs more than most of them take in the database, so it is done once. A test holds
every type of column to what Core gives for it.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final, NamedTuple, cast

import orjson
from sqlalchemy import JSON, Boolean, Dialect, Integer, LargeBinary, String
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

from syncd.store.link import Compiled, Link

Statement = SelectBase | UpdateBase
_Convert = Callable[[Any], Any]


class _Codec(NamedTuple):
    """How values of one type go to a driver and come from it; None is NULL to all of them, and never converted."""

    bind: _Convert
    read: _Convert
    format: int = 0


def json_text(value: object) -> str:
    """Return a value as JSON text, as both databases take it."""
    return orjson.dumps(value).decode()


class Prepared:
    """A statement that binds parameters by name and returns rows whose columns have names."""

    def __init__(self, statement: Statement | Mapping[str, Statement], columns: Sequence[str] = ()) -> None:
        """Take one statement, or one for each dialect's name. Of an insertion, `columns` are those that it fills."""
        self._statement = statement
        self._columns = list(columns) or None
        self._compiled: dict[str, Compiled] = {}

    def all(self, link: Link, **parameters: Any) -> list[Any]:
        """Run the statement and return its rows. Raises what the driver raises."""
        return link.run(self.on(link.dialect), parameters)

    def each(self, link: Link, parameters: Iterable[dict[str, Any]]) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Run the statement for each of these parameters and yield its rows; see `Link.run_each`."""
        return link.run_each(self.on(link.dialect), parameters)

    def later(self, link: Link, **parameters: Any) -> None:
        """Run the statement before the next one or with the commit, whichever comes first; it must not need to fail."""
        link.run_later(self.on(link.dialect), parameters)

    def first(self, link: Link, **parameters: Any) -> Any:
        """Run the statement and return its first row, or None. Raises what the driver raises."""
        rows = self.all(link, **parameters)
        return rows[0] if rows else None

    def on(self, dialect: str) -> Compiled:
        """Return the statement as that database understands it."""
        try:
            return self._compiled[dialect]
        except KeyError:
            compiled = self._compiled[dialect] = self._compile(dialect)
            return compiled

    def _compile(self, name: str) -> Compiled:
        statement = self._statement[name] if isinstance(self._statement, Mapping) else self._statement
        compiler = statement.compile(dialect=_DIALECTS[name], column_keys=self._columns)
        if not isinstance(compiler, SQLCompiler):
            raise TypeError("a statement that has no parameters by position cannot be prepared")
        order = compiler.positiontup or []
        codecs = {key: _codec(name, compiler.binds[key].type) for key in order}
        constant = {key: bind.value for key, bind in compiler.binds.items() if not bind.required}
        columns = list(statement.exported_columns)
        reads = [_codec(name, column.type).read for column in columns]
        names = [str(column.key) for column in columns]
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024 -- names are known at run time
        return Compiled(
            compiler.string,
            partial(_values, [(key, codecs[key].bind) for key in order], constant),
            partial(
                _row, partial(tuple.__new__, row), [(at, read) for at, read in enumerate(reads) if read is not _as_is]
            ),
            [codecs[key].format for key in order],
            b"syncd_%d" % next(_numbers),
        )


def _values(bound: list[tuple[str, _Convert]], constant: dict[str, Any], given: dict[str, Any]) -> list[Any]:
    """Return the parameters in the statement's order, as its driver takes them."""
    if constant:
        given = constant | given
    return [None if (value := given[key]) is None else convert(value) for key, convert in bound]


def _row(make: Callable[[Iterable[Any]], Any], reads: list[tuple[int, _Convert]], values: Iterable[Any]) -> Any:
    """Return the row of a driver's values, of which those at the places of `reads` are converted."""
    row = [*values]
    for at, read in reads:
        value = row[at]
        if value is not None:
            row[at] = read(value)
    return make(row)


def _codec(dialect: str, kind: TypeEngine[Any]) -> _Codec:
    """Return how values of a type are converted. Raises TypeError for one that no table of ours has."""
    implementation = kind.dialect_impl(_DIALECTS[dialect])
    for known, codec in _CODECS[dialect].items():
        if isinstance(implementation, known):
            return codec
    raise TypeError(f"values of the type {kind!r} cannot be prepared")


def _as_is(value: Any) -> Any:
    return value


def _boolean_text(value: bool) -> bytes:
    return b"t" if value else b"f"


def _binary(value: bytes) -> bytes:
    return bytes.fromhex(value[2:].decode())


_numbers: Final = count()
_DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": cast("Any", PGDialect_psycopg)(paramstyle="numeric_dollar"),
}
_CODECS: Final[Mapping[str, Mapping[type[TypeEngine[Any]], _Codec]]] = {
    "sqlite": {
        Integer: _Codec(_as_is, _as_is),
        String: _Codec(_as_is, _as_is),
        Boolean: _Codec(_as_is, bool),
        JSON: _Codec(json_text, orjson.loads),
        LargeBinary: _Codec(_as_is, _as_is),
    },
    "postgresql": {
        Integer: _Codec(b"%d".__mod__, int),
        String: _Codec(str.encode, bytes.decode, 1),  # as text, it would end at a NUL
        Boolean: _Codec(_boolean_text, b"t".__eq__),
        JSON: _Codec(orjson.dumps, orjson.loads),
        LargeBinary: _Codec(_as_is, _binary, 1),
    },
}
