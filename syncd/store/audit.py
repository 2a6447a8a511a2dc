"""The audit trail: one event for each change, in the change's own transaction, as canonical bytes.

What is personal (names, and what became what) is in bytes of its own, to which the event commits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, func, insert, select

from scim.characteristics import without_hidden
from scim.resource import Document
from scim.schema import ResourceType
from syncd.core.audit_log import PERSONAL, SALT_SIZE, commitment
from syncd.core.changes import Action
from syncd.ports import AuditEvent
from syncd.store.constructs import POSTGRESQL
from syncd.store.membership import MOST_NAMED, MembershipEffect
from syncd.store.moments import moment_of
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import audit_event, outbox

_WRITTEN: Final = ("app", "subject_id", "run_id", "body", "salt", "personal")
_write: Final = insert(audit_event).values({name: bindparam(name) for name in _WRITTEN})
_WRITE: Final = Prepared(_write.inline())
_written: Final = _write.returning(audit_event.c.app, audit_event.c.pk).cte("written")
_TELL: Final = {
    POSTGRESQL: [Prepared(insert(outbox).from_select(["app", "event_pk"], select(_written.c.app, _written.c.pk)))],
    "sqlite": [
        _WRITE,
        Prepared(insert(outbox).values(app=bindparam("app"), event_pk=func.last_insert_rowid()).inline()),
    ],
}
_COUNT: Final = select(func.count()).select_from(audit_event).where(audit_event.c.app == bindparam("app"))
_YOUNGEST: Final = (
    select(audit_event.c.body, audit_event.c.personal)
    .where(audit_event.c.app == bindparam("app"))
    .order_by(audit_event.c.pk.desc())
    .limit(bindparam("limit"))
)
_NEVER_TOLD: Final = frozenset({"password"})


def write_event(
    scope: Scope,
    action: Action,
    subject: tuple[str, str | None] | None,
    detail: Mapping[str, Any],
    *,
    into_outbox: bool = False,
) -> None:
    """Insert the event, and hand it over to the outbox where asked to.

    `subject` is id and name of the resource it is about, if any.
    """
    cause = scope.refuse_reading()
    subject_id, subject_name = subject or (None, None)
    event = {
        "action": action.value,
        "actor": cause.actor,
        "app": scope.app_name,
        "at": moment_of(scope.moment).isoformat(),
        "request_id": cause.request_id,
        "run_id": cause.run_id,
        "subject_id": subject_id,
    }
    told = dict(detail) | ({"reason": cause.reason} if cause.reason else {})
    row = {
        "app": scope.app,
        "subject_id": subject_id,
        "run_id": cause.run_id,
        **committed(event, subject_name, told),
    }
    for statement in _TELL[scope.dialect] if into_outbox else [_WRITE]:
        statement.later(scope.link, **row)


def committed(event: Mapping[str, Any], subject_name: str | None, detail: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the columns `body`, `salt` and `personal` of an event: the body commits to the other two."""
    personal = orjson.dumps({"detail": detail, "subject_name": subject_name}, option=orjson.OPT_SORT_KEYS)
    salt = token_bytes(SALT_SIZE)
    body = orjson.dumps({**event, PERSONAL: commitment(salt, personal)}, option=orjson.OPT_SORT_KEYS)
    return {"body": body, "salt": salt, "personal": personal}


def read_trail(scope: Scope, subject_id: str | None, run_id: str | None, limit: int) -> tuple[AuditEvent, ...]:
    """Return the youngest events first, of one subject or one run where given."""
    statement = _YOUNGEST
    if subject_id is not None:
        statement = statement.where(audit_event.c.subject_id == subject_id)
    if run_id is not None:
        statement = statement.where(audit_event.c.run_id == run_id)
    rows = scope.connection.execute(statement, {"app": scope.app, "limit": limit})
    return tuple(event_of(row.body, row.personal) for row in rows)


def count_events(scope: Scope) -> int:
    """Return how many events the application has."""
    return scope.connection.execute(_COUNT, {"app": scope.app}).scalar_one()


def document_detail(resource_type: ResourceType, before: Document | None, after: Document | None) -> dict[str, Any]:
    """Return the changed attributes, by path, as they were (`before`) and as they are (`after`).

    What is never returned to clients is not told here either.
    """
    was, now = (_flat(without_hidden(resource_type, side or {})) for side in (before, after))
    changed = {path for path in was.keys() | now.keys() if was.get(path) != now.get(path)}
    detail: dict[str, Any] = {}
    for name, side in (("before", was), ("after", now)):
        if told := {path: value for path, value in side.items() if path in changed}:
            detail[name] = told
    return detail


def membership_detail(effect: MembershipEffect) -> dict[str, Any]:
    """Return who became a member and who is none any more."""
    parked = named("members_parked", effect.parked) | named("members_unparked", effect.unparked)
    return named("members_added", effect.added) | named("members_removed", effect.removed) | parked


def named(key: str, ids: Sequence[str]) -> dict[str, Any]:
    """Return the ids under `key`, and how many more there are than an event names."""
    if not ids:
        return {}
    beyond = len(ids) - MOST_NAMED
    return {key: list(ids[:MOST_NAMED])} | ({f"{key}_beyond": beyond} if beyond > 0 else {})


def _flat(document: Document) -> dict[str, Any]:
    """Return the document with the parts of complex attributes and extensions by path: "name.givenName"."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            joint = ":" if name.lower().startswith("urn:") else "."
            flat |= {f"{name}{joint}{part}": held for part, held in value.items()}
        elif name.lower() not in _NEVER_TOLD:
            flat[name] = value
    return flat


def event_of(body: bytes, personal: bytes | None) -> AuditEvent:
    """Return an event from its body and its personal part; None where that was removed, and for events of old."""
    event = orjson.loads(body)
    event.pop("app")
    is_erased = event.pop(PERSONAL, None) is not None and personal is None
    told = orjson.loads(personal) if personal else {"detail": {}, "subject_name": None}
    return AuditEvent(**(told | event | {"at": datetime.fromisoformat(event["at"]), "is_erased": is_erased}))
