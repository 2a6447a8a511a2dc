"""Creating, reading, replacing, changing and deleting one resource (RFC 7644 sections 3.3 to 3.6)."""

from collections.abc import Sequence
from dataclasses import replace as with_fields
from functools import partial

from scim.characteristics import refuse_changed, refuse_taken_away, with_immutable
from scim.core_schemas import USER_TYPE
from scim.exchange import ScimResponse
from scim.merge import UNKNOWN_VERSION, merge, replace_blindly, version_worked_from
from scim.patch.operations import Op, Operation, read_patch
from scim.patch.planning import plan
from scim.preconditions import read_preconditions
from scim.projection import read_projection
from scim.representation import location
from scim.reprovision import Reprovision, may_take_up
from scim.resource import Document, Member, MembershipChange, StoredResource, etag
from scim.schema import ResourceType
from scim.service.call import Call, answer
from scim.tolerance import Leniency
from scim.validation import read_resource


def create(resource_type: ResourceType, call: Call) -> ScimResponse:
    """Create a resource (RFC 7644 section 3.3)."""
    projection = read_projection(call.request.query, resource_type, call.tolerance)
    document, members = read_resource(call.body(), resource_type, call.tolerance)
    stored = _provisioned(resource_type, _open_unless_said(document, resource_type), members or (), call)
    created = answer(stored, resource_type, call, projection)
    where = ("Location", location(stored, resource_type, call.provider))
    return with_fields(created, status=201, headers=(*created.headers, where))


def _provisioned(
    resource_type: ResourceType, document: Document, members: Sequence[Member], call: Call
) -> StoredResource:
    """Return the resource that a creation brings about: a new one, or an account that is taken up or comes back."""
    policy, name = call.provider.reprovision, resource_type.name
    if policy is Reprovision.CONFLICT or name != USER_TYPE.name:
        return _noting_parked(call.store.create(name, document, members, park=_parks(call)), call)
    there = call.store.namesake(name, document)
    if there is None or not may_take_up(policy, there.document, document):
        return call.store.create(name, document, members, revive=policy is Reprovision.ADOPT)
    document = with_immutable(resource_type, there.document, document)
    refuse_changed(resource_type, there.document, document)
    return call.store.take_up(there, document)


def _open_unless_said(document: Document, resource_type: ResourceType) -> Document:
    """Return the document of a new resource: a user is active unless the client says otherwise.

    RFC 7643 section 4.1.1 leaves the default open. It is written down, because an account without `active` is a closed
    one: taking the attribute away opens nothing.
    """
    return document if resource_type.schema.attribute("active") is None else {"active": True, **document}


def read(resource_type: ResourceType, call: Call) -> ScimResponse:
    """Return one resource (RFC 7644 section 3.4.1), unless the client has it already: that costs no members."""
    projection = read_projection(call.request.query, resource_type, call.tolerance)
    preconditions = read_preconditions(call.request)
    if preconditions.are_given:
        known = call.store.read(resource_type.name, call.name, with_members=False, with_groups=False)
        tag = etag(known.version)
        preconditions.require_match(tag)
        if preconditions.is_known(tag):
            return ScimResponse(304, headers=(("ETag", tag),))
    with_members, with_groups = projection.carries("members"), projection.carries("groups")
    stored = call.store.read(resource_type.name, call.name, with_members=with_members, with_groups=with_groups)
    return answer(stored, resource_type, call, projection)


def replace(resource_type: ResourceType, call: Call) -> ScimResponse:
    """Replace a resource (RFC 7644 section 3.5.1).

    What was made from an older version, by its own `meta.version`, is merged, unless the client insists on a version.
    """
    projection = read_projection(call.request.query, resource_type, call.tolerance)
    body = call.body()
    theirs, members = read_resource(body, resource_type, call.tolerance)
    change = MembershipChange() if members is None else MembershipChange(replace=True, add=members, park=_parks(call))
    stored = call.current(resource_type)
    based_on = None if call.request.if_match else version_worked_from(body)
    stale = based_on is not None and based_on != stored.version
    document = _merged(theirs, stored, based_on, resource_type, call) if stale else theirs
    document = with_immutable(resource_type, stored.document, _keeping_active(document, stored.document))
    refuse_changed(resource_type, stored.document, document)
    carries = projection.carries("members")
    updated = call.store.update(stored, document, change, with_members=carries, based_on=based_on if stale else None)
    return answer(_noting_parked(updated, call), resource_type, call, projection)


def _parks(call: Call) -> bool:
    return Leniency.PARK_UNKNOWN_MEMBERS in call.tolerance.profile.allows


def _noting_parked(stored: StoredResource, call: Call) -> StoredResource:
    if stored.parked:
        call.tolerance.forgives(Leniency.PARK_UNKNOWN_MEMBERS)
    return stored


def _merged(
    theirs: Document, stored: StoredResource, based_on: int | None, resource_type: ResourceType, call: Call
) -> Document:
    """Return what a write that was made from an older version comes to.

    An account that was open meanwhile, and is closed now, was closed by somebody whom the client knows nothing of.
    """
    version = based_on or UNKNOWN_VERSION
    base = call.store.document_at(stored, version)
    if base is None:
        return replace_blindly(theirs, stored.document)
    merged = merge(base, _keeping_active(theirs, base), stored.document, resource_type)
    if not _is_open(merged) or _is_open(stored.document):
        return merged
    between = (call.store.document_at(stored, one) for one in range(version + 1, stored.version))
    return replace_blindly(merged, stored.document) if any(map(_is_open, between)) else merged


def _is_open(document: Document | None) -> bool:
    return document is None or document.get("active") is True


def _keeping_active(document: Document, before: Document) -> Document:
    """Return the document with `active` as it was, where the client does not mention it.

    RFC 7644 section 3.5.1 leaves open what becomes of an attribute that a replacement leaves out. An account that was
    closed must not be opened by silence.
    """
    return {**document, "active": before["active"]} if "active" in before and "active" not in document else document


def patch(resource_type: ResourceType, call: Call) -> ScimResponse:
    """Change a resource at the cost of the change: a group's members are read for the answer only, if they are few."""
    limits = call.provider.limits
    projection = read_projection(call.request.query, resource_type, call.tolerance)
    operations = read_patch(call.body(), resource_type, limits, call.tolerance)
    stored = call.current(resource_type)
    document, change = plan(operations, stored, partial(call.store.matching_members, stored.id), call.tolerance)
    change = with_fields(change, park=_parks(call))
    _judge(resource_type, operations, stored.document, document)
    carries = projection.carries("members")
    brief = carries and not projection.asks_for("members") and _members_after(stored, change) > limits.members_in_answer
    updated = call.store.update(stored, document, change, with_members=carries and not brief)
    _noting_parked(updated, call)
    if change.remove and updated.version == stored.version:
        call.tolerance.forgives(Leniency.REMOVE_AGAIN)
    if brief:
        return ScimResponse(204, headers=(("ETag", etag(updated.version)),))
    return answer(updated, resource_type, call, projection)


def _judge(resource_type: ResourceType, operations: Sequence[Operation], before: Document, after: Document) -> None:
    """Raise an error where the outcome of a PATCH is none that the table of characteristics allows.

    Taking a required attribute away is `Mutability` (RFC 7644 section 3.5.2.2).
    """
    removes = any(one.op is Op.REMOVE and one.path.path.leaf.required for one in operations)
    refuse_taken_away(resource_type, before, after, by_removal=removes)
    refuse_changed(resource_type, before, after)


def _members_after(stored: StoredResource, change: MembershipChange) -> int:
    """Return how many members a group has after a change, at most."""
    return len(change.add) + (0 if change.replace else stored.member_count or 0)


def delete(resource_type: ResourceType, call: Call) -> ScimResponse:
    """Delete a resource (RFC 7644 section 3.6)."""
    preconditions = read_preconditions(call.request)
    if preconditions.are_given:
        preconditions.require(etag(call.store.read(resource_type.name, call.name, with_members=False).version))
    call.store.delete(resource_type.name, call.name)
    return ScimResponse(204)
