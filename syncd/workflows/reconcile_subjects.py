"""Reconcile some people, now: what follows from hints of the System Log.

A hint says whom to look at, never what to do: each of them is asked about, and goes through the same plan, the same
guard and the same kernel as in a nightly run, with the same budget.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from syncd.core.situations import Situation
from syncd.core.subjects import Account, Origin, subject_of
from syncd.ports import Lease, OutcomeKind, UnitOfWork
from syncd.workflows.apply_plan import carry_out, work_of
from syncd.workflows.desk import Desk
from syncd.workflows.disputes import ask_about_claimants
from syncd.workflows.reconcile import resume
from syncd.workflows.running import ExitCode, RunResult, applied, blocked, guarded
from syncd.workflows.survey import report_on

MOST_AT_ONCE = 200

_LOOKED: Final = frozenset({ExitCode.CLEAN, ExitCode.DRIFT, ExitCode.PARTIAL})


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


def dealt_with(result: RunResult, removals: Mapping[str, datetime | None]) -> Collection[str]:
    """Return the Okta user ids of whom nothing is left to be done about after a run over these people.

    That is nobody where the run was stopped, and else all but those whose item was skipped or has to wait, and those
    about whom Okta gave no definitive answer.
    """
    if result.exit_code not in _LOOKED:
        return ()
    left = {outcome.item.okta_user_id for outcome in result.outcomes if outcome.kind is not OutcomeKind.DONE}
    findings = result.report.findings if result.report else ()
    left |= {one.account.external_id for one in findings if one.account and one.situation is Situation.UNKNOWN}
    return frozenset(list(removals)[:MOST_AT_ONCE]) - left


def _outcome(
    desk: Desk, lease: Lease, run_id: str, known: Iterable[Account], removals: Mapping[str, datetime | None]
) -> RunResult:
    identity = desk.source.preflight()
    subjects = [
        subject_of(account, desk.source.look_up(account.external_id or ""), removals[account.external_id or ""])
        for account in known
    ]
    disputes = ask_about_claimants(desk, subjects, _rivals(desk, known))
    report = report_on(desk, run_id, lease, subjects, disputes, identity)
    refusal = blocked(report, apply=True)
    if refusal:
        return refusal
    return applied(report, carry_out(desk, work_of(run_id, lease, report.plan, report.verdict)))


def _rivals(desk: Desk, known: Iterable[Account]) -> Mapping[str, frozenset[str]]:
    """Return by SCIM id who else the last listing points to these accounts, by whatever key: a night freezes that."""
    found: dict[str, frozenset[str]] = {}
    with desk.database.reading(desk.app) as unit:
        for account in known:
            others = {
                one.assignment.okta_user_id
                for one in unit.staging.listed({account.id, account.user_name})
                if one.assignment and account.id in {each.account.id for each in one.candidates}
            } - {account.external_id}
            if others:
                found[account.id] = frozenset(others)
    return found


def _accounts_of(unit: UnitOfWork, okta_user_id: str) -> tuple[Account, ...]:
    """Return the open accounts of ours that carry an Okta user id, as they are before Okta is asked about them."""
    return tuple(
        replace(account, walk_version=account.version)
        for account in unit.find_accounts(okta_user_id)
        if account.external_id == okta_user_id and account.active and account.origin is Origin.SCIM
    )
