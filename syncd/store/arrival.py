"""What is created becomes a member of the groups that named it before it came."""

from dataclasses import replace

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.resource import Member, MembershipChange, StoredResource
from syncd.core.changes import Change
from syncd.store.parking import take_arrived
from syncd.store.recording import rewrite
from syncd.store.rows import read_one, stored
from syncd.store.scope import Scope


def admit(scope: Scope, created: StoredResource) -> StoredResource:
    """Add what was created to the groups in which it was waited for, and return it with them."""
    if not scope.held[created.resource_type, created.id].parks:
        return created
    external_id = created.document.get("externalId") if created.resource_type == USER_TYPE.name else None
    for group_id, display in take_arrived(scope, created.id, external_id):
        group = stored(read_one(scope, GROUP_TYPE.name, group_id))
        added = MembershipChange(add=(Member(created.id, display),))
        rewrite(scope, Change(GROUP_TYPE.name, group, group.document, added), group, group.document)
    return replace(created, groups=stored(read_one(scope, created.resource_type, created.id)).groups)
