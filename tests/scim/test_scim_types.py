"""Every `scimType` of RFC 7644 table 9 and of RFC 9865, each with a request that is answered with it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scim.conformance.examples import BADGE, RESOURCE_TYPES
from scim.errors import InvalidVers, ScimError, TooMany
from scim.exchange import Limits
from tests.scim.endpoint import Answer, Endpoint
from tests.scim.plain_seal import PlainSeal

ELSEWHERE = {InvalidVers.scim_type, TooMany.scim_type}
"""What the library cannot find out: an address above its own (tests/web), and what a store will not do."""


@pytest.fixture
def seal() -> PlainSeal:
    return PlainSeal()


@pytest.fixture
def endpoint(seal: PlainSeal) -> Endpoint:
    """An endpoint with the users ann, of id-0001, and bob."""
    endpoint = Endpoint(Limits(page_maximum=50), RESOURCE_TYPES, seal)
    endpoint.user("ann", **{BADGE.urn: {"office": "Berlin", "issued": "2026-01-01T00:00:00Z"}})
    endpoint.user("bob")
    return endpoint


def patch(endpoint: Endpoint, op: str, path: str, value: Any = None) -> Answer:
    return endpoint.patch("/Users/id-0001", {"op": op, "path": path, "value": value})


def search(endpoint: Endpoint, **parameters: Any) -> Answer:
    return endpoint.send("POST", "/Users/.search", parameters)


def expired(endpoint: Endpoint, seal: PlainSeal) -> Answer:
    cursor = search(endpoint, cursor="", count=1).body["nextCursor"]
    seal.expire()
    return search(endpoint, cursor=cursor, count=1)


REQUESTS: dict[str, tuple[int, Callable[[Endpoint, PlainSeal], Answer]]] = {
    "invalidFilter": (400, lambda endpoint, _: endpoint.send("GET", "/Users", filter="userName like ann")),
    "uniqueness": (409, lambda endpoint, _: endpoint.send("POST", "/Users", {"userName": "ANN"})),
    "mutability": (400, lambda endpoint, _: patch(endpoint, "replace", f"{BADGE.urn}:issued", "2027-01-01T00:00:00Z")),
    "invalidSyntax": (400, lambda endpoint, _: endpoint.send("POST", "/Users", b"{")),
    "invalidPath": (400, lambda endpoint, _: patch(endpoint, "add", "name..familyName", "A")),
    "noTarget": (400, lambda endpoint, _: patch(endpoint, "replace", 'emails[type eq "home"].value', "a@b")),
    "invalidValue": (400, lambda endpoint, _: endpoint.send("POST", "/Users", {"userName": ["a"]})),
    "sensitive": (403, lambda endpoint, _: endpoint.send("GET", "/Users", filter='password eq "x"')),
    "invalidCursor": (400, lambda endpoint, _: search(endpoint, cursor="made up")),
    "expiredCursor": (400, expired),
    "invalidCount": (400, lambda endpoint, _: search(endpoint, cursor="", count="many")),
}


def types_of(error: type[ScimError]) -> Iterator[str]:
    """Yield the types of an error and of those that are kinds of it."""
    for kind in error.__subclasses__():
        yield from types_of(kind)
    if error.scim_type is not None:
        yield error.scim_type


def test_there_is_a_request_for_each_type_that_the_library_knows() -> None:
    assert REQUESTS.keys() == set(types_of(ScimError)) - ELSEWHERE


@pytest.mark.parametrize("scim_type", REQUESTS)
def test_each_type_is_the_answer_to_a_request(endpoint: Endpoint, seal: PlainSeal, scim_type: str) -> None:
    status, send = REQUESTS[scim_type]
    answer = send(endpoint, seal)
    assert (answer.status, answer.body["status"], answer.body.get("scimType")) == (status, str(status), scim_type)
