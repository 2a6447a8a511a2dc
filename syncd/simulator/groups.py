"""Groups of the org and their members."""

from syncd.simulator import assignments, group_push
from syncd.simulator.errors import invalid
from syncd.simulator.log_targets import of_group, of_user
from syncd.simulator.org import Org
from syncd.simulator.records import Group, User


def create(org: Org, name: str, description: str = "") -> Group:
    """Add an empty group and return it. Raises `OktaError` when the name is blank or taken."""
    _check_name(org, name, None)
    now = org.now()
    group = Group(org.ids.make("00g"), name, description, now, now, now)
    org.groups.put(group.id, group)
    org.group_names[name] = group.id
    org.log.add("group.lifecycle.create", of_group(group))
    return group


def update(org: Org, group: Group, name: str, description: str) -> None:
    """Rename the group and push the new name where the group is pushed. Raises `OktaError` as `create` does."""
    _check_name(org, name, group.id)
    renamed = name != group.name
    del org.group_names[group.name]
    org.group_names[name] = group.id
    group.name, group.description, group.last_updated = name, description, org.now()
    if renamed:
        group_push.renamed(org, group)


def delete(org: Org, group: Group) -> None:
    """Delete the group: who is assigned through it alone is unassigned. The group in the target is left alone."""
    for app in org.apps:
        assignments.unassign_group(org, app, group.id)
    group_push.forget(org, group)
    for user_id in group.members:
        org.groups_of[user_id].discard(group.id)
    del org.group_names[group.name]
    org.groups.remove(group.id)
    org.log.add("group.lifecycle.delete", of_group(group))


def add_member(org: Org, group: Group, user: User) -> None:
    """Make the user a member; the assignment that follows is pushed before the membership."""
    if user.id in group.members:
        return
    group.members.put(user.id, user.id)
    org.groups_of.setdefault(user.id, set()).add(group.id)
    group.last_membership_updated = org.now()
    org.log.add("group.user_membership.add", of_user(user), of_group(group))
    _settle(org, group, user)
    group_push.members_changed(org, group, joined=user.id)


def remove_member(org: Org, group: Group, user: User, *, push: bool = True) -> None:
    """Take the user out of the group. Without `push` the group in the target is not told."""
    if group.members.remove(user.id) is None:
        return
    org.groups_of[user.id].discard(group.id)
    group.last_membership_updated = org.now()
    org.log.add("group.user_membership.remove", of_user(user), of_group(group))
    _settle(org, group, user)
    if push:
        group_push.members_changed(org, group, left=user.id)


def _settle(org: Org, group: Group, user: User) -> None:
    for app in org.apps:
        if group.id in app.groups:
            assignments.settle(org, app, user)


def _check_name(org: Org, name: str, group_id: str | None) -> None:
    if not name:
        raise invalid("name", "The field cannot be left blank")
    if org.group_names.get(name, group_id) != group_id:
        raise invalid("name", "An object with this field already exists in the current organization")
