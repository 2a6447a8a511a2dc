"""What follows from the rejection of an access review, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import CLOSER_LOOK, DISPATCH, Door, Finding, classify
from syncd.core.guard import Scene, forbids, needs_lookup
from syncd.core.planning import Item, freeze_flapping, make_plan
from syncd.core.policy import Policy
from syncd.core.rejections import BECOMES, Closed, Planned, Rejection, Rejections, Remediation, reject
from syncd.core.situations import DEFAULT_MODES, EFFECTS, GRANTS, Effect, Mode, Situation
from syncd.core.subjects import Account, LinkKey, Lookup, MarkKind, Origin, Presence, Subject
from tests.core.builders import account, assignment, linked, missing, subjects

AT = datetime(2026, 10, 1, 8, 30, tzinfo=UTC)


def rejection(account_id: str = "account-1", okta_user_id: str | None = "00u1", **changes: Any) -> Rejection:
    return replace(Rejection(account_id, okta_user_id, "r-1", "grace", "left the team", AT), **changes)


ADA = Rejections.among([rejection()])
GONE = Rejections.among([rejection(is_gone=True)])


def found(subject: Subject, rejections: Rejections = ADA, policy: Policy | None = None) -> Finding:
    policy = policy or Policy()
    (finding,) = reject(classify([subject], policy.protects), rejections, policy)
    return finding


def test_every_situation_that_a_subject_is_classified_in_has_a_row() -> None:
    assert set(BECOMES) == set(DISPATCH.values()) | {situation for situation, _, _ in CLOSER_LOOK}


def test_whoever_is_in_sync_and_rejected_is_proposed_to_be_closed_and_the_reason_names_the_review() -> None:
    finding = found(linked(account(), assignment()))
    assert finding.situation is Situation.ACCESS_REJECTED
    (item,) = make_plan("app", [finding], Policy()).items
    assert (item.effect, item.proposed, item.waits, item.changes) == (Effect.DEACTIVATE, True, None, {})
    assert item.reason == "access review r-1, rejected by grace: left the team"


@pytest.mark.parametrize(
    ("subject", "situation"),
    [
        (linked(account(), assignment(attributes={"name.givenName": "A"})), Situation.ACCESS_REJECTED),
        (linked(account(), assignment(user_status="SUSPENDED")), Situation.ACCESS_REJECTED),
        (linked(account(), assignment(user_status="STRANGE")), Situation.ACCESS_REJECTED),
        (missing(account()), Situation.ACCESS_REJECTED),
        (missing(account(origin=Origin.LOCAL)), Situation.ACCESS_REJECTED),
        (linked(account(external_id=None), assignment(), frozenset({LinkKey.USER_NAME})), Situation.ACCESS_REJECTED),
        (linked(account(), assignment(user_status="DEPROVISIONED")), Situation.ZOMBIE_DEPROVISIONED),
        (missing(account(), Lookup(Presence.UNASSIGNED, "")), Situation.ORPHAN_UNASSIGNED),
        (linked(account(external_id="00u9"), assignment(okta_user_id="00u1")), Situation.DISPUTED),
        (linked(account(active=False), assignment()), Situation.REJECTED_ASSIGNED),
        (linked(account(active=False), assignment(user_status="SUSPENDED")), Situation.IN_SYNC),
        (missing(account(active=False)), Situation.IN_SYNC),
    ],
)
def test_what_a_rejected_subject_becomes(subject: Subject, situation: Situation) -> None:
    assert found(subject).situation is situation


def test_what_would_close_the_account_anyway_is_proposed_where_it_is_only_reported() -> None:
    reported = Policy(modes={**DEFAULT_MODES, Situation.ORPHAN_UNASSIGNED: Mode.REPORT})
    orphan = missing(account(), Lookup(Presence.UNASSIGNED, ""))
    assert found(orphan, policy=reported).situation is Situation.ACCESS_REJECTED


@pytest.mark.parametrize(
    ("held", "is_rejected"),
    [
        (account(), True),
        (account(external_id=None), True),
        (account(external_id="00u2"), False),
        (account(id="account-2"), False),
    ],
)
def test_an_account_that_passed_to_another_person_is_not_rejected(held: Account, is_rejected: bool) -> None:
    assert (ADA.of(held) is not None) is is_rejected


def test_who_gets_another_account_after_a_rejection_is_rejected_with_that_one() -> None:
    again = account(id="account-2")
    assert found(linked(again, assignment(external_id="account-2")), GONE).situation is Situation.ACCESS_REJECTED
    assert found(Subject(assignment(), ()), GONE).situation is Situation.REJECTED_ASSIGNED
    assert found(Subject(assignment(), (), tombstone="account-1"), GONE).situation is Situation.REJECTED_ASSIGNED
    assert found(Subject(assignment(okta_user_id="00u2"), ()), GONE).situation is Situation.GHOST
    assert found(Subject(assignment(), ())).situation is Situation.GHOST


def test_a_protected_account_is_not_touched_whoever_rejects_it() -> None:
    finding = found(linked(account(protected=True), assignment()))
    assert (finding.situation, finding.base) == (Situation.PROTECTED_DRIFT, Situation.ACCESS_REJECTED)
    exempt = found(linked(account(marks=frozenset({MarkKind.EXEMPT})), assignment()))
    assert exempt.situation is Situation.OUT_OF_SCOPE
    drifting = found(linked(account(protected=True), assignment(user_status="SUSPENDED")))
    assert (drifting.situation, drifting.base) == (Situation.PROTECTED_DRIFT, Situation.ACCESS_REJECTED)
    assert "zombie" not in drifting.reason


@pytest.mark.parametrize(
    ("held", "obstacle"),
    [
        (account(origin=Origin.IMPORT), "did not come over SCIM"),
        (account(version=2), "changed while the listing was read"),
        (account(walk_version=None), "changed while the listing was read"),
        (account(marks=frozenset({MarkKind.HOLD})), "on hold"),
        (account(is_admin=True), "too few administrators"),
    ],
)
def test_the_same_guards_as_ever_stand_between_a_rejection_and_its_effect(held: Account, obstacle: str) -> None:
    plan = make_plan("app", [found(linked(held, assignment()))], Policy(), admins=1)
    assert plan.items == ()
    assert obstacle in plan.deferred[0].reason


def test_a_proposal_takes_the_place_of_no_administrator_who_has_to_go() -> None:
    rejected = linked(account(is_admin=True), assignment())
    dismissed = linked(
        account(id="account-2", external_id="00u2", is_admin=True),
        assignment(okta_user_id="00u2", external_id="account-2", user_status="DEPROVISIONED"),
    )
    plan = make_plan("app", [found(rejected), found(dismissed)], Policy(), admins=2)
    assert [item.account_id for item in plan.items] == ["account-2"]
    assert [one.account_id for one in plan.deferred] == ["account-1"]


def test_an_account_that_okta_opens_again_and_again_is_frozen() -> None:
    (frozen,) = freeze_flapping([found(linked(account(), assignment()))], {"account-1": 3}, Policy())
    assert frozen.situation is Situation.FLAPPING


@given(subjects(), st.sets(st.integers(0, 7)), st.booleans())
def test_a_rejection_only_ever_closes_what_was_rejected_and_gives_nothing(
    world: tuple[Subject, ...], numbers: set[int], is_gone: bool
) -> None:
    policy = Policy()
    chosen = [rejection(f"account-{number}", f"00u{number}", is_gone=is_gone) for number in numbers]
    rejections = Rejections.among(chosen)
    before = classify(world, policy.protects)
    after = reject(before, rejections, policy)
    for was, now in zip(before, after, strict=True):
        is_rejected = now.account is not None and rejections.of(now.account) is not None
        if not is_rejected and not (now.account is None and now.situation is Situation.REJECTED_ASSIGNED):
            assert now == was
        assert now.situation is was.situation or EFFECTS.get(now.situation) in {None, Effect.DEACTIVATE}
    for item in make_plan("app", after, policy).items:
        if item.situation is Situation.ACCESS_REJECTED:
            assert item.proposed
            assert item.effect is Effect.DEACTIVATE


@given(subjects())
def test_without_a_rejection_nothing_changes(world: tuple[Subject, ...]) -> None:
    findings = classify(world, Policy().protects)
    assert reject(findings, Rejections(), Policy()) == findings


def item(effect: Effect = Effect.DEACTIVATE, situation: Situation = Situation.ACCESS_REJECTED) -> Item:
    return Item(effect, situation, "account-1", "ada@example.com", "00u1", 1, "")


def test_okta_is_not_asked_whether_a_person_here_may_reject_but_is_before_anything_is_given() -> None:
    assert not needs_lookup(item(), Policy())
    assert needs_lookup(item(Effect.REACTIVATE), Policy())
    assert needs_lookup(item(situation=Situation.ORPHAN_GONE), Policy())


def test_an_effect_needs_that_the_rejection_stands() -> None:
    assert forbids(item(), Scene(account(), is_rejected=True), Policy()) is None
    assert "rejection stands" in (forbids(item(), Scene(account()), Policy()) or "")
    assert forbids(item(situation=Situation.ORPHAN_GONE), Scene(account()), Policy()) is None


@pytest.mark.parametrize("effect", sorted(GRANTS))
def test_nothing_is_given_to_a_rejected_account(effect: Effect) -> None:
    scene = Scene(account(active=effect is not Effect.REACTIVATE), is_rejected=True)
    given_ = item(effect, Situation.LAPSED)
    assert "no access review rejects it" in (forbids(given_, scene, Policy(), approved=True) or "")
    assert forbids(given_, replace(scene, is_rejected=False), Policy(), approved=True) is None


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Remediation(Door.CLOSED, Origin.SCIM, Closed(AT, "reconciler", "run-1")), "done: closed at 2026-10-01"),
        (Remediation(Door.CLOSED, Origin.SCIM, Closed(AT, "reconciler", "run-1")), "by reconciler, run run-1"),
        (Remediation(Door.NONE, None, Closed(AT, "token:1", None)), "done: gone at"),
        (Remediation(Door.CLOSED, Origin.SCIM), "nothing had to be done"),
        (Remediation(Door.OPEN, Origin.LOCAL), "close it by hand"),
        (Remediation(Door.OPEN, Origin.SCIM), "no run since"),
        (Remediation(Door.OPEN, Origin.SCIM, latest_run="run-2"), "run run-2 planned nothing"),
        (Remediation(Door.OPEN, Origin.SCIM, planned=Planned("run-1", "d1", None, "")), "the plan d1 was not carried"),
        (Remediation(Door.OPEN, Origin.SCIM, planned=Planned("run-1", "d1", "done", "")), "opened again"),
        (
            Remediation(Door.OPEN, Origin.SCIM, planned=Planned("r", "d", "skipped", "too late")),
            "skipped in run r: too",
        ),
    ],
)
def test_what_became_of_a_rejection_is_told(outcome: Remediation, told: str) -> None:
    assert told in outcome.told
    assert outcome.told.startswith("not done") is not outcome.is_done
    assert outcome.as_json()["told"] == outcome.told
