"""A SCIM endpoint over a memory store, for tests: what goes in and out is plain JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from scim.core_schemas import RESOURCE_TYPES
from scim.cursors import CursorSeal
from scim.errors import ScimError
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest, ScimResponse
from scim.memory_store import MemoryStore
from scim.provider import Provider
from scim.schema import ResourceType
from scim.service import error_response, respond
from scim.tolerance import DEFAULT_PROFILE, Leniency, Profile, Tolerance

BASE_URL = "https://syncd.example/scim/v2"
START = datetime(2026, 1, 1, tzinfo=UTC)


def memory_store(
    kind: type[MemoryStore] = MemoryStore, resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES
) -> MemoryStore:
    """Return an empty store whose ids are id-0001, id-0002, ... and whose clock ticks with each write."""
    numbers, seconds = count(1), count()
    return kind(lambda: f"id-{next(numbers):04}", lambda: START + timedelta(seconds=next(seconds)), resource_types)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


class Endpoint:
    """`send` gives a request to the service and reads the answer. Errors come as answers, as they do over HTTP."""

    def __init__(
        self,
        limits: Limits | None = None,
        resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES,
        cursors: CursorSeal | None = None,
        profile: Profile = DEFAULT_PROFILE,
    ) -> None:
        self.store = memory_store(resource_types=resource_types)
        self.provider = Provider(
            BASE_URL, limits or Limits(), resource_types=resource_types, cursors=cursors, profile=profile
        )
        self.needed: frozenset[Leniency] = frozenset()
        """The leniencies that the youngest request needed."""

    def answer(self, request: ScimRequest) -> ScimResponse:
        tolerance = Tolerance(self.provider.profile)
        try:
            return respond(request, self.store, self.provider, tolerance=tolerance)
        except ScimError as error:
            return error_response(error)
        finally:
            self.needed = tolerance.used

    def send(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.answer(ScimRequest(method, path, query, raw, MEDIA_TYPE if raw else None))
        return Answer(response.status, json.loads(response.body) if response.body else None, dict(response.headers))

    def user(self, name: str = "ann", /, **attributes: Any) -> str:
        """Create a user and return its id."""
        return str(self.send("POST", "/Users", {"userName": name, **attributes}).body["id"])

    def group(self, name: str = "guides", *members: str) -> str:
        """Create a group and return its id."""
        named = [{"value": member} for member in members]
        return str(self.send("POST", "/Groups", {"displayName": name, "members": named}).body["id"])

    def patch(self, path: str, *operations: Mapping[str, Any], **query: str) -> Answer:
        return self.send("PATCH", path, {"Operations": list(operations)}, **query)
