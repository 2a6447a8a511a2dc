"""The frame of a run: what it ends with, the lease around it, and its end in the ledger."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum

from syncd.core.alarms import RunNews, news_of_failure, news_of_report, news_of_unhealthy_source
from syncd.core.changes import Action
from syncd.core.evidence import Ending
from syncd.core.guard import Objection
from syncd.core.reports import DriftReport
from syncd.core.situations import Situation
from syncd.ports import (
    AlreadyDecidedError,
    Lease,
    LeaseHeldError,
    LeaseLostError,
    OutcomeKind,
    SourceFault,
    SourceUnhealthyError,
    UnitOfWork,
)
from syncd.workflows.apply_plan import Outcome
from syncd.workflows.desk import Desk
from syncd.workflows.evidence import digest, document_of
from syncd.workflows.notify import tell_news


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
    VERIFICATION_FAILED = 8


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run as its caller sees it. `report` is None when nothing could be said; `outcomes` is empty for a dry run.

    `moved` says in words what is different now from the plan that was expected. `fault` is why nothing could be said,
    where that is the source's. `document` is the report as it was kept: what every format is rendered from; None where
    the run was not over everybody. `standing` is what the guard objects to, where there is no report that has it.
    """

    exit_code: ExitCode
    message: str
    report: DriftReport | None = None
    outcomes: tuple[Outcome, ...] = field(default=())
    moved: tuple[str, ...] = field(default=())
    fault: SourceFault | None = None
    document: bytes | None = None
    standing: tuple[Objection, ...] = field(default=())

    @property
    def applied(self) -> int:
        """How many items were carried out."""
        return sum(outcome.kind is OutcomeKind.DONE for outcome in self.outcomes)


def guarded(desk: Desk, kind: str, work: Callable[[Lease, str], RunResult], *, apply: bool) -> RunResult:
    """Do the work of a run under the application's lease, with its id, and write down how it ended.

    `apply` tells that the run was to carry its plan out. What stops a run becomes its result; raises what is a bug or
    an outage of the database.
    """
    try:
        with held_lease(desk, kind) as (lease, run_id):
            return end_run(desk, lease, run_id, caught(lambda: work(lease, run_id)), apply=apply)
    except LeaseHeldError as error:
        return RunResult(ExitCode.LEASE_HELD, f"{error}. Nothing was done; run again when that run has ended")


def caught(work: Callable[[], RunResult]) -> RunResult:
    """Return what the work comes to; what stops a run becomes its result."""
    try:
        return work()
    except SourceUnhealthyError as error:
        return RunResult(ExitCode.SOURCE_UNHEALTHY, str(error), fault=error.fault)
    except AlreadyDecidedError as error:
        return RunResult(ExitCode.BLOCKED, f"{error}. Nothing was changed; approve the plan anew")
    except LeaseLostError as error:
        return RunResult(ExitCode.LEASE_HELD, f"{error}. This run stopped; what it had done is in the audit trail")


def blocked(report: DriftReport, *, apply: bool) -> RunResult | None:
    """Return what a run ends with whose plan the guard stops, or None where it does not."""
    if report.verdict.allowed:
        return None
    objections = "; ".join(map(str, report.verdict.standing))
    done = "Nothing was changed" if apply else "It would not be carried out"
    return RunResult(ExitCode.BLOCKED, f"the plan is blocked: {objections}. {done}", report)


def applied(report: DriftReport, outcomes: tuple[Outcome, ...]) -> RunResult:
    """Return what a plan that was carried out came to."""
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
        overridden = {"acceptRows": desk.accepted_rows, "despiteWindow": desk.despite}
        if given := {name: value for name, value in overridden.items() if value is not None}:
            unit.note(Action.RUN_OVERRIDDEN, {"run": run_id, **given})
    try:
        yield lease, run_id
    except BaseException as error:
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            is_ours = unit.runs.end(run_id, ExitCode.ERROR, {}, lease)
            if is_ours and not isinstance(error, KeyboardInterrupt):
                tell_news(unit, news_of_failure(desk.app, run_id, type(error).__name__))
        raise
    finally:
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.release_lease(lease)


def end_run(desk: Desk, lease: Lease, run_id: str, result: RunResult, *, apply: bool = True) -> RunResult:
    """Write how the run ended, with its report, and what follows from that for quarantines.

    Nothing is written where the run was taken up under another lease since: how it ends is for that process to say.
    Returns the result with the document that was kept. Raises `UnbalancedError` where the report does not add up.
    """
    counts = result.report.tally() if result.report else {}
    news = _news(desk, run_id, result)
    result = replace(result, document=_document(desk, result))
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        if not unit.runs.end(run_id, result.exit_code, counts, lease):
            return result
        if result.document and desk.reports_last:
            unit.runs.keep_report(run_id, result.document, desk.reports_last)
        is_ours = _is_ours(desk, unit, lease)
        if news and is_ours:
            tell_news(unit, news)
        if apply and result.report and is_ours:
            _note_verdict(desk, unit, result.report, result)
        unit.note(
            Action.RUN_ENDED,
            {
                "run": run_id,
                "exitCode": int(result.exit_code),
                "message": result.message,
                "plan": result.report.plan.digest if result.report else None,
                "applied": result.applied,
                "counts": counts,
                "report": digest(result.document) if result.document else None,
            },
        )
    return result


def _is_ours(desk: Desk, unit: UnitOfWork, lease: Lease) -> bool:
    """Return whether the application is still ours: whoever was overtaken says nothing of plans and alarms."""
    try:
        unit.hold_lease(lease, desk.lease_lasts)
    except LeaseLostError:
        return False
    return True


def _document(desk: Desk, result: RunResult) -> bytes | None:
    """Return the report as evidence, where the run was over everybody."""
    if result.report is None or not result.report.snapshot_id:
        return None
    outcomes = [outcome.as_json() for outcome in result.outcomes]
    ending = Ending(int(result.exit_code), result.message, outcomes, result.moved)
    return document_of(desk, result.report, ending)


def _note_verdict(desk: Desk, unit: UnitOfWork, report: DriftReport, result: RunResult) -> None:
    """Put a plan that was stopped into quarantine; end quarantines when a plan went through.

    An approved plan ends its own. What passed without one ends all of them where it was about everybody, and found out
    about these: a run over some people, or some situations, says nothing of a plan that was stopped, and a run of which
    everything waits has carried nothing out.
    """
    if result.exit_code is ExitCode.BLOCKED:
        unit.note(Action.PLAN_BLOCKED, {"run": report.run_id, "why": result.message})
        unit.decisions.quarantine(report.run_id, report.plan.digest, report.verdict.standing)
    elif not report.plan.items or any(one.kind is not OutcomeKind.WAITING for one in result.outcomes):
        is_whole = bool(report.snapshot_id) and desk.only is None
        for one in unit.decisions.quarantines():
            is_own = report.verdict.approval is not None and one.digest == report.plan.digest
            if is_own or (is_whole and _was_looked_at(unit, report, one.digest)):
                why = f"run {report.run_id} carried out {report.plan.digest}"
                unit.decisions.end_quarantine(one.quarantine_id, "released" if is_own else "passed", why)


def _was_looked_at(unit: UnitOfWork, report: DriftReport, digest: str) -> bool:
    """Return whether a run found out about everybody whom a plan that was stopped is about."""
    kept = unit.runs.kept(digest)
    of_groups = report.groups.findings if report.groups else ()
    found = [(one.account, one.situation) for one in report.findings]
    found += [(one.account, one.situation) for one in of_groups]
    unknown = {account.id for account, situation in found if account and situation is Situation.UNKNOWN}
    items = [one.item for one in kept.items] if kept else []
    return not any(one.account_id in unknown or (one.group_id and report.left_out) for one in items)


def _news(desk: Desk, run_id: str, result: RunResult) -> RunNews | None:
    """Return what there is to tell of a run; None of one that found out nothing."""
    if result.report:
        done = {outcome.item.account_id for outcome in result.outcomes if outcome.kind is OutcomeKind.DONE}
        news = news_of_report(result.report, done, desk.revocation_sla)
        # What some people are asked about says nothing of everybody: no reason ends by that.
        return news if result.report.snapshot_id else replace(news, settled=frozenset())
    if result.fault:
        return news_of_unhealthy_source(desk.app, run_id, result.fault.value, result.message)
    return None
