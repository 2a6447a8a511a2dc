"""Listing resources: a page, its total, and the relations of all its resources in one query each."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, bindparam, func, select

from scim.filter.matching import comparison_key
from scim.filter.syntax import Comparison, Filter, Operator
from scim.store import Page, Position, Query
from syncd.store.counters import totals
from syncd.store.filter_paths import COLUMNS, MEMBERS
from syncd.store.filter_to_sql import compile_member_condition
from syncd.store.prepared import Prepared
from syncd.store.rows import READ_COLUMNS, Relations, relations_of, stored
from syncd.store.scope import Scope
from syncd.store.selecting import (
    AnySelect,
    Part,
    count_of,
    page_by_offset,
    page_of_segment,
    parts_of,
    position_at,
    segments_of,
)
from syncd.store.serving import refuse_unbounded
from syncd.store.tables import TYPE_CODES, member, resource
from syncd.store.walking import is_whole_list, page_of_whole_list

_OF_TYPE: Final = (resource.c.app == bindparam("app"), resource.c.type == bindparam("type"))
_COUNT: Final = select(func.count()).select_from(resource).where(*_OF_TYPE)
_PKS: Final = select(resource.c.pk).where(*_OF_TYPE).order_by(resource.c.pk)

# What every push asks first; these statements are not made anew for each request.
_LOOKUPS: Final = {
    ("User", "userName"),
    ("User", "externalId"),
    ("User", "id"),
    ("Group", "displayName"),
    ("Group", "externalId"),
    ("Group", "id"),
}


def _whole(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger())


def _lookup(place: tuple[str, str], relations: Relations) -> AnySelect:
    """Return the statement for a page of what has a value: only the resources of the page are read in full."""
    matching = _PKS.where(COLUMNS[place] == bindparam("value"))
    page = matching.limit(_whole("limit")).offset(_whole("offset")).subquery("page")
    return (
        select(*READ_COLUMNS[relations]).join_from(page, resource, resource.c.pk == page.c.pk).order_by(resource.c.pk)
    )


_PAGE_BY_KEY: Final = {
    (*place, relations): Prepared(_lookup(place, relations)) for place in _LOOKUPS for relations in READ_COLUMNS
}
_COUNT_BY_KEY: Final = {place: Prepared(_COUNT.where(COLUMNS[place] == bindparam("value"))) for place in _LOOKUPS}


def find_page(scope: Scope, query: Query) -> Page:
    """Return the page; see `ResourceStore.find`."""
    if is_whole_list(query):
        return page_of_whole_list(scope, query)
    looked_up = _looked_up(query)
    if looked_up is not None:
        return _page_by_lookup(scope, query, *looked_up)
    refuse_unbounded(scope, query)
    if query.position is not None:
        return _page_from(scope, query, query.position)
    parts = parts_of(scope, query)
    rows = _run(scope, page_by_offset(parts, _relations(query), query)) if query.count else []
    offset = query.start_index - 1
    is_last = len(rows) < query.count and bool(rows or not offset)
    total = offset + len(rows) if is_last else _total(scope, parts)
    return Page(total, tuple(map(stored, rows)))


def find_members(scope: Scope, group_id: str, condition: Filter) -> tuple[str, ...]:
    """Return the ids of the group's members that meet the condition; see `ResourceStore.matching_members`."""
    group = select(resource.c.pk).where(resource.c.app == bindparam("app"), resource.c.id == bindparam("group"))
    ids = (
        MEMBERS.rows.with_only_columns(MEMBERS.parts["value"])
        .where(member.c.group_pk.in_(group), compile_member_condition(condition))
        .order_by(member.c.member_pk)
    )
    return tuple(scope.connection.execute(ids, {"app": scope.app, "group": group_id}).scalars())


# ------------------------------------------------------------------ lookups


def _looked_up(query: Query) -> tuple[tuple[str, str], Any] | None:
    """Return the place and the value, where a query asks for nothing but one of the usual equalities."""
    condition = query.filter
    if query.beside or query.sort is not None or query.position is not None:
        return None
    if not isinstance(condition, Comparison) or condition.operator is not Operator.EQUAL or condition.value is None:
        return None
    place = (query.resource_type, str(condition.path))
    return (place, comparison_key(condition.path.leaf, condition.value)) if place in _LOOKUPS else None


def _page_by_lookup(scope: Scope, query: Query, place: tuple[str, str], value: Any) -> Page:
    values = {"app": scope.app, "type": TYPE_CODES[query.resource_type], "value": value}
    offset = query.start_index - 1
    page = _PAGE_BY_KEY[*place, _relations(query)]
    rows = page.all(scope.link, **values, limit=query.count, offset=offset) if query.count else []
    if len(rows) < query.count and (rows or not offset):
        total = offset + len(rows)
    else:
        (total,) = _COUNT_BY_KEY[place].first(scope.link, **values)
    return Page(total, tuple(map(stored, rows)))


# ------------------------------------------------------------------ walks


def _page_from(scope: Scope, query: Query, position: Position) -> Page:
    """Return the page that comes next from a position, by key."""
    parts, relations = parts_of(scope, query), _relations(query)
    wanted = query.count + 1 if query.count else 0
    rows: list[Any] = []
    for segment in segments_of(query, position):
        if len(rows) < wanted:
            rows += _run(scope, page_of_segment(parts, relations, segment, wanted - len(rows)))
    has_more, rows = len(rows) > query.count, rows[: query.count]
    came_from_somewhere = position.row is not None
    if position.backwards:
        rows.reverse()
    before, after = (has_more, came_from_somewhere) if position.backwards else (came_from_somewhere, has_more)
    return Page(
        _total(scope, parts),
        tuple(map(stored, rows)),
        position_at(rows[-1]) if rows and after else None,
        position_at(rows[0], backwards=True) if rows and before else None,
    )


# ------------------------------------------------------------------ common


def _relations(query: Query) -> Relations:
    names = [name for name, _ in query.selections()]
    return relations_of(names, with_members=query.with_members, with_groups=query.with_groups)


def _total(scope: Scope, parts: list[Part]) -> int:
    return sum(map(partial(_total_of, scope), parts))


def _total_of(scope: Scope, part: Part) -> int:
    if part.condition is None:
        return totals(scope, part.resource_type).live
    found: int = scope.connection.execute(count_of(part), {"app": scope.app}).scalar_one()
    return found


def _run(scope: Scope, statement: AnySelect) -> Sequence[Any]:
    return scope.connection.execute(statement, {"app": scope.app}).all()
