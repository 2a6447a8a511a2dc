"""The few pieces of SQL that the two databases spell differently. Statements made of them are built once for both."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from sqlalchemy import JSON, BigInteger, Insert, SQLColumnExpression, Table, Text, literal, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import NullType, TypeEngine

from syncd.store.tables import NUMBER

POSTGRESQL: Final = "postgresql"

_WILD: Final = frozenset("%_\\")

PerDialect = Mapping[str, Insert]


def insert_on_each(table: Table, build: Callable[[Any], Insert]) -> PerDialect:
    """Return, by dialect name, the insertion that `build` makes of `insert(table)`: for ON CONFLICT clauses."""
    return {"sqlite": build(sqlite.insert(table)), POSTGRESQL: build(postgresql.insert(table))}


class database_now(FunctionElement[int]):  # noqa: N801 -- reads as the SQL function that it is
    """The database's clock at this statement, as the tables keep moments.

    A function, not a bare column element: of those, SQLAlchemy would make every statement anew each time.
    """

    inherit_cache = True
    name = "database_now"
    type = BigInteger()


@compiles(database_now)
def _now_on_sqlite(_element: database_now, _compiler: SQLCompiler, **_: object) -> str:
    return (
        "(CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)"
    )


@compiles(database_now, POSTGRESQL)
def _now_on_postgresql(_element: database_now, _compiler: SQLCompiler, **_: object) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


class _json_elements(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function that it is
    """The elements of a JSON list that is given as text, one row each."""

    inherit_cache = True
    name = "json_elements"


@compiles(_json_elements)
def _elements_on_sqlite(element: _json_elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_json_elements, POSTGRESQL)
def _elements_on_postgresql(element: _json_elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSONB))"


def json_elements(parameter: SQLColumnExpression[str]) -> TableValuedAlias:
    """Return a table with the column `value`: one row per element of the JSON list. Read it with `part_of`.

    A list of any length is one parameter, so the statement's text stays the same.
    """
    return _json_elements(parameter).table_valued("value")


class _json_part(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function that it is
    """One element of a JSON list within a JSON list, as SQL text or number."""

    inherit_cache = True
    name = "json_part"


@compiles(_json_part)
def _part_on_sqlite(element: _json_part, compiler: SQLCompiler, **kw: Any) -> str:
    value, position = element.clauses
    return f"json_extract({compiler.process(value, **kw)}, '$[' || {compiler.process(position, **kw)} || ']')"


@compiles(_json_part, POSTGRESQL)
def _part_on_postgresql(element: _json_part, compiler: SQLCompiler, **kw: Any) -> str:
    value, position = element.clauses
    target = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST({compiler.process(value, **kw)} ->> {compiler.process(position, **kw)} AS {target})"


def text_part(elements: TableValuedAlias, position: int) -> ColumnElement[str]:
    """Return the text at a position of each element of `elements`, which are lists themselves."""
    return _part(elements, position, Text())


def number_part(elements: TableValuedAlias, position: int) -> ColumnElement[int]:
    """Return the number at a position of each element of `elements`, which are lists themselves."""
    return _part(elements, position, NUMBER)


def _part(elements: TableValuedAlias, position: int, kind: Any) -> ColumnElement[Any]:
    part = _json_part(elements.c.value, literal_column(str(position)))
    part.type = kind
    return part


class position_in(FunctionElement[int]):  # noqa: N801 -- reads as the SQL function that it is
    """Where bytes begin within other bytes, counted from 1; 0 where they are not: `position_in(part, whole)`."""

    inherit_cache = True
    name = "position_in"
    type = BigInteger()


@compiles(position_in)
def _position_on_sqlite(element: position_in, compiler: SQLCompiler, **kw: Any) -> str:
    part, whole = element.clauses
    return f"instr({compiler.process(whole, **kw)}, {compiler.process(part, **kw)})"


@compiles(position_in, POSTGRESQL)
def _position_on_postgresql(element: position_in, compiler: SQLCompiler, **kw: Any) -> str:
    part, whole = element.clauses
    return f"position(CAST({compiler.process(part, **kw)} AS bytea) IN {compiler.process(whole, **kw)})"


class in_byte_order(FunctionElement[str]):  # noqa: N801 -- reads as the SQL function that it is
    """A text that is ordered byte by byte, which in UTF-8 is the order of code points."""

    inherit_cache = True
    name = "in_byte_order"
    type = Text()


@compiles(in_byte_order)
def _order_on_sqlite(element: in_byte_order, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(in_byte_order, POSTGRESQL)
def _order_on_postgresql(element: in_byte_order, compiler: SQLCompiler, **kw: Any) -> str:
    return f'(({compiler.process(element.clauses, **kw)}) COLLATE "C")'


class contains(FunctionElement[bool]):  # noqa: N801 -- reads as the SQL predicate that it is
    """Whether a text contains another one, which is given, and given as a LIKE pattern of it. See `containing`."""

    inherit_cache = True
    name = "contains"
    type = cast("TypeEngine[bool]", NullType())


@compiles(contains)
def _contains_on_sqlite(element: contains, compiler: SQLCompiler, **kw: Any) -> str:
    whole, part, _ = element.clauses
    return f"(instr({compiler.process(whole, **kw)}, {compiler.process(part, **kw)}) > 0)"


class ends_with(FunctionElement[bool]):  # noqa: N801 -- reads as the SQL predicate that it is
    """Whether a text ends with another one, which is given, and given as a LIKE pattern of it. See `ending_with`."""

    inherit_cache = True
    name = "ends_with"
    type = cast("TypeEngine[bool]", NullType())


@compiles(ends_with)
def _ends_with_on_sqlite(element: ends_with, compiler: SQLCompiler, **kw: Any) -> str:
    whole, end, _ = element.clauses
    ending = compiler.process(end, **kw)
    return f"(substr({compiler.process(whole, **kw)}, -length({ending})) = {compiler.process(end, **kw)})"


@compiles(contains, POSTGRESQL)
@compiles(ends_with, POSTGRESQL)
def _like_on_postgresql(element: contains, compiler: SQLCompiler, **kw: Any) -> str:
    whole, _, pattern = element.clauses
    return f"({compiler.process(whole, **kw)} LIKE {compiler.process(pattern, **kw)})"


def containing(column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """Return that a text contains a part that is not empty. PostgreSQL looks into an index of pieces, if it can."""
    return contains(column, literal(part), literal(f"%{_escaped(part)}%"))


def ending_with(column: ColumnElement[Any], end: str) -> ColumnElement[bool]:
    """Return that a text ends with an end that is not empty, by the same index."""
    return ends_with(column, literal(end), literal(f"%{_escaped(end)}"))


def _escaped(part: str) -> str:
    """Return a text in which LIKE finds nothing but the text."""
    return "".join(f"\\{one}" if one in _WILD else one for one in part)


def unindexed(column: ColumnElement[int]) -> ColumnElement[int]:
    """Return the value of the column in a form for which no database looks at an index, where another one is better."""
    return column + 0


class json_rows(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function that it is
    """All rows of a query as one JSON list, in no particular order: of lists, or of values where there is one column.

    An empty list where there are none.
    """

    inherit_cache = True
    name = "json_rows"
    type = JSON()


@compiles(json_rows)
def _rows_on_sqlite(element: json_rows, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({_row_of(element, 'json_array', compiler, **kw)})"


@compiles(json_rows, POSTGRESQL)
def _rows_on_postgresql(element: json_rows, compiler: SQLCompiler, **kw: Any) -> str:
    return f"coalesce(json_agg({_row_of(element, 'json_build_array', compiler, **kw)}), '[]')"


def _row_of(element: json_rows, function: str, compiler: SQLCompiler, **kw: Any) -> str:
    columns = compiler.process(element.clauses, **kw)
    return columns if len(element.clauses) == 1 else f"{function}({columns})"


class json_list(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL aggregate that it is
    """The values of a column in those rows of a group where a condition holds, as one JSON list in no particular order.

    So many values take less room than as many rows, and what else is asked of the group is answered in the same pass.
    """

    inherit_cache = True
    name = "json_list"
    type = JSON()


@compiles(json_list)
def _list_on_sqlite(element: json_list, compiler: SQLCompiler, **kw: Any) -> str:
    value, condition = (compiler.process(one, **kw) for one in element.clauses)
    return f"json_group_array({value}) FILTER (WHERE {condition})"


@compiles(json_list, POSTGRESQL)
def _list_on_postgresql(element: json_list, compiler: SQLCompiler, **kw: Any) -> str:
    value, condition = (compiler.process(one, **kw) for one in element.clauses)
    return f"coalesce(json_agg({value}) FILTER (WHERE {condition}), '[]')"


class is_one_of(FunctionElement[bool]):  # noqa: N801 -- reads as the SQL predicate that it is
    """Whether a column is among the elements of a JSON list that is given as text.

    An index on the column is used, whatever the database guesses about the length of the list.
    """

    inherit_cache = True
    name = "is_one_of"
    # Of a boolean, SQLAlchemy would compare the outcome with 1, and SQLite would then use no index.
    type = cast("TypeEngine[bool]", NullType())


@compiles(is_one_of)
def _one_of_on_sqlite(element: is_one_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, given = element.clauses
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM json_each({compiler.process(given, **kw)}))"  # noqa: S608 -- compiled SQL, no values


@compiles(is_one_of, POSTGRESQL)
def _one_of_on_postgresql(element: is_one_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, given = element.clauses
    kind = compiler.dialect.type_compiler_instance.process(column.type).partition(" COLLATE")[0]
    elements = f"jsonb_array_elements_text(CAST({compiler.process(given, **kw)} AS JSONB)) AS element"
    return f"{compiler.process(column, **kw)} = ANY (ARRAY(SELECT CAST(element AS {kind}) FROM {elements}))"  # noqa: S608 -- compiled SQL, no values
