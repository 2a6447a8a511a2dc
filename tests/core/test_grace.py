"""What is so new that its push may be on its way is told, and is no drift until the grace is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import Finding, classify
from syncd.core.planning import grant_grace, make_plan
from syncd.core.policy import Policy, Rule, in_words
from syncd.core.situations import NO_DRIFT, TAXONOMY, Mode, Situation
from syncd.core.subjects import MarkKind, Subject
from tests.core.builders import account, assignment, linked, subjects

HALF_AN_HOUR, A_DAY = timedelta(minutes=30), timedelta(hours=24)
A_MOMENT = timedelta(microseconds=1)
POLICY = Policy()


def judged(subject: Subject, policy: Policy = POLICY) -> Finding:
    (finding,) = grant_grace(classify([subject], policy.protects), policy)
    return finding


def ghost(age: timedelta | None, **changes: object) -> Subject:
    return Subject(assignment(age=age, **changes), ())


def pending(age: timedelta | None, **changes: object) -> Subject:
    return linked(account(**changes), assignment(app_status="PENDING", age=age))


@pytest.mark.parametrize(
    ("subject", "situation"),
    [
        (ghost(timedelta()), Situation.WITHIN_GRACE),
        (ghost(HALF_AN_HOUR - A_MOMENT), Situation.WITHIN_GRACE),
        (ghost(HALF_AN_HOUR), Situation.GHOST),
        (ghost(None), Situation.GHOST),
        (ghost(timedelta(), sync_state="SYNCING"), Situation.WITHIN_GRACE),
        (ghost(timedelta(), sync_state="OUT_OF_SYNC"), Situation.WITHIN_GRACE),
        (ghost(timedelta(), sync_state="ERROR"), Situation.GHOST),
        (pending(timedelta()), Situation.WITHIN_GRACE),
        (pending(A_DAY - A_MOMENT), Situation.WITHIN_GRACE),
        (pending(A_DAY), Situation.SOURCE_SYNC_ERROR),
        (pending(None), Situation.SOURCE_SYNC_ERROR),
        (linked(account(), assignment(sync_state="ERROR", age=timedelta())), Situation.SOURCE_SYNC_ERROR),
        (linked(account(), assignment(sync_state="OUT_OF_SYNC", age=timedelta())), Situation.SOURCE_SYNC_ERROR),
        (
            linked(account(), assignment(app_status="PENDING", sync_state="ERROR", age=timedelta())),
            Situation.SOURCE_SYNC_ERROR,
        ),
        (linked(account(), assignment(age=timedelta())), Situation.IN_SYNC),
        (linked(account(active=False), assignment(age=timedelta())), Situation.LAPSED),
        (pending(timedelta(), protected=True), Situation.WITHIN_GRACE),
        (pending(A_DAY, protected=True), Situation.PROTECTED_DRIFT),
        (pending(timedelta(), marks=frozenset({MarkKind.EXEMPT})), Situation.OUT_OF_SCOPE),
    ],
)
def test_the_age_decides_where_a_push_may_still_come(subject: Subject, situation: Situation) -> None:
    assert judged(subject).situation is situation


def test_what_is_within_its_grace_says_what_it_would_be_for_how_long_and_until_when() -> None:
    finding = judged(ghost(timedelta(minutes=12, seconds=59)))
    assert finding.base is Situation.GHOST
    assert "no account is linked" in finding.reason
    assert "so for 12 minutes in Okta, and the grace is 30 minutes" in finding.reason


def test_a_person_who_waits_for_a_push_is_told_apart_from_one_whose_push_failed() -> None:
    assert "PENDING" in judged(pending(A_DAY)).reason
    assert "failed" in judged(linked(account(), assignment(sync_state="ERROR"))).reason


def test_nothing_is_proposed_within_the_grace_and_it_is_no_drift() -> None:
    policy = Policy(modes={**POLICY.modes, Situation.GHOST: Mode.PROPOSE})
    assert make_plan("app", [judged(ghost(timedelta()), policy)], policy).items == ()
    assert len(make_plan("app", [judged(ghost(HALF_AN_HOUR), policy)], policy).items) == 1
    assert Situation.WITHIN_GRACE in NO_DRIFT


def test_each_grace_can_be_chosen_by_itself() -> None:
    policy = Policy(absence_grace=timedelta(hours=3), rules={Situation.GHOST: Rule(grace=timedelta())})
    assert judged(ghost(timedelta()), policy).situation is Situation.GHOST
    assert judged(pending(timedelta(hours=23)), policy).situation is Situation.WITHIN_GRACE
    assert (policy.grace(Situation.GHOST), policy.grace(Situation.SOURCE_SYNC_ERROR)) == (timedelta(), A_DAY)
    assert policy.grace(Situation.ORPHAN_UNASSIGNED) == timedelta(hours=3)


def test_another_grace_is_another_policy() -> None:
    changed = Policy(rules={Situation.GHOST: Rule(grace=timedelta(hours=1))})
    same = Policy(rules={Situation.GHOST: Rule(grace=timedelta(minutes=30))})
    digests = {policy.digest() for policy in (POLICY, changed, Policy(absence_grace=timedelta(hours=1)))}
    assert len(digests) == 3
    assert grant_grace(classify([ghost(HALF_AN_HOUR)], same.protects), same)[0].situation is Situation.GHOST


AGES = st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=3)))


@given(subjects(), AGES, AGES)
def test_a_grace_only_ever_takes_drift_off_what_may_end_by_itself(
    world: tuple[Subject, ...], age: timedelta | None, grace: timedelta | None
) -> None:
    aged = tuple(_aged(subject, age) for subject in world)
    policy = Policy(rules={situation: Rule(grace=grace) for situation in Situation})
    before = classify(aged, policy.protects)
    for was, now in zip(before, grant_grace(before, policy), strict=True):
        assert (now.base, now.subject, now.account) == (was.base, was.subject, was.account)
        if now.situation is not was.situation:
            assert now.situation is Situation.WITHIN_GRACE
            assert TAXONOMY[was.base].grace is not None
            assert was.situation not in NO_DRIFT
            assert age is not None
            assert age < policy.grace(was.base)


def _aged(subject: Subject, age: timedelta | None) -> Subject:
    return replace(subject, assignment=replace(subject.assignment, age=age)) if subject.assignment else subject


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 minutes"),
        (timedelta(minutes=29, seconds=59), "29 minutes"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=25, minutes=59), "25 hours"),
    ],
)
def test_a_span_is_told_rounded_down(span: timedelta, said: str) -> None:
    assert in_words(span) == said
