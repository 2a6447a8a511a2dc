"""The groups of all users on a page: each group is read once, however many of the users are in it.

Each row has the row numbers of the groups that its user is a member of. The first row of the page has all the groups
around its users besides: what each is called, and in which groups it is itself. Where no group is in a group, which is
most places, looking for such groups is all that nesting costs, once for each group and not for each membership.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import CTE, case, cast, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from scim.core_schemas import USER_TYPE
from scim.resource import Member
from syncd.store.constructs import json_rows
from syncd.store.tables import NUMBER, TYPE_CODES, member, resource

_Groups = tuple[Member, ...]

_outer: Final = member.alias("outer_member")
_named: Final = resource.alias("named")

DIRECT: Final = case(
    (
        resource.c.type == TYPE_CODES[USER_TYPE.name],
        select(json_rows(member.c.group_pk)).where(member.c.member_pk == resource.c.pk).scalar_subquery(),
    )
).label("direct")
"""The row numbers of the groups that a user is a member of, in no particular order; NULL for what is no user."""


def groups_on(page: CTE) -> ColumnElement[Any]:
    """Return all groups around the users of a page, in its first row: (group within it or 0, row number, id, display).

    A group has a row for its own members on the page, and one for each of the groups within it that is around them.
    `page` has the row numbers (`pk`) of the page; the statement reads from it.
    """
    of_users = select(cast(literal_column("0"), NUMBER).label("inner"), member.c.group_pk.label("pk"))
    around = of_users.where(member.c.member_pk.in_(select(page.c.pk))).cte("around", recursive=True)
    of_groups = select(around.c.pk, _outer.c.group_pk)
    around = around.union(of_groups.join_from(around, _outer, _outer.c.member_pk == around.c.pk))
    # Group by group: expecting thousands of rows of any recursion, a database would read all resources for a join.
    name, label = (
        select(one).where(_named.c.pk == around.c.pk).scalar_subquery() for one in (_named.c.id, _named.c.label)
    )
    groups = select(json_rows(around.c.inner, around.c.pk, name, label)).select_from(around).scalar_subquery()
    return case((page.c.pk == first_of(page), groups)).label("around")


def first_of(page: CTE) -> ColumnElement[int]:
    """Return the first row number of a page; NULL where there is none."""
    return select(func.min(page.c.pk)).scalar_subquery()


class PageGroups:
    """The groups around the users of a page, each made once."""

    def __init__(self, groups: Sequence[tuple[int, int, str, str | None]]) -> None:
        """Take what `groups_on` reads."""
        self._direct = {pk: Member(name, label, "direct") for _, pk, name, label in groups}
        self._indirect = {pk: Member(name, label, "indirect") for inner, pk, name, label in groups if inner}
        self._outer: dict[int, list[int]] = {}
        for inner, pk, _, _ in groups:
            if inner:
                self._outer.setdefault(inner, []).append(pk)

    def of(self, direct: Iterable[int]) -> _Groups:
        """Return the groups of a user, in the order of creation, of those that it is a member of.

        A group that it is in both as its member and through others counts as the former.
        """
        if not self._outer:
            return tuple(map(self._direct.__getitem__, sorted(direct)))
        own = frozenset(direct)
        found = own | self._above(own)
        return tuple((self._direct if pk in own else self._indirect)[pk] for pk in sorted(found))

    def _above(self, groups: Iterable[int]) -> set[int]:
        """Return all groups that contain one of the groups, whatever the memberships: on a circle, too."""
        above: set[int] = set()
        ahead = [outer for group in groups for outer in self._outer.get(group, ())]
        while ahead:
            group = ahead.pop()
            if group not in above:
                above.add(group)
                ahead += self._outer.get(group, ())
        return above
