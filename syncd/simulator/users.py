"""The people of an org: made, changed, moved through their lifecycle, deleted."""

from collections.abc import Mapping
from typing import Any, Final

from syncd.simulator import assignments, groups
from syncd.simulator.errors import invalid
from syncd.simulator.jobs import Operation
from syncd.simulator.lifecycle import LOGGED_AS, Action, next_status
from syncd.simulator.log_targets import of_user
from syncd.simulator.org import Org
from syncd.simulator.records import AppUserStatus, User, UserStatus, app_profile

REQUIRED: Final = ("login", "firstName", "lastName", "email")


def create(org: Org, profile: Mapping[str, Any], *, password: bool = True, activate: bool = True) -> User:
    """Add a person and return it: STAGED, or activated at once. `password` says whether one came along.

    Raises `OktaError` for a missing attribute or a login that is taken.
    """
    checked = _checked(org, dict(profile), None)
    now = org.now()
    user = User(org.ids.make("00u"), checked, UserStatus.STAGED, now, now, now)
    user.password_changed = now if password else None
    org.users.put(user.id, user)
    org.logins[_login(checked)] = user.id
    org.log.add("user.lifecycle.create", of_user(user))
    if activate:
        apply(org, user, Action.ACTIVATE)
    return user


def update(org: Org, user: User, changes: Mapping[str, Any], *, replace: bool = False) -> None:
    """Change the profile: `changes` alone are left with `replace`, else the others stay. None takes a value away.

    Every app that the user is provisioned to gets a profile push. Raises `OktaError` as `create` does.
    """
    before, login = app_profile(user), user.profile["login"]
    merged = {**({} if replace else user.profile), **changes}
    checked = _checked(org, {name: value for name, value in merged.items() if value is not None}, user.id)
    if checked == user.profile:
        return
    del org.logins[_login(user.profile)]
    user.profile, user.last_updated = checked, org.now()
    org.logins[_login(checked)] = user.id
    org.log.add("user.account.update_profile", of_user(user))
    assignments.profile_changed(org, user, before, login)


def apply(org: Org, user: User, action: Action) -> None:
    """Carry out a lifecycle operation with what follows for the assignments.

    Suspension pushes nothing and keeps assignments; deactivation removes them and pushes `active: false` once. Raises
    `OktaError` where the status does not allow the operation.
    """
    status = next_status(action, user.status, has_password=user.password_changed is not None)
    was, user.status = user.status, status
    user.status_changed = user.last_updated = org.now()
    org.log.add(LOGGED_AS[action], of_user(user))
    if status is UserStatus.DEPROVISIONED:
        assignments.withdraw_all(org, user)
    elif was in {UserStatus.STAGED, UserStatus.DEPROVISIONED}:
        user.activated = user.status_changed
        assignments.user_activated(org, user)


def delete(org: Org, user: User) -> None:
    """Deactivate the user, or delete one who is deprovisioned already. The deletion itself pushes nothing."""
    if user.status is not UserStatus.DEPROVISIONED:
        apply(org, user, Action.DEACTIVATE)
        return
    org.log.add("user.lifecycle.delete.initiated", of_user(user))
    for group_id in tuple(org.groups_of.get(user.id, ())):
        groups.remove_member(org, org.group(group_id), user, push=False)
    org.groups_of.pop(user.id, None)
    del org.logins[_login(user.profile)]
    org.users.remove(user.id)
    org.log.add("user.lifecycle.delete.completed", of_user(user))


def set_password(org: Org, user: User, password: str) -> None:
    """Change the password and push it to the apps that have password push switched on."""
    user.password_changed = user.last_updated = org.now()
    for app in org.apps:
        app_user = app.users.get(user.id)
        if app_user is not None and app_user.status is AppUserStatus.PROVISIONED:
            org.push(assignments.user_job(Operation.SET_PASSWORD, app, user, app_user, password))


def _login(profile: Mapping[str, Any]) -> str:
    login: str = profile["login"]
    return login.casefold()


def _checked(org: Org, profile: dict[str, Any], user_id: str | None) -> dict[str, Any]:
    for name in REQUIRED:
        if not isinstance(profile.get(name), str) or not profile[name]:
            raise invalid(name, "The field cannot be left blank")
    if org.logins.get(_login(profile), user_id) != user_id:
        raise invalid("login", "An object with this field already exists in the current organization")
    return profile
