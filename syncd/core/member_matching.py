"""Which situation each membership of a pushed group is in: the taxonomy D22 to D24 as a table.

A member here is one who is no member in Okta only when it is certain who in Okta that is: somebody whose Okta user id
is in doubt is unknown, and unknown is not absent. A member in Okta counts when they are assigned to the application
and linked to an open account; whoever is not is the business of the accounts, not of the group.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from syncd.core.classification import Door, Said, classify, covered, door_of, said_of
from syncd.core.group_matching import GroupFinding
from syncd.core.groups import Belonging, LocalMember
from syncd.core.situations import NO_DRIFT, Situation
from syncd.core.subjects import Account, Origin, Subject


class Who(StrEnum):
    """Whether it is known who in Okta a member here is."""

    KNOWN = "known"
    DOUBTFUL = "doubtful"
    FOREIGN = "foreign"


def _row(who: Who, door: Door, said: Iterable[Belonging], situation: Situation) -> dict["Key", Situation]:
    return {(who, door, belonging): situation for belonging in said}


Key = tuple[Who, Door, Belonging]
_TOLD: Final = (Belonging.MEMBER, Belonging.NOT_MEMBER)
_UNTOLD: Final = (Belonging.UNKNOWN,)

MEMBER_DISPATCH: Final[Mapping[Key, Situation]] = {
    (Who.KNOWN, Door.OPEN, Belonging.MEMBER): Situation.IN_SYNC,
    (Who.KNOWN, Door.OPEN, Belonging.NOT_MEMBER): Situation.MEMBER_EXTRA,
    **_row(Who.KNOWN, Door.CLOSED, _TOLD, Situation.MEMBER_INACTIVE),
    **_row(Who.DOUBTFUL, Door.OPEN, _UNTOLD, Situation.UNKNOWN),
    **_row(Who.DOUBTFUL, Door.CLOSED, _UNTOLD, Situation.MEMBER_INACTIVE),
    **_row(Who.FOREIGN, Door.OPEN, _UNTOLD, Situation.UNMANAGED),
    **_row(Who.FOREIGN, Door.CLOSED, _UNTOLD, Situation.UNMANAGED),
}
"""(who it is, whether the account is open, whether they are a member in Okta) -> situation, for all that can occur."""

_REASONS: Final = {
    Situation.MEMBER_EXTRA: "Okta's group does not hold the person",
    Situation.UNKNOWN: "it is not certain who in Okta this is",
}

_DOUBTED: Final = frozenset(
    {
        Situation.DISPUTED,
        Situation.DUPLICATE_SOURCE,
        Situation.UNLINKED,
        Situation.RECYCLED_NAME,
        Situation.UNKNOWN,
    }
)
"""The situations of an account in which it is not certain who in Okta it belongs to."""


@dataclass(frozen=True, slots=True)
class JudgedMembers:
    """What the members of one group came to.

    `findings` are those in drift, `counted` how many of the others are in which situation. `present` are the ids of the
    accounts that are members here, `unmatched` the Okta user ids that belong to none of them.
    """

    findings: tuple[GroupFinding, ...]
    counted: Mapping[Situation, int]
    present: frozenset[str]
    unmatched: frozenset[str]


def doubtful_accounts(subjects: Iterable[Subject]) -> frozenset[str]:
    """Return the ids of the accounts that cannot be said to belong to one person in Okta."""
    return frozenset(
        candidate.account.id
        for finding in classify(subjects, lambda _account: False)
        if finding.base in _DOUBTED
        for candidate in finding.subject.candidates
    )


def judge_members(
    pair: GroupFinding, in_okta: frozenset[str], members: Iterable[LocalMember], doubtful: frozenset[str]
) -> JudgedMembers:
    """Return what each member here is, when `in_okta` are the Okta user ids of all members in Okta.

    The members are read once, one by one.
    """
    findings: list[GroupFinding] = []
    counted: Counter[Situation] = Counter()
    present: set[str] = set()
    matched: set[str] = set()
    for member in members:
        who, okta_user_id = _who(member, doubtful)
        present.add(member.account.id)
        matched.update(_ids(member))
        belonging = Belonging.UNKNOWN
        if who is Who.KNOWN:
            belonging = Belonging.MEMBER if okta_user_id in in_okta else Belonging.NOT_MEMBER
        situation = MEMBER_DISPATCH[who, door_of(member.account), belonging]
        if situation in NO_DRIFT:
            counted[situation] += 1
        else:
            findings.append(_finding(pair, situation, member.account, okta_user_id, _REASONS[situation]))
    return JudgedMembers(tuple(findings), counted, frozenset(present), in_okta - matched)


def doubt_extra(
    findings: Iterable[GroupFinding], claimants: Mapping[str, Collection[str]], contended: Collection[str]
) -> tuple[GroupFinding, ...]:
    """Return the findings, those of members too many with who else the account was said to belong to.

    `claimants` has the Okta user ids of these by SCIM id; `contended` are the accounts that one of them may have who is
    a member in Okta: then it is not certain that the member is one too many.
    """
    return tuple(_doubted(one, claimants, contended) for one in findings)


def _doubted(
    finding: GroupFinding, claimants: Mapping[str, Collection[str]], contended: Collection[str]
) -> GroupFinding:
    account = finding.account
    if finding.situation is not Situation.MEMBER_EXTRA or account is None or account.id not in claimants:
        return finding
    others = tuple(sorted(claimants[account.id]))
    if account.id not in contended:
        return replace(finding, others=others)
    reason = f"the account was said to belong to {', '.join(others)} as well, and Okta's group holds one of them"
    return replace(finding, situation=Situation.UNKNOWN, reason=reason)


def judge_absent(
    pair: GroupFinding, people: Iterable[Subject], judged: JudgedMembers, doubtful: frozenset[str]
) -> tuple[GroupFinding, ...]:
    """Return who is a member in Okta and none here.

    `people` are the assignments of those that nobody here belongs to, each with the accounts that its ids point to.
    """
    return tuple(
        _finding(
            pair,
            Situation.MEMBER_MISSING,
            person.candidates[0].account,
            person.assignment.okta_user_id,
            "Okta's group holds the person",
        )
        for person in people
        if person.assignment and _is_missing(person, judged.present | doubtful)
    )


def cover_member(
    finding: GroupFinding, known: Callable[[Account], Account], protects: Callable[[Account], bool]
) -> GroupFinding:
    """Return the finding with the account as `known` tells it, or what it becomes where somebody said to leave it."""
    if finding.account is None:
        return finding
    account = known(finding.account)
    situation, reason = covered(finding.situation, finding.reason, account, protects)
    return replace(finding, account=account, situation=situation, reason=reason)


def _who(member: LocalMember, doubtful: frozenset[str]) -> tuple[Who, str | None]:
    if member.account.origin is not Origin.SCIM:
        return Who.FOREIGN, member.account.external_id
    ids = _ids(member)
    if member.account.id in doubtful or len(ids) != 1:
        return Who.DOUBTFUL, member.account.external_id
    return Who.KNOWN, next(iter(ids))


def _ids(member: LocalMember) -> frozenset[str]:
    """Return who in Okta the member is by its own word, and by Okta's."""
    return frozenset(one for one in (member.account.external_id, member.listed_as) if one)


def _is_missing(person: Subject, spared: frozenset[str]) -> bool:
    if person.assignment is None or len(person.candidates) != 1:
        return False
    account = person.candidates[0].account
    is_theirs = account.external_id in {None, person.assignment.okta_user_id}
    is_open = account.active and account.origin is Origin.SCIM
    return is_theirs and is_open and account.id not in spared and said_of(person.assignment) is Said.ENTITLED


def _finding(
    pair: GroupFinding, situation: Situation, account: Account, okta_user_id: str | None, reason: str
) -> GroupFinding:
    return replace(pair, situation=situation, account=account, okta_user_id=okta_user_id, reason=reason)
