"""What each path and method takes and gives (RFC 7644 table 2)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from scim.exchange import MEDIA_TYPE
from scim.openapi.shapes import Shape, reference
from scim.provider import Provider

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}


class _Exchange(NamedTuple):
    """What one operation does, what it takes, and what it gives. `{type}` stands for the resource type's name."""

    does: str
    takes: str | None
    gives: Mapping[int, str | None]
    asks: tuple[str, ...] = ()


_PROJECTION: Final = ("attributes", "excludedAttributes")
_LISTING: Final = (*_PROJECTION, "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor")
_MATCH: Final = (*_PROJECTION, "If-Match")

_ITEM: Final[Mapping[str, _Exchange]] = {
    "GET": _Exchange("Read one.", None, {200: "{type}", 304: None}, (*_PROJECTION, "If-None-Match")),
    "PUT": _Exchange("Replace it.", "{type}", {200: "{type}"}, _MATCH),
    "PATCH": _Exchange("Change it.", "PatchOp", {200: "{type}", 204: None}, _MATCH),
    "DELETE": _Exchange("Delete it.", None, {204: None}, ("If-Match",)),
}
_COLLECTION: Final[Mapping[str, _Exchange]] = {
    "GET": _Exchange("List and search.", None, {200: "{type}List"}, _LISTING),
    "POST": _Exchange("Create one.", "{type}", {201: "{type}"}, _PROJECTION),
}
_FIXED: Final[Mapping[str, Mapping[str, _Exchange]]] = {
    "/": {"GET": _Exchange("Search all resource types.", None, {200: "AnyList"}, _LISTING)},
    "/.search": {"POST": _Exchange("Search all resource types.", "SearchRequest", {200: "AnyList"})},
    "/Bulk": {"POST": _Exchange("Do many operations.", "BulkRequest", {200: "BulkResponse"})},
}
_SEARCH: Final = _Exchange("Search.", "SearchRequest", {200: "{type}List"})
_DISCOVER_ALL: Final = _Exchange("Discover.", None, {200: "DiscoveryList"})
_DISCOVER_ONE: Final = _Exchange("Discover.", None, {200: "Object"})
_LISTED: Final = frozenset({"/ResourceTypes", "/Schemas"})
_NUMBERS: Final = frozenset({"startIndex", "count"})


def operation(provider: Provider, method: str, path: str) -> dict[str, Any]:
    """Return the description of one method of one path, as `scim.service` answers it."""
    exchange, of_type = _exchange(provider, method, path)
    described: dict[str, Any] = {
        "summary": exchange.does,
        "operationId": f"{method} {path}",
        "parameters": [_parameter(name) for name in exchange.asks],
        "responses": {str(status): _answer(name, of_type) for status, name in exchange.gives.items()}
        | {"default": _answer("Error", "")},
    }
    if exchange.takes:
        content = _content(reference(exchange.takes.format(type=of_type)))
        described["requestBody"] = {"required": True, "content": content}
    return described


def _exchange(provider: Provider, method: str, path: str) -> tuple[_Exchange, str]:
    """Return what happens there, and the name of the resource type that it is about."""
    if path in _FIXED:
        return _FIXED[path][method], ""
    if path == "/Me":
        return _ITEM[method], "User"
    endpoint, _, below = path.rpartition("/")
    if (own := provider.at_endpoint(path)) is not None:
        return _COLLECTION[method], own.name
    if (above := provider.at_endpoint(endpoint)) is not None:
        return (_SEARCH if below == ".search" else _ITEM[method]), above.name
    return (_DISCOVER_ALL if path in _LISTED else _DISCOVER_ONE), ""


def _parameter(name: str) -> Shape:
    place = "header" if name.startswith("If-") else "query"
    return {"name": name, "in": place, "schema": _NUMBER if name in _NUMBERS else _TEXT}


def _answer(name: str | None, of_type: str) -> Shape:
    if name is None:
        return {"description": "Nothing more to tell."}
    return {"description": name.format(type=of_type), "content": _content(reference(name.format(type=of_type)))}


def _content(shape: Shape) -> Shape:
    return {MEDIA_TYPE: {"schema": shape}}
