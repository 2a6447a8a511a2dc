"""Access reviews in the small application: opened, decided about, and carried out."""

from dataclasses import replace
from datetime import date
from typing import Any

from syncd.core.changes import Cause
from syncd.core.reviews import Decision, Judgement, Review, Scope
from syncd.core.situations import Situation
from syncd.workflows.decide import approve_plan
from syncd.workflows.open_review import NewReview, open_review
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.review_access import decide_account
from syncd.workflows.running import ExitCode, RunResult
from tests.workflows.conftest import APP, Office

ANN = Cause("operator:ann", reason="because")
PERIOD = (date(2026, 7, 1), date(2026, 9, 30))


def wanted(**changes: Any) -> NewReview:
    return replace(NewReview("r-1", Scope.ALL, PERIOD, "grace@example.com"), **changes)


def opened(office: Office, **changes: Any) -> Review:
    return open_review(office.database, APP, Cause("operator:ann"), office.policy, wanted(**changes))


def decide(office: Office, key: str, decision: Decision = Decision.REJECT, review_id: str = "r-1") -> None:
    judgement = Judgement(key, decision, "grace@example.com", "left the team")
    decide_account(office.database, APP, Cause("operator:ann"), review_id, judgement)


def approved(office: Office) -> RunResult:
    """Approve the plan that a run makes now, and carry it out."""
    shown = reconcile(office.desk)
    assert shown.report is not None
    approve_plan(office.database, APP, ANN, shown.report.plan.digest, "bob")
    return reconcile(office.desk, apply=True, expected_digest=shown.report.plan.digest)


def situations(result: RunResult) -> dict[str, Situation]:
    assert result.report is not None
    return {one.account.user_name: one.situation for one in result.report.findings if one.account}


def outcome(office: Office, account_id: str, review_id: str = "r-1") -> str:
    with office.database.reading(APP) as unit:
        return unit.reviews.remediations(review_id)[account_id].told


def begun(office: Office) -> Review:
    """Open a review of the six people of the crowd, who are in sync."""
    assert report_drift(office.desk).exit_code is ExitCode.CLEAN
    return opened(office)
