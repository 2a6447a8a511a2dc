"""Listing resources: a page, its total, and the relations of all its resources in one query each."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Select, bindparam, func, select

from scim.core_schemas import GROUP_TYPE
from scim.filter.matching import comparison_key
from scim.filter.syntax import Comparison, Filter, Operator
from scim.store import Page, Query
from syncd.store.filter_paths import COLUMNS, MEMBERS
from syncd.store.filter_to_sql import compile_filter, compile_member_condition
from syncd.store.prepared import Prepared
from syncd.store.rows import READ_COLUMNS, stored
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, member, resource

AnySelect = Select[*tuple[Any, ...]]

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


def _page_of(matching: Select[int], *, with_members: bool) -> AnySelect:
    """Return the statement for a page of the resources that `matching` selects: only those are read in full."""
    page = matching.limit(_whole("limit")).offset(_whole("offset")).subquery("page")
    return (
        select(*READ_COLUMNS[with_members])
        .join_from(page, resource, resource.c.pk == page.c.pk)
        .order_by(resource.c.pk)
    )


_PAGE: Final = {with_members: Prepared(_page_of(_PKS, with_members=with_members)) for with_members in READ_COLUMNS}
_PAGE_BY_KEY: Final = {
    (*place, with_members): Prepared(
        _page_of(_PKS.where(COLUMNS[place] == bindparam("value")), with_members=with_members)
    )
    for place in _LOOKUPS
    for with_members in READ_COLUMNS
}
_COUNT_BY_KEY: Final = {place: _COUNT.where(COLUMNS[place] == bindparam("value")) for place in _LOOKUPS}


def find_page(scope: Scope, query: Query) -> Page:
    """Return the page; see `ResourceStore.find`."""
    page, count, values = _statements(scope, query)
    values |= {"app": scope.app, "type": TYPE_CODES[query.resource_type]}
    offset = query.start_index - 1
    bounds = {"limit": query.count, "offset": offset}
    rows = _rows(scope, page, values | bounds) if query.count else []
    if len(rows) < query.count and (rows or not offset):
        total = offset + len(rows)
    else:
        total = scope.connection.execute(count, values).scalar_one()
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


def _rows(scope: Scope, statement: AnySelect | Prepared, values: dict[str, Any]) -> Sequence[Any]:
    if isinstance(statement, Prepared):
        return statement.all(scope.link, **values)
    return scope.connection.execute(statement, values).all()


def _statements(scope: Scope, query: Query) -> tuple[AnySelect | Prepared, Select[int], dict[str, Any]]:
    """Return the statements for the page and for the total, and what they bind beside the bounds."""
    condition = query.filter
    with_members = query.with_members and query.resource_type == GROUP_TYPE.name
    if condition is None:
        return _PAGE[with_members], _COUNT, {}
    if isinstance(condition, Comparison) and condition.operator is Operator.EQUAL and condition.value is not None:
        place = (query.resource_type, str(condition.path))
        if place in _LOOKUPS:
            value = comparison_key(condition.path.leaf, condition.value)
            return _PAGE_BY_KEY[*place, with_members], _COUNT_BY_KEY[place], {"value": value}
    compiled = compile_filter(condition, scope.types[query.resource_type], scope.dialect, scope.indexed)
    return _page_of(_PKS.where(compiled), with_members=with_members), _COUNT.where(compiled), {}
