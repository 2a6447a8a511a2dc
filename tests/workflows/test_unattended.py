"""What lets a run go unattended: what stops it, what people may decide, and how a decision ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scim.resource import Member
from syncd.core.changes import Action
from syncd.core.consents import Waiver
from syncd.core.guard import Ground
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES, Effect, Mode, Situation
from syncd.core.subjects import MarkKind
from syncd.ports import OutcomeKind
from syncd.workflows.decide import (
    RefusedDecisionError,
    approve_plan,
    discard_quarantine,
    give_waiver,
    mark_account,
    release_quarantine,
    unmark_account,
)
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.reconcile_subjects import reconcile_subjects
from syncd.workflows.running import ExitCode, RunResult
from tests.workflows.approving import ANN, approve, quarantines
from tests.workflows.conftest import APP, LOGINS, Office, dismiss, unassign


def grounds(result: RunResult) -> list[Ground]:
    assert result.report is not None
    return [one.ground for one in result.report.verdict.objections]


# ------------------------------------------------------------------ quarantine and approval


@pytest.fixture
def blocked(office: Office, crowd: list[str]) -> RunResult:
    """A run with two deactivations where one is allowed."""
    office.policy = replace(office.policy, max_deactivations=1)
    dismiss(office, *LOGINS[:2])
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, grounds(result)) == (ExitCode.BLOCKED, [Ground.THRESHOLD])
    return result


def test_a_plan_that_is_stopped_is_in_quarantine_once(office: Office, blocked: RunResult) -> None:
    reconcile(office.desk, apply=True)
    (one,) = quarantines(office)
    assert blocked.report is not None
    assert (one.digest, one.runs) == (blocked.report.plan.digest, 2)


def test_looking_puts_nothing_into_quarantine(office: Office, crowd: list[str]) -> None:
    office.policy = replace(office.policy, max_deactivations=0)
    dismiss(office, LOGINS[0])
    for look in (report_drift, reconcile):
        assert look(office.desk).exit_code is ExitCode.BLOCKED
    assert not quarantines(office)


def test_a_plan_that_was_released_is_carried_out_once(office: Office, crowd: list[str], blocked: RunResult) -> None:
    release_quarantine(office.database, APP, ANN, quarantines(office)[0].quarantine_id, "bob")
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 2)
    assert [office.is_open(one) for one in crowd] == [False, False, True, True, True, True]
    assert not quarantines(office)
    assert quarantines(office, ended=True)[0].outcome == "released"
    dismiss(office, *LOGINS[2:4])
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED


def test_an_approval_is_not_of_a_plan_that_became_another(office: Office, crowd: list[str], blocked: RunResult) -> None:
    release_quarantine(office.database, APP, ANN, quarantines(office)[0].quarantine_id, "bob")
    dismiss(office, LOGINS[2])
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    assert all(office.is_open(one) for one in crowd)


def test_an_approval_overrules_no_protection(office: Office, crowd: list[str], blocked: RunResult) -> None:
    release_quarantine(office.database, APP, ANN, quarantines(office)[0].quarantine_id, "bob")
    before = len(office.okta.lookups)

    def protect_after_planning(_: str) -> None:
        if len(office.okta.lookups) == before + 2:
            mark_account(office.database, APP, ANN, crowd[0], MarkKind.PROTECTED)
            mark_account(office.database, APP, ANN, crowd[1], MarkKind.PROTECTED)

    office.okta.before_lookup = protect_after_planning
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.PARTIAL, 0)
    assert all(office.is_open(one) for one in crowd)


def test_a_run_over_some_people_ends_no_quarantine_of_a_night(office: Office, blocked: RunResult) -> None:
    okta_user_id = office.okta_id(LOGINS[2])
    dismiss(office, LOGINS[2])
    result = reconcile_subjects(office.desk, {okta_user_id: None})
    assert (result.exit_code, result.applied) == (ExitCode.CLEAN, 1)
    assert len(quarantines(office)) == 1


def test_a_plan_that_was_discarded_comes_back_when_it_is_made_again(office: Office, blocked: RunResult) -> None:
    discard_quarantine(office.database, APP, ANN, quarantines(office)[0].digest)
    assert not quarantines(office)
    reconcile(office.desk, apply=True)
    assert len(quarantines(office)) == 1


def test_a_later_plan_that_passes_ends_the_quarantine(office: Office, blocked: RunResult) -> None:
    office.okta.people[next(iter(office.okta.people))] = "ACTIVE"
    row = next(iter(office.okta.assigned.values()))
    login = LOGINS[0]
    okta_user_id = next(iter(office.okta.people))
    with office.database.reading(APP) as unit:
        account_id = unit.find_accounts(login)[0].id
    office.okta.assigned[okta_user_id] = replace(
        row, okta_user_id=okta_user_id, user_name=login, external_id=account_id, attributes={"userName": login}
    )
    assert reconcile(office.desk, apply=True).applied == 1
    assert quarantines(office, ended=True)[0].outcome == "passed"


@pytest.mark.parametrize(
    ("named", "approver", "reason"),
    [("no such plan", "bob", "x"), ("", "bob", "x"), ("it", "", "x"), ("it", "bob", "")],
)
def test_an_approval_needs_a_plan_a_name_and_a_reason(
    office: Office, blocked: RunResult, named: str, approver: str, reason: str
) -> None:
    assert blocked.report is not None
    plan = blocked.report.plan.digest if named == "it" else named
    with pytest.raises(RefusedDecisionError):
        approve_plan(office.database, APP, replace(ANN, reason=reason), plan, approver)


# ------------------------------------------------------------------ budget and policy


def test_nights_that_each_are_small_do_not_add_up(office: Office, crowd: list[str]) -> None:
    office.policy = replace(office.policy, budget_day=3)
    codes = []
    for number in range(4):
        dismiss(office, LOGINS[number])
        codes.append(reconcile(office.desk, apply=True).exit_code)
    assert codes == [ExitCode.CLEAN] * 3 + [ExitCode.BLOCKED]
    assert [office.is_open(one) for one in crowd] == [False] * 3 + [True] * 3


def test_the_first_plan_under_another_policy_has_to_be_seen(office: Office, crowd: list[str]) -> None:
    dismiss(office, LOGINS[0])
    assert reconcile(office.desk, apply=True).applied == 1
    office.policy = replace(office.policy, max_deactivations=19)
    dismiss(office, LOGINS[1])
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, grounds(result)) == (ExitCode.BLOCKED, [Ground.CHANGED_POLICY])
    assert result.report is not None
    assert reconcile(office.desk, apply=True, expected_digest=result.report.plan.digest).applied == 1
    dismiss(office, LOGINS[2])
    assert reconcile(office.desk, apply=True).applied == 1


# ------------------------------------------------------------------ marks, waivers, administrators, windows


def test_a_mark_stays_every_effect_until_it_is_taken_off(office: Office, crowd: list[str]) -> None:
    for kind, situation in (
        (MarkKind.PROTECTED, Situation.PROTECTED_DRIFT),
        (MarkKind.EXEMPT, Situation.OUT_OF_SCOPE),
        (MarkKind.HOLD, Situation.ZOMBIE_DEPROVISIONED),
    ):
        mark_account(office.database, APP, ANN, LOGINS[0], kind)
        if LOGINS[0] in {row.user_name for row in office.okta.assigned.values()}:
            dismiss(office, LOGINS[0])
        result = reconcile(office.desk, apply=True)
        assert result.report is not None
        assert result.report.counts[situation] == 1
        assert (result.applied, office.is_open(crowd[0])) == (0, True)
        unmark_account(office.database, APP, ANN, LOGINS[0], kind)
    assert reconcile(office.desk, apply=True).applied == 1


def waiver(**changes: Any) -> Waiver:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "waiver_id": "w1",
        "account_id": "",
        "situation": None,
        "owner": "ann",
        "approver": "bob",
        "reason": "leaves",
        "ticket": "T-1",
        "expires": now + timedelta(days=1),
    }
    return Waiver(**{**values, **changes})


def test_a_waiver_is_in_the_report_and_keeps_the_account_open(office: Office, crowd: list[str]) -> None:
    give_waiver(office.database, APP, ANN, LOGINS[0], waiver())
    dismiss(office, LOGINS[0])
    result = reconcile(office.desk, apply=True)
    assert result.report is not None
    assert [one.waiver for one in result.report.findings if one.situation is Situation.ZOMBIE_DEPROVISIONED] == ["w1"]
    assert office.is_open(crowd[0])


@pytest.mark.parametrize("changes", [{"approver": "ann"}, {"approver": LOGINS[0].upper()}, {"ticket": ""}])
def test_a_waiver_that_nobody_else_approved_is_refused(
    office: Office, crowd: list[str], changes: dict[str, Any]
) -> None:
    with pytest.raises(RefusedDecisionError):
        give_waiver(office.database, APP, ANN, LOGINS[0], waiver(**changes))


def test_the_last_administrator_stays(office: Office, crowd: list[str]) -> None:
    with office.database.transaction(APP, ANN) as unit:
        unit.resources.create("Group", {"displayName": "Admins"}, [Member(one) for one in crowd[:2]])
    office.policy = replace(office.policy, admin_groups=frozenset({"admins"}))
    dismiss(office, *LOGINS[:3])
    result = reconcile(office.desk, apply=True)
    assert result.report is not None
    assert [one.reason for one in result.report.plan.deferred] == ["it would leave too few administrators"]
    assert [office.is_open(one) for one in crowd[:3]].count(True) == 1
    assert sum(office.is_open(one) for one in crowd[:2]) == 1


def test_in_a_maintenance_window_only_deactivated_people_are_closed(office: Office, crowd: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    dismiss(office, LOGINS[1])
    result = reconcile(replace(office.desk, closed=lambda: "a window"), apply=True)
    assert sorted((one.kind, one.reason) for one in result.outcomes) == [
        (OutcomeKind.DONE, ""),
        (OutcomeKind.WAITING, "a window"),
    ]
    assert [office.is_open(one) for one in crowd[:2]] == [True, False]


def test_a_maintenance_window_that_begins_during_a_run_holds_for_its_effects(office: Office, crowd: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    pages: list[int] = []
    office.okta.before_page = pages.append
    result = reconcile(replace(office.desk, closed=lambda: "a window" if pages else None), apply=True)
    assert [(one.kind, one.reason) for one in result.outcomes] == [(OutcomeKind.WAITING, "a window")]
    assert office.is_open(crowd[0])


def test_a_window_that_somebody_overrides_is_in_the_audit_trail(office: Office, crowd: list[str]) -> None:
    dismiss(office, LOGINS[0])
    assert reconcile(replace(office.desk, despite="the auditor waits"), apply=True).applied == 1
    with office.database.reading(APP) as unit:
        (told,) = [event for event in unit.audit_trail() if event.action == Action.RUN_OVERRIDDEN]
    assert told.detail["despiteWindow"] == "the auditor waits"


def test_a_listing_that_somebody_accepts_is_in_the_audit_trail(office: Office, crowd: list[str]) -> None:
    reconcile(replace(office.desk, accepted_rows=6))
    with office.database.reading(APP) as unit:
        (told,) = [event for event in unit.audit_trail() if event.action == Action.RUN_OVERRIDDEN]
    assert told.detail["acceptRows"] == 6


def test_an_account_that_two_writers_fight_over_is_left_alone(office: Office, crowd: list[str]) -> None:
    for active in (False, True, False, True):
        office.edit(crowd[0], active=active)
    office.policy = replace(office.policy, flapping=3)
    dismiss(office, LOGINS[0])
    result = reconcile(office.desk, apply=True)
    assert result.report is not None
    expected = {Situation.FLAPPING, Situation.ZOMBIE_DEPROVISIONED}
    assert result.report.counts.keys() & expected


# ------------------------------------------------------------------ listings


def test_a_listing_without_a_sentinel_is_not_believed(office: Office, crowd: list[str]) -> None:
    office.policy = replace(office.policy, sentinels=frozenset({LOGINS[5]}))
    assert report_drift(office.desk).exit_code is ExitCode.CLEAN
    unassign(office, LOGINS[5])
    result = reconcile(office.desk, apply=True)
    assert result.exit_code is ExitCode.SOURCE_UNHEALTHY
    assert LOGINS[5] in result.message


def test_more_missing_people_than_can_be_asked_about_are_missed_twice_and_sampled(
    office: Office, crowd: list[str]
) -> None:
    office.policy = replace(office.policy, lookup_limit=2)
    unassign(office, *LOGINS[:4])
    result = reconcile(office.desk, apply=True)
    assert result.applied == 4
    assert [office.is_open(one) for one in crowd] == [False] * 4 + [True] * 2


@pytest.mark.parametrize("wrong", ["there after all", "no answer"])
def test_one_of_the_sample_who_is_not_gone_stops_the_whole_plan(office: Office, crowd: list[str], wrong: str) -> None:
    office.policy = replace(office.policy, lookup_limit=2)
    ids = [office.okta_id(login) for login in LOGINS[:4]]
    rows = [office.okta.assigned[one] for one in ids]
    unassign(office, *LOGINS[:4])

    def after_the_listing(asked: str) -> None:
        if wrong == "no answer":
            office.okta.unanswered.add(asked)
        else:
            office.okta.assigned[asked] = rows[ids.index(asked)]

    office.okta.before_lookup = after_the_listing
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, Ground.CANARY in grounds(result)) == (ExitCode.BLOCKED, True)
    assert all(office.is_open(one) for one in crowd)


# ------------------------------------------------------------------ proposals


def test_what_gives_access_waits_for_an_approval(office: Office, crowd: list[str]) -> None:
    office.edit(crowd[0], active=False)
    result = reconcile(office.desk, apply=True)
    assert [(one.item.effect, one.kind) for one in result.outcomes] == [(Effect.REACTIVATE, OutcomeKind.WAITING)]
    approve(office, result)
    assert reconcile(office.desk, apply=True).applied == 1
    assert office.is_open(crowd[0])


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.PROPOSE])
def test_somebody_without_an_account_gets_one_where_that_is_asked_for(office: Office, mode: Mode) -> None:
    office.policy = Policy(modes={**DEFAULT_MODES, Situation.GHOST: mode})
    office.hire(LOGINS[0])
    okta_user_id = office.okta.hire("new@example.com")
    result = reconcile(office.desk, apply=True)
    if mode is Mode.PROPOSE:
        assert result.applied == 0
        approve(office, result)
        result = reconcile(office.desk, apply=True)
    assert result.applied == 1
    with office.database.reading(APP) as unit:
        (account,) = unit.find_accounts(okta_user_id)
    assert (account.user_name, account.active, account.external_id) == ("new@example.com", True, okta_user_id)


def test_only_what_was_asked_for_is_planned(office: Office, crowd: list[str]) -> None:
    dismiss(office, LOGINS[0])
    office.okta.delete(office.okta_id(LOGINS[1]))
    report_drift(office.desk)
    result = reconcile(replace(office.desk, only=frozenset({Situation.ORPHAN_GONE})), apply=True)
    assert [one.item.situation for one in result.outcomes] == [Situation.ORPHAN_GONE]
    assert [office.is_open(one) for one in crowd[:2]] == [True, False]


# ------------------------------------------------------------------ what moved


def test_a_stale_plan_tells_who_changed_what(office: Office, crowd: list[str]) -> None:
    dismiss(office, *LOGINS[:2])
    seen = reconcile(office.desk).report
    assert seen is not None
    office.edit(crowd[0], nickName="pushed")
    office.edit(crowd[1], active=False)
    dismiss(office, LOGINS[2])
    result = reconcile(office.desk, apply=True, expected_digest=seen.plan.digest)
    assert result.exit_code is ExitCode.STALE_PLAN
    assert "something moved since it was shown" in result.message
    assert "Read the new plan, then apply its digest" in result.message
    told = "\n".join(result.moved)
    for expected in (
        f"changed: deactivate {LOGINS[0]} (account:updated by test",
        f"no longer planned: deactivate {LOGINS[1]} (account:deactivated by test",
        f"new: deactivate {LOGINS[2]}",
    ):
        assert expected in told


def test_a_digest_that_no_run_has_made_is_told_as_that_and_not_as_something_that_moved(
    office: Office, crowd: list[str]
) -> None:
    dismiss(office, LOGINS[0])
    result = reconcile(office.desk, apply=True, expected_digest="0" * 32)
    assert result.exit_code is ExitCode.STALE_PLAN
    assert f"no run of {APP} has made a plan {'0' * 32}" in result.message
    assert "something moved" not in result.message
    assert "Nothing was changed" in result.message
    assert office.is_open(crowd[0])
