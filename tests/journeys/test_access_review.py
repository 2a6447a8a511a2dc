"""An access review from end to end: accounts that Okta pushed, a rejection, and Okta's next push, which opens again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from syncd.bootstrap.rehearsal import APP, GROUPS, Rehearsal, start_rehearsal
from syncd.bootstrap.stores import open_store
from syncd.core.changes import Cause
from syncd.core.rejections import Remediation
from syncd.core.reviews import Decision, Judgement, ReviewItem, Scope
from syncd.core.situations import Situation
from syncd.workflows.decide import approve_plan
from syncd.workflows.open_review import NewReview, open_review
from syncd.workflows.review_access import decide_account
from syncd.workflows.running import ExitCode, RunResult

PEOPLE = 24
ANN = Cause("operator:ann", reason="as reviewed")


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    with start_rehearsal(tmp_path, lambda _: None) as started:
        assert started.push_people(PEOPLE) == PEOPLE
        assert started.drift_report().exit_code is ExitCode.CLEAN
        yield started


def reject(rehearsal: Rehearsal, login: str) -> ReviewItem:
    """Open a review, and reject the person in it; return what was reviewed."""
    wanted = NewReview("r-1", Scope.ALL, (date(2026, 7, 1), date(2026, 9, 30)), "grace@example.com")
    judgement = Judgement(login, Decision.REJECT, "grace@example.com", "left the team")
    with open_store(rehearsal.settings) as store:
        review = open_review(store, APP, ANN, rehearsal.settings.apps[APP].policy(), wanted)
        assert review.size == PEOPLE
        return decide_account(store, APP, ANN, "r-1", judgement)


def carried_out(rehearsal: Rehearsal) -> RunResult:
    """Approve the plan that a run makes now, and carry it out."""
    shown = rehearsal.reconcile()
    assert shown.report is not None
    with open_store(rehearsal.settings) as store:
        approve_plan(store, APP, ANN, shown.report.plan.digest, "bob")
    return rehearsal.reconcile(apply=True, expected_digest=shown.report.plan.digest)


def counts(result: RunResult) -> dict[Situation, int]:
    assert result.report is not None
    return {situation: count for situation, count in result.report.counts.items() if situation is not Situation.IN_SYNC}


def outcome(rehearsal: Rehearsal, item: ReviewItem) -> Remediation:
    with open_store(rehearsal.settings) as store, store.reading(APP) as unit:
        return unit.reviews.remediations("r-1")[item.entry.account_id]


def test_a_rejection_holds_against_pushes_until_the_assignment_is_gone(rehearsal: Rehearsal) -> None:
    org, login = rehearsal.org, rehearsal.someone
    item = reject(rehearsal, login)
    assert item.entry.route == "USER"
    assert set(item.entry.groups) <= set(GROUPS)
    assert len(item.entry.groups) == 1
    assert rehearsal.reconcile(apply=True).applied == 0
    assert carried_out(rehearsal).applied == 1
    assert outcome(rehearsal, item).is_done
    assert counts(rehearsal.drift_report()) == {Situation.REJECTED_ASSIGNED: 1}
    # Assigned anew, the person is found by user name, and opened.
    with org.lose_pushes():
        org.unassign(login)
        org.drain()
    org.assign(login)
    org.drain()
    assert not outcome(rehearsal, item).is_done
    assert counts(rehearsal.drift_report()) == {Situation.ACCESS_REJECTED: 1}
    assert carried_out(rehearsal).applied == 1
    org.unassign(login)
    org.drain()
    assert outcome(rehearsal, item).is_done
    assert rehearsal.drift_report().exit_code is ExitCode.CLEAN
