"""Listing and searching resources of one type, or of all (RFC 7644 sections 3.4.2 and 3.4.3, RFC 9865)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scim.errors import InvalidCursor
from scim.exchange import Limits, ScimResponse
from scim.filter.parser import parse_filter
from scim.filter.syntax import Filter
from scim.listing import asks_for_cursor, cursor_response, list_response, read_count, read_paging, read_search
from scim.projection import Projection, read_projection
from scim.representation import encode, represent_all
from scim.schema import ResourceType
from scim.scopes import require_scope, scope_for
from scim.service.call import Call
from scim.service.cursors import Cursors
from scim.sorting import read_sort
from scim.store import Query

Parameters = Mapping[str, str]


def list_resources(resource_type: ResourceType, call: Call) -> ScimResponse:
    """List resources of one type (RFC 7644 section 3.4.2)."""
    return _list(call, (resource_type,), call.request.query)


def search_resources(resource_type: ResourceType, call: Call) -> ScimResponse:
    """List resources of one type, as the body asks (RFC 7644 section 3.4.3)."""
    return _list(call, (resource_type,), read_search(call.body()))


def list_everything(call: Call) -> ScimResponse:
    """List resources of all types (RFC 7644 section 3.4.2.1)."""
    return _list(call, _readable(call), call.request.query)


def search_everything(call: Call) -> ScimResponse:
    """List resources of all types, as the body asks (RFC 7644 section 3.4.3)."""
    return _list(call, _readable(call), read_search(call.body()))


def _readable(call: Call) -> Sequence[ResourceType]:
    """Return the resource types that the token may read: of the others it sees nothing. Raises `Forbidden` for none."""
    scopes, resource_types = call.request.scopes, call.provider.resource_types
    readable = [one for one in resource_types if scopes is None or scope_for("GET", one.name) in scopes]
    return readable or resource_types


def _list(call: Call, resource_types: Sequence[ResourceType], parameters: Parameters) -> ScimResponse:
    for one in resource_types:
        require_scope(call.request.scopes, "GET", one.name)
    projections = {one.name: read_projection(parameters, one, call.tolerance) for one in resource_types}
    query = _query(call.provider.limits, resource_types, parameters, projections)
    if asks_for_cursor(parameters):
        return _page_by_cursor(call, query, parameters, projections)
    start_index, count = read_paging(parameters, call.provider.limits)
    page = call.store.find(replace(query, start_index=start_index, count=count))
    shown = represent_all(page.resources, call.provider, projections)
    return ScimResponse(200, encode(list_response(shown, page.total, start_index)))


def _query(
    limits: Limits,
    resource_types: Sequence[ResourceType],
    parameters: Parameters,
    projections: Mapping[str, Projection],
) -> Query:
    """Return what to look for; which page of it is not said yet."""
    first, *beside = [(one.name, _filter(parameters, one, resource_types, limits)) for one in resource_types]
    return Query(
        *first,
        beside=tuple(beside),
        sort=read_sort(parameters, resource_types),
        with_members=any(projection.carries("members") for projection in projections.values()),
        with_groups=any(projection.carries("groups") for projection in projections.values()),
        scan_limit=limits.max_scan_rows,
    )


def _filter(
    parameters: Parameters, resource_type: ResourceType, resource_types: Sequence[ResourceType], limits: Limits
) -> Filter | None:
    if "filter" not in parameters:
        return None
    return parse_filter(
        parameters["filter"],
        resource_type,
        beside=[one for one in resource_types if one is not resource_type],
        max_bytes=limits.filter_bytes,
        max_depth=limits.filter_depth,
        max_terms=limits.filter_terms,
    )


def _page_by_cursor(
    call: Call, query: Query, parameters: Parameters, projections: Mapping[str, Projection]
) -> ScimResponse:
    """Answer one page of a walk: every page but the last one says where to go on (RFC 9865 section 2)."""
    if call.provider.cursors is None:
        raise InvalidCursor("This service provider does not page by cursor: send startIndex.")
    count = read_count(parameters, call.provider.limits)
    cursors = Cursors(call.provider.cursors, _identity(call, query, parameters), count)
    page = call.store.find(replace(query, position=cursors.read(parameters["cursor"].strip()), count=count))
    following, preceding = cursors.write(page.following), cursors.write(page.preceding)
    shown = represent_all(page.resources, call.provider, projections)
    return ScimResponse(200, encode(cursor_response(shown, page.total, following, preceding)))


def _identity(call: Call, query: Query, parameters: Parameters) -> tuple[Any, ...]:
    """Return what makes a list another one, so that a cursor does not fit it: but for the size of its pages."""
    order = None if query.sort is None else (str(query.sort.path), query.sort.descending)
    return (call.tenant, [name for name, _ in query.selections()], parameters.get("filter"), order)
