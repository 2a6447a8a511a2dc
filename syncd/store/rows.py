"""Reading resources: from rows to `StoredResource`."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from scim.errors import NotFound
from scim.resource import Member, StoredResource
from syncd.store.moments import moment_of
from syncd.store.scope import Held, Scope
from syncd.store.tables import TYPE_CODES, TYPE_NAMES, AnyRow, member, resource

RESOURCE_COLUMNS: Final = (
    resource.c.pk,
    resource.c.type,
    resource.c.id,
    resource.c.version,
    resource.c.created,
    resource.c.modified,
    resource.c.member_count,
    resource.c.external_id,
    resource.c.active,
    resource.c.origin,
    resource.c.protected,
    resource.c.doc,
)

_ONE: Final = select(*RESOURCE_COLUMNS).where(
    resource.c.app == bindparam("app"), resource.c.type == bindparam("type"), resource.c.id == bindparam("id")
)
# Rows are locked against change, not against being referred to: a membership may be added beside an update.
_ONE_LOCKED: Final = _ONE.with_for_update(key_share=True)

_other: Final = resource.alias("other")
_GROUPS_OF_USERS: Final = (
    select(member.c.member_pk, _other.c.id, _other.c.label)
    .join_from(member, _other, _other.c.pk == member.c.group_pk)
    .where(member.c.member_pk.in_(bindparam("pks", expanding=True)))
    .order_by(member.c.member_pk, member.c.group_pk)
)
_MEMBERS_OF_GROUPS: Final = (
    select(
        member.c.group_pk, _other.c.id, func.coalesce(member.c.display, _other.c.label).label("display"), _other.c.type
    )
    .join_from(member, _other, _other.c.pk == member.c.member_pk)
    .where(member.c.group_pk.in_(bindparam("pks", expanding=True)))
    .order_by(member.c.group_pk, member.c.member_pk)
)


def read_one(scope: Scope, resource_type: str, resource_id: str) -> AnyRow:
    """Return the row of a resource, locked where this unit of work may write. Raises `NotFound`."""
    statement = _ONE_LOCKED if scope.cause else _ONE
    parameters = {"app": scope.app, "type": TYPE_CODES[resource_type], "id": resource_id}
    row = scope.connection.execute(statement, parameters).first()
    if row is None:
        raise not_found(resource_type, resource_id)
    if scope.cause:
        scope.held[resource_type, resource_id] = Held(row.pk, row.version)
    return row


def not_found(resource_type: str, resource_id: str) -> NotFound:
    """Return the error for an id that no resource of that type has."""
    return NotFound(f"There is no {resource_type} with the id {resource_id!r}.")


def with_relations(scope: Scope, rows: Sequence[AnyRow], *, with_members: bool) -> tuple[StoredResource, ...]:
    """Return the resources of rows with `RESOURCE_COLUMNS`: groups of users always, members where asked for.

    One query for the groups of all, one for the members of all.
    """
    user_pks = [row.pk for row in rows if row.type == _USER]
    group_pks = [row.pk for row in rows if row.type == _GROUP] if with_members else []
    groups = _groups_by_user(scope, user_pks) if user_pks else {}
    members = _members_by_group(scope, group_pks) if group_pks else {}
    return tuple(
        stored(row, tuple(members.get(row.pk, ())) if with_members else None, tuple(groups.get(row.pk, ())))
        for row in rows
    )


def stored(row: AnyRow, members: tuple[Member, ...] | None, groups: tuple[Member, ...]) -> StoredResource:
    """Return the resource of one row with `RESOURCE_COLUMNS`. Members of what is no group are left out."""
    return StoredResource(
        TYPE_NAMES[row.type],
        row.id,
        row.version,
        moment_of(row.created),
        moment_of(row.modified),
        row.doc,
        members if row.type == _GROUP else None,
        groups,
        row.member_count,
    )


def members_of(scope: Scope, group_pk: int) -> tuple[Member, ...]:
    """Return all members of one group, in the order in which they were created."""
    return tuple(_members_by_group(scope, [group_pk]).get(group_pk, ()))


def _groups_by_user(scope: Scope, pks: Sequence[int]) -> dict[int, list[Member]]:
    found = scope.connection.execute(_GROUPS_OF_USERS, {"pks": pks})
    return _by_owner((pk, Member(group_id, label, "direct")) for pk, group_id, label in found)


def _members_by_group(scope: Scope, pks: Sequence[int]) -> dict[int, list[Member]]:
    found = scope.connection.execute(_MEMBERS_OF_GROUPS, {"pks": pks})
    return _by_owner((pk, Member(member_id, display, TYPE_NAMES[code])) for pk, member_id, display, code in found)


def _by_owner(pairs: Iterable[tuple[int, Member]]) -> dict[int, list[Member]]:
    owners: dict[int, list[Member]] = {}
    for pk, value in pairs:
        owners.setdefault(pk, []).append(value)
    return owners


_USER: Final = TYPE_CODES["User"]
_GROUP: Final = TYPE_CODES["Group"]
