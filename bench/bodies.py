"""What is sent: the bodies that Okta sends, as far as every server here can take them.

No password: the servers would hash it (one of them for a third of a second), and that is not what is compared.
"""

from typing import Any, Final

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def user_name(number: int) -> str:
    """Return the userName of a user."""
    return f"person.{number}@example.com"


def user(number: int, family_name: str | None = None, user_id: str | None = None) -> dict[str, Any]:
    """Return the representation of an active user, whole, as it is created or replaced."""
    given, family = f"Given{number}", family_name or f"Family{number}"
    body: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE],
        "userName": user_name(number),
        "externalId": f"00u{number:017d}",
        "name": {"givenName": given, "familyName": family, "formatted": f"{given} {family}"},
        "displayName": f"{given} {family}",
        "nickName": f"nick{number}",
        "title": "Engineer",
        "userType": "Employee",
        "locale": "en-US",
        "preferredLanguage": "en-US",
        "timezone": "Europe/London",
        "emails": [{"primary": True, "value": user_name(number), "type": "work"}],
        "phoneNumbers": [{"primary": True, "value": f"+1 555 {number % 10_000:04d}", "type": "work"}],
        "addresses": [
            {
                "primary": True,
                "type": "work",
                "streetAddress": f"{number} Main Street",
                "locality": "London",
                "region": "LDN",
                "postalCode": "N1 9GU",
                "country": "GB",
            }
        ],
        "active": True,
        ENTERPRISE: {
            "employeeNumber": f"E{number:08d}",
            "costCenter": "CC-100",
            "organization": "Example",
            "division": "Research",
            "department": f"Department {number % 50}",
        },
    }
    return body if user_id is None else {**body, "id": user_id}


def group(name: str) -> dict[str, Any]:
    """Return the representation of an empty group."""
    return {"schemas": [GROUP], "displayName": name, "members": []}


def set_active(active: bool) -> dict[str, Any]:
    """Return the PATCH that opens or closes an account, without a path, as Okta sends it."""
    return _patch({"op": "replace", "value": {"active": active}})


def add_members(members: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the PATCH that adds members, given as (id, display)."""
    value = [{"value": member_id, "display": display} for member_id, display in members]
    return _patch({"op": "add", "path": "members", "value": value})


def remove_member(member_id: str) -> dict[str, Any]:
    """Return the PATCH that removes one member (RFC 7644 section 3.5.2.2)."""
    return _patch({"op": "remove", "path": f'members[value eq "{member_id}"]'})


def _patch(operation: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [operation]}
