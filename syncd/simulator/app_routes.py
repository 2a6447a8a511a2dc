"""/api/v1/apps: apps, their users, groups and group push mappings; and the grants of Identity Governance."""

from collections.abc import Callable
from typing import Any, Final

from syncd.simulator import apps, assignments, group_push, shapes
from syncd.simulator.calls import Call, Route
from syncd.simulator.errors import invalid, not_found
from syncd.simulator.exchange import Answer
from syncd.simulator.org import Org
from syncd.simulator.paging import Limits
from syncd.simulator.records import App, AppUser

APP_LIMITS: Final = Limits(default=20, maximum=200)
USER_LIMITS: Final = Limits(default=50, maximum=500)
GROUP_LIMITS: Final = Limits(default=20, maximum=200, minimum=20)
MAPPING_LIMITS: Final = Limits(default=100, maximum=1000)


def _list_apps(org: Org, call: Call) -> Answer:
    start = call.query.get("q", "").casefold()
    page = call.listing().page(
        org.apps,
        APP_LIMITS,
        lambda app: shapes.app(call.base, app),
        lambda app: app.label.casefold().startswith(start),
    )
    return Answer(page=page)


def _get_app(org: Org, call: Call) -> Answer:
    return Answer(payload=shapes.app(call.base, _app(org, call)))


def _activate_app(org: Org, call: Call) -> Answer:
    apps.activate(org, _app(org, call))
    return Answer(payload={})


def _deactivate_app(org: Org, call: Call) -> Answer:
    apps.deactivate(org, _app(org, call))
    return Answer(payload={})


# ------------------------------------------------------------------ users of an app


def _list_users(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    page = call.listing().page(app.users, USER_LIMITS, lambda row: _shown(org, call, app, row), _wanted(org, call))
    return Answer(page=page)


def _get_user(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    return Answer(payload=_shown(org, call, app, org.app_user(app, _user_id(org, call))))


def _assign_user(org: Org, call: Call) -> Answer:
    app, user_id = _app(org, call), call.text("id")
    if user_id is None:
        raise invalid("id", "The field cannot be left blank")
    row = assignments.assign(org, app, org.user(user_id), **_own(call))
    return Answer(payload=_shown(org, call, app, row))


def _update_user(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    row = assignments.update(org, app, org.user(call.parameters["user"]), **_own(call))
    return Answer(payload=_shown(org, call, app, row))


def _unassign_user(org: Org, call: Call) -> Answer:
    assignments.unassign(org, _app(org, call), org.user(call.parameters["user"]))
    return Answer(204)


def _own(call: Call) -> dict[str, Any]:
    """Return what belongs to the assignment itself."""
    user_name = call.object("credentials").get("userName")
    if user_name is not None and not isinstance(user_name, str):
        raise invalid("credentials.userName", "The value must be a string")
    return {"user_name": user_name, "profile": call.object("profile") or None}


def _wanted(org: Org, call: Call) -> Callable[[AppUser], bool]:
    start = call.query.get("q", "").casefold()
    if not start:
        return lambda _row: True

    def wanted(row: AppUser) -> bool:
        profile = org.user(row.user_id).profile
        values = (row.user_name, profile.get("firstName"), profile.get("lastName"), profile.get("email"))
        return any(str(value).casefold().startswith(start) for value in values)

    return wanted


def _shown(org: Org, call: Call, app: App, row: AppUser) -> Any:
    return shapes.app_user(call.base, app, row, org.user(row.user_id), embed=call.query.get("expand") == "user")


# ------------------------------------------------------------------ groups of an app


def _list_groups(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    page = call.listing().page(
        app.groups, GROUP_LIMITS, lambda assignment: shapes.group_assignment(call.base, app.id, assignment)
    )
    return Answer(page=page)


def _assign_group(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    assignment = assignments.assign_group(org, app, call.parameters["group"])
    return Answer(payload=shapes.group_assignment(call.base, app.id, assignment))


def _unassign_group(org: Org, call: Call) -> Answer:
    group_id = call.parameters["group"]
    if not assignments.unassign_group(org, _app(org, call), group_id):
        raise not_found(group_id, "ApplicationGroupAssignment")
    return Answer(204)


def _list_mappings(org: Org, call: Call) -> Answer:
    app, status, source = _app(org, call), call.query.get("status"), call.query.get("sourceGroupId")
    page = call.listing().page(
        app.mappings,
        MAPPING_LIMITS,
        lambda mapping: shapes.group_push_mapping(call.base, app.id, mapping),
        lambda mapping: status in {None, mapping.status} and source in {None, mapping.group_id},
    )
    return Answer(page=page)


def _create_mapping(org: Org, call: Call) -> Answer:
    app, group_id = _app(org, call), call.text("sourceGroupId")
    if group_id is None:
        raise invalid("sourceGroupId", "The field cannot be left blank")
    mapping = group_push.link(org, app, org.group(group_id), call.text("targetGroupId"))
    return Answer(payload=shapes.group_push_mapping(call.base, app.id, mapping))


def _get_mapping(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    mapping = org.mapping(app, call.parameters["mapping"])
    return Answer(payload=shapes.group_push_mapping(call.base, app.id, mapping))


def _delete_mapping(org: Org, call: Call) -> Answer:
    app = _app(org, call)
    mapping = org.mapping(app, call.parameters["mapping"])
    group_push.unlink(org, app, mapping, delete_target=call.flag("deleteTargetGroup", default=False))
    return Answer(204)


# ------------------------------------------------------------------ Identity Governance


def _grant(org: Org, call: Call) -> Answer:
    """Grant entitlements of an app to a user. They are not pushed: this org has no entitlements."""
    app_id, user_id = (call.object(name).get("externalId") for name in ("target", "targetPrincipal"))
    app, user = org.app(str(app_id)), org.user(str(user_id))
    grant = {"id": org.ids.make("gra"), "status": "ACTIVE", "created": org.now(), **call.body}
    grant["target"] = {**call.object("target"), "externalId": app.id}
    grant["targetPrincipal"] = {**call.object("targetPrincipal"), "externalId": user.id}
    return Answer(payload=grant)


def _app(org: Org, call: Call) -> App:
    return org.app(call.parameters["app"])


def _user_id(org: Org, call: Call) -> str:
    """Return the id of the user that the path names by id or login; what names nobody comes back as it is."""
    return org.logins.get(call.parameters["user"].casefold(), call.parameters["user"])


_READ: Final = "okta.apps.read"
_MANAGE: Final = "okta.apps.manage"
_APPS: Final = "/api/v1/apps"
_APP: Final = "/api/v1/apps/{app}"
_APP_BUCKET: Final = "/api/v1/apps/{id}"
_USERS: Final = f"{_APP}/users"
_GROUPS: Final = f"{_APP}/groups"
_MAPPINGS: Final = f"{_APP}/group-push/mappings"

ROUTES: Final = (
    Route("GET", _APPS, _READ, _APPS, _list_apps),
    Route("GET", _APP, _READ, _APP_BUCKET, _get_app),
    Route("POST", f"{_APP}/lifecycle/activate", _MANAGE, _APP_BUCKET, _activate_app),
    Route("POST", f"{_APP}/lifecycle/deactivate", _MANAGE, _APP_BUCKET, _deactivate_app),
    Route("GET", _USERS, _READ, _APPS, _list_users),
    Route("POST", _USERS, _MANAGE, _APPS, _assign_user),
    Route("GET", f"{_USERS}/{{user}}", _READ, _APPS, _get_user),
    Route("POST", f"{_USERS}/{{user}}", _MANAGE, _APPS, _update_user),
    Route("DELETE", f"{_USERS}/{{user}}", _MANAGE, _APPS, _unassign_user),
    Route("GET", _GROUPS, _READ, _APPS, _list_groups),
    Route("PUT", f"{_GROUPS}/{{group}}", _MANAGE, _APPS, _assign_group),
    Route("DELETE", f"{_GROUPS}/{{group}}", _MANAGE, _APPS, _unassign_group),
    Route("GET", _MAPPINGS, _READ, _APPS, _list_mappings),
    Route("POST", _MAPPINGS, _MANAGE, _APPS, _create_mapping),
    Route("GET", f"{_MAPPINGS}/{{mapping}}", _READ, _APPS, _get_mapping),
    Route("DELETE", f"{_MAPPINGS}/{{mapping}}", _MANAGE, _APPS, _delete_mapping),
    Route("POST", "/governance/api/v1/grants", "okta.governance.accessRequests.manage", "/governance", _grant),
)
