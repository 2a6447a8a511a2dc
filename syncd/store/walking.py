"""Whole lists in the order of creation: pages of any depth by row number, and their totals from the counters.

One statement reads a page together with the counters that say how the list stood, so that they are of one state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Select, bindparam, case, select, true

from scim.store import Page, Query
from syncd.store.anchors import START, Place
from syncd.store.constructs import POSTGRESQL, json_rows
from syncd.store.counters import MARK, OLDEST_RUNNING, totals_of
from syncd.store.page_groups import first_of
from syncd.store.prepared import Prepared
from syncd.store.rows import READ_COLUMNS, Relations, columns_on_page, relations_of, stored_page
from syncd.store.scope import Scope
from syncd.store.selecting import position_at
from syncd.store.tables import TYPE_CODES, counter, resource

_EVERYTHING: Final = 0
_ALL_TYPES: Final = frozenset(TYPE_CODES)
_ALWAYS: Final = 2**62


def _whole(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


def _statement(relations: Relations, dialect: str, *, of_one_type: bool) -> Select[Any]:
    """Return the statement for a page after a row number, and for how the list stands; without rows, for that alone.

    The first row alone tells the latter, as one value: others would have to be read with every row.
    """
    ours = [resource.c.app == bindparam("app"), resource.c.pk > _whole("after")]
    counted = []
    if of_one_type:
        ours.append(resource.c.type == bindparam("type"))
        counted.append(counter.c.type == bindparam("type"))
    counts = totals_of(*counted).add_columns(OLDEST_RUNNING[dialect]).subquery("counts")
    standing = select(json_rows(*counts.c).label("told")).select_from(counts).subquery("standing")
    page = (
        select(resource.c.pk)
        .where(*ours)
        .order_by(resource.c.pk)
        .limit(_whole("limit"))
        .offset(_whole("offset"))
        .cte("page")
    )
    return (
        select(
            case((page.c.pk.is_not_distinct_from(first_of(page)), standing.c.told)).label("standing"),
            *columns_on_page(relations, page),
        )
        .select_from(standing)
        .outerjoin(page, true())
        .outerjoin(resource, resource.c.pk == page.c.pk)
        .order_by(page.c.pk)
    )


_PAGE: Final[Mapping[tuple[Relations, bool], Prepared]] = {
    (relations, of_one_type): Prepared(
        {dialect: _statement(relations, dialect, of_one_type=of_one_type) for dialect in OLDEST_RUNNING}
    )
    for relations in READ_COLUMNS
    for of_one_type in (True, False)
}


@dataclass(frozen=True, slots=True)
class _Read:
    """What a statement read: how the list stands, and rows of it."""

    live: int
    deleted: int
    oldest_running: int
    rows: list[Any]


def is_whole_list(query: Query) -> bool:
    """Return whether a query asks for all resources of one type, or of all types, in the order of creation."""
    if query.sort is not None or any(condition is not None for _, condition in query.selections()):
        return False
    if query.position is not None and query.position.backwards:
        return False
    return not query.beside or {name for name, _ in query.selections()} == _ALL_TYPES


def page_of_whole_list(scope: Scope, query: Query) -> Page:
    """Return the page of a query that asks for a whole list."""
    if query.position is not None:
        return _page_after(scope, query, query.position.row or START.pk)
    read = _read_at(scope, query, query.start_index - 1)
    return Page(read.live, stored_page(read.rows, _relations(query)))


def _page_after(scope: Scope, query: Query, pk: int) -> Page:
    wanted = query.count + 1 if query.count else 0
    read = _read(scope, query, pk, wanted, 0)
    rows = read.rows[: query.count]
    return Page(
        read.live,
        stored_page(rows, _relations(query)),
        position_at(rows[-1]) if len(read.rows) > len(rows) else None,
        position_at(rows[0], backwards=True) if rows and pk != START.pk else None,
    )


def _read_at(scope: Scope, query: Query, skipped: int) -> _Read:
    """Read the page after so many rows: from the nearest place that is remembered, if it still holds."""
    if scope.cause is not None or not skipped:
        read = _read(scope, query, START.pk, query.count, skipped)
    else:
        place, deleted = scope.walks.anchors.nearest(_list_of(scope, query), skipped)
        read = _read(scope, query, place.pk, query.count, skipped - place.rows)
        if place != START and read.deleted != deleted:
            read = _read(scope, query, START.pk, query.count, skipped)
    if scope.cause is None and read.rows:
        _remember(scope, query, read, skipped)
    return read


def _remember(scope: Scope, query: Query, read: _Read, skipped: int) -> None:
    """Remember where a page began and ended, if no row can appear before its end any more."""
    horizon = scope.walks.horizon
    end = Place(skipped + len(read.rows), read.rows[-1].pk)
    settled = horizon.settled(read.oldest_running) if scope.dialect == POSTGRESQL else _ALWAYS
    if end.pk <= settled:
        begin = Place(skipped, read.rows[0].pk - 1)
        for place in (begin, end) if skipped else (end,):
            scope.walks.anchors.remember(_list_of(scope, query), read.deleted, place)
    elif horizon.needs_mark(end.pk):
        horizon.mark(*MARK.first(scope.link))


def _read(scope: Scope, query: Query, after: int, limit: int, offset: int) -> _Read:
    bound = {"app": scope.app, "after": after, "limit": limit, "offset": offset}
    if not query.beside:
        bound["type"] = TYPE_CODES[query.resource_type]
    rows = _PAGE[_relations(query), not query.beside].all(scope.link, **bound)
    ((live, deleted, oldest_running),) = rows[0].standing
    return _Read(live, deleted, oldest_running, [] if rows[0].pk is None else rows)


def _relations(query: Query) -> Relations:
    names = [name for name, _ in query.selections()]
    return relations_of(names, with_members=query.with_members, with_groups=query.with_groups)


def _list_of(scope: Scope, query: Query) -> tuple[int, int]:
    return scope.app, _EVERYTHING if query.beside else TYPE_CODES[query.resource_type]
