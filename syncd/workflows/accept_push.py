"""A SCIM request, from the wire's value to the answer's value, in one transaction."""

from scim.errors import ScimError
from scim.exchange import ScimRequest, ScimResponse
from scim.provider import Provider
from scim.service import error_response, is_safe, respond
from syncd.core.changes import Cause
from syncd.ports import Database


def accept_push(database: Database, app: str, cause: Cause, request: ScimRequest, provider: Provider) -> ScimResponse:
    """Answer one request of an identity provider for one application.

    What the request changes is committed before the answer is returned, or not at all: an error is rendered after the
    rollback. Any exception that is no `ScimError` is a bug or an outage and goes up to the edge.
    """
    opened = database.asking(app) if is_safe(request.method, request.path) else database.transaction(app, cause)
    try:
        with opened as unit:
            return respond(request, unit.resources, provider)
    except ScimError as error:
        return error_response(error)
