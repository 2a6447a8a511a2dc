"""The one door for writes: a resource, its memberships, its index rows, the audit event and the outbox message.

A creation, a change and a deletion each write all of them, in one transaction, or nothing.
"""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from scim.core_schemas import GROUP_TYPE
from scim.errors import Conflict, Uniqueness
from scim.resource import Document, MembershipChange, StoredResource
from syncd.core.changes import Change, action_of
from syncd.store.audit import document_detail, hand_over, membership_detail, write_event
from syncd.store.constructs import insert_on_each
from syncd.store.documents import DERIVED, UNIQUE, columns_of, indexed_values, label_of, unique_key
from syncd.store.membership import change_members, resolve_members
from syncd.store.moments import moment_of
from syncd.store.rows import read_one
from syncd.store.scope import Held, Scope
from syncd.store.tables import TYPE_CODES, attr_value, resource

_CREATE: Final = insert_on_each(
    resource,
    lambda statement: statement.on_conflict_do_nothing(index_elements=["app", "type", "ukey"]).returning(resource.c.pk),
)
_TAKEN: Final = select(resource.c.pk).where(
    resource.c.app == bindparam("app"), resource.c.type == bindparam("type"), resource.c.ukey == bindparam("ukey")
)
_TOUCH: Final = (
    update(resource)
    .where(resource.c.pk == bindparam("row"))
    .values(
        version=bindparam("new_version"),
        modified=bindparam("moment"),
        member_count=resource.c.member_count + bindparam("growth"),
    )
    .returning(resource.c.member_count)
)
_REWRITE: Final = _TOUCH.values({name: bindparam(f"new_{name}", type_=resource.c[name].type) for name in DERIVED})
_INDEX: Final = insert(attr_value)
_UNINDEX: Final = delete(attr_value).where(
    attr_value.c.app == bindparam("of_app"),
    attr_value.c.attribute == bindparam("of_attribute"),
    attr_value.c.value == bindparam("of_value"),
    attr_value.c.resource_pk == bindparam("of_row"),
)


def create(scope: Scope, change: Change, document: Document) -> StoredResource:
    """Write a new resource. Raises `Uniqueness` and `InvalidValue`; then nothing was written."""
    kind = change.resource_type
    members = resolve_members(scope, change.members.add)
    resource_id = scope.new_id()
    row = columns_of(scope.types[kind], document) | {
        "app": scope.app,
        "type": TYPE_CODES[kind],
        "id": resource_id,
        "origin": change.origin.value,
        "protected": False,
        "version": 1,
        "created": scope.moment,
        "modified": scope.moment,
        "member_count": len(members) if kind == GROUP_TYPE.name else None,
    }
    pk = scope.connection.execute(_CREATE[scope.dialect], row).scalar()
    if pk is None:
        raise _taken(kind, document)
    _write_index(scope, pk, frozenset(), indexed_values(document))
    effect = change_members(scope, pk, change.members, members)
    scope.held[kind, resource_id] = Held(pk, 1, change.origin.value)
    detail = {"version": 1, "origin": change.origin.value, **document_detail(None, document)}
    tell(scope, change, (resource_id, label_of(document)), detail | membership_detail(effect))
    moment = moment_of(scope.moment)
    return StoredResource(kind, resource_id, 1, moment, moment, document, member_count=row["member_count"])


def rewrite(scope: Scope, change: Change, before: StoredResource, after: Document) -> StoredResource:
    """Write what differs, and nothing where nothing does. The resource that is returned has no members.

    Raises `Conflict`, `NotFound`, `Uniqueness` and `InvalidValue`; then nothing was written.
    """
    kind = before.resource_type
    hold(scope, before)
    members = resolve_members(scope, change.members.add)
    key = unique_key(kind, after)
    if key == unique_key(kind, before.document):
        return _write(scope, change, before, after, members)
    if scope.connection.execute(_TAKEN, {"app": scope.app, "type": TYPE_CODES[kind], "ukey": key}).first():
        raise _taken(kind, after)
    try:
        with scope.connection.begin_nested():
            return _write(scope, change, before, after, members)
    except IntegrityError as error:
        raise _taken(kind, after) from error


def hold(scope: Scope, before: StoredResource) -> Held:
    """Return the locked row of a resource. Raises `NotFound`, and `Conflict` when it is not the version given."""
    key = (before.resource_type, before.id)
    if key not in scope.held:
        read_one(scope, *key)
    held = scope.held[key]
    if held.version != before.version:
        raise Conflict(f"The {before.resource_type} {before.id!r} was changed in the meantime. Repeat the request.")
    return held


def tell(scope: Scope, change: Change, subject: tuple[str, str | None], detail: dict[str, Any]) -> None:
    """Write the audit event of a change and put it into the outbox."""
    hand_over(scope, write_event(scope, action_of(change), subject, detail))


def _write(
    scope: Scope, change: Change, before: StoredResource, after: Document, members: dict[str, int]
) -> StoredResource:
    held = scope.held[before.resource_type, before.id]
    effect = change_members(scope, held.pk, change.members, members)
    if after == before.document and not effect:
        return replace(before, members=None)
    row = {"row": held.pk, "new_version": held.version + 1, "moment": scope.moment, "growth": effect.growth}
    if after == before.document:
        count = scope.connection.execute(_TOUCH, row).scalar_one()
    else:
        row |= {f"new_{name}": value for name, value in columns_of(scope.types[before.resource_type], after).items()}
        count = scope.connection.execute(_REWRITE, row).scalar_one()
        _write_index(scope, held.pk, indexed_values(before.document), indexed_values(after))
    held.version += 1
    told = change if effect else replace(change, members=MembershipChange())
    detail = {"version": held.version, **document_detail(before.document, after), **membership_detail(effect)}
    tell(scope, told, (before.id, label_of(after)), detail)
    return replace(
        before,
        version=held.version,
        last_modified=moment_of(scope.moment),
        document=after,
        members=None,
        member_count=count,
    )


def _write_index(scope: Scope, pk: int, before: frozenset[tuple[str, str]], after: frozenset[tuple[str, str]]) -> None:
    gone = [{"of_app": scope.app, "of_attribute": path, "of_value": key, "of_row": pk} for path, key in before - after]
    new = [{"app": scope.app, "attribute": path, "value": key, "resource_pk": pk} for path, key in after - before]
    if gone:
        scope.connection.execute(_UNINDEX, gone)
    if new:
        scope.connection.execute(_INDEX, new)


def _taken(resource_type: str, document: Document) -> Uniqueness:
    name = UNIQUE[resource_type]
    return Uniqueness(f"{name}: another {resource_type} has the {name} {document[name]!r}.")
