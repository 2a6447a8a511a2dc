"""Undo what a run did, where nothing has changed since: a plan of its own, under the same guards."""

from syncd.core.changes import Action
from syncd.core.guard import Circumstances, Verdict, judge_plan
from syncd.core.planning import Plan
from syncd.core.undoing import Done, undo_plan
from syncd.ports import KeptRun, LeaseHeldError, OutcomeKind, SavedPlan, SourceUnhealthyError, UnitOfWork
from syncd.workflows.apply_plan import Outcome, Work, apply_plan
from syncd.workflows.desk import Desk
from syncd.workflows.running import ExitCode, RunResult, end_run, held_lease, tally


class UnknownRunError(ValueError):
    """There is no such run, or it changed nothing."""


def undo(desk: Desk, run_id: str, *, apply: bool = False, expected_digest: str | None = None) -> tuple[Plan, RunResult]:
    """Return the plan that undoes a run, and how it ended. Without `apply` nothing is changed.

    What Okta does not bear out stays: an account is opened again only for somebody who is assigned now. Raises
    `UnknownRunError`.
    """
    with desk.database.reading(desk.app) as unit:
        kept = unit.runs.kept(run_id)
        if kept is None or kept.record.run_id != run_id:
            raise UnknownRunError(f"there is no run {run_id}; syncd plan list shows the last ones")
        plan = undo_plan(desk.app, _done(unit, kept), desk.policy)
        verdict = judge_plan(plan, Circumstances(unit.staging.managed_active(), unit.runs.spent()), desk.policy)
        approval = unit.decisions.approval_of(plan.digest)
    verdict = Verdict(verdict.objections, approval.approval_id) if verdict.objections and approval else verdict
    refusal = _refuse(plan, verdict, expected_digest)
    if refusal or not apply:
        return plan, refusal or RunResult(ExitCode.DRIFT if plan.items else ExitCode.CLEAN, _told(plan))
    try:
        return plan, _carry_out(desk, plan, verdict, kept)
    except LeaseHeldError as error:
        return plan, RunResult(ExitCode.LEASE_HELD, f"{error}. Nothing was done; run again when that run has ended")
    except SourceUnhealthyError as error:
        return plan, RunResult(ExitCode.SOURCE_UNHEALTHY, str(error))


def _refuse(plan: Plan, verdict: Verdict, expected_digest: str | None) -> RunResult | None:
    if expected_digest is not None and expected_digest != plan.digest:
        return RunResult(ExitCode.STALE_PLAN, f"the plan is now {plan.digest}, not {expected_digest}. Nothing was done")
    if not verdict.allowed:
        objections = "; ".join(map(str, verdict.objections))
        return RunResult(ExitCode.BLOCKED, f"the plan is blocked: {objections}. Nothing was done")
    return None


def _told(plan: Plan) -> str:
    return f"{len(plan.items)} to be undone, {len(plan.deferred)} left as they are"


def _carry_out(desk: Desk, plan: Plan, verdict: Verdict, kept: KeptRun) -> RunResult:
    identity = desk.source.preflight()
    with held_lease(desk, "undo") as (lease, run_id):
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            snapshot = kept.snapshot_id or ""
            approval = verdict.approval
            unit.runs.save_plan(
                run_id,
                SavedPlan(plan.digest, plan.items, "allowed", True, snapshot, desk.policy.digest(), identity, approval),
            )
            unit.note(Action.PLAN_MADE, {"run": run_id, "undoes": kept.record.run_id, "plan": plan.digest})
        outcomes: list[Outcome] = []
        for _step in apply_plan(desk, Work(run_id, lease, tuple(enumerate(plan.items)), verdict.approval), outcomes):
            pass
        skipped = any(one.kind is not OutcomeKind.DONE for one in outcomes)
        code = ExitCode.PARTIAL if skipped else ExitCode.CLEAN
        result = RunResult(code, tally(tuple(outcomes)), None, tuple(outcomes))
        end_run(desk, run_id, result)
        return result


def _done(unit: UnitOfWork, kept: KeptRun) -> list[Done]:
    """Return what the run did, with what each account is now and what an update replaced."""
    before = {
        event.subject_id: event.detail.get("before", {})
        for event in unit.audit_trail(run_id=kept.record.run_id, limit=10 * len(kept.items) + 10)
    }
    done = []
    for one in kept.items:
        if one.outcome is OutcomeKind.DONE and one.result_version is not None:
            found = unit.account(one.item.account_id)
            told = {
                path: value for path, value in before.get(one.item.account_id, {}).items() if isinstance(value, str)
            }
            done.append(Done(one.item, one.result_version, found[0].version if found else None, told))
    return done
