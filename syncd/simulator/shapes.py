"""JSON as the Management API shows things. `base` is the org's URL, for links."""

from typing import Any

from syncd.simulator.records import (
    App,
    AppUser,
    Group,
    GroupAssignment,
    GroupPushMapping,
    Style,
    User,
    app_profile,
)

Json = dict[str, Any]


def user(base: str, record: User) -> Json:
    """Return a User."""
    return {
        "id": record.id,
        "status": record.status,
        "created": record.created,
        "activated": record.activated,
        "statusChanged": record.status_changed,
        "lastLogin": None,
        "lastUpdated": record.last_updated,
        "passwordChanged": record.password_changed,
        "type": {"id": "otysimulateduser0000"},
        "profile": {"mobilePhone": None, "secondEmail": None, **record.profile},
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": f"{base}/api/v1/users/{record.id}"}},
    }


def app_user(base: str, app: App, record: AppUser, person: User, *, embed: bool = False) -> Json:
    """Return an AppUser. One that was never provisioned has no externalId; `embed` adds the User."""
    shown: Json = {
        "id": record.user_id,
        "created": record.created,
        "lastUpdated": record.last_updated,
        "scope": record.scope,
        "status": record.status,
        "statusChanged": record.status_changed,
        "passwordChanged": None,
        "syncState": record.sync_state,
        "credentials": {"userName": record.user_name},
        "profile": app_profile(person, record),
        "_links": {
            "app": {"href": f"{base}/api/v1/apps/{app.id}"},
            "user": {"href": f"{base}/api/v1/users/{record.user_id}"},
        },
    }
    if record.external_id is not None:
        shown["externalId"] = record.external_id
    if record.last_sync is not None:
        shown["lastSync"] = record.last_sync
    if record.group_id is not None:
        shown["_links"]["group"] = {"href": f"{base}/api/v1/groups/{record.group_id}", "name": record.group_id}
    if embed:
        shown["_embedded"] = {"user": user(base, person)}
    return shown


def app(base: str, record: App) -> Json:
    """Return an Application."""
    own = f"{base}/api/v1/apps/{record.id}"
    return {
        "id": record.id,
        "name": "scim_catalogue_app" if record.style is Style.OIN else "org_wizard_app_1",
        "label": record.label,
        "status": record.status,
        "created": record.created,
        "lastUpdated": record.last_updated,
        "accessibility": {"selfService": False, "errorRedirectUrl": None, "loginRedirectUrl": None},
        "visibility": {"autoSubmitToolbar": False, "hide": {"iOS": False, "web": False}, "appLinks": {}},
        "features": list(record.features),
        "signOnMode": "SAML_2_0",
        "credentials": {"userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"}, "signing": {}},
        "settings": {"app": {}, "notifications": {"vpn": {"network": {"connection": "DISABLED"}}}},
        "_links": {"self": {"href": own}, "users": {"href": f"{own}/users"}, "groups": {"href": f"{own}/groups"}},
    }


def group(base: str, record: Group) -> Json:
    """Return a Group."""
    own = f"{base}/api/v1/groups/{record.id}"
    return {
        "id": record.id,
        "created": record.created,
        "lastUpdated": record.last_updated,
        "lastMembershipUpdated": record.last_membership_updated,
        "objectClass": ["okta:user_group"],
        "type": "OKTA_GROUP",
        "profile": {"name": record.name, "description": record.description},
        "_links": {"self": {"href": own}, "users": {"href": f"{own}/users"}, "apps": {"href": f"{own}/apps"}},
    }


def group_assignment(base: str, app_id: str, record: GroupAssignment) -> Json:
    """Return an ApplicationGroupAssignment."""
    return {
        "id": record.group_id,
        "lastUpdated": record.last_updated,
        "priority": record.priority,
        "profile": {},
        "_links": {
            "self": {"href": f"{base}/api/v1/apps/{app_id}/groups/{record.group_id}"},
            "app": {"href": f"{base}/api/v1/apps/{app_id}"},
            "group": {"href": f"{base}/api/v1/groups/{record.group_id}"},
        },
    }


def group_push_mapping(base: str, app_id: str, record: GroupPushMapping) -> Json:
    """Return a GroupPushMapping."""
    return {
        "id": record.id,
        "created": record.created,
        "lastUpdated": record.last_updated,
        "lastPush": record.last_push,
        "errorSummary": record.error_summary,
        "sourceGroupId": record.group_id,
        "targetGroupId": record.target_group_id,
        "status": record.status,
        "_links": {
            "app": {"href": f"{base}/api/v1/apps/{app_id}"},
            "sourceGroup": {"href": f"{base}/api/v1/groups/{record.group_id}"},
        },
    }
