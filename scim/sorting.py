"""Sorting a list: `sortBy` and `sortOrder`, and what they mean (RFC 7644 section 3.4.2.3).

Every store must agree with `sort_key`. Values are ordered by `scim.filter.matching.comparison_key`: text folded unless
it is case-exact, in the order of code points; numbers, booleans and moments by value. Resources without a value come
last, and among equals the one that was created first comes first. A descending list is the ascending one backwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scim.attribute_path import AttributePath, resolve_in
from scim.errors import InvalidPath, InvalidValue
from scim.filter.matching import comparison_key
from scim.filter.parser import MADE_LOCATIONS
from scim.filter.syntax import Literal
from scim.resource import StoredResource, view
from scim.schema import ResourceType, Returned, Type

ASCENDING: Final = "ascending"
DESCENDING: Final = "descending"

_ORDERS: Final = {ASCENDING: False, DESCENDING: True}
_RELATIONS: Final = frozenset({"members", "groups"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Sort:
    """What a list is sorted by. `path` ends at an attribute with values that can be compared."""

    path: AttributePath
    descending: bool = False


def read_sort(parameters: Mapping[str, str], resource_types: Sequence[ResourceType]) -> Sort | None:
    """Return what the parameters of a request sort by, or None where they say nothing. `sortOrder` alone says nothing.

    Raises `InvalidPath` for what none of the resource types has, or what cannot be sorted by, and `InvalidValue` for
    another order than ascending and descending.
    """
    name = parameters.get("sortBy", "").strip()
    if not name:
        return None
    descending = _ORDERS.get((parameters.get("sortOrder", "").strip() or ASCENDING).lower())
    if descending is None:
        raise InvalidValue(f"sortOrder: expected {ASCENDING} or {DESCENDING}.")
    return Sort(_sortable(name, resource_types), descending)


def sort_key(path: AttributePath, stored: StoredResource, resource_type: ResourceType) -> Literal:
    """Return what stands for a resource in a sorted list, or None where it has no value.

    Of a multi-valued attribute the primary value counts, else the first one. Moments of `meta` are in microseconds.
    """
    if moment := _MOMENTS.get(str(path)):
        return (moment(stored) - _EPOCH) // _MICROSECOND
    value: Any = view(stored, resource_type)
    keys = path.keys()
    for key in keys:
        value = _first(value.get(key)) if isinstance(value, Mapping) else None
    return comparison_key(path.leaf, value)


def _sortable(name: str, resource_types: Sequence[ResourceType]) -> AttributePath:
    path = resolve_in(resource_types, name)
    if path is None:
        names = " or ".join(one.name for one in resource_types)
        raise InvalidPath(f"sortBy: {name[:200]!r} is no attribute of {names}.")
    if path.attribute.returned is Returned.NEVER or path.leaf.returned is Returned.NEVER:
        raise InvalidPath(f"sortBy: {path} is never returned, and so nothing is sorted by it.")
    if path.extension is None and path.attribute.name in _RELATIONS:
        raise InvalidPath(f"sortBy: {path} has no first value; nothing is sorted by it.")
    if instead := MADE_LOCATIONS.get(str(path)):
        raise InvalidPath(f"sortBy: {path} cannot be sorted by; use {instead}.")
    return _leading_to_a_value(path)


def _leading_to_a_value(path: AttributePath) -> AttributePath:
    """Return the path, to `value` where it ends at a complex attribute that has one."""
    if path.leaf.type is not Type.COMPLEX:
        return path
    value = path.attribute.sub_attribute("value") if path.sub_attribute is None else None
    if value is None:
        example = next((sub.name for sub in path.attribute.sub_attributes), "value")
        raise InvalidPath(f"sortBy: {path} is complex; name a part of it, such as {path}.{example}.")
    return AttributePath(path.attribute, value, path.extension)


def _first(value: Any) -> Any:
    """Return the value that an attribute is sorted by: of several, the primary one, else the first one."""
    if not isinstance(value, list | tuple):
        return value
    primary = (one for one in value if isinstance(one, Mapping) and one.get("primary") is True)
    return next(primary, value[0] if value else None)


_MOMENTS: Final[Mapping[str, Callable[[StoredResource], datetime]]] = {
    "meta.created": lambda stored: stored.created,
    "meta.lastModified": lambda stored: stored.last_modified,
}
