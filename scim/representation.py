"""What a client gets to see of a resource: its view with locations, as JSON."""

from collections.abc import Mapping
from typing import Any

import orjson

from scim import urns
from scim.core_schemas import GROUP_TYPE
from scim.errors import ScimError
from scim.projection import Projection
from scim.provider import Provider
from scim.resource import StoredResource, view
from scim.schema import ResourceType


def represent(
    stored: StoredResource, resource_type: ResourceType, provider: Provider, projection: Projection
) -> dict[str, Any]:
    """Return the JSON object that represents a resource to a client (RFC 7643 section 3).

    Adds `meta.location` and the `$ref` of members and groups, built from the provider's base URL and nothing else.
    """
    attributes = view(stored, resource_type)
    attributes["meta"]["location"] = location(stored, resource_type, provider)
    if stored.members or stored.groups:
        places = {one.name: f"{provider.base_url}{one.endpoint}/" for one in provider.resource_types}
        for member in attributes["members"] if stored.members else ():
            _refer(member, places.get(member.get("type", "")))
        for group in attributes["groups"] if stored.groups else ():
            _refer(group, places.get(GROUP_TYPE.name))
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


def _refer(value: dict[str, str], place: str | None) -> None:
    """Add its location to a member or group, where it is known what resource it is."""
    if place is not None:
        value["$ref"] = place + value["value"]
