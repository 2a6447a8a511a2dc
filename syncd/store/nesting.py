"""Groups within groups: who is above whom, and what keeps the relation free of circles."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.sql.selectable import CTE

from scim.errors import InvalidValue
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import app, member, resource


def groups_above(start: str) -> CTE:
    """Return the row numbers (`pk`) of a group, bound to the parameter `start`, and of all groups that contain it."""
    above = select(bindparam(start, type_=member.c.group_pk.type).label("pk")).cte("above", recursive=True)
    return above.union(select(member.c.group_pk).join_from(above, member, member.c.member_pk == above.c.pk))


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
