"""Which rows a query selects, and in which order: the parts that statements for pages and totals are made of."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Subquery, bindparam, func, select, tuple_, union_all
from sqlalchemy.sql.elements import ColumnElement

from scim.store import Position, Query
from syncd.store.constructs import unindexed
from syncd.store.filter_paths import Predicate
from syncd.store.filter_to_sql import compile_filter
from syncd.store.rows import READ_COLUMNS, Relations
from syncd.store.scope import Scope
from syncd.store.sort_keys import sort_key_of
from syncd.store.tables import TYPE_CODES, resource

AnySelect = Select[*tuple[Any, ...]]

KEY: Final = "sorted_by"
_APP: Final = resource.c.app == bindparam("app")


class Part(NamedTuple):
    """The resources of one type that a query selects. `condition` is None for all of them, `key` where none sorts."""

    resource_type: str
    condition: Predicate | None
    key: ColumnElement[Any] | None

    def where(self) -> list[Predicate]:
        """Return the conditions on rows of `resource`; they bind `app`.

        The index of ids knows no types: it is walked only if no index of the type is looked at.
        """
        code = TYPE_CODES[self.resource_type]
        of_type = [_APP, resource.c.type == code]
        if self.key is resource.c.id and self.condition is None:
            of_type = [unindexed(resource.c.app) == bindparam("app"), unindexed(resource.c.type) == code]
        return of_type if self.condition is None else [*of_type, self.condition]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a list that is walked in one go: the resources with a value to sort by, or those without.

    `down` is against the order of creation. `bound` is where the walk goes on, if it does so within this stretch.
    """

    down: bool
    valued: bool
    bound: Position | None

    def within(self, key: ColumnElement[Any] | None) -> list[Predicate]:
        """Return the conditions for being in the rest of the stretch."""
        if key is None:
            return [] if self.bound is None else [_beyond(resource.c.pk, self.bound.row, down=self.down)]
        if not self.valued:
            missing = key.is_(None)
            return (
                [missing] if self.bound is None else [missing, _beyond(resource.c.pk, self.bound.row, down=self.down)]
            )
        if self.bound is None:
            return [key.is_not(None)]
        place = tuple_(key, resource.c.pk)
        return [_beyond(place, tuple_(bindparam(None, self.bound.key, key.type), self.bound.row), down=self.down)]


def parts_of(scope: Scope, query: Query) -> list[Part]:
    """Return what a query selects, type by type."""
    parts = []
    for name, condition in query.selections():
        kind = scope.types[name]
        compiled = None if condition is None else compile_filter(condition, kind, scope.dialect, scope.indexed())
        key = None if query.sort is None else sort_key_of(query.sort.path, kind, scope.dialect)
        parts.append(Part(name, compiled, key))
    return parts


def segments_of(query: Query, position: Position) -> list[Segment]:
    """Return the stretches of the list that come from a position on, in the order of the walk."""
    descending = query.sort is not None and query.sort.descending
    down = descending != position.backwards
    order = [False, True] if down else [True, False]
    if query.sort is None:
        return [Segment(down, valued=False, bound=None if position.row is None else position)]
    if position.row is None:
        return [Segment(down, valued, None) for valued in order]
    first = position.key is not None
    rest = order[order.index(first) + 1 :]
    return [Segment(down, first, position), *(Segment(down, valued, None) for valued in rest)]


def page_by_offset(parts: list[Part], relations: Relations, query: Query) -> AnySelect:
    """Return the statement for the page that starts at the query's index."""
    down = query.sort is not None and query.sort.descending
    offset = query.start_index - 1
    branches = [_ordered(_rows(part, []), part.key, down=down) for part in parts]
    return _read(_joined(branches, down=down, limit=query.count, offset=offset), relations, down=down)


def page_of_segment(parts: list[Part], relations: Relations, segment: Segment, limit: int) -> AnySelect:
    """Return the statement for the next resources of a stretch."""
    down = segment.down
    branches = [_ordered(_rows(part, segment.within(part.key)), part.key, down=down) for part in parts]
    return _read(_joined(branches, down=down, limit=limit, offset=0), relations, down=down)


def count_of(part: Part) -> Select[int]:
    """Return the statement for how many resources a part selects."""
    return select(func.count()).select_from(resource).where(*part.where())


def _rows(part: Part, conditions: list[Predicate]) -> AnySelect:
    columns = [resource.c.pk] if part.key is None else [resource.c.pk, part.key.label(KEY)]
    return select(*columns).where(*part.where(), *conditions)


def _ordered(rows: AnySelect, key: ColumnElement[Any] | None, *, down: bool) -> AnySelect:
    return rows.order_by(*_order(resource.c.pk, key, down=down))


def _order(pk: ColumnElement[int], key: ColumnElement[Any] | None, *, down: bool) -> list[ColumnElement[Any]]:
    """Return the order of a list: by the key, what has none last, then by creation; all of it backwards if `down`."""
    order: list[ColumnElement[Any]] = [pk.desc() if down else pk.asc()]
    if key is not None:
        order.insert(0, key.desc().nulls_first() if down else key.asc().nulls_last())
    return order


def _joined(branches: list[AnySelect], *, down: bool, limit: int, offset: int) -> Subquery:
    """Return the page of all branches in one order. No branch gives more than the page could take of it."""
    bounds = {"limit": limit, "offset": offset}
    if len(branches) == 1:
        return _cut(branches[0], **bounds).subquery("page")
    whole = union_all(*(select(branch.limit(limit + offset).subquery()) for branch in branches)).subquery("whole")
    key = whole.c.get(KEY)
    return _cut(select(whole).order_by(*_order(whole.c.pk, key, down=down)), **bounds).subquery("page")


def _cut(rows: AnySelect, *, limit: int, offset: int) -> AnySelect:
    return rows.limit(limit).offset(offset) if offset else rows.limit(limit)


def _read(page: Subquery, relations: Relations, *, down: bool) -> AnySelect:
    """Return the statement that reads the resources of a page: only those are read in full."""
    key = page.c.get(KEY)
    columns = READ_COLUMNS[relations] if key is None else (*READ_COLUMNS[relations], key)
    return (
        select(*columns)
        .join_from(page, resource, resource.c.pk == page.c.pk)
        .order_by(*_order(page.c.pk, key, down=down))
    )


def _beyond(place: Any, bound: Any, *, down: bool) -> Predicate:
    beyond: Predicate = place < bound if down else place > bound
    return beyond


def position_at(row: Any, *, backwards: bool = False) -> Position:
    """Return the position next to a row that was read, from which a walk goes on."""
    return Position(getattr(row, KEY, None), row.pk, backwards)
