"""Every membership is in exactly one situation, and nobody who may be a member in Okta is ever taken out."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.classification import Door
from syncd.core.group_matching import GroupFinding
from syncd.core.groups import Belonging, LocalMember
from syncd.core.member_matching import (
    MEMBER_DISPATCH,
    JudgedMembers,
    Who,
    cover_member,
    doubtful_accounts,
    judge_absent,
    judge_members,
)
from syncd.core.situations import Situation
from syncd.core.subjects import Account, Assignment, Candidate, LinkKey, MarkKind, Origin, Subject
from tests.core.group_builders import member, pair

EXTRA, INACTIVE, UNKNOWN = Situation.MEMBER_EXTRA, Situation.MEMBER_INACTIVE, Situation.UNKNOWN
IN_OKTA = frozenset({"00u1", "00u2"})


def judged(*members: LocalMember, doubtful: frozenset[str] = frozenset()) -> JudgedMembers:
    return judge_members(pair(), IN_OKTA, members, doubtful)


def situation_of(one: LocalMember, doubtful: frozenset[str] = frozenset()) -> Situation:
    found = judged(one, doubtful=doubtful)
    (situation,) = [*(finding.situation for finding in found.findings), *found.counted]
    return situation


def person(number: int, *candidates: Account, status: str = "ACTIVE") -> Subject:
    assignment = Assignment(f"00u{number}", f"person{number}", None, "ACTIVE", status)
    return Subject(assignment, tuple(Candidate(one, frozenset({LinkKey.OKTA_USER_ID})) for one in candidates))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (member(1), Situation.IN_SYNC),
        (member(1, listed_as="00u1"), Situation.IN_SYNC),
        (member(9, None, listed_as="00u1"), Situation.IN_SYNC),
        (member(9), EXTRA),
        (member(9, None, listed_as="00u9"), EXTRA),
        (member(9, None), UNKNOWN),
        (member(9, "", listed_as=None), UNKNOWN),
        (member(9, listed_as="00u1"), UNKNOWN),
        (member(9, active=False), INACTIVE),
        (member(1, active=False), INACTIVE),
        (member(9, None, active=False), INACTIVE),
        (member(9, origin=Origin.LOCAL), Situation.UNMANAGED),
        (member(9, None, origin=Origin.JIT, active=False), Situation.UNMANAGED),
    ],
)
def test_what_a_member_is(one: LocalMember, expected: Situation) -> None:
    assert situation_of(one) is expected


def test_an_account_in_doubt_is_never_extra() -> None:
    assert situation_of(member(9), frozenset({"a9"})) is UNKNOWN


def test_the_table_has_a_row_for_all_that_can_occur_and_no_other() -> None:
    told, untold = {Belonging.MEMBER, Belonging.NOT_MEMBER}, {Belonging.UNKNOWN}
    occurs = {
        key for who in Who for key in product({who}, {Door.OPEN, Door.CLOSED}, told if who is Who.KNOWN else untold)
    }
    assert set(MEMBER_DISPATCH) == occurs
    assert [key for key, situation in MEMBER_DISPATCH.items() if situation is EXTRA] == [
        (Who.KNOWN, Door.OPEN, Belonging.NOT_MEMBER)
    ]


def absent(
    *people: Subject, present: tuple[LocalMember, ...] = (), doubtful: frozenset[str] = frozenset()
) -> list[str]:
    found = judge_absent(pair(), people, judged(*present), doubtful)
    assert {one.situation for one in found} <= {Situation.MEMBER_MISSING}
    return [one.account.id for one in found if one.account]


def test_who_is_missing_here_is_assigned_and_linked_to_one_open_account() -> None:
    mine, other = member(1).account, member(2).account
    assert absent(person(1, mine)) == ["a1"]
    assert absent(person(1)) == []
    assert absent(person(1, mine, other)) == []
    assert absent(person(1, mine, status="SUSPENDED")) == []
    assert absent(person(1, mine, status="A_NEW_STATUS")) == []
    assert absent(person(1, member(1, active=False).account)) == []
    assert absent(person(1, member(1, origin=Origin.LOCAL).account)) == []
    assert absent(person(1, member(1, "00u7").account)) == []
    assert absent(person(1, mine), doubtful=frozenset({"a1"})) == []
    assert absent(person(1, mine), present=(member(1, "00u7"),)) == []


def test_accounts_in_doubt_are_those_that_no_identifier_ties_for_certain() -> None:
    one, two = member(1).account, member(2, None).account
    weak = Subject(
        Assignment("00u8", "person2", None, "ACTIVE", "ACTIVE"), (Candidate(two, frozenset({LinkKey.USER_NAME})),)
    )
    clash = Subject(
        Assignment("00u1", "person1", "a3", "ACTIVE", "ACTIVE"),
        (Candidate(one, frozenset({LinkKey.OKTA_USER_ID})), Candidate(member(3).account, frozenset({LinkKey.SCIM_ID}))),
    )
    silent = Subject(None, (Candidate(member(4).account, frozenset()),))
    certain = person(5, member(5).account)
    assert doubtful_accounts([weak, clash, silent, certain]) == {"a1", "a2", "a3", "a4"}


def test_a_protected_or_exempt_account_covers_its_membership() -> None:
    (extra,) = judged(member(9)).findings

    def marked(*marks: MarkKind) -> GroupFinding:
        def known(account: Account) -> Account:
            return Account(account.id, account.user_name, None, True, Origin.SCIM, False, 1, marks=frozenset(marks))

        return cover_member(extra, known, lambda account: MarkKind.PROTECTED in account.marks)

    assert marked(MarkKind.PROTECTED).situation is Situation.PROTECTED_DRIFT
    assert marked(MarkKind.EXEMPT).situation is Situation.OUT_OF_SCOPE
    assert marked().situation is EXTRA


OKTA_IDS = st.sampled_from([None, "00u1", "00u2", "00u3", "00u4"])


@st.composite
def memberships(draw: st.DrawFn) -> list[LocalMember]:
    return [
        member(
            number,
            draw(OKTA_IDS),
            listed_as=draw(OKTA_IDS),
            active=draw(st.booleans()),
            origin=draw(st.sampled_from(list(Origin))),
        )
        for number in range(draw(st.integers(0, 5)))
    ]


@given(
    memberships(),
    st.frozensets(st.sampled_from(["00u1", "00u2", "00u3"])),
    st.frozensets(st.sampled_from(["a0", "a1"])),
)
def test_nobody_is_extra_who_may_be_a_member(
    members: list[LocalMember], in_okta: frozenset[str], doubtful: frozenset[str]
) -> None:
    found = judge_members(pair(), in_okta, members, doubtful)
    assert len(found.findings) + sum(found.counted.values()) == len(members)
    by_id = {one.account.id: one for one in members}
    for finding in found.findings:
        assert finding.account is not None
        one = by_id[finding.account.id]
        if finding.situation is EXTRA:
            assert {one.account.external_id, one.listed_as}.isdisjoint(in_okta)
            assert one.account.id not in doubtful
            assert one.account.origin is Origin.SCIM
            assert one.account.external_id or one.listed_as


@given(memberships(), st.frozensets(st.sampled_from(["00u1", "00u2"])))
def test_more_doubt_never_takes_more_people_out(members: list[LocalMember], in_okta: frozenset[str]) -> None:
    sure, unsure = (
        {
            one.account.id
            for one in judge_members(pair(), in_okta, members, doubt).findings
            if one.account and one.situation is EXTRA
        }
        for doubt in (frozenset(), frozenset({"a0", "a2"}))
    )
    assert unsure <= sure


@given(memberships())
def test_an_order_of_members_says_nothing(members: list[LocalMember]) -> None:
    forth, back = judged(*members), judged(*reversed(members))
    assert sorted(forth.findings, key=repr) == sorted(back.findings, key=repr)
    assert (forth.counted, forth.unmatched, forth.present) == (back.counted, back.unmatched, back.present)
