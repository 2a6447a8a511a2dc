"""From an ASGI request whose body is complete to a WSGI call and back (ASGI 2.4, PEP 3333)."""

import io
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from syncd.web.answer import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

REQUEST_ID: Final = "syncd.request_id"
"""Where the front puts the id of the request. A client cannot: its headers all begin with HTTP_."""

ACTOR: Final = "syncd.actor"
"""Where the application puts who asked, for the access log."""

_UNPREFIXED: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_FIXED: Final[Mapping[str, Any]] = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "CONTENT_LENGTH": "0",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def environ_of(scope: Mapping[str, Any], request_id: str) -> "WSGIEnvironment":
    """Return the WSGI environment of a request, with an empty body.

    Server name and port are placeholders: no URL may be built from what a client sends, `public_url` is there for it.
    """
    client = scope.get("client")
    path = scope["path"]
    return {
        **_FIXED,
        **_header_variables(scope["headers"]),
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(),
        REQUEST_ID: request_id,
    }


def give_body(environ: "WSGIEnvironment", body: bytes | bytearray) -> None:
    """Put the whole body into the environment, with its true length, however it was framed on the wire.

    Werkzeug takes a chunked body for an empty one, so that header does not go through: nothing is chunked any more.
    """
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def _header_variables(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return CGI variables. A header that is sent twice becomes one with a comma, which no token survives."""
    variables: dict[str, str] = {}
    for name, raw_value in headers:
        key, value = _variable(name), raw_value.decode("latin-1")
        variables[key] = f"{variables[key]},{value}" if key in variables else value
    return variables


@lru_cache(512)
def _variable(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in _UNPREFIXED else f"HTTP_{name}"


def call(application: "WSGIApplication", environ: "WSGIEnvironment") -> Answer:
    """Run the application and return its whole answer. Raises what the application raises."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001 - the name is PEP 3333's
        started[:] = [(status, headers)]
        return written.append

    chunks = application(environ, start_response)
    try:
        written.extend(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[0]
    return Answer(int(status.split(" ", 1)[0]), b"".join(written), tuple(headers))
