"""Make the application agree with Okta, where that is safe.

The kernel of the apply is a generator: it stops after each step at which the world may move or the process may die, so
that a test can let either happen there.
"""

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from scim.errors import ScimError
from scim.resource import Document, StoredResource
from syncd.core.alarms import RunNews, news_of_failure, news_of_report, news_of_unhealthy_source
from syncd.core.attributes import with_attributes
from syncd.core.changes import Action, Change
from syncd.core.guard import forbids, needs_lookup, refutes
from syncd.core.planning import Item
from syncd.core.reports import DriftReport
from syncd.core.situations import Effect
from syncd.ports import Lease, LeaseHeldError, LeaseLostError, OutcomeKind, SourceFault, SourceUnhealthyError
from syncd.workflows.notify import tell_news
from syncd.workflows.survey import LEASE_LASTS, Desk, survey


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
class Outcome:
    """How one item of the plan ended; `reason` is empty for one that was done."""

    item: Item
    kind: OutcomeKind
    reason: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run as its caller sees it. `report` is None when nothing could be said; `outcomes` is empty for a dry run.

    `fault` is why nothing could be said, where that is the source's.
    """

    exit_code: ExitCode
    message: str
    report: DriftReport | None = None
    outcomes: tuple[Outcome, ...] = field(default=())
    fault: SourceFault | None = None

    @property
    def applied(self) -> int:
        """How many items were carried out."""
        return sum(outcome.kind is OutcomeKind.DONE for outcome in self.outcomes)


class Step(StrEnum):
    """Where the apply kernel stops."""

    ASKED = "asked"
    INTENDED = "intended"
    CONCLUDED = "concluded"


def report_drift(desk: Desk) -> RunResult:
    """Survey the application and change nothing in the directory."""
    return _run(desk, "drift-report", apply=False, expected_digest=None)


def reconcile(desk: Desk, *, apply: bool = False, expected_digest: str | None = None) -> RunResult:
    """Survey the application and, with `apply`, carry the plan out item by item.

    With `expected_digest` only the plan of that digest is carried out: any other ends the run before the first effect.
    """
    return _run(desk, "apply" if apply else "dry-run", apply=apply, expected_digest=expected_digest)


def _run(desk: Desk, kind: str, *, apply: bool, expected_digest: str | None) -> RunResult:
    try:
        with _lease(desk, kind) as (lease, run_id):
            result = _outcome(desk, lease, run_id, apply=apply, expected_digest=expected_digest)
            _end(desk, run_id, result)
            return result
    except LeaseHeldError as error:
        return RunResult(ExitCode.LEASE_HELD, f"{error}. Nothing was done; run again when that run has ended")


def _outcome(desk: Desk, lease: Lease, run_id: str, *, apply: bool, expected_digest: str | None) -> RunResult:
    try:
        report = survey(desk, run_id, lease)
        refusal = _refuse(report, apply=apply, expected_digest=expected_digest)
        if refusal or not apply:
            return refusal or _found(report)
        outcomes: list[Outcome] = []
        for _step in apply_plan(desk, report, lease, outcomes):
            pass
        return _applied(report, tuple(outcomes))
    except SourceUnhealthyError as error:
        return RunResult(ExitCode.SOURCE_UNHEALTHY, str(error), fault=error.fault)
    except LeaseLostError as error:
        return RunResult(ExitCode.LEASE_HELD, f"{error}. This run stopped; what it had done is in the audit trail")


def _refuse(report: DriftReport, *, apply: bool, expected_digest: str | None) -> RunResult | None:
    if expected_digest is not None and report.plan.digest != expected_digest:
        message = (
            f"the plan is now {report.plan.digest}, not {expected_digest}: something moved since it was shown. "
            "Nothing was changed. Read the plan below, then apply its digest"
        )
        return RunResult(ExitCode.STALE_PLAN, message, report)
    if not report.verdict.allowed:
        objections = "; ".join(report.verdict.objections)
        done = "Nothing was changed" if apply else "It would not be carried out"
        return RunResult(ExitCode.BLOCKED, f"the plan is blocked: {objections}. {done}", report)
    return None


def _found(report: DriftReport) -> RunResult:
    if not report.drifted:
        return RunResult(ExitCode.CLEAN, "no drift", report)
    repairs = len(report.plan.items)
    return RunResult(ExitCode.DRIFT, f"{report.drifted} in drift, {repairs} of them to be repaired", report)


def _applied(report: DriftReport, outcomes: tuple[Outcome, ...]) -> RunResult:
    kinds = Counter(outcome.kind for outcome in outcomes)
    done = kinds[OutcomeKind.DONE]
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in OutcomeKind if kinds[kind]) or "nothing to repair"
    if kinds[OutcomeKind.SKIPPED]:
        return RunResult(ExitCode.PARTIAL, f"applied in part: {told}", report, outcomes)
    code = ExitCode.DRIFT if report.drifted > done else ExitCode.CLEAN
    return RunResult(code, told, report, outcomes)


# ------------------------------------------------------------------ effects


def apply_plan(desk: Desk, report: DriftReport, lease: Lease, outcomes: list[Outcome]) -> Generator[Step, None, None]:
    """Carry out a plan that was judged, one transaction for each effect, and add to `outcomes` as items end.

    Raises `LeaseLostError` at the first item after a later run took over; what was concluded before stays.
    """
    for position, item in enumerate(report.plan.items):
        refusal = _not_due(item)
        if refusal is None and needs_lookup(item):
            refusal = _refuted(desk, item)
            yield Step.ASKED
        if refusal is None:
            with desk.database.transaction(desk.app, desk.cause(report.run_id)) as unit:
                unit.hold_lease(lease, LEASE_LASTS)
                unit.runs.intend(report.run_id, position)
            yield Step.INTENDED
        outcomes.append(_conclude(desk, report.run_id, lease, position, item, refusal))
        yield Step.CONCLUDED


def _not_due(item: Item) -> tuple[OutcomeKind, str] | None:
    return (OutcomeKind.WAITING, item.waits) if item.waits else None


def _refuted(desk: Desk, item: Item) -> tuple[OutcomeKind, str] | None:
    if item.okta_user_id is None:
        return OutcomeKind.SKIPPED, "no Okta user id to ask about"
    objection = refutes(item, desk.source.look_up(item.okta_user_id))
    return (OutcomeKind.SKIPPED, objection) if objection else None


def _conclude(
    desk: Desk, run_id: str, lease: Lease, position: int, item: Item, refusal: tuple[OutcomeKind, str] | None
) -> Outcome:
    if refusal is None:
        try:
            return _effect(desk, run_id, lease, position, item)
        except ScimError as error:
            # The effect was rolled back with its outcome, so the outcome is written on its own.
            refusal = OutcomeKind.SKIPPED, error.detail
    kind, reason = refusal
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, LEASE_LASTS)
        unit.runs.conclude(run_id, position, kind, reason)
    return Outcome(item, kind, reason)


def _effect(desk: Desk, run_id: str, lease: Lease, position: int, item: Item) -> Outcome:
    """Change the account, if every check still holds, in one transaction with its audit event and its outcome."""
    with desk.database.transaction(desk.app, desk.cause(run_id, f"{item.situation}: {item.reason}")) as unit:
        unit.hold_lease(lease, LEASE_LASTS)
        found = unit.account(item.account_id)
        objection = forbids(item, found[0] if found else None, desk.policy)
        if found and objection is None:
            unit.record(Change("User", found[1], _wanted(item, found[1])))
        kind = OutcomeKind.SKIPPED if objection else OutcomeKind.DONE
        unit.runs.conclude(run_id, position, kind, objection or "")
    return Outcome(item, kind, objection or "")


def _wanted(item: Item, stored: StoredResource) -> Document:
    if item.effect is Effect.DEACTIVATE:
        return {**stored.document, "active": False}
    return with_attributes(stored.document, item.changes)


# ------------------------------------------------------------------ the run's frame


@contextmanager
def _lease(desk: Desk, kind: str) -> Iterator[tuple[Lease, str]]:
    """Hold the application's lease around a run, and give it back however the run ends."""
    with desk.database.transaction(desk.app, desk.cause()) as unit:
        lease = unit.acquire_lease(desk.actor, LEASE_LASTS)
        run_id = unit.runs.begin(kind, lease)
        unit.note(Action.RUN_STARTED, {"run": run_id, "kind": kind, "policy": desk.policy.digest()})
    try:
        yield lease, run_id
    except BaseException as error:
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.runs.end(run_id, ExitCode.ERROR, {})
            if not isinstance(error, KeyboardInterrupt):
                tell_news(unit, news_of_failure(desk.app, run_id, type(error).__name__))
        raise
    finally:
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.release_lease(lease)


def _end(desk: Desk, run_id: str, result: RunResult) -> None:
    counts = {situation.value: count for situation, count in result.report.counts.items()} if result.report else {}
    news = _news(desk, run_id, result)
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.runs.end(run_id, result.exit_code, counts)
        if news:
            tell_news(unit, news)
        if result.exit_code is ExitCode.BLOCKED:
            unit.note(Action.PLAN_BLOCKED, {"run": run_id, "why": result.message})
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


def _news(desk: Desk, run_id: str, result: RunResult) -> RunNews | None:
    """Return what there is to tell of a run; None of one that found out nothing."""
    if result.report:
        done = {outcome.item.account_id for outcome in result.outcomes if outcome.kind is OutcomeKind.DONE}
        return news_of_report(result.report, done, desk.revocation_sla)
    if result.fault:
        return news_of_unhealthy_source(desk.app, run_id, result.fault.value, result.message)
    return None
