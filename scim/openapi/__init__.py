"""An OpenAPI 3.1 description of the endpoint, generated from the tables that also drive it.

Owns: what resources and messages look like as JSON Schema (`shapes`), what each path and method takes and gives
(`operations`), and the whole of it (`describe`). Never: knows a path or an attribute that the tables do not have. May
import: what lies below `service`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scim.openapi.operations import operation
from scim.openapi.shapes import components
from scim.provider import Provider


def describe(provider: Provider, routes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the description of a service provider as a JSON object.

    `routes` are the paths below the base URL, with `{id}` for what names one item, and their methods.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SCIM 2.0",
            "version": "2.0",
            "description": "Users and groups, as RFC 7643, RFC 7644 and RFC 9865 have them.",
        },
        "servers": [{"url": provider.base_url}],
        "security": [{"bearer": []}],
        "paths": {
            path: {method.lower(): operation(provider, method, path) for method in methods}
            | ({"parameters": [_NAME]} if "{id}" in path else {})
            for path, methods in routes.items()
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": components(provider),
        },
    }


_NAME = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
