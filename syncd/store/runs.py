"""The reconciler's ledger: intention before effect, outcome with the effect."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, select, update

from syncd.core.evidence import Closure
from syncd.core.guard import NOTHING_SPENT, Spent
from syncd.core.planning import NEW, Item
from syncd.core.situations import REVOKES, Effect
from syncd.ports import (
    OF_SOME,
    KeptReport,
    KeptRun,
    Lease,
    LedgerItem,
    OutcomeKind,
    RunRecord,
    SavedPlan,
    SourceIdentity,
)
from syncd.store import confirmations
from syncd.store.constructs import database_now
from syncd.store.moments import microseconds, moment_of, optional_moment
from syncd.store.reports import find_report, keep_report
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, plan_item, run

RUNNING, ENDED, _FAILED = "running", "ended", "failed"
_EXIT_OF_A_FAILURE: Final = 1
_DAY, _WEEK = microseconds(timedelta(days=1)), microseconds(timedelta(days=7))

_OF_APP: Final = run.c.app == bindparam("of_app")
_OF_RUN: Final = (_OF_APP, run.c.id == bindparam("of_run"))
_PK: Final = select(run.c.pk).where(*_OF_RUN)
_runs: Final = select(run.c.pk).where(_OF_APP, run.c.state == RUNNING)

_ABANDONED: Final = {"outcome": OutcomeKind.ABANDONED.value, "reason": "the run ended before it came to this"}

# Who holds the lease is alone: whatever else still counts as running has died, or may change nothing more.
_ABANDON: Final = (
    update(plan_item)
    .where(plan_item.c.app == bindparam("of_app"), plan_item.c.run_pk.in_(_runs), plan_item.c.outcome.is_(None))
    .values(**_ABANDONED, concluded=database_now())
)
_ABANDON_INTENDED: Final = (
    update(plan_item)
    .where(
        plan_item.c.app == bindparam("of_app"),
        plan_item.c.run_pk == _PK.scalar_subquery(),
        plan_item.c.intended.is_not(None),
        plan_item.c.outcome.is_(None),
    )
    .values(**_ABANDONED, concluded=database_now())
)
_SUPERSEDE: Final = update(run).where(_OF_APP, run.c.state == RUNNING).values(state=_FAILED, ended=database_now())
_BEGIN: Final = insert(run).values(started=database_now())
_RESUMABLE: Final = (
    select(run)
    .where(
        _OF_APP,
        run.c.state == RUNNING,
        run.c.kind.in_(("apply", f"apply{OF_SOME}")),
        run.c.policy == bindparam("of_policy"),
        run.c.verdict == "allowed",
        run.c.started >= database_now() - bindparam("within", type_=run.c.started.type),
        exists().where(plan_item.c.run_pk == run.c.pk, plan_item.c.outcome.is_(None)),
    )
    .order_by(run.c.pk.desc())
    .limit(1)
)
_RESUME: Final = update(run).where(*_OF_RUN).values(lease_token=bindparam("new_token")).returning(run.c.pk)
_SAVE_PLAN: Final = (
    update(run)
    .where(*_OF_RUN)
    .values(
        {name: bindparam(f"new_{name}") for name in ("plan_digest", "verdict", "snapshot_id", "policy", "approval")}
        | {"identity": bindparam("new_identity", type_=run.c.identity.type)}
    )
    .returning(run.c.pk)
)
_ADD_ITEM: Final = insert(plan_item)
# The row is locked, so that nobody takes the run up before it has ended.
_FIND_TOKEN: Final = select(run.c.lease_token).where(*_OF_RUN).with_for_update()
_END: Final = (
    update(run)
    .where(*_OF_RUN)
    .values(
        state=bindparam("new_state"),
        ended=database_now(),
        exit_code=bindparam("new_exit_code"),
        counts=bindparam("new_counts", type_=run.c.counts.type),
    )
    .returning(run.c.pk)
)
_OPEN_ITEM: Final = update(plan_item).where(
    plan_item.c.app == bindparam("of_app"),
    plan_item.c.run_pk == _PK.scalar_subquery(),
    plan_item.c.position == bindparam("of_position"),
    plan_item.c.outcome.is_(None),
)
_INTEND: Final = _OPEN_ITEM.values(intended=database_now()).returning(plan_item.c.position)
_CONCLUDE: Final = _OPEN_ITEM.values(
    concluded=database_now(),
    outcome=bindparam("new_outcome"),
    reason=bindparam("new_reason"),
    result_version=bindparam("new_version"),
    account_id=func.coalesce(bindparam("new_account", type_=plan_item.c.account_id.type), plan_item.c.account_id),
).returning(plan_item.c.position)
_SPENT: Final = (
    select(
        plan_item.c.effect,
        func.count().filter(plan_item.c.concluded > database_now() - _DAY).label("day"),
        func.count().label("week"),
    )
    .where(
        plan_item.c.app == bindparam("of_app"),
        plan_item.c.effect.in_(sorted(effect.value for effect in REVOKES)),
        plan_item.c.concluded > database_now() - _WEEK,
        plan_item.c.outcome == OutcomeKind.DONE.value,
    )
    .group_by(plan_item.c.effect)
)
_CLOSURES: Final = (
    select(plan_item.c.item, plan_item.c.concluded)
    .where(
        plan_item.c.app == bindparam("of_app"),
        plan_item.c.effect == Effect.DEACTIVATE.value,
        plan_item.c.concluded > database_now() - bindparam("within", type_=plan_item.c.concluded.type),
        plan_item.c.outcome == OutcomeKind.DONE.value,
    )
    .order_by(plan_item.c.concluded, plan_item.c.run_pk, plan_item.c.position)
)
_APPLIED_WITH: Final = (
    select(run.c.policy, run.c.identity)
    .where(
        _OF_APP,
        run.c.policy.is_not(None),
        run.c.kind != "undo",
        exists().where(plan_item.c.run_pk == run.c.pk, plan_item.c.outcome == OutcomeKind.DONE.value),
    )
    .order_by(run.c.pk.desc())
    .limit(1)
)
_LATEST: Final = select(run).where(run.c.app == bindparam("app")).order_by(run.c.pk.desc()).limit(bindparam("limit"))
_BETWEEN: Final = (
    select(run)
    .where(_OF_APP, run.c.started >= bindparam("start"), run.c.started < bindparam("end"))
    .order_by(run.c.started, run.c.pk)
)
_KEPT: Final = (
    select(run)
    .where(_OF_APP, (run.c.id == bindparam("named")) | (run.c.plan_digest == bindparam("named")))
    .order_by(run.c.pk.desc())
    .limit(1)
)
_ITEMS: Final = select(plan_item).where(plan_item.c.run_pk == bindparam("of_pk")).order_by(plan_item.c.position)
_about: Final = (plan_item.c.app == bindparam("of_app"), plan_item.c.account_id == bindparam("of_account"))
# What is planned where there is no account has the person in the item alone, and the account when it has been made.
_about_person: Final = (
    plan_item.c.app == bindparam("of_app"),
    (plan_item.c.account_id == "") | plan_item.c.effect.in_(sorted(effect.value for effect in NEW)),
    plan_item.c.item["oktaUserId"].as_string() == bindparam("of_person"),
)


def _runs_about(*conditions: ColumnElement[bool]) -> tuple[Any, Any]:
    """Return the statements for the youngest runs that planned something like that, and for these items of a run."""
    runs = select(run).where(_OF_APP, run.c.pk.in_(select(plan_item.c.run_pk).where(*conditions)))
    return runs.order_by(run.c.pk.desc()).limit(bindparam("limit")), _ITEMS.where(*conditions)


_ABOUT: Final = _runs_about(*_about)
_ABOUT_PERSON: Final = _runs_about(*_about_person)


class SqlRuns:
    """The runs of one application, in one unit of work; see `syncd.ports.Runs`. Times are the database's."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin(self, kind: str, lease: Lease | None) -> str:
        """Write that a run began, and return its id. With a lease, runs that never ended count as failed from now."""
        self._scope.refuse_reading()
        if lease:
            for statement in (_ABANDON, _SUPERSEDE):
                self._scope.connection.execute(statement, {"of_app": self._scope.app})
            confirmations.conclude(self._scope)
        run_id = self._scope.new_id()
        row = {
            "app": self._scope.app,
            "id": run_id,
            "kind": kind,
            "state": RUNNING,
            "lease_token": lease.token if lease else None,
            "counts": {},
        }
        self._scope.connection.execute(_BEGIN, row)
        return run_id

    def resumable(self, policy: str, within: timedelta) -> KeptRun | None:
        """Return the youngest run where it died while carrying out a plan that may go on, or None."""
        parameters = {"of_app": self._scope.app, "of_policy": policy, "within": microseconds(within)}
        row = self._scope.connection.execute(_RESUMABLE, parameters).first()
        return self._kept_of(row) if row else None

    def resume(self, run_id: str, lease: Lease) -> None:
        """Write that the run goes on under that lease. Raises ValueError when there is no such run."""
        if self._change(_RESUME, run_id, new_token=lease.token) is None:
            raise ValueError(f"there is no run {run_id}")

    def save_plan(self, run_id: str, plan: SavedPlan) -> None:
        """Keep the plan with the verdict of the guard. Raises ValueError when there is no such run."""
        pk = self._change(
            _SAVE_PLAN,
            run_id,
            new_plan_digest=plan.digest,
            new_verdict="allowed" if plan.allowed else plan.verdict,
            new_snapshot_id=plan.snapshot_id,
            new_policy=plan.policy,
            new_approval=plan.approval,
            new_identity=asdict(plan.identity),
        )
        if pk is None:
            raise ValueError(f"there is no run {run_id}")
        rows = [
            {
                "app": self._scope.app,
                "run_pk": pk,
                "position": position,
                "item": item.as_json(),
                "effect": item.effect.value,
                "account_id": item.account_id,
            }
            for position, item in enumerate(plan.items)
        ]
        if rows:
            self._scope.connection.execute(_ADD_ITEM, rows)

    def intend(self, run_id: str, position: int) -> None:
        """Write that the item is about to be carried out. Raises ValueError when it has ended, or is not there."""
        if self._change(_INTEND, run_id, of_position=position) is None:
            raise ValueError(f"item {position} of run {run_id} is not open")

    def conclude(
        self,
        run_id: str,
        position: int,
        outcome: OutcomeKind,
        reason: str,
        result_version: int | None = None,
        made: str | None = None,
    ) -> None:
        """Write how the item ended, and the SCIM id of an account that it made.

        Raises ValueError when it has ended already, or is not there.
        """
        told = {
            "new_outcome": outcome.value,
            "new_reason": reason,
            "new_version": result_version,
            "new_account": made,
        }
        if self._change(_CONCLUDE, run_id, of_position=position, **told) is None:
            raise ValueError(f"item {position} of run {run_id} is not open")

    def end(self, run_id: str, exit_code: int, counts: Mapping[str, int], lease: Lease | None = None) -> bool:
        """Write that the run ended and what it found. What it intended and never concluded is abandoned.

        Returns False, and writes nothing, when the run goes on under another lease than this one. Raises ValueError
        when there is no such run.
        """
        token = self._change(_FIND_TOKEN, run_id)
        if lease is not None and token not in (None, lease.token):
            return False
        state = _FAILED if exit_code == _EXIT_OF_A_FAILURE else ENDED
        found = {str(name): count for name, count in counts.items()}
        if self._change(_END, run_id, new_state=state, new_exit_code=int(exit_code), new_counts=found) is None:
            raise ValueError(f"there is no run {run_id}")
        self._scope.connection.execute(_ABANDON_INTENDED, {"of_app": self._scope.app, "of_run": run_id})
        return True

    def spent(self) -> dict[Effect, Spent]:
        """Return how many effects that take access away were carried out in the last 24 hours and 7 days."""
        rows = self._scope.connection.execute(_SPENT, {"of_app": self._scope.app})
        return NOTHING_SPENT | {Effect(row.effect): Spent(row.day, row.week) for row in rows}

    def applied_with(self) -> tuple[str, SourceIdentity] | None:
        """Return policy digest and source identity of the youngest run that carried out a plan, or None."""
        row = self._scope.connection.execute(_APPLIED_WITH, {"of_app": self._scope.app}).first()
        return (row.policy, SourceIdentity(**row.identity)) if row else None

    def latest(self, limit: int = 10, kinds: Collection[str] = ()) -> tuple[RunRecord, ...]:
        """Return the youngest runs first; those of these kinds only, where any are given."""
        statement = _LATEST.where(run.c.kind.in_(kinds)) if kinds else _LATEST
        rows = self._scope.connection.execute(statement, {"app": self._scope.app, "limit": limit})
        return tuple(map(_record_of, rows))

    def between(self, start: datetime, end: datetime) -> tuple[RunRecord, ...]:
        """Return the runs that began from `start` up to, and without, `end`, oldest first."""
        span = {"of_app": self._scope.app, "start": microseconds(start), "end": microseconds(end)}
        return tuple(map(_record_of, self._scope.connection.execute(_BETWEEN, span)))

    def kept(self, run_or_digest: str) -> KeptRun | None:
        """Return the run of that id, or the youngest one whose plan has that digest, or None."""
        row = self._scope.connection.execute(_KEPT, {"of_app": self._scope.app, "named": run_or_digest}).first()
        return self._kept_of(row) if row else None

    def about(self, account_id: str, limit: int) -> tuple[KeptRun, ...]:
        """Return the youngest runs that planned something about an account, with those items alone."""
        return self._about(_ABOUT, limit, of_account=account_id)

    def about_person(self, okta_user_id: str, limit: int) -> tuple[KeptRun, ...]:
        """Return the youngest runs that planned something for a person who had no account then."""
        return self._about(_ABOUT_PERSON, limit, of_person=okta_user_id)

    def _about(self, statements: tuple[Any, Any], limit: int, **of_whom: str) -> tuple[KeptRun, ...]:
        runs, items = statements
        beside = {"of_app": self._scope.app, **of_whom}
        rows = self._scope.connection.execute(runs, beside | {"limit": limit}).all()
        return tuple(self._kept_of(row, items, beside) for row in rows)

    def closures(self, within: timedelta) -> tuple[Closure, ...]:
        """Return the deactivations that were carried out within that time, oldest first."""
        parameters = {"of_app": self._scope.app, "within": microseconds(within)}
        rows = self._scope.connection.execute(_CLOSURES, parameters)
        return tuple(Closure(Item.from_json(row.item).since, moment_of(row.concluded)) for row in rows)

    def keep_report(self, run_id: str, document: bytes, lasting: timedelta) -> None:
        """Keep the report of a run, and drop those that are older. Raises ValueError."""
        keep_report(self._scope, run_id, document, lasting)

    def report_of(self, run_id: str) -> KeptReport | None:
        """Return the run with its report, or None when there is no such run."""
        found = find_report(self._scope, run_id)
        return KeptReport(_record_of(found[0]), found[1]) if found else None

    def _kept_of(self, row: AnyRow, items: Any = _ITEMS, beside: Mapping[str, Any] | None = None) -> KeptRun:
        rows = self._scope.connection.execute(items, {"of_pk": row.pk, **(beside or {})})
        kept = tuple(map(_item_of, rows))
        return KeptRun(_record_of(row), kept, row.snapshot_id, row.policy, row.approval, row.verdict)

    def _change(self, statement: Any, run_id: str, **values: Any) -> Any:
        self._scope.refuse_reading()
        return self._scope.connection.execute(
            statement, {"of_app": self._scope.app, "of_run": run_id, **values}
        ).scalar()


def _record_of(row: AnyRow) -> RunRecord:
    return RunRecord(
        row.id,
        row.kind,
        row.state,
        moment_of(row.started),
        optional_moment(row.ended),
        row.exit_code,
        row.plan_digest,
        row.counts,
    )


def _item_of(row: AnyRow) -> LedgerItem:
    outcome = OutcomeKind(row.outcome) if row.outcome else None
    concluded = optional_moment(row.concluded)
    return LedgerItem(row.position, Item.from_json(row.item), outcome, row.reason, row.result_version, concluded)
