import json
import logging
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scim import urns
from scim.blueprint import create_blueprint
from scim.errors import Forbidden, ScimError, Unavailable
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest, ScimResponse
from tests.scim.endpoint import Endpoint

TOKEN = {"Authorization": "Bearer right"}
LIMITS = Limits(body_bytes=100)
PREFIX = "/scim/v2"


def client(handle: Callable[[str, ScimRequest], ScimResponse]) -> FlaskClient:
    """Return a client of an application that lets `Bearer right` in and has `handle` answer."""
    application = Flask("edge")
    blueprint = create_blueprint(lambda value: "okta" if value == "Bearer right" else None, handle, LIMITS)
    application.register_blueprint(blueprint, url_prefix=PREFIX)
    return application.test_client()


class Seen:
    """A handler that keeps what it was given."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, ScimRequest]] = []

    def __call__(self, principal: str, request: ScimRequest) -> ScimResponse:
        self.requests.append((principal, request))
        return ScimResponse(200, b"{}")


def served(principal: str, request: ScimRequest) -> ScimResponse:
    return Endpoint().answer(request)


def assert_is_scim_error(response: TestResponse, status: int) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == MEDIA_TYPE
    if response.request.method != "HEAD":
        body = json.loads(response.data)
        assert (body["schemas"], body["status"]) == ([urns.ERROR], str(status))
        assert body["detail"]


ANYWHERE = [
    "",
    "/",
    "/Users",
    "/Users/",
    "/Users/1",
    "//Users",
    "/./Users",
    "/Users/../Users",
    "/%55sers",
    "/Users%2F1",
]
ANYWHERE += ["/Users;x", "/nothing/at/all", "/Users%0A", "/Me", "/Bulk", "/%00", "/%FF", "/Users?filter=x"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "MADEUP"]


@pytest.mark.parametrize("path", ANYWHERE)
@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_answered_without_a_token(method: str, path: str) -> None:
    handle = Seen()
    response = client(handle).open(PREFIX + path, method=method)
    assert_is_scim_error(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert handle.requests == []


@pytest.mark.parametrize("path", ANYWHERE)
@pytest.mark.parametrize("method", METHODS)
def test_with_a_token_every_path_and_method_reaches_the_service(method: str, path: str) -> None:
    response = client(served).open(PREFIX + path, method=method, headers=TOKEN)
    if response.status_code != 200:
        assert response.status_code in (400, 404, 405, 501)
        assert_is_scim_error(response, response.status_code)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer\tright",
        "right",
        "Bearer wrong",
        "Basic right",
        "Bearer right,Bearer right",
        "Bearer \xe9",
    ],
)
def test_only_one_whole_right_header_lets_in(value: str) -> None:
    assert_is_scim_error(client(Seen()).get(f"{PREFIX}/Users", headers={"Authorization": value}), 401)


def test_two_headers_are_no_credential_and_authentication_sees_none() -> None:
    seen: list[str | None] = []
    application = Flask("edge")
    application.register_blueprint(create_blueprint(seen.append, Seen(), LIMITS), url_prefix=PREFIX)
    response = application.test_client().get(PREFIX, headers=[*TOKEN.items(), *TOKEN.items()])
    assert_is_scim_error(response, 401)
    assert seen == [None]


def test_what_lies_beside_the_prefix_is_not_ours() -> None:
    handle = Seen()
    for path in ("/scim/v2x", "/scim", "/", "/scim/v20/Users", "/xscim/v2/Users"):
        assert client(handle).get(path, headers=TOKEN).status_code == 404
    assert handle.requests == []


def test_a_request_arrives_as_it_was_sent() -> None:
    handle = Seen()
    client(handle).patch(
        f"{PREFIX}/Users/a%20b?attributes=id&attributes=name&filter=a%2Bb+%22%C3%A4%22",
        data=b'{"a": 1}',
        headers=TOKEN | {"Content-Type": "Application/SCIM+json; charset=utf-8"},
    )
    query = {"attributes": "id", "filter": 'a+b "ä"'}
    expected = ScimRequest("PATCH", "/Users/a b", query, b'{"a": 1}', "application/scim+json")
    assert handle.requests == [("okta", expected)]


def test_a_request_without_body_and_type_says_so() -> None:
    handle = Seen()
    client(handle).get(PREFIX, headers=TOKEN)
    assert handle.requests == [("okta", ScimRequest("GET", "/", {}, b"", None))]


def test_the_media_type_is_exactly_scims_and_an_empty_body_has_none() -> None:
    full = client(lambda *_: ScimResponse(201, b"{}", (("Location", "https://x/1"),))).post(PREFIX, headers=TOKEN)
    assert (full.status_code, full.headers["Content-Type"]) == (201, "application/scim+json")
    assert full.headers["Location"] == "https://x/1"
    empty = client(lambda *_: ScimResponse(204)).delete(PREFIX, headers=TOKEN)
    assert (empty.status_code, empty.data, empty.headers.get("Content-Type")) == (204, b"", None)


CHUNKED: Mapping[str, Any] = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413), (10**7, 413)])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_is_read_up_to_the_limit(size: int, status: int, declared: bool) -> None:
    length: Mapping[str, Any] = {"CONTENT_LENGTH": str(size)} if declared else CHUNKED
    response = client(Seen()).post(
        PREFIX, headers=TOKEN, input_stream=BytesIO(b"x" * size), environ_overrides=dict(length)
    )
    assert response.status_code == status
    if status != 200:
        assert_is_scim_error(response, status)


@pytest.mark.parametrize("terminated", [{}, {"wsgi.input_terminated": True}])
def test_a_body_that_ends_early_is_not_taken_for_a_whole_one(terminated: dict[str, Any]) -> None:
    overrides = {"CONTENT_LENGTH": "50", **terminated}
    response = client(Seen()).post(PREFIX, headers=TOKEN, input_stream=BytesIO(b"{}"), environ_overrides=overrides)
    assert_is_scim_error(response, 400)


@pytest.mark.parametrize("error", [Forbidden("Not with this token."), Unavailable("Later.")])
def test_a_scim_error_is_rendered_wherever_it_is_raised(error: ScimError) -> None:
    def refuse(*_: object) -> Any:
        raise error

    assert_is_scim_error(client(refuse).get(PREFIX, headers=TOKEN), error.status)
    application = Flask("edge")
    application.register_blueprint(create_blueprint(refuse, Seen(), LIMITS), url_prefix=PREFIX)
    assert_is_scim_error(application.test_client().get(PREFIX), error.status)


def test_a_bug_is_logged_and_answered_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> ScimResponse:
        raise RuntimeError("the secret is 42")

    with caplog.at_level(logging.ERROR):
        response = client(fail).get(PREFIX, headers=TOKEN)
    assert_is_scim_error(response, 500)
    assert "42" not in response.text
    assert "the secret is 42" in caplog.text


def test_preconditions_reach_the_service_and_several_headers_are_one_list() -> None:
    seen = Seen()
    headers = [*TOKEN.items(), ("If-Match", 'W/"1"'), ("If-Match", 'W/"2"'), ("If-None-Match", "*")]
    client(seen).get(f"{PREFIX}/Users/1", headers=headers)
    client(seen).get(f"{PREFIX}/Users/1", headers=TOKEN)
    asked = [(request.if_match, request.if_none_match) for _, request in seen.requests]
    assert asked == [('W/"1", W/"2"', "*"), (None, None)]


def test_what_the_client_has_already_is_answered_without_body_or_media_type() -> None:
    endpoint = Endpoint()
    endpoint.user()
    response = client(lambda _, request: endpoint.answer(request)).get(
        f"{PREFIX}/Users/id-0001", headers={**TOKEN, "If-None-Match": 'W/"1"'}
    )
    assert (response.status_code, response.data, response.headers["ETag"]) == (304, b"", 'W/"1"')
    assert "Content-Type" not in response.headers
