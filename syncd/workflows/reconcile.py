"""Make the application agree with Okta, where that is safe: one run over everybody."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from syncd.core.changes import Action
from syncd.core.group_matching import Ties, ties_of
from syncd.core.guard import Ground
from syncd.core.reports import DriftReport
from syncd.ports import OF_SOME, KeptRun, Lease, LeaseHeldError, SourceUnhealthyError
from syncd.workflows.apply_plan import Work, carry_out, work_of
from syncd.workflows.desk import Desk
from syncd.workflows.running import ExitCode, RunResult, applied, blocked, caught, end_run, guarded, tally
from syncd.workflows.stale_plan import what_moved
from syncd.workflows.survey import survey

PLAN_LASTS = timedelta(hours=4)


def report_drift(desk: Desk) -> RunResult:
    """Survey the application and change nothing in the directory."""
    return _run(desk, "drift-report", apply=False, expected_digest=None)


def reconcile(desk: Desk, *, apply: bool = False, expected_digest: str | None = None) -> RunResult:
    """Survey the application and, with `apply`, carry the plan out item by item.

    With `expected_digest` only the plan of that digest is carried out: any other ends the run before the first effect.
    A run that died while it carried out a plan is finished first, unless only some situations are wanted.
    """
    if apply and desk.only is None:
        finished = resume(desk, expected_digest=expected_digest)
        if finished is not None and expected_digest is not None:
            return finished
    kind = "apply" if apply else "dry-run"
    return _run(desk, kind if desk.only is None else f"{kind}{OF_SOME}", apply=apply, expected_digest=expected_digest)


def resume(desk: Desk, *, expected_digest: str | None = None) -> RunResult | None:
    """Finish the run that died while it carried out a plan, if there is one.

    The plan has to be younger than four hours and made with the policy of today; each effect is borne out anew. Nothing
    happens while another run holds the lease.
    """
    with suppress(LeaseHeldError), _lease_of_dead(desk, expected_digest) as (lease, kept):
        if kept is not None:
            desk.announce(f"finishing run {kept.record.run_id}, which died")
            return end_run(desk, lease, kept.record.run_id, caught(partial(_finish, desk, lease, kept)))
    return None


def _finish(desk: Desk, lease: Lease, kept: KeptRun) -> RunResult:
    items = [(one.position, one.item) for one in kept.items if one.outcome is None]
    left = {
        one.item.group_id: one.result_version
        for one in kept.items
        if one.item.group_id and one.result_version is not None
    }
    ties = _ties_now(desk) if any(item.okta_group_id for _, item in items) else None
    outcomes = carry_out(desk, Work(kept.record.run_id, lease, items, kept.approval, left=left, ties=ties))
    return RunResult(ExitCode.DRIFT, f"finished after it had died: {tally(outcomes)}", None, outcomes)


def _ties_now(desk: Desk) -> Ties:
    """Return what the groups here and those that Okta pushes are to one another: nothing where it does not tell."""
    with desk.database.reading(desk.app) as unit:
        groups = unit.groups.all()
    try:
        return ties_of(desk.source.group_mappings(), groups)
    except SourceUnhealthyError as error:
        desk.announce(f"groups are left as they are: {error}")
        return {}


@contextmanager
def _lease_of_dead(desk: Desk, expected_digest: str | None) -> Iterator[tuple[Lease, KeptRun | None]]:
    with desk.database.transaction(desk.app, desk.cause()) as unit:
        lease = unit.acquire_lease(desk.actor, desk.lease_lasts)
        kept = unit.runs.resumable(desk.policy.digest(), PLAN_LASTS)
        if kept is not None and expected_digest not in (None, kept.record.plan_digest):
            kept = None
        if kept is not None:
            unit.runs.resume(kept.record.run_id, lease)
            unit.note(Action.RUN_RESUMED, {"run": kept.record.run_id, "plan": kept.record.plan_digest})
    try:
        yield lease, kept
    finally:
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.release_lease(lease)


def _run(desk: Desk, kind: str, *, apply: bool, expected_digest: str | None) -> RunResult:
    def work(lease: Lease, run_id: str) -> RunResult:
        return _outcome(desk, lease, run_id, apply=apply, expected_digest=expected_digest)

    return guarded(desk, kind, work, apply=apply)


def _outcome(desk: Desk, lease: Lease, run_id: str, *, apply: bool, expected_digest: str | None) -> RunResult:
    report = survey(desk, run_id, lease)
    if expected_digest is not None:
        report = _seen(desk, report, expected_digest)
    refusal = _stale(desk, report, expected_digest) or blocked(report, apply=apply)
    if refusal or not apply:
        return refusal or _found(report)
    return applied(report, carry_out(desk, work_of(run_id, lease, report.plan, report.verdict)))


def _seen(desk: Desk, report: DriftReport, expected_digest: str) -> DriftReport:
    """Return the report without the objection that nobody has seen the plan, where somebody names it by its digest."""
    left = tuple(one for one in report.verdict.objections if one.ground is not Ground.CHANGED_POLICY)
    if report.plan.digest != expected_digest or left == report.verdict.objections:
        return report
    with desk.database.transaction(desk.app, desk.cause(report.run_id)) as unit:
        unit.note(Action.RUN_OVERRIDDEN, {"run": report.run_id, "seen": expected_digest})
    return replace(report, verdict=replace(report.verdict, objections=left))


def _stale(desk: Desk, report: DriftReport, expected_digest: str | None) -> RunResult | None:
    if expected_digest in (None, report.plan.digest):
        return None
    with desk.database.reading(desk.app) as unit:
        was_made = unit.runs.kept(expected_digest or "") is not None
        moved = what_moved(unit, expected_digest or "", report.plan)
    why = (
        "something moved since it was shown" if was_made else f"no run of {desk.app} has made a plan {expected_digest}"
    )
    message = (
        f"the plan is now {report.plan.digest}, not {expected_digest}: {why}. "
        "Nothing was changed. Read the new plan, then apply its digest"
    )
    return RunResult(ExitCode.STALE_PLAN, message, report, moved=moved)


def _found(report: DriftReport) -> RunResult:
    if not report.drifted:
        if report.left_out:
            return RunResult(ExitCode.PARTIAL, f"no drift in what was looked at; {report.left_out}", report)
        return RunResult(ExitCode.CLEAN, "no drift", report)
    proposed = report.plan.proposals
    repairs = len(report.plan.items) - proposed
    also = f", and {proposed} proposed" if proposed else ""
    return RunResult(ExitCode.DRIFT, f"{report.drifted} in drift, {repairs} of them to be repaired{also}", report)
