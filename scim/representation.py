"""What a client gets to see of a resource: its view with locations, as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from scim import urns
from scim.core_schemas import GROUP_TYPE
from scim.errors import ScimError
from scim.projection import Projection
from scim.provider import Provider
from scim.resource import StoredResource, member_value, view_without_relations
from scim.schema import ResourceType


def represent(
    stored: StoredResource, resource_type: ResourceType, provider: Provider, projection: Projection
) -> dict[str, Any]:
    """Return the JSON object that represents a resource to a client (RFC 7643 section 3).

    Adds `meta.location` and the `$ref` of members and groups, built from the provider's base URL and nothing else.
    """
    return _represent(stored, resource_type, provider, projection, {})


def represent_all(
    resources: Iterable[StoredResource], provider: Provider, projections: Mapping[str, Projection]
) -> list[dict[str, Any]]:
    """Return what represents each resource to a client; `projections` by the name of the resource type.

    What several of them are in is made once: none of the objects may be changed.
    """
    types = {one.name: one for one in provider.resource_types}
    made: _Made = {}
    return [
        _represent(one, types[one.resource_type], provider, projections[one.resource_type], made) for one in resources
    ]


_Made = dict[int, dict[str, str]]
"""Values of `groups` that were made already, by the identity of their `Member`: to hash one costs as much as to make
its value. The resources keep every one of them alive."""


def _represent(
    stored: StoredResource, resource_type: ResourceType, provider: Provider, projection: Projection, made: _Made
) -> dict[str, Any]:
    places = provider.places
    attributes = view_without_relations(stored, resource_type)
    attributes["meta"]["location"] = location(stored, resource_type, provider)
    if stored.members is not None:
        attributes["members"] = [member_value(one, places.get(one.type or "")) for one in stored.members]
    if stored.groups:
        place = places.get(GROUP_TYPE.name)
        attributes["groups"] = [
            made.get(id(one)) or made.setdefault(id(one), member_value(one, place)) for one in stored.groups
        ]
    return projection.apply(attributes)


def location(stored: StoredResource, resource_type: ResourceType, provider: Provider) -> str:
    """Return the address of a resource."""
    return f"{provider.base_url}{resource_type.endpoint}/{stored.id}"


def error_message(error: ScimError) -> dict[str, Any]:
    """Return the error message that stands for an error (RFC 7644 section 3.12)."""
    message = {"schemas": [urns.ERROR], "status": str(error.status), "detail": error.detail}
    return message if error.scim_type is None else {**message, "scimType": error.scim_type}


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as JSON in UTF-8."""
    return orjson.dumps(message)
