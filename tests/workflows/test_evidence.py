"""A report is made once, while its run ends, and is the same whenever it is asked for."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.bootstrap.system import SystemClock
from syncd.core.changes import Action
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES, Mode, Situation
from syncd.ports import Database
from syncd.reporting import FORMATS, render
from syncd.reporting.document import digest_of
from syncd.store import SqlDatabase
from syncd.store.unit_of_work import SqlUnitOfWork
from syncd.workflows.evidence import NoReportError, as_json, kept_document
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.reconcile_subjects import reconcile_subjects
from syncd.workflows.running import ExitCode, RunResult
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office, dismiss, unassign
from tests.workflows.sealing import sealing


def told(result: RunResult) -> dict[str, Any]:
    assert result.document is not None
    return as_json(result.document)


def run_of(result: RunResult) -> str:
    run_id: str = told(result)["run"]["id"]
    return run_id


def test_an_earlier_report_comes_back_byte_for_byte_though_the_world_has_moved(
    office: Office, crowd: list[str]
) -> None:
    dismiss(office, LOGINS[0])
    first = report_drift(office.desk)
    unassign(office, *LOGINS[1:3])
    reconcile(office.desk, apply=True)
    report_drift(office.desk)
    again = kept_document(office.database, APP, run_of(first))
    assert again == first.document
    for form in FORMATS:
        assert render(as_json(again), form) == render(told(first), form)


def test_what_is_kept_is_the_json_file_and_the_audit_trail_names_its_digest(office: Office, crowd: list[str]) -> None:
    result = report_drift(office.desk)
    assert result.document == render(told(result), "json")
    with office.database.reading(APP) as unit:
        (ended,) = [one for one in unit.audit_trail(run_id=run_of(result)) if one.action == Action.RUN_ENDED]
    assert ended.detail["report"] == hashlib.sha256(result.document).hexdigest() == digest_of(told(result))


@pytest.mark.parametrize("apply", [False, True])
def test_a_run_that_repairs_leaves_a_report_of_what_it_found_and_did(
    office: Office, crowd: list[str], apply: bool
) -> None:
    dismiss(office, LOGINS[0])
    result = reconcile(office.desk, apply=apply)
    document = told(result)
    assert document["run"]["kind"] == ("apply" if apply else "dry-run")
    assert document["report"]["counts"] == {"in-sync": 5, "zombie-deprovisioned": 1}
    assert [one["outcome"] for one in document["outcomes"]] == (["done"] if apply else [])
    assert kept_document(office.database, APP, document["run"]["id"]) == result.document


def test_every_subject_is_in_exactly_one_situation(office: Office, crowd: list[str]) -> None:
    office.push("local@example.com", None)
    office.okta.hire("newcomer@example.com")
    unassign(office, LOGINS[0])
    balance = told(report_drift(office.desk))["balance"]
    assert balance == {
        "assignments": 6,
        "accounts": 7,
        "linkedAccounts": 5,
        "subjects": 8,
        "counted": 8,
        "line": "6 assignments in Okta and 2 accounts here without one are 8 subjects; 8 are counted, each in exactly "
        "one situation.",
    }


def test_the_trend_has_the_runs_that_found_something_and_those_that_could_not(office: Office, crowd: list[str]) -> None:
    dismiss(office, *LOGINS[:2])
    first = run_of(report_drift(office.desk))
    assigned = dict(office.okta.assigned)
    office.okta.assigned.clear()
    assert report_drift(office.desk).exit_code is ExitCode.SOURCE_UNHEALTHY
    office.okta.assigned.update(assigned)
    history = told(reconcile(office.desk, apply=True))["history"]
    assert [(one["kind"], one["exitCode"], one["drifted"]) for one in history[:2]] == [
        ("drift-report", 2, 2),
        ("drift-report", 3, None),
    ]
    assert history[0]["run"] == first
    assert (history[2]["kind"], history[2]["exitCode"]) == ("apply", 0), "its own run"


def test_how_long_access_stayed_open_is_told_of_what_runs_closed(office: Office, crowd: list[str]) -> None:
    unassign(office, LOGINS[0])
    dismiss(office, LOGINS[1])
    reconcile(office.desk, apply=True)
    reconcile(office.desk, apply=True)
    found = told(report_drift(office.desk))["revocations"]
    assert (found["carriedOut"], found["withoutBeginning"]) == (2, 0), "since the first listing without them"
    assert [bar["count"] for bar in found["histogram"]] == [2, 0, 0, 0, 0, 0, 0]
    assert found["late"] == 0


def test_a_listing_that_comes_too_late_is_told_as_late(office: Office, crowd: list[str]) -> None:
    first = told(report_drift(office.desk))["freshness"]
    assert (first["runBefore"], first["late"]) == (None, False)
    later = told(report_drift(replace(office.desk, freshness=timedelta(hours=26))))["freshness"]
    assert (later["allowedSeconds"], later["late"]) == (26 * 3600, False)
    with office.database.transaction(APP, CAUSE) as unit:
        assert isinstance(unit, SqlUnitOfWork)
        unit._scope.connection.exec_driver_sql(f"UPDATE run SET ended = ended - {30 * 3600 * 1_000_000}")
    late = told(report_drift(replace(office.desk, freshness=timedelta(hours=26))))["freshness"]
    assert late["late"]
    assert late["gapSeconds"] >= 30 * 3600


def test_the_checkpoint_is_the_one_that_was_newest_when_the_report_was_made(
    office: Office, crowd: list[str], tmp_path: Path
) -> None:
    assert told(report_drift(office.desk))["checkpoint"] is None
    assert isinstance(office.database, SqlDatabase)
    signed = sealing(office.database, SystemClock(), tmp_path / "heads").sign("somebody")
    assert told(report_drift(office.desk))["checkpoint"] == signed.as_json()


# ------------------------------------------------------------------ where there is no report


def refused(database: Database, run_id: str) -> str:
    with pytest.raises(NoReportError) as caught:
        kept_document(database, APP, run_id)
    return str(caught.value)


def latest(office: Office) -> str:
    with office.database.reading(APP) as unit:
        return unit.runs.latest(1)[0].run_id


def test_why_there_is_no_report_is_told(office: Office, crowd: list[str]) -> None:
    assert "has no run nowhere" in refused(office.database, "nowhere")
    office.okta.assigned.clear()
    assert report_drift(office.desk).document is None
    assert "before there was anything to say of everybody (exit code 3)" in refused(office.database, latest(office))
    with office.database.transaction(APP, CAUSE) as unit:
        running = unit.runs.begin("drift-report", None)
    assert "has not ended yet" in refused(office.database, running)


def test_a_run_over_some_people_has_no_report(office: Office, crowd: list[str]) -> None:
    gone = office.okta_id(LOGINS[0])
    dismiss(office, LOGINS[0])
    result = reconcile_subjects(office.desk, {gone: None})
    assert result.document is None
    assert "of the kind delta, which is not over everybody" in refused(office.database, latest(office))


def test_where_reports_are_not_kept_the_run_still_has_one(office: Office, crowd: list[str]) -> None:
    result = report_drift(replace(office.desk, reports_last=timedelta(0)))
    assert result.document is not None
    assert "report_days" in refused(office.database, run_of(result))


def test_more_subjects_than_a_run_looks_at_still_balance(
    office: Office, crowd: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.workflows.survey.MOST_SUBJECTS", 2)
    office.policy = Policy(min_listing_percent=0, modes=DEFAULT_MODES | {Situation.GHOST: Mode.REPORT})
    unassign(office, *LOGINS[:4])
    office.okta.hire("newcomer@example.com")
    document = told(report_drift(office.desk))
    assert document["balance"]["subjects"] == 7
    assert document["unknown"] == 7 - 2 - 2, "two agree, and two are looked at"
