"""What a route's function gets, and what a route is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syncd.simulator.errors import OktaError
from syncd.simulator.exchange import Answer, Json
from syncd.simulator.org import Org
from syncd.simulator.paging import Listing


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: decoded path parameters, the query, and the body as a JSON object."""

    base: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Json

    def listing(self) -> Listing:
        """Return the request for a page."""
        return Listing(self.base, self.path, self.query)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter of the query."""
        return self.query.get(name, str(default)).lower() == "true"

    def object(self, name: str) -> Json:
        """Return an object of the body, empty when it is not there. Raises `OktaError` 400."""
        value = self.body.get(name) or {}
        if not isinstance(value, dict):
            raise malformed()
        return value

    def text(self, name: str) -> str | None:
        """Return a text of the body, or None. Raises `OktaError` 400."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise malformed()
        return value


def malformed() -> OktaError:
    """Return the error for a body that is not JSON, or not shaped as the endpoint needs it."""
    return OktaError(400, "E0000003", "The request body was not well-formed.")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: `pattern` with {parameters}, the OAuth scope it needs, its rate-limit bucket, and its function."""

    method: str
    pattern: str
    scope: str
    bucket: str
    respond: Callable[[Org, Call], Answer]
