"""What the rejection of an access review comes to, with a fake org, on every database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scim.resource import Member
from syncd.core.consents import Waiver
from syncd.core.reviews import Decision, Review, Scope
from syncd.core.situations import DEFAULT_MODES, Mode, Situation
from syncd.core.subjects import MarkKind, Origin
from syncd.workflows.decide import approve_plan, mark_account
from syncd.workflows.explain import explain
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.reconcile_subjects import reconcile_subjects
from syncd.workflows.running import ExitCode
from syncd.workflows.undo import undo
from tests.workflows.conftest import APP, LOGINS, Office, dismiss
from tests.workflows.reviewing import ANN, approved, begun, decide, opened, outcome, situations


@pytest.fixture
def review(office: Office, crowd: list[str]) -> Review:
    """An open review of six people who are in sync."""
    return begun(office)


def test_a_rejection_is_proposed_waits_for_an_approval_and_is_carried_out(
    office: Office, crowd: list[str], review: Review
) -> None:
    decide(office, crowd[0])
    assert "no run since" in outcome(office, crowd[0])
    waiting = reconcile(office.desk, apply=True)
    assert (waiting.exit_code, waiting.applied) == (ExitCode.DRIFT, 0)
    assert situations(waiting) == {LOGINS[0]: Situation.ACCESS_REJECTED}
    assert waiting.report is not None
    assert waiting.report.counts == {Situation.IN_SYNC: 5, Situation.ACCESS_REJECTED: 1}
    assert office.is_open(crowd[0])
    assert "not done: waiting in run" in outcome(office, crowd[0])
    asked = len(office.okta.lookups)
    done = approved(office)
    assert (done.exit_code, done.applied) == (ExitCode.CLEAN, 1)
    assert len(office.okta.lookups) == asked, "Okta is not asked about what was decided here"
    assert [office.is_open(one) for one in crowd] == [False] + [True] * 5
    assert outcome(office, crowd[0]).startswith("done: closed at")
    assert done.report is not None
    assert done.report.run_id in outcome(office, crowd[0])
    with office.database.reading(APP) as unit:
        event = unit.audit_trail(subject_id=crowd[0], limit=1)[0]
    assert event.detail["reason"] == "access-rejected: access review r-1, rejected by grace@example.com: left the team"


def test_who_is_closed_and_still_assigned_is_told_and_never_opened_again(
    office: Office, crowd: list[str], review: Review
) -> None:
    decide(office, crowd[0])
    done = approved(office)
    assert done.report is not None
    result = approved(office)
    assert situations(result) == {LOGINS[0]: Situation.REJECTED_ASSIGNED}
    assert result.report is not None
    assert result.report.plan.items == ()
    plan, undone = undo(office.desk, done.report.run_id, apply=True)
    assert len(plan.items) == 1
    assert undone.applied == 0
    assert "no access review rejects it" in undone.outcomes[0].reason
    office.okta.unassign(office.okta_id(LOGINS[0]))
    assert report_drift(office.desk).exit_code is ExitCode.CLEAN


def test_a_push_that_opens_the_account_again_is_answered_with_the_same_proposal(
    office: Office, crowd: list[str], review: Review
) -> None:
    decide(office, crowd[0])
    approved(office)
    office.edit(crowd[0], active=True)
    assert "opened again" in outcome(office, crowd[0])
    assert situations(reconcile(office.desk)) == {LOGINS[0]: Situation.ACCESS_REJECTED}
    assert approved(office).applied == 1
    assert not office.is_open(crowd[0])


def test_a_later_review_lifts_a_rejection(office: Office, crowd: list[str], review: Review) -> None:
    decide(office, crowd[0])
    report_drift(office.desk)
    opened(office, review_id="r-2", scope=Scope.REJECTED)
    decide(office, crowd[0], Decision.APPROVE, "r-2")
    assert report_drift(office.desk).exit_code is ExitCode.CLEAN


def _changed_since(office: Office, account_id: str) -> None:
    office.edit(account_id, title="changed")


def _approved_since(office: Office, account_id: str) -> None:
    decide(office, account_id, Decision.APPROVE)


def _held(kind: MarkKind) -> Callable[[Office, str], None]:
    def mark(office: Office, account_id: str) -> None:
        mark_account(office.database, APP, ANN, account_id, kind)

    return mark


def _waived(office: Office, account_id: str) -> None:
    with office.database.transaction(APP, ANN) as unit:
        expires = unit.decisions.now() + timedelta(days=1)
        unit.decisions.waive(account_id, Waiver("w1", account_id, None, "a", "b", "c", "d", expires))


MOVES: dict[str, tuple[Callable[[Office, str], None], str]] = {
    "changed": (_changed_since, "as it was before the listing"),
    "approved": (_approved_since, "the review's rejection stands"),
    "protected": (_held(MarkKind.PROTECTED), "not protected"),
    "held": (_held(MarkKind.HOLD), "on hold"),
    "waived": (_waived, "no waiver covers it"),
}


@pytest.mark.parametrize("what", MOVES)
def test_what_moved_between_the_plan_and_the_effect_stops_it(
    office: Office, crowd: list[str], review: Review, what: str
) -> None:
    """The first of two effects is about somebody whom Okta dismissed: while it is asked about them, something moves."""
    move, word = MOVES[what]
    dismissed, chosen = sorted(crowd[:2])
    decide(office, chosen)
    dismiss(office, LOGINS[crowd.index(dismissed)])
    shown = reconcile(office.desk)
    assert shown.report is not None
    approve_plan(office.database, APP, ANN, shown.report.plan.digest, "bob")
    asked = len(office.okta.lookups)

    def once(_: str) -> None:
        if len(office.okta.lookups) == asked + 1:
            move(office, chosen)

    office.okta.before_lookup = once
    result = reconcile(office.desk, apply=True)
    assert [one.item.account_id for one in result.outcomes] == [dismissed, chosen]
    assert word in result.outcomes[1].reason
    assert [office.is_open(one) for one in (dismissed, chosen)] == [False, True]


def test_thresholds_and_budgets_hold_where_rejections_are_automatic(
    office: Office, crowd: list[str], review: Review
) -> None:
    modes = {**DEFAULT_MODES, Situation.ACCESS_REJECTED: Mode.AUTO}
    office.policy = replace(office.policy, modes=modes, max_deactivations=1)
    for one in crowd[:2]:
        decide(office, one)
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    office.policy = replace(office.policy, max_deactivations=2, budget_day=1)
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    assert all(office.is_open(one) for one in crowd)
    office.policy = replace(office.policy, budget_day=2)
    assert reconcile(office.desk, apply=True).applied == 2


def test_the_last_administrator_stays_whoever_rejects_them(office: Office, crowd: list[str], review: Review) -> None:
    with office.database.transaction(APP, ANN) as unit:
        unit.resources.create("Group", {"displayName": "Admins"}, [Member(crowd[0])])
    office.policy = replace(office.policy, admin_groups=frozenset({"admins"}))
    decide(office, crowd[0])
    result = reconcile(office.desk)
    assert result.report is not None
    assert [one.reason for one in result.report.plan.deferred] == ["it would leave too few administrators"]
    assert "planned nothing about it" in outcome(office, crowd[0])


def test_an_account_of_another_origin_is_left_to_a_person(office: Office) -> None:
    account_id = office.push("local@example.com", None, Origin.LOCAL).id
    office.hire(LOGINS[0])
    report_drift(office.desk)
    opened(office)
    decide(office, account_id)
    result = reconcile(office.desk)
    assert situations(result)["local@example.com"] is Situation.ACCESS_REJECTED
    assert result.report is not None
    assert result.report.plan.items == ()
    assert "close it by hand" in outcome(office, account_id)


def test_a_run_over_some_people_leaves_rejections_to_the_next_one(
    office: Office, crowd: list[str], review: Review
) -> None:
    decide(office, crowd[0])
    result = reconcile_subjects(office.desk, {office.okta_id(LOGINS[0]): None})
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 0)


def test_explaining_a_rejected_account_names_the_review(office: Office, crowd: list[str], review: Review) -> None:
    decide(office, crowd[0])
    (told,) = explain(office.desk, crowd[0])
    assert told.judgement.finding.situation is Situation.ACCESS_REJECTED
    assert "r-1" in told.judgement.finding.reason
    assert ("the review's rejection stands", True) in told.judgement.checks
    assert any("Okta" in one for one in told.judgement.remedies)
    approved(office)
    (told,) = explain(office.desk, crowd[0])
    assert told.judgement.finding.situation is Situation.REJECTED_ASSIGNED
