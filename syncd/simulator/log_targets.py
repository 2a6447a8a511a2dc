"""What an event of the System Log is about: records and jobs of the org -> targets."""

from collections.abc import Mapping
from typing import Final

from syncd.simulator.jobs import Job, Operation, UserJob
from syncd.simulator.org import Org
from syncd.simulator.records import App, AppUser, Group, User
from syncd.simulator.system_log import Target

_FAILED: Final[Mapping[Operation, str]] = {
    Operation.PROVISION: "application.provision.user.push",
    Operation.UPDATE_PROFILE: "application.provision.user.push_profile",
    Operation.DEACTIVATE: "application.provision.user.deactivate",
    Operation.SET_PASSWORD: "application.provision.user.password",
}
_GROUP_FAILED: Final = "application.provision.group_push.mapping.update.or.delete.failed.with.error"


def of_user(user: User) -> Target:
    """Return the person."""
    profile = user.profile
    return Target(user.id, "User", profile["login"], f"{profile['firstName']} {profile['lastName']}")


def of_app(app: App) -> Target:
    """Return the app."""
    return Target(app.id, "AppInstance", app.label, app.label)


def of_group(group: Group) -> Target:
    """Return the group."""
    return Target(group.id, "UserGroup", group.name, group.name)


def of_assignment(app: App, user: User, app_user: AppUser) -> tuple[Target, ...]:
    """Return the targets of an event about an assignment; an app user's id in the log is no user's id."""
    person = of_user(user)
    return Target(f"0ua{user.id[3:]}", "AppUser", app_user.user_name, person.display_name), of_app(app), person


def log_failure(org: Org, job: Job, error: str) -> None:
    """Write down that a push failed. Most `application.provision` events of Okta tell failures only."""
    if not isinstance(job, UserJob):
        org.log.add(_GROUP_FAILED, of_app(job.app), failure=error)
        return
    user = org.users.get(job.target_id)
    if user is not None:
        org.log.add(_FAILED[job.operation], *of_assignment(job.app, user, job.app_user), failure=error)
