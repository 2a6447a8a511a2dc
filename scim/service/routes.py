"""What can be done where: one table of paths and methods."""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from scim.discovery import resource_types, schemas
from scim.errors import MethodNotAllowed, NotFound
from scim.exchange import ScimResponse
from scim.openapi import describe
from scim.provider import Provider
from scim.representation import encode
from scim.schema import ResourceType
from scim.service.bulk import bulk
from scim.service.call import Call, Handler, OfType, serve
from scim.service.discovery import discover_all, discover_one, provider_config
from scim.service.listing import list_everything, list_resources, search_everything, search_resources
from scim.service.me import as_me, refuse_method
from scim.service.resources import create, delete, patch, read, replace

Methods = Mapping[str, Handler]

ANY_METHOD: Final = "*"

OF_ITEM: Final[Mapping[str, OfType]] = {"GET": read, "PUT": replace, "PATCH": patch, "DELETE": delete}
"""Methods of one resource of each type."""


def describe_all(call: Call) -> ScimResponse:
    """Describe the endpoint in OpenAPI."""
    return ScimResponse(200, encode(describe(call.provider, paths(call.provider))))


ENDPOINTS: Final[Mapping[str, Methods]] = {
    "/openapi.json": {"GET": describe_all},
    "/ServiceProviderConfig": {"GET": provider_config},
    "/ResourceTypes": {"GET": partial(discover_all, resource_types)},
    "/Schemas": {"GET": partial(discover_all, schemas)},
    "/Me": {
        **{method: partial(as_me, handler) for method, handler in OF_ITEM.items()},
        ANY_METHOD: partial(as_me, refuse_method),
    },
    "/Bulk": {"POST": bulk},
    "/.search": {"POST": search_everything},
    "/": {"GET": list_everything},
}
"""Paths that are there whatever the service provider serves."""

ITEMS: Final[Mapping[str, Methods]] = {
    "/ResourceTypes": {"GET": partial(discover_one, resource_types)},
    "/Schemas": {"GET": partial(discover_one, schemas)},
}
"""What can be done to one item below these paths."""

OF_TYPE: Final[Mapping[str, OfType]] = {"GET": list_resources, "POST": create}
"""Methods at the endpoint of each resource type."""

OF_TYPE_BELOW: Final[Mapping[str, Mapping[str, OfType]]] = {".search": {"POST": search_resources}}
"""Names below the endpoint of each resource type that are no ids. Whoever serves them asks for the scopes."""

_NO_NAME: Final = re.compile("[\x00\ud800-\udfff]")
"""What no id has: text that databases do not take."""

READING: Final = frozenset({"GET"})
"""Methods that only read."""


def handler_of(method: str, path: str, provider: Provider) -> tuple[Handler, str]:
    """Return who answers, and the name that stands behind the endpoint. A slash at the end of a path is tolerated.

    Raises `NotFound` for what is no endpoint and `MethodNotAllowed` for a method that it does not have.
    """
    name, methods = _methods(path.removesuffix("/") or "/", provider)
    handler = methods.get(method) or methods.get(ANY_METHOD)
    if handler is None:
        allow = tuple(methods)
        raise MethodNotAllowed(f"{method} is not defined here. Allowed: {', '.join(allow)}.", allow)
    return handler, name


def paths(provider: Provider) -> dict[str, list[str]]:
    """Return every path with its methods; `{id}` stands for what names one item."""
    routes: dict[str, Iterable[str]] = {**ENDPOINTS, **{f"{path}/{{id}}": methods for path, methods in ITEMS.items()}}
    for resource_type in provider.resource_types:
        below = {f"{resource_type.endpoint}/{name}": methods for name, methods in OF_TYPE_BELOW.items()}
        routes |= {resource_type.endpoint: OF_TYPE, **below, f"{resource_type.endpoint}/{{id}}": OF_ITEM}
    return {path: [method for method in methods if method != ANY_METHOD] for path, methods in routes.items()}


def is_safe(method: str, path: str) -> bool:
    """Return whether a request with that method and path only reads."""
    return method in READING or (method == "POST" and path.removesuffix("/").endswith("/.search"))


def _methods(path: str, provider: Provider) -> tuple[str, Methods]:
    if path in ENDPOINTS:
        return "", ENDPOINTS[path]
    if (resource_type := provider.at_endpoint(path)) is not None:
        return "", _bound(OF_TYPE, resource_type)
    endpoint, _, name = path.rpartition("/")
    if name and endpoint in ITEMS:
        return name, ITEMS[endpoint]
    resource_type = provider.at_endpoint(endpoint)
    if not name or resource_type is None or _NO_NAME.search(name):
        raise NotFound("There is no such endpoint.")
    if name in OF_TYPE_BELOW:
        return "", {method: partial(handler, resource_type) for method, handler in OF_TYPE_BELOW[name].items()}
    return name, _bound(OF_ITEM, resource_type)


def _bound(methods: Mapping[str, OfType], resource_type: ResourceType) -> Methods:
    return {method: partial(serve, handler, resource_type) for method, handler in methods.items()}
