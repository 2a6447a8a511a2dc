"""A failed run is one message, a second one none; one that recovered and fails again is told anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from scim.resource import MembershipChange
from syncd.core.alarms import StormRule
from syncd.core.changes import Cause
from syncd.core.messages import MessageKind
from syncd.core.notices import GIVEN_UP_AFTER
from syncd.core.policy import Policy
from syncd.workflows.notify import Delivered, Post, deliver_notices, tidy, watch_freshness, watch_push_storm
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.running import ExitCode
from tests.conftest import SteppingClock
from tests.fakes.notifier import FakeNotifier
from tests.workflows.conftest import APP, Office

LOGINS = [f"person{number}@example.com" for number in range(6)]
DAY = timedelta(hours=24)
NOBODY = MembershipChange()
RULE = StormRule(3, timedelta(minutes=10))


@pytest.fixture
def staff(office: Office) -> list[str]:
    """Six people, assigned and pushed; their SCIM ids."""
    return [office.hire(login) for login in LOGINS]


@pytest.fixture
def pager() -> FakeNotifier:
    return FakeNotifier("pager")


@pytest.fixture
def post(office: Office, pager: FakeNotifier, clock: SteppingClock) -> Post:
    numbers = iter(range(1000))
    return Post(office.database, {"pager": pager}, clock, lambda: f"m-{next(numbers)}", DAY)


def reasons(office: Office) -> list[str]:
    with office.database.reading(APP) as unit:
        return [one.notice.reason for one in unit.notices.standing() if one.ended is None]


def waiting(office: Office) -> int:
    with office.database.reading(APP) as unit:
        return unit.notices.waiting()


# ------------------------------------------------------------------ runs


def test_a_source_that_fails_night_after_night_is_told_once_until_it_recovers(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier
) -> None:
    def night(page: int | None) -> int:
        office.okta.failing_page = page
        reconcile(office.desk, apply=True)
        deliver_notices(post, APP)
        return len(pager.messages)

    assert [night(page) for page in (2, 2, 3, None, None, 1, 1)] == [1, 1, 1, 1, 1, 2, 2]
    assert pager.titles == ["syncd: crm: Okta could not be read completely (listing)"] * 2
    assert reasons(office) == ["source-unhealthy:listing"]
    assert [message.id for message in pager.messages] == ["m-0", "m-1"]


def test_another_reason_of_the_same_kind_is_another_message(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier
) -> None:
    office.okta.failing_page = 1
    reconcile(office.desk)
    office.okta.app_active = False
    reconcile(office.desk)
    deliver_notices(post, APP)
    faults = [message.reasons[0].notice.about for message in pager.messages]
    assert faults[0] == "listing"
    assert reasons(office) == [f"source-unhealthy:{faults[-1]}"]


def test_a_run_that_breaks_is_told_by_its_error_s_name_alone(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier
) -> None:
    def fail(_: int) -> None:
        raise ZeroDivisionError("with a secret in it")

    office.okta.before_page = fail
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            reconcile(office.desk)
        deliver_notices(post, APP)
    assert pager.titles == ["syncd: crm: a run ended in an error (ZeroDivisionError)"]
    assert "secret" not in str(pager.messages[0].as_json())
    office.okta.before_page = lambda _: None
    reconcile(office.desk)
    assert reasons(office) == []


def test_a_person_who_interrupts_a_run_is_not_told_of_it(office: Office, staff: list[str]) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    office.okta.before_page = interrupt
    with pytest.raises(KeyboardInterrupt):
        reconcile(office.desk)
    assert reasons(office) == []


def test_a_blocked_plan_is_told_and_stands_until_a_plan_is_allowed(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier
) -> None:
    office.policy = Policy(max_deactivations=1, min_listing_percent=0)
    for login in LOGINS[:2]:
        office.okta.unassign(office.okta_id(login))
    report_drift(office.desk)
    for _ in range(2):
        assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
        deliver_notices(post, APP)
    assert pager.titles == ["syncd: crm: the plan is blocked"]
    (told,) = pager.messages[0].reasons
    assert told.notice.lines[0] == "2 deactivations are more than max_deactivations = 1"
    office.policy = Policy(min_listing_percent=0)
    reconcile(office.desk, apply=True)
    assert reasons(office) == []


def test_a_listing_that_cannot_be_read_does_not_end_what_it_says_nothing_about(
    office: Office, staff: list[str]
) -> None:
    office.policy = Policy(protected=frozenset({LOGINS[0]}), min_listing_percent=0)
    office.okta.unassign(office.okta_id(LOGINS[0]))
    report_drift(office.desk)
    report_drift(office.desk)
    assert reasons(office) == [f"protected-drift:{staff[0]}"]
    office.okta.failing_page = 1
    report_drift(office.desk)
    assert reasons(office) == [f"protected-drift:{staff[0]}", "source-unhealthy:listing"]


def test_drift_of_each_protected_account_is_a_reason_of_its_own(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier
) -> None:
    office.policy = Policy(protected=frozenset(LOGINS[:2]), min_listing_percent=0)
    for number in (0, 1):
        office.okta.unassign(office.okta_id(LOGINS[number]))
        report_drift(office.desk)
        deliver_notices(post, APP)
    assert [LOGINS[number] in pager.titles[number] for number in (0, 1)] == [True, True]


def test_access_that_is_kept_for_too_long_is_told_with_who_still_has_it(office: Office, staff: list[str]) -> None:
    office.okta.unassign(office.okta_id(LOGINS[0]))
    desk = replace(office.desk, revocation_sla=timedelta(microseconds=1))
    report_drift(desk)
    report_drift(desk)
    (reason,) = reasons(office)
    assert reason == "late-revocation"
    with office.database.reading(APP) as unit:
        (one,) = unit.notices.standing()
    assert "1 still have it" in one.notice.title
    assert LOGINS[0] in one.notice.lines[0]
    reconcile(desk, apply=True)
    with office.database.reading(APP) as unit:
        (one,) = unit.notices.standing()
    assert "0 still have it" in one.notice.title
    reconcile(desk, apply=True)
    assert reasons(office) == []


def test_a_run_that_is_kept_out_says_nothing(office: Office, staff: list[str]) -> None:
    with office.database.transaction(APP, Cause("test")) as unit:
        unit.acquire_lease("somebody else", timedelta(minutes=5))
    assert report_drift(office.desk).exit_code is ExitCode.LEASE_HELD
    assert reasons(office) == []


# ------------------------------------------------------------------ watching


def test_the_dead_man_s_switch_needs_no_run(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    allowed = timedelta(hours=26)
    watch_freshness(office.database, APP, allowed, clock)
    assert reasons(office) == []
    clock.moment += timedelta(hours=27)
    for _ in range(3):
        watch_freshness(office.database, APP, allowed, clock)
        deliver_notices(post, APP)
    assert pager.titles == ["syncd: crm: no complete listing from Okta for more than 26 hours"]
    with office.database.reading(APP) as unit:
        assert [one.times for one in unit.notices.standing()] == [1]
    report_drift(office.desk)
    assert reasons(office) == []


def test_freshness_counts_from_the_last_sealed_listing_and_can_be_switched_off(
    office: Office, staff: list[str]
) -> None:
    report_drift(office.desk)
    later = SteppingClock()
    later.moment = datetime.now(UTC) + timedelta(hours=27)
    watch_freshness(office.database, APP, timedelta(hours=28), later)
    watch_freshness(office.database, APP, timedelta(0), later)
    assert reasons(office) == []
    watch_freshness(office.database, APP, timedelta(hours=26), later)
    assert reasons(office) == ["freshness-missed"]
    watch_freshness(office.database, APP, timedelta(hours=28), later)
    assert reasons(office) == []


def close(office: Office, *ids: str) -> None:
    for account_id in ids:
        with office.database.transaction(APP, Cause("token:t1")) as unit:
            stored = unit.resources.read("User", account_id)
            unit.resources.update(stored, {**stored.document, "active": False}, NOBODY)


def test_a_storm_of_pushes_is_honoured_and_told(
    office: Office, staff: list[str], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    close(office, *staff[:3])
    watch_push_storm(office.database, APP, RULE, clock)
    assert reasons(office) == []
    close(office, staff[3])
    watch_push_storm(office.database, APP, RULE, clock)
    close(office, staff[4])
    watch_push_storm(office.database, APP, RULE, clock)
    deliver_notices(post, APP)
    deliver_notices(post, APP)
    assert pager.titles == ["syncd: crm: 5 accounts were closed by pushes within 10 minutes"]
    assert [office.is_open(account) for account in staff] == [False] * 5 + [True]
    clock.moment += timedelta(minutes=11)
    watch_push_storm(office.database, APP, RULE, clock)
    assert reasons(office) == []


# ------------------------------------------------------------------ delivering


@pytest.fixture
def failed(office: Office, staff: list[str]) -> Callable[[], None]:
    """Let a run fail."""

    def fail() -> None:
        office.okta.failing_page = 1
        reconcile(office.desk)

    fail()
    return fail


def test_what_stands_for_a_day_is_told_again_in_one_digest_a_day(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    for _ in range(49):
        deliver_notices(post, APP)
        clock.moment += timedelta(hours=1)
    assert [message.kind for message in pager.messages] == [
        MessageKind.NOTICE,
        MessageKind.DIGEST,
        MessageKind.DIGEST,
    ]


def test_a_message_that_does_not_get_there_is_tried_again_with_the_same_id(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    pager.trouble = "no answer"
    with capture_logs() as logs:
        assert deliver_notices(post, APP) == Delivered(failed=1)
        assert deliver_notices(post, APP) == Delivered()
    assert [(line["event"], line["attempt"], line["log_level"]) for line in logs] == [
        ("notice not delivered", 1, "warning")
    ]
    pager.trouble = None
    clock.moment += timedelta(minutes=1)
    assert deliver_notices(post, APP) == Delivered(arrived=1)
    assert [message.id for message in pager.messages] == ["m-0"]
    assert waiting(office) == 0


def test_a_way_that_fails_does_not_repeat_the_others(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    broken = FakeNotifier("broken", trouble="no answer")
    post = replace(post, notifiers={"pager": pager, "broken": broken})
    for _ in range(5):
        deliver_notices(post, APP)
        clock.moment += timedelta(hours=1)
    assert len(pager.messages) == 1


def test_a_message_is_given_up_in_the_end_and_said_so(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    pager.trouble = "no answer"
    post = replace(post, period=timedelta(days=90))
    with capture_logs() as logs:
        while waiting(office) or not logs:
            deliver_notices(post, APP)
            clock.moment += timedelta(minutes=30)
    assert logs[-1]["event"] == "notice given up"
    assert logs[-1]["log_level"] == "error"
    assert logs[-1]["attempt"] > GIVEN_UP_AFTER / timedelta(hours=1.5)


def test_nothing_is_sent_inside_of_a_transaction(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier
) -> None:
    open_ones: list[int] = []
    pager.before_send = lambda _: open_ones.append(office.database.in_use)  # type: ignore[attr-defined]
    deliver_notices(post, APP)
    assert open_ones == [0]


def test_a_process_that_dies_after_sending_sends_again_under_the_same_id(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    def die(_: object) -> None:
        pager.before_send = lambda _: None
        raise KeyboardInterrupt

    pager.before_send = die
    with pytest.raises(KeyboardInterrupt):
        deliver_notices(post, APP)
    assert deliver_notices(post, APP) == Delivered()
    clock.moment += timedelta(minutes=6)
    assert deliver_notices(post, APP) == Delivered(arrived=1)
    assert [message.id for message in pager.messages] == ["m-0"]


def test_without_a_way_reasons_are_kept_and_told_once_there_is_one(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier
) -> None:
    assert deliver_notices(replace(post, notifiers={}), APP) == Delivered()
    assert waiting(office) == 0
    assert deliver_notices(post, APP) == Delivered(arrived=1)


def test_a_way_that_is_not_configured_any_more_keeps_nothing_waiting_for_ever(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    pager.trouble = "no answer"
    deliver_notices(post, APP)
    clock.moment += GIVEN_UP_AFTER
    other = replace(post, notifiers={"other": FakeNotifier("other")}, period=timedelta(days=90))
    assert deliver_notices(other, APP).given_up == 1
    assert waiting(office) == 0


def test_a_failure_to_deliver_fails_no_run(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier
) -> None:
    pager.trouble = "no answer"
    deliver_notices(post, APP)
    office.okta.failing_page = None
    assert reconcile(office.desk).exit_code is ExitCode.CLEAN


def test_delivered_messages_are_forgotten_after_a_while(
    office: Office, failed: Callable[[], None], post: Post, pager: FakeNotifier, clock: SteppingClock
) -> None:
    deliver_notices(post, APP)
    clock.moment += timedelta(days=31)
    tidy(post, APP)
    deliver_notices(post, APP)
    assert [message.kind for message in pager.messages] == [MessageKind.NOTICE, MessageKind.DIGEST]
