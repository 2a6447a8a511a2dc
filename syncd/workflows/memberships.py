"""In which groups one account is, and what Okta says of each: for explaining it. Nothing here changes anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from syncd.core.group_matching import COMPARED, GroupFinding, classify_group, match_groups
from syncd.core.groups import Belonging, LocalGroup
from syncd.core.subjects import Account
from syncd.ports import AssignmentSource, SourceUnhealthyError

MOST_ASKED: Final = 25
"""Of how many pushed groups Okta is asked about one person. Those that the account is in here come first."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A group that the account is in here, or in Okta, or both.

    `in_okta` is None where Okta was not asked; `detail` says why, or what Okta answered.
    """

    group_id: str
    name: str
    is_here: bool
    in_okta: Belonging | None
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return the membership as JSON."""
        return {
            "group": self.group_id,
            "name": self.name,
            "here": self.is_here,
            "okta": self.in_okta and self.in_okta.value,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Here:
    """The groups that an account is in here, id and name, and all groups of the application, where they are needed.

    `joined` are those that it is a member of itself, `through` those that it is in because a group of it is.
    """

    joined: tuple[tuple[str, str], ...]
    through: tuple[tuple[str, str], ...]
    groups: tuple[LocalGroup, ...] | None


def ask_memberships(source: AssignmentSource, account: Account, here: Here) -> tuple[Membership, ...]:
    """Return the account's memberships, those here first.

    Okta is asked now, uncached, where `here` has the groups of the application, and about at most 25 groups. What it
    does not show is told as not asked.
    """
    through = _untold(here.through, "not asked: through a group that is in it")
    if here.groups is None:
        return _untold(here.joined, "not asked: groups = false") + through
    if account.external_id is None:
        return _untold(here.joined, "not asked: no Okta user id is known") + through
    try:
        mappings = source.group_mappings()
    except SourceUnhealthyError as error:
        return _untold(here.joined, f"not asked: {error}") + through
    found = [classify_group(subject) for subject in match_groups(mappings, here.groups)]
    return tuple(_asked(source, account.external_id, here, found)) + through


def _untold(groups: tuple[tuple[str, str], ...], why: str) -> tuple[Membership, ...]:
    return tuple(Membership(group_id, name, is_here=True, in_okta=None, detail=why) for group_id, name in groups)


def _asked(
    source: AssignmentSource, okta_user_id: str, here: Here, found: Sequence[GroupFinding]
) -> Iterator[Membership]:
    joined = dict(here.joined)
    pairs = {one.group.id: one for one in found if one.situation in COMPARED and one.group and one.mapping}
    others = {one.group.id: one.reason for one in found if one.group and one.group.id not in pairs}
    for group_id in sorted(joined.keys() - pairs.keys()):
        why = f"not asked: {others.get(group_id, 'several groups claim its id or name')}"
        yield Membership(group_id, joined[group_id], is_here=True, in_okta=None, detail=why)
    ordered = sorted(pairs, key=lambda group_id: (group_id not in joined, group_id))
    for group_id in ordered[:MOST_ASKED]:
        one = _ask(source, okta_user_id, pairs[group_id], is_here=group_id in joined)
        if one.is_here or one.in_okta is not Belonging.NOT_MEMBER:
            yield one
    for group_id in ordered[MOST_ASKED:]:
        if group_id in joined:
            why = f"not asked: it is in more than {MOST_ASKED} pushed groups"
            yield Membership(group_id, joined[group_id], is_here=True, in_okta=None, detail=why)


def _ask(source: AssignmentSource, okta_user_id: str, pair: GroupFinding, *, is_here: bool) -> Membership:
    if pair.mapping is None or pair.group is None:
        raise AssertionError(pair)
    answer = source.look_up_membership(pair.mapping.okta_group_id, okta_user_id)
    return Membership(pair.group.id, pair.name, is_here=is_here, in_okta=answer.belonging, detail=answer.detail)
