"""A request on its way to its handler, and the answers that several handlers give."""

from collections.abc import Callable
from dataclasses import dataclass

from scim.exchange import ScimRequest, ScimResponse
from scim.projection import Projection
from scim.provider import Provider
from scim.representation import encode, represent
from scim.resource import StoredResource, etag
from scim.schema import ResourceType
from scim.store import ResourceStore


@dataclass(frozen=True, slots=True)
class Call:
    """A request, where it is answered from, and `name`: what stands behind the endpoint (an id, a URN), or ""."""

    request: ScimRequest
    store: ResourceStore
    provider: Provider
    name: str


Handler = Callable[[Call], ScimResponse]
OfType = Callable[[ResourceType, Call], ScimResponse]
"""A handler that serves every resource type."""


def answer(stored: StoredResource, resource_type: ResourceType, call: Call, projection: Projection) -> ScimResponse:
    """Return a resource as the client asked for it, with its entity tag."""
    shown = represent(stored, resource_type, call.provider, projection)
    return ScimResponse(200, encode(shown), (("ETag", etag(stored.version)),))
