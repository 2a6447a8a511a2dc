"""Undo what a run did, where nothing has changed since: a plan of its own, under the same guards."""

from dataclasses import replace

from syncd.core.changes import Action
from syncd.core.guard import Circumstances, Verdict, judge_plan, judge_record
from syncd.core.planning import Plan
from syncd.core.undoing import Done, undo_plan
from syncd.ports import KeptRun, Lease, OutcomeKind, SavedPlan, UnitOfWork
from syncd.workflows.apply_plan import carry_out, work_of
from syncd.workflows.desk import Desk
from syncd.workflows.running import ExitCode, RunResult, guarded, tally


class UnknownRunError(ValueError):
    """There is no such run, or it changed nothing."""


def undo(desk: Desk, run_id: str, *, apply: bool = False, expected_digest: str | None = None) -> tuple[Plan, RunResult]:
    """Return the plan that undoes a run, and how it ended. Without `apply` nothing is changed.

    What Okta does not bear out stays: an account is opened again only for somebody who is assigned now. Raises
    `UnknownRunError`.
    """
    database = desk.database
    # Only where something may be written there is a clock for how long the audit log has waited.
    with database.transaction(desk.app, desk.cause()) if apply else database.reading(desk.app) as unit:
        kept = unit.runs.kept(run_id)
        if kept is None or kept.record.run_id != run_id:
            raise UnknownRunError(f"there is no run {run_id}; syncd plan list --app {desk.app} shows the last ones")
        plan = _with_claimants(unit, undo_plan(desk.app, _done(unit, kept), desk.policy))
        further = judge_record(unit.unsealed()) if plan.items else ()
        around = Circumstances(unit.staging.managed_active(), unit.runs.spent(), further=further)
        verdict = judge_plan(plan, around, desk.policy)
        approval = unit.decisions.approval_of(plan.digest)
    verdict = Verdict(verdict.objections, approval.approval_id) if verdict.objections and approval else verdict
    refusal = _refuse(plan, verdict, expected_digest)
    if not apply or (refusal and refusal.exit_code is ExitCode.STALE_PLAN):
        return plan, refusal or RunResult(ExitCode.DRIFT if plan.items else ExitCode.CLEAN, _told(plan))
    return plan, _carry_out(desk, plan, verdict, kept, refusal)


def _with_claimants(unit: UnitOfWork, plan: Plan) -> Plan:
    """Return the plan with everybody else whom each account was said to belong to: they are asked about, too."""
    told = unit.staging.claimants(item.account_id for item in plan.items)
    items = (replace(one, others=tuple(sorted(told.get(one.account_id, ())))) for one in plan.items)
    return replace(plan, items=tuple(items))


def _refuse(plan: Plan, verdict: Verdict, expected_digest: str | None) -> RunResult | None:
    if expected_digest is not None and expected_digest != plan.digest:
        return RunResult(ExitCode.STALE_PLAN, f"the plan is now {plan.digest}, not {expected_digest}. Nothing was done")
    if not verdict.allowed:
        objections = "; ".join(map(str, verdict.standing))
        message = f"the plan is blocked: {objections}. Nothing was done"
        return RunResult(ExitCode.BLOCKED, message, standing=verdict.standing)
    return None


def _told(plan: Plan) -> str:
    return f"{len(plan.items)} to be undone, {len(plan.deferred)} left as they are"


def _carry_out(desk: Desk, plan: Plan, verdict: Verdict, kept: KeptRun, refusal: RunResult | None) -> RunResult:
    def work(lease: Lease, run_id: str) -> RunResult:
        saved = SavedPlan(
            digest=plan.digest,
            items=plan.items,
            verdict="; ".join(map(str, verdict.standing)) or "allowed",
            allowed=verdict.allowed,
            snapshot_id=kept.snapshot_id or "",
            policy=desk.policy.digest(),
            identity=desk.source.preflight(),
            approval=verdict.approval,
        )
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.hold_lease(lease, desk.lease_lasts)
            unit.runs.save_plan(run_id, saved)
            unit.note(Action.PLAN_MADE, {"run": run_id, "undoes": kept.record.run_id, "plan": plan.digest})
        if refusal:  # kept all the same: somebody may approve it
            return refusal
        outcomes = carry_out(desk, work_of(run_id, lease, plan, verdict))
        skipped = any(one.kind is not OutcomeKind.DONE for one in outcomes)
        return RunResult(ExitCode.PARTIAL if skipped else ExitCode.CLEAN, tally(outcomes), None, outcomes)

    return guarded(desk, "undo", work, apply=True)


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
