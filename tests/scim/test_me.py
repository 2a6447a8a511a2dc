from dataclasses import replace
from typing import Any

import pytest

from scim.exchange import MEDIA_TYPE, ScimRequest, ScimResponse
from scim.representation import encode
from scim.scopes import GROUPS_READ, USERS_READ
from tests.scim.endpoint import BASE_URL, Endpoint

ME = "id-0002"
WHERE = f"{BASE_URL}/Users/{ME}"


@pytest.fixture
def endpoint() -> Endpoint:
    """An endpoint with two users, of whom the token is bound to the second."""
    endpoint = Endpoint()
    endpoint.user("bob")
    endpoint.user("ann", title="Guide")
    return endpoint


def asked(method: str, body: Any = None, **query: str) -> ScimRequest:
    return ScimRequest(method, "/Me", query, encode(body) if body else b"", MEDIA_TYPE, me=ME)


def headers(response: ScimResponse) -> dict[str, str]:
    return dict(response.headers)


def test_me_is_the_user_of_the_token_at_its_permanent_address(endpoint: Endpoint) -> None:
    response = endpoint.answer(asked("GET"))
    assert response.body == endpoint.answer(ScimRequest("GET", f"/Users/{ME}")).body
    assert headers(response) == {"ETag": 'W/"1"', "Location": WHERE, "Content-Location": WHERE}
    assert f'"location":"{WHERE}"'.encode() in response.body


def test_me_is_changed_and_deleted_as_the_user_is(endpoint: Endpoint) -> None:
    operation = {"Operations": [{"op": "replace", "path": "title", "value": "Chef"}]}
    for request in (asked("PUT", {"userName": "zoe"}), asked("PATCH", operation, attributes="title")):
        response = endpoint.answer(request)
        assert (response.status, headers(response)["Content-Location"]) == (200, WHERE)
    user = endpoint.send("GET", f"/Users/{ME}").body
    assert (user["userName"], user["title"], user["meta"]["version"]) == ("zoe", "Chef", 'W/"3"')
    deleted = endpoint.answer(asked("DELETE"))
    assert (deleted.status, headers(deleted)) == (204, {"Location": WHERE})
    assert endpoint.send("GET", "/Users").body["totalResults"] == 1


def test_versions_and_scopes_count_for_me_too(endpoint: Endpoint) -> None:
    assert endpoint.answer(replace(asked("DELETE"), if_match='W/"2"')).status == 412
    assert endpoint.answer(replace(asked("GET"), if_none_match='W/"1"')).status == 304
    assert endpoint.answer(replace(asked("GET"), scopes=frozenset({USERS_READ}))).status == 200
    assert endpoint.answer(replace(asked("GET"), scopes=frozenset({GROUPS_READ}))).status == 403
    assert endpoint.answer(replace(asked("DELETE"), scopes=frozenset({USERS_READ}))).status == 403


def test_what_cannot_be_done_to_me_is_refused_and_told(endpoint: Endpoint) -> None:
    response = endpoint.answer(asked("POST", {"userName": "zoe"}))
    assert (response.status, headers(response)) == (405, {"Allow": "GET, PUT, PATCH, DELETE"})


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_without_a_user_of_the_token_there_is_no_me(endpoint: Endpoint, method: str) -> None:
    assert endpoint.send(method, "/Me").status == 501


def test_a_user_who_is_gone_is_not_found_as_me(endpoint: Endpoint) -> None:
    endpoint.send("DELETE", f"/Users/{ME}")
    assert endpoint.answer(asked("GET")).status == 404


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("users:read", "GET /Users"), ("users:write", "POST /Users"), ("groups:read", "GET /Groups")],
)
def test_a_token_may_do_what_its_scopes_say_and_nothing_else(endpoint: Endpoint, scope: str, allowed: str) -> None:
    bodies = {"/Users": {"userName": "carl"}, "/Groups": {"displayName": "guides"}}
    for path, body in bodies.items():
        for method in ("GET", "POST"):
            raw = encode(body) if method == "POST" else b""
            request = ScimRequest(method, path, {}, raw, MEDIA_TYPE, scopes=frozenset({scope}))
            assert (endpoint.answer(request).status == 403) == (allowed != f"{method} {path}")
    discovery = ScimRequest("GET", "/Schemas", scopes=frozenset())
    assert endpoint.answer(discovery).status == 200
