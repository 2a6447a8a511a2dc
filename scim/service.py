"""The protocol as a function: request x store -> response (RFC 7644 section 3).

Client errors are raised as `ScimError`, so that the caller's transaction rolls back before `error_response` renders
them. Any other exception is a bug, or the store's trouble.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from scim import urns
from scim.core_schemas import RESOURCE_TYPES
from scim.discovery import resource_types, schemas, service_provider_config
from scim.errors import MethodNotAllowed, NotFound, NotImplementedHere, ScimError, Unauthorized
from scim.exchange import Limits, Provider, ScimRequest, ScimResponse
from scim.filter.parser import parse_filter
from scim.filter.syntax import Filter
from scim.listing import list_response, read_paging
from scim.patch.operations import read_patch
from scim.patch.planning import plan
from scim.projection import Projection, read_projection
from scim.representation import encode, location, represent
from scim.resource import Document, MembershipChange, StoredResource, etag
from scim.schema import ResourceType
from scim.store import Query, ResourceStore
from scim.validation import decode_body, read_resource


@dataclass(frozen=True, slots=True)
class _Call:
    """A request on its way to its handler. `name` is what stands behind the endpoint: an id, a schema's URN, or ""."""

    request: ScimRequest
    store: ResourceStore
    provider: Provider
    name: str


_Handler = Callable[[_Call], ScimResponse]
_Methods = Mapping[str, _Handler]


def respond(request: ScimRequest, store: ResourceStore, provider: Provider) -> ScimResponse:
    """Answer a request from the store, in a unit of work that the caller opened: a reading one if `is_safe`.

    Raises `ScimError` for whatever is not answered with 2xx.
    """
    name, methods = _route(request.path)
    handler = methods.get(request.method) or methods.get(_ANY_METHOD)
    if handler is None:
        allow = tuple(methods)
        raise MethodNotAllowed(f"{request.method} is not defined here. Allowed: {', '.join(allow)}.", allow)
    return handler(_Call(request, store, provider, name))


def _route(path: str) -> tuple[str, _Methods]:
    """Return the name in a path and what can be done there. A slash at the end is tolerated."""
    path = path.removesuffix("/")
    if path in ENDPOINTS:
        return "", ENDPOINTS[path]
    endpoint, _, name = path.rpartition("/")
    if not name or endpoint not in ITEMS:
        raise NotFound("There is no such endpoint.")
    return name, ITEMS[endpoint]


def is_safe(method: str) -> bool:
    """Return whether requests with that method only read."""
    return method == "GET"


def error_response(error: ScimError) -> ScimResponse:
    """Return the error message that stands for an error (RFC 7644 section 3.12), with the headers it needs."""
    message = {"schemas": [urns.ERROR], "status": str(error.status), "detail": error.detail}
    if error.scim_type is not None:
        message["scimType"] = error.scim_type
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, MethodNotAllowed):
        headers = (("Allow", ", ".join(error.allow)),)
    if isinstance(error, Unauthorized):
        headers = (("WWW-Authenticate", "Bearer"),)
    return ScimResponse(error.status, encode(message), headers)


# ------------------------------------------------------------------ resources


def _list(resource_type: ResourceType, call: _Call) -> ScimResponse:
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


def _create(resource_type: ResourceType, call: _Call) -> ScimResponse:
    projection = read_projection(call.request.query, resource_type)
    document, members = read_resource(decode_body(call.request, call.provider.limits), resource_type)
    stored = call.store.create(resource_type.name, _open_unless_said(document, resource_type), members or ())
    created = _answer(stored, resource_type, call, projection)
    where = ("Location", location(stored, resource_type, call.provider))
    return replace(created, status=201, headers=(*created.headers, where))


def _open_unless_said(document: Document, resource_type: ResourceType) -> Document:
    """Return the document of a new resource: a user is active unless the client says otherwise.

    RFC 7643 section 4.1.1 leaves the default open. It is written down, because an account without `active` is a closed
    one: taking the attribute away opens nothing.
    """
    return document if resource_type.schema.attribute("active") is None else {"active": True, **document}


def _read(resource_type: ResourceType, call: _Call) -> ScimResponse:
    projection = read_projection(call.request.query, resource_type)
    stored = call.store.read(resource_type.name, call.name, with_members=projection.carries("members"))
    return _answer(stored, resource_type, call, projection)


def _replace(resource_type: ResourceType, call: _Call) -> ScimResponse:
    projection = read_projection(call.request.query, resource_type)
    document, members = read_resource(decode_body(call.request, call.provider.limits), resource_type)
    change = MembershipChange() if members is None else MembershipChange(replace=True, add=members)
    stored = call.store.read(resource_type.name, call.name, with_members=False)
    document = _keeping_active(document, stored.document)
    updated = call.store.update(stored, document, change, with_members=projection.carries("members"))
    return _answer(updated, resource_type, call, projection)


def _keeping_active(document: Document, before: Document) -> Document:
    """Return the document with `active` as it was, where the client does not mention it.

    RFC 7644 section 3.5.1 leaves open what becomes of an attribute that a replacement leaves out. An account that was
    closed must not be opened by silence.
    """
    return {**document, "active": before["active"]} if "active" in before and "active" not in document else document


def _patch(resource_type: ResourceType, call: _Call) -> ScimResponse:
    """Change a resource at the cost of the change: a group's members are read for the answer only, if they are few."""
    limits = call.provider.limits
    projection = read_projection(call.request.query, resource_type)
    operations = read_patch(decode_body(call.request, limits), resource_type, limits)
    stored = call.store.read(resource_type.name, call.name, with_members=False)
    document, change = plan(operations, stored, partial(call.store.matching_members, stored.id))
    carries = projection.carries("members")
    brief = carries and not projection.asks_for("members") and _members_after(stored, change) > limits.members_in_answer
    updated = call.store.update(stored, document, change, with_members=carries and not brief)
    if brief:
        return ScimResponse(204, headers=(("ETag", etag(updated.version)),))
    return _answer(updated, resource_type, call, projection)


def _members_after(stored: StoredResource, change: MembershipChange) -> int:
    """Return how many members a group has after a change, at most."""
    return len(change.add) + (0 if change.replace else stored.member_count or 0)


def _delete(resource_type: ResourceType, call: _Call) -> ScimResponse:
    call.store.delete(resource_type.name, call.name)
    return ScimResponse(204)


def _answer(stored: StoredResource, resource_type: ResourceType, call: _Call, projection: Projection) -> ScimResponse:
    shown = represent(stored, resource_type, call.provider, projection)
    return ScimResponse(200, encode(shown), (("ETag", etag(stored.version)),))


# ------------------------------------------------------------------ discovery (RFC 7644 section 4)

_Discovered = Callable[[Provider], Sequence[Mapping[str, Any]]]


def _provider_config(call: _Call) -> ScimResponse:
    return ScimResponse(200, encode(service_provider_config(call.provider)))


def _discover_all(discovered: _Discovered, call: _Call) -> ScimResponse:
    found = discovered(call.provider)
    return ScimResponse(200, encode(list_response(found, len(found))))


def _discover_one(discovered: _Discovered, call: _Call) -> ScimResponse:
    for item in discovered(call.provider):
        if item["id"].lower() == call.name.lower():
            return ScimResponse(200, encode(item))
    raise NotFound("There is no resource type or schema of that name.")


# ------------------------------------------------------------------ routes


def _not_offered(_: _Call) -> ScimResponse:
    raise NotImplementedHere("This service provider does not offer /Me, /Bulk and /.search.")


_ANY_METHOD: Final = "*"
_NOT_OFFERED: Final[_Methods] = {_ANY_METHOD: _not_offered}


def _of_all(handlers: Mapping[str, Callable[[ResourceType, _Call], ScimResponse]]) -> dict[str, _Methods]:
    """Return the same handlers for the endpoint of each resource type."""
    return {
        resource_type.endpoint: {method: partial(handler, resource_type) for method, handler in handlers.items()}
        for resource_type in RESOURCE_TYPES
    }


ENDPOINTS: Final[Mapping[str, _Methods]] = {
    "/ServiceProviderConfig": {"GET": _provider_config},
    "/ResourceTypes": {"GET": partial(_discover_all, resource_types)},
    "/Schemas": {"GET": partial(_discover_all, schemas)},
    "/Me": _NOT_OFFERED,
    "/Bulk": _NOT_OFFERED,
    "/.search": _NOT_OFFERED,
    **_of_all({"GET": _list, "POST": _create}),
    **{f"{resource_type.endpoint}/.search": _NOT_OFFERED for resource_type in RESOURCE_TYPES},
}
ITEMS: Final[Mapping[str, _Methods]] = {
    "/ResourceTypes": {"GET": partial(_discover_one, resource_types)},
    "/Schemas": {"GET": partial(_discover_one, schemas)},
    **_of_all({"GET": _read, "PUT": _replace, "PATCH": _patch, "DELETE": _delete}),
}
