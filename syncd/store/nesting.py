"""Groups within groups: who is above whom, who is below, and what keeps the relation free of circles."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Column, Select, and_, bindparam, exists, literal_column, not_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, FromClause

from scim.core_schemas import GROUP_TYPE
from scim.errors import InvalidValue
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, app, member, resource

_GROUP: Final = TYPE_CODES[GROUP_TYPE.name]

_outer: Final = member.alias("outer_member")
_edge: Final = member.alias("nested_member")
_inner: Final = resource.alias("nested_group")
_IS_GROUP: Final = and_(_inner.c.pk == _edge.c.member_pk, _inner.c.type == _GROUP)


def groups_above(start: str) -> CTE:
    """Return the row numbers (`pk`) of a group, bound to the parameter `start`, and of all groups that contain it."""
    above = select(bindparam(start, type_=member.c.group_pk.type).label("pk")).cte("above", recursive=True)
    return above.union(select(member.c.group_pk).join_from(above, member, member.c.member_pk == above.c.pk))


def groups_around(owner: Column[int]) -> CTE:
    """Return the groups that a resource is in (`pk`, `distance`): 0 as a member of the group itself, 1 through others.

    `owner` is the resource's row number, a column of the statement around. A group that is reached both ways has two
    rows. There are no others, so this ends on any memberships, and on a circle too.
    """
    inner = (
        select(member.c.group_pk.label("pk"), literal_column("0").label("distance"))
        .where(member.c.member_pk == owner)
        .correlate(owner.table)
        .cte("around", recursive=True, nesting=True)
    )
    outer = select(_outer.c.group_pk, literal_column("1")).join_from(inner, _outer, _outer.c.member_pk == inner.c.pk)
    return inner.union(outer)


def is_nested(owner: Column[int]) -> ColumnElement[bool]:
    """Return whether a resource is a member of a group that is a member of a group."""
    # Asked of each group by itself: as a join, PostgreSQL may read the whole index of members for it.
    around = (
        select(literal_column("1"))
        .where(_outer.c.member_pk == member.c.group_pk)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    nested = exists(literal_column("1")).where(member.c.member_pk == owner, around.is_not(None))
    return nested.correlate(owner.table)


def members_through_others(group: FromClause, condition: ColumnElement[bool]) -> Select[tuple[int]]:
    """Return the row numbers of who is in a group that meets the condition, as a member of a group in it only.

    `group` is an alias of `resource`. The walk goes from group to group: where none is in a group, it ends at once.
    """
    within = select(_edge.c.group_pk.label("top"), _edge.c.member_pk.label("pk"))
    start = within.join_from(group, _edge, _edge.c.group_pk == group.c.pk).join(_inner, _IS_GROUP).where(condition)
    below = start.cte(recursive=True)
    further = select(below.c.top, _edge.c.member_pk).join_from(below, _edge, _edge.c.group_pk == below.c.pk)
    below = below.union(further.join(_inner, _IS_GROUP))
    is_direct = and_(_outer.c.group_pk == below.c.top, _outer.c.member_pk == member.c.member_pk)
    direct = exists(literal_column("1")).select_from(_outer).where(is_direct)
    return select(member.c.member_pk).join_from(below, member, member.c.group_pk == below.c.pk).where(not_(direct))


_above: Final = groups_above("group")
_ABOVE: Final = Prepared(
    select(resource.c.pk, resource.c.id)
    .join_from(_above, resource, resource.c.pk == _above.c.pk)
    .where(resource.c.app == bindparam("app"))
)
_LOCK: Final = Prepared(select(app.c.pk).where(app.c.pk == bindparam("app")).with_for_update(key_share=True))


def refuse_circles(scope: Scope, group_pk: int, added: Iterable[int]) -> None:
    """Raise `InvalidValue` naming each of the added groups in which the group is contained, or which is the group.

    Whoever puts a group into a group waits for the others of the application who do: two that are right by themselves
    may close a circle together. The members that are users need no such turn.
    """
    _LOCK.first(scope.link, app=scope.app)
    above = {row.pk: row.id for row in _ABOVE.all(scope.link, app=scope.app, group=group_pk)}
    circular = [above[pk] for pk in added if pk in above]
    if circular:
        named = ", ".join(map(repr, circular))
        raise InvalidValue(f"members: a group cannot contain itself, directly or through others: {named}.")
