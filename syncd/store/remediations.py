"""What became of the rejections of an access review: read from the accounts, the audit trail and the ledger.

What comes after what is told by the numbers of the audit events, not by clocks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Text, bindparam, func, select

from scim.core_schemas import USER_TYPE
from syncd.core.changes import TAKES_ACCESS, Action
from syncd.core.classification import Door
from syncd.core.rejections import Closed, Planned, Remediation
from syncd.core.reviews import Decision
from syncd.core.situations import Effect
from syncd.core.subjects import Origin
from syncd.store.audit import event_of
from syncd.store.constructs import is_one_of
from syncd.store.pairing import in_chunks
from syncd.store.review_tables import review_item
from syncd.store.runs import ENDED
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, AnyRow, audit_event, plan_item, resource, run

_given: Final = bindparam("given", type_=Text())
_REJECTED: Final = (
    select(review_item.c.account_id, review_item.c.decided)
    .where(
        review_item.c.app == bindparam("of_app"),
        review_item.c.review_pk == bindparam("of_review"),
        review_item.c.decision == Decision.REJECT.value,
    )
    .order_by(review_item.c.account_id)
)
_ACCOUNTS: Final = select(resource.c.id, resource.c.active, resource.c.origin).where(
    resource.c.app == bindparam("of_app"),
    resource.c.type == TYPE_CODES[USER_TYPE.name],
    is_one_of(resource.c.id, _given),
)
_EVENTS: Final = (
    select(audit_event.c.subject_id, audit_event.c.body, audit_event.c.personal)
    .where(audit_event.c.app == bindparam("of_app"), is_one_of(audit_event.c.subject_id, _given))
    .order_by(audit_event.c.pk)
)
_PLANNED: Final = (
    select(plan_item, run.c.id.label("run_id"), run.c.plan_digest, run.c.started)
    .join(run, run.c.pk == plan_item.c.run_pk)
    .where(
        plan_item.c.app == bindparam("of_app"),
        plan_item.c.effect == Effect.DEACTIVATE.value,
        is_one_of(plan_item.c.account_id, _given),
    )
    .order_by(run.c.pk)
)
# A run over everybody is one with a snapshot.
_LATEST: Final = (
    select(run.c.id, run.c.started)
    .where(run.c.app == bindparam("of_app"), run.c.state == ENDED, func.coalesce(run.c.snapshot_id, "") != "")
    .order_by(run.c.pk.desc())
    .limit(1)
)
_OPENS: Final = frozenset({Action.ACCOUNT_CREATED, Action.ACCOUNT_REACTIVATED})


@dataclass(slots=True)
class _Found:
    """What is found of one rejected account."""

    decided: int
    door: Door = Door.NONE
    origin: Origin | None = None
    closed: Closed | None = None
    planned: Planned | None = None


def read(scope: Scope, review_id: str, review_pk: int) -> Mapping[str, Remediation]:
    """Return what became of each rejection of the review with that id and row number, by account id."""
    rows = scope.connection.execute(_REJECTED, {"of_app": scope.app, "of_review": review_pk})
    found = {row.account_id: _Found(row.decided) for row in rows}
    for given in in_chunks(found):
        parameters = {"of_app": scope.app, "given": given}
        for row in scope.connection.execute(_ACCOUNTS, parameters):
            found[row.id].door = Door.OPEN if row.active else Door.CLOSED
            found[row.id].origin = Origin(row.origin)
        _read_events(found, review_id, scope.connection.execute(_EVENTS, parameters))
        for row in scope.connection.execute(_PLANNED, parameters):
            if row.started >= found[row.account_id].decided:
                found[row.account_id].planned = _planned_of(row)
    latest = scope.connection.execute(_LATEST, {"of_app": scope.app}).first()
    return {account_id: _remediation(one, latest) for account_id, one in found.items()}


def _read_events(found: Mapping[str, _Found], review_id: str, rows: Iterable[AnyRow]) -> None:
    """Note the last time that each account was closed after the review's last decision about it."""
    for row in rows:
        event = event_of(row.body, row.personal)
        is_decision = event.action == Action.REVIEW_DECIDED and event.detail.get("review") == review_id
        if is_decision or event.action in _OPENS:
            found[row.subject_id].closed = None
        elif event.action in TAKES_ACCESS:
            found[row.subject_id].closed = Closed(event.at, event.actor, event.run_id)


def _planned_of(row: AnyRow) -> Planned:
    return Planned(row.run_id, row.plan_digest, row.outcome, row.reason or "")


def _remediation(one: _Found, latest: AnyRow | None) -> Remediation:
    since = latest.id if latest and latest.started >= one.decided else None
    return Remediation(one.door, one.origin, one.closed, one.planned, since)
