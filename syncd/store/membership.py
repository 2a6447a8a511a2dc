"""Members of a group: what changes is written, and nothing else is touched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, delete, select, true

from scim.errors import InvalidValue
from scim.resource import Member, MembershipChange, fold
from syncd.store.constructs import insert_on_each, json_elements, number_part, text_part
from syncd.store.scope import Scope
from syncd.store.tables import member, resource

MOST_NAMED: Final = 1000
"""How many members an audit event names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class MembershipEffect:
    """What a membership change did: ids that were not members before, and ids that are members no longer."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def growth(self) -> int:
        """By how much the number of members grew."""
        return len(self.added) - len(self.removed)


_given: Final = json_elements(bindparam("given"))
_given_ids: Final = select(text_part(_given, 0))
_given_pks: Final = select(number_part(_given, 0))

# Added members are locked against deletion, in one order, until the membership is committed.
_RESOLVE: Final = (
    select(resource.c.id, resource.c.pk)
    .where(resource.c.app == bindparam("app"), resource.c.id.in_(_given_ids))
    .order_by(resource.c.id)
    .with_for_update(read=True, key_share=True)
)
_ADD: Final = insert_on_each(
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
_REMOVE: Final = (
    delete(member)
    .where(
        member.c.group_pk == bindparam("group"),
        member.c.member_pk.in_(
            select(resource.c.pk).where(resource.c.app == bindparam("app"), resource.c.id.in_(_given_ids))
        ),
    )
    .returning(member.c.member_pk)
)
_KEEP_ONLY: Final = (
    delete(member)
    .where(member.c.group_pk == bindparam("group"), member.c.member_pk.not_in(_given_pks))
    .returning(member.c.member_pk)
)
_IDS: Final = select(resource.c.pk, resource.c.id).where(
    resource.c.app == bindparam("app"), resource.c.pk.in_(_given_pks)
)


def resolve_members(scope: Scope, members: Sequence[Member]) -> dict[str, int]:
    """Return the row numbers of members by id, and hold them against deletion.

    Raises `InvalidValue` naming each id that is no resource of this application.
    """
    if not members:
        return {}
    found = scope.connection.execute(_RESOLVE, _parameters(scope, [[one.value] for one in members]))
    pks = {row.id: row.pk for row in found}
    unknown = dict.fromkeys(one.value for one in members if one.value not in pks)
    if unknown:
        named = ", ".join(map(repr, list(unknown)[:MOST_NAMED]))
        raise InvalidValue(f"members: there is no resource with the id {named}.")
    return pks


def change_members(scope: Scope, group_pk: int, change: MembershipChange, pks: Mapping[str, int]) -> MembershipEffect:
    """Write the change and return what it did. `pks` are the resolved members that it adds."""
    removed = _removed(scope, group_pk, change, pks.values())
    added = _added(scope, group_pk, change.add, pks) if pks else ()
    return MembershipEffect(added, removed)


def _added(scope: Scope, group_pk: int, members: Sequence[Member], pks: Mapping[str, int]) -> tuple[str, ...]:
    given = {pks[one.value]: one for one in members}
    rows = [[pk, one.display, fold(one.display) if one.display else None] for pk, one in given.items()]
    written = scope.connection.execute(_ADD[scope.dialect], _parameters(scope, rows, group_pk)).scalars()
    return tuple(given[pk].value for pk in written)


def _removed(scope: Scope, group_pk: int, change: MembershipChange, kept: Iterable[int]) -> tuple[str, ...]:
    if change.replace:
        gone = scope.connection.execute(_KEEP_ONLY, _parameters(scope, [[pk] for pk in kept], group_pk))
    elif change.remove:
        gone = scope.connection.execute(_REMOVE, _parameters(scope, [[one] for one in change.remove], group_pk))
    else:
        return ()
    return _ids_of(scope, gone.scalars().all())


def _ids_of(scope: Scope, pks: Sequence[int]) -> tuple[str, ...]:
    if not pks:
        return ()
    found = scope.connection.execute(_IDS, _parameters(scope, [[pk] for pk in pks]))
    ids = {row.pk: row.id for row in found}
    return tuple(ids[pk] for pk in pks)


def _parameters(scope: Scope, given: Sequence[Sequence[Any]], group_pk: int | None = None) -> dict[str, Any]:
    parameters = {"app": scope.app, "given": orjson.dumps(given).decode()}
    return parameters if group_pk is None else parameters | {"group": group_pk}
