"""Resources and messages as JSON Schema (RFC 7643 section 7; RFC 7644 sections 3.4 to 3.12)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scim import urns
from scim.provider import Provider
from scim.schema import COMMON, Attribute, Mutability, ResourceType, Type

Shape = Mapping[str, Any]

_TYPES: Final[Mapping[Type, Shape]] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DECIMAL: {"type": "number"},
    Type.INTEGER: {"type": "integer"},
    Type.DATE_TIME: {"type": "string", "format": "date-time"},
    Type.REFERENCE: {"type": "string"},
    Type.BINARY: {"type": "string"},
}
_TEXT: Final[Shape] = {"type": "string"}
_NUMBER: Final[Shape] = {"type": "integer"}
_OBJECT: Final[Shape] = {"type": "object"}


def reference(name: str) -> Shape:
    """Return the reference to one of the `components`."""
    return {"$ref": f"#/components/schemas/{name}"}


def components(provider: Provider) -> dict[str, Shape]:
    """Return every shape by its name: each resource type and a list of it, and the messages."""
    shapes: dict[str, Shape] = dict(_MESSAGES)
    for resource_type in provider.resource_types:
        shapes[resource_type.name] = _resource(resource_type)
        shapes[f"{resource_type.name}List"] = _list(reference(resource_type.name))
    anything = [reference(resource_type.name) for resource_type in provider.resource_types]
    return shapes | {"AnyList": _list({"anyOf": anything}), "DiscoveryList": _list(_OBJECT)}


def _resource(resource_type: ResourceType) -> Shape:
    """Return the shape of a resource. Which attributes an answer carries is the client's choice: few are required."""
    properties = _properties([*COMMON, *resource_type.schema.attributes])
    for extension in resource_type.extensions:
        properties[extension.urn] = {
            "type": "object",
            "description": extension.description,
            "properties": _properties(extension.attributes),
        }
    return {
        "type": "object",
        "description": resource_type.description,
        "properties": properties,
        "required": ["schemas"],
    }


def _properties(attributes: Iterable[Attribute]) -> dict[str, Shape]:
    return {attribute.name: _attribute(attribute) for attribute in attributes}


def _attribute(attribute: Attribute) -> Shape:
    one: dict[str, Any] = dict(_TYPES.get(attribute.type, _OBJECT))
    if attribute.type is Type.COMPLEX:
        one["properties"] = _properties(attribute.sub_attributes)
    shape: dict[str, Any] = {"type": "array", "items": one} if attribute.multi_valued else one
    if attribute.description:
        shape["description"] = attribute.description
    if attribute.mutability is Mutability.READ_ONLY:
        shape["readOnly"] = True
    if attribute.mutability is Mutability.WRITE_ONLY:
        shape["writeOnly"] = True
    return shape


def _message(urn: str, properties: Mapping[str, Shape], *required: str) -> Shape:
    schemas = _some({"const": urn})
    return {"type": "object", "properties": {"schemas": schemas, **properties}, "required": ["schemas", *required]}


def _some(item: Shape) -> Shape:
    return {"type": "array", "items": item, "minItems": 1}


def _list(item: Shape) -> Shape:
    properties = {
        "totalResults": {**_NUMBER, "minimum": 0},
        "startIndex": {**_NUMBER, "minimum": 1},
        "itemsPerPage": {**_NUMBER, "minimum": 0},
        "nextCursor": _TEXT,
        "previousCursor": _TEXT,
        "Resources": {"type": "array", "items": item},
    }
    return _message(urns.LIST_RESPONSE, properties, "totalResults")


_OPERATION: Final[Shape] = {
    "type": "object",
    "properties": {"op": {"enum": ["add", "remove", "replace"]}, "path": _TEXT, "value": {}},
    "required": ["op"],
}
_BULK_OPERATION: Final[Shape] = {
    "type": "object",
    "properties": {
        "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
        "path": _TEXT,
        "bulkId": _TEXT,
        "version": _TEXT,
        "data": _OBJECT,
    },
    "required": ["method", "path"],
}
_BULK_OUTCOME: Final[Shape] = {
    "type": "object",
    "properties": {
        "method": _TEXT,
        "location": _TEXT,
        "bulkId": _TEXT,
        "version": _TEXT,
        "status": {"type": "string", "pattern": "^[1-5][0-9]{2}$"},
        "response": _OBJECT,
    },
    "required": ["status"],  # a method that is none is not told again
}
_NAMES: Final[Shape] = {"type": "array", "items": _TEXT}
_SEARCH: Final = {
    "attributes": _NAMES,
    "excludedAttributes": _NAMES,
    "filter": _TEXT,
    "sortBy": _TEXT,
    "sortOrder": {"enum": ["ascending", "descending"]},
    "startIndex": _NUMBER,
    "count": _NUMBER,
    "cursor": _TEXT,
}
_MESSAGES: Final[Mapping[str, Shape]] = {
    "Error": _message(
        urns.ERROR,
        {"status": {"type": "string", "pattern": "^[3-5][0-9]{2}$"}, "scimType": _TEXT, "detail": _TEXT},
        "status",
    ),
    "PatchOp": _message(urns.PATCH_OP, {"Operations": _some(_OPERATION)}, "Operations"),
    "SearchRequest": _message(urns.SEARCH_REQUEST, _SEARCH),
    "BulkRequest": _message(
        urns.BULK_REQUEST,
        {
            "failOnErrors": {**_NUMBER, "minimum": 1},
            "Operations": _some(_BULK_OPERATION),
        },
        "Operations",
    ),
    "BulkResponse": _message(
        urns.BULK_RESPONSE, {"Operations": {"type": "array", "items": _BULK_OUTCOME}}, "Operations"
    ),
    "Object": _OBJECT,
}
