"""The Management API as a function: request in, answer and rate-limit standing out. Knows the routes, not the wire."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import orjson

from syncd.simulator import app_routes, group_routes, log_routes, user_routes
from syncd.simulator.calls import Call, Route, malformed
from syncd.simulator.credentials import Credentials
from syncd.simulator.errors import OktaError, not_found, too_many_requests, wrong_method
from syncd.simulator.exchange import Answer, ApiRequest, Json
from syncd.simulator.faults import RequestFault, RequestRule
from syncd.simulator.org import Org
from syncd.simulator.page_faults import refused
from syncd.simulator.rate_limit import RateLimits, Standing

TOKEN_PATH: Final = "/oauth2/v1/token"
ABOUT_PATH: Final = "/.well-known/okta-organization"
ROUTES: Final = (*user_routes.ROUTES, *app_routes.ROUTES, *group_routes.ROUTES, *log_routes.ROUTES)
_LIMITED: Final = frozenset({RequestFault.RATE_LIMITED, RequestFault.CONCURRENCY_LIMITED})


@dataclass(frozen=True, slots=True)
class ManagementApi:
    """The API of one org. Whoever calls it holds the org's lock."""

    base: str
    org: Org
    credentials: Credentials
    rate_limits: RateLimits

    def respond(self, request: ApiRequest, rule: RequestRule | None) -> tuple[Answer, Standing | None]:
        """Return the answer, errors included, and how the endpoint's rate limit stands where one was counted."""
        if request.path == TOKEN_PATH and request.method == "POST":
            return self.credentials.token(request.body), None
        if request.path == ABOUT_PATH and request.method == "GET":
            return self._about(), None
        standing: Standing | None = None
        try:
            route, parameters = find(request.method, request.path)
            standing = self._count(route, rule)
            error = None if rule is None else refused(rule.kind)
            if error is not None:
                raise error
            if standing is not None and not standing.allowed:
                raise too_many_requests()
            self.credentials.check(request.headers.get("authorization", ""), route.scope)
            call = Call(self.base, request.path, parameters, request.query, _object(request.body))
            return route.respond(self.org, call), standing
        except OktaError as error:
            return Answer(error.status, error.body(self.org.ids.make("oae"))), standing

    def _about(self) -> Answer:
        """Say which org this is, to anybody who asks: shows that the org is up, and tells nothing else."""
        links = {"organization": {"href": self.base}}
        return Answer(200, {"id": "00osimulated00000000", "_links": links, "pipeline": "idx", "settings": {}})

    def _count(self, route: Route, rule: RequestRule | None) -> Standing | None:
        if rule is None or rule.kind not in _LIMITED:
            return self.rate_limits.take(route.bucket)
        seconds = 1.0 if rule.seconds is None else rule.seconds
        return self.rate_limits.exhausted(
            route.bucket, seconds, concurrency=rule.kind is RequestFault.CONCURRENCY_LIMITED
        )


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """Return the route for a raw path, and its parameters, decoded. Raises `OktaError` 404 or 405."""
    known = False
    for pattern, route in _COMPILED.get(path.count("/"), ()):
        match = pattern.fullmatch(path)
        if match is not None:
            known = True
            if route.method == method:
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise wrong_method() if known else not_found(path, "Endpoint")


def _object(body: bytes) -> Json:
    if not body.strip():
        return {}
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise malformed() from None
    if not isinstance(document, dict):
        raise malformed()
    return document


def _compiled() -> Mapping[int, tuple[tuple[re.Pattern[str], Route], ...]]:
    """Return the routes by the number of slashes in their path."""
    table: dict[int, tuple[tuple[re.Pattern[str], Route], ...]] = {}
    for route in ROUTES:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.pattern))
        slashes = route.pattern.count("/")
        table[slashes] = (*table.get(slashes, ()), (pattern, route))
    return table


_COMPILED: Final = _compiled()
