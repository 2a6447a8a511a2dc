"""What events are taken for: hints at people, and reasons for which hints do not suffice."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.core.okta_events import (
    EVENT_TYPES,
    LIFECYCLE,
    MEMBERSHIP,
    REVOKING,
    HintKind,
    LogEvent,
    Turn,
    after_page,
    beyond_hints,
    full_run_due,
    gap,
    hints_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETENTION = timedelta(days=90)


def event(event_type: str, *user_ids: str, uuid: str = "u1", group_ids: tuple[str, ...] = ()) -> LogEvent:
    return LogEvent(uuid, NOON, event_type, True, user_ids, group_ids=group_ids)


def test_each_person_of_an_event_is_a_hint_once() -> None:
    twice = event("application.user_membership.add", "00u1", "00u1", "00u2")
    assert [one.okta_user_id for one in hints_of([twice, twice])] == ["00u1", "00u2"]


def test_an_event_about_nobody_is_no_hint() -> None:
    assert hints_of([event("application.lifecycle.update")]) == ()


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("application.user_membership.remove", HintKind.REMOVED),
        ("application.provision.user.deactivate", HintKind.REVOKING),
        ("user.lifecycle.suspend", HintKind.REVOKING),
        ("user.lifecycle.delete.initiated", HintKind.REVOKING),
        ("application.user_membership.add", HintKind.OTHER),
        ("user.lifecycle.activate", HintKind.OTHER),
        ("user.lifecycle.a_type_of_next_year", HintKind.OTHER),
    ],
)
def test_what_may_end_access_is_told_apart_and_unknown_types_are_hints_too(event_type: str, kind: HintKind) -> None:
    (hint,) = hints_of([event(event_type, "00u1")])
    assert hint.kind is kind


def test_a_removal_that_failed_removed_nothing() -> None:
    (hint,) = hints_of([LogEvent("u1", NOON, "application.user_membership.remove", False, ("00u1",))])
    assert hint.kind is HintKind.REVOKING


def test_a_push_that_failed_is_a_hint_like_any_other() -> None:
    failed = LogEvent("u1", NOON, "application.provision.user.deactivate", False, ("00u1",))
    assert [one.okta_user_id for one in hints_of([failed])] == ["00u1"]


def test_every_revoking_type_is_asked_for() -> None:
    asked = {one for types in EVENT_TYPES.values() for one in types}
    assert asked >= REVOKING
    assert all(one.startswith("user.lifecycle.") for one in EVENT_TYPES[LIFECYCLE])
    assert not set(EVENT_TYPES[MEMBERSHIP]) & set(EVENT_TYPES[LIFECYCLE])


def test_a_group_that_was_unassigned_needs_a_full_run() -> None:
    assert beyond_hints([event("application.user_membership.remove", "00u1")]) is None
    removed = event("group.application_assignment.remove", group_ids=("00g7",))
    assert "00g7" in (beyond_hints([removed]) or "")


@pytest.mark.parametrize(
    ("age", "lost"),
    [(None, True), (timedelta(), False), (RETENTION - timedelta(seconds=1), False), (RETENTION, True)],
)
def test_a_gap_as_long_as_the_log_goes_back_cannot_be_bridged(age: timedelta | None, lost: bool) -> None:
    assert (gap(age, RETENTION) is not None) is lost


def test_a_full_run_counts_when_it_began_after_the_log_was_taken_up() -> None:
    assert full_run_due(NOON, None)
    assert full_run_due(NOON, NOON)
    assert not full_run_due(NOON, NOON + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("following", "ended", "turn"),
    [
        ("c2", False, Turn.ON),
        ("c2", True, Turn.END),
        ("c1", True, Turn.END),
        ("c1", False, Turn.STUCK),
        ("c0", False, Turn.STUCK),
    ],
)
def test_a_poll_ends_with_a_page_that_is_not_full_and_never_goes_in_circles(
    following: str, ended: bool, turn: Turn
) -> None:
    assert after_page(following, {"c0", "c1"}, ended=ended) is turn
