"""Which situation a subject is in."""

import pytest
from hypothesis import given

from syncd.core.classification import LINKED, WITHOUT_ACCOUNT, WITHOUT_ASSIGNMENT, Finding, Grant, classify
from syncd.core.policy import Policy
from syncd.core.situations import EFFECTS, MEANINGS, Situation
from syncd.core.subjects import Account, Candidate, LinkKey, Lookup, Origin, Presence, Subject
from tests.core.builders import STRONG, account, assignment, linked, missing, subjects


def nobody(_account: Account) -> bool:
    return False


def one(subject: Subject) -> Finding:
    (finding,) = classify([subject], nobody)
    return finding


def test_no_combination_of_grant_openness_and_presence_is_without_a_row() -> None:
    assert set(LINKED) == {(grant, active) for grant in Grant for active in (True, False)}
    assert set(WITHOUT_ACCOUNT) == set(Grant)
    assert set(WITHOUT_ASSIGNMENT) == set(Presence)
    assert set(MEANINGS) == set(Situation)


@pytest.mark.parametrize(
    ("user_status", "app_status", "active", "situation"),
    [
        ("ACTIVE", "ACTIVE", True, Situation.IN_SYNC),
        ("PASSWORD_EXPIRED", "PROVISIONED", True, Situation.IN_SYNC),
        ("LOCKED_OUT", "ACTIVE", True, Situation.IN_SYNC),
        ("ACTIVE", "STAGED", True, Situation.IN_SYNC),
        ("ACTIVE", "ACTIVE", False, Situation.LAPSED),
        ("SUSPENDED", "ACTIVE", True, Situation.ZOMBIE_SUSPENDED),
        ("SUSPENDED", "ACTIVE", False, Situation.IN_SYNC),
        ("DEPROVISIONED", "ACTIVE", True, Situation.ZOMBIE_DEPROVISIONED),
        ("DEPROVISIONED", "DEPROVISIONED", False, Situation.IN_SYNC),
        ("ACTIVE", "REVOKED", True, Situation.ORPHAN_UNASSIGNED),
        ("ACTIVE", "IMPORTED", True, Situation.UNKNOWN),
        ("ACTIVE", "A_STATUS_OF_2027", True, Situation.UNKNOWN),
        ("A_STATUS_OF_2027", "ACTIVE", True, Situation.UNKNOWN),
        ("A_STATUS_OF_2027", "REVOKED", True, Situation.UNKNOWN),
        (None, "ACTIVE", True, Situation.UNKNOWN),
    ],
)
def test_a_linked_account_is_judged_by_both_statuses(
    user_status: str | None, app_status: str, active: bool, situation: Situation
) -> None:
    given = assignment(user_status=user_status, app_status=app_status)
    assert one(linked(account(active=active), given)).situation is situation


@pytest.mark.parametrize(
    ("lookup", "situation"),
    [
        (None, Situation.UNKNOWN),
        (Lookup(Presence.UNASSIGNED, ""), Situation.ORPHAN_UNASSIGNED),
        (Lookup(Presence.DEPROVISIONED, ""), Situation.ZOMBIE_DEPROVISIONED),
        (Lookup(Presence.GONE, ""), Situation.ORPHAN_GONE),
        (Lookup(Presence.ASSIGNED, ""), Situation.UNKNOWN),
        (Lookup(Presence.UNKNOWN, "HTTP 500"), Situation.UNKNOWN),
    ],
)
def test_an_account_that_is_not_listed_is_an_orphan_only_when_okta_says_so(
    lookup: Lookup | None, situation: Situation
) -> None:
    assert one(missing(account(), lookup)).situation is situation


def test_an_account_that_somebody_else_made_is_unmanaged_whatever_okta_says() -> None:
    held = account(origin=Origin.LOCAL)
    assert one(missing(held, Lookup(Presence.GONE, ""))).situation is Situation.UNMANAGED


def test_an_assignment_without_an_account_is_a_ghost_only_when_it_grants() -> None:
    assert one(Subject(assignment(), ())).situation is Situation.GHOST
    assert one(Subject(assignment(user_status="SUSPENDED"), ())).situation is Situation.IN_SYNC


def test_a_user_name_alone_links_nobody() -> None:
    given = linked(account(external_id=None), assignment(), frozenset({LinkKey.USER_NAME}))
    assert one(given).situation is Situation.UNLINKED


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(
            Subject(
                assignment(),
                (
                    Candidate(account(), frozenset({LinkKey.SCIM_ID})),
                    Candidate(account(id="account-2"), frozenset({LinkKey.OKTA_USER_ID})),
                ),
            ),
            id="two accounts",
        ),
        pytest.param(
            linked(account(external_id="00u-other"), assignment(), frozenset({LinkKey.SCIM_ID})),
            id="the account carries another person's Okta user id",
        ),
        pytest.param(
            linked(account(external_id="00u-other"), assignment(), frozenset({LinkKey.USER_NAME})),
            id="the name was recycled",
        ),
    ],
)
def test_identifiers_that_contradict_one_another_are_disputed(subject: Subject) -> None:
    assert one(subject).situation is Situation.DISPUTED


def test_two_people_who_point_to_one_account_are_both_disputed() -> None:
    first = linked(account(external_id=None), assignment(okta_user_id="00u1"), frozenset({LinkKey.SCIM_ID}))
    second = linked(account(external_id=None), assignment(okta_user_id="00u2"), frozenset({LinkKey.SCIM_ID}))
    assert [finding.situation for finding in classify([first, second], nobody)] == [Situation.DISPUTED] * 2


def test_a_value_that_okta_left_out_is_no_difference() -> None:
    given = assignment(attributes={"userName": "ADA@example.com"})
    assert one(linked(account(), given)).situation is Situation.IN_SYNC


def test_a_value_that_differs_is_told_with_both_sides() -> None:
    given = assignment(attributes={"name.givenName": "Augusta"})
    finding = one(linked(account(), given))
    assert finding.situation is Situation.ATTRIBUTE_MISMATCH
    assert finding.differences == {"name.givenName": ("Ada", "Augusta")}


@pytest.mark.parametrize("protected", [{"ada@example.com"}, {"account-1"}, {"00u1"}])
def test_drift_on_a_protected_account_is_never_anything_else(protected: set[str]) -> None:
    policy = Policy(protected=frozenset(protected))
    subject = linked(account(user_name="Ada@Example.com"), assignment(user_status="DEPROVISIONED"))
    (finding,) = classify([subject], policy.protects)
    assert finding.situation is Situation.PROTECTED_DRIFT
    assert finding.base is Situation.ZOMBIE_DEPROVISIONED


@given(subjects())
def test_every_subject_is_in_exactly_one_situation(world: tuple[Subject, ...]) -> None:
    findings = classify(world, nobody)
    assert [finding.subject for finding in findings] == list(world)


@given(subjects())
def test_forgetting_answers_never_adds_an_effect(world: tuple[Subject, ...]) -> None:
    """Unknown is not absent (invariant I15): with fewer answers there are fewer repairs, never others."""
    known = classify(world, nobody)
    vague = classify([Subject(s.assignment, s.candidates, None, s.absence) for s in world], nobody)
    for before, after in zip(known, vague, strict=True):
        assert after.situation not in EFFECTS or after.situation is before.situation


def test_a_strong_key_outweighs_a_name_that_changed() -> None:
    given = linked(account(user_name="old@example.com"), assignment(), STRONG)
    assert one(given).situation is Situation.IN_SYNC
