"""The edge without a framework: a WSGI environment <-> `ScimRequest` and `ScimResponse` (PEP 3333).

Everything below the prefix is answered here, so that nothing there is answered without a token, and nothing with a body
that is not SCIM: 404 and 405 included (RFC 7644 sections 2 and 3.12). The environment is read directly: for requests as
small as these, a framework's view of it and its routing cost more than the answer.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qsl

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length, get_input_stream

from scim import urns
from scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError, Unauthorized
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest, ScimResponse
from scim.representation import encode
from scim.service import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Principal = TypeVar("Principal")
Answering = Callable[[str, "WSGIEnvironment"], ScimResponse]
"""Answers the request in an environment; its path below the prefix is "" or begins with a slash. Raises nothing."""

_INTERNAL_ERROR: Final = ScimResponse(
    500, encode({"schemas": [urns.ERROR], "status": "500", "detail": "Internal error; the server's log tells more."})
)
_STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_NO_LENGTH: Final = frozenset({None, "", "0"})


def answering(
    authenticate: Callable[[str | None, "WSGIEnvironment"], Principal | None],
    handle: Callable[[Principal, ScimRequest], ScimResponse],
    limits: Limits,
    log_bug: Callable[[Exception], None],
) -> Answering:
    """Return what answers every path and method.

    `authenticate` takes the value of the Authorization header, or None where there is none or more than one, beside the
    environment, and returns who asks, or None to refuse. `handle` answers them; both may raise `ScimError`. With any
    other exception, `log_bug` is given it, and the answer is a 500 that tells nothing.
    """

    def answer(path: str, environ: "WSGIEnvironment") -> ScimResponse:
        try:
            principal = _required(authenticate(_authorization(environ), environ))
            return handle(principal, _read_request(path, environ, limits))
        except ScimError as error:
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - logged, and nothing of it may reach the client
            log_bug(error)
            return _INTERNAL_ERROR

    return answer


def mounted(prefix: str, answer: Answering, beside: "WSGIApplication") -> "WSGIApplication":
    """Return an application that answers what is below the prefix ("/scim/v2"), and leaves the rest to `beside`."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = _text(environ.get("PATH_INFO", ""))
        if not path.startswith(prefix) or path[len(prefix) : len(prefix) + 1] not in {"", "/"}:
            return beside(environ, start_response)
        response = answer(path[len(prefix) :], environ)
        start_response(_STATUS_LINES[response.status], headers_of(response))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    return serve


def headers_of(response: ScimResponse) -> list[tuple[str, str]]:
    """Return the headers of a response: its own, and those that describe its body."""
    if not response.body:
        return [*response.headers]
    return [*response.headers, ("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(response.body)))]


def _text(value: str) -> str:
    """Return a path of PEP 3333, bytes in disguise, read as UTF-8. What is none is marked, and matches nothing."""
    return value if value.isascii() else value.encode("latin-1").decode(errors="replace")


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
    try:
        body: bytes = get_input_stream(environ, max_content_length=limit + 1).read()
    except RequestEntityTooLarge:
        raise _too_large(limit) from None
    except ClientDisconnected:
        raise _cut_off() from None
    if len(body) > limit:
        raise _too_large(limit)
    if len(body) < (get_content_length(environ) or 0):
        raise _cut_off()
    return body


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body has more than {limit} bytes.")


def _cut_off() -> InvalidSyntax:
    return InvalidSyntax("The body ended before its Content-Length.")
