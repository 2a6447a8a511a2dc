"""Discovery endpoints (RFC 7644 section 4)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scim.discovery import service_provider_config
from scim.errors import Forbidden, NotFound
from scim.exchange import ScimResponse
from scim.listing import list_response
from scim.provider import Provider
from scim.representation import encode
from scim.service.call import Call
from scim.tolerance import Leniency

Discovered = Callable[[Provider], Sequence[Mapping[str, Any]]]


def provider_config(call: Call) -> ScimResponse:
    """Say what this service provider supports."""
    _ignore_filter(call)
    return ScimResponse(200, encode(service_provider_config(call.provider)))


def discover_all(discovered: Discovered, call: Call) -> ScimResponse:
    """List what is discovered."""
    _ignore_filter(call)
    found = discovered(call.provider)
    return ScimResponse(200, encode(list_response(found, len(found))))


def _ignore_filter(call: Call) -> None:
    if "filter" in call.request.query:
        call.tolerance.forgive(Leniency.FILTER_ON_DISCOVERY, Forbidden, "There is no filter here (RFC 7644 section 4).")


def discover_one(discovered: Discovered, call: Call) -> ScimResponse:
    """Return the one whose id stands in the path, in any case."""
    for item in discovered(call.provider):
        if item["id"].lower() == call.name.lower():
            return ScimResponse(200, encode(item))
    raise NotFound("There is no resource type or schema of that name.")
