"""Requests to a database through `accept_push`, one transaction each, as a served application sends them."""

import json
from dataclasses import dataclass, field
from typing import Any

from scim.core_schemas import RESOURCE_TYPES
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest
from scim.provider import Provider
from scim.reprovision import Reprovision
from scim.schema import ResourceType
from scim.tolerance import DEFAULT_PROFILE, Profile
from syncd.core.changes import Cause
from syncd.ports import Database
from syncd.workflows.accept_push import accept_push

BASE_URL = "https://syncd.example/scim/v2"
CAUSE = Cause("token:test")


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Pusher:
    """`send` gives a request to one application of a database and reads the answer."""

    database: Database
    app: str
    limits: Limits = field(default_factory=Limits)
    resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES
    reprovision: Reprovision = Reprovision.CONFLICT
    profile: Profile = DEFAULT_PROFILE

    def send(
        self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        raw = b"" if body is None else json.dumps(body).encode()
        request = ScimRequest(method, path, query or {}, raw, MEDIA_TYPE if raw else None, **more)
        provider = Provider(
            BASE_URL,
            self.limits,
            resource_types=self.resource_types,
            profile=self.profile,
            reprovision=self.reprovision,
        )
        response = accept_push(self.database, self.app, CAUSE, request, provider)
        return Answer(response.status, json.loads(response.body) if response.body else None, dict(response.headers))

    def user(self, name: str = "ann", **attributes: Any) -> str:
        """Create a user and return its id."""
        answer = self.send("POST", "/Users", {"userName": name, **attributes})
        assert answer.status == 201, answer
        return str(answer.body["id"])
