"""A SCIM request, from the wire's value to the answer's value, in one transaction."""

from collections.abc import Callable, Collection

from scim.errors import ScimError
from scim.exchange import ScimRequest, ScimResponse
from scim.provider import Provider
from scim.service import error_response, is_safe, respond
from scim.tolerance import Leniency, Tolerance
from syncd.core.changes import Cause
from syncd.ports import Database

CountLeniencies = Callable[[str, Collection[Leniency]], None]
"""Takes note of the leniencies that a request of an application needed. Raises nothing."""


def count_none(_app: str, _needed: Collection[Leniency]) -> None:
    """Take note of nothing."""


def accept_push(
    database: Database,
    app: str,
    cause: Cause,
    request: ScimRequest,
    provider: Provider,
    count: CountLeniencies = count_none,
) -> ScimResponse:
    """Answer one request of an identity provider for one application.

    What the request changes is committed before the answer is returned, or not at all: an error is rendered after the
    rollback. Any exception that is no `ScimError` is a bug or an outage and goes up to the edge. What the client was
    forgiven, or would have to be, is counted when the transaction has ended.
    """
    opened = database.asking(app) if is_safe(request.method, request.path) else database.transaction(app, cause)
    tolerance = Tolerance(provider.profile)
    try:
        with opened as unit:
            response = respond(request, unit.resources, provider, app, tolerance=tolerance)
    except ScimError as error:
        response = error_response(error)
    if tolerance.used:
        count(app, tolerance.used)
    return response
