"""Reconcile some people, now: what follows from hints of the System Log.

A hint says whom to look at, never what to do: each of them is asked about, and goes through the same plan, the same
guard and the same kernel as in a nightly run, with the same budget.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from syncd.core.subjects import Account, Assignment, Candidate, LinkKey, Lookup, Origin, Presence, Subject
from syncd.ports import Lease, UnitOfWork
from syncd.workflows.apply_plan import Outcome, Work, apply_plan
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import resume
from syncd.workflows.running import ExitCode, RunResult, applied, blocked, guarded
from syncd.workflows.survey import report_on

MOST_AT_ONCE = 200


def reconcile_subjects(desk: Desk, removals: Mapping[str, datetime | None]) -> RunResult:
    """Look at the people with these Okta user ids, and carry out what is due about their accounts.

    `removals` has for each id when Okta says that it took the assignment away, or None where it says nothing of that.
    At most 200 are looked at. Nothing is done, and no run is begun, about people who have no open account of ours.
    """
    asked = dict(list(removals.items())[:MOST_AT_ONCE])
    with desk.database.reading(desk.app) as unit:
        known = [account for one in asked for account in _accounts_of(unit, one)]
    if not known:
        return RunResult(ExitCode.CLEAN, "none of them has an open account of ours")
    # The versions were read before Okta is asked: what is pushed from now on wins.
    resume(desk)

    def work(lease: Lease, run_id: str) -> RunResult:
        return _outcome(desk, lease, run_id, known, asked)

    return guarded(desk, "delta", work, apply=True)


def _outcome(
    desk: Desk, lease: Lease, run_id: str, known: Iterable[Account], removals: Mapping[str, datetime | None]
) -> RunResult:
    identity = desk.source.preflight()
    subjects = [
        subject_of(account, desk.source.look_up(account.external_id or ""), removals[account.external_id or ""])
        for account in known
    ]
    report = report_on(desk, run_id, lease, subjects, identity)
    refusal = blocked(report, apply=True)
    if refusal:
        return refusal
    outcomes: list[Outcome] = []
    todo = Work(run_id, lease, tuple(enumerate(report.plan.items)), report.verdict.approval)
    for _step in apply_plan(desk, todo, outcomes):
        pass
    return applied(report, tuple(outcomes))


def _accounts_of(unit: UnitOfWork, okta_user_id: str) -> tuple[Account, ...]:
    """Return the open accounts of ours that carry an Okta user id, as they are before Okta is asked about them."""
    return tuple(
        replace(account, walk_version=account.version)
        for account in unit.find_accounts(okta_user_id)
        if account.external_id == okta_user_id and account.active and account.origin is Origin.SCIM
    )


def subject_of(account: Account, lookup: Lookup, removed: datetime | None = None) -> Subject:
    """Return one account as a subject, by what a question about it was answered."""
    candidate = (Candidate(account, frozenset({LinkKey.SCIM_ID, LinkKey.OKTA_USER_ID})),)
    if lookup.presence is not Presence.ASSIGNED or account.external_id is None:
        return Subject(None, candidate, lookup, removed=removed)
    assignment = Assignment(
        okta_user_id=account.external_id,
        user_name=None,
        external_id=account.id,
        app_status=lookup.app_status or "",
        user_status=lookup.user_status,
    )
    return Subject(assignment, candidate, lookup)
