"""The Flask application: who gets in, what is ready, and an error body for everything else."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient

from scim.exchange import Limits, ScimRequest, ScimResponse
from scim.urns import ERROR
from syncd.core.changes import Cause
from syncd.ports import Grant, TokenRecord
from syncd.web.app import add_freshness, create_app
from syncd.web.gate import GateLimits
from syncd.web.tokens import digest
from syncd.web.wsgi_bridge import REQUEST_ID
from tests.web.test_tokens import NOW, TOKEN, Noon, Tokens, tokens

Handled = list[tuple[str, Cause, ScimRequest]]
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


def client(handled: Handled | None = None, readiness: Callable[[], str | None] = lambda: None) -> FlaskClient:
    def handle(app: str, cause: Cause, request: ScimRequest) -> ScimResponse:
        if handled is not None:
            handled.append((app, cause, request))
        return ScimResponse(200, b"{}")

    return create_app(tokens(), Noon(), handle, Limits(), readiness).test_client()


def test_a_request_with_a_token_is_handled_for_its_application_and_its_cause_is_told() -> None:
    handled: Handled = []
    response = client(handled).get("/scim/v2/Users", headers=AUTHORIZED, environ_overrides={REQUEST_ID: "r1"})
    assert response.status_code == HTTPStatus.OK
    ((app, cause, request),) = handled
    assert (app, cause) == ("crm", Cause("token:t1", request_id="r1"))
    assert (request.method, request.path) == ("GET", "/Users")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["", "/", "/Users", "/users", "/%55sers", "//Users", "/Users/", "/Users;x", "/nope"])
def test_nothing_below_the_endpoint_is_answered_without_a_token(method: str, path: str) -> None:
    handled: Handled = []
    response = client(handled).open(f"/scim/v2{path}", method=method)
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.get_json(force=True)["schemas"] == [ERROR]
    assert handled == []


def test_haste_is_answered_with_429_and_whole_seconds_to_wait() -> None:
    limits = GateLimits(requests_per_second=0.1, burst=1)
    app = create_app(tokens(), Noon(), lambda *_: ScimResponse(200, b"{}"), Limits(), lambda: None, limits)
    assert app.test_client().get("/scim/v2/Users", headers=AUTHORIZED).status_code == HTTPStatus.OK
    response = app.test_client().get("/scim/v2/Users", headers=AUTHORIZED)
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert response.headers["Retry-After"] == "10"
    assert response.get_json(force=True)["status"] == "429"


def test_the_request_carries_what_its_token_allows() -> None:
    handled: Handled = []
    record = TokenRecord("crm", "t1", "", digest(TOKEN), NOW, None, None, None, Grant(frozenset({"users:read"}), "u1"))

    def handle(app: str, cause: Cause, request: ScimRequest) -> ScimResponse:
        handled.append((app, cause, request))
        return ScimResponse(200, b"{}")

    app = create_app(Tokens({record.digest: record}), Noon(), handle, Limits(), lambda: None)
    app.test_client().get("/scim/v2/Users", headers=AUTHORIZED)
    ((_, _, request),) = handled
    assert (request.scopes, request.me) == (frozenset({"users:read"}), "u1")


@pytest.mark.parametrize("path", ["/", "/scim", "/scim/vx/Users", "/readyz/", "/static/x", "/scim/v2x"])
def test_an_unknown_path_is_a_scim_error(path: str) -> None:
    response = client().get(path, headers=AUTHORIZED)
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert response.content_type == "application/scim+json"
    assert response.get_json(force=True) == {"schemas": [ERROR], "status": "404", "detail": "Not Found"}


def test_a_wrong_method_is_a_scim_error_that_names_the_right_ones() -> None:
    response = client().post("/readyz")
    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert response.get_json(force=True)["status"] == "405"
    assert "GET" in response.headers["Allow"]


def test_readiness_is_told_without_a_token_and_with_a_word_of_reason() -> None:
    assert client().get("/readyz").status_code == HTTPStatus.OK
    unready = client(readiness=lambda: "schema").get("/readyz")
    assert (unready.status_code, unready.data) == (HTTPStatus.SERVICE_UNAVAILABLE, b"schema\n")


@pytest.mark.parametrize(("reason", "status", "body"), [(None, 200, b"fresh\n"), ("stale", 503, b"stale\n")])
def test_freshness_is_told_without_a_token_and_with_a_word_of_reason(
    reason: str | None, status: int, body: bytes
) -> None:
    app = create_app(tokens(), Noon(), lambda *_: ScimResponse(200, b"{}"), Limits(), lambda: None)
    add_freshness(app, lambda: reason)
    told = app.test_client().get("/freshz")
    assert (told.status_code, told.data) == (status, body)


def test_a_bug_outside_the_endpoint_is_told_without_its_text() -> None:
    def broken() -> str | None:
        raise RuntimeError("hunter2")

    response = client(readiness=broken).get("/readyz", environ_overrides={REQUEST_ID: "r1"})
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert response.get_json(force=True)["detail"] == "Unexpected error, logged as request r1"


@pytest.mark.parametrize("path", ["/scim/v1/Users", "/scim/v1", "/scim/v3/", "/scim/v20/Users", "/scim/v2.1/Users"])
def test_another_version_of_the_protocol_is_refused_as_one(path: str) -> None:
    response = client().get(path)
    told = response.get_json(force=True)
    assert (response.status_code, told["scimType"], told["schemas"]) == (400, "invalidVers", [ERROR])
    assert "/scim/v2" in told["detail"]


def test_a_request_is_prompt_only_while_its_token_need_not_be_looked_up() -> None:
    app = create_app(tokens(), Noon(), lambda *_: ScimResponse(200, b"{}"), Limits(), lambda: None)
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/scim/v2/Users/1", "QUERY_STRING": ""}
    asked["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    assert not app.is_prompt(asked)
    app.test_client().get("/scim/v2/Users/1", headers={"Authorization": f"Bearer {TOKEN}"})
    assert app.is_prompt(asked)
    assert not app.is_prompt({**asked, "PATH_INFO": "/scim/v2/Users"})
