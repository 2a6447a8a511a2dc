"""The edge for Flask: `scim.wsgi` as a blueprint.

One view takes every path and method below the prefix.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from scim.exchange import Limits, ScimRequest, ScimResponse
from scim.wsgi import Principal, answering, headers_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


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
    answer = answering(lambda header, _: authenticate(header), handle, limits, _log_bug)

    def serve(path: str) -> Response:
        response = answer(path, request.environ)
        rendered = _Rendered(response.body, response.status)
        rendered.headers.clear()
        rendered.headers.extend(headers_of(response))
        return rendered

    blueprint.record(lambda state: _route_everything(state, serve))
    return blueprint


def _log_bug(error: Exception) -> None:
    current_app.logger.error("scim request failed", exc_info=error)


def _route_everything(state: BlueprintSetupState, serve: Callable[[str], Response]) -> None:
    """Route every method to `serve`. `add_url_rule` cannot: it wants methods listed, and answers others itself."""
    application, endpoint = state.app, f"{state.name}.serve"
    application.url_map.converters["scim_below"] = _Below
    rule = f"{state.url_prefix}<scim_below:path>"
    application.url_map.add(application.url_rule_class(rule, endpoint=endpoint, methods=None))
    application.view_functions[endpoint] = serve


class _Rendered(Response):
    """A response whose headers are right as they are: no location to complete, no length to count again."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send it (PEP 3333)."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return [self.get_data()]
