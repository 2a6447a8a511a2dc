"""`/Me`: the user that the token is bound to (RFC 7644 section 3.11)."""

from dataclasses import replace as with_fields

from scim.core_schemas import USER_TYPE
from scim.errors import MethodNotAllowed, NotImplementedHere
from scim.exchange import ScimResponse
from scim.schema import ResourceType
from scim.service.call import Call, OfType, serve

_ALLOWED = ("GET", "PUT", "PATCH", "DELETE")


def as_me(handler: OfType, call: Call) -> ScimResponse:
    """Answer as for the user's own address, and say which one that is, in `Location` and beside a body.

    Raises `NotImplementedHere` when the token is bound to nobody.
    """
    user_type, me = call.provider.resource_type(USER_TYPE.name), call.request.me
    if user_type is None or me is None:
        raise NotImplementedHere("This token stands for no user, so there is no /Me.")
    response = serve(handler, user_type, with_fields(call, name=me))
    where = f"{call.provider.base_url}{user_type.endpoint}/{me}"
    headers = (("Location", where), ("Content-Location", where)) if response.body else (("Location", where),)
    return with_fields(response, headers=(*response.headers, *headers))


def refuse_method(_: ResourceType, call: Call) -> ScimResponse:
    """Refuse what cannot be done to oneself: the user is there already."""
    allow = ", ".join(_ALLOWED)
    raise MethodNotAllowed(f"{call.request.method} is not defined here. Allowed: {allow}.", _ALLOWED)
