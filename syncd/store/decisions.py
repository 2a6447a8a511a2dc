"""What people decided about accounts and plans; see `syncd.decision_ports.Decisions`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Text, bindparam, insert, or_, select, update

from scim.core_schemas import USER_TYPE
from syncd.core.changes import Action
from syncd.core.consents import Approval, Waiver
from syncd.core.guard import Ground, Objection
from syncd.core.situations import Situation
from syncd.core.subjects import MarkKind
from syncd.ports import AlreadyDecidedError, Mark, Quarantine
from syncd.store.audit import write_event
from syncd.store.constructs import database_now, insert_on_each, is_one_of
from syncd.store.decision_tables import approval, mark, quarantine, waiver
from syncd.store.moments import microseconds, moment_of, optional_moment
from syncd.store.rows import read_one
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, audit_event, resource, run

_NOW: Final = select(database_now())

_live_mark: Final = (mark.c.app == bindparam("of_app")) & or_(mark.c.until.is_(None), mark.c.until > database_now())
_MARK: Final = insert_on_each(
    mark,
    lambda statement: statement.values(since=database_now()).on_conflict_do_update(
        index_elements=["resource_pk", "kind"],
        set_={name: getattr(statement.excluded, name) for name in ("actor", "reason", "since", "until")},
    ),
)
_UNMARK: Final = (
    update(mark)
    .where(_live_mark, mark.c.resource_pk == bindparam("of_row"), mark.c.kind == bindparam("of_kind"))
    .values(until=database_now())
    .returning(mark.c.kind)
)
_MARKS: Final = (
    select(mark, resource.c.id, resource.c.doc)
    .join_from(mark, resource, resource.c.pk == mark.c.resource_pk)
    .where(_live_mark)
    .order_by(resource.c.ukey, mark.c.kind)
)

_MARKS_ON: Final = select(mark.c.kind).where(_live_mark, mark.c.resource_pk == bindparam("of_row"))

_live_waiver: Final = (waiver.c.app == bindparam("of_app")) & (waiver.c.expires > database_now())
_WAIVE: Final = insert(waiver).values(created=database_now())
_END_WAIVER: Final = (
    update(waiver)
    .where(_live_waiver, waiver.c.id == bindparam("of_waiver"))
    .values(expires=database_now())
    .returning(waiver.c.account_id)
)
_WAIVERS: Final = select(waiver).where(_live_waiver).order_by(waiver.c.expires, waiver.c.pk)

_PLAN: Final = (
    select(run.c.pk).where(run.c.app == bindparam("of_app"), run.c.plan_digest == bindparam("of_digest")).limit(1)
)
_APPROVE: Final = insert(approval).values(
    created=database_now(), expires=database_now() + bindparam("lasting", type_=approval.c.expires.type)
)
_usable: Final = (
    approval.c.app == bindparam("of_app"),
    approval.c.used_by.is_(None),
    approval.c.expires > database_now(),
)
_SUPERSEDE: Final = (
    update(approval).where(*_usable, approval.c.digest == bindparam("of_digest")).values(expires=database_now())
)
_APPROVAL: Final = (
    select(approval)
    .where(*_usable, approval.c.digest == bindparam("of_digest"))
    .order_by(approval.c.pk.desc())
    .limit(1)
)
_APPROVALS: Final = (
    select(approval)
    .where(approval.c.app == bindparam("of_app"), is_one_of(approval.c.digest, bindparam("given", type_=Text())))
    .order_by(approval.c.pk)
)
_BY_ID: Final = select(approval).where(approval.c.app == bindparam("of_app"), approval.c.id == bindparam("of_approval"))
_USE: Final = (
    update(approval)
    .where(*_usable, approval.c.id == bindparam("of_approval"))
    .values(used_by=bindparam("new_run"))
    .returning(approval.c.digest, approval.c.approver, approval.c.reason)
)

_stands: Final = (quarantine.c.app == bindparam("of_app"), quarantine.c.ended.is_(None))
_AGAIN: Final = (
    update(quarantine)
    .where(*_stands, quarantine.c.digest == bindparam("of_digest"))
    .values(
        runs=quarantine.c.runs + 1,
        run_id=bindparam("new_run"),
        objections=bindparam("new_objections", type_=quarantine.c.objections.type),
    )
    .returning(quarantine.c.id)
)
_QUARANTINE: Final = insert(quarantine).values(since=database_now(), runs=1)
_QUARANTINES: Final = select(quarantine).where(quarantine.c.app == bindparam("of_app")).order_by(quarantine.c.pk.desc())
_END_QUARANTINE: Final = (
    update(quarantine)
    .where(*_stands, quarantine.c.id == bindparam("of_quarantine"))
    .values(
        ended=database_now(),
        ended_by=bindparam("new_actor"),
        outcome=bindparam("new_outcome"),
        reason=bindparam("new_reason"),
    )
    .returning(quarantine.c.digest)
)
_EVENTS: Final = (
    select(audit_event.c.subject_id, audit_event.c.body)
    .where(
        audit_event.c.app == bindparam("of_app"),
        is_one_of(audit_event.c.subject_id, bindparam("given", type_=audit_event.c.subject_id.type)),
    )
    .order_by(audit_event.c.pk)
)
_SWITCHES: Final = frozenset({Action.ACCOUNT_DEACTIVATED, Action.ACCOUNT_REACTIVATED})


class SqlDecisions:
    """The decisions about one application, in one unit of work. Times are the database's."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def now(self) -> datetime:
        """Return the database's clock."""
        return moment_of(self._scope.connection.execute(_NOW).scalar_one())

    def mark(self, account_id: str, kind: MarkKind, reason: str, until: datetime | None) -> None:
        """Put a mark on an account, or renew it. Raises `NotFound`."""
        cause = self._scope.refuse_reading()
        row = read_one(self._scope, USER_TYPE.name, account_id, with_groups=False)
        values = {
            "app": self._scope.app,
            "resource_pk": row.pk,
            "kind": kind.value,
            "actor": cause.actor,
            "reason": reason,
            "until": microseconds(until) if until else None,
        }
        self._scope.connection.execute(_MARK[self._scope.dialect], values)
        told = {"mark": kind.value, "why": reason, "until": until.isoformat() if until else None}
        write_event(self._scope, Action.ACCOUNT_MARKED, (account_id, row.doc.get("userName")), told)

    def unmark(self, account_id: str, kind: MarkKind, reason: str) -> bool:
        """Take a mark off; return False when there is none of that kind in force. Raises `NotFound`."""
        self._scope.refuse_reading()
        row = read_one(self._scope, USER_TYPE.name, account_id, with_groups=False)
        if self._one(_UNMARK, of_row=row.pk, of_kind=kind.value) is None:
            return False
        told = {"mark": kind.value, "why": reason}
        write_event(self._scope, Action.ACCOUNT_UNMARKED, (account_id, row.doc.get("userName")), told)
        return True

    def marks(self) -> tuple[Mark, ...]:
        """Return the marks in force, by user name."""
        return tuple(_mark_of(row) for row in self._all(_MARKS))

    def waive(self, account_id: str, given: Waiver) -> None:
        """Keep a waiver. Raises `NotFound` when there is no such account."""
        self._scope.refuse_reading()
        row = read_one(self._scope, USER_TYPE.name, account_id, with_groups=False)
        situation = given.situation.value if given.situation else None
        people = {name: getattr(given, name) for name in ("owner", "approver", "reason", "ticket")}
        values = {"app": self._scope.app, "id": given.waiver_id, "account_id": account_id, "situation": situation}
        self._scope.connection.execute(_WAIVE, {**values, **people, "expires": microseconds(given.expires)})
        told = {"waiver": given.waiver_id, "situation": situation, "expires": given.expires.isoformat()}
        detail = {**told, **{name: value for name, value in people.items() if name != "reason"}, "why": given.reason}
        write_event(self._scope, Action.WAIVER_GIVEN, (account_id, row.doc.get("userName")), detail)

    def end_waiver(self, waiver_id: str, reason: str) -> bool:
        """End a waiver now; return False when none of that id is in force."""
        self._scope.refuse_reading()
        row = self._one(_END_WAIVER, of_waiver=waiver_id)
        if row is None:
            return False
        detail = {"waiver": waiver_id, "why": reason}
        write_event(self._scope, Action.WAIVER_ENDED, (row.account_id, None), detail)
        return True

    def waivers(self) -> tuple[Waiver, ...]:
        """Return the waivers in force, the one that ends first in front."""
        return tuple(_waiver_of(row) for row in self._all(_WAIVERS))

    def approve(self, digest: str, approver: str, reason: str, lasting: timedelta) -> Approval:
        """Keep the approval of a plan. Raises KeyError when no run has made it."""
        self._scope.refuse_reading()
        if self._one(_PLAN, of_digest=digest) is None:
            raise KeyError(digest)
        self._scope.connection.execute(_SUPERSEDE, {"of_app": self._scope.app, "of_digest": digest})
        approval_id = self._scope.new_id()
        row = {"app": self._scope.app, "id": approval_id, "digest": digest, "approver": approver, "reason": reason}
        self._scope.connection.execute(_APPROVE, {**row, "lasting": microseconds(lasting)})
        kept = _approval_of(self._one(_BY_ID, of_approval=approval_id))
        detail = {"approval": approval_id, "digest": digest, "approver": approver, "expires": kept.expires.isoformat()}
        self._note(Action.PLAN_APPROVED, detail | {"why": reason})
        return kept

    def approval_of(self, digest: str) -> Approval | None:
        """Return the approval of that plan that may still be used, or None."""
        row = self._one(_APPROVAL, of_digest=digest)
        return _approval_of(row) if row else None

    def approvals(self, digests: Collection[str]) -> tuple[tuple[datetime, Approval], ...]:
        """Return every approval of these plans, with when it was given; oldest first."""
        rows = self._all(_APPROVALS, given=orjson.dumps(sorted(digests)).decode())
        return tuple((moment_of(row.created), _approval_of(row)) for row in rows)

    def use_approval(self, approval_id: str, run_id: str) -> None:
        """Use the approval up; nothing happens when this run did.

        Raises `AlreadyDecidedError` when another run did, or its time is over.
        """
        self._scope.refuse_reading()
        row = self._one(_USE, of_approval=approval_id, new_run=run_id)
        if row is None:
            used = self._one(_BY_ID, of_approval=approval_id)
            if used is not None and used.used_by == run_id:
                return
            raise AlreadyDecidedError(f"approval {approval_id} was used, or its time is over")
        detail = {"approval": approval_id, "digest": row.digest, "approver": row.approver, "why": row.reason}
        self._note(Action.APPROVAL_USED, detail | {"run": run_id})

    def quarantine(self, run_id: str, digest: str, objections: Sequence[Objection]) -> bool:
        """Put a plan into quarantine; return whether it was not in there before."""
        self._scope.refuse_reading()
        told = [[one.ground.value, one.text] for one in objections]
        if self._one(_AGAIN, of_digest=digest, new_run=run_id, new_objections=told) is not None:
            return False
        row = {"app": self._scope.app, "id": self._scope.new_id(), "digest": digest, "run_id": run_id}
        self._scope.connection.execute(_QUARANTINE, {**row, "objections": told})
        detail = {"quarantine": row["id"], "digest": digest, "run": run_id, "objections": [text for _, text in told]}
        self._note(Action.PLAN_QUARANTINED, detail)
        return True

    def quarantines(self, *, ended: bool = False) -> tuple[Quarantine, ...]:
        """Return the quarantines that stand, youngest first; with `ended` the others too."""
        found = (_quarantine_of(row) for row in self._all(_QUARANTINES))
        return tuple(one for one in found if ended or one.ended is None)

    def end_quarantine(self, quarantine_id: str, outcome: str, reason: str) -> None:
        """End a quarantine. Raises `AlreadyDecidedError` when it has ended, or is not there."""
        actor = self._scope.refuse_reading().actor
        values = {"of_quarantine": quarantine_id, "new_actor": actor, "new_outcome": outcome, "new_reason": reason}
        row = self._one(_END_QUARANTINE, **values)
        if row is None:
            raise AlreadyDecidedError(f"quarantine {quarantine_id} has ended, or there is none of that id")
        detail = {"quarantine": quarantine_id, "digest": row.digest, "outcome": outcome, "why": reason}
        self._note(Action.QUARANTINE_ENDED, detail)

    def switches(self, account_ids: Sequence[str], since: datetime) -> dict[str, int]:
        """Return how often `active` of each account changed since then."""
        counted: dict[str, int] = {}
        for row in self._all(_EVENTS, given=orjson.dumps(sorted(account_ids)).decode()):
            told = orjson.loads(row.body)
            if told["action"] in _SWITCHES and datetime.fromisoformat(told["at"]) >= since:
                counted[row.subject_id] = counted.get(row.subject_id, 0) + 1
        return counted

    def _note(self, action: Action, detail: Mapping[str, Any]) -> None:
        write_event(self._scope, action, None, detail)

    def _one(self, statement: Any, **values: Any) -> Any:
        return self._scope.connection.execute(statement, {"of_app": self._scope.app, **values}).first()

    def _all(self, statement: Any, **values: Any) -> Sequence[AnyRow]:
        rows: Sequence[AnyRow] = self._scope.connection.execute(statement, {"of_app": self._scope.app, **values}).all()
        return rows


def marks_on(scope: Scope, pk: int) -> frozenset[MarkKind]:
    """Return the marks in force on the account with that row number."""
    rows = scope.connection.execute(_MARKS_ON, {"of_app": scope.app, "of_row": pk})
    return frozenset(MarkKind(row.kind) for row in rows)


def _mark_of(row: AnyRow) -> Mark:
    since, until = moment_of(row.since), optional_moment(row.until)
    return Mark(row.id, row.doc.get("userName") or "", MarkKind(row.kind), row.actor, row.reason, since, until)


def _waiver_of(row: AnyRow) -> Waiver:
    situation = Situation(row.situation) if row.situation else None
    people = (row.owner, row.approver, row.reason, row.ticket)
    return Waiver(row.id, row.account_id, situation, *people, moment_of(row.expires))


def _approval_of(row: AnyRow) -> Approval:
    return Approval(row.id, row.digest, row.approver, row.reason, moment_of(row.expires), row.used_by)


def _quarantine_of(row: AnyRow) -> Quarantine:
    objections = tuple(Objection(Ground(ground), text) for ground, text in row.objections)
    moments = (moment_of(row.since), optional_moment(row.ended))
    return Quarantine(
        row.id, row.digest, row.run_id, objections, row.runs, *moments, row.ended_by, row.outcome, row.reason
    )
