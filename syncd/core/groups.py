"""The two sides of pushed groups: what Okta pushes to an application, and what groups and members there are here."""

from dataclasses import dataclass
from enum import StrEnum

from syncd.core.subjects import Account, Origin


@dataclass(frozen=True, slots=True)
class GroupMapping:
    """One group that Okta pushes to the application, or did.

    `name` is the group's name in Okta now, None where Okta no longer knows the group. `target_group_id` is what Okta
    holds of the group at the other end, None before the first push. `status` is as Okta sent it.
    Source: Okta Management API, GET /api/v1/apps/{appId}/group-push/mappings.
    """

    mapping_id: str
    okta_group_id: str
    name: str | None
    target_group_id: str | None
    status: str


@dataclass(frozen=True, slots=True)
class LocalGroup:
    """One group of the application, as the store holds it. `id` is the SCIM id, `members` how many it has now."""

    id: str
    name: str
    external_id: str | None
    origin: Origin
    version: int
    members: int = 0


@dataclass(frozen=True, slots=True)
class LocalMember:
    """An account that is a member of a group here.

    `listed_as` is the Okta user id of the row in the sealed snapshot that carries the account's SCIM id, if one does.
    """

    account: Account
    listed_as: str | None = None


class Belonging(StrEnum):
    """Whether somebody is a member of a group in Okta, at that moment."""

    MEMBER = "member"
    NOT_MEMBER = "not-member"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MembershipLookup:
    """The answer of a point lookup. UNKNOWN is anything but Okta's own word about that user and that group.

    `detail` says in words what was answered, for people.
    """

    belonging: Belonging
    detail: str
