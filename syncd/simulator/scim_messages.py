"""The bodies and paths of Okta's SCIM client, as functions over values. Nothing is sent here.

Sources: Okta's SCIM 2.0 reference, and recorded exchanges of catalogue and wizard apps.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

Json = dict[str, Any]

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

PAGE_SIZE: Final = 100
CONNECTOR_TEST: Final = "/Users?startIndex=1&count=2"


def search(endpoint: str, attribute: str, value: str) -> str:
    """Return the path of the search that precedes a creation; everything in the filter is percent-encoded."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    condition = quote(f'{attribute} eq "{escaped}"', safe="")
    return f"/{endpoint}?filter={condition}&startIndex=1&count={PAGE_SIZE}"


def page(endpoint: str, start_index: int) -> str:
    """Return the path of one page of an import."""
    return f"/{endpoint}?startIndex={start_index}&count={PAGE_SIZE}"


def resource(endpoint: str, scim_id: str) -> str:
    """Return the path of one resource."""
    return f"/{endpoint}/{quote(scim_id, safe='')}"


def new_user(okta_id: str, user_name: str, profile: Mapping[str, Any]) -> Json:
    """Return the body that creates a user; `profile` is the assignment's, with Okta's names."""
    body: Json = {
        "schemas": [USER],
        "userName": user_name,
        "name": {"givenName": profile.get("givenName", ""), "familyName": profile.get("familyName", "")},
        "emails": [_work_email(profile.get("email", ""))],
        "displayName": profile.get("displayName", ""),
        "locale": profile.get("locale", "en-US"),
        "externalId": okta_id,
        "groups": [],
        "password": _placeholder_password(okta_id),
        "active": True,
    }
    if "title" in profile:
        body["title"] = profile["title"]
    _set_department(body, profile)
    return body


def edited_user(current: Mapping[str, Any], user_name: str, profile: Mapping[str, Any]) -> Json:
    """Return the user as the server sent it, with the mapped attributes changed and everything else left as it came.

    `active` is left too: this edit has no If-Match, and so brings back whatever the copy said.
    """
    body = {**current, "userName": user_name}
    name = {key: profile[key] for key in ("givenName", "familyName") if key in profile}
    body["name"] = {**(current.get("name") or {}), **name}
    if "email" in profile:
        body["emails"] = _edited_emails(current.get("emails") or (), profile["email"])
    for key in ("displayName", "title"):
        if key in profile:
            body[key] = profile[key]
    _set_department(body, profile)
    return body


def switched_user(current: Mapping[str, Any], *, active: bool) -> Json:
    """Return the user as the server sent it with `active` set: how wizard apps activate and deactivate."""
    return {**current, "active": active}


def replace_values(value: Json) -> Json:
    """Return a PATCH that replaces attributes without a path: `active`, `password`, a group's name."""
    return _patch({"op": "replace", "value": value})


def new_group(name: str) -> Json:
    """Return the body that creates a group. It never carries members, nor an externalId."""
    return {"schemas": [GROUP], "displayName": name, "members": []}


def whole_group(name: str, members: Iterable[tuple[str, str]]) -> Json:
    """Return the body with which wizard apps replace a group; `members` are SCIM id and user name."""
    return {"schemas": [GROUP], "displayName": name, "members": _members(members)}


def renamed_group(scim_id: str, name: str) -> Json:
    """Return the PATCH that names a group. It carries the read-only id, unchanged."""
    return replace_values({"id": scim_id, "displayName": name})


def replaced_members(members: Iterable[tuple[str, str]]) -> Json:
    """Return the PATCH of a full push: exactly these are members."""
    return _patch({"op": "replace", "path": "members", "value": _members(members)})


def changed_members(left: Iterable[str], joined: Iterable[tuple[str, str]]) -> Json | None:
    """Return the PATCH that removes and adds members in one request; None when there is nobody to name."""
    operations: list[Json] = [{"op": "remove", "path": f'members[value eq "{scim_id}"]'} for scim_id in left]
    arrivals = _members(joined)
    if arrivals:
        operations.append({"op": "add", "path": "members", "value": arrivals})
    return _patch(*operations) if operations else None


def _patch(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def _members(members: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"value": scim_id, "display": user_name} for scim_id, user_name in members]


def _work_email(address: str) -> Json:
    return {"primary": True, "value": address, "type": "work"}


def _edited_emails(emails: Iterable[Any], address: str) -> list[Any]:
    edited = [dict(email) if isinstance(email, Mapping) else email for email in emails]
    for email in edited:
        if isinstance(email, dict) and str(email.get("type", "")).lower() == "work":
            email["value"] = address
            return edited
    return [*edited, _work_email(address)]


def _set_department(body: Json, profile: Mapping[str, Any]) -> None:
    if "department" not in profile:
        return
    body[ENTERPRISE_USER] = {**(body.get(ENTERPRISE_USER) or {}), "department": profile["department"]}
    schemas = body.get("schemas") or []
    if ENTERPRISE_USER not in schemas:
        body["schemas"] = [*schemas, ENTERPRISE_USER]


def _placeholder_password(okta_id: str) -> str:
    """Okta sends a password with each creation, also where password push is off: eight characters that mean nothing."""
    return hashlib.blake2b(okta_id.encode(), digest_size=4).hexdigest()
