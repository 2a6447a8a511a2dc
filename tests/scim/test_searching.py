"""Searches by POST, lists over several resource types, sorting and cursors, as a client sees them."""

import json
from typing import Any

import pytest

from scim import urns
from scim.errors import ScimError
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest
from scim.representation import encode
from scim.service import error_response, respond
from tests.scim.endpoint import Answer, Endpoint
from tests.scim.plain_seal import PlainSeal

USERS = "/Users/.search"
EVERYTHING = "/.search"


@pytest.fixture
def endpoint() -> Endpoint:
    """Users ann, bob and carl, the group guides with ann, and the group others; in this order."""
    endpoint = Endpoint(Limits(page_maximum=50), cursors=PlainSeal())
    ann = endpoint.user("ann", title="Guide", emails=[{"value": "z@x.example"}, {"value": "b@x", "primary": True}])
    endpoint.user("bob", displayName="Robert", active=False)
    endpoint.user("carl", title="chef", emails=[{"value": "c@x"}])
    endpoint.group("guides", ann)
    endpoint.group("others")
    return endpoint


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [one.get("userName") or one["displayName"] for one in answer.body["Resources"]]


def error(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.body.get("scimType")


# ------------------------------------------------------------------ POST /.search


@pytest.mark.parametrize("path", [USERS, EVERYTHING])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"filter": 'userName sw "b"'},
        {"filter": "title pr", "sortBy": "title", "sortOrder": "descending"},
        {"startIndex": 2, "count": 1},
        {"count": 0},
        {"attributes": ["userName", "emails.value"]},
        {"excludedAttributes": ["emails", "members", "groups"]},
        {"cursor": "", "count": 2},
    ],
)
def test_a_search_answers_as_a_query_with_the_same_parameters(
    endpoint: Endpoint, path: str, query: dict[str, Any]
) -> None:
    parameters = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in query.items()}
    listed = endpoint.send("GET", path.removesuffix("/.search"), **parameters)
    searched = endpoint.send("POST", path, query | {"schemas": [urns.SEARCH_REQUEST]})
    assert (searched.status, searched.body) == (200, listed.body)


def test_a_search_takes_names_in_any_case_and_ignores_what_it_does_not_know(endpoint: Endpoint) -> None:
    body = {"FILTER": 'userName eq "ann"', "SortBy": None, "schemas": "wrong", "count": "5", "more": {"a": 1}}
    assert names(endpoint.send("POST", USERS, body)) == ["ann"]
    assert endpoint.send("POST", USERS, {"filter": 'userName eq "ann"'}, filter='userName eq "bob"').body == (
        endpoint.send("GET", "/Users", filter='userName eq "ann"').body
    )


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({"filter": 5}, "invalidValue"),
        ({"filter": ["title pr"]}, "invalidValue"),
        ({"count": True}, "invalidValue"),
        ({"count": 1.5}, "invalidValue"),
        ({"startIndex": "one"}, "invalidValue"),
        ({"attributes": [1]}, "invalidValue"),
        ({"attributes": {"userName": True}}, "invalidValue"),
        ({"sortBy": {}}, "invalidValue"),
        ({"filter": "title pr", "Filter": "title pr"}, "invalidSyntax"),
        ([], "invalidSyntax"),
        (b"{", "invalidSyntax"),
        ({"filter": "bogus pr"}, "invalidFilter"),
    ],
)
def test_a_search_that_is_wrong_is_refused_by_its_kind(endpoint: Endpoint, body: Any, scim_type: str) -> None:
    for path in (USERS, EVERYTHING):
        assert error(endpoint.send("POST", path, body)) == (400, scim_type)


def test_a_search_has_the_limits_of_a_query() -> None:
    endpoint = Endpoint(Limits(body_bytes=100, page_default=1, page_maximum=2, filter_terms=4))
    for name in ("ann", "bob", "carl"):
        endpoint.user(name)
    assert len(endpoint.send("POST", USERS, {}).body["Resources"]) == 1
    assert len(endpoint.send("POST", USERS, {"count": 9}).body["Resources"]) == 2
    assert endpoint.send("POST", USERS, {"filter": "x" * 200}).status == 413
    assert error(endpoint.send("POST", USERS, {"filter": " or ".join(["title pr"] * 5)})) == (400, "invalidFilter")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [USERS, "/Groups/.search/", EVERYTHING])
def test_a_search_is_asked_for_by_post(endpoint: Endpoint, method: str, path: str) -> None:
    answer = endpoint.send(method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


# ------------------------------------------------------------------ several types


@pytest.mark.parametrize("path", ["", "/"])
def test_the_base_address_lists_everything_in_the_order_of_creation(endpoint: Endpoint, path: str) -> None:
    answer = endpoint.send("GET", path, startIndex="2", count="3")
    assert names(answer) == ["bob", "carl", "guides"]
    assert (answer.body["totalResults"], answer.body["startIndex"], answer.body["itemsPerPage"]) == (5, 2, 3)


def test_a_type_has_no_value_for_the_attributes_of_another_one(endpoint: Endpoint) -> None:
    expected = {
        'userName eq "ann" or displayName eq "guides"': ["ann", "guides"],
        "members pr": ["guides"],
        "not (userName pr)": ["guides", "others"],
        'userName ne "ann"': ["bob", "carl", "guides", "others"],
        'active eq false or members.value eq "id-0001"': ["bob", "guides"],
        'meta.resourceType eq "Group" and displayName sw "o"': ["others"],
        f'{urns.ENTERPRISE_USER}:department eq "x"': [],
        f'{urns.USER}:userName eq "bob"': ["bob"],
    }
    for text, found in expected.items():
        assert names(endpoint.send("GET", "/", filter=text)) == found, text
        assert names(endpoint.send("POST", EVERYTHING, {"filter": text})) == found, text


def test_an_attribute_that_no_type_has_is_an_invalid_filter(endpoint: Endpoint) -> None:
    for text in ("bogus pr", 'userName eq "x" or bogus eq 1', "members.bogus pr"):
        assert error(endpoint.send("GET", "/", filter=text)) == (400, "invalidFilter")
    answer = endpoint.send("GET", "/", filter="bogus pr")
    assert "User or Group" in answer.body["detail"]
    assert error(endpoint.send("GET", "/Users", filter="members pr")) == (400, "invalidFilter")


def test_a_token_sees_of_everything_what_it_may_read(endpoint: Endpoint) -> None:
    def ask(path: str, *scopes: str, method: str = "POST") -> Answer:
        request = ScimRequest(method, path, body=b"{}", content_type=MEDIA_TYPE, scopes=frozenset(scopes))
        try:
            return _answer(respond(request, endpoint.store, endpoint.provider))
        except ScimError as refused:
            return _answer(error_response(refused))

    assert names(ask(EVERYTHING, "groups:read")) == ["guides", "others"]
    assert names(ask("/", "users:read", method="GET")) == ["ann", "bob", "carl"]
    assert len(names(ask(EVERYTHING, "users:read", "groups:read"))) == 5
    assert ask(EVERYTHING, "users:write").status == 403
    assert names(ask(USERS, "users:read")) == ["ann", "bob", "carl"]
    assert ask(USERS, "groups:read", "users:write").status == 403


def _answer(response: Any) -> Answer:
    return Answer(response.status, json.loads(response.body), dict(response.headers))


# ------------------------------------------------------------------ sorting


@pytest.mark.parametrize(
    ("path", "sort_by", "ascending"),
    [
        ("/Users", "userName", ["ann", "bob", "carl"]),
        ("/Users", "TITLE", ["carl", "ann", "bob"]),
        ("/Users", "emails", ["ann", "carl", "bob"]),
        ("/Users", "emails.value", ["ann", "carl", "bob"]),
        ("/Users", f"{urns.USER}:title", ["carl", "ann", "bob"]),
        ("/Users", "meta.lastModified", ["ann", "bob", "carl"]),
        ("/Users", "active", ["bob", "ann", "carl"]),
        ("/", "displayName", ["guides", "others", "bob", "ann", "carl"]),
        ("/", "userName", ["ann", "bob", "carl", "guides", "others"]),
        ("/", "meta.resourceType", ["guides", "others", "ann", "bob", "carl"]),
    ],
)
def test_a_list_is_sorted_and_the_other_way_round(
    endpoint: Endpoint, path: str, sort_by: str, ascending: list[str]
) -> None:
    assert names(endpoint.send("GET", path, sortBy=sort_by)) == ascending
    assert names(endpoint.send("GET", path, sortBy=sort_by, sortOrder="Descending")) == ascending[::-1]


@pytest.mark.parametrize(
    ("sort_by", "said"),
    [
        ("bogus", "bogus"),
        ("name", "name.formatted"),
        ("meta", "meta.resourceType"),
        ("password", "never returned"),
        ("meta.location", "use id"),
        ("groups", "groups"),
        ("groups.display", "groups.display"),
        ('emails[type eq "work"]', "emails"),
        (urns.ENTERPRISE_USER, "enterprise"),
    ],
)
def test_what_cannot_be_sorted_by_is_an_invalid_path_that_is_named(endpoint: Endpoint, sort_by: str, said: str) -> None:
    answer = endpoint.send("GET", "/Users", sortBy=sort_by)
    assert error(answer) == (400, "invalidPath")
    assert said in answer.body["detail"]


def test_another_order_than_the_two_is_refused_where_something_sorts(endpoint: Endpoint) -> None:
    assert error(endpoint.send("GET", "/Users", sortBy="userName", sortOrder="up")) == (400, "invalidValue")
    assert names(endpoint.send("GET", "/Users", sortOrder="up")) == ["ann", "bob", "carl"]
    assert names(endpoint.send("GET", "/Users", sortBy=" ")) == ["ann", "bob", "carl"]


# ------------------------------------------------------------------ cursors


def walk(endpoint: Endpoint, path: str, **query: Any) -> list[Answer]:
    pages: list[Answer] = []
    cursor: str | None = ""
    while cursor is not None:
        page = endpoint.send("POST", path, query | {"cursor": cursor})
        assert page.status == 200, page.body
        pages.append(page)
        cursor = page.body.get("nextCursor")
    return pages


@pytest.mark.parametrize("path", [USERS, EVERYTHING])
@pytest.mark.parametrize("query", [{}, {"sortBy": "title"}, {"filter": 'not (title eq "x")'}])
def test_a_walk_by_cursor_gives_the_whole_list(endpoint: Endpoint, path: str, query: dict[str, str]) -> None:
    whole = endpoint.send("POST", path, query).body
    pages = walk(endpoint, path, count=2, **query)
    assert [one for page in pages for one in page.body["Resources"]] == whole["Resources"]
    assert {page.body["totalResults"] for page in pages} == {whole["totalResults"]}
    assert ["previousCursor" in page.body for page in pages] == [False] + [True] * (len(pages) - 1)
    assert all("startIndex" not in page.body for page in pages)
    back = endpoint.send("POST", path, query | {"count": 2, "cursor": pages[1].body["previousCursor"]})
    assert back.body["Resources"] == pages[0].body["Resources"]


def test_a_cursor_in_a_query_without_a_value_starts_a_walk(endpoint: Endpoint) -> None:
    page = endpoint.send("GET", "/Users", cursor="", count="2")
    rest = endpoint.send("GET", "/Users", cursor=page.body["nextCursor"], count="2")
    assert (names(page), names(rest), "nextCursor" in rest.body) == (["ann", "bob"], ["carl"], False)


@pytest.mark.parametrize(
    ("change", "scim_type"),
    [
        ({"count": 3}, "invalidCount"),
        ({"count": 51}, "invalidCount"),
        ({"count": "x"}, "invalidCount"),
        ({"filter": "title pr"}, "invalidCursor"),
        ({"sortBy": "userName"}, "invalidCursor"),
        ({"cursor": "bogus"}, "invalidCursor"),
        ({"cursor": "\u00e9"}, "invalidCursor"),
        ({"startIndex": 1}, "invalidValue"),
    ],
)
def test_a_cursor_fits_its_own_list_only(endpoint: Endpoint, change: dict[str, Any], scim_type: str) -> None:
    cursor = endpoint.send("POST", USERS, {"cursor": "", "count": 2}).body["nextCursor"]
    assert error(endpoint.send("POST", USERS, {"cursor": cursor, "count": 2} | change)) == (400, scim_type)


def test_a_cursor_of_another_type_order_or_tenant_is_invalid(endpoint: Endpoint) -> None:
    body = {"count": 1, "sortBy": "displayName"}
    cursor = endpoint.send("POST", USERS, body | {"cursor": ""}).body["nextCursor"]
    for path, change in ((EVERYTHING, {}), ("/Groups/.search", {}), (USERS, {"sortOrder": "descending"})):
        assert error(endpoint.send("POST", path, body | {"cursor": cursor} | change)) == (400, "invalidCursor")
    request = ScimRequest("POST", USERS, body=encode(body | {"cursor": cursor}), content_type=MEDIA_TYPE)
    assert respond(request, endpoint.store, endpoint.provider).status == 200
    with pytest.raises(ScimError) as refused:
        respond(request, endpoint.store, endpoint.provider, "another tenant")
    assert refused.value.scim_type == "invalidCursor"


def test_an_old_cursor_has_expired(endpoint: Endpoint) -> None:
    cursor = endpoint.send("POST", USERS, {"cursor": "", "count": 2}).body["nextCursor"]
    seal = endpoint.provider.cursors
    assert isinstance(seal, PlainSeal)
    seal.expire()
    assert error(endpoint.send("POST", USERS, {"cursor": cursor, "count": 2})) == (400, "expiredCursor")


def test_without_a_seal_there_are_no_cursors_and_nobody_believes_a_first_page_to_be_all() -> None:
    endpoint = Endpoint()
    endpoint.user()
    assert error(endpoint.send("GET", "/Users", cursor="")) == (400, "invalidCursor")
    assert endpoint.send("GET", "/ServiceProviderConfig").body["pagination"]["cursor"] is False


def test_a_walk_counts_without_resources_when_asked_for_none(endpoint: Endpoint) -> None:
    for count in ("0", "-3"):
        answer = endpoint.send("GET", "/Users", cursor="", count=count).body
        assert (answer["totalResults"], answer["Resources"], "nextCursor" in answer) == (3, [], False)


def test_the_configuration_tells_how_lists_are_paged(endpoint: Endpoint) -> None:
    config = endpoint.send("GET", "/ServiceProviderConfig").body
    assert config["sort"] == {"supported": True}
    assert config["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 50,
        "maxPageSize": 50,
        "cursorTimeout": 60,
    }
