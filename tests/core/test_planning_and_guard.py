"""What follows from findings, and what stands between a plan and its effects."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import classify
from syncd.core.guard import (
    NOTHING_SPENT,
    Circumstances,
    Ground,
    Scene,
    Spent,
    forbids,
    judge_plan,
    refutes,
)
from syncd.core.listings import judge_listing, missing_sentinels
from syncd.core.planning import Item, Plan, make_plan
from syncd.core.policy import Policy, Rule
from syncd.core.situations import (
    DECIDED_HERE,
    DEFAULT_MODES,
    EFFECTS,
    GRANTS,
    REVOKES,
    Confirm,
    Effect,
    Mode,
    Situation,
)
from syncd.core.subjects import Absence, Lookup, MarkKind, Origin, Presence, Subject
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
        if planned.effect in GRANTS:
            assert planned.proposed
            continue
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
    assert judge_plan(plan, Circumstances(managed), Policy()).allowed is allowed


def test_updates_take_nobody_s_access_and_count_for_nothing() -> None:
    plan = Plan(tuple(item(effect=Effect.UPDATE) for _ in range(500)), (), "")
    assert judge_plan(plan, Circumstances(500), Policy()).allowed


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


@pytest.mark.parametrize("presence", list(Presence))
def test_a_deactivation_in_okta_is_borne_out_by_nothing_less(presence: Presence) -> None:
    refusal = refutes(item(Situation.ZOMBIE_DEPROVISIONED), Lookup(presence, ""))
    assert (refusal is None) is (presence is Presence.DEPROVISIONED)


def test_a_suspension_is_borne_out_by_the_user_s_status_alone() -> None:
    suspended = item(Situation.ZOMBIE_SUSPENDED)
    assert refutes(suspended, Lookup(Presence.ASSIGNED, "", user_status="SUSPENDED")) is None
    assert refutes(suspended, Lookup(Presence.ASSIGNED, "", user_status="ACTIVE"))
    assert refutes(suspended, Lookup(Presence.UNKNOWN, ""))


@pytest.mark.parametrize(
    "changes",
    [
        {"protected": True},
        {"origin": Origin.LOCAL},
        {"version": 2},
        {"active": False},
        *({"marks": frozenset({kind})} for kind in (MarkKind.PROTECTED, MarkKind.HOLD, MarkKind.EXEMPT)),
        {"is_admin": True},
    ],
)
def test_each_check_forbids_on_its_own(changes: dict[str, object]) -> None:
    assert forbids(item(), Scene(account()), Policy()) is None
    assert forbids(item(), Scene(account(**changes)), Policy())


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
        Policy(budget_day=1),
        Policy(budget_week=1),
        Policy(budget_members_day=1),
        Policy(budget_members_week=1),
        Policy(admin_groups=frozenset({"admins"})),
        Policy(min_admins=2),
        Policy(group_max_percent=1),
        Policy(group_min_members=1),
        Policy(sentinels=frozenset({"a"})),
        Policy(flapping=2),
        Policy(rules={Situation.ORPHAN_GONE: Rule(max_count=1)}),
        Policy(rules={Situation.RENAMED: Rule(confirm=Confirm.POINT)}),
    ]
    assert len({policy.digest() for policy in policies}) == len(policies)


def several(count: int, **changes: object) -> Plan:
    return Plan(tuple(item(**{"account_id": str(number), **changes}) for number in range(count)), (), "")  # type: ignore[arg-type]  # a bag of fields


BUDGETS = Policy(budget_day=40, budget_week=100, budget_members_day=40, budget_members_week=100)
"""The same for every effect, so that one table of examples is of all of them."""

of_what_is_budgeted = pytest.mark.parametrize("effect", sorted(REVOKES))


@of_what_is_budgeted
@pytest.mark.parametrize(
    ("spent", "count", "allowed"),
    [(Spent(0, 0), 20, True), (Spent(20, 20), 20, True), (Spent(21, 21), 20, False), (Spent(0, 81), 20, False)],
)
def test_a_budget_counts_every_run_of_a_day_and_a_week(effect: Effect, spent: Spent, count: int, allowed: bool) -> None:
    plan = several(count, effect=effect, group_id="g")
    verdict = judge_plan(plan, Circumstances(10_000, NOTHING_SPENT | {effect: spent}), BUDGETS)
    assert verdict.allowed is allowed
    assert {one.ground for one in verdict.objections} <= {Ground.BUDGET}
    others = dict.fromkeys(REVOKES - {effect}, Spent(10_000, 10_000))
    assert judge_plan(plan, Circumstances(10_000, {effect: Spent(), **others}), BUDGETS).allowed


@of_what_is_budgeted
@given(st.lists(st.integers(0, 20), max_size=20))
def test_plans_that_each_are_small_do_not_add_up_beyond_the_budget(effect: Effect, sizes: list[int]) -> None:
    """However many runs there are in a day, each just under the threshold of one (invariant I5)."""
    done = 0
    for number, size in enumerate(sizes):
        plan = several(size, effect=effect, group_id=f"group {number}")
        if judge_plan(plan, Circumstances(10_000, NOTHING_SPENT | {effect: Spent(done, done)}), BUDGETS).allowed:
            done += size
    assert done <= BUDGETS.budget(effect)[0]


def test_a_used_up_budget_says_which_setting_it_is_and_what_to_look_at() -> None:
    plan = several(3, effect=Effect.REMOVE_MEMBER, group_id="g")
    spent = NOTHING_SPENT | {Effect.REMOVE_MEMBER: Spent(198, 498)}
    look = "see in Okta whether the members of these groups are right"
    assert [str(one) for one in judge_plan(plan, Circumstances(500, spent), Policy()).objections] == [
        f"3 removals of members after 198 in the last 24 hours are more than guard.budget_members_day = 200: {look}",
        f"3 removals of members after 498 in the last 7 days are more than guard.budget_members_week = 500: {look}",
    ]


def test_what_is_only_proposed_spends_no_budget() -> None:
    plan = several(500, effect=Effect.REMOVE_MEMBER, group_id="g", proposed=True)
    assert judge_plan(plan, Circumstances(500), Policy()).allowed


@given(st.integers(0, 60), st.integers(0, 2_000), st.integers(0, 60))
def test_more_to_do_or_fewer_accounts_never_makes_a_plan_allowed(count: int, managed: int, more: int) -> None:
    if judge_plan(several(count + more), Circumstances(managed + 100), Policy()).allowed:
        assert judge_plan(several(count), Circumstances(managed + 100), Policy()).allowed


def test_what_waits_for_an_approval_counts_for_no_threshold() -> None:
    assert judge_plan(several(500, proposed=True), Circumstances(500), Policy()).allowed


def test_a_situation_has_thresholds_of_its_own() -> None:
    policy = Policy(rules={Situation.ORPHAN_GONE: Rule(max_count=1)})
    assert judge_plan(several(1), Circumstances(500), policy).allowed
    assert not judge_plan(several(2), Circumstances(500), policy).allowed
    assert judge_plan(several(2, situation=Situation.ORPHAN_UNASSIGNED), Circumstances(500), policy).allowed


@pytest.mark.parametrize(("size", "leaving", "allowed"), [(20, 5, True), (20, 6, False), (19, 19, True), (8, 8, True)])
def test_a_group_has_a_threshold_from_a_size_on(size: int, leaving: int, allowed: bool) -> None:
    plan = several(leaving, effect=Effect.REMOVE_MEMBER, group_id="g")
    assert judge_plan(plan, Circumstances(500, group_sizes={"g": size}), Policy()).allowed is allowed


def test_administrators_stay_in_the_plan_and_in_its_effect() -> None:
    policy = Policy(admin_groups=frozenset({"admins"}), min_admins=1)
    people = [
        linked(
            account(id=f"account-{number}", external_id=f"00u{number}", is_admin=True),
            assignment(okta_user_id=f"00u{number}", external_id=f"account-{number}", user_status="DEPROVISIONED"),
        )
        for number in range(3)
    ]
    plan = make_plan("app", classify(people, policy.protects), policy, admins=3)
    assert (len(plan.items), len(plan.deferred)) == (2, 1)
    assert plan.deferred[0].reason == "it would leave too few administrators"
    assert forbids(item(), Scene(account(is_admin=True), other_admins=1), policy) is None
    assert (
        forbids(item(), Scene(account(is_admin=True), other_admins=0), policy) == "not so: enough administrators stay"
    )


@of_what_is_budgeted
@pytest.mark.parametrize("spent", [Spent(40, 40), Spent(0, 100)])
def test_an_effect_beyond_its_budget_needs_an_approval(effect: Effect, spent: Spent) -> None:
    one = item(effect=effect, group_id="g")
    beyond = Scene(account(), spent=NOTHING_SPENT | {effect: spent})
    assert forbids(one, beyond, BUDGETS) == "not so: the budget is not used up"
    assert forbids(one, beyond, BUDGETS, approved=True) is None
    others = dict.fromkeys(REVOKES - {effect}, spent)
    assert forbids(one, Scene(account(), spent={effect: Spent(39, 99), **others}), BUDGETS) is None


def test_nothing_but_the_budget_yields_to_an_approval() -> None:
    for changes in ({"protected": True}, {"origin": Origin.LOCAL}, {"version": 2}, {"active": False}):
        assert forbids(item(), Scene(account(**changes)), Policy(), approved=True)
    assert forbids(item(), Scene(account(), is_waived=True), Policy(), approved=True) == "not so: no waiver covers it"


@pytest.mark.parametrize("effect", sorted(GRANTS))
@pytest.mark.parametrize("presence", list(Presence))
def test_only_a_definitive_positive_bears_out_a_grant(effect: Effect, presence: Presence) -> None:
    refusal = refutes(item(effect=effect), Lookup(presence, "", user_status="ACTIVE"))
    assert (refusal is None) is (presence is Presence.ASSIGNED)
    assert refutes(item(effect=effect), Lookup(presence, "", user_status="SUSPENDED"))


@pytest.mark.parametrize("confirm", list(Confirm))
def test_no_setting_lets_access_change_without_a_question(confirm: Confirm) -> None:
    for situation, effect in EFFECTS.items():
        chosen = Policy(rules={situation: Rule(confirm=confirm)}).confirm(situation)
        expected = {Confirm.NONE} if situation in DECIDED_HERE else {Confirm.POINT, Confirm.BOTH}
        assert effect not in GRANTS | REVOKES or chosen in expected


def test_an_item_is_kept_and_read_again_as_it_was() -> None:
    for planned in (item(), item(effect=Effect.UPDATE, changes={"userName": "b"}), item(group_id="g", proposed=True)):
        assert Item.from_json(planned.as_json()) == planned


def test_sentinels_are_found_by_name_in_any_case_and_by_id() -> None:
    wanted = frozenset({"ada@example.com", "00u2"})
    assert missing_sentinels([assignment(user_name="ADA@example.com")], wanted) == {"00u2"}
    assert missing_sentinels([assignment(okta_user_id="00u2", user_name=None)], wanted) == {"ada@example.com"}
