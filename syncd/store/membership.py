"""Members of a group: what changes is written, and nothing else is touched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Text, bindparam, delete, select, true

from scim.core_schemas import GROUP_TYPE
from scim.errors import InvalidValue
from scim.resource import Member, MembershipChange, fold
from syncd.store.constructs import insert_on_each, is_one_of, json_elements, number_part, text_part, unindexed
from syncd.store.nesting import refuse_circles
from syncd.store.parking import park, unpark
from syncd.store.prepared import Prepared, json_text
from syncd.store.rows import IDS_OF
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, member, resource

MOST_NAMED: Final = 1000
"""How many members an audit event names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class MembershipEffect:
    """What a membership change did: ids that were not members before, and ids that are members no longer.

    And who waits to become a member, and who does so no longer, which changes no member.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    unparked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def growth(self) -> int:
        """By how much the number of members grew."""
        return len(self.added) - len(self.removed)


_GROUP: Final = TYPE_CODES[GROUP_TYPE.name]
_list: Final = bindparam("given", type_=Text())
_given: Final = json_elements(_list)
_IS_OURS: Final = unindexed(resource.c.app) == bindparam("app")

# Added members are locked against deletion, in one order, until the membership is committed.
_RESOLVE: Final = Prepared(
    select(resource.c.id, resource.c.pk, resource.c.type)
    .where(_IS_OURS, is_one_of(resource.c.id, _list))
    .order_by(resource.c.id)
    .with_for_update(read=True, key_share=True)
)
_ADD: Final = Prepared(
    insert_on_each(
        member,
        lambda insert: (
            insert.from_select(
                ["app", "group_pk", "member_pk", "display", "display_key"],
                select(
                    bindparam("app", type_=member.c.app.type),
                    bindparam("group", type_=member.c.group_pk.type),
                    number_part(_given, 0),
                    text_part(_given, 1),
                    text_part(_given, 2),
                )
                .select_from(_given)
                .where(true()),
            )
            .on_conflict_do_nothing()
            .returning(member.c.member_pk)
        ),
    )
)
_FIND: Final = Prepared(select(resource.c.id, resource.c.pk).where(_IS_OURS, is_one_of(resource.c.id, _list)))
_REMOVE: Final = Prepared(
    delete(member)
    .where(member.c.group_pk == bindparam("group"), is_one_of(member.c.member_pk, _list))
    .returning(member.c.member_pk)
)
_KEEP_ONLY: Final = Prepared(
    delete(member)
    .where(member.c.group_pk == bindparam("group"), member.c.member_pk.not_in(select(number_part(_given, 0))))
    .returning(member.c.member_pk)
)


def resolve_members(scope: Scope, change: MembershipChange, into: int | None = None) -> dict[str, int]:
    """Return the row numbers of added members by id, and hold them against deletion. `into` is the group, if it exists.

    Raises `InvalidValue` naming each id that is no resource of this application, unless they are to be parked, or a
    group that contains this one.
    """
    members = change.add
    if not members:
        return {}
    found = _RESOLVE.all(scope.link, app=scope.app, given=json_text([one.value for one in members]))
    pks = {row.id: row.pk for row in found}
    unknown = dict.fromkeys(one.value for one in members if one.value not in pks)
    if unknown and not change.park:
        named = ", ".join(map(repr, list(unknown)[:MOST_NAMED]))
        raise InvalidValue(f"members: there is no resource with the id {named}.")
    groups = [row.pk for row in found if row.type == _GROUP]
    if groups and into is not None:
        refuse_circles(scope, into, groups)
    return pks


def unresolved(change: MembershipChange, pks: Mapping[str, int]) -> tuple[str, ...]:
    """Return the ids of added members that are no resource."""
    return tuple(dict.fromkeys(one.value for one in change.add if one.value not in pks))


def change_members(
    scope: Scope, group_pk: int, change: MembershipChange, pks: Mapping[str, int], *, parks: bool = False
) -> MembershipEffect:
    """Write the change and return what it did. `pks` are the resolved members that it adds; the others are parked.

    `parks` tells whether somebody waits to become a member of the group already.
    """
    removed = _removed(scope, group_pk, change, pks.values())
    added = _added(scope, group_pk, change.add, pks) if pks else ()
    unparked = unpark(scope, group_pk, change) if parks else ()
    parked = park(scope, group_pk, [one for one in change.add if one.value not in pks])
    return MembershipEffect(added, removed, parked, unparked)


def _added(scope: Scope, group_pk: int, members: Sequence[Member], pks: Mapping[str, int]) -> tuple[str, ...]:
    given = {pks[one.value]: one for one in members if one.value in pks}
    rows = [[pk, one.display, fold(one.display) if one.display else None] for pk, one in given.items()]
    added = _ADD.all(scope.link, app=scope.app, group=group_pk, given=json_text(rows))
    written = {row.member_pk for row in added}
    return tuple(one.value for pk, one in given.items() if pk in written)


def _removed(scope: Scope, group_pk: int, change: MembershipChange, kept: Iterable[int]) -> tuple[str, ...]:
    if change.replace:
        rows = _KEEP_ONLY.all(scope.link, group=group_pk, given=json_text([[pk] for pk in kept]))
        gone = json_text([row.member_pk for row in rows])
        ids = IDS_OF.all(scope.link, app=scope.app, given=gone) if rows else ()
        return tuple(row.id for row in ids)
    if not change.remove:
        return ()
    found = _FIND.all(scope.link, app=scope.app, given=json_text(change.remove))
    pks = {row.pk: row.id for row in found}
    removed = _REMOVE.all(scope.link, group=group_pk, given=json_text(list(pks)))
    return tuple(pks[row.member_pk] for row in removed)
