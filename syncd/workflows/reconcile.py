"""Make the application agree with Okta, where that is safe: one run, from the lease to its end in the ledger."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import IntEnum

from syncd.core.changes import Action
from syncd.core.guard import Ground
from syncd.core.reports import DriftReport
from syncd.ports import (
    AlreadyDecidedError,
    KeptRun,
    Lease,
    LeaseHeldError,
    LeaseLostError,
    OutcomeKind,
    SourceUnhealthyError,
    UnitOfWork,
)
from syncd.workflows.apply_plan import Outcome, Work, apply_plan
from syncd.workflows.desk import Desk
from syncd.workflows.stale_plan import what_moved
from syncd.workflows.survey import survey

PLAN_LASTS = timedelta(hours=4)


class ExitCode(IntEnum):
    """What a run ends with, for scripts and units (design section 9)."""

    CLEAN = 0
    ERROR = 1
    DRIFT = 2
    SOURCE_UNHEALTHY = 3
    BLOCKED = 4
    STALE_PLAN = 5
    LEASE_HELD = 6
    PARTIAL = 7


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run as its caller sees it. `report` is None when nothing could be said; `outcomes` is empty for a dry run.

    `moved` says in words what is different now from the plan that was expected.
    """

    exit_code: ExitCode
    message: str
    report: DriftReport | None = None
    outcomes: tuple[Outcome, ...] = field(default=())
    moved: tuple[str, ...] = field(default=())

    @property
    def applied(self) -> int:
        """How many items were carried out."""
        return sum(outcome.kind is OutcomeKind.DONE for outcome in self.outcomes)


def report_drift(desk: Desk) -> RunResult:
    """Survey the application and change nothing in the directory."""
    return _run(desk, "drift-report", apply=False, expected_digest=None)


def reconcile(desk: Desk, *, apply: bool = False, expected_digest: str | None = None) -> RunResult:
    """Survey the application and, with `apply`, carry the plan out item by item.

    With `expected_digest` only the plan of that digest is carried out: any other ends the run before the first effect.
    A run that died while it carried out a plan is finished first.
    """
    if apply:
        resume(desk, expected_digest=expected_digest)
    return _run(desk, "apply" if apply else "dry-run", apply=apply, expected_digest=expected_digest)


def resume(desk: Desk, *, expected_digest: str | None = None) -> tuple[Outcome, ...]:
    """Finish the run that died while it carried out a plan, if there is one, and return what was done about it.

    The plan has to be younger than four hours and made with the policy of today; each effect is borne out anew. Nothing
    happens while another run holds the lease.
    """
    outcomes: list[Outcome] = []
    try:
        with _lease_of_dead(desk, expected_digest) as (lease, kept):
            if kept is not None:
                desk.announce(f"finishing run {kept.record.run_id}, which died")
                result = _finish(desk, lease, kept, outcomes)
                end_run(desk, kept.record.run_id, result)
    except (LeaseHeldError, LeaseLostError):
        return tuple(outcomes)
    return tuple(outcomes)


def _finish(desk: Desk, lease: Lease, kept: KeptRun, outcomes: list[Outcome]) -> RunResult:
    items = [(one.position, one.item) for one in kept.items if one.outcome is None]
    left = {
        one.item.group_id: one.result_version
        for one in kept.items
        if one.item.group_id and one.result_version is not None
    }
    work = Work(kept.record.run_id, lease, items, kept.approval, is_resumed=True, left=left)
    for _step in apply_plan(desk, work, outcomes):
        pass
    return RunResult(ExitCode.DRIFT, f"finished after it had died: {tally(tuple(outcomes))}", None, tuple(outcomes))


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
    try:
        with held_lease(desk, kind) as (lease, run_id):
            result = _outcome(desk, lease, run_id, apply=apply, expected_digest=expected_digest)
            end_run(desk, run_id, result, apply=apply)
            return result
    except LeaseHeldError as error:
        return RunResult(ExitCode.LEASE_HELD, f"{error}. Nothing was done; run again when that run has ended")


def _outcome(desk: Desk, lease: Lease, run_id: str, *, apply: bool, expected_digest: str | None) -> RunResult:
    try:
        report = survey(desk, run_id, lease)
        if expected_digest is not None:
            report = _seen(report, expected_digest)
        refusal = _refuse(desk, report, apply=apply, expected_digest=expected_digest)
        if refusal or not apply:
            return refusal or _found(report)
        outcomes: list[Outcome] = []
        work = Work(run_id, lease, tuple(enumerate(report.plan.items)), report.verdict.approval)
        for _step in apply_plan(desk, work, outcomes):
            pass
        return _applied(report, tuple(outcomes))
    except SourceUnhealthyError as error:
        return RunResult(ExitCode.SOURCE_UNHEALTHY, str(error))
    except AlreadyDecidedError as error:
        return RunResult(ExitCode.BLOCKED, f"{error}. Nothing was changed; approve the plan anew")
    except LeaseLostError as error:
        return RunResult(ExitCode.LEASE_HELD, f"{error}. This run stopped; what it had done is in the audit trail")


def _seen(report: DriftReport, expected_digest: str) -> DriftReport:
    """Return the report without the objection that nobody has seen the plan, where somebody names it by its digest."""
    if report.plan.digest != expected_digest:
        return report
    left = tuple(one for one in report.verdict.objections if one.ground is not Ground.CHANGED_POLICY)
    return replace(report, verdict=replace(report.verdict, objections=left))


def _refuse(desk: Desk, report: DriftReport, *, apply: bool, expected_digest: str | None) -> RunResult | None:
    if expected_digest is not None and report.plan.digest != expected_digest:
        message = (
            f"the plan is now {report.plan.digest}, not {expected_digest}: something moved since it was shown. "
            "Nothing was changed. Read the plan below, then apply its digest"
        )
        with desk.database.reading(desk.app) as unit:
            moved = what_moved(unit, expected_digest, report.plan)
        return RunResult(ExitCode.STALE_PLAN, message, report, moved=moved)
    if not report.verdict.allowed:
        objections = "; ".join(map(str, report.verdict.objections))
        done = "Nothing was changed" if apply else "It would not be carried out"
        remedy = f"Read it; when it is right: syncd plan approve {report.plan.digest}"
        return RunResult(ExitCode.BLOCKED, f"the plan is blocked: {objections}. {done}. {remedy}", report)
    return None


def _found(report: DriftReport) -> RunResult:
    if not report.drifted:
        if report.left_out:
            return RunResult(ExitCode.PARTIAL, f"no drift in what was looked at; {report.left_out}", report)
        return RunResult(ExitCode.CLEAN, "no drift", report)
    proposed = report.plan.proposals
    repairs = len(report.plan.items) - proposed
    also = f", and {proposed} proposed" if proposed else ""
    return RunResult(ExitCode.DRIFT, f"{report.drifted} in drift, {repairs} of them to be repaired{also}", report)


def _applied(report: DriftReport, outcomes: tuple[Outcome, ...]) -> RunResult:
    done = sum(outcome.kind is OutcomeKind.DONE for outcome in outcomes)
    told = tally(outcomes)
    if any(outcome.kind is OutcomeKind.SKIPPED for outcome in outcomes):
        return RunResult(ExitCode.PARTIAL, f"applied in part: {told}", report, outcomes)
    code = ExitCode.DRIFT if report.drifted > done else ExitCode.CLEAN
    if report.left_out and code is ExitCode.CLEAN:
        return RunResult(ExitCode.PARTIAL, f"{told}; {report.left_out}", report, outcomes)
    return RunResult(code, told, report, outcomes)


def tally(outcomes: tuple[Outcome, ...]) -> str:
    """Return in words how the items ended."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    return ", ".join(f"{kinds[kind]} {kind}" for kind in OutcomeKind if kinds[kind]) or "nothing to repair"


# ------------------------------------------------------------------ the run's frame


@contextmanager
def held_lease(desk: Desk, kind: str) -> Iterator[tuple[Lease, str]]:
    """Hold the application's lease around a run, and give it back however the run ends."""
    with desk.database.transaction(desk.app, desk.cause()) as unit:
        lease = unit.acquire_lease(desk.actor, desk.lease_lasts)
        run_id = unit.runs.begin(kind, lease)
        unit.note(Action.RUN_STARTED, {"run": run_id, "kind": kind, "policy": desk.policy.digest()})
    try:
        yield lease, run_id
    except BaseException:
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.runs.end(run_id, ExitCode.ERROR, {})
        raise
    finally:
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.release_lease(lease)


def end_run(desk: Desk, run_id: str, result: RunResult, *, apply: bool = True) -> None:
    """Write how the run ended, and what follows from that for quarantines."""
    counts = result.report.tally() if result.report else {}
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.runs.end(run_id, result.exit_code, counts)
        if apply and result.report:
            _note_verdict(unit, run_id, result.report, result)
        unit.note(
            Action.RUN_ENDED,
            {
                "run": run_id,
                "exitCode": int(result.exit_code),
                "message": result.message,
                "plan": result.report.plan.digest if result.report else None,
                "applied": result.applied,
                "counts": counts,
            },
        )


def _note_verdict(unit: UnitOfWork, run_id: str, report: DriftReport, result: RunResult) -> None:
    """Put a plan that was stopped into quarantine; end quarantines when a plan went through."""
    if result.exit_code is ExitCode.BLOCKED:
        unit.note(Action.PLAN_BLOCKED, {"run": run_id, "why": result.message})
        unit.decisions.quarantine(run_id, report.plan.digest, report.verdict.objections)
    elif result.outcomes or not report.plan.items:
        outcome = "released" if report.verdict.approval else "passed"
        for one in unit.decisions.quarantines():
            unit.decisions.end_quarantine(one.quarantine_id, outcome, f"run {run_id} carried out {report.plan.digest}")
