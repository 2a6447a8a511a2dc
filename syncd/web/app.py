"""The application: the SCIM endpoint, and with Flask readiness and an error body for everything else.

It is built inside the worker process, after the fork, with whatever the composition root hands in.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface, SessionMixin
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from scim.errors import InvalidVers
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest, ScimResponse
from scim.service import error_response
from scim.wsgi import answering, mounted
from syncd.core.changes import Cause
from syncd.ports import EVERYTHING, Clock, TokenStore
from syncd.web.answer import Answer, error_answer
from syncd.web.gate import DEFAULT_GATE_LIMITS, Gate, GateLimits
from syncd.web.prompt import is_prompt
from syncd.web.tokens import Principal
from syncd.web.wsgi_bridge import ACTOR, REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SCIM_PATH: Final = "/scim/v2"

PUBLIC: Final = ("/readyz",)
"""What is answered without a token, beside the front's `/healthz`.

Everything else is below `SCIM_PATH`, or is the event hook's, with a secret of its own, or `/freshz`."""

FRESH_PATH: Final = "/freshz"

_OTHER_VERSION: Final = re.compile(r"/scim/v(?!2(?:/|$))\d+(?:\.\d+)?(?:/|$)", re.ASCII)

Handle = Callable[[str, Cause, ScimRequest], ScimResponse]
"""Answers a request for an application; the cause names the token and the request."""

Readiness = Callable[[], str | None]
"""Returns None when all is well, such as that requests can be answered, else why not in a word; raises nothing."""


_Caller = tuple[Principal, str | None]
"""Who asks, and the id of the request."""


class _NoSessions(SessionInterface):
    """Nobody has a session: one empty one serves everybody and keeps nothing."""

    _EMPTY: Final = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - the names are Flask's
        """Return the empty session."""
        return self._EMPTY

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Do nothing."""


_log = structlog.get_logger("syncd.web")


class Edge(Flask):
    """Flask without what nobody asks for here: sessions, and host names to route by."""

    session_interface = _NoSessions()

    def __init__(self, gate: Gate) -> None:
        super().__init__("syncd", static_folder=None, template_folder=None)
        self._gate = gate

    def is_prompt(self, environ: "WSGIEnvironment") -> bool:
        """Return whether a request waits for nobody, on a store that reads in this process: its token is fresh too."""
        return is_prompt(environ) and self._gate.knows(environ.get("HTTP_AUTHORIZATION"))

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what routes a request: by its path and method alone."""
        if request is None:
            return None
        return self.url_map.bind("localhost", path_info=request.path, default_method=request.method)


def create_app(
    tokens: TokenStore,
    clock: Clock,
    handle: Handle,
    limits: Limits,
    readiness: Readiness,
    gate_limits: GateLimits = DEFAULT_GATE_LIMITS,
) -> Edge:
    """Return the application. Everything below `/scim/v2` needs a token; `/readyz` does not and tells no detail."""
    gate = Gate(tokens, clock, gate_limits, time.monotonic)
    app = Edge(gate)
    app.config["MAX_CONTENT_LENGTH"] = limits.body_bytes
    app.url_map.merge_slashes = False  # a path with more slashes is another path, and not worth a redirect

    def identify(header: str | None, environ: "WSGIEnvironment") -> _Caller | None:
        request_id = environ.get(REQUEST_ID)
        bind_contextvars(request_id=request_id)
        principal = gate.admit(header, environ.get("REMOTE_ADDR", ""))
        if principal is None:
            return None
        environ[ACTOR] = principal.actor
        return principal, request_id

    def answer(caller: _Caller, scim_request: ScimRequest) -> ScimResponse:
        principal, request_id = caller
        grant = principal.grant
        if grant is not EVERYTHING:
            scim_request = replace(scim_request, scopes=grant.scopes, me=grant.user_id)
        return handle(principal.app, Cause(principal.actor, request_id), scim_request)

    @app.before_request
    def name_request() -> None:
        bind_contextvars(request_id=request.environ.get(REQUEST_ID))

    app.add_url_rule(PUBLIC[0], "ready", partial(_told, "ready", readiness))
    app.register_error_handler(HTTPException, _tell_http_error)
    app.register_error_handler(Exception, _tell_bug)
    # Around Flask and not within: its contexts and routing cost more than most answers. Flask's own way to wrap it.
    around = mounted(SCIM_PATH, answering(identify, answer, limits, _log_bug), app.wsgi_app)
    app.wsgi_app = around  # type: ignore[assignment,method-assign]
    return app


def add_freshness(app: Flask, freshness: Readiness) -> None:
    """Let the application tell at `/freshz`, to whoever asks, whether the listings are fresh; it tells no detail."""
    app.add_url_rule(FRESH_PATH, "fresh", partial(_told, "fresh", freshness))


def _told(well: str, why_not: Readiness) -> Response:
    reason = why_not()
    return _response(Answer(503 if reason else 200, f"{reason or well}\n".encode(), (("Content-Type", "text/plain"),)))


def _log_bug(error: Exception) -> None:
    _log.error("scim request failed", exc_info=error)


def _tell_http_error(error: HTTPException) -> Response:
    """Answer an unknown path, a wrong method, or what Werkzeug found wrong with the request."""
    if _OTHER_VERSION.match(request.path):
        answer = error_response(InvalidVers(f"SCIM 2.0 is served here, and nothing else. Its address is {SCIM_PATH}."))
        return Response(answer.body, answer.status, content_type=MEDIA_TYPE)
    allow = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    return _response(error_answer(error.code or 500, error.name, *allow))


def _tell_bug(error: Exception) -> Response:
    """Answer what nobody foresaw. The client gets the id under which the log tells it, and nothing of its text."""
    _log.error("unexpected error", exc_info=error)
    return _response(error_answer(500, f"Unexpected error, logged as request {request.environ.get(REQUEST_ID)}"))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, list(answer.headers))
