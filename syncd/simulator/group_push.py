"""Groups that are pushed to an app: which jobs follow from a change of a group."""

from syncd.simulator.errors import OktaError
from syncd.simulator.jobs import GroupJob, Operation
from syncd.simulator.org import Org
from syncd.simulator.records import App, AppUser, Group, GroupPushMapping, Style


def link(org: Org, app: App, group: Group, target_group_id: str | None = None) -> GroupPushMapping:
    """Start pushing the group: to a new group of the target, or to the existing one with that SCIM id.

    Returns the mapping. Raises `OktaError` when the group is pushed to this app already.
    """
    if any(mapping.group_id == group.id for mapping in app.mappings):
        raise OktaError(400, "E0000001", "Api validation failed: sourceGroupId", "The group is pushed already")
    now = org.now()
    mapping = GroupPushMapping(org.ids.make("gPm"), group.id, now, now, target_group_id=target_group_id)
    app.mappings.put(mapping.id, mapping)
    push_now(org, app, mapping)
    return mapping


def push_now(org: Org, app: App, mapping: GroupPushMapping) -> None:
    """Overwrite the group in the target, as the button Push Now does."""
    group = org.group(mapping.group_id)
    org.push(GroupJob(Operation.PUSH_GROUP, app, mapping, group.name, members=_assigned(app, group)))


def unlink(org: Org, app: App, mapping: GroupPushMapping, *, delete_target: bool) -> None:
    """Stop pushing the group, and delete it in the target or leave it there."""
    app.mappings.remove(mapping.id)
    if delete_target:
        org.push(GroupJob(Operation.DELETE_GROUP, app, mapping, org.group(mapping.group_id).name))


def forget(org: Org, group: Group) -> None:
    """Drop the mappings of a group that is being deleted; the target is not told."""
    for app in org.apps:
        for mapping in [mapping for mapping in app.mappings if mapping.group_id == group.id]:
            app.mappings.remove(mapping.id)


def renamed(org: Org, group: Group) -> None:
    """Push the group's new name."""
    for app, mapping in _pushed_to(org, group):
        org.push(GroupJob(Operation.RENAME_GROUP, app, mapping, group.name, members=_roster(app, group)))


def members_changed(org: Org, group: Group, *, joined: str | None = None, left: str | None = None) -> None:
    """Push who came or went. Somebody who is not assigned to the app is no member there."""
    for app, mapping in _pushed_to(org, group):
        arrival = app.users.get(joined) if joined is not None else None
        org.push(
            GroupJob(
                Operation.CHANGE_MEMBERS,
                app,
                mapping,
                group.name,
                members=_roster(app, group),
                joined=(arrival,) if arrival is not None else (),
                left=(left,) if left is not None else (),
            )
        )


def _pushed_to(org: Org, group: Group) -> list[tuple[App, GroupPushMapping]]:
    return [
        (app, mapping)
        for app in org.apps
        for mapping in app.mappings
        if mapping.group_id == group.id and mapping.status != "INACTIVE"
    ]


def _roster(app: App, group: Group) -> tuple[AppUser, ...]:
    """Wizard apps send the whole group for each change, catalogue apps only the change."""
    return _assigned(app, group) if app.style is Style.AIW else ()


def _assigned(app: App, group: Group) -> tuple[AppUser, ...]:
    found = (app.users.get(user_id) for user_id in group.members)
    return tuple(app_user for app_user in found if app_user is not None)
