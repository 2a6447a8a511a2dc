"""What the service provider says of itself (RFC 7644 section 4, RFC 7643 sections 5, 6 and 7).

Generated from the table of characteristics that also drives validation, so that the two cannot differ.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scim import urns
from scim.provider import Provider
from scim.schema import Attribute, ResourceType, Schema


def service_provider_config(provider: Provider) -> dict[str, Any]:
    """Return what this service provider supports (RFC 7643 section 5)."""
    limits = provider.limits
    documentation = {"documentationUri": provider.documentation_uri} if provider.documentation_uri else {}
    return {
        "schemas": [urns.SERVICE_PROVIDER_CONFIG],
        **documentation,
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": limits.bulk_operations, "maxPayloadSize": limits.body_bytes},
        "filter": {"supported": True, "maxResults": limits.page_maximum},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": _pagination(provider),
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token that an operator made, in the Authorization header.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": _meta("ServiceProviderConfig", f"{provider.base_url}/ServiceProviderConfig"),
    }


def _pagination(provider: Provider) -> dict[str, Any]:
    """Return how lists are paged (RFC 9865 section 4)."""
    cursors, limits = provider.cursors, provider.limits
    timeout = {"cursorTimeout": cursors.timeout} if cursors else {}
    return {
        "cursor": cursors is not None,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": min(limits.page_default, limits.page_maximum),
        "maxPageSize": limits.page_maximum,
        **timeout,
    }


def resource_types(provider: Provider) -> Sequence[Mapping[str, Any]]:
    """Return the resource types, users first (RFC 7643 section 6)."""
    return [_resource_type(resource_type, provider) for resource_type in provider.resource_types]


def schemas(provider: Provider) -> Sequence[Mapping[str, Any]]:
    """Return the schemas of all resource types (RFC 7643 section 7)."""
    return [_schema(schema, provider) for schema in provider.schemas()]


def _resource_type(resource_type: ResourceType, provider: Provider) -> dict[str, Any]:
    return {
        "schemas": [urns.RESOURCE_TYPE],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.schema.urn,
        "schemaExtensions": [{"schema": extension.urn, "required": False} for extension in resource_type.extensions],
        "meta": _meta("ResourceType", f"{provider.base_url}/ResourceTypes/{resource_type.name}"),
    }


def _schema(schema: Schema, provider: Provider) -> dict[str, Any]:
    return {
        "schemas": [urns.SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute(attribute) for attribute in schema.attributes],
        "meta": _meta("Schema", f"{provider.base_url}/Schemas/{schema.urn}"),
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    """Return the definition of an attribute (RFC 7643 section 7)."""
    definition: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
        "uniqueness": attribute.uniqueness,
        "caseExact": attribute.case_exact,
    }
    optional = {
        "canonicalValues": attribute.canonical_values,
        "referenceTypes": attribute.reference_types,
        "subAttributes": [_attribute(part) for part in attribute.sub_attributes],
    }
    return definition | {name: value for name, value in optional.items() if value}


def _meta(resource_type: str, location: str) -> dict[str, str]:
    return {"resourceType": resource_type, "location": location}
