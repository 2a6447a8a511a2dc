"""The protocol as a function: request x store -> response (RFC 7644 section 3).

Owns: what each request does, as handlers in one table of routes (`routes`). Client errors are raised as `ScimError`, so
that the caller's transaction rolls back before `error_response` renders them; any other exception is a bug, or the
store's trouble. Never: opens a transaction, reads a clock, or knows what a store is made of. May import: everything in
`scim` but the edge and the stores.
"""

from scim.errors import MethodNotAllowed, ScimError, SecretFilter, Sensitive, TooManyRequests, Unauthorized
from scim.exchange import ScimRequest, ScimResponse
from scim.provider import Provider
from scim.representation import encode, error_message
from scim.service.call import Call
from scim.service.routes import handler_of, is_safe
from scim.store import ResourceStore
from scim.tolerance import Tolerance

__all__ = ["error_response", "is_safe", "respond"]


def respond(
    request: ScimRequest,
    store: ResourceStore,
    provider: Provider,
    tenant: str = "",
    tolerance: Tolerance | None = None,
) -> ScimResponse:
    """Answer a request from the store, in a unit of work that the caller opened: a reading one if `is_safe`.

    `tenant` is whose store it is, where the service provider has several. `tolerance` has afterwards which leniencies
    the request needed, whether it was answered or refused; without one, the client is forgiven what the provider's
    profile says. Raises `ScimError` for whatever is not answered with 2xx.
    """
    handler, name = handler_of(request.method, request.path, provider)
    forgiven = Tolerance(provider.profile) if tolerance is None else tolerance
    try:
        return handler(Call(request, store, provider, name, tenant=tenant, tolerance=forgiven))
    except SecretFilter as error:
        if request.method != "GET":
            raise
        raise Sensitive(f"{error.detail}. Besides, an address is no place for it: it gets into logs.") from None


def error_response(error: ScimError) -> ScimResponse:
    """Return the answer that stands for an error (RFC 7644 section 3.12), with the headers it needs."""
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, MethodNotAllowed):
        headers = (("Allow", ", ".join(error.allow)),)
    if isinstance(error, Unauthorized):
        headers = (("WWW-Authenticate", "Bearer"),)
    if isinstance(error, TooManyRequests):
        headers = (("Retry-After", str(error.retry_after)),)
    return ScimResponse(error.status, encode(error_message(error)), headers)
