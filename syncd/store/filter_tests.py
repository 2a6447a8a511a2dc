"""What one comparison of a filter asks of one value, as SQL that is the same on both databases."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, literal, true
from sqlalchemy.sql.elements import ColumnElement

from scim.filter.matching import comparison_key
from scim.filter.syntax import Comparison, Literal, Operator
from scim.resource import parse_timestamp
from syncd.store.constructs import containing, ending_with, in_byte_order
from syncd.store.moments import microseconds

_Predicate = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]

_LAST_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_MILLISECOND: Final = 1000


class Test(NamedTuple):
    """An operator and what is compared with. Without an operator, that there is a value."""

    operator: Operator | None
    value: Literal

    def on(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return that a value, kept as what stands for it in comparisons, passes. False or NULL where it does not."""
        return column.is_not(None) if self.operator is None else _PREDICATES[self.operator](column, self.value)

    def on_moment(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Return that a moment in microseconds passes: moments are compared to the millisecond."""
        if self.operator is None:
            return column.is_not(None)
        moment = parse_timestamp(str(self.value))
        return _MOMENT_PREDICATES[self.operator](column, microseconds(moment)) if moment else true()


PRESENT: Final = Test(None, None)


def test_of(comparison: Comparison) -> Test:
    """Return what a comparison with a value asks: for `ne`, what `eq` asks, which is then to be denied."""
    operator = Operator.EQUAL if comparison.operator is Operator.NOT_EQUAL else comparison.operator
    return Test(operator, comparison_key(comparison.path.leaf, comparison.value))


def successor(prefix: str) -> str | None:
    """Return the first text, in the order of code points, after all that start with `prefix`. None: there is none."""
    while prefix:
        prefix, last = prefix[:-1], ord(prefix[-1])
        if last < _LAST_CODE_POINT:
            following = last + 1
            return prefix + chr(_SURROGATES.stop if following in _SURROGATES else following)
    return None


def _contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return containing(column, text) if text else column.is_not(None)


def _starts_with(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return a range, which needs no escaping and can use an index."""
    end = successor(text)
    starts = in_byte_order(column) >= literal(text)
    return starts if end is None else and_(starts, in_byte_order(column) < literal(end))


def _ends_with(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return ending_with(column, text) if text else column.is_not(None)


def _ordered(column: ColumnElement[Any], value: Literal) -> ColumnElement[Any]:
    return in_byte_order(column) if isinstance(value, str) else column


_PREDICATES: Final[Mapping[Operator, _Predicate]] = {
    Operator.EQUAL: lambda column, value: column == literal(value),
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    Operator.ENDS_WITH: _ends_with,
    Operator.GREATER: lambda column, value: _ordered(column, value) > literal(value),
    Operator.GREATER_OR_EQUAL: lambda column, value: _ordered(column, value) >= literal(value),
    Operator.LESS: lambda column, value: _ordered(column, value) < literal(value),
    Operator.LESS_OR_EQUAL: lambda column, value: _ordered(column, value) <= literal(value),
}
_MOMENT_PREDICATES: Final[Mapping[Operator, _Predicate]] = {
    Operator.EQUAL: lambda column, moment: and_(column >= moment, column < moment + _MILLISECOND),
    Operator.GREATER: lambda column, moment: column >= moment + _MILLISECOND,
    Operator.GREATER_OR_EQUAL: lambda column, moment: column >= moment,
    Operator.LESS: lambda column, moment: column < moment,
    Operator.LESS_OR_EQUAL: lambda column, moment: column < moment + _MILLISECOND,
}
