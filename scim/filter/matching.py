"""What a filter means (RFC 7644 section 3.4.2.2). Every compiler of the tree must agree with this, for every tree.

The decisions, each stated once:

- A path reaches all values below it: through every value of a multi-valued attribute, and into each of its values.
  Absent, null, and the empty list reach none.
- `eq`, `co`, `sw`, `ew`, `gt`, `ge`, `lt`, `le`: at least one value reached compares so. Where none is reached, false.
- `ne` is the denial of `eq`: no value reached is equal. Where none is reached, true.
- `pr`: at least one value reached is not empty. Empty are the empty string, and lists and objects without anything that
  is not empty. False and 0 are values like any other.
- `eq null` is the denial of `pr`, and `ne null` is `pr`.
- `path[condition]`: one and the same value meets the whole condition, in which a path reaches into that value only.
- `not` is the plain negation, so `not (title eq "x")` holds where there is no title. There is no third truth value.
- Strings are compared folded (`scim.resource.fold`) unless the attribute is case-exact, then as they stand. Their order
  is that of code points. References and binaries are case-exact by their type.
- dateTimes are compared as moments, to the millisecond.
- A value that is not of the attribute's type equals nothing and compares with nothing, but it is present.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from scim.attribute_path import AttributePath
from scim.filter.literals import typed
from scim.filter.syntax import And, Comparison, Filter, Literal, Not, Operator, Or, Present, ValuePath
from scim.resource import fold
from scim.schema import Attribute, Type

_Reach = Callable[[AttributePath], Sequence[Any]]


def matches(condition: Filter, attributes: Mapping[str, Any]) -> bool:
    """Return whether a resource meets the condition. `attributes` is its `scim.resource.view`."""
    return _holds(condition, lambda path: _values(attributes, path.keys()))


def value_matches(condition: Filter, value: Mapping[str, Any]) -> bool:
    """Return whether one value of a multi-valued complex attribute meets the condition of a value path."""
    return _holds(condition, lambda path: _values(value, (path.leaf.name,)))


def comparison_key(attribute: Attribute, value: object) -> Literal:
    """Return what stands for a value in comparisons, or None for a value that is not of the attribute's type.

    Keys are equal and ordered as the values are. Literals of a filter and values of a resource have the same keys.
    `attribute` is not complex.
    """
    key = typed(attribute.type, value)
    folds = attribute.type is Type.STRING and not attribute.case_exact
    return fold(key) if folds and isinstance(key, str) else key


def is_present(value: object) -> bool:
    """Return whether a value is not empty, as `pr` asks."""
    if isinstance(value, Mapping):
        return any(is_present(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(is_present(part) for part in value)
    return value is not None and value != ""


def _holds(condition: Filter, reach: _Reach) -> bool:
    match condition:
        case Comparison():
            return _compares(condition, reach(condition.path))
        case Present():
            return is_present(reach(condition.path))
        case ValuePath():
            values = reach(condition.path)
            return any(value_matches(condition.condition, value) for value in values if isinstance(value, Mapping))
        case Not():
            return not _holds(condition.term, reach)
        case And():
            return all(_holds(term, reach) for term in condition.terms)
        case Or():
            return any(_holds(term, reach) for term in condition.terms)


def _values(attributes: Mapping[str, Any], keys: Sequence[str]) -> Sequence[Any]:
    reached: list[Any] = [attributes]
    for key in keys:
        holders = (holder for holder in reached if isinstance(holder, Mapping))
        reached = [value for holder in holders for value in _listed(holder.get(key))]
    return reached


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _compares(comparison: Comparison, values: Sequence[Any]) -> bool:
    if comparison.value is None:
        return is_present(values) is (comparison.operator is Operator.NOT_EQUAL)
    attribute = comparison.path.leaf
    wanted = comparison_key(attribute, comparison.value)
    held = [key for key in (comparison_key(attribute, value) for value in values) if key is not None]
    if comparison.operator is Operator.NOT_EQUAL:
        return wanted not in held
    test = _TESTS[comparison.operator]
    return any(test(key, wanted) for key in held)


_TESTS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.CONTAINS: operator.contains,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
}
