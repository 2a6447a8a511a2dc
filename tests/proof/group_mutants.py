"""Every guard of pushed groups, taken away: what the schedules of groups have to notice."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from syncd.core import group_matching, group_planning, guard, member_matching
from syncd.core.group_matching import MAPPING_SAYS, Bond, GroupSubject, Push
from syncd.core.groups import Belonging, LocalGroup, MembershipLookup
from syncd.core.member_matching import Who
from syncd.core.planning import Item
from syncd.core.policy import Policy
from syncd.core.situations import Effect
from syncd.core.subjects import Origin
from syncd.ports import SourceUnhealthyError
from syncd.store import leases
from syncd.workflows import apply_plan as kernel
from syncd.workflows import reconcile as runs
from syncd.workflows import survey as surveying
from syncd.workflows import survey_groups as looking
from tests.proof.mutants import MUTANTS, Mutant, swap, together, without_check, without_judge


def _unread_is_none() -> Any:
    """Take a page of members that fails for the end of the listing."""
    real = looking.look_at_groups

    class Shortened:
        def __init__(self, source: Any) -> None:
            self._source = source

        def __getattr__(self, name: str) -> Any:
            return getattr(self._source, name)

        def group_members(self, okta_group_id: str) -> Iterator[tuple[str, ...]]:
            try:
                yield from self._source.group_members(okta_group_id)
            except SourceUnhealthyError:
                return

    def look(desk: Any, *rest: Any) -> Any:
        return real(replace(desk, source=Shortened(desk.source)), *rest)

    return swap(surveying, "look_at_groups", look)


def _not_asked() -> Any:
    """Believe the listing of members."""
    real = guard.needs_lookup
    return swap(kernel, "needs_lookup", lambda item, policy: item.group_id is None and real(item, policy))


def _unanswered_is_no_member() -> Any:
    real = guard.refutes_membership

    def refutes(item: Item, told: MembershipLookup) -> str | None:
        return None if told.belonging is Belonging.UNKNOWN else real(item, told)

    return swap(kernel, "refutes_membership", refutes)


def _no_budget_of_members() -> Any:
    real = Policy.budget
    unlimited = (sys.maxsize, sys.maxsize)
    return swap(
        Policy, "budget", lambda one, effect: unlimited if effect is Effect.REMOVE_MEMBER else real(one, effect)
    )


def _any_version() -> Any:
    real = guard.forbids_group

    def of_version(group: LocalGroup | None, version: int, *, is_confirmed: bool) -> str | None:
        return real(group and replace(group, version=version), version, is_confirmed=is_confirmed)

    return swap(kernel, "forbids_group", of_version)


def _confirmed_or_not() -> Any:
    """Take a push of a group that changes nothing for none."""
    real = guard.forbids_group
    return swap(kernel, "forbids_group", lambda group, version, **_: real(group, version))


def _groups_of_others_are_ours() -> Any:
    real = group_matching._bond

    def ours(group: LocalGroup) -> LocalGroup:
        return replace(group, origin=Origin.SCIM)

    def bond(subject: Any) -> Bond:
        return real(replace(subject, groups=tuple(map(ours, subject.groups))))

    forbids = guard.forbids_group
    return together(
        swap(group_matching, "_bond", bond),
        swap(kernel, "forbids_group", lambda group, version, **more: forbids(group and ours(group), version, **more)),
    )


def _clash_is_a_pair() -> Any:
    """Take the first push and the first group of those that claim one another for a pair."""
    real = group_matching.classify_group

    def classify(subject: Any) -> Any:
        return real(replace(subject, mappings=subject.mappings[:1], groups=subject.groups[:1]))

    return swap(looking, "classify_group", classify)


def _older_plan_is_a_pair() -> Any:
    """Take what clashes by now for the pair that it was when the plan was made."""

    def ties(mappings: Any, groups: Any) -> Any:
        return {
            (mapping.okta_group_id, group.id): group_matching.classify_group(GroupSubject((mapping,), (group,)))
            for subject in group_matching.match_groups(mappings, groups)
            for mapping in subject.mappings
            for group in subject.groups
        }

    return swap(runs, "ties_of", ties)


def _no_administrator_stays() -> Any:
    return together(
        without_check("enough administrators stay"), swap(group_planning, "_takes_an_admin", lambda *_: False)
    )


def _doubt_is_certainty() -> Any:
    """Take everybody for whom their account names, whomever Okta names."""
    real = member_matching._who

    def who(member: Any, _doubtful: Any) -> tuple[Who, str | None]:
        return real(replace(member, listed_as=None), frozenset())

    return swap(member_matching, "_who", who)


def _no_claimants() -> Any:
    """Take nobody for whoever else an account was said to belong to."""
    return swap(looking, "doubt_extra", lambda findings, *_: tuple(findings))


GROUP_MUTANTS: Final[Mapping[str, Mutant]] = {
    "no question before a membership changes": _not_asked,
    "what is not answered is no member": _unanswered_is_no_member,
    "a failed page ends the listing of members": _unread_is_none,
    "no threshold of a group": lambda: without_judge("_each_group"),
    "no comparison of a group's versions": _any_version,
    "a push of a group that changes nothing is none": _confirmed_or_not,
    "a push that rests goes on": lambda: swap(
        group_matching, "MAPPING_SAYS", {**MAPPING_SAYS, "INACTIVE": Push.ACTIVE}
    ),
    "groups of others are ours": _groups_of_others_are_ours,
    "a name ties a group for good": lambda: swap(group_planning, "_is_proposed", lambda *_: False),
    "what clashes is a pair": _clash_is_a_pair,
    "who else had an account is no member": _no_claimants,
    "whose place is in doubt is known": _doubt_is_certainty,
    "an account may be somebody else's by now": lambda: without_check(
        "the account is of the person whom Okta was asked about"
    ),
    "no administrator has to stay in the group": _no_administrator_stays,
    "administrators lose their group's name": lambda: swap(group_planning, "_administers", lambda *_: (False, False)),
    "no fencing of groups": lambda: swap(leases, "hold", lambda *_: None),
    "no intention before a group changes": MUTANTS["no intention before the effect"],
}
"""What is taken away from pushed groups, by name."""

LONG_GROUP_MUTANTS: Final[Mapping[str, Mutant]] = {
    "no budget of members": _no_budget_of_members,
    "an older plan is of groups that are still pushed": lambda: swap(runs, "_ties_now", lambda _desk: None),
    "an older plan is of groups that nobody else claims": _older_plan_is_a_pair,
}
"""What is taken away of what is added up over many runs, or done by a later one, by name."""
