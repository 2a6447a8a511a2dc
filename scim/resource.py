"""A resource as the store holds it, and as filters and answers see it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from scim.schema import ResourceType

Document = Mapping[str, Any]
"""Canonical attributes of a resource: names in the schema's case, extensions under their URN, absent instead of null
or empty, without `schemas`, `id`, `meta`, `members`, `groups` and `password`. Never changed in place."""


@dataclass(frozen=True, slots=True)
class Member:
    """One value of a group's `members` or of a user's `groups` (RFC 7643 sections 4.2 and 4.1.2)."""

    value: str
    display: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class StoredResource:
    """A resource with what the store knows of it.

    `version` grows by one with each change. Times are aware and in UTC. `members` is None where it was not asked for,
    or where the resource is no group; `groups` is empty for a group. `member_count` is how
    many members a group has, from a counter and so without reading them; None for what is no group. `parked` names whom
    the change that this is the outcome of found unknown, and lets wait.
    """

    resource_type: str
    id: str
    version: int
    created: datetime
    last_modified: datetime
    document: Document
    members: tuple[Member, ...] | None = None
    groups: tuple[Member, ...] = ()
    member_count: int | None = None
    parked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """What one request does to a group's members.

    With `replace`, exactly `add` remain afterwards. Without it, `add` are members afterwards and `remove` (ids) are
    not; an id is in one of them at most. Adding a member that is there, or removing one that is not, changes nothing.
    With `park`, whom nobody knows waits to become a member until it arrives.
    """

    replace: bool = False
    add: tuple[Member, ...] = ()
    remove: tuple[str, ...] = ()
    park: bool = False

    def __bool__(self) -> bool:
        return self.replace or bool(self.add) or bool(self.remove)


def view(stored: StoredResource, resource_type: ResourceType) -> dict[str, Any]:
    """Return all attributes of a resource in the schema's names, as filters see them (RFC 7643 section 3.1).

    That is the document with `schemas` (the core URN, and those of the extensions that hold something), `id`, `meta`
    without `location`, `members` unless they were not read, and `groups` unless there are none. Locations depend on the
    service provider's address and are no part of a resource.
    """
    attributes = view_without_relations(stored, resource_type)
    if stored.members is not None:
        attributes["members"] = [member_value(member) for member in stored.members]
    if stored.groups:
        attributes["groups"] = [member_value(group) for group in stored.groups]
    return attributes


def view_without_relations(stored: StoredResource, resource_type: ResourceType) -> dict[str, Any]:
    """Return the `view` of a resource without `members` and `groups`, which come last in it."""
    document = stored.document
    created = timestamp(stored.created)
    return {
        "schemas": [
            resource_type.schema.urn,
            *[schema.urn for schema in resource_type.extensions if document.get(schema.urn)],
        ],
        "id": stored.id,
        **_known(document, resource_type),
        "meta": {
            "resourceType": stored.resource_type,
            "created": created,
            "lastModified": created if stored.last_modified == stored.created else timestamp(stored.last_modified),
            "version": etag(stored.version),
        },
    }


def _known(document: Document, resource_type: ResourceType) -> Document:
    """Return the document without extensions that are not served any more: nobody says whether they may be shown."""
    if resource_type.names.issuperset(document):
        return document
    unknown = [name for name in document if ":" in name and resource_type.extension(name) is None]
    return {name: value for name, value in document.items() if name not in unknown} if unknown else document


def member_value(member: Member, place: str | None = None) -> dict[str, str]:
    """Return one value of `members` or `groups`; with its `$ref`, where `place` is what its id is appended to."""
    value = {"value": member.value}
    if member.display is not None:
        value["display"] = member.display
    if member.type is not None:
        value["type"] = member.type
    if place is not None:
        value["$ref"] = place + member.value
    return value


def fold(text: str) -> str:
    """Return the form in which text that is not case-exact is compared and held unique.

    NFC, then case-folded, then NFC again.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def timestamp(moment: datetime) -> str:
    """Return `moment` as an xsd:dateTime in UTC with milliseconds (RFC 7643 section 2.3.5)."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    # A third of the time that `isoformat` takes, which asks the time zone; every answer has two of them or more.
    text = orjson.dumps(moment).decode()
    return f"{text[1:24]}Z" if moment.microsecond else f"{text[1:20]}.000Z"


_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)


def parse_timestamp(text: str) -> datetime | None:
    """Return the moment that an xsd:dateTime names, in UTC, or None when it names none (RFC 7643 section 2.3.5).

    Without an offset, UTC is meant. Digits beyond the microsecond are dropped.
    """
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def etag(version: int) -> str:
    """Return the weak entity tag that stands for a version (RFC 7644 section 3.14)."""
    return f'W/"{version}"'
