"""One message for each reason, then a digest while it stands; nothing is told twice in a period, nothing forgotten."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.notices import (
    AT_ONCE,
    GIVEN_UP_AFTER,
    RETRIES,
    SEVERITIES,
    NoticeKind,
    Severity,
    Telling,
    decide,
    next_attempt,
    plan_round,
)
from tests.core.reasons import PERIOD, START, Reasons, a_notice, standing

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("told", "ended", "now", "telling"),
    [
        (None, None, 0 * HOUR, Telling.TELL_NOW),
        (None, None, 999 * HOUR, Telling.TELL_NOW),
        (1 * HOUR, None, 1 * HOUR, Telling.TOLD),
        (1 * HOUR, None, 24 * HOUR, Telling.TOLD),
        (1 * HOUR, None, 25 * HOUR, Telling.HOLD_FOR_DIGEST),
        (1 * HOUR, 2 * HOUR, 99 * HOUR, Telling.TOLD),
        (None, 2 * HOUR, 25 * HOUR, Telling.TELL_NOW),
        (None, 2 * HOUR, 26 * HOUR, Telling.TOLD),
    ],
)
def test_what_is_done_about_a_reason(
    told: timedelta | None, ended: timedelta | None, now: timedelta, telling: Telling
) -> None:
    assert decide(standing(told=told, ended=ended), START + now, PERIOD) is telling


def test_a_reason_is_named_by_its_kind_and_what_it_is_about() -> None:
    assert a_notice().reason == "source-unhealthy"
    assert a_notice("credential").reason == "source-unhealthy:credential"


def test_every_kind_has_a_severity() -> None:
    assert SEVERITIES.keys() == set(NoticeKind)


def test_what_is_urgent_comes_first_then_what_is_older() -> None:
    storm = standing("b", first=2 * HOUR)
    urgent = replace(storm, notice=a_notice(kind=NoticeKind.PUSH_STORM), first=START + 3 * HOUR)
    assert urgent.notice.severity is Severity.CRITICAL
    due = plan_round([storm, standing("a", first=HOUR), urgent], START + 4 * HOUR, PERIOD, None)
    assert [one.notice.reason for (one,) in due.news] == ["push-storm", "source-unhealthy:a", "source-unhealthy:b"]


@pytest.mark.parametrize(("reasons", "messages"), [(0, 0), (1, 1), (AT_ONCE, AT_ONCE), (AT_ONCE + 1, 1), (500, 1)])
def test_many_new_reasons_at_once_are_one_message(reasons: int, messages: int) -> None:
    due = plan_round([standing(str(number)) for number in range(reasons)], START, PERIOD, None)
    assert (len(due.news), sum(map(len, due.news))) == (messages, reasons)


def test_a_digest_holds_what_was_told_long_ago_and_waits_for_a_period_since_the_last() -> None:
    old, young = standing("old", told=0 * HOUR), standing("young", told=20 * HOUR)
    assert plan_round([old, young], START + 30 * HOUR, PERIOD, None).digest == (old,)
    assert plan_round([old, young], START + 30 * HOUR, PERIOD, START + 7 * HOUR).digest == ()
    assert plan_round([old, young], START + 31 * HOUR, PERIOD, START + 7 * HOUR).digest == (old,)


# ------------------------------------------------------------------ whatever happens

ABOUT = st.sampled_from("abcdefgh")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("raise"), ABOUT),
        st.tuples(st.just("end"), ABOUT),
        st.tuples(st.just("wait"), st.sampled_from([timedelta(minutes=1), HOUR, 7 * HOUR, 24 * HOUR, 50 * HOUR])),
        st.tuples(st.just("tell"), st.none()),
    ),
    max_size=60,
)


def played(steps: list[tuple[str, object]]) -> Reasons:
    """Return what came of the steps, with the rules held to after each."""
    reasons = Reasons()
    for what, argument in steps:
        if what == "raise":
            reasons.now += timedelta(microseconds=1)  # what is over and comes again comes later
            reasons.raise_notice(a_notice(str(argument)))
        elif what == "end":
            reasons.end(a_notice(str(argument)).reason)
        elif isinstance(argument, timedelta):
            reasons.now += argument
        else:
            reasons.tell()
            nothing_is_forgotten(reasons)
    return reasons


def nothing_is_forgotten(reasons: Reasons) -> None:
    for one in reasons.kept.values():
        if one.ended is None:
            assert one.told is not None
            assert reasons.now - one.told < 2 * PERIOD
        elif one.told is None:
            assert reasons.now - one.ended >= PERIOD


@given(STEPS)
def test_a_reason_that_stands_is_told_at_once_and_never_twice_within_a_period(steps: list[tuple[str, object]]) -> None:
    told: dict[tuple[str, datetime], list[datetime]] = {}
    for moment, _, one in played(steps).told:
        told.setdefault((one.notice.reason, one.first), []).append(moment)
    for moments in told.values():
        for earlier, later in pairwise(moments):
            assert later - earlier >= PERIOD


@given(STEPS)
def test_digests_are_a_period_apart_and_hold_nothing_that_is_over(steps: list[tuple[str, object]]) -> None:
    digests: dict[datetime, None] = {}
    for moment, in_digest, one in played(steps).told:
        if in_digest:
            digests[moment] = None
            assert one.ended is None
    moments = [*digests]
    assert all(later - earlier >= PERIOD for earlier, later in pairwise(moments))


@given(STEPS)
def test_a_reason_that_ended_and_comes_again_is_told_anew(steps: list[tuple[str, object]]) -> None:
    reasons = played(steps)
    reasons.tell()
    (reason, about) = a_notice("a").reason, "a"
    reasons.end(reason)
    reasons.now += timedelta(minutes=1)
    reasons.raise_notice(a_notice(about))
    assert [one.notice.reason for (one,) in reasons.tell().news] == [reason]
    assert reasons.tell().news == ()


# ------------------------------------------------------------------ trying again


def test_attempts_come_further_and_further_apart() -> None:
    waits = [next_attempt(attempts, START, START) for attempts in range(1, 9)]
    assert waits == [START + wait for wait in (*RETRIES, RETRIES[-1], RETRIES[-1])]


def test_a_receiver_may_ask_for_patience_within_bounds() -> None:
    for asked, waits in ((timedelta(seconds=5), RETRIES[0]), (HOUR / 2, HOUR / 2), (900 * HOUR, RETRIES[-1])):
        assert next_attempt(1, START, START, asked) == START + waits


def test_a_message_is_given_up_in_the_end() -> None:
    almost = START + GIVEN_UP_AFTER - timedelta(seconds=1)
    assert next_attempt(80, START, almost) == almost + RETRIES[-1]
    assert next_attempt(80, START, START + GIVEN_UP_AFTER) is None
