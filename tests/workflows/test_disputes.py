"""Okta's row of Ada names an account that carries the Okta user id of Bob, who has left: whose it is, is disputed.

What a listing does not show any more is not settled by that.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from syncd.core.situations import Situation
from syncd.ports import OutcomeKind
from syncd.workflows.explain import explain
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.reconcile_subjects import reconcile_subjects
from syncd.workflows.running import ExitCode, RunResult
from syncd.workflows.undo import undo
from tests.workflows.conftest import APP, LOGINS, Office
from tests.workflows.dying import die, outcomes_of
from tests.workflows.pushed_groups import GROUPS, form, group_counts, members, okta_ids

REMOVED = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB = "ada@example.com", "bob@example.com"


@dataclass(frozen=True)
class Dispute:
    """The SCIM id of the account, and the Okta user ids of the two."""

    account: str
    ada: str
    bob: str


@pytest.fixture(params=["a listing", "a push"])
def dispute(office: Office, crowd: list[str], request: pytest.FixtureRequest) -> Dispute:
    """A dispute that was seen in a listing, or that a push began behind a listing that showed none."""
    assert len(crowd) == len(LOGINS)
    bob, ada = office.okta.hire(BOB), office.okta.hire(ADA)
    office.okta.unassign(bob)
    account = office.push(ADA, bob if request.param == "a listing" else ada).id
    office.okta.assigned[ada] = replace(office.okta.assigned[ada], external_id=account)
    report_drift(office.desk)
    if request.param == "a push":
        office.edit(account, externalId=bob)
    return Dispute(account, ada, bob)


def situation_of(result: RunResult, account_id: str) -> tuple[Situation, str]:
    assert result.report is not None
    found = [one for one in result.report.findings if one.account and one.account.id == account_id]
    return found[0].situation, found[0].reason


def agree_with_bob(office: Office, dispute: Dispute, **attributes: str) -> None:
    """Let Bob be assigned again, with the account: only what was said of Ada speaks against it then."""
    office.okta.people[dispute.bob] = "ACTIVE"
    row = office.okta.assigned[dispute.ada]
    told = {**row.attributes, **attributes}
    office.okta.assigned[dispute.bob] = replace(
        row, okta_user_id=dispute.bob, user_name=told["userName"], attributes=told
    )
    office.okta.hidden.add(dispute.ada)


def test_two_listings_that_leave_the_row_out_close_nobody(office: Office, dispute: Dispute) -> None:
    office.okta.hidden.add(dispute.ada)
    for _ in range(3):
        result = reconcile(office.desk, apply=True)
        situation, reason = situation_of(result, dispute.account)
        assert situation is Situation.DISPUTED
        assert f"{dispute.ada} (assigned)" in reason
        assert office.is_open(dispute.account)


def test_somebody_about_whom_okta_does_not_answer_may_have_the_account(office: Office, dispute: Dispute) -> None:
    office.okta.unassign(dispute.ada)
    office.okta.unanswered.add(dispute.ada)
    for _ in range(3):
        assert f"{dispute.ada} (unknown)" in situation_of(reconcile(office.desk, apply=True), dispute.account)[1]
    office.okta.unanswered.clear()
    assert reconcile(office.desk, apply=True).applied == 1
    assert not office.is_open(dispute.account)


def test_whoever_cannot_be_asked_about_may_have_the_account(office: Office, dispute: Dispute) -> None:
    office.okta.unassign(dispute.ada)
    office.policy = replace(office.policy, lookup_limit=0)
    for _ in range(3):
        result = reconcile(office.desk, apply=True)
        assert f"{dispute.ada} (not asked about)" in situation_of(result, dispute.account)[1]
    assert office.is_open(dispute.account)


def test_it_is_settled_when_okta_says_that_the_other_has_no_access(office: Office, dispute: Dispute) -> None:
    office.okta.unassign(dispute.ada)
    result = [reconcile(office.desk, apply=True) for _ in range(2)][-1]
    assert result.exit_code is ExitCode.CLEAN
    assert not office.is_open(dispute.account)
    office.okta.lookups.clear()
    report_drift(office.desk)
    assert dispute.ada not in office.okta.lookups


def test_it_is_settled_when_the_other_is_listed_with_another_account(office: Office, dispute: Dispute) -> None:
    another = office.push("ada2@example.com", dispute.ada).id
    row = office.okta.assigned[dispute.ada]
    office.okta.assigned[dispute.ada] = replace(row, user_name="ada2@example.com", external_id=another)
    for _ in range(2):
        reconcile(office.desk, apply=True)
    assert not office.is_open(dispute.account)
    assert office.is_open(another)


def test_it_is_settled_when_the_account_carries_the_right_id_again(office: Office, dispute: Dispute) -> None:
    office.edit(dispute.account, externalId=dispute.ada)
    assert report_drift(office.desk).exit_code is ExitCode.CLEAN
    office.okta.unassign(dispute.ada)
    for _ in range(2):
        reconcile(office.desk, apply=True)
    assert not office.is_open(dispute.account)


def test_a_row_that_says_that_the_one_is_gone_says_nothing_of_the_other(office: Office, dispute: Dispute) -> None:
    office.okta.hire("nobody@example.com")
    office.okta.people[dispute.bob] = "ACTIVE"
    row = office.okta.assigned[dispute.ada]
    office.okta.assigned[dispute.bob] = replace(row, okta_user_id=dispute.bob, app_status="REVOKED")
    office.okta.hidden.add(dispute.ada)
    for _ in range(2):
        assert situation_of(reconcile(office.desk, apply=True), dispute.account)[0] is Situation.DISPUTED
    assert office.is_open(dispute.account)


def test_a_removal_in_the_log_of_the_one_says_nothing_of_the_other(office: Office, dispute: Dispute) -> None:
    result = reconcile_subjects(office.desk, {dispute.bob: REMOVED})
    assert situation_of(result, dispute.account)[0] is Situation.DISPUTED
    assert office.is_open(dispute.account)
    office.okta.unassign(dispute.ada)
    assert reconcile_subjects(office.desk, {dispute.bob: REMOVED}).applied == 1


def test_about_somebody_who_is_assigned_after_all_nobody_else_is_asked(office: Office, dispute: Dispute) -> None:
    agree_with_bob(office, dispute)
    office.okta.lookups.clear()
    reconcile_subjects(office.desk, {dispute.bob: REMOVED})
    assert office.okta.lookups == [dispute.bob]


def test_a_run_that_is_finished_later_asks_about_the_other_again(office: Office, dispute: Dispute) -> None:
    row = office.okta.assigned.pop(dispute.ada)
    report_drift(replace(office.desk, policy=replace(office.policy, lookup_limit=0)))
    run_id = die(office, 1)
    office.okta.assigned[dispute.ada] = row
    office.okta.hidden.add(dispute.ada)
    reconcile(office.desk, apply=True)
    assert outcomes_of(office, run_id) == [OutcomeKind.SKIPPED]
    assert office.is_open(dispute.account)


def test_a_membership_is_not_taken_because_the_one_is_no_member(office: Office, dispute: Dispute) -> None:
    office.policy = GROUPS
    local = form(office, "Guides", [dispute.account])
    office.okta.push_group("Guides", [dispute.ada, *okta_ids(office, 0)], target=local)
    agree_with_bob(office, dispute)
    for _ in range(2):
        result = reconcile(office.desk, apply=True)
        assert group_counts(result)[Situation.UNKNOWN] == 1
    assert members(office, local) == {dispute.account}


def test_a_membership_is_taken_where_none_of_them_is_a_member(
    office: Office, crowd: list[str], dispute: Dispute
) -> None:
    office.policy = GROUPS
    local = form(office, "Guides", [crowd[0], dispute.account])
    office.okta.push_group("Guides", okta_ids(office, 0), target=local)
    agree_with_bob(office, dispute)
    office.okta.unanswered.add(dispute.ada)
    assert [one.kind for one in reconcile(office.desk, apply=True).outcomes] == [OutcomeKind.SKIPPED]
    assert members(office, local) == {crowd[0], dispute.account}
    office.okta.unanswered.clear()
    reconcile(office.desk, apply=True)
    assert members(office, local) == {crowd[0]}


def test_whoever_is_in_the_group_and_has_no_access_keeps_nobody_in_it(
    office: Office, crowd: list[str], dispute: Dispute
) -> None:
    office.policy = GROUPS
    local = form(office, "Guides", [crowd[0], dispute.account])
    office.okta.push_group("Guides", [dispute.ada, *okta_ids(office, 0)], target=local)
    agree_with_bob(office, dispute)
    office.okta.unassign(dispute.ada)
    reconcile(office.desk, apply=True)
    assert members(office, local) == {crowd[0]}


def test_what_both_sides_say_of_one_another_is_no_dispute(office: Office, dispute: Dispute) -> None:
    agree_with_bob(office, dispute, userName="renamed@example.com")
    office.okta.lookups.clear()
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 1)
    assert dispute.ada not in office.okta.lookups


def test_an_account_that_is_disputed_since_is_not_opened_again_by_an_undo(office: Office, crowd: list[str]) -> None:
    bob = office.okta_id(LOGINS[0])
    row = office.okta.assigned.pop(bob)
    for _ in range(2):
        reconcile(office.desk, apply=True)
    office.okta.assigned[bob] = row
    ada = office.okta.hire(ADA, external_id=crowd[0])
    report_drift(office.desk)
    with office.database.reading(APP) as unit:
        (run_id,) = (one.run_id for one in unit.runs.latest(2) if one.kind == "apply")
    _, result = undo(office.desk, run_id, apply=True)
    (outcome,) = result.outcomes
    assert outcome.kind is OutcomeKind.SKIPPED
    assert outcome.reason.startswith(f"the account was said to belong to {ada} as well.")
    assert not office.is_open(crowd[0])


def test_an_explanation_names_the_other(office: Office, dispute: Dispute) -> None:
    office.okta.hidden.add(dispute.ada)
    (told,) = explain(office.desk, dispute.account)
    assert told.judgement.finding.situation is Situation.DISPUTED
    assert f"{dispute.ada} (assigned)" in told.judgement.finding.reason


def test_the_account_of_one_person_is_no_dispute(office: Office, crowd: list[str]) -> None:
    assert len(crowd) == len(LOGINS)
    report_drift(office.desk)
    with office.database.reading(APP) as unit:
        assert unit.staging.claimants(crowd) == {}
