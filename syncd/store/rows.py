"""Reading resources: from rows to `StoredResource`. Each is one statement, relations included."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import CTE, JSON, Text, and_, bindparam, case, exists, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import NotFound
from scim.resource import Member, StoredResource
from syncd.store.constructs import is_one_of, json_rows
from syncd.store.moments import moment_of
from syncd.store.nesting import groups_around, is_nested
from syncd.store.page_groups import DIRECT, PageGroups, groups_on
from syncd.store.prepared import Prepared
from syncd.store.scope import Held, Scope
from syncd.store.tables import TYPE_CODES, TYPE_NAMES, member, parked_member, resource

_USER: Final = TYPE_CODES[USER_TYPE.name]
_GROUP: Final = TYPE_CODES[GROUP_TYPE.name]

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

_SHOWN: Final = ("pk", "type", "id", "version", "created", "modified", "member_count", "doc")
_DISTANCES: Final = ("direct", "indirect")

_other: Final = resource.alias("other")
_shown: Final = func.coalesce(member.c.display, _other.c.label)
_around: Final = groups_around(resource.c.pk)
# Group by group, too: PostgreSQL expects thousands of rows of any recursion, and would read all resources for them.
_all_groups: Final = select(
    json_rows(
        _around.c.pk,
        _around.c.distance,
        *(select(one).where(_other.c.pk == _around.c.pk).scalar_subquery() for one in (_other.c.id, _other.c.label)),
    )
).select_from(_around)
_groups: Final = select(json_rows(_other.c.pk, literal_column("0"), _other.c.id, _other.c.label)).join_from(
    member, _other, _other.c.pk == member.c.group_pk
)
_members: Final = select(json_rows(_other.c.pk, _other.c.id, _shown, _other.c.type)).join_from(
    member, _other, _other.c.pk == member.c.member_pk
)


def _of_type(code: int, related: Any, owner: ColumnElement[int]) -> ColumnElement[Any]:
    """Return the relation of each resource of one type: asked row by row, it is found by its index on any database."""
    return case((resource.c.type == code, related.where(owner == resource.c.pk).correlate(resource).scalar_subquery()))


# Where no group is in a group, which is most places, the question whether one is is all that nesting costs.
_GROUPS: Final = case(
    (and_(resource.c.type == _USER, is_nested(resource.c.pk)), _all_groups.correlate(resource).scalar_subquery()),
    else_=_of_type(_USER, _groups, member.c.member_pk),
).label("groups")
_MEMBERS: Final = _of_type(_GROUP, _members, member.c.group_pk).label("members")
_NO_MEMBERS: Final = literal_column("NULL", JSON()).label("members")
_NO_GROUPS: Final = literal_column("NULL", JSON()).label("groups")

Relations = tuple[bool, bool]
"""Whether members of groups are read, and whether groups of users are."""

READ_COLUMNS: Final[Mapping[Relations, tuple[ColumnElement[Any], ...]]] = {
    (members, groups): (*RESOURCE_COLUMNS, _GROUPS if groups else _NO_GROUPS, _MEMBERS if members else _NO_MEMBERS)
    for members in (False, True)
    for groups in (False, True)
}
"""What `stored` reads."""


def columns_on_page(relations: Relations, page: CTE) -> tuple[ColumnElement[Any], ...]:
    """Return what `stored_page` reads. The statement reads from `page`: the row numbers (`pk`) of one page."""
    members, groups = relations
    shown = (getattr(resource.c, name) for name in _SHOWN)
    return (*shown, _MEMBERS if members else _NO_MEMBERS, *((DIRECT, groups_on(page)) if groups else ()))


_one: Final = {
    relations: select(*columns).where(
        resource.c.app == bindparam("app"), resource.c.type == bindparam("type"), resource.c.id == bindparam("id")
    )
    for relations, columns in READ_COLUMNS.items()
}
_ONE: Final = {relations: Prepared(statement) for relations, statement in _one.items()}
# Rows are locked against change, not against being referred to: a membership may be added beside an update.
_parks: Final = (
    (resource.c.type == _GROUP) & exists().where(parked_member.c.group_pk == resource.c.pk).correlate(resource)
).label("parks")
_ONE_LOCKED: Final = {
    relations: Prepared(statement.add_columns(resource.c.past, _parks).with_for_update(of=resource, key_share=True))
    for relations, statement in _one.items()
}
_MEMBERS_OF_ONE: Final = Prepared(_members.where(member.c.group_pk == bindparam("group")))


def relations_of(resource_types: Iterable[str], *, with_members: bool, with_groups: bool) -> Relations:
    """Return which relations to read for resources of these types: only those that one of them has."""
    names = frozenset(resource_types)
    return with_members and GROUP_TYPE.name in names, with_groups and USER_TYPE.name in names


IDS_OF: Final = Prepared(
    select(resource.c.id)
    .where(resource.c.app == bindparam("app"), is_one_of(resource.c.pk, bindparam("given", type_=Text())))
    .order_by(resource.c.pk)
)
"""The ids of rows whose numbers are given as a JSON list, in their order."""


def read_one(
    scope: Scope, resource_type: str, resource_id: str, *, with_members: bool = False, with_groups: bool = True
) -> Any:
    """Return the row of a resource, locked where this unit of work may write. Raises `NotFound`."""
    relations = relations_of((resource_type,), with_members=with_members, with_groups=with_groups)
    statement = (_ONE_LOCKED if scope.cause else _ONE)[relations]
    row = None
    if resource_id.isprintable():  # no id has a NUL or half a character in it, and PostgreSQL does not take them
        row = statement.first(scope.link, app=scope.app, type=TYPE_CODES[resource_type], id=resource_id)
    if row is None:
        raise NotFound(f"There is no {resource_type} with the id {resource_id!r}.")
    if scope.cause:
        scope.held[resource_type, resource_id] = Held(
            row.pk, row.version, row.origin, row.member_count, row.past, row.parks
        )
    return row


def members_of(scope: Scope, group_pk: int) -> tuple[Member, ...]:
    """Return all members of one group, in the order in which they were created."""
    (found,) = _MEMBERS_OF_ONE.first(scope.link, group=group_pk)
    return _members_from(found)


def stored(row: Any) -> StoredResource:
    """Return the resource of one row with `READ_COLUMNS`."""
    return _stored(row, _groups_from(row.groups) if row.groups else ())


def stored_page(rows: Sequence[Any], relations: Relations) -> tuple[StoredResource, ...]:
    """Return the resources of the rows of a page with `columns_on_page`, from the first one of it on."""
    _, with_groups = relations
    if not with_groups or not rows:
        return tuple(_stored(row, ()) for row in rows)
    groups = PageGroups(rows[0].around)
    return tuple(_stored(row, groups.of(row.direct) if row.direct else ()) for row in rows)


def _stored(row: Any, groups: tuple[Member, ...]) -> StoredResource:
    created = moment_of(row.created)
    return StoredResource(
        TYPE_NAMES[row.type],
        row.id,
        row.version,
        created,
        created if row.modified == row.created else moment_of(row.modified),
        row.doc,
        None if row.members is None else _members_from(row.members),
        groups,
        row.member_count,
    )


def _members_from(values: list[list[Any]]) -> tuple[Member, ...]:
    """Return members from (row number, id, display, type), in the order in which they were created."""
    return tuple(Member(one, display, TYPE_NAMES[code]) for _, one, display, code in sorted(values))


def _groups_from(values: list[list[Any]]) -> tuple[Member, ...]:
    """Return a user's groups from (row number, distance, id, display). Of two ways into one group the direct counts."""
    nearest: dict[int, list[Any]] = {}
    for value in sorted(values):
        nearest.setdefault(value[0], value)
    return tuple(Member(one, label, _DISTANCES[far]) for _, far, one, label in nearest.values())
