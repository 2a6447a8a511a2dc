"""Provisioning jobs: what an org decided to push, as values. A worker carries them out later, in order."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from syncd.simulator.records import (
    GROUP_PUSH,
    PUSH_NEW_USERS,
    PUSH_PASSWORD_UPDATES,
    PUSH_PROFILE_UPDATES,
    PUSH_USER_DEACTIVATION,
    App,
    AppUser,
    GroupPushMapping,
)


class Operation(StrEnum):
    """What is pushed."""

    PROVISION = "provision"
    UPDATE_PROFILE = "update-profile"
    DEACTIVATE = "deactivate"
    SET_PASSWORD = "set-password"
    PUSH_GROUP = "push-group"
    RENAME_GROUP = "rename-group"
    CHANGE_MEMBERS = "change-members"
    DELETE_GROUP = "delete-group"


FEATURE_OF: Final = {
    Operation.PROVISION: PUSH_NEW_USERS,
    Operation.UPDATE_PROFILE: PUSH_PROFILE_UPDATES,
    Operation.DEACTIVATE: PUSH_USER_DEACTIVATION,
    Operation.SET_PASSWORD: PUSH_PASSWORD_UPDATES,
    Operation.PUSH_GROUP: GROUP_PUSH,
    Operation.RENAME_GROUP: GROUP_PUSH,
    Operation.CHANGE_MEMBERS: GROUP_PUSH,
    Operation.DELETE_GROUP: GROUP_PUSH,
}


@dataclass(frozen=True, slots=True)
class UserJob:
    """A push about one person. `profile` is the assignment's, as it was when the job was made."""

    operation: Operation
    app: App
    app_user: AppUser
    user_name: str
    profile: dict[str, Any]
    password: str | None = field(default=None, repr=False)

    @property
    def target_id(self) -> str:
        """The Okta id of the person."""
        return self.app_user.user_id

    @property
    def label(self) -> str:
        """What an administrator calls the person."""
        return self.user_name


@dataclass(frozen=True, slots=True)
class GroupJob:
    """A push about one group.

    `members` are all assigned members, where the whole group is sent; `joined` and `left` are who came and who went.
    Whether somebody is provisioned, and under which SCIM id, is looked up when the job is carried out.
    """

    operation: Operation
    app: App
    mapping: GroupPushMapping
    name: str
    members: tuple[AppUser, ...] = ()
    joined: tuple[AppUser, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def target_id(self) -> str:
        """The Okta id of the group."""
        return self.mapping.group_id

    @property
    def label(self) -> str:
        """What an administrator calls the group."""
        return self.name


Job = UserJob | GroupJob
