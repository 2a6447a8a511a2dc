"""What follows from findings, and what stands between a plan and its effects."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import classify
from syncd.core.guard import forbids, judge_listing, judge_plan, refutes
from syncd.core.planning import Item, Plan, make_plan
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES, EFFECTS, Effect, Mode, Situation
from syncd.core.subjects import Absence, Lookup, Origin, Presence, Subject
from tests.core.builders import account, assignment, linked, missing, subjects

AT = datetime(2026, 1, 1, tzinfo=UTC)
TWICE = Absence(2, AT, timedelta(minutes=1))
ONCE = Absence(1, AT, timedelta(0))


def plan_for(*world: Subject, policy: Policy | None = None) -> Plan:
    policy = policy or Policy()
    return make_plan("app", classify(world, policy.protects), policy)


def orphan(absence: Absence, **changes: object) -> Subject:
    return missing(account(**changes), Lookup(Presence.UNASSIGNED, ""), absence)


def item(situation: Situation = Situation.ORPHAN_GONE, **changes: object) -> Item:
    values: dict[str, object] = {
        "effect": Effect.DEACTIVATE,
        "situation": situation,
        "account_id": "account-1",
        "user_name": "ada@example.com",
        "okta_user_id": "00u1",
        "version": 1,
        "reason": "",
    }
    return Item(**{**values, **changes})  # type: ignore[arg-type]  # a bag of fields


def test_an_absence_waits_for_a_second_sealed_snapshot() -> None:
    assert plan_for(orphan(ONCE)).items[0].waits
    assert plan_for(orphan(TWICE)).items[0].waits is None


def test_an_absence_need_not_wait_once_the_grace_is_over() -> None:
    long_ago = Absence(1, AT, timedelta(hours=24))
    assert plan_for(orphan(long_ago)).items[0].waits is None


def test_a_status_that_okta_states_waits_for_nothing() -> None:
    listed = linked(account(), assignment(user_status="DEPROVISIONED"))
    asked = missing(account(), Lookup(Presence.DEPROVISIONED, ""), ONCE)
    assert plan_for(listed).items[0].waits is None
    assert plan_for(asked).items[0].waits is None


def test_waiting_does_not_change_the_digest_that_a_person_approves() -> None:
    assert plan_for(orphan(ONCE)).digest == plan_for(orphan(TWICE)).digest


@pytest.mark.parametrize("walk_version", [None, 2])
def test_an_account_that_changed_during_the_walk_is_deferred(walk_version: int | None) -> None:
    plan = plan_for(orphan(TWICE, version=1, walk_version=walk_version))
    assert plan.items == ()
    assert plan.deferred[0].reason == "it changed while the listing was read"


def test_an_account_of_another_origin_is_never_in_a_plan() -> None:
    listed = linked(account(origin=Origin.IMPORT), assignment(user_status="DEPROVISIONED"))
    plan = plan_for(listed)
    assert (plan.items, len(plan.deferred)) == ((), 1)


@given(subjects(), st.integers())
def test_a_plan_is_the_same_whatever_the_order_of_the_findings(world: tuple[Subject, ...], seed: int) -> None:
    findings = list(classify(world, Policy().protects))
    shuffled = list(findings)
    random.Random(seed).shuffle(shuffled)
    assert make_plan("app", findings, Policy()) == make_plan("app", shuffled, Policy())


@given(subjects())
def test_a_plan_only_ever_touches_open_unprotected_accounts_of_ours(world: tuple[Subject, ...]) -> None:
    accounts = {candidate.account.id: candidate.account for subject in world for candidate in subject.candidates}
    for planned in plan_for(*world).items:
        held = accounts[planned.account_id]
        assert (held.active, held.protected, held.origin) == (True, False, Origin.SCIM)
        assert planned.version == held.version == held.walk_version


@given(subjects(), st.sampled_from(sorted(EFFECTS)), st.sampled_from([Mode.OFF, Mode.REPORT]))
def test_a_situation_that_is_not_automatic_has_no_effect(
    world: tuple[Subject, ...], situation: Situation, mode: Mode
) -> None:
    policy = Policy(modes={**DEFAULT_MODES, situation: mode})
    assert all(planned.situation is not situation for planned in plan_for(*world, policy=policy).items)


@pytest.mark.parametrize(
    ("deactivations", "managed", "allowed"),
    [
        (20, 50, True),
        (21, 50, False),
        (20, 99, True),
        (5, 100, True),
        (6, 100, False),
        (20, 400, True),
        (21, 10_000, False),
    ],
)
def test_a_plan_is_allowed_or_blocked_as_a_whole(deactivations: int, managed: int, allowed: bool) -> None:
    plan = Plan(tuple(item(account_id=str(number)) for number in range(deactivations)), (), "")
    assert judge_plan(plan, managed, Policy()).allowed is allowed


def test_updates_take_nobody_s_access_and_count_for_nothing() -> None:
    plan = Plan(tuple(item(effect=Effect.UPDATE) for _ in range(500)), (), "")
    assert judge_plan(plan, 500, Policy()).allowed


@pytest.mark.parametrize(
    ("rows", "sealed", "accepted", "believed"),
    [
        (0, None, None, False),
        (0, None, 0, False),
        (1, None, None, True),
        (80, 100, None, True),
        (79, 100, None, False),
        (79, 100, 79, True),
        (79, 100, 78, False),
        (300, 100, None, True),
    ],
)
def test_a_listing_is_believed_by_its_size(rows: int, sealed: int | None, accepted: int | None, believed: bool) -> None:
    assert (judge_listing(rows, sealed, Policy(), accepted) is None) is believed


@pytest.mark.parametrize("presence", list(Presence))
def test_only_a_definitive_negative_bears_out_a_deactivation(presence: Presence) -> None:
    definitive = presence in {Presence.UNASSIGNED, Presence.DEPROVISIONED, Presence.GONE}
    assert (refutes(item(), Lookup(presence, "")) is None) is definitive


def test_a_suspension_is_borne_out_by_the_user_s_status_alone() -> None:
    suspended = item(Situation.ZOMBIE_SUSPENDED)
    assert refutes(suspended, Lookup(Presence.ASSIGNED, "", user_status="SUSPENDED")) is None
    assert refutes(suspended, Lookup(Presence.ASSIGNED, "", user_status="ACTIVE"))
    assert refutes(suspended, Lookup(Presence.UNKNOWN, ""))


@pytest.mark.parametrize("changes", [{"protected": True}, {"origin": Origin.LOCAL}, {"version": 2}, {"active": False}])
def test_each_check_forbids_on_its_own(changes: dict[str, object]) -> None:
    assert forbids(item(), account(), Policy()) is None
    assert forbids(item(), account(**changes), Policy())


def test_nothing_is_done_to_an_account_that_is_gone() -> None:
    assert forbids(item(), None, Policy()) == "the account is gone"


def test_two_policies_that_differ_in_anything_have_different_digests() -> None:
    policies = [
        Policy(),
        Policy(modes={**DEFAULT_MODES, Situation.ORPHAN_GONE: Mode.REPORT}),
        Policy(protected=frozenset({"a"})),
        Policy(max_deactivations=21),
        Policy(max_percent=6),
        Policy(absence_grace=timedelta(hours=1)),
        Policy(min_listing_percent=50),
        Policy(lookup_limit=1),
    ]
    assert len({policy.digest() for policy in policies}) == len(policies)
