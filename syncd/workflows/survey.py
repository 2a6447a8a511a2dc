"""Walk, seal, compare, ask, classify, plan, judge: what a drift report and a reconciliation have in common.

Nothing here changes the directory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from syncd.core.changes import Cause
from syncd.core.classification import Finding, classify
from syncd.core.guard import judge_listing, judge_plan
from syncd.core.planning import make_plan
from syncd.core.policy import Policy
from syncd.core.reports import DriftReport, count_situations
from syncd.core.subjects import Origin, Subject
from syncd.ports import (
    Announce,
    AssignmentSource,
    Comparison,
    Database,
    Lease,
    Manifest,
    SnapshotRefusedError,
    SourceFault,
    SourceIdentity,
    SourceUnhealthyError,
)

LEASE_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a run works with: the application, its policy, its source, the store, and somebody to tell.

    `accepted_rows` is the size of the listing that an operator said is right, for this run only. `revocation_sla` is
    how long after the end of its assignment an account may stay open before somebody is told; with 0 nobody is.
    """

    app: str
    policy: Policy
    source: AssignmentSource
    database: Database
    announce: Announce
    actor: str = "reconciler"
    accepted_rows: int | None = None
    revocation_sla: timedelta = timedelta(0)

    def cause(self, run_id: str | None = None, reason: str | None = None) -> Cause:
        """Return to whom and to what a change of this run is attributed."""
        return Cause(self.actor, run_id=run_id, reason=reason)


def survey(desk: Desk, run_id: str, lease: Lease) -> DriftReport:
    """Take a sealed snapshot, hold it against the accounts, and report what was found and what would follow.

    Raises `SourceUnhealthyError` when the source cannot be read completely or its listing is not believed, and
    `LeaseLostError` when a later run took over.
    """
    manifest = _take_snapshot(desk, run_id, lease)
    with desk.database.reading(desk.app) as unit:
        comparison = unit.staging.compare(manifest.snapshot_id)
    findings = classify(_ask_about_absent(desk, comparison.differing), desk.policy.protects)
    plan = make_plan(desk.app, findings, desk.policy)
    verdict = judge_plan(plan, comparison.managed_active, desk.policy)
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, LEASE_LASTS)
        items = [item.as_json() for item in plan.items]
        unit.runs.save_plan(run_id, plan.digest, items, "; ".join(verdict.objections) or "allowed")
    return DriftReport(
        app=desk.app,
        run_id=run_id,
        snapshot_id=manifest.snapshot_id,
        started=manifest.started,
        sealed=manifest.sealed,
        assignments=comparison.assignments,
        accounts=comparison.accounts,
        coverage=_coverage(comparison, findings),
        counts=count_situations(findings, comparison.in_sync + comparison.closed),
        findings=findings,
        plan=plan,
        verdict=verdict,
        policy_digest=desk.policy.digest(),
    )


def _take_snapshot(desk: Desk, run_id: str, lease: Lease) -> Manifest:
    desk.announce("asking Okta whether the application is there, active and readable")
    identity = desk.source.preflight()
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, LEASE_LASTS)
        last = unit.staging.last_sealed()
        snapshot_id = unit.staging.begin(run_id)
    try:
        rows = _stage_pages(desk, snapshot_id, lease)
        _believe(desk, rows, last, identity)
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.hold_lease(lease, LEASE_LASTS)
            return unit.staging.seal(snapshot_id, identity)
    except BaseException as error:
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.staging.void(snapshot_id, f"{type(error).__name__}: {error}")
        if isinstance(error, SnapshotRefusedError):
            raise _unbelievable(str(error), identity) from error
        raise


def _stage_pages(desk: Desk, snapshot_id: str, lease: Lease) -> int:
    rows = 0
    for page in desk.source.pages():
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.hold_lease(lease, LEASE_LASTS)
            unit.staging.add_page(snapshot_id, page)
        rows += len(page.rows)
        desk.announce(f"page {page.number} read, {rows} assignments so far")
    return rows


def _believe(desk: Desk, rows: int, last: Manifest | None, identity: SourceIdentity) -> None:
    disbelief = judge_listing(rows, last.rows if last else None, desk.policy, desk.accepted_rows)
    if disbelief:
        raise _unbelievable(disbelief, identity)


def _unbelievable(what: str, identity: SourceIdentity) -> SourceUnhealthyError:
    return SourceUnhealthyError(
        SourceFault.LISTING,
        what,
        where=f"the users of application {identity.okta_app_id} ({identity.app_label})",
        remedy="Nothing was changed. Look at the application's assignments in the Okta admin console, then run again",
    )


def _ask_about_absent(desk: Desk, subjects: Iterable[Subject]) -> list[Subject]:
    """Return the subjects, each open account of ours that no assignment was listed for with Okta's own word on it.

    At most `policy.lookup_limit` are asked about; the others keep no lookup and stay unknown.
    """
    asked = 0
    answered: list[Subject] = []
    for subject in subjects:
        okta_user_id = _absent(subject)
        if okta_user_id is None or asked >= desk.policy.lookup_limit:
            answered.append(subject)
            continue
        if asked == 0:
            desk.announce("asking Okta about accounts that its listing does not hold")
        asked += 1
        answered.append(replace(subject, lookup=desk.source.look_up(okta_user_id)))
    return answered


def _absent(subject: Subject) -> str | None:
    """Return the Okta user id of an open account of ours without a listed assignment, or None."""
    if subject.assignment is not None:
        return None
    account = subject.candidates[0].account
    return account.external_id if account.active and account.origin is Origin.SCIM else None


def _coverage(comparison: Comparison, findings: Iterable[Finding]) -> float:
    """Return how many of the active accounts syncd manages, in percent; 100 when there is none."""
    foreign = {
        finding.account.id
        for finding in findings
        if finding.account and finding.account.active and finding.account.origin is not Origin.SCIM
    }
    active = comparison.managed_active + len(foreign)
    return 100.0 * comparison.managed_active / active if active else 100.0
