"""What a run did is taken back, or finished, and single people are looked at at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syncd.core.guard import Ground
from syncd.core.policy import Rule
from syncd.core.situations import Situation
from syncd.ports import OutcomeKind
from syncd.workflows.decide import approve_plan
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.reconcile_subjects import dealt_with, reconcile_subjects
from syncd.workflows.running import ExitCode
from syncd.workflows.undo import UnknownRunError, undo
from tests.workflows.approving import ANN, approve
from tests.workflows.conftest import APP, LOGINS, Office, dismiss, unassign
from tests.workflows.dying import die, outcomes_of

REMOVED = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB = "ada@example.com", "bob@example.com"


def last_run(office: Office) -> str:
    with office.database.reading(APP) as unit:
        return unit.runs.latest(1)[0].run_id


# ------------------------------------------------------------------ undo


def test_undo_opens_again_whom_okta_assigns_and_nobody_else(office: Office, crowd: list[str]) -> None:
    ids = [office.okta_id(login) for login in LOGINS[:3]]
    rows = [office.okta.assigned[one] for one in ids]
    unassign(office, *LOGINS[:3])
    report_drift(office.desk)
    assert reconcile(office.desk, apply=True).applied == 3
    run_id = last_run(office)
    office.okta.assigned |= {ids[0]: rows[0], ids[1]: rows[1]}
    office.edit(crowd[1], nickName="changed since")
    plan, shown = undo(office.desk, run_id)
    assert (shown.exit_code, len(plan.items), len(plan.deferred)) == (ExitCode.DRIFT, 2, 1)
    assert not any(office.is_open(one) for one in crowd[:3])
    _, done = undo(office.desk, run_id, apply=True, expected_digest=plan.digest)
    assert (done.exit_code, done.applied) == (ExitCode.PARTIAL, 1)
    assert [office.is_open(one) for one in crowd[:3]] == [True, False, False]


def test_undo_restores_what_an_update_replaced(office: Office, crowd: list[str]) -> None:
    office.edit(crowd[0], name={"givenName": "Old", "familyName": "Kept"})
    row = office.okta.assigned[office.okta_id(LOGINS[0])]
    office.okta.assigned[row.okta_user_id] = replace(row, attributes={"name.givenName": "New"})
    assert reconcile(office.desk, apply=True).applied == 1
    _, done = undo(office.desk, last_run(office), apply=True)
    assert done.exit_code is ExitCode.CLEAN
    with office.database.reading(APP) as unit:
        assert unit.resources.read("User", crowd[0]).document["name"] == {"givenName": "Old", "familyName": "Kept"}


def test_there_is_nothing_to_undo_of_a_run_that_nobody_knows(office: Office, crowd: list[str]) -> None:
    with pytest.raises(UnknownRunError):
        undo(office.desk, "no such run")
    report_drift(office.desk)
    assert undo(office.desk, last_run(office))[1].exit_code is ExitCode.CLEAN


# ------------------------------------------------------------------ undo, under the guards of any plan


def test_an_undo_closes_no_account_that_okta_gives_to_somebody_else_by_now(office: Office, crowd: list[str]) -> None:
    bob, ada = office.okta.hire(BOB), office.okta.hire(ADA)
    office.okta.unassign(bob)
    account = office.push(ADA, bob).id
    row = office.okta.assigned[ada] = replace(office.okta.assigned[ada], external_id=account)
    report_drift(office.desk)
    office.okta.unassign(ada)
    office.okta.assigned[bob] = replace(row, okta_user_id=bob)
    office.edit(account, active=False)
    approve(office, report_drift(office.desk))
    assert reconcile(office.desk, apply=True).applied == 1
    run_id = last_run(office)
    assert office.is_open(account)
    office.okta.unassign(bob)
    office.okta.assigned[ada] = row
    undo(office.desk, run_id, apply=True)
    assert office.is_open(account)


def test_an_undo_opens_no_account_that_two_people_may_have(office: Office, crowd: list[str]) -> None:
    bob, ada = office.okta.hire(BOB), office.okta.hire(ADA)
    account = office.push(BOB, bob).id
    rows = {one: replace(office.okta.assigned[one], external_id=account) for one in (bob, ada)}
    office.okta.unassign(bob)
    office.okta.assigned[ada] = rows[ada]
    report_drift(office.desk)
    office.okta.unassign(ada)
    closed = [result for result in (reconcile(office.desk, apply=True) for _ in range(2)) if result.applied]
    assert not office.is_open(account)
    assert closed[0].report is not None
    office.okta.assigned |= rows
    undo(office.desk, closed[0].report.run_id, apply=True)
    assert not office.is_open(account)


def test_an_undo_is_no_plan_by_which_a_changed_policy_was_seen(office: Office, crowd: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    row = office.okta.assigned[okta_user_id]
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    assert reconcile(office.desk, apply=True).applied == 1
    run_id = last_run(office)
    office.okta.assigned[okta_user_id] = row
    office.policy = replace(office.policy, max_deactivations=19)
    assert undo(office.desk, run_id, apply=True)[1].applied == 1
    dismiss(office, LOGINS[1])
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.BLOCKED, 0)
    assert office.is_open(crowd[1])


def test_an_undo_waits_for_the_end_of_a_maintenance_window(office: Office, crowd: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    row = office.okta.assigned[okta_user_id]
    dismiss(office, LOGINS[0])
    assert reconcile(office.desk, apply=True).applied == 1
    run_id = last_run(office)
    office.okta.people[okta_user_id], office.okta.assigned[okta_user_id] = "ACTIVE", row
    undo(replace(office.desk, closed=lambda: "a window"), run_id, apply=True)
    assert not office.is_open(crowd[0])
    assert undo(office.desk, run_id, apply=True)[1].applied == 1


def test_an_undo_that_is_blocked_can_be_approved(office: Office, crowd: list[str]) -> None:
    office.policy = replace(office.policy, rules={Situation.ZOMBIE_DEPROVISIONED: Rule(max_count=2)})
    rows = {row.okta_user_id: row for row in office.okta.assigned.values() if row.user_name in LOGINS[:3]}
    dismiss(office, *LOGINS[:3])
    approve(office, report_drift(office.desk))
    assert reconcile(office.desk, apply=True).applied == 3
    run_id = last_run(office)
    office.okta.people |= dict.fromkeys(rows, "ACTIVE")
    office.okta.assigned |= rows
    plan, result = undo(office.desk, run_id, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.BLOCKED, 0)
    assert [one.ground for one in result.standing] == [Ground.THRESHOLD]
    approve_plan(office.database, APP, ANN, plan.digest, "bob")
    assert undo(office.desk, run_id, apply=True)[1].applied == 3
    assert all(office.is_open(one) for one in crowd)


# ------------------------------------------------------------------ a run that died


@pytest.mark.parametrize("dies_after", range(1, 8))
def test_a_run_that_died_is_finished_under_its_own_name(office: Office, crowd: list[str], dies_after: int) -> None:
    dismiss(office, *LOGINS[:2])
    run_id = die(office, dies_after)
    reconcile(office.desk, apply=True)
    assert outcomes_of(office, run_id) == [OutcomeKind.DONE] * 2
    assert [office.actions(one).count("account:deactivated") for one in crowd[:2]] == [1, 1]


def test_a_run_that_died_is_finished_whether_or_not_it_wanted_some_situations_only(
    office: Office, crowd: list[str]
) -> None:
    dismiss(office, *LOGINS[:2])
    run_id = die(office, 1, "apply of some")
    reconcile(office.desk, apply=True)
    assert outcomes_of(office, run_id) == [OutcomeKind.DONE, OutcomeKind.DONE]
    assert not any(office.is_open(one) for one in crowd[:2])


def test_a_run_that_died_is_left_alone_by_one_that_wants_some_situations_only(office: Office, crowd: list[str]) -> None:
    dismiss(office, *LOGINS[:2])
    die(office, 1)
    only = replace(office.desk, only=frozenset({Situation.ORPHAN_UNASSIGNED}))
    assert reconcile(only, apply=True).applied == 0
    assert all(office.is_open(one) for one in crowd)


def test_what_a_run_left_waits_for_the_end_of_a_maintenance_window_too(office: Office, crowd: list[str]) -> None:
    unassign(office, *LOGINS[:2])
    report_drift(office.desk)
    run_id = die(office, 1)
    reconcile(replace(office.desk, closed=lambda: "a window"), apply=True)
    assert outcomes_of(office, run_id) == [OutcomeKind.WAITING] * 2
    assert all(office.is_open(one) for one in crowd)
    assert reconcile(office.desk, apply=True).applied == 2


# ------------------------------------------------------------------ some people, now


def test_a_removal_that_okta_states_is_acted_upon_at_once(office: Office, crowd: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    unassign(office, LOGINS[0])
    result = reconcile_subjects(office.desk, {okta_user_id: REMOVED})
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 1)
    assert result.outcomes[0].item.since == REMOVED
    assert [office.is_open(one) for one in crowd] == [False] + [True] * 5


def test_a_hint_alone_decides_nothing(office: Office, crowd: list[str]) -> None:
    ids = [office.okta_id(login) for login in LOGINS]
    unassign(office, LOGINS[1])
    office.okta.unanswered.add(ids[2])
    result = reconcile_subjects(office.desk, {ids[0]: REMOVED, ids[1]: None, ids[2]: REMOVED, "00unobody": REMOVED})
    assert result.applied == 0
    assert all(office.is_open(one) for one in crowd)


def test_somebody_about_whom_okta_does_not_answer_is_not_dealt_with(office: Office, crowd: list[str]) -> None:
    asked: dict[str, datetime | None] = {office.okta_id(login): REMOVED for login in LOGINS[:2]}
    there, unanswered = asked
    office.okta.unanswered.add(unanswered)
    assert dealt_with(reconcile_subjects(office.desk, asked), asked) == {there}


def test_nobody_of_ours_begins_no_run(office: Office, crowd: list[str]) -> None:
    assert reconcile_subjects(office.desk, {"00unobody": REMOVED}).exit_code is ExitCode.CLEAN
    with office.database.reading(APP) as unit:
        assert unit.runs.latest() == ()


def test_hints_are_under_the_same_guard_as_a_night(office: Office, crowd: list[str]) -> None:
    ids = [office.okta_id(login) for login in LOGINS[:3]]
    dismiss(office, *LOGINS[:3])
    office.policy = replace(office.policy, max_deactivations=2)
    assert reconcile_subjects(office.desk, dict.fromkeys(ids)).exit_code is ExitCode.BLOCKED
    assert all(office.is_open(one) for one in crowd)


def test_a_push_that_lands_while_okta_is_asked_wins(office: Office, crowd: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    unassign(office, LOGINS[0])
    office.okta.before_lookup = lambda _: office.edit(crowd[0], nickName=f"n{len(office.okta.lookups)}")
    assert reconcile_subjects(office.desk, {okta_user_id: REMOVED}).applied == 0
    assert office.is_open(crowd[0])
