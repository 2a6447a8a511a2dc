"""What people may decide, and for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import classify
from syncd.core.consents import LONGEST_WAIVER, Approval, Waiver, refuse_waiver, waivers_by_account
from syncd.core.planning import accept, freeze_flapping, make_plan
from syncd.core.policy import Policy
from syncd.core.situations import Situation
from tests.core.builders import account, assignment, linked, subjects

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def waiver(**changes: Any) -> Waiver:
    values: dict[str, Any] = {
        "waiver_id": "w1",
        "account_id": "account-1",
        "situation": None,
        "owner": "ann",
        "approver": "bob",
        "reason": "leaves in March",
        "ticket": "T-1",
        "expires": NOW + timedelta(days=30),
    }
    return Waiver(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"approver": "Ann "}, "another person"),
        ({"approver": ""}, "approver"),
        ({"reason": " "}, "reason"),
        ({"ticket": ""}, "ticket"),
        ({"owner": ""}, "owner"),
        ({"expires": NOW}, "90 days"),
        ({"expires": NOW + LONGEST_WAIVER + timedelta(seconds=1)}, "90 days"),
    ],
)
def test_a_waiver_needs_two_people_a_reason_a_ticket_and_an_end(changes: dict[str, Any], word: str) -> None:
    assert refuse_waiver(waiver(), NOW) is None
    refusal = refuse_waiver(waiver(**changes), NOW)
    assert refusal is not None
    assert word in refusal


@given(subjects(), st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_waiver_only_ever_takes_effects_away_and_only_until_it_ends(world: Any, later: timedelta) -> None:
    """Invariant I20, with the time moved on."""
    policy = Policy()
    findings = classify(world, policy.protects)
    waived = accept(findings, waivers_by_account([waiver(account_id="account-0")]), NOW + later)
    without = {item.account_id for item in make_plan("app", findings, policy).items}
    within = {item.account_id for item in make_plan("app", waived, policy).items}
    assert within <= without
    assert without - within <= {"account-0"}
    if later >= timedelta(days=30):
        assert within == without
    else:
        assert "account-0" not in within


def test_a_waiver_of_one_situation_covers_no_other() -> None:
    world = [linked(account(), assignment(user_status="DEPROVISIONED"))]
    other = waiver(situation=Situation.ATTRIBUTE_MISMATCH)
    findings = accept(classify(world, Policy().protects), waivers_by_account([other]), NOW)
    assert len(make_plan("app", findings, Policy()).items) == 1


def test_an_approval_is_of_one_plan_once_and_ends() -> None:
    given_ = Approval("a1", "digest", "bob", "right", NOW + timedelta(hours=4))
    assert given_.lets_through("digest", NOW)
    assert not given_.lets_through("other", NOW)
    assert not given_.lets_through("digest", NOW + timedelta(hours=4))
    assert not Approval("a1", "digest", "bob", "right", NOW + timedelta(hours=4), "run-1").lets_through("digest", NOW)


def test_an_account_that_two_writers_fight_over_is_frozen() -> None:
    world = [linked(account(), assignment(user_status="DEPROVISIONED"))]
    findings = classify(world, Policy().protects)
    assert freeze_flapping(findings, {"account-1": 2}, Policy()) == findings
    (frozen,) = freeze_flapping(findings, {"account-1": 3}, Policy())
    assert (frozen.situation, frozen.base) == (Situation.FLAPPING, Situation.ZOMBIE_DEPROVISIONED)
    assert make_plan("app", [frozen], Policy()).items == ()
