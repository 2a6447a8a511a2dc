"""What a simulated org holds. Times are text as the API shows them, so that no page formats them again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from syncd.simulator.ordered_table import OrderedTable


class UserStatus(StrEnum):
    """A user's lifecycle (Okta Management API, User.status)."""

    STAGED = "STAGED"
    PROVISIONED = "PROVISIONED"
    ACTIVE = "ACTIVE"
    RECOVERY = "RECOVERY"
    LOCKED_OUT = "LOCKED_OUT"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"
    SUSPENDED = "SUSPENDED"
    DEPROVISIONED = "DEPROVISIONED"


class AppUserStatus(StrEnum):
    """The statuses an assignment takes here: waiting for its push, sign-on only, and pushed."""

    STAGED = "STAGED"
    ACTIVE = "ACTIVE"
    PROVISIONED = "PROVISIONED"


class SyncState(StrEnum):
    """How an assignment's last push went."""

    DISABLED = "DISABLED"
    OUT_OF_SYNC = "OUT_OF_SYNC"
    SYNCHRONIZED = "SYNCHRONIZED"
    ERROR = "ERROR"


class Scope(StrEnum):
    """Whether the user was assigned in person or through a group; one who is both counts as USER."""

    USER = "USER"
    GROUP = "GROUP"


class Style(StrEnum):
    """The two kinds of SCIM client that Okta has: catalogue apps, and apps of the App Integration Wizard."""

    OIN = "oin"
    AIW = "aiw"


PUSH_NEW_USERS: Final = "PUSH_NEW_USERS"
PUSH_PROFILE_UPDATES: Final = "PUSH_PROFILE_UPDATES"
PUSH_USER_DEACTIVATION: Final = "PUSH_USER_DEACTIVATION"
PUSH_PASSWORD_UPDATES: Final = "PUSH_PASSWORD_UPDATES"
GROUP_PUSH: Final = "GROUP_PUSH"

_PROVISIONING: Final = (
    "IMPORT_NEW_USERS",
    "IMPORT_PROFILE_UPDATES",
    PUSH_NEW_USERS,
    PUSH_PROFILE_UPDATES,
    PUSH_USER_DEACTIVATION,
    "REACTIVATE_USERS",
    GROUP_PUSH,
)
FEATURES: Final[Mapping[Style, tuple[str, ...]]] = {
    Style.OIN: _PROVISIONING,
    # Okta reports this one for wizard apps although its own description does not list it (okta-sdk-python#574).
    Style.AIW: ("AUTO_CONFIRM_IMPORTS", *_PROVISIONING),
}


@dataclass(slots=True)
class User:
    """A person of the org. `password_changed` is None until there is a password."""

    id: str
    profile: dict[str, Any]
    status: UserStatus
    created: str
    last_updated: str
    status_changed: str
    activated: str | None = None
    password_changed: str | None = None


@dataclass(slots=True)
class AppUser:
    """An assignment of a user to an app.

    `external_id` is the SCIM id, learned from the answer to the push. `own_profile` holds the attributes that were
    given to this assignment and differ from what the mapping makes of the user.
    """

    user_id: str
    user_name: str
    scope: Scope
    status: AppUserStatus
    sync_state: SyncState
    created: str
    last_updated: str
    status_changed: str
    external_id: str | None = None
    last_sync: str | None = None
    group_id: str | None = None
    own_profile: dict[str, Any] | None = None


@dataclass(slots=True)
class Group:
    """A group of the org with the ids of its members."""

    id: str
    name: str
    description: str
    created: str
    last_updated: str
    last_membership_updated: str
    members: OrderedTable[str] = field(default_factory=OrderedTable)


@dataclass(slots=True)
class GroupAssignment:
    """An assignment of a whole group to an app."""

    group_id: str
    last_updated: str
    priority: int


@dataclass(slots=True)
class GroupPushMapping:
    """A group that is pushed to an app. `pushed` is what Okta believes to be in the target: SCIM id by user id."""

    id: str
    group_id: str
    created: str
    last_updated: str
    status: str = "ACTIVE"
    target_group_id: str | None = None
    last_push: str | None = None
    error_summary: str | None = None
    pushed: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class App:
    """An app integration with everything that is assigned to it."""

    id: str
    label: str
    style: Style
    created: str
    last_updated: str
    features: tuple[str, ...]
    status: str = "ACTIVE"
    users: OrderedTable[AppUser] = field(default_factory=OrderedTable)
    groups: OrderedTable[GroupAssignment] = field(default_factory=OrderedTable)
    mappings: OrderedTable[GroupPushMapping] = field(default_factory=OrderedTable)

    def pushes(self, feature: str) -> bool:
        """Return whether provisioning of that kind is switched on."""
        return self.status == "ACTIVE" and feature in self.features


def app_profile(user: User, app_user: AppUser | None = None) -> dict[str, Any]:
    """Return the assignment's profile: the default mapping of the user's, overlaid with what is its own."""
    profile = user.profile
    mapped = {ours: profile[theirs] for theirs, ours in _MAPPING.items() if profile.get(theirs) is not None}
    mapped.setdefault("displayName", f"{profile.get('firstName', '')} {profile.get('lastName', '')}")
    mapped["emailType"] = "work"
    if app_user is not None and app_user.own_profile:
        mapped.update(app_user.own_profile)
    return mapped


_MAPPING: Final[Mapping[str, str]] = {
    "firstName": "givenName",
    "lastName": "familyName",
    "email": "email",
    "displayName": "displayName",
    "title": "title",
    "locale": "locale",
    "department": "department",
}


def timestamp(moment: datetime) -> str:
    """Return a moment as Okta shows it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
