"""Deleting a resource: it goes, its memberships in both directions go, and a tombstone stays.

That changes the groups that it was a member of: each has its next version then.
"""

from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from scim.core_schemas import GROUP_TYPE
from scim.resource import StoredResource
from syncd.core.changes import Change
from syncd.store.audit import document_detail, named
from syncd.store.counters import count
from syncd.store.documents import label_of
from syncd.store.membership import MOST_NAMED
from syncd.store.prepared import Prepared
from syncd.store.recording import hold, tell
from syncd.store.scope import Scope
from syncd.store.tables import member, resource, tombstone

_groups_of: Final = select(member.c.group_pk).where(member.c.member_pk == bindparam("row"))

# Groups are locked before the resource is locked against new memberships, and in one order: whoever changes a group
# locks it before its members, so nobody waits for us while we wait for them.
_LOCK_GROUPS: Final = Prepared(
    select(resource.c.pk).where(resource.c.pk.in_(_groups_of)).order_by(resource.c.pk).with_for_update(key_share=True)
)
_LOCK: Final = Prepared(select(resource.c.pk).where(resource.c.pk == bindparam("row")).with_for_update())
_LEAVE_GROUPS: Final = Prepared(
    update(resource)
    .where(resource.c.pk.in_(_groups_of))
    .values(
        member_count=resource.c.member_count - 1,
        version=resource.c.version + 1,
        modified=bindparam("moment", type_=resource.c.modified.type),
    )
    .returning(resource.c.id)
)
_MEMBER_IDS: Final = Prepared(
    select(resource.c.id)
    .join_from(member, resource, resource.c.pk == member.c.member_pk)
    .where(member.c.group_pk == bindparam("row"))
    .order_by(member.c.member_pk)
    .limit(MOST_NAMED)
)
_KEPT: Final = ("app", "type", "id", "ukey", "external_id", "version", "doc", "origin")
_BURY: Final = Prepared(
    insert(tombstone).from_select(
        [*_KEPT, "deleted"],
        select(*(resource.c[name] for name in _KEPT), bindparam("moment", type_=tombstone.c.deleted.type)).where(
            resource.c.pk == bindparam("row")
        ),
    )
)
_DELETE: Final = Prepared(delete(resource).where(resource.c.pk == bindparam("row")))


def remove(scope: Scope, change: Change, before: StoredResource) -> None:
    """Delete the resource. Raises `NotFound`, and `Conflict` when it is not the version given."""
    row = hold(scope, before).pk
    _LOCK_GROUPS.later(scope.link, row=row)
    _LOCK.later(scope.link, row=row)
    groups = [group.id for group in _LEAVE_GROUPS.all(scope.link, row=row, moment=scope.moment)]
    for group in groups:
        scope.held.pop((GROUP_TYPE.name, group), None)  # another version of it is stored now
    members = [one.id for one in _MEMBER_IDS.all(scope.link, row=row)] if before.member_count else []
    _BURY.later(scope.link, row=row, moment=scope.moment)
    _DELETE.later(scope.link, row=row)
    del scope.held[before.resource_type, before.id]
    detail = {"version": before.version, **document_detail(scope.types[before.resource_type], before.document, None)}
    detail |= named("left_groups", sorted(groups)) | named("members_removed", members)
    if beyond := (before.member_count or 0) - len(members):
        detail["members_removed_beyond"] = beyond
    tell(scope, change, (before.id, label_of(before.document)), detail)
    count(scope, before.resource_type, deleted=1)
