"""The reconciler's ledger: intention before effect, outcome with the effect."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from syncd.ports import Lease, OutcomeKind, RunRecord
from syncd.store.constructs import database_now
from syncd.store.moments import moment_of, optional_moment
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, plan_item, run

RUNNING, _ENDED, _FAILED = "running", "ended", "failed"
_EXIT_OF_A_FAILURE: Final = 1

# Who holds the lease is alone: whatever else still counts as running has died, or may change nothing more.
_SUPERSEDE: Final = (
    update(run)
    .where(run.c.app == bindparam("of_app"), run.c.state == RUNNING)
    .values(state=_FAILED, ended=database_now())
)
_BEGIN: Final = insert(run).values(started=database_now())
_OF_RUN: Final = (run.c.app == bindparam("of_app"), run.c.id == bindparam("of_run"))
_PK: Final = select(run.c.pk).where(*_OF_RUN)
_SAVE_PLAN: Final = (
    update(run)
    .where(*_OF_RUN)
    .values(plan_digest=bindparam("new_digest"), verdict=bindparam("new_verdict"))
    .returning(run.c.pk)
)
_ADD_ITEM: Final = insert(plan_item)
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
    concluded=database_now(), outcome=bindparam("new_outcome"), reason=bindparam("new_reason")
).returning(plan_item.c.position)
_LATEST: Final = select(run).where(run.c.app == bindparam("app")).order_by(run.c.pk.desc()).limit(bindparam("limit"))


class SqlRuns:
    """The runs of one application, in one unit of work; see `syncd.ports.Runs`. Times are the database's."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin(self, kind: str, lease: Lease | None) -> str:
        """Write that a run began, and return its id. With a lease, runs that never ended count as failed from now."""
        self._scope.refuse_reading()
        if lease:
            self._scope.connection.execute(_SUPERSEDE, {"of_app": self._scope.app})
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

    def save_plan(self, run_id: str, digest: str, items: Sequence[Mapping[str, Any]], verdict: str) -> None:
        """Keep the plan with the verdict of the guard. Raises ValueError when there is no such run."""
        pk = self._change(_SAVE_PLAN, run_id, new_digest=digest, new_verdict=verdict)
        if pk is None:
            raise ValueError(f"there is no run {run_id}")
        rows = [
            {"app": self._scope.app, "run_pk": pk, "position": position, "item": dict(item)}
            for position, item in enumerate(items)
        ]
        if rows:
            self._scope.connection.execute(_ADD_ITEM, rows)

    def intend(self, run_id: str, position: int) -> None:
        """Write that the item is about to be carried out. Raises ValueError when it has ended, or is not there."""
        if self._change(_INTEND, run_id, of_position=position) is None:
            raise ValueError(f"item {position} of run {run_id} is not open")

    def conclude(self, run_id: str, position: int, outcome: OutcomeKind, reason: str) -> None:
        """Write how the item ended. Raises ValueError when it has ended already, or is not there."""
        concluded = self._change(_CONCLUDE, run_id, of_position=position, new_outcome=outcome.value, new_reason=reason)
        if concluded is None:
            raise ValueError(f"item {position} of run {run_id} is not open")

    def end(self, run_id: str, exit_code: int, counts: Mapping[str, int]) -> None:
        """Write that the run ended and what it found. Raises ValueError when there is no such run."""
        state = _FAILED if exit_code == _EXIT_OF_A_FAILURE else _ENDED
        found = {str(name): count for name, count in counts.items()}
        if self._change(_END, run_id, new_state=state, new_exit_code=int(exit_code), new_counts=found) is None:
            raise ValueError(f"there is no run {run_id}")

    def latest(self, limit: int = 10) -> tuple[RunRecord, ...]:
        """Return the youngest runs first."""
        rows = self._scope.connection.execute(_LATEST, {"app": self._scope.app, "limit": limit})
        return tuple(map(_record_of, rows))

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
