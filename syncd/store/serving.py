"""Whether an index serves what a query asks for, or every resource of a type would have to be looked at."""

from typing import Any, Final, NamedTuple

from sqlalchemy import Column

from scim.attribute_path import AttributePath, resolve
from scim.errors import TooMany
from scim.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from scim.schema import ResourceType
from scim.store import Query
from syncd.store.counters import totals
from syncd.store.documents import EMAILS
from syncd.store.filter_paths import COLUMNS, needed_value
from syncd.store.scope import Scope
from syncd.store.tables import attr_value
from syncd.store.trigrams import SHORTEST

CREATED: Final = "meta.created"

_IN_ORDER: Final = frozenset(
    {
        Operator.EQUAL,
        Operator.STARTS_WITH,
        Operator.GREATER,
        Operator.GREATER_OR_EQUAL,
        Operator.LESS,
        Operator.LESS_OR_EQUAL,
    }
)
_WITHIN: Final = frozenset({Operator.CONTAINS, Operator.ENDS_WITH})
_RELATIONS: Final = frozenset({("Group", "members"), ("User", "groups")})
_KEYS: Final = "userName, externalId, id, displayName, meta.created or emails.value"
_SETTING: Final = "raise server.limits.max_scan_rows"


class Unserved(NamedTuple):
    """The part of a filter that no index serves: what it says of which attribute, and what would help."""

    path: AttributePath
    says: str
    help: str


def refuse_unbounded(scope: Scope, query: Query) -> None:
    """Raise `TooMany` for a query that no index serves, where there are more resources than its `scan_limit`."""
    limit = query.scan_limit
    if limit is None:
        return
    for name, condition in query.selections():
        problem = _problem(scope, query, scope.types[name], condition)
        if problem and (live := totals(scope, name).live) > limit:
            raise TooMany(
                f"{problem} No index serves that: each of {live} resources of the type {name} would be looked at,"
                f" and at most {limit} may be."
            )


def _problem(scope: Scope, query: Query, kind: ResourceType, condition: Filter | None) -> str | None:
    if condition is not None:
        unserved = _Serving(scope, kind).unserved(condition)
        return unserved and f"filter: {unserved.path} {unserved.says}. {unserved.help}"
    if query.sort is not None and not _serves_order(query.sort.path, kind):
        instead = "userName, externalId, id, displayName or meta.created"
        return f"sortBy: {query.sort.path}. Sort by {instead}, add a filter that an index serves, or {_SETTING}."
    return None


def _serves_order(path: AttributePath, kind: ResourceType) -> bool:
    name = str(path)
    return name == CREATED or isinstance(COLUMNS.get((kind.name, name)), Column) or resolve(kind, name) is None


class _Serving:
    """Looks at a filter over resources of one type."""

    def __init__(self, scope: Scope, kind: ResourceType) -> None:
        self._scope = scope
        self._kind = kind

    def unserved(self, condition: Filter) -> Unserved | None:
        """Return what is not served, or None. One term serves a conjunction, all of them serve a disjunction."""
        match condition:
            case And(terms):
                each = [self.unserved(term) for term in terms]
                return each[0] if all(each) else None
            case Or(terms):
                return next((found for term in terms if (found := self.unserved(term))), None)
            case Not(term):
                return Unserved(_first_path(term), "is denied", f"Add a condition on {_KEYS} with and, or {_SETTING}.")
            case ValuePath(path, inner):
                return None if self._serves_value(path, inner) else self._unserved(path, "[...]")
            case Present(path):
                return None if self._is_column(path) else self._unserved(path, "pr")
            case Comparison():
                return self._comparison(condition)

    def _comparison(self, condition: Comparison) -> Unserved | None:
        path, operator, value = condition.path, condition.operator, condition.value
        if self._lacks(path):
            return None
        says = f"{operator} null" if value is None else operator.value
        if value is None or operator is Operator.NOT_EQUAL:
            return self._unserved(path, says)
        if operator in _WITHIN:
            return None if self._serves_pieces(path, value) else self._unserved(path, says)
        if (self._kind.name, path.attribute.name) in _RELATIONS:
            is_id = path.leaf.name == "value" and operator is Operator.EQUAL
            return None if is_id else self._unserved(path, says)
        served = str(path) == CREATED or self._is_column(path) or self._has_values(path)
        return None if served and operator in _IN_ORDER else self._unserved(path, says)

    def _serves_value(self, path: AttributePath, inner: Filter) -> bool:
        if self._lacks(path):
            return True
        if needed_value(inner) is None:
            return False
        value = resolve(self._kind, f"{path}.value")
        return (self._kind.name, path.attribute.name) in _RELATIONS or (value is not None and self._has_values(value))

    def _serves_pieces(self, path: AttributePath, value: Any) -> bool:
        if not isinstance(value, str) or len(value) < SHORTEST:
            return False
        column = COLUMNS.get((self._kind.name, str(path)))
        if column is None and self._has_values(path):
            column = attr_value.c.value
        return str(column) in self._scope.trigrams()

    def _is_column(self, path: AttributePath) -> bool:
        return self._lacks(path) or isinstance(COLUMNS.get((self._kind.name, str(path))), Column)

    def _has_values(self, path: AttributePath) -> bool:
        if path.extension is None:
            return str(path) == EMAILS
        return path.leaf.indexed and path.extension.urn in self._scope.indexed()

    def _lacks(self, path: AttributePath) -> bool:
        """Return whether only other types of the query have the attribute: then there is nothing to look for."""
        return resolve(self._kind, str(path)) is None

    def _unserved(self, path: AttributePath, says: str) -> Unserved:
        ways = [f"Ask by {_KEYS} (eq, sw), add such a condition with and"]
        if path.extension is not None:
            ways.append('mark the attribute as "syncd:indexed" in its schema')
        if says in _WITHIN and (self._is_column(path) or self._has_values(path)):
            ways.append("use PostgreSQL with the extension pg_trgm (then at least three characters are served)")
        return Unserved(path, says, f"{', '.join(ways)}, or {_SETTING}.")


def _first_path(condition: Filter) -> AttributePath:
    match condition:
        case And(terms) | Or(terms):
            return _first_path(terms[0])
        case Not(term):
            return _first_path(term)
        case Comparison(path) | Present(path) | ValuePath(path):
            return path
