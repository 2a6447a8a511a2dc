"""When something is a matter for a notice, and what it says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.alarms import (
    NAMED,
    Revocation,
    StormRule,
    judge_freshness,
    judge_revocations,
    judge_storm,
    news_of_failure,
    news_of_report,
    news_of_unhealthy_source,
)
from syncd.core.classification import classify
from syncd.core.guard import Ground, Objection, Verdict
from syncd.core.notices import NoticeKind
from syncd.core.planning import make_plan
from syncd.core.policy import Policy
from syncd.core.reports import DriftReport, count_situations
from syncd.core.subjects import Absence, Lookup, Presence, Subject
from tests.core.builders import account, missing

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RULE = StormRule(20, 10 * MINUTE)


# ------------------------------------------------------------------ the dead man's switch


@pytest.mark.parametrize(
    ("sealed", "known", "missed"),
    [
        (26 * HOUR, 999 * HOUR, False),
        (26 * HOUR + MINUTE, 999 * HOUR, True),
        (None, 26 * HOUR, False),
        (None, 27 * HOUR, True),
        (-1 * HOUR, 999 * HOUR, False),
    ],
)
def test_a_listing_that_is_too_old_or_never_came_is_missed(
    sealed: timedelta | None, known: timedelta, missed: bool
) -> None:
    at = None if sealed is None else NOW - sealed
    notice = judge_freshness("crm", at, NOW - known, NOW, 26 * HOUR)
    assert (notice is not None) == missed
    assert judge_freshness("crm", at, NOW - known, NOW, timedelta(0)) is None


def test_it_says_when_the_last_one_was() -> None:
    old = judge_freshness("crm", NOW - 30 * HOUR, NOW - 99 * HOUR, NOW, 26 * HOUR)
    never = judge_freshness("crm", None, NOW - 99 * HOUR, NOW, 26 * HOUR)
    assert old is not None
    assert never is not None
    assert "2026-02-28 18:00 UTC" in old.lines[0]
    assert never.lines[0] == "None was ever read."
    assert (old.kind, old.reason) == (NoticeKind.FRESHNESS_MISSED, never.reason)


# ------------------------------------------------------------------ storms


@pytest.mark.parametrize(
    ("count", "standing", "storm"),
    [(0, False, False), (20, False, False), (21, False, True), (20, True, True), (11, True, True), (10, True, False)],
)
def test_more_than_is_allowed_is_a_storm_and_it_lasts_until_half_of_it(count: int, standing: bool, storm: bool) -> None:
    assert (judge_storm("crm", count, RULE, standing=standing) is not None) == storm


@given(st.integers(0, 10**6), st.booleans())
def test_a_rule_of_none_never_is_broken(count: int, standing: bool) -> None:
    assert judge_storm("crm", count, StormRule(0, 10 * MINUTE), standing=standing) is None


# ------------------------------------------------------------------ late revocations


@pytest.mark.parametrize(
    ("closed", "late"),
    [(HOUR, False), (2 * HOUR, False), (2 * HOUR + MINUTE, True), (None, True)],
)
def test_what_is_closed_later_than_agreed_is_late(closed: timedelta | None, late: bool) -> None:
    removed = NOW - 5 * HOUR
    one = Revocation("ada@example.com", removed, None if closed is None else removed + closed)
    notice = judge_revocations("crm", [one], NOW, 2 * HOUR)
    assert (notice is not None) == late
    if notice:
        assert ("still open" in notice.lines[0]) == (closed is None)
    assert judge_revocations("crm", [one], NOW, timedelta(0)) is None


def test_an_account_that_is_open_is_not_late_before_its_time() -> None:
    assert judge_revocations("crm", [Revocation("ada", NOW - HOUR)], NOW, 2 * HOUR) is None


def test_who_waits_longest_is_named_first_and_not_everybody() -> None:
    many = [Revocation(f"person{number:02d}", NOW - number * HOUR) for number in range(3, 30)]
    notice = judge_revocations("crm", many, NOW, 2 * HOUR)
    assert notice is not None
    assert notice.lines[0].startswith("person29: 29 hours")
    assert (len(notice.lines), notice.lines[-1]) == (NAMED + 1, f"... and {27 - NAMED} more")
    assert notice.title == "crm: 27 kept access for more than 2 hours, 27 still have it"


# ------------------------------------------------------------------ runs


def report(*subjects: Subject, policy: Policy | None = None, objections: tuple[str, ...] = ()) -> DriftReport:
    policy = policy or Policy()
    findings = tuple(classify(subjects, policy.protects))
    return DriftReport(
        app="crm",
        run_id="run-1",
        snapshot_id="s-1",
        started=NOW,
        sealed=NOW,
        assignments=0,
        accounts=len(subjects),
        linked=0,
        coverage=100.0,
        counts=count_situations(findings, 0),
        findings=findings,
        plan=make_plan("crm", findings, policy),
        verdict=Verdict(tuple(Objection(Ground.THRESHOLD, one) for one in objections)),
        policy_digest=policy.digest(),
    )


GONE = Lookup(Presence.UNASSIGNED, "404")


def gone(number: int = 1, hours: int = 30) -> Subject:
    held = account(id=f"account-{number}", user_name=f"person{number}@example.com")
    return missing(held, GONE, Absence(2, NOW - hours * HOUR, hours * HOUR))


def kinds(*raised: object) -> list[str]:
    return [str(getattr(one, "reason")) for one in raised]  # noqa: B009


def test_a_run_that_agrees_raises_nothing_and_ends_what_runs_can_find() -> None:
    news = news_of_report(report(), (), 48 * HOUR)
    assert news.raised == ()
    assert news.settled == set(NoticeKind) - {NoticeKind.PUSH_STORM, NoticeKind.AUDIT_LOG}


def test_a_blocked_plan_is_told_with_every_objection() -> None:
    (notice,) = news_of_report(report(objections=("too many", "too large a share")), (), 48 * HOUR).raised
    assert (notice.reason, notice.run_id) == ("quarantine", "run-1")
    assert notice.lines[:2] == ("too many", "too large a share")


def test_late_revocations_of_a_run_are_told_with_what_it_closed() -> None:
    found = report(gone(1, 50), gone(2, 60), gone(3, 3))
    (notice,) = news_of_report(found, {"account-2"}, 48 * HOUR).raised
    assert notice.title == "crm: 2 kept access for more than 48 hours, 1 still have it"
    assert notice.lines == ("person2@example.com: 60 hours, closed now", "person1@example.com: 50 hours, still open")


def test_each_protected_account_in_drift_is_a_reason_and_not_a_late_revocation() -> None:
    policy = Policy(protected=frozenset({"person1@example.com", "person2@example.com"}))
    raised = news_of_report(report(gone(1, 90), gone(2, 90), policy=policy), (), 48 * HOUR).raised
    assert kinds(*raised) == ["protected-drift:account-1", "protected-drift:account-2"]


def test_a_source_that_cannot_be_read_and_a_run_that_breaks_settle_only_their_own_kind() -> None:
    unhealthy = news_of_unhealthy_source("crm", "run-1", "credential", "Okta says 401")
    broken = news_of_failure("crm", "run-1", "ZeroDivisionError")
    assert kinds(*unhealthy.raised, *broken.raised) == ["source-unhealthy:credential", "run-failed"]
    assert unhealthy.settled == {NoticeKind.SOURCE_UNHEALTHY}
    assert broken.settled == {NoticeKind.RUN_FAILED}


@pytest.mark.parametrize(
    "notice",
    [
        judge_storm("crm", 99, RULE, standing=False),
        judge_freshness("crm", None, NOW - 99 * HOUR, NOW, HOUR),
        judge_revocations("crm", [Revocation("ada", NOW - 99 * HOUR)], NOW, HOUR),
        *news_of_failure("crm", "run-1", "X").raised,
        *news_of_unhealthy_source("crm", "run-1", "app", "what").raised,
    ],
)
def test_every_notice_names_the_application_and_what_to_do(notice: object) -> None:
    title, remedy = getattr(notice, "title"), getattr(notice, "remedy")  # noqa: B009
    assert title.startswith("crm: ")
    assert remedy
