"""The attributes that are compared between Okta and the application."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from scim.resource import Document, fold
from scim.urns import ENTERPRISE_USER

USER_NAME: Final = "userName"
GIVEN_NAME: Final = "name.givenName"
FAMILY_NAME: Final = "name.familyName"
WORK_EMAIL: Final = 'emails[type eq "work"].value'
DEPARTMENT: Final = f"{ENTERPRISE_USER}:department"
COMPARED: Final = (USER_NAME, GIVEN_NAME, FAMILY_NAME, WORK_EMAIL, DEPARTMENT)


def compared_attributes(document: Document) -> dict[str, str]:
    """Return the compared attributes that a user's document holds, by SCIM path; absent ones are left out."""
    name = document.get("name") or {}
    values: dict[str, Any] = {
        USER_NAME: document.get("userName"),
        GIVEN_NAME: name.get("givenName"),
        FAMILY_NAME: name.get("familyName"),
        WORK_EMAIL: _work_email(document),
        DEPARTMENT: (document.get(ENTERPRISE_USER) or {}).get("department"),
    }
    return {path: value for path, value in values.items() if value}


def with_attributes(document: Document, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of a user's document with these compared attributes set, and nothing else changed."""
    changed = dict(document)
    for path, value in values.items():
        _SETTERS[path](changed, value)
    return changed


def digest(values: Mapping[str, str]) -> str:
    """Return 32 hex digits that are equal exactly when the compared attributes are.

    A user name counts in its folded form: a difference of case alone is no difference (situation D13). Used to find
    the rows worth a closer look, never to decide.
    """
    hashed = hashlib.sha256()
    for path in COMPARED:
        value = values.get(path, "")
        part = (fold(value) if path == USER_NAME else value).encode()
        hashed.update(len(part).to_bytes(4, "big") + part)
    return hashed.hexdigest()[:32]


def differences(wanted: Mapping[str, str], held: Mapping[str, str]) -> dict[str, tuple[str | None, str]]:
    """Return `{path: (held, wanted)}` for each attribute that Okta gives and the account holds differently.

    An attribute that Okta left out says nothing: unknown is not absent.
    """
    return {
        path: (held.get(path), value)
        for path, value in wanted.items()
        if path in COMPARED and not _same(path, value, held.get(path))
    }


def _same(path: str, wanted: str, held: str | None) -> bool:
    if held is None:
        return False
    return fold(wanted) == fold(held) if path == USER_NAME else wanted == held


def _work_email(document: Document) -> str | None:
    for email in document.get("emails") or ():
        if str(email.get("type", "")).lower() == "work":
            value: str | None = email.get("value")
            return value
    return None


def _set_work_email(document: dict[str, Any], value: str) -> None:
    emails = [dict(email) for email in document.get("emails") or ()]
    for email in emails:
        if str(email.get("type", "")).lower() == "work":
            email["value"] = value
            break
    else:
        emails.append({"value": value, "type": "work"})
    document["emails"] = emails


def _set_in(document: dict[str, Any], key: str, name: str, value: str) -> None:
    document[key] = {**(document.get(key) or {}), name: value}


def _set_user_name(document: dict[str, Any], value: str) -> None:
    document["userName"] = value


def _set_given_name(document: dict[str, Any], value: str) -> None:
    _set_in(document, "name", "givenName", value)


def _set_family_name(document: dict[str, Any], value: str) -> None:
    _set_in(document, "name", "familyName", value)


def _set_department(document: dict[str, Any], value: str) -> None:
    _set_in(document, ENTERPRISE_USER, "department", value)


_SETTERS: Final[Mapping[str, Callable[[dict[str, Any], str], None]]] = {
    USER_NAME: _set_user_name,
    GIVEN_NAME: _set_given_name,
    FAMILY_NAME: _set_family_name,
    WORK_EMAIL: _set_work_email,
    DEPARTMENT: _set_department,
}
