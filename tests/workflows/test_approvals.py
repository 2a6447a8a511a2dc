"""What an approval is good for, how often, and what ends the quarantine of a plan that has none."""

from dataclasses import replace

import pytest

from syncd.core.changes import Change
from syncd.workflows.decide import release_quarantine
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.running import ExitCode
from tests.workflows.approving import ANN, approve, quarantines
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office, dismiss, unassign
from tests.workflows.dying import die
from tests.workflows.pushed_groups import GROUPS, form, members, okta_ids


@pytest.fixture
def strict(office: Office, crowd: list[str]) -> list[str]:
    """The crowd, where a run may take access from one person only."""
    office.policy = replace(office.policy, max_deactivations=1)
    return crowd


# ------------------------------------------------------------------ what uses an approval up


def test_an_approval_is_not_used_up_in_a_maintenance_window(office: Office, strict: list[str]) -> None:
    unassign(office, *LOGINS[:2])
    report_drift(office.desk)
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    release_quarantine(office.database, APP, ANN, quarantines(office)[0].quarantine_id, "bob")
    assert reconcile(replace(office.desk, closed=lambda: "a window"), apply=True).applied == 0
    assert len(quarantines(office)) == 1
    assert reconcile(office.desk, apply=True).applied == 2
    assert [one.outcome for one in quarantines(office, ended=True)] == ["released"]


def delete_one(office: Office, login: str) -> None:
    with office.database.transaction(APP, CAUSE) as unit:
        (account,) = unit.find_accounts(login)
        unit.record(Change("User", unit.resources.read("User", account.id), None))


def test_a_plan_that_was_approved_twice_is_carried_out_once(office: Office, crowd: list[str]) -> None:
    delete_one(office, LOGINS[0])
    shown = report_drift(office.desk)
    for _ in range(2):
        approve(office, shown)
    assert reconcile(office.desk, apply=True).applied == 1
    delete_one(office, LOGINS[0])
    assert reconcile(office.desk, apply=True).applied == 0


def test_an_approval_does_not_pass_to_another_group_of_the_same_name_in_okta(office: Office, crowd: list[str]) -> None:
    office.policy = GROUPS
    group = form(office, "Staff", crowd[:4])
    pushed = office.okta.push_group("Staff", okta_ids(office, 0, 1, 2))
    approve(office, report_drift(office.desk))
    del office.okta.mappings[pushed]
    office.okta.push_group("Staff", okta_ids(office, 0, 1, 2))
    assert reconcile(office.desk, apply=True).applied == 0
    assert members(office, group) == set(crowd[:4])


def test_a_plan_that_is_expected_and_was_begun_by_a_run_that_died_is_finished_and_not_stale(
    office: Office, crowd: list[str]
) -> None:
    dismiss(office, *LOGINS[:2])
    run_id = die(office, 5)
    with office.database.reading(APP) as unit:
        begun = unit.runs.kept(run_id)
    assert begun is not None
    result = reconcile(office.desk, apply=True, expected_digest=begun.record.plan_digest)
    assert result.exit_code is not ExitCode.STALE_PLAN
    assert result.applied == 1, "the other one was done before"
    assert [office.is_open(one) for one in crowd[:3]] == [False, False, True]


# ------------------------------------------------------------------ what ends a quarantine


def test_a_night_in_which_okta_does_not_answer_ends_no_quarantine(office: Office, strict: list[str]) -> None:
    concerned = okta_ids(office, 0, 1)
    dismiss(office, *LOGINS[:2])
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    office.okta.unanswered |= set(concerned)
    assert reconcile(office.desk, apply=True).exit_code is not ExitCode.BLOCKED
    assert len(quarantines(office)) == 1
    assert all(office.is_open(one) for one in strict)


def test_a_night_without_groups_ends_no_quarantine_of_a_plan_about_groups(office: Office, crowd: list[str]) -> None:
    office.policy = replace(GROUPS, max_deactivations=1)
    group = form(office, "Staff", crowd)
    office.okta.push_group("Staff", okta_ids(office, 0, 1, 2), target=group)
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    office.okta.groups_hidden = True
    assert reconcile(office.desk, apply=True).exit_code is not ExitCode.BLOCKED
    assert len(quarantines(office)) == 1
    assert members(office, group) == set(crowd)
