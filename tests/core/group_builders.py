"""Short ways to say a pushed group, a group here, and a member."""

from syncd.core.group_matching import GroupFinding, classify_group, match_groups
from syncd.core.groups import GroupMapping, LocalGroup, LocalMember
from syncd.core.subjects import Account, Origin


def mapping(
    number: int = 1, name: str | None = "Guides", target: str | None = None, status: str = "ACTIVE"
) -> GroupMapping:
    return GroupMapping(f"gPm{number}", f"00g{number}", name, target, status)


def group(
    number: int = 1,
    name: str = "Guides",
    *,
    external_id: str | None = None,
    origin: Origin = Origin.SCIM,
    version: int = 1,
    members: int = 0,
) -> LocalGroup:
    return LocalGroup(f"g{number}", name, external_id, origin, version, members)


def member(
    number: int,
    okta_user_id: str | None = "same",
    *,
    listed_as: str | None = None,
    active: bool = True,
    origin: Origin = Origin.SCIM,
    protected: bool = False,
) -> LocalMember:
    external_id = f"00u{number}" if okta_user_id == "same" else okta_user_id
    account = Account(f"a{number}", f"person{number}", external_id, active, origin, protected, 1)
    return LocalMember(account, listed_as)


def pair(name: str = "Guides") -> GroupFinding:
    (subject,) = match_groups([mapping(name=name, target="g1")], [group(name=name, members=4)])
    return classify_group(subject)
