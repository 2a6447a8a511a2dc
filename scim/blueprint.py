"""The edge: HTTP as Flask has it <-> `ScimRequest` and `ScimResponse`.

One view takes every path and method below the prefix, so that nothing there is answered without a token, and nothing
with a body that is not SCIM: 404 and 405 included (RFC 7644 sections 2 and 3.12).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from scim import urns
from scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError, Unauthorized
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest, ScimResponse
from scim.representation import encode
from scim.service import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Principal = TypeVar("Principal")

_INTERNAL_ERROR: Final = ScimResponse(
    500, encode({"schemas": [urns.ERROR], "status": "500", "detail": "Internal error; the server's log tells more."})
)


_NO_LENGTH: Final = frozenset({None, "", "0"})


class _Below(BaseConverter):
    """The rest of a path: nothing, or a slash and whatever follows, doubled slashes and line breaks included."""

    regex = r"(?:/[\s\S]*)?"
    part_isolating = False


def create_blueprint(
    authenticate: Callable[[str | None], Principal | None],
    handle: Callable[[Principal, ScimRequest], ScimResponse],
    limits: Limits,
) -> Blueprint:
    """Return a blueprint that serves SCIM below the `url_prefix` that it is registered with; it needs one.

    `authenticate` takes the value of the Authorization header, or None where there is none or more than one, and
    returns who asks, or None to refuse. `handle` answers them; both may raise `ScimError`. Any other exception is
    logged and answered with 500 that tells nothing.
    """
    blueprint = Blueprint("scim", __name__)

    def serve(path: str) -> Response:
        environ = request.environ
        try:
            principal = _required(authenticate(_authorization(environ)))
            answer = handle(principal, _read_request(path, environ, limits))
        except ScimError as error:
            answer = error_response(error)
        except Exception:
            current_app.logger.exception("scim request failed")
            answer = _INTERNAL_ERROR
        return _render(answer)

    blueprint.record(lambda state: _route_everything(state, serve))
    return blueprint


def _route_everything(state: BlueprintSetupState, serve: Callable[[str], Response]) -> None:
    """Route every method to `serve`. `add_url_rule` cannot: it wants methods listed, and answers others itself."""
    application, endpoint = state.app, f"{state.name}.serve"
    application.url_map.converters["scim_below"] = _Below
    rule = f"{state.url_prefix}<scim_below:path>"
    application.url_map.add(application.url_rule_class(rule, endpoint=endpoint, methods=None))
    application.view_functions[endpoint] = serve


# The view reads the environment itself: for a request as small as these, Werkzeug's views of it are half of the cost.


def _authorization(environ: "WSGIEnvironment") -> str | None:
    """Return the Authorization header. Several arrive joined with a comma, which no bearer token has (RFC 6750)."""
    value = environ.get("HTTP_AUTHORIZATION")
    return None if value is None or "," in value else value


def _required(principal: Principal | None) -> Principal:
    if principal is None:
        raise Unauthorized("Send a valid token: Authorization: Bearer <token>.")
    return principal


def _read_request(path: str, environ: "WSGIEnvironment", limits: Limits) -> ScimRequest:
    return ScimRequest(
        environ["REQUEST_METHOD"],
        path or "/",
        _read_query(environ.get("QUERY_STRING", "")),
        _read_body(environ, limits.body_bytes),
        environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() or None,
        if_match=environ.get("HTTP_IF_MATCH"),
        if_none_match=environ.get("HTTP_IF_NONE_MATCH"),
    )


def _read_query(query: str) -> dict[str, str]:
    """Return the first value of each parameter. Raises `InvalidValue` for what is no UTF-8."""
    if not query:
        return {}
    try:
        text = query if query.isascii() else query.encode("latin-1").decode()
        return dict(reversed(parse_qsl(text, keep_blank_values=True, errors="strict")))
    except UnicodeDecodeError:
        raise InvalidValue("The query is not percent-encoded UTF-8.") from None


def _read_body(environ: "WSGIEnvironment", limit: int) -> bytes:
    """Return the body, whole. Werkzeug cuts a chunked one at its limit without a word: hence one byte more is read."""
    if environ.get("CONTENT_LENGTH") in _NO_LENGTH and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    request.max_content_length = limit + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large(limit) from None
    except ClientDisconnected:
        raise _cut_off() from None
    if len(body) > limit:
        raise _too_large(limit)
    if len(body) < (request.content_length or 0):
        raise _cut_off()
    return body


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body has more than {limit} bytes.")


def _cut_off() -> InvalidSyntax:
    return InvalidSyntax("The body ended before its Content-Length.")


class _Rendered(Response):
    """A response whose headers are right as they are: no location to complete, no length to count again."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send it (PEP 3333)."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return [self.get_data()]


def _render(answer: ScimResponse) -> Response:
    response = _Rendered(answer.body, answer.status, answer.headers, content_type=MEDIA_TYPE)
    if not answer.body:
        del response.headers["Content-Type"], response.headers["Content-Length"]
    return response
