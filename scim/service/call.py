"""A request on its way to its handler, and the answers that several handlers give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scim.exchange import ScimRequest, ScimResponse
from scim.preconditions import read_preconditions
from scim.projection import Projection
from scim.provider import Provider
from scim.representation import encode, represent
from scim.resource import StoredResource, etag
from scim.schema import ResourceType
from scim.scopes import require_scope
from scim.store import ResourceStore
from scim.tolerance import DEFAULT_PROFILE, Tolerance
from scim.validation import decode_body


@dataclass(frozen=True, slots=True)
class Call:
    """A request, where it is answered from, and `name`: what stands behind the endpoint (an id, a URN), or "".

    `data` is the body of an operation that is part of another request. `tenant` is whose resources the store holds: a
    cursor of one tenant means nothing to another. `tolerance` is what the client is forgiven.
    """

    request: ScimRequest
    store: ResourceStore
    provider: Provider
    name: str
    data: Mapping[str, Any] | None = None
    tenant: str = ""
    tolerance: Tolerance = field(default_factory=lambda: Tolerance(DEFAULT_PROFILE))

    def body(self) -> Mapping[str, Any]:
        """Return the JSON object in the body. Raises what `decode_body` raises."""
        return decode_body(self.request, self.provider.limits, self.tolerance) if self.data is None else self.data

    def current(self, resource_type: ResourceType) -> StoredResource:
        """Return the resource that is to be changed, without its members, held until the unit of work ends.

        Raises `NotFound`, and `PreconditionFailed` where the client counts on another version.
        """
        preconditions = read_preconditions(self.request)
        stored = self.store.read(resource_type.name, self.name, with_members=False)
        preconditions.require(etag(stored.version))
        return stored


Handler = Callable[[Call], ScimResponse]
OfType = Callable[[ResourceType, Call], ScimResponse]
"""A handler that serves every resource type."""


def serve(handler: OfType, resource_type: ResourceType, call: Call) -> ScimResponse:
    """Return what the handler answers. Raises `Forbidden` where the token's scopes do not cover the request."""
    require_scope(call.request.scopes, call.request.method, resource_type.name)
    return handler(resource_type, call)


def answer(stored: StoredResource, resource_type: ResourceType, call: Call, projection: Projection) -> ScimResponse:
    """Return a resource as the client asked for it, with its entity tag."""
    shown = represent(stored, resource_type, call.provider, projection)
    return ScimResponse(200, encode(shown), (("ETag", etag(stored.version)),))
