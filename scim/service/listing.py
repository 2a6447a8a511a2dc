"""Listing and searching resources (RFC 7644 section 3.4.2)."""

from scim.exchange import Limits, ScimResponse
from scim.filter.parser import parse_filter
from scim.filter.syntax import Filter
from scim.listing import list_response, read_paging
from scim.projection import read_projection
from scim.representation import encode, represent
from scim.schema import ResourceType
from scim.service.call import Call
from scim.store import Query


def list_resources(resource_type: ResourceType, call: Call) -> ScimResponse:
    """List resources of one type (RFC 7644 section 3.4.2)."""
    parameters, limits = call.request.query, call.provider.limits
    projection = read_projection(parameters, resource_type)
    start_index, count = read_paging(parameters, limits)
    condition = _filter(parameters["filter"], resource_type, limits) if "filter" in parameters else None
    with_members = projection.carries("members")
    page = call.store.find(Query(resource_type.name, condition, start_index, count, with_members=with_members))
    shown = [represent(stored, resource_type, call.provider, projection) for stored in page.resources]
    return ScimResponse(200, encode(list_response(shown, page.total, start_index)))


def _filter(text: str, resource_type: ResourceType, limits: Limits) -> Filter:
    return parse_filter(
        text,
        resource_type,
        max_bytes=limits.filter_bytes,
        max_depth=limits.filter_depth,
        max_terms=limits.filter_terms,
    )
