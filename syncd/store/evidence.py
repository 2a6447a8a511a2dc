"""What the audit events say about an account, and the removal of what is personal in them; see `Evidence`."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import LargeBinary, and_, bindparam, func, null, or_, select, update

from scim.core_schemas import USER_TYPE
from scim.resource import fold
from syncd.core.audit_log import PERSONAL, is_erasure
from syncd.ports import Removable, Told, Traces
from syncd.store.accounts import find_accounts
from syncd.store.audit import event_of
from syncd.store.audit_tables import audit_checkpoint, audit_log
from syncd.store.constructs import position_in
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, audit_event, plan_item, resource, snapshot, snapshot_item, tombstone

_MOST_FOUND: Final = 10
_AT_ONCE: Final = 20_000
"""Row numbers that one statement looks through, so that none takes long however many events there are."""

_is_ours: Final = audit_event.c.app == bindparam("of_app")
_is_about: Final = audit_event.c.subject_id == bindparam("of_subject")
_words: Final = func.coalesce(audit_event.c.personal, audit_event.c.body)
_has_words: Final = position_in(bindparam("words", type_=LargeBinary()), _words) > 0
_in_window: Final = and_(audit_event.c.pk > bindparam("after"), audit_event.c.pk <= bindparam("upto"))
_checkpoint: Final = (
    select(func.min(audit_checkpoint.c.size)).where(audit_checkpoint.c.size > audit_log.c.seq).scalar_subquery()
)
_TOLD: Final = (
    select(audit_event.c.pk, audit_log.c.seq, _checkpoint, audit_event.c.body, audit_event.c.personal)
    .outerjoin_from(audit_event, audit_log, audit_log.c.event_pk == audit_event.c.pk)
    .where(_is_ours, _in_window, or_(_is_about, _has_words))
    .order_by(audit_event.c.pk)
)
_HAD_THAT_NAME: Final = (
    select(audit_event.c.subject_id)
    .where(_is_ours, _in_window, audit_event.c.subject_id.is_not(None), _has_words)
    .distinct()
)
_BOUNDS: Final = select(func.min(audit_event.c.pk), func.max(audit_event.c.pk)).where(_is_ours)
_REMOVABLE: Final = (
    select(audit_event.c.pk, audit_event.c.subject_id, audit_event.c.body, audit_event.c.personal.is_(None))
    .where(_is_ours, or_(_is_about, and_(audit_event.c.subject_id.is_(None), _has_words)))
    .order_by(audit_event.c.pk)
)
_ENTRIES: Final = (
    select(audit_log.c.seq)
    .select_from(audit_event)
    .outerjoin(audit_log, audit_log.c.event_pk == audit_event.c.pk)
    .where(_is_ours)
    .order_by(audit_log.c.seq)
)
_REMOVE: Final = (
    update(audit_event).where(_is_ours, audit_event.c.pk == bindparam("of_event")).values(salt=null(), personal=null())
)
_BURIED: Final = (
    select(tombstone.c.id)
    .where(
        tombstone.c.app == bindparam("of_app"),
        tombstone.c.type == TYPE_CODES[USER_TYPE.name],
        or_(
            tombstone.c.id == bindparam("key"),
            tombstone.c.external_id == bindparam("key"),
            tombstone.c.ukey == bindparam("folded"),
        ),
    )
    .order_by(tombstone.c.pk.desc())
    .limit(_MOST_FOUND)
)
_ANY_ABOUT: Final = select(audit_event.c.pk).where(_is_ours, _is_about).limit(1)
_IS_THERE: Final = select(resource.c.pk).where(resource.c.app == bindparam("of_app"), resource.c.id == bindparam("key"))
_PLAN_ITEMS: Final = select(func.count()).where(
    plan_item.c.app == bindparam("of_app"), plan_item.c.account_id == bindparam("key")
)
_SNAPSHOT_ROWS: Final = select(func.count()).where(
    snapshot_item.c.snapshot_pk.in_(select(snapshot.c.pk).where(snapshot.c.app == bindparam("of_app"))),
    snapshot_item.c.external_id == bindparam("key"),
)
# What is removed is overwritten in the file, not only given free in it.
_OVERWRITE: Final = "PRAGMA secure_delete = ON"


class SqlEvidence:
    """The audit events of one application, in one unit of work."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def subjects(self, key: str) -> tuple[str, ...]:
        """Return the SCIM ids of the accounts that `key` names, those that were deleted included; at most 10."""
        found = [account.id for account in find_accounts(self._scope, key)]
        found += self._all(_BURIED, key=key, folded=fold(key)).scalars()
        found += [key] if self._all(_ANY_ABOUT, of_subject=key).first() else []
        if not found:
            words = b'"subject_name":' + orjson.dumps(key)
            for window in self._windows():
                found += self._all(_HAD_THAT_NAME, words=words, **window).scalars()
        return tuple(dict.fromkeys(found))[:_MOST_FOUND]

    def told(self, subject_id: str) -> Iterator[Told]:
        """Yield what is told of a resource, the oldest first: events about it, and those that name its id."""
        for window in self._windows():
            for row in self._all(_TOLD, of_subject=subject_id, words=subject_id.encode(), **window).all():
                pk, entry, checkpoint, body, personal = row
                yield Told(pk, entry, checkpoint, event_of(body, personal))

    def entries(self, *, subject_id: str | None = None, run_id: str | None = None) -> tuple[tuple[int, ...], int]:
        """Return the numbers of the entries about a resource or of a run, and how many of its events wait for one."""
        is_meant = _is_about if subject_id is not None else audit_event.c.run_id == bindparam("of_run")
        found = self._all(_ENTRIES.where(is_meant), of_subject=subject_id, of_run=run_id).scalars().all()
        sealed = tuple(one for one in found if one is not None)
        return sealed, len(found) - len(sealed)

    def removable(self, subject_id: str) -> Removable:
        """Return which events have something about that resource that can be removed."""
        events, gone, fixed, is_account = [], 0, 0, False
        for pk, about, body, is_bare in self._all(_REMOVABLE, of_subject=subject_id, words=subject_id.encode()):
            if is_erasure(body):
                continue
            event = orjson.loads(body)
            is_account = is_account or (about is not None and event["action"].startswith("account:"))
            if not is_bare:
                events.append(pk)
            elif PERSONAL in event:
                gone += 1
            else:
                fixed += 1
        return Removable(tuple(events), gone, fixed, is_account)

    def traces(self, account_id: str) -> Traces:
        """Return what there is of an account beside the audit log."""
        is_there = self._all(_IS_THERE, key=account_id).first() is not None
        is_buried = account_id in self._all(_BURIED, key=account_id, folded=None).scalars()
        plan_items, snapshot_rows = (
            self._all(statement, key=account_id).scalar_one() for statement in (_PLAN_ITEMS, _SNAPSHOT_ROWS)
        )
        return Traces(is_there, is_buried, plan_items, snapshot_rows)

    def remove(self, events: Sequence[int]) -> None:
        """Remove salt and personal part of these events, by their row numbers."""
        self._scope.refuse_reading()
        if not events:
            return
        if self._scope.dialect == "sqlite":
            self._scope.connection.exec_driver_sql(_OVERWRITE)
        self._scope.connection.execute(_REMOVE, [{"of_app": self._scope.app, "of_event": pk} for pk in events])

    def _windows(self) -> Iterator[dict[str, int]]:
        """Yield the application's row numbers in pieces."""
        first, last = self._all(_BOUNDS).one()
        if first is not None:
            for after in range(first - 1, last, _AT_ONCE):
                yield {"after": after, "upto": min(after + _AT_ONCE, last)}

    def _all(self, statement: Any, **values: Any) -> Any:
        return self._scope.connection.execute(statement, {"of_app": self._scope.app, **values})
