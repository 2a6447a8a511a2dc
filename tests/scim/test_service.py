import json
from typing import Any

import pytest

from scim import urns
from scim.errors import Conflict, ScimError, Unauthorized
from scim.exchange import Limits, ScimRequest
from scim.memory_store import MemoryStore
from scim.resource import Document, MembershipChange, StoredResource
from scim.service import error_response, is_safe
from scim.store import Page, Query
from scim.tolerance import PROFILES, RFC
from tests.scim.endpoint import BASE_URL, Endpoint, memory_store


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


# ------------------------------------------------------------------ routes


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Users", 200),
        ("GET", "/Users/", 200),
        ("GET", "/Groups", 200),
        ("GET", "/", 200),
        ("GET", "", 200),
        ("POST", "/", 405),
        ("GET", "/users", 404),
        ("GET", "/Users//", 404),
        ("GET", "//Users", 404),
        ("GET", "/Users/id-0001/emails", 404),
        ("GET", "/Users/{}", 404),
        ("GET", "/Devices", 404),
        ("DELETE", "/Nothing/1", 404),
        ("GET", "/Me", 501),
        ("PATCH", "/Me", 501),
        ("POST", "/Me", 501),
        ("GET", "/Bulk", 405),
        ("POST", "/Bulk", 400),
        ("POST", "/.search", 400),
        ("POST", "/Users/.search", 400),
        ("POST", "/Groups/.search", 400),
        ("PUT", "/Users", 405),
        ("DELETE", "/Groups", 405),
        ("POST", "/Users/id-0001", 405),
        ("HEAD", "/Users", 405),
        ("OPTIONS", "/Users", 405),
        ("get", "/Users", 405),
    ],
)
def test_every_path_and_method_is_answered_in_scim(endpoint: Endpoint, method: str, path: str, status: int) -> None:
    answer = endpoint.send(method, path)
    assert answer.status == status
    if status != 200:
        assert answer.body["schemas"] == [urns.ERROR]
        assert answer.body["status"] == str(status)
        assert answer.body["detail"]


@pytest.mark.parametrize(("path", "allow"), [("/Users", "GET, POST"), ("/Users/id-0001", "GET, PUT, PATCH, DELETE")])
def test_a_wrong_method_is_told_the_right_ones(endpoint: Endpoint, path: str, allow: str) -> None:
    assert endpoint.send("TRACE", path).headers["Allow"] == allow


def test_only_get_and_searches_are_safe() -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "get")
    assert [is_safe(method, "/Users") for method in methods] == [True] + [False] * 5
    assert [is_safe(method, "/Users/.search") for method in methods] == [True, True] + [False] * 4


# ------------------------------------------------------------------ errors


def test_an_error_says_its_status_as_text_and_its_type_if_it_has_one() -> None:
    response = error_response(Conflict("Changed."))
    assert response.status == 409
    assert json.loads(response.body) == {"schemas": [urns.ERROR], "status": "409", "detail": "Changed."}
    assert dict(error_response(Unauthorized("No token.")).headers) == {"WWW-Authenticate": "Bearer"}


TYPES_OF_THE_STANDARD = {
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    # RFC 9865 section 2.1
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
}


@pytest.mark.parametrize("error", ScimError.__subclasses__())
def test_every_error_has_a_status_and_a_type_of_the_standard(error: type[ScimError]) -> None:
    assert error.scim_type is None or error.scim_type in TYPES_OF_THE_STANDARD
    assert 400 <= error.status <= 503


@pytest.mark.parametrize(
    ("path", "query", "scim_type"),
    [
        ("/Users", {"filter": ""}, "invalidFilter"),
        ("/Users", {"filter": 'bogus eq "x"'}, "invalidFilter"),
        ("/Users", {"filter": 'userName eq "a\\u0000b"'}, "invalidFilter"),
        ("/Users", {"filter": "(" * 33 + "title pr" + ")" * 33}, "invalidFilter"),
        ("/Users", {"filter": f'userName eq "{"x" * 4096}"'}, "invalidFilter"),
        ("/Users", {"count": "many"}, "invalidValue"),
    ],
)
def test_a_list_fails_closed(endpoint: Endpoint, path: str, query: dict[str, str], scim_type: str) -> None:
    endpoint.user()
    answer = endpoint.send("GET", path, **query)
    assert (answer.status, answer.body["scimType"]) == (400, scim_type)


@pytest.mark.parametrize(
    "text", ["${7*7}", "{{7*7}}", "%s%n", "<script>", "a\r\nSet-Cookie: x", "\u202e", "\U0001f600"]
)
def test_what_a_client_sends_comes_back_as_text_or_not_at_all(endpoint: Endpoint, text: str) -> None:
    answers = [
        endpoint.send("GET", f"/{text}"),
        endpoint.send("GET", f"/Users/{text}"),
        endpoint.send("GET", f"/Schemas/{text}"),
        endpoint.send("GET", "/Users", filter=text),
        endpoint.send("GET", "/Users", startIndex=text),
        endpoint.patch(f"/Users/{endpoint.user()}", {"op": "add", "path": text, "value": text}),
        endpoint.send("POST", "/Users", {"userName": {text: text}}),
    ]
    assert all(400 <= answer.status < 500 and answer.body["schemas"] == [urns.ERROR] for answer in answers)
    assert not any("49" in answer.body["detail"] or "\r" in str(answer.headers) for answer in answers)


# ------------------------------------------------------------------ resources


def test_a_created_resource_says_where_it_is_and_which_version(endpoint: Endpoint) -> None:
    answer = endpoint.send("POST", "/Users", {"userName": "ann"})
    location = f"{BASE_URL}/Users/id-0001"
    assert answer.status == 201
    assert answer.headers == {"ETag": 'W/"1"', "Location": location}
    assert answer.body["meta"]["location"] == location
    assert answer.body["meta"]["version"] == 'W/"1"'
    assert endpoint.send("GET", "/Users/id-0001").headers == {"ETag": 'W/"1"'}


@pytest.mark.parametrize("claimed", ["1", "0", "-1", "admin", "id-0001"])
def test_the_id_a_client_claims_is_ignored(endpoint: Endpoint, claimed: str) -> None:
    first = endpoint.user("bob")
    created = endpoint.send("POST", "/Users", {"userName": "ann", "id": claimed, "externalId": claimed}).body
    assert created["id"] == "id-0002"
    replaced = endpoint.send("PUT", "/Users/id-0002", {"userName": "ann", "id": first}).body
    assert replaced["id"] == "id-0002"
    assert endpoint.send("GET", f"/Users/{first}").body["userName"] == "bob"


def test_a_new_user_is_active_unless_the_client_says_otherwise(endpoint: Endpoint) -> None:
    opened, closed = endpoint.user("ann"), endpoint.user("bob", active=False)
    assert endpoint.send("GET", f"/Users/{opened}").body["active"] is True
    assert endpoint.send("GET", f"/Users/{closed}").body["active"] is False
    assert "active" not in endpoint.send("GET", f"/Groups/{endpoint.group()}").body
    found = endpoint.send("GET", "/Users", filter="active eq true").body["Resources"]
    assert [user["userName"] for user in found] == ["ann"]


def test_a_password_is_in_no_answer_and_in_no_document(endpoint: Endpoint) -> None:
    secret = "tr0ub4dor&3"
    body = {"userName": "ann", "password": secret}
    answers = [
        endpoint.send("POST", "/Users", body),
        endpoint.send("PUT", "/Users/id-0001", body),
        endpoint.send("GET", "/Users", attributes="password"),
        endpoint.patch("/Users/id-0001", {"op": "add", "path": "password", "value": {"deep": secret}}),
        endpoint.send("POST", "/Users", {"userName": 5, "password": secret}),
    ]
    assert [answer.status for answer in answers] == [201, 200, 200, 200, 400]
    assert secret not in str(answers)
    assert endpoint.store.read("User", "id-0001").document == {"userName": "ann", "active": True}


def test_a_replacement_leaves_nothing_of_what_it_does_not_name_but_active(endpoint: Endpoint) -> None:
    user = endpoint.user(title="Guide", active=False, emails=["a@b"])
    replaced = endpoint.send("PUT", f"/Users/{user}", {"userName": "ann"}).body
    assert {"title", "emails"}.isdisjoint(replaced)
    assert replaced["active"] is False
    assert endpoint.send("PUT", f"/Users/{user}", {"userName": "ann", "active": True}).body["active"] is True


def test_a_replacement_that_does_not_name_members_leaves_them(endpoint: Endpoint) -> None:
    group = endpoint.group("guides", endpoint.user())
    renamed = endpoint.send("PUT", f"/Groups/{group}", {"displayName": "renamed"}).body
    assert [member["value"] for member in renamed["members"]] == ["id-0001"]
    emptied = endpoint.send("PUT", f"/Groups/{group}", {"displayName": "renamed", "members": None}).body
    assert emptied["members"] == []


def test_a_member_that_does_not_exist_refuses_the_request_unless_it_may_wait() -> None:
    endpoint = Endpoint(profile=PROFILES[RFC])
    group = endpoint.group("guides")
    answer = endpoint.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": "nobody"}]})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert "nobody" in answer.body["detail"]
    assert endpoint.send("GET", f"/Groups/{group}").body["meta"]["version"] == 'W/"1"'
    waiting = Endpoint()
    group = waiting.group("guides", "00u1")
    assert waiting.send("GET", f"/Groups/{group}").body["members"] == []
    user = waiting.user("ann", externalId="00u1")
    assert [one["value"] for one in waiting.send("GET", f"/Groups/{group}").body["members"]] == [user]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_is_not_there_is_not_found_for_any_method(endpoint: Endpoint, method: str) -> None:
    bodies: dict[str, Any] = {
        "PUT": {"userName": "ann"},
        "PATCH": {"Operations": [{"op": "replace", "value": {"active": False}}]},
    }
    group = endpoint.group()
    for path in ("/Users/nobody", f"/Users/{group}", "/Users/ "):
        assert endpoint.send(method, path, bodies.get(method)).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_is_needed_and_of_the_right_type(endpoint: Endpoint, method: str) -> None:
    path = "/Users" if method == "POST" else f"/Users/{endpoint.user()}"
    assert endpoint.send(method, path).body["scimType"] == "invalidSyntax"
    wrong = endpoint.answer(ScimRequest(method, path, {}, b"{}", "text/plain"))
    assert wrong.status == 415


def test_projection_applies_to_every_answer(endpoint: Endpoint) -> None:
    only = {"schemas", "id", "userName"}
    body = {"userName": "ann", "title": "Guide"}
    assert endpoint.send("POST", "/Users", body, attributes="userName").body.keys() == only
    assert endpoint.send("GET", "/Users/id-0001", attributes="userName").body.keys() == only
    assert endpoint.send("GET", "/Users", attributes="userName").body["Resources"][0].keys() == only
    assert endpoint.send("PUT", "/Users/id-0001", body, attributes="userName").body.keys() == only
    operation = {"op": "replace", "value": {"title": "Chef"}}
    assert endpoint.patch("/Users/id-0001", operation, attributes="userName").body.keys() == only


# ------------------------------------------------------------------ groups


def test_members_and_groups_refer_to_one_another(endpoint: Endpoint) -> None:
    user, inner = endpoint.user(), endpoint.group("inner")
    group = endpoint.group("guides", user, inner)
    shown = endpoint.send("GET", f"/Groups/{group}").body["members"]
    assert [member["$ref"] for member in shown] == [f"{BASE_URL}/Users/{user}", f"{BASE_URL}/Groups/{inner}"]
    assert endpoint.send("GET", f"/Users/{user}").body["groups"] == [
        {"value": group, "display": "guides", "type": "direct", "$ref": f"{BASE_URL}/Groups/{group}"}
    ]


class Recording(MemoryStore):
    """Remembers whether members were asked for, and whether groups of users were."""

    def __init__(self, *injected: Any) -> None:
        super().__init__(*injected)
        self.asked: list[bool] = []
        self.asked_groups: list[bool] = []

    def read(
        self, resource_type: str, resource_id: str, *, with_members: bool = True, with_groups: bool = True
    ) -> StoredResource:
        self.asked.append(with_members)
        self.asked_groups.append(with_groups)
        return super().read(resource_type, resource_id, with_members=with_members, with_groups=with_groups)

    def update(
        self,
        resource: StoredResource,
        document: Document,
        members: MembershipChange,
        *,
        with_members: bool = True,
        based_on: int | None = None,
    ) -> StoredResource:
        self.asked.append(with_members)
        return super().update(resource, document, members, with_members=with_members, based_on=based_on)

    def find(self, query: Query) -> Page:
        self.asked.append(query.with_members)
        self.asked_groups.append(query.with_groups)
        return super().find(query)


@pytest.mark.parametrize("query", [{"excludedAttributes": "members"}, {"attributes": "displayName"}])
def test_members_that_are_not_shown_are_not_read(query: dict[str, str]) -> None:
    endpoint, store = Endpoint(), memory_store(Recording)
    assert isinstance(store, Recording)
    endpoint.store = store
    group = endpoint.group("guides", endpoint.user())
    assert "members" not in endpoint.send("GET", f"/Groups/{group}", **query).body
    assert "members" not in endpoint.send("GET", "/Groups", **query).body["Resources"][0]
    assert store.asked == [False, False]


@pytest.mark.parametrize("query", [{"excludedAttributes": "groups"}, {"attributes": "userName"}])
def test_groups_that_are_not_shown_are_not_read(query: dict[str, str]) -> None:
    endpoint, store = Endpoint(), memory_store(Recording)
    assert isinstance(store, Recording)
    endpoint.store = store
    user = endpoint.user()
    endpoint.group("guides", user)
    assert "groups" not in endpoint.send("GET", f"/Users/{user}", **query).body
    assert "groups" not in endpoint.send("GET", "/Users", **query).body["Resources"][0]
    assert store.asked_groups == [False, False]


def test_a_patch_of_a_large_group_answers_without_it_unless_members_are_asked_for() -> None:
    endpoint, store = Endpoint(Limits(members_in_answer=2)), memory_store(Recording)
    assert isinstance(store, Recording)
    endpoint.store = store
    users = [endpoint.user(name) for name in ("ann", "bob", "carl")]
    group = endpoint.group("guides", *users[:2])
    path = f"/Groups/{group}"
    add = {"op": "add", "path": "members", "value": [{"value": users[2]}]}
    remove = {"op": "remove", "path": f'members[value eq "{users[2]}"]'}
    small = endpoint.patch(path, remove)
    assert (small.status, len(small.body["members"])) == (200, 2)
    store.asked.clear()
    large = endpoint.patch(path, add)
    assert store.asked == [False, False]
    assert (large.status, large.body, large.headers) == (204, None, {"ETag": 'W/"2"'})
    asked = endpoint.patch(path, remove, add, attributes="members")
    assert (asked.status, len(asked.body["members"])) == (200, 3)
    silent = endpoint.patch(path, add, excludedAttributes="members")
    assert (silent.status, "members" in silent.body) == (200, False)
    replaced = endpoint.patch(path, {"op": "replace", "path": "members", "value": [{"value": users[0]}]})
    assert (replaced.status, len(replaced.body["members"])) == (200, 1)


# ------------------------------------------------------------------ listing


def test_a_list_is_paged_filtered_and_counted(endpoint: Endpoint) -> None:
    for name in ("ann", "bob", "carl", "dora"):
        endpoint.user(name)
    page = endpoint.send("GET", "/Users", startIndex="2", count="2", filter='userName ne "bob"').body
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 2)
    assert [user["userName"] for user in page["Resources"]] == ["carl", "dora"]
    empty = endpoint.send("GET", "/Users", count="0").body
    assert (empty["totalResults"], empty["itemsPerPage"], empty["Resources"]) == (4, 0, [])
