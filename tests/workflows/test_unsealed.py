"""Where the audit log is signed and does not go on, nothing new is done: what was done could be taken out of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.core.changes import Cause
from syncd.core.guard import MOST_UNSEALED, Ground, judge_record
from syncd.delivery.heads import HeadFolder
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.running import ExitCode
from syncd.workflows.seal_audit import LEASE, Notary
from syncd.workflows.undo import undo
from tests.conftest import SteppingClock
from tests.workflows.conftest import APP, LOGINS, Office, dismiss
from tests.workflows.dying import die
from tests.workflows.sealing import ORIGIN, Sealing


@pytest.fixture
def sealed(database: SqlDatabase, clock: SteppingClock, office: Office, tmp_path: Path) -> Sealing:
    """A log that is sealed and signed, with everything that has happened so far."""
    heads = HeadFolder(tmp_path, ORIGIN)
    notary = Notary(database.audit_log, clock, ORIGIN, SigningKey.new(ORIGIN), is_signed, heads)
    return Sealing(database, notary, heads, database.audit_log.take("test", LEASE))


def test_a_plan_waits_for_the_log_to_go_on(
    office: Office, crowd: list[str], sealed: Sealing, clock: SteppingClock
) -> None:
    sealed.seal()
    dismiss(office, *LOGINS[:2])
    assert report_drift(office.desk).exit_code is ExitCode.DRIFT
    clock.moment += MOST_UNSEALED
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.BLOCKED, 0)
    assert result.report is not None
    assert [one.ground for one in result.report.verdict.objections] == [Ground.AUDIT]
    assert all(office.is_open(one) for one in crowd)
    while sealed.seal().is_more:
        pass
    assert reconcile(office.desk, apply=True).applied == 2


def test_no_approval_goes_beyond_the_log(
    office: Office, crowd: list[str], sealed: Sealing, clock: SteppingClock
) -> None:
    sealed.seal()
    dismiss(office, *LOGINS[:3])
    desk = replace(office.desk, policy=replace(office.desk.policy, max_deactivations=2))
    assert reconcile(desk, apply=True).exit_code is ExitCode.BLOCKED
    with office.database.transaction(APP, Cause("operator:ann")) as unit:
        unit.decisions.approve(unit.runs.latest(1)[0].plan_digest or "", "bob", "right", timedelta(hours=4))
    clock.moment += MOST_UNSEALED
    result = reconcile(desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.BLOCKED, 0)
    assert "to be sealed" in result.message
    assert "max_deactivations" not in result.message, "that one is overruled"
    while sealed.seal().is_more:
        pass
    assert reconcile(desk, apply=True).applied == 3
    assert not any(office.is_open(one) for one in crowd[:3])


def test_a_log_that_nobody_signs_stops_nothing(office: Office, crowd: list[str], clock: SteppingClock) -> None:
    dismiss(office, *LOGINS[:2])
    clock.moment += MOST_UNSEALED
    assert reconcile(office.desk, apply=True).applied == 2
    assert len(crowd) == len(LOGINS)


def test_a_run_without_anything_to_do_is_clean_all_the_same(
    office: Office, crowd: list[str], sealed: Sealing, clock: SteppingClock
) -> None:
    sealed.seal()
    report_drift(office.desk)
    clock.moment += 2 * MOST_UNSEALED
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.CLEAN
    assert len(crowd) == len(LOGINS)


def test_an_undo_waits_too(office: Office, crowd: list[str], sealed: Sealing, clock: SteppingClock) -> None:
    ada = office.okta_id(LOGINS[0])
    row = office.okta.assigned[ada]
    dismiss(office, LOGINS[0])
    reconcile(office.desk, apply=True)
    office.okta.people[ada], office.okta.assigned[ada] = "ACTIVE", row
    with office.database.reading(APP) as unit:
        run_id = unit.runs.latest(1)[0].run_id
    sealed.seal()
    report_drift(office.desk)
    clock.moment += MOST_UNSEALED
    assert undo(office.desk, run_id, apply=True)[1].exit_code is ExitCode.BLOCKED
    assert not office.is_open(crowd[0])


def test_what_a_run_left_that_died_waits_too(
    office: Office, crowd: list[str], sealed: Sealing, clock: SteppingClock
) -> None:
    sealed.seal()
    dismiss(office, *LOGINS[:2])
    die(office, 1)
    office.edit(crowd[5], nickName="an event")
    clock.moment += MOST_UNSEALED + timedelta(seconds=10)
    reconcile(office.desk, apply=True)
    assert all(office.is_open(one) for one in crowd)


def test_a_log_that_stops_while_a_plan_is_carried_out_stops_the_rest_of_it(
    office: Office, crowd: list[str], sealed: Sealing, clock: SteppingClock
) -> None:
    sealed.seal()
    dismiss(office, *LOGINS[:3])
    report_drift(office.desk)
    while sealed.seal().is_more:
        pass

    def stop_after_the_first(_: str) -> None:
        if not all(office.is_open(one) for one in crowd):
            clock.moment += MOST_UNSEALED

    office.okta.before_lookup = stop_after_the_first
    assert reconcile(office.desk, apply=True).applied == 1
    assert [office.is_open(one) for one in crowd].count(False) == 1


def test_a_minute_is_the_most_that_an_event_may_wait() -> None:
    assert judge_record(None) == judge_record(MOST_UNSEALED) == ()
    (objection,) = judge_record(MOST_UNSEALED + timedelta(microseconds=1))
    assert "syncd audit seal" in str(objection)
