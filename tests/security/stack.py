"""The whole endpoint in this process: front, Flask application, workflows and store, without a network."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from scim.exchange import MEDIA_TYPE, ScimRequest, ScimResponse
from scim.provider import Provider
from scim.tolerance import DEFAULT_PROFILE, Leniency, Profile
from syncd.bootstrap.system import SystemClock
from syncd.core.changes import Cause
from syncd.ports import EVERYTHING, Grant
from syncd.store import SqlDatabase
from syncd.web.app import SCIM_PATH, create_app
from syncd.web.front import Bounds, Front
from syncd.web.tokens import digest, mint
from syncd.workflows.accept_push import accept_push
from tests.web.asgi_client import HOST, Exchange, exchange

BASE_URL = "https://scim.example.com/scim/v2"
FIRM = Profile("okta, and nobody is parked", DEFAULT_PROFILE.allows - {Leniency.PARK_UNKNOWN_MEMBERS})
PROVIDER = Provider(BASE_URL, profile=FIRM)
"""It refuses whom it does not know, so that a refusal can be seen; `test_parking.py` is about those who may wait."""

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is the JSON, or None where there is none."""

    status: int
    body: Any
    headers: Headers
    raw: bytes


class Client:
    """Sends requests with one token, to a path below the endpoint."""

    def __init__(self, front: Front, token: str) -> None:
        self._front = front
        self.token = token

    def send(
        self, method: str, path: str, body: Any = None, *, headers: Headers | None = None, query: Headers | None = None
    ) -> Answer:
        """Send a request. `path` is percent-encoded, `body` is JSON or raw bytes."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.token}"} | ({"Content-Type": MEDIA_TYPE} if raw else {})
        return self.ask(method, f"{SCIM_PATH}{path}", raw, given | dict(headers or {}), urlencode(query or {}))

    def ask(self, method: str, path: str, raw: bytes, headers: Headers, query: str) -> Answer:
        """Send a request with these headers and no others, to a path of the whole server."""
        lines = [HOST, *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items())]
        decoded = unquote(path, errors="surrogateescape")
        got: Exchange = asyncio.run(
            exchange(self._front, decoded, raw, method=method, query=query.encode(), headers=lines)
        )
        return Answer(got.status, json.loads(got.body) if got.body else None, got.headers, got.body)

    def user(self, name: str, **attributes: Any) -> str:
        """Create a user and return its id."""
        return str(self.created("/Users", {"userName": name, **attributes})["id"])

    def group(self, name: str, *members: str) -> str:
        """Create a group and return its id."""
        return str(
            self.created("/Groups", {"displayName": name, "members": [{"value": member} for member in members]})["id"]
        )

    def created(self, path: str, body: Any) -> Any:
        answer = self.send("POST", path, body)
        assert answer.status == 201, answer.body
        return answer.body

    def patch(self, path: str, *operations: Mapping[str, Any], **query: str) -> Answer:
        return self.send("PATCH", path, {"Operations": list(operations)}, query=query)

    def get(self, path: str, **query: str) -> Any:
        """Return what is read there."""
        answer = self.send("GET", path, query=query)
        assert answer.status == 200, answer.body
        return answer.body

    def ids(self, path: str, condition: str) -> list[str]:
        """Return the ids of what a filter finds."""
        return [one["id"] for one in self.get(path, filter=condition)["Resources"]]


class Stack:
    """One server on one database. `client` gives an application a token."""

    def __init__(self, database: SqlDatabase, provider: Provider = PROVIDER) -> None:
        self._database = database

        def handle(app: str, cause: Cause, request: ScimRequest) -> ScimResponse:
            return accept_push(database, app, cause, request, provider)

        application = create_app(database, SystemClock(), handle, provider.limits, lambda: None)
        self.front = Front(application, Bounds())

    def client(self, app: str, grant: Grant = EVERYTHING) -> Client:
        """Return a client with a new token of an application, which is made where there is none."""
        if app not in dict(self._database.apps()):
            self._database.ensure_app(app, f"0oa{app}")
        token = mint()
        self._database.add_token(app, digest(token).hex()[:8], digest(token), "test", None, grant)
        return Client(self.front, token)
