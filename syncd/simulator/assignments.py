"""Who is assigned to an app, in person or through groups, and which pushes follow from a change of that."""

from typing import Any

from syncd.simulator.errors import OktaError, invalid
from syncd.simulator.jobs import Operation, UserJob
from syncd.simulator.log_targets import of_app, of_assignment, of_group
from syncd.simulator.org import Org
from syncd.simulator.records import (
    PUSH_NEW_USERS,
    App,
    AppUser,
    AppUserStatus,
    GroupAssignment,
    Scope,
    SyncState,
    User,
    UserStatus,
    app_profile,
)


def assign(
    org: Org, app: App, user: User, *, user_name: str | None = None, profile: dict[str, Any] | None = None
) -> AppUser:
    """Assign the user in person and return the assignment; one that came through a group becomes a personal one.

    `user_name` and `profile` belong to the assignment and go before what is mapped from the user. Raises `OktaError`
    for a deprovisioned user.
    """
    if user.status is UserStatus.DEPROVISIONED:
        raise invalid("id", "The user is deprovisioned and cannot be assigned")
    app_user = app.users.get(user.id)
    if app_user is None:
        app_user = _add(org, app, user, Scope.USER)
        _own(user, app_user, user_name, profile)
        provision(org, app, user, app_user)
        return app_user
    app_user.scope, app_user.group_id, app_user.last_updated = Scope.USER, None, org.now()
    if user_name is not None or profile is not None:
        update(org, app, user, user_name=user_name, profile=profile)
    return app_user


def update(
    org: Org, app: App, user: User, *, user_name: str | None = None, profile: dict[str, Any] | None = None
) -> AppUser:
    """Change what belongs to the assignment itself, push it and return the assignment.

    Where the first push failed it is tried again: that is what editing an assignment does in Okta.
    """
    app_user = org.app_user(app, user.id)
    _own(user, app_user, user_name, profile)
    app_user.last_updated = org.now()
    org.log.add("application.user_membership.update", *of_assignment(app, user, app_user))
    if app_user.sync_state is SyncState.ERROR and app_user.external_id is None:
        provision(org, app, user, app_user)
    else:
        _push_profile(org, app, user, app_user)
    return app_user


def unassign(org: Org, app: App, user: User) -> None:
    """Take a personal assignment back. Somebody who is in an assigned group stays assigned through it.

    Raises `OktaError` when there is no assignment, or only one through a group.
    """
    app_user = org.app_user(app, user.id)
    if app_user.scope is Scope.GROUP:
        raise OktaError(403, "E0000006", "The user is assigned through a group; remove the user from the group instead")
    through = _assigning_group(org, app, user)
    if through is not None:
        app_user.scope, app_user.group_id, app_user.last_updated = Scope.GROUP, through, org.now()
    else:
        _remove(org, app, user, app_user)


def withdraw_all(org: Org, user: User) -> None:
    """Remove every assignment of somebody who was deprovisioned, pushing `active: false` once for each."""
    for app in org.apps:
        app_user = app.users.get(user.id)
        if app_user is not None:
            _remove(org, app, user, app_user)


def settle(org: Org, app: App, user: User) -> None:
    """Bring the user's assignment in line with the groups that are assigned to the app."""
    app_user = app.users.get(user.id)
    through = None if user.status is UserStatus.DEPROVISIONED else _assigning_group(org, app, user)
    if app_user is None and through is not None:
        app_user = _add(org, app, user, Scope.GROUP)
        app_user.group_id = through
        provision(org, app, user, app_user)
    elif app_user is not None and app_user.scope is Scope.GROUP:
        app_user.group_id = through
        if through is None:
            _remove(org, app, user, app_user)


def assign_group(org: Org, app: App, group_id: str) -> GroupAssignment:
    """Assign a group and with it each of its members. Returns the assignment, the old one when it was there."""
    group = org.group(group_id)
    assignment = app.groups.get(group_id)
    if assignment is None:
        assignment = GroupAssignment(group_id, org.now(), priority=len(app.groups))
        app.groups.put(group_id, assignment)
        org.log.add("group.application_assignment.add", of_group(group), of_app(app))
        for user_id in group.members:
            settle(org, app, org.user(user_id))
    return assignment


def unassign_group(org: Org, app: App, group_id: str) -> bool:
    """Take a group's assignment back, and those of members who are assigned through it alone. False: was not there."""
    if app.groups.remove(group_id) is None:
        return False
    group = org.group(group_id)
    org.log.add("group.application_assignment.remove", of_group(group), of_app(app))
    for user_id in group.members:
        settle(org, app, org.user(user_id))
    return True


def provision(org: Org, app: App, user: User, app_user: AppUser) -> None:
    """Push the assigned user: create, link or reactivate. Nothing is pushed of somebody who was never activated."""
    if app.pushes(PUSH_NEW_USERS):
        app_user.status, app_user.sync_state = AppUserStatus.STAGED, SyncState.OUT_OF_SYNC
        if user.status is not UserStatus.STAGED:
            org.push(user_job(Operation.PROVISION, app, user, app_user))


def user_activated(org: Org, user: User) -> None:
    """Push what waited for the activation of the user, and assign through groups again."""
    for app in org.apps:
        app_user = app.users.get(user.id)
        if app_user is None:
            settle(org, app, user)
        elif app_user.status is AppUserStatus.STAGED:
            provision(org, app, user, app_user)


def profile_changed(org: Org, user: User, before: dict[str, Any], login_before: str) -> None:
    """Push the changed profile of the user to every app. `before` is the mapped profile as it was.

    A mapped attribute that changed overrides what an assignment had of its own.
    """
    now = app_profile(user)
    for app in org.apps:
        app_user = app.users.get(user.id)
        if app_user is None:
            continue
        if app_user.user_name == login_before:
            app_user.user_name = user.profile["login"]
        own = app_user.own_profile or {}
        app_user.own_profile = {key: own[key] for key in own if before.get(key) == now.get(key)} or None
        app_user.last_updated = org.now()
        _push_profile(org, app, user, app_user)


def user_job(operation: Operation, app: App, user: User, app_user: AppUser, password: str | None = None) -> UserJob:
    """Return a job about the user with the profile as it is now."""
    return UserJob(operation, app, app_user, app_user.user_name, app_profile(user, app_user), password)


def _push_profile(org: Org, app: App, user: User, app_user: AppUser) -> None:
    if app_user.status is not AppUserStatus.ACTIVE:
        org.push(user_job(Operation.UPDATE_PROFILE, app, user, app_user))


def _add(org: Org, app: App, user: User, scope: Scope) -> AppUser:
    now = org.now()
    app_user = AppUser(
        user_id=user.id,
        user_name=user.profile["login"],
        scope=scope,
        status=AppUserStatus.ACTIVE,
        sync_state=SyncState.DISABLED,
        created=now,
        last_updated=now,
        status_changed=now,
    )
    app.users.put(user.id, app_user)
    org.log.add("application.user_membership.add", *of_assignment(app, user, app_user))
    return app_user


def _own(user: User, app_user: AppUser, user_name: str | None, profile: dict[str, Any] | None) -> None:
    if user_name is not None:
        app_user.user_name = user_name
    mapped = app_profile(user)
    own = {**(app_user.own_profile or {}), **(profile or {})}
    app_user.own_profile = {key: value for key, value in own.items() if mapped.get(key) != value} or None


def _remove(org: Org, app: App, user: User, app_user: AppUser) -> None:
    app.users.remove(user.id)
    org.log.add("application.user_membership.remove", *of_assignment(app, user, app_user))
    if app_user.status is not AppUserStatus.ACTIVE:
        org.push(user_job(Operation.DEACTIVATE, app, user, app_user))


def _assigning_group(org: Org, app: App, user: User) -> str | None:
    return min((group_id for group_id in org.groups_of.get(user.id, ()) if group_id in app.groups), default=None)
