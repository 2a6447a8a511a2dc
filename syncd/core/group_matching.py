"""Which situation each pushed group is in: the taxonomy D20, D21 and D25 as a table.

What Okta pushes and what is here claim one another, by id or by name; whatever hangs together by such claims is one
subject. One mapping and one group are a pair, alone each has a situation of its own, and more than that is a clash:
nobody can tell which belongs to which, so all of it is frozen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scim.resource import fold
from syncd.core.groups import GroupMapping, LocalGroup
from syncd.core.situations import Situation
from syncd.core.subjects import Account, Origin


class Bond(StrEnum):
    """How mappings and groups are tied to one another, or what there is without the other."""

    ID = "id"
    ID_OTHER_NAME = "id-other-name"
    NAME = "name"
    MAPPING = "mapping"
    GROUP = "group"
    CLASHING = "clashing"
    FOREIGN = "foreign"


class Push(StrEnum):
    """Whether Okta pushes the group. NONE stands for a group that no mapping names."""

    ACTIVE = "active"
    PAUSED = "paused"
    UNKNOWN = "unknown"
    NONE = "none"


MAPPING_SAYS: Final = {"ACTIVE": Push.ACTIVE, "ERROR": Push.ACTIVE, "INACTIVE": Push.PAUSED}
"""Okta's GroupPushMapping.status. After a push that failed the group is still to be as it is in Okta."""

_TIED: Final = {Push.PAUSED: Situation.GROUP_ORPHAN, Push.UNKNOWN: Situation.UNKNOWN}


def _row(bond: Bond, said: Mapping[Push, Situation]) -> dict[tuple[Bond, Push], Situation]:
    return {(bond, push): situation for push, situation in said.items()}


GROUP_DISPATCH: Final[Mapping[tuple[Bond, Push], Situation]] = {
    **_row(Bond.ID, {Push.ACTIVE: Situation.IN_SYNC, **_TIED}),
    **_row(Bond.ID_OTHER_NAME, {Push.ACTIVE: Situation.GROUP_RENAMED, **_TIED}),
    **_row(Bond.NAME, {Push.ACTIVE: Situation.IN_SYNC, **_TIED}),
    **_row(
        Bond.MAPPING,
        {Push.ACTIVE: Situation.GROUP_MISSING, Push.PAUSED: Situation.IN_SYNC, Push.UNKNOWN: Situation.UNKNOWN},
    ),
    **_row(Bond.GROUP, {Push.NONE: Situation.GROUP_ORPHAN}),
    **_row(Bond.CLASHING, dict.fromkeys(Push, Situation.GROUP_CLASH)),
    **_row(Bond.FOREIGN, dict.fromkeys(Push, Situation.UNMANAGED)),
}
"""(how they are tied, whether Okta pushes) -> situation, for everything that can occur."""

COMPARED: Final = frozenset({Situation.IN_SYNC, Situation.GROUP_RENAMED})
"""The situations of a pair in which its members are held against one another."""


@dataclass(frozen=True, slots=True)
class GroupSubject:
    """Mappings and groups that hang together by what they claim of one another, both by id."""

    mappings: tuple[GroupMapping, ...]
    groups: tuple[LocalGroup, ...]


@dataclass(frozen=True, slots=True)
class GroupFinding:
    """A pushed group, or a membership of one, with its situation.

    `name` is the group's here, or else in Okta; `group` and `mapping` are None where there is none, or several.
    `account` is that of a membership, None in a finding about a group; `okta_user_id` the person's. `by_name` tells
    that only its name ties the group to Okta's. `waiver` is the id of the waiver that accepts it. `others` are the Okta
    user ids of those whom the account was said to belong to as well.
    """

    situation: Situation
    name: str
    reason: str
    group: LocalGroup | None = None
    mapping: GroupMapping | None = None
    account: Account | None = None
    okta_user_id: str | None = None
    by_name: bool = False
    waiver: str | None = None
    others: tuple[str, ...] = ()


Ties = Mapping[tuple[str, str], GroupFinding]
"""What a group in Okta and a group here are to one another, by Okta group id and SCIM id."""


def ties_of(mappings: Iterable[GroupMapping], groups: Iterable[LocalGroup]) -> Ties:
    """Return the ties: none of two groups that claim nothing of one another, nor have anything to do with a third."""
    return {
        (mapping.okta_group_id, group.id): classify_group(subject)
        for subject in match_groups(mappings, groups)
        for mapping in subject.mappings
        for group in subject.groups
    }


def match_groups(mappings: Iterable[GroupMapping], groups: Iterable[LocalGroup]) -> tuple[GroupSubject, ...]:
    """Return the subjects, in an order that does not depend on that of the input. Each value is in exactly one.

    A mapping claims the groups whose SCIM id is its target, whose externalId is its target or its group in Okta, and
    whose folded name is that of its group in Okta. Two mappings that claim the same belong together.
    """
    known, listed = sorted(groups, key=lambda one: one.id), sorted(mappings, key=lambda one: one.mapping_id)
    together = _Together()
    for group in known:
        together.join(_node(group), *_said_of(group))
    for mapping in listed:
        together.join(_node(mapping), *_claims(mapping))
    parts: dict[str, tuple[list[GroupMapping], list[LocalGroup]]] = {}
    for mapping in listed:
        parts.setdefault(together.root(_node(mapping)), ([], []))[0].append(mapping)
    for group in known:
        parts.setdefault(together.root(_node(group)), ([], []))[1].append(group)
    subjects = (GroupSubject(tuple(of_okta), tuple(of_ours)) for of_okta, of_ours in parts.values())
    return tuple(sorted(subjects, key=_order_of_subject))


def classify_group(subject: GroupSubject) -> GroupFinding:
    """Return what a subject is."""
    mapping = subject.mappings[0] if len(subject.mappings) == 1 else None
    group = subject.groups[0] if len(subject.groups) == 1 else None
    bond = _bond(subject)
    push = _push(subject.mappings)
    name = (group.name if group else mapping and mapping.name) or _names(subject)
    reason = _REASONS[bond].format(name=mapping and mapping.name, origin=group and group.origin, all=_names(subject))
    if bond is not Bond.CLASHING and mapping is not None:
        reason += f"; Okta: the push is {mapping.status}"
        reason += "" if mapping.name is not None else ", and the group is not there any more"
    return GroupFinding(
        GROUP_DISPATCH[bond, push], name, reason, group, mapping, by_name=bond is Bond.NAME and group is not None
    )


_REASONS: Final = {
    Bond.ID: "tied by id",
    Bond.ID_OTHER_NAME: "its name is {name!r} in Okta",
    Bond.NAME: "tied by its name alone",
    Bond.MAPPING: "no group here has its id or its name",
    Bond.GROUP: "no push of Okta names it",
    Bond.CLASHING: "they claim one another's id or name: {all}",
    Bond.FOREIGN: "made by: {origin}",
}


class _Together:
    """Names that belong together, as far as they have been joined."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def join(self, first: str, *others: str) -> None:
        for other in (first, *others):
            self._above.setdefault(other, other)
            self._above[self.root(other)] = self.root(first)

    def root(self, name: str) -> str:
        while self._above[name] != name:
            self._above[name] = self._above[self._above[name]]
            name = self._above[name]
        return name


def _node(one: GroupMapping | LocalGroup) -> str:
    return f"group {one.id}" if isinstance(one, LocalGroup) else f"mapping {one.mapping_id}"


def _said_of(group: LocalGroup) -> tuple[str, ...]:
    by_external = (f"external {group.external_id}",) if group.external_id else ()
    return (f"id {group.id}", f"name {fold(group.name)}", *by_external)


def _claims(mapping: GroupMapping) -> tuple[str, ...]:
    target = mapping.target_group_id
    by_id = (f"id {target}", f"external {target}") if target else ()
    by_name = (f"name {fold(mapping.name)}",) if mapping.name else ()
    return (*by_id, f"external {mapping.okta_group_id}", *by_name)


def _bond(subject: GroupSubject) -> Bond:
    if len(subject.mappings) > 1 or len(subject.groups) > 1:
        return Bond.CLASHING
    if not subject.groups:
        return Bond.MAPPING
    (group,) = subject.groups
    if group.origin is not Origin.SCIM:
        return Bond.FOREIGN
    if not subject.mappings:
        return Bond.GROUP
    (mapping,) = subject.mappings
    by_external = group.external_id and group.external_id in {mapping.target_group_id, mapping.okta_group_id}
    if group.id != mapping.target_group_id and not by_external:
        return Bond.NAME
    same = mapping.name is None or fold(mapping.name) == fold(group.name)
    return Bond.ID if same else Bond.ID_OTHER_NAME


def _push(mappings: tuple[GroupMapping, ...]) -> Push:
    """Return whether Okta pushes; of several mappings, which clash whatever they say, the first one's word."""
    if not mappings:
        return Push.NONE
    return MAPPING_SAYS.get(mappings[0].status, Push.UNKNOWN) if mappings[0].name is not None else Push.UNKNOWN


def _names(subject: GroupSubject) -> str:
    pushed = (f"{one.name or one.okta_group_id} (Okta {one.okta_group_id})" for one in subject.mappings)
    return ", ".join((*pushed, *(f"{one.name} ({one.id})" for one in subject.groups)))


def _order_of_subject(subject: GroupSubject) -> tuple[str, str]:
    group_id = subject.groups[0].id if subject.groups else ""
    return group_id, subject.mappings[0].mapping_id if subject.mappings else ""
