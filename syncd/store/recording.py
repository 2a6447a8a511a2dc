"""The one door for writes: a resource, its memberships, its index rows, the audit event and the outbox message.

A creation, a change and a deletion each write all of them, in one transaction, or nothing.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Text, bindparam, delete, exists, insert, select, update

from scim.characteristics import unique_values
from scim.core_schemas import GROUP_TYPE
from scim.errors import Conflict, Uniqueness
from scim.history import remember
from scim.resource import Document, MembershipChange, StoredResource
from scim.schema import ResourceType
from syncd.core.changes import TAKES_ACCESS, Change, action_of, is_active
from syncd.store import claimants, confirmations, inbound
from syncd.store.audit import document_detail, membership_detail, write_event
from syncd.store.constructs import insert_on_each, json_elements, text_part
from syncd.store.counters import announce_row, count
from syncd.store.documents import DERIVED, KEYS, UNIQUE, columns_of, indexed_values, keys_of, label_of, unique_key
from syncd.store.link import INTEGRITY_ERRORS, savepoint
from syncd.store.membership import change_members, resolve_members, unresolved
from syncd.store.moments import moment_of
from syncd.store.prepared import Prepared, json_text
from syncd.store.returning import exhume
from syncd.store.rows import read_one
from syncd.store.scope import Held, Scope
from syncd.store.tables import TYPE_CODES, absence, attr_value, parked_member, resource
from syncd.store.uniqueness import claim_values

_GIVEN: Final = ("app", "type", "id", "origin", "protected", "version", "created", "modified", "member_count")
_AWAITED: Final = (
    exists()
    .where(
        parked_member.c.app == bindparam("of_app", type_=parked_member.c.app.type),
        parked_member.c.value.in_([bindparam("by_id", type_=Text()), bindparam("by_external_id", type_=Text())]),
    )
    .label("awaited")
)
_CREATE: Final = Prepared(
    insert_on_each(
        resource,
        lambda insert: insert.on_conflict_do_nothing(index_elements=["app", "type", "ukey"]).returning(
            resource.c.pk, _AWAITED
        ),
    ),
    (*_GIVEN, *DERIVED),
)
_TAKEN: Final = Prepared(
    select(resource.c.pk).where(
        resource.c.app == bindparam("app"), resource.c.type == bindparam("type"), resource.c.ukey == bindparam("ukey")
    )
)
_touch: Final = (
    update(resource)
    .where(resource.c.pk == bindparam("row"))
    .values(
        version=bindparam("new_version"),
        modified=bindparam("moment"),
        member_count=resource.c.member_count + bindparam("growth"),
    )
)
_TOUCH: Final = Prepared(_touch)
# SQLite writes every index of which a column is set, whether or not its value is another one.
_REWRITE: Final = {
    with_keys: Prepared(
        _touch.values({name: bindparam(f"new_{name}", type_=resource.c[name].type) for name in sorted(columns)})
    )
    for with_keys, columns in ((True, {*DERIVED, "past"}), (False, {*DERIVED, "past"} - {*KEYS}))
}
_SEEN: Final = Prepared(delete(absence).where(absence.c.resource_pk == bindparam("row")))
_given: Final = json_elements(bindparam("given", type_=Text()))
_INDEX: Final = Prepared(
    insert(attr_value).from_select(
        ["app", "attribute", "value", "resource_pk"],
        select(
            bindparam("app", type_=attr_value.c.app.type),
            text_part(_given, 0),
            text_part(_given, 1),
            bindparam("row", type_=attr_value.c.resource_pk.type),
        ).select_from(_given),
    )
)
_UNINDEX: Final = Prepared(
    delete(attr_value).where(
        attr_value.c.app == bindparam("app"),
        attr_value.c.attribute == bindparam("attribute"),
        attr_value.c.value == bindparam("value"),
        attr_value.c.resource_pk == bindparam("row"),
    )
)


def create(scope: Scope, change: Change, document: Document) -> StoredResource:
    """Write a new resource. Raises `Uniqueness` and `InvalidValue`; then nothing was written."""
    with _all_or_nothing(scope, change.resource_type, {}, document):
        return _create(scope, change, document)


def _create(scope: Scope, change: Change, document: Document) -> StoredResource:
    kind = change.resource_type
    members = resolve_members(scope, change.members)
    former = exhume(scope, kind, document) if change.again else None
    resource_id, version = (former[0], former[1] + 1) if former else (scope.new_id(), 1)
    row = columns_of(scope.types[kind], document) | {
        "app": scope.app,
        "type": TYPE_CODES[kind],
        "id": resource_id,
        "origin": change.origin.value,
        "protected": False,
        "version": version,
        "created": scope.moment,
        "modified": scope.moment,
        "member_count": len(members) if kind == GROUP_TYPE.name else None,
    }
    announce_row(scope)
    awaited = {"of_app": scope.app, "by_id": resource_id, "by_external_id": row["external_id"]}
    created = _CREATE.first(scope.link, **row, **awaited)
    if created is None:
        raise _taken(kind, document)
    pk = created.pk
    _write_values(scope, pk, scope.types[kind], {}, document)
    effect = change_members(scope, pk, change.members, members)
    parked = unresolved(change.members, members)
    scope.held[kind, resource_id] = Held(
        pk, version, change.origin.value, row["member_count"], parks=created.awaited or bool(parked)
    )
    detail = {"version": version, "origin": change.origin.value, **document_detail(scope.types[kind], None, document)}
    if former:
        detail["provisioned_again"] = "revived"
    tell(scope, change, (resource_id, label_of(document)), detail | membership_detail(effect))
    count(scope, kind, created=1)
    moment = moment_of(scope.moment)
    return StoredResource(
        kind, resource_id, version, moment, moment, document, member_count=row["member_count"], parked=parked
    )


def rewrite(scope: Scope, change: Change, before: StoredResource, after: Document) -> StoredResource:
    """Write what differs, and nothing of the resource where nothing does. What is returned has no members.

    Raises `Conflict`, `NotFound`, `Uniqueness` and `InvalidValue`; then nothing was written.
    """
    kind = before.resource_type
    members = resolve_members(scope, change.members, into=hold(scope, before).pk)
    key = unique_key(kind, after)
    if key == unique_key(kind, before.document):
        with _all_or_nothing(scope, kind, before.document, after):
            return _write(scope, change, before, after, members)
    if _TAKEN.first(scope.link, app=scope.app, type=TYPE_CODES[kind], ukey=key):
        raise _taken(kind, after)
    try:
        with savepoint(scope.link):
            return _write(scope, change, before, after, members)
    except INTEGRITY_ERRORS as error:
        raise _taken(kind, after) from error


def hold(scope: Scope, before: StoredResource) -> Held:
    """Return the locked row of a resource. Raises `NotFound`, and `Conflict` when it is not the version given."""
    key = (before.resource_type, before.id)
    if key not in scope.held:
        read_one(scope, *key, with_groups=False)
    held = scope.held[key]
    if held.version != before.version:
        raise Conflict(f"The {before.resource_type} {before.id!r} was changed in the meantime. Repeat the request.")
    return held


def tell(scope: Scope, change: Change, subject: tuple[str, str | None], detail: dict[str, Any]) -> None:
    """Write the audit event of a change and put it into the outbox."""
    action = action_of(change)
    write_event(scope, action, subject, detail, into_outbox=True)
    if action in TAKES_ACCESS:
        inbound.note(scope, action, change, subject[0], detail["version"])


def _write(
    scope: Scope, change: Change, before: StoredResource, after: Document, members: dict[str, int]
) -> StoredResource:
    held = scope.held[before.resource_type, before.id]
    effect = change_members(scope, held.pk, change.members, members, parks=held.parks)
    parked = unresolved(change.members, members)
    held.parks = held.parks or bool(parked)
    if after == before.document and not effect:
        confirmations.note(scope, held.pk)
        if effect.parked or effect.unparked:
            tell(scope, change, (before.id, label_of(after)), membership_detail(effect))
        return replace(before, members=None, parked=parked)
    row = {"row": held.pk, "new_version": held.version + 1, "moment": scope.moment, "growth": effect.growth}
    if after == before.document:
        _TOUCH.later(scope.link, **row)
    else:
        held.past = remember(held.past, held.version, before.document, after)
        _write_document(scope, row, before, after, held)
    held.version += 1
    if held.member_count is not None:
        held.member_count += effect.growth
    detail = {"version": held.version, **_told_of(scope, change, before, after), **membership_detail(effect)}
    told = change if effect else replace(change, members=MembershipChange())
    tell(scope, told, (before.id, label_of(after)), detail)
    return replace(
        before,
        version=held.version,
        last_modified=moment_of(scope.moment),
        document=after,
        members=None,
        member_count=held.member_count,
        parked=parked,
    )


def _write_document(scope: Scope, row: dict[str, Any], before: StoredResource, after: Document, held: Held) -> None:
    resource_type = scope.types[before.resource_type]
    was, columns = keys_of(before.resource_type, before.document), columns_of(resource_type, after)
    values = {f"new_{name}": value for name, value in columns.items()}
    _REWRITE[any(columns[name] != was[name] for name in KEYS)].later(scope.link, **row, **values, new_past=held.past)
    if is_active(after) and not is_active(before.document):
        # What was missed before somebody opened it says nothing of it any more.
        _SEEN.later(scope.link, row=held.pk)
    if was["external_id"] != columns["external_id"]:
        claimants.note_former(scope, before.resource_type, held.pk, was["external_id"])
    _write_values(scope, held.pk, resource_type, before.document, after)


def _told_of(scope: Scope, change: Change, before: StoredResource, after: Document) -> dict[str, Any]:
    """Return what the audit trail tells of a change but for members: what became what, and how it came about."""
    detail = document_detail(scope.types[before.resource_type], before.document, after)
    if change.based_on is not None:
        detail["merged_from_version"] = change.based_on
    if change.again:
        detail["provisioned_again"] = "taken up"
    return detail


def _all_or_nothing(scope: Scope, kind: str, before: Document, after: Document) -> AbstractContextManager[None]:
    """Return a savepoint where the write may turn out to be refused halfway: when it claims unique values."""
    resource_type = scope.types[kind]
    claims = unique_values(resource_type, after) - unique_values(resource_type, before)
    return savepoint(scope.link) if claims else nullcontext()


def _write_values(scope: Scope, pk: int, resource_type: ResourceType, before: Document, after: Document) -> None:
    """Write the rows of values that are unique or indexed. Raises `Uniqueness`."""
    claim_values(scope, pk, unique_values(resource_type, before), unique_values(resource_type, after))
    old, new = indexed_values(resource_type, before), indexed_values(resource_type, after)
    for path, key in old - new:
        _UNINDEX.later(scope.link, app=scope.app, attribute=path, value=key, row=pk)
    if added := new - old:
        _INDEX.later(scope.link, app=scope.app, row=pk, given=json_text([*added]))


def _taken(resource_type: str, document: Document) -> Uniqueness:
    name = UNIQUE[resource_type]
    return Uniqueness(f"{name}: another {resource_type} has the {name} {document[name]!r}.")
