"""Walk, seal, compare, ask, classify, plan, judge: what a drift report and a reconciliation have in common.

Nothing here changes the directory.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import timedelta

from syncd.core.classification import Finding, classify
from syncd.core.consents import waivers_by_account
from syncd.core.correlation import correlate_by_address
from syncd.core.group_matching import GroupFinding
from syncd.core.group_planning import with_groups
from syncd.core.guard import Circumstances, Ground, Objection, Verdict, judge_plan, judge_record
from syncd.core.member_matching import cover_member
from syncd.core.planning import Plan, accept, freeze_flapping, grant_grace, keeps_to_windows, make_plan
from syncd.core.rejections import Rejections, reject
from syncd.core.reports import DriftReport, Listing, count_situations
from syncd.core.situations import EFFECTS, Effect, Situation
from syncd.core.subjects import Account, MarkKind, Origin, Presence, Subject
from syncd.ports import Comparison, Lease, Manifest, SavedPlan, SourceIdentity, UnitOfWork
from syncd.workflows.desk import Desk
from syncd.workflows.disputes import Disputes, ask_about_claimants
from syncd.workflows.replay_log import touched_since
from syncd.workflows.snapshot import take_snapshot, unbelievable
from syncd.workflows.survey_groups import GroupsSeen, look_at_groups
from syncd.workflows.witness import places_now, with_removals

OLDEST_SNAPSHOT = timedelta(hours=4)
FLAPPING_WITHIN = timedelta(days=7)
MOST_SUBJECTS = 50_000
"""How many differing subjects a run looks at, at about 3 kB each. With more, it counts them, and plans nothing."""


def survey(desk: Desk, run_id: str, lease: Lease) -> DriftReport:
    """Take a sealed snapshot, hold it against the accounts, and report what was found and what would follow.

    Raises `SourceUnhealthyError` when the source cannot be read completely or its listing is not believed,
    `LeaseLostError` when a later run took over, and `UnbalancedError` when the report does not add up.
    """
    manifest, comparison, subjects, doubts = _look(desk, run_id, lease)
    disputes = ask_about_claimants(desk, subjects)
    subjects = disputes.tell(subjects)
    groups = look_at_groups(desk, run_id, lease, manifest.snapshot_id, subjects)
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, desk.lease_lasts)
        if unit.decisions.now() - manifest.started > OLDEST_SNAPSHOT:
            raise unbelievable(f"the snapshot is older than {OLDEST_SNAPSHOT}", manifest.identity)
        unit.staging.settle(disputes.settled)
        known = _read_known(desk, unit)
        findings = _judge_subjects(desk, unit, subjects, known)
        of_groups = _judge_groups(desk, unit, groups, known)
        plan = _plan(desk, known, *(((), ()) if comparison.beyond else (findings, of_groups)))
        doubts = (*doubts, *_beyond(comparison))
        around = Circumstances(comparison.managed_active, unit.runs.spent(), groups.sizes if groups else {}, doubts)
        verdict = _judge(desk, unit, manifest.identity, plan, around)
        unit.runs.save_plan(run_id, _kept(desk, manifest.identity, manifest.snapshot_id, plan, verdict))
    report = DriftReport(
        app=desk.app,
        run_id=run_id,
        snapshot_id=manifest.snapshot_id,
        started=manifest.started,
        sealed=manifest.sealed,
        assignments=comparison.assignments,
        accounts=comparison.accounts,
        linked=_linked(comparison, subjects),
        coverage=_coverage(comparison, findings),
        counts=_counts(comparison, findings),
        findings=findings,
        plan=plan,
        verdict=verdict,
        policy_digest=desk.policy.digest(),
        groups=groups.report(of_groups) if groups else None,
        listing=Listing(manifest.pages, *astuple(manifest.identity)),
    )
    report.balance.line()
    return report


def _linked(comparison: Comparison, subjects: Iterable[Subject]) -> int:
    """Return how many accounts an assignment points to. Where not every subject is known, the store has counted."""
    if comparison.beyond:
        return comparison.accounts - comparison.unlisted
    pointed_to = {candidate.account.id for one in subjects if one.assignment for candidate in one.candidates}
    return comparison.in_sync + len(pointed_to)


def _beyond(comparison: Comparison) -> tuple[Objection, ...]:
    if not comparison.beyond:
        return ()
    text = f"{comparison.beyond} subjects differ beyond the {MOST_SUBJECTS} that are looked at, so nothing is concluded"
    return (Objection(Ground.THRESHOLD, text),)


def _counts(comparison: Comparison, findings: Sequence[Finding]) -> dict[Situation, int]:
    agreeing = comparison.in_sync + comparison.closed
    counts = Counter(count_situations(findings, agreeing, comparison.without_external_id))
    counts += Counter({Situation.UNKNOWN: comparison.beyond, Situation.UNMANAGED: comparison.foreign_beyond})
    return {situation: counts[situation] for situation in Situation if counts[situation]}


def report_on(
    desk: Desk, run_id: str, lease: Lease, subjects: Sequence[Subject], disputes: Disputes, identity: SourceIdentity
) -> DriftReport:
    """Report on some people who were asked about one by one: the same judgement, without a snapshot.

    `identity` is what they were asked about with. Raises `LeaseLostError` when a later run took over.
    """
    subjects = disputes.tell(subjects)
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, desk.lease_lasts)
        unit.staging.settle(disputes.settled)
        now = unit.decisions.now()
        # What a review rejected is for a run over everybody: its plan is what somebody approves.
        known = replace(_read_known(desk, unit), rejections=Rejections())
        findings = _judge_subjects(desk, unit, subjects, known)
        plan = _plan(desk, known, findings, ())
        around = Circumstances(unit.staging.managed_active(), unit.runs.spent())
        verdict = _judge(desk, unit, identity, plan, around)
        unit.runs.save_plan(run_id, _kept(desk, identity, "", plan, verdict))
    return DriftReport(
        app=desk.app,
        run_id=run_id,
        snapshot_id="",
        started=now,
        sealed=now,
        assignments=sum(subject.assignment is not None for subject in subjects),
        accounts=len(subjects),
        linked=sum(subject.assignment is not None for subject in subjects),
        coverage=100.0,
        counts=count_situations(findings, 0),
        findings=findings,
        plan=plan,
        verdict=verdict,
        policy_digest=desk.policy.digest(),
    )


# ------------------------------------------------------------------ looking


def _look(
    desk: Desk, run_id: str, lease: Lease
) -> tuple[Manifest, Comparison, tuple[Subject, ...], tuple[Objection, ...]]:
    """Return a snapshot, what it says beside the accounts, and Okta's own word on whom it does not list.

    Where not everybody who is missing can be asked about, nothing is concluded of those to whom something happened,
    by the System Log, since before page one.
    """
    places = places_now(desk)
    manifest, comparison = _compared(desk, take_snapshot(desk, run_id, lease))
    subjects = with_removals(desk, correlate_by_address(comparison.differing), manifest)
    missing = _missing(subjects)
    if len(missing) <= desk.policy.lookup_limit:
        return manifest, comparison, _ask_about(desk, subjects, missing), ()
    desk.announce(f"{len(missing)} accounts are missing from the listing, which is read once more")
    manifest, comparison = _compared(desk, take_snapshot(desk, run_id, lease))
    subjects = with_removals(desk, correlate_by_address(comparison.differing), manifest)
    touched = touched_since(desk.log, places) if desk.log and places else frozenset()
    both = {one: okta_id for one, okta_id in _missing(subjects).items() if one in missing and okta_id not in touched}
    return manifest, comparison, *_ask_about_some(desk, subjects, both)


def _compared(desk: Desk, manifest: Manifest) -> tuple[Manifest, Comparison]:
    with desk.database.reading(desk.app) as unit:
        rejected = Rejections.among(unit.reviews.rejections())
        return manifest, unit.staging.compare(manifest.snapshot_id, MOST_SUBJECTS, rejected.keys)


def _missing(subjects: Iterable[Subject]) -> dict[str, str]:
    """Return the Okta user ids of open accounts of ours without a listed assignment, by account id."""
    found: dict[str, str] = {}
    for subject in subjects:
        if subject.assignment is None:
            account = subject.candidates[0].account
            if account.external_id and account.active and account.origin is Origin.SCIM:
                found[account.id] = account.external_id
    return found


def _ask_about(desk: Desk, subjects: Sequence[Subject], missing: Mapping[str, str]) -> tuple[Subject, ...]:
    """Return the subjects, those that are missing with Okta's answer about them."""
    if missing:
        desk.announce(f"asking Okta about {len(missing)} accounts that its listing does not hold")
    asked = []
    for subject in subjects:
        okta_user_id = missing.get(_account_id(subject) or "")
        asked.append(replace(subject, lookup=desk.source.look_up(okta_user_id)) if okta_user_id else subject)
    return tuple(asked)


def _ask_about_some(
    desk: Desk, subjects: Sequence[Subject], missing: Mapping[str, str]
) -> tuple[tuple[Subject, ...], tuple[Objection, ...]]:
    """Ask about a sample of those whom two listings miss. One that is there after all makes the whole plan doubtful."""
    sample = frozenset(desk.sample(sorted(missing), desk.policy.lookup_limit))
    asked = _ask_about(desk, subjects, {one: missing[one] for one in sample})
    wrong = [one for one in asked if one.lookup and one.lookup.presence in {Presence.ASSIGNED, Presence.UNKNOWN}]
    doubts = (
        Objection(
            Ground.CANARY, f"of {len(sample)} accounts that two listings miss, {len(wrong)} are not gone in Okta"
        ),
    )
    marked = tuple(
        replace(one, twice_missing=True) if one.lookup is None and _account_id(one) in missing else one for one in asked
    )
    return marked, doubts if wrong else ()


def _account_id(subject: Subject) -> str | None:
    return subject.candidates[0].account.id if subject.assignment is None else None


# ------------------------------------------------------------------ judging


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of accounts beside their rows."""

    marks: Mapping[str, frozenset[MarkKind]]
    admins: frozenset[str]
    rejections: Rejections

    def of(self, account: Account) -> Account:
        """Return the account with its marks."""
        marks, is_admin = self.marks.get(account.id, frozenset()), account.id in self.admins
        return replace(account, marks=marks, is_admin=is_admin) if marks or is_admin else account


def _read_known(desk: Desk, unit: UnitOfWork) -> _Known:
    marks: dict[str, frozenset[MarkKind]] = {}
    for mark in unit.decisions.marks():
        marks[mark.account_id] = marks.get(mark.account_id, frozenset()) | {mark.kind}
    return _Known(marks, unit.admins(desk.policy.admin_groups), Rejections.among(unit.reviews.rejections()))


def _judge_groups(desk: Desk, unit: UnitOfWork, seen: GroupsSeen | None, known: _Known) -> tuple[GroupFinding, ...]:
    """Return what each group and membership is, with what people said of its account."""
    if seen is None:
        return ()
    findings = (cover_member(finding, known.of, desk.policy.protects) for finding in seen.findings)
    return accept(findings, waivers_by_account(unit.decisions.waivers()), unit.decisions.now())


def _judge_subjects(desk: Desk, unit: UnitOfWork, subjects: Sequence[Subject], known: _Known) -> tuple[Finding, ...]:
    """Return what each subject is, with what people said of its account, and what happened to it lately."""
    subjects = _with_tombstones(unit, tuple(_known(subject, known) for subject in subjects))
    findings = reject(classify(subjects, desk.policy.protects), known.rejections, desk.policy)
    findings = grant_grace(findings, desk.policy)
    now = unit.decisions.now()
    switching = {Effect.DEACTIVATE, Effect.REACTIVATE}
    repaired = [one.account.id for one in findings if one.account and EFFECTS.get(one.situation) in switching]
    switches = unit.decisions.switches(repaired, now - FLAPPING_WITHIN) if repaired else {}
    findings = freeze_flapping(findings, switches, desk.policy)
    return accept(findings, waivers_by_account(unit.decisions.waivers()), now)


def _known(subject: Subject, known: _Known) -> Subject:
    candidates = tuple(replace(one, account=known.of(one.account)) for one in subject.candidates)
    return subject if candidates == subject.candidates else replace(subject, candidates=candidates)


def _with_tombstones(unit: UnitOfWork, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """Return the subjects, an assignment without an account with the id of the one that was deleted here, if any."""
    lonely = [one.assignment.okta_user_id for one in subjects if one.assignment and not one.candidates]
    buried = unit.staging.tombstones(lonely) if lonely else {}
    return tuple(
        replace(one, tombstone=buried[one.assignment.okta_user_id])
        if one.assignment and not one.candidates and one.assignment.okta_user_id in buried
        else one
        for one in subjects
    )


def _plan(desk: Desk, known: _Known, findings: Sequence[Finding], of_groups: Sequence[GroupFinding]) -> Plan:
    admins = len(known.admins) if desk.policy.admin_groups else None
    chosen = [one for one in findings if desk.only is None or one.situation in desk.only]
    plan = make_plan(desk.app, chosen, desk.policy, admins)
    if admins is not None:
        admins -= sum(item.effect is Effect.DEACTIVATE and item.account_id in known.admins for item in plan.items)
    chosen_groups = [one for one in of_groups if desk.only is None or one.situation in desk.only]
    plan = with_groups(desk.app, plan, chosen_groups, desk.policy, admins)
    closed = desk.closed()
    if closed is None:
        return plan
    waiting = (replace(one, waits=one.waits or closed) if keeps_to_windows(one) else one for one in plan.items)
    return replace(plan, items=tuple(waiting))


def _judge(desk: Desk, unit: UnitOfWork, identity: SourceIdentity, plan: Plan, around: Circumstances) -> Verdict:
    """Return what the guard says, and the approval that overrules it, if there is one for exactly this plan."""
    before = unit.runs.applied_with()
    if before and plan.items and before != (desk.policy.digest(), identity):
        what = "policy" if before[0] != desk.policy.digest() else "credential or listing"
        text = f"the {what} is another one than when a plan was last carried out: somebody has to have seen this plan"
        around = replace(around, further=(*around.further, Objection(Ground.CHANGED_POLICY, text)))
    if plan.items:
        around = replace(around, further=(*around.further, *judge_record(unit.unsealed())))
    verdict = judge_plan(plan, around, desk.policy)
    if not verdict.objections and not plan.proposals:
        return verdict
    approval = unit.decisions.approval_of(plan.digest)
    return replace(verdict, approval=approval.approval_id) if approval else verdict


def _kept(desk: Desk, identity: SourceIdentity, snapshot_id: str, plan: Plan, verdict: Verdict) -> SavedPlan:
    return SavedPlan(
        digest=plan.digest,
        items=plan.items,
        verdict="; ".join(map(str, verdict.standing)) or "allowed",
        allowed=verdict.allowed,
        snapshot_id=snapshot_id,
        policy=desk.policy.digest(),
        identity=identity,
        approval=verdict.approval,
    )


def _coverage(comparison: Comparison, findings: Iterable[Finding]) -> float:
    """Return how many of the active accounts syncd manages, in percent; 100 when there is none."""
    foreign = {
        finding.account.id
        for finding in findings
        if finding.account and finding.account.active and finding.account.origin is not Origin.SCIM
    }
    active = comparison.managed_active + len(foreign) + comparison.foreign_beyond
    return 100.0 * comparison.managed_active / active if active else 100.0
