"""Which situation a subject is in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import DISPATCH, LISTED, LOOKUP_SAYS, Door, Finding, Said, Tie, classify
from syncd.core.policy import Policy
from syncd.core.situations import EFFECTS, ELSEWHERE, GRANTS, TAXONOMY, Effect, Mode, Situation
from syncd.core.subjects import NEGATIVE, Account, Candidate, LinkKey, Lookup, MarkKind, Origin, Presence, Subject
from tests.core.builders import STRONG, account, assignment, linked, missing, subjects


def nobody(_account: Account) -> bool:
    return False


def one(subject: Subject) -> Finding:
    (finding,) = classify([subject], nobody)
    return finding


WITHOUT_ACCOUNT = (Tie.NOBODY, Tie.BURIED)
WITHOUT_ASSIGNMENT = (Tie.UNLISTED, Tie.FOREIGN)


def test_every_combination_that_can_occur_has_a_row_and_no_other_has() -> None:
    doors = (Door.OPEN, Door.CLOSED)
    possible = {(tie, Door.NONE, said) for tie in WITHOUT_ACCOUNT for said in LISTED}
    possible |= {(tie, door, said) for tie in WITHOUT_ASSIGNMENT for door in doors for said in Said}
    both = set(Tie) - {*WITHOUT_ACCOUNT, *WITHOUT_ASSIGNMENT}
    possible |= {(tie, door, said) for tie in both for door in doors for said in LISTED}
    assert set(DISPATCH) == possible
    assert set(LOOKUP_SAYS) == set(Presence)


def test_the_taxonomy_is_whole() -> None:
    assert set(TAXONOMY) == set(Situation)
    codes = {kind.code.removesuffix("b") for kind in TAXONOMY.values()} | ELSEWHERE.keys()
    assert codes == {f"D{number:02}" for number in range(1, 35)}
    assert all(kind.mode in {Mode.REPORT, Mode.OFF} for kind in TAXONOMY.values() if kind.effect is None)
    assert all(kind.mode is not Mode.AUTO for kind in TAXONOMY.values() if kind.effect in GRANTS)


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
            id="the name is on an open account of another person",
        ),
    ],
)
def test_identifiers_that_contradict_one_another_are_disputed(subject: Subject) -> None:
    assert one(subject).situation is Situation.DISPUTED


def test_a_new_person_with_the_name_of_a_closed_account_gets_nothing_of_it() -> None:
    former = account(external_id="00u-other", active=False)
    assert one(linked(former, assignment(), frozenset({LinkKey.USER_NAME}))).situation is Situation.RECYCLED_NAME


@pytest.mark.parametrize(
    ("changes", "keys", "situation"),
    [
        ({"attributes": {"userName": "grace@example.com"}}, STRONG, Situation.RENAMED),
        ({"attributes": {"userName": "ADA@example.com"}}, STRONG, Situation.IN_SYNC),
        ({"external_id": "account-9"}, frozenset({LinkKey.OKTA_USER_ID}), Situation.STALE_EXTERNAL_ID),
        ({"external_id": None}, frozenset({LinkKey.OKTA_USER_ID}), Situation.MISSING_EXTERNAL_ID),
        ({"sync_state": "ERROR"}, STRONG, Situation.SOURCE_SYNC_ERROR),
        ({"sync_state": "DISABLED"}, STRONG, Situation.IN_SYNC),
    ],
)
def test_what_else_can_differ_between_an_entitled_person_and_their_account(
    changes: dict[str, object], keys: frozenset[LinkKey], situation: Situation
) -> None:
    assert one(linked(account(), assignment(**changes), keys)).situation is situation


def test_an_account_that_was_deleted_here_is_not_just_missing() -> None:
    assert one(Subject(assignment(), (), tombstone="account-7")).situation is Situation.RESURRECTED
    assert one(Subject(assignment(user_status="SUSPENDED"), (), tombstone="account-7")).situation is Situation.IN_SYNC


def test_drift_on_an_exempt_account_is_out_of_scope() -> None:
    held = account(marks=frozenset({MarkKind.EXEMPT}))
    finding = one(linked(held, assignment(user_status="DEPROVISIONED")))
    assert (finding.situation, finding.base) == (Situation.OUT_OF_SCOPE, Situation.ZOMBIE_DEPROVISIONED)


def test_two_people_who_point_to_one_account_are_both_frozen() -> None:
    first = linked(account(external_id=None), assignment(okta_user_id="00u1"), frozenset({LinkKey.SCIM_ID}))
    second = linked(account(external_id=None), assignment(okta_user_id="00u2"), frozenset({LinkKey.SCIM_ID}))
    assert [finding.situation for finding in classify([first, second], nobody)] == [Situation.DUPLICATE_SOURCE] * 2


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


PRESENCES = st.one_of(st.none(), st.sampled_from(list(Presence)))


@given(subjects(), st.dictionaries(st.sampled_from(["00ux", "00uy"]), PRESENCES, max_size=2))
def test_whoever_may_have_an_account_too_never_adds_an_effect(
    world: tuple[Subject, ...], claimants: dict[str, Presence | None]
) -> None:
    before = classify(world, nobody)
    after = classify([replace(subject, claimants=claimants) for subject in world], nobody)
    may_have = any(said not in NEGATIVE for said in claimants.values())
    for alone, beside in zip(before, after, strict=True):
        assert beside.situation in {alone.situation, Situation.DISPUTED}
        takes_or_gives = EFFECTS.get(beside.situation) not in {None, Effect.UPDATE, Effect.CREATE, Effect.RESTORE}
        assert not (takes_or_gives and may_have)
        assert may_have or beside.situation is alone.situation


def test_a_strong_key_outweighs_a_name_that_changed() -> None:
    given = linked(account(user_name="old@example.com"), assignment(), STRONG)
    assert one(given).situation is Situation.IN_SYNC
