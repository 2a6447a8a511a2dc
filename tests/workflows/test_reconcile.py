"""A reconciliation changes what is safe to change, once, and says so; anything doubtful changes nothing."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from syncd.core.changes import Action
from syncd.core.policy import Policy
from syncd.core.situations import Situation
from syncd.core.subjects import Origin
from syncd.ports import Lease, LeaseLostError, OutcomeKind
from syncd.store.tables import lease as lease_row
from syncd.workflows.apply_plan import Outcome, Step, Work, apply_plan
from syncd.workflows.desk import LEASE_LASTS, Desk
from syncd.workflows.reconcile import reconcile, report_drift, resume
from syncd.workflows.running import ExitCode, RunResult
from syncd.workflows.survey import survey
from tests.workflows.conftest import APP, CAUSE, Office, dismiss

LOGINS = [f"person{number}@example.com" for number in range(6)]


@pytest.fixture
def staff(office: Office) -> list[str]:
    """Six people, assigned and pushed; their SCIM ids."""
    return [office.hire(login) for login in LOGINS]


def unassign(office: Office, *logins: str) -> None:
    for login in logins:
        office.okta.unassign(office.okta_id(login))


def kernel_of(desk: Desk, run_id: str, lease: Lease) -> Generator[Step, None, None]:
    """Survey, and return the kernel of the plan."""
    report = survey(desk, run_id, lease)
    outcomes: list[Outcome] = []
    return apply_plan(desk, Work(run_id, lease, tuple(enumerate(report.plan.items))), outcomes)


def counts(result: RunResult) -> dict[Situation, int]:
    assert result.report is not None
    return dict(result.report.counts)


def test_two_sides_that_agree_are_clean(office: Office, staff: list[str]) -> None:
    result = report_drift(office.desk)
    assert (result.exit_code, counts(result)) == (ExitCode.CLEAN, {Situation.IN_SYNC: len(staff)})


def test_an_unassigned_person_s_account_is_closed_once_two_snapshots_miss_it(office: Office, staff: list[str]) -> None:
    unassign(office, LOGINS[0])
    first = reconcile(office.desk, apply=True)
    assert [outcome.kind for outcome in first.outcomes] == [OutcomeKind.WAITING]
    assert office.is_open(staff[0])
    second = reconcile(office.desk, apply=True)
    assert [outcome.kind for outcome in second.outcomes] == [OutcomeKind.DONE]
    assert second.exit_code is ExitCode.CLEAN
    assert [office.is_open(account) for account in staff] == [False, True, True, True, True, True]
    assert office.actions(staff[0]) == ["account:created", "account:deactivated"]


def test_every_kind_of_drift_is_found_and_only_what_is_safe_is_repaired(office: Office, staff: list[str]) -> None:
    ids = [office.okta_id(login) for login in LOGINS]
    office.policy = Policy(protected=frozenset({LOGINS[4]}))
    office.okta.set_status(ids[0], "DEPROVISIONED")
    office.okta.unassign(ids[1])
    office.okta.delete(ids[2])
    office.okta.set_status(ids[3], "SUSPENDED")
    office.okta.unassign(ids[4])
    office.okta.hire("ghost@example.com")
    office.push("local@example.com", None, Origin.LOCAL)
    report_drift(office.desk)
    result = reconcile(office.desk, apply=True)
    assert counts(result) == {
        Situation.IN_SYNC: 1,
        Situation.GHOST: 1,
        Situation.ZOMBIE_DEPROVISIONED: 1,
        Situation.ZOMBIE_SUSPENDED: 1,
        Situation.ORPHAN_UNASSIGNED: 1,
        Situation.ORPHAN_GONE: 1,
        Situation.UNMANAGED: 1,
        Situation.PROTECTED_DRIFT: 1,
    }
    assert [office.is_open(account) for account in staff] == [False, False, False, True, True, True]
    again = reconcile(office.desk, apply=True)
    assert again.report is not None
    assert (again.report.plan.items, again.applied, again.exit_code) == ((), 0, ExitCode.DRIFT)


def test_somebody_who_was_assigned_just_now_is_told_and_is_no_drift_until_the_grace_is_over(office: Office) -> None:
    who = office.okta.hire("new@example.com")
    results = []
    for minutes in (5, 30):
        office.okta.assigned[who] = replace(office.okta.assigned[who], age=timedelta(minutes=minutes))
        results.append(report_drift(office.desk))
    young, old = results
    assert (counts(young), young.exit_code) == ({Situation.WITHIN_GRACE: 1}, ExitCode.CLEAN)
    assert young.report is not None
    (finding,) = young.report.as_json()["findings"]
    assert (finding["situation"], finding["userName"]) == ("within-grace", "new@example.com")
    assert (counts(old), old.exit_code) == ({Situation.GHOST: 1}, ExitCode.DRIFT)


def test_a_push_that_is_pending_for_longer_than_the_grace_is_drift(office: Office) -> None:
    office.hire("ada@example.com")
    who = office.okta_id("ada@example.com")
    found = []
    for age in (timedelta(hours=23), timedelta(hours=24), None):
        office.okta.assigned[who] = replace(office.okta.assigned[who], app_status="PENDING", age=age)
        result = report_drift(office.desk)
        found.append((counts(result), result.exit_code))
    late = ({Situation.SOURCE_SYNC_ERROR: 1}, ExitCode.DRIFT)
    assert found == [({Situation.WITHIN_GRACE: 1}, ExitCode.CLEAN), late, late]


def test_what_okta_holds_differently_is_updated(office: Office, staff: list[str]) -> None:
    office.edit(staff[0], name={"givenName": "Old", "formatted": "Kept"})
    row = office.okta.assigned[office.okta_id(LOGINS[0])]
    office.okta.assigned[row.okta_user_id] = type(row)(
        row.okta_user_id, row.user_name, row.external_id, "ACTIVE", "ACTIVE", attributes={"name.givenName": "New"}
    )
    result = reconcile(office.desk, apply=True)
    assert counts(result)[Situation.ATTRIBUTE_MISMATCH] == 1
    with office.database.reading(APP) as unit:
        assert unit.resources.read("User", staff[0]).document["name"] == {"givenName": "New", "formatted": "Kept"}


def test_a_dry_run_changes_nothing(office: Office, staff: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    result = reconcile(office.desk)
    assert result.exit_code is ExitCode.DRIFT
    assert result.report is not None
    assert len(result.report.plan.items) == 1
    assert office.is_open(staff[0])
    assert office.actions(staff[0]) == ["account:created"]


def test_only_the_plan_that_was_seen_is_carried_out(office: Office, staff: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    seen = reconcile(office.desk).report
    assert seen is not None
    unassign(office, LOGINS[1])
    report_drift(office.desk)
    stale = reconcile(office.desk, apply=True, expected_digest=seen.plan.digest)
    assert stale.exit_code is ExitCode.STALE_PLAN
    assert all(office.is_open(account) for account in staff)
    assert stale.report is not None
    fresh = reconcile(office.desk, apply=True, expected_digest=stale.report.plan.digest)
    assert (fresh.exit_code, fresh.applied) == (ExitCode.CLEAN, 2)


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_page_that_fails_says_nothing_and_changes_nothing(office: Office, staff: list[str], page: int) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    office.okta.hire("one-more@example.com")
    office.okta.failing_page = page
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.report, result.applied) == (ExitCode.SOURCE_UNHEALTHY, None, 0)
    assert all(office.is_open(account) for account in staff)


def test_an_inactive_application_is_source_unhealthy(office: Office, staff: list[str]) -> None:
    office.okta.app_active = False
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.SOURCE_UNHEALTHY


def test_an_empty_listing_is_not_believed(office: Office, staff: list[str]) -> None:
    unassign(office, *LOGINS)
    result = reconcile(office.desk, apply=True)
    assert result.exit_code is ExitCode.SOURCE_UNHEALTHY
    assert "empty" in result.message


def test_a_listing_that_shrank_is_believed_only_when_somebody_says_its_size(office: Office, staff: list[str]) -> None:
    report_drift(office.desk)
    unassign(office, *LOGINS[:3])
    for _ in range(3):
        assert reconcile(office.desk, apply=True).exit_code is ExitCode.SOURCE_UNHEALTHY
    desk = office.desk
    believing = type(desk)(desk.app, desk.policy, desk.source, desk.database, desk.announce, accepted_rows=3)
    assert reconcile(believing, apply=True).exit_code is ExitCode.DRIFT
    assert reconcile(office.desk, apply=True).applied == 3


def test_a_plan_above_the_threshold_changes_nothing_at_all(office: Office, staff: list[str]) -> None:
    office.policy = Policy(max_deactivations=1, min_listing_percent=0)
    unassign(office, *LOGINS[:2])
    report_drift(office.desk)
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.BLOCKED, 0)
    assert all(office.is_open(account) for account in staff)


def test_an_answer_that_is_not_definitive_closes_nobody(office: Office, staff: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    office.okta.unassign(okta_user_id)
    report_drift(office.desk)
    office.okta.unanswered.add(okta_user_id)
    result = reconcile(office.desk, apply=True)
    assert counts(result)[Situation.UNKNOWN] == 1
    assert office.is_open(staff[0])


def test_a_reassignment_between_plan_and_effect_wins(office: Office, staff: list[str]) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    row = office.okta.assigned[okta_user_id]
    office.okta.unassign(okta_user_id)
    report_drift(office.desk)

    def reassign_on_second_question(asked: str) -> None:
        if asked in office.okta.lookups[-1:]:
            office.okta.assigned[asked] = row

    office.okta.lookups.clear()
    office.okta.before_lookup = reassign_on_second_question
    result = reconcile(office.desk, apply=True)
    assert result.exit_code is ExitCode.PARTIAL
    assert "does not bear it out" in result.outcomes[0].reason
    assert office.is_open(staff[0])


@pytest.mark.parametrize("moment", ["during the walk", "before the effect"])
def test_a_push_that_lands_meanwhile_wins(office: Office, staff: list[str], moment: str) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)

    def push(_: object) -> None:
        office.okta.before_page = lambda _: None
        office.okta.before_lookup = lambda _: None
        office.edit(staff[0], nickName="pushed")

    if moment == "during the walk":
        office.okta.before_page = push
    else:
        office.okta.before_lookup = push
    result = reconcile(office.desk, apply=True)
    assert result.applied == 0
    assert office.is_open(staff[0])


def test_a_run_does_not_start_while_another_holds_the_application(office: Office, staff: list[str]) -> None:
    with office.database.transaction(APP, CAUSE) as unit:
        unit.acquire_lease("somebody else", LEASE_LASTS)
    assert report_drift(office.desk).exit_code is ExitCode.LEASE_HELD


def test_a_name_that_is_taken_skips_its_update_and_spares_the_others(office: Office, staff: list[str]) -> None:
    for old, new in ((LOGINS[0], LOGINS[1]), (LOGINS[2], "fresh@example.com")):
        row = office.okta.assigned[office.okta_id(old)]
        office.okta.assigned[row.okta_user_id] = type(row)(
            row.okta_user_id, old, row.external_id, "ACTIVE", "ACTIVE", attributes={"userName": new}
        )
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.PARTIAL, 1)
    with office.database.reading(APP) as unit:
        assert unit.resources.read("User", staff[2]).document["userName"] == "fresh@example.com"


@pytest.mark.parametrize("dies_after", range(1, 11))
def test_a_run_that_dies_anywhere_is_made_good_by_the_next(office: Office, staff: list[str], dies_after: int) -> None:
    unassign(office, *LOGINS[:3])
    office.policy = Policy(min_listing_percent=0)
    report_drift(office.desk)
    with office.database.transaction(APP, CAUSE) as unit:
        lease = unit.acquire_lease("dies", LEASE_LASTS)
        run_id = unit.runs.begin("apply", lease)
    kernel = kernel_of(office.desk, run_id, lease)
    for _ in range(dies_after):
        next(kernel)
    kernel.close()
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)
    reconcile(office.desk, apply=True)
    assert [office.is_open(account) for account in staff] == [False, False, False, True, True, True]
    assert [office.actions(account).count("account:deactivated") for account in staff] == [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("step", list(Step))
def test_a_run_that_lost_its_lease_has_no_further_effect(office: Office, staff: list[str], step: Step) -> None:
    unassign(office, *LOGINS[:2])
    office.policy = Policy(min_listing_percent=0)
    report_drift(office.desk)
    with office.database.transaction(APP, CAUSE) as unit:
        lease = unit.acquire_lease("loses it", LEASE_LASTS)
        run_id = unit.runs.begin("apply", lease)
    kernel = kernel_of(office.desk, run_id, lease)
    while next(kernel) is not step:
        pass
    closed_before = [office.is_open(account) for account in staff].count(False)
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)
        unit.acquire_lease("the later run", LEASE_LASTS)
    with pytest.raises(LeaseLostError):
        list(kernel)
    assert [office.is_open(account) for account in staff].count(False) == closed_before


def test_a_run_that_another_process_has_finished_is_not_ended_again(office: Office, staff: list[str]) -> None:
    dismiss(office, *LOGINS[:2])
    office.policy = Policy(min_listing_percent=0)

    def finish_it(_asked: str) -> None:
        with office.database.transaction(APP, CAUSE) as unit:
            if unit.runs.latest(1)[0].plan_digest is None:
                return
            connection = unit._scope.connection  # type: ignore[attr-defined]  # the clock that the port has not
            connection.execute(update(lease_row).values(expires=0))
        office.okta.before_lookup = lambda _: None
        resume(office.desk)

    office.okta.before_lookup = finish_it
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.LEASE_HELD
    with office.database.reading(APP) as unit:
        runs = unit.runs.latest()
        ended = [event for event in unit.audit_trail(limit=50) if event.action == Action.RUN_ENDED]
    assert [(run.kind, run.exit_code) for run in runs] == [("apply", ExitCode.DRIFT)]
    assert [event.detail["applied"] for event in ended] == [2]
    assert [office.is_open(account) for account in staff] == [False, False, True, True, True, True]


def test_the_ledger_tells_what_each_run_came_to(office: Office, staff: list[str]) -> None:
    report_drift(office.desk)
    office.okta.app_active = False
    reconcile(office.desk, apply=True)
    with office.database.reading(APP) as unit:
        runs = unit.runs.latest()
    assert [(run.kind, run.exit_code) for run in runs] == [("apply", 3), ("drift-report", 0)]


def test_a_run_that_lost_its_lease_asks_for_no_page(office: Office, staff: list[str]) -> None:
    with office.database.transaction(APP, CAUSE) as unit:
        lease = unit.acquire_lease("loses it", LEASE_LASTS)
        run_id = unit.runs.begin("apply", lease)
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)
        unit.acquire_lease("the later run", LEASE_LASTS)
    asked: list[int] = []
    office.okta.before_page = asked.append
    with pytest.raises(LeaseLostError):
        survey(office.desk, run_id, lease)
    assert asked == []
