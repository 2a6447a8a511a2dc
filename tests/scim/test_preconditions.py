from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.errors import InvalidValue, PreconditionFailed
from scim.exchange import MEDIA_TYPE, ScimRequest, ScimResponse
from scim.preconditions import Preconditions, read_preconditions, read_tags
from scim.representation import encode
from scim.resource import etag
from tests.scim.endpoint import Endpoint

CURRENT, STALE = 'W/"2"', 'W/"1"'
BODIES: Mapping[str, Any] = {
    "PUT": {"userName": "ann", "title": "Chef"},
    "PATCH": {"Operations": [{"op": "replace", "path": "title", "value": "Chef"}]},
}
WRITES = ("PUT", "PATCH", "DELETE")


@pytest.fixture
def endpoint() -> Endpoint:
    """An endpoint with one user, of version 2."""
    endpoint = Endpoint()
    endpoint.patch(f"/Users/{endpoint.user()}", {"op": "add", "path": "title", "value": "Guide"})
    return endpoint


def conditional(
    endpoint: Endpoint,
    method: str,
    path: str = "/Users/id-0001",
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> tuple[int, ScimResponse]:
    body = encode(BODIES[method]) if method in BODIES else b""
    request = ScimRequest(method, path, {}, body, MEDIA_TYPE, if_match, if_none_match)
    response = endpoint.answer(request)
    return response.status, response


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("header", [STALE, '"1"', 'W/"1", W/"3"', 'W/"02"', 'W/""'])
def test_a_write_that_counts_on_another_version_changes_nothing(endpoint: Endpoint, method: str, header: str) -> None:
    before = endpoint.send("GET", "/Users/id-0001").body
    status, response = conditional(endpoint, method, if_match=header)
    assert status == 412
    assert b"scimType" not in response.body
    assert endpoint.send("GET", "/Users/id-0001").body == before


@pytest.mark.parametrize("method", ["GET", *WRITES])
@pytest.mark.parametrize("header", [CURRENT, '"2"', "*", " * ", f'W/"9" , {CURRENT}', f",, {STALE},{CURRENT},"])
def test_a_request_that_counts_on_the_version_that_is_goes_on(endpoint: Endpoint, method: str, header: str) -> None:
    status, _ = conditional(endpoint, method, if_match=header)
    assert status == (204 if method == "DELETE" else 200)


@pytest.mark.parametrize("header", ["", "2", "W/2", 'w/"2"', 'W/"2', 'W/"1" W/"2"', '*, W/"2"', 'W/"a b"', '"\n"'])
@pytest.mark.parametrize("name", ["if_match", "if_none_match"])
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_header_that_is_no_list_of_tags_is_refused(endpoint: Endpoint, method: str, name: str, header: str) -> None:
    status, response = conditional(endpoint, method, **{name: header})
    assert status == 400
    assert b"invalidValue" in response.body
    assert endpoint.send("GET", "/Users/id-0001").headers["ETag"] == CURRENT


@pytest.mark.parametrize("header", [CURRENT, '"2"', "*", f"{STALE}, {CURRENT}"])
def test_what_the_client_has_already_is_not_sent_again(endpoint: Endpoint, header: str) -> None:
    status, response = conditional(endpoint, "GET", if_none_match=header)
    assert (status, response.body, dict(response.headers)) == (304, b"", {"ETag": CURRENT})


def test_what_the_client_has_in_another_version_is_sent(endpoint: Endpoint) -> None:
    status, response = conditional(endpoint, "GET", if_none_match=STALE)
    assert (status, dict(response.headers)) == (200, {"ETag": CURRENT})


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(("header", "refused"), [("*", True), (CURRENT, True), (STALE, False)])
def test_a_write_may_count_on_a_version_not_being_there(
    endpoint: Endpoint, method: str, header: str, *, refused: bool
) -> None:
    status, _ = conditional(endpoint, method, if_none_match=header)
    assert (status == 412) == refused


def test_if_match_is_asked_before_if_none_match(endpoint: Endpoint) -> None:
    status, _ = conditional(endpoint, "GET", if_match=STALE, if_none_match=CURRENT)
    assert status == 412


@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_what_is_not_there_is_not_found_whatever_the_version(endpoint: Endpoint, method: str) -> None:
    for header in ("*", CURRENT):
        assert conditional(endpoint, method, "/Users/nobody", if_match=header)[0] == 404


def test_a_version_that_did_not_change_can_be_counted_on_again(endpoint: Endpoint) -> None:
    again = {"userName": "ann", "title": "Guide", "active": True}
    request = ScimRequest("PUT", "/Users/id-0001", body=encode(again), content_type=MEDIA_TYPE, if_match=CURRENT)
    for _ in range(2):
        assert dict(endpoint.answer(request).headers)["ETag"] == CURRENT


_tag = st.from_regex(r'(W/)?"[!#-~]{0,8}"', fullmatch=True)


@given(st.lists(_tag, min_size=1, max_size=5), _tag)
def test_tags_are_compared_by_what_stands_in_quotes(tags: list[str], current: str) -> None:
    request = ScimRequest("PUT", "/", if_match=", ".join(tags), if_none_match=", ".join(tags))
    read = read_preconditions(request)
    named = current.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}
    assert read.is_known(current) == named
    if named:
        read.require_match(current)
    else:
        with pytest.raises(PreconditionFailed):
            read.require_match(current)


@given(st.text(alphabet='W/"*, \tab', max_size=20))
def test_no_header_is_read_in_two_ways(text: str) -> None:
    try:
        tags = read_tags("If-Match", text)
    except InvalidValue:
        return
    assert tags is None or tags


def test_without_headers_every_version_will_do() -> None:
    read = read_preconditions(ScimRequest("PUT", "/"))
    assert not read.are_given
    Preconditions().require(etag(7))
