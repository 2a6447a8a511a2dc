import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim import urns
from scim.bulk import BulkOperation, in_order, references, resolved
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest
from scim.scopes import GROUPS_WRITE, USERS_WRITE
from scim.tolerance import PROFILES
from tests.scim.endpoint import BASE_URL, Answer, Endpoint

ENTERPRISE = urns.ENTERPRISE_USER


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


def post(bulk_id: str, path: str = "/Users", **data: Any) -> dict[str, Any]:
    """Return an operation that makes something whose name is its bulkId."""
    name = {"userName" if path == "/Users" else "displayName": bulk_id}
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": {**name, **data}}


def managed_by(bulk_id: str, manager: str) -> dict[str, Any]:
    return {**post(bulk_id), "data": {"userName": bulk_id, ENTERPRISE: {"manager": {"value": f"bulkId:{manager}"}}}}


def group(bulk_id: str, *members: str) -> dict[str, Any]:
    return post(bulk_id, "/Groups", members=[{"value": f"bulkId:{member}"} for member in members])


def send(endpoint: Endpoint, *operations: Any, **more: Any) -> Answer:
    return endpoint.send("POST", "/Bulk", {"schemas": [urns.BULK_REQUEST], "Operations": list(operations), **more})


def outcomes(endpoint: Endpoint, *operations: Any, **more: Any) -> list[dict[str, Any]]:
    answer = send(endpoint, *operations, **more)
    assert (answer.status, answer.body["schemas"]) == (200, [urns.BULK_RESPONSE])
    found: list[dict[str, Any]] = answer.body["Operations"]
    return found


def statuses(endpoint: Endpoint, *operations: Any, **more: Any) -> list[str]:
    return [outcome["status"] for outcome in outcomes(endpoint, *operations, **more)]


def user(endpoint: Endpoint, name: str) -> Any:
    return endpoint.send("GET", "/Users", filter=f'userName eq "{name}"').body["Resources"][0]


# ------------------------------------------------------------------ single operations


def test_each_method_is_done_and_told_in_the_order_of_the_request(endpoint: Endpoint) -> None:
    ann, bob, carl = (endpoint.user(name) for name in ("ann", "bob", "carl"))
    found = outcomes(
        endpoint,
        post("dora"),
        {"method": "PUT", "path": f"/Users/{ann}", "data": {"userName": "zoe"}},
        {"method": "PATCH", "path": f"/Users/{bob}", "data": {"Operations": [{"op": "remove", "path": "active"}]}},
        {"method": "DELETE", "path": f"/Users/{carl}"},
    )
    assert found == [
        {
            "method": "POST",
            "bulkId": "dora",
            "location": f"{BASE_URL}/Users/id-0004",
            "version": 'W/"1"',
            "status": "201",
        },
        {"method": "PUT", "location": f"{BASE_URL}/Users/{ann}", "version": 'W/"2"', "status": "200"},
        {"method": "PATCH", "location": f"{BASE_URL}/Users/{bob}", "version": 'W/"2"', "status": "200"},
        {"method": "DELETE", "location": f"{BASE_URL}/Users/{carl}", "status": "204"},
    ]
    assert endpoint.send("GET", f"/Users/{ann}").body["userName"] == "zoe"
    assert endpoint.send("GET", f"/Users/{carl}").status == 404


def test_what_fails_is_told_by_its_error_and_stops_nothing_else(endpoint: Endpoint) -> None:
    ann = endpoint.user("ann")
    found = outcomes(
        endpoint,
        post("ann"),
        post("bob", active="perhaps"),
        {"method": "PUT", "path": "/Users/nobody", "data": {"userName": "carl"}},
        {"method": "PATCH", "path": f"/Users/{ann}", "data": {}},
        post("dora"),
    )
    assert [outcome["status"] for outcome in found] == ["409", "400", "404", "400", "201"]
    assert found[0]["response"]["scimType"] == "uniqueness"
    assert all(
        one["response"]["schemas"] == [urns.ERROR] and one["response"]["status"] == one["status"] for one in found[:4]
    )
    assert [one.get("location") for one in found[:4]] == [
        None,
        None,
        f"{BASE_URL}/Users/nobody",
        f"{BASE_URL}/Users/{ann}",
    ]
    assert user(endpoint, "dora")


def test_after_as_many_errors_as_the_client_takes_the_rest_is_left_undone(endpoint: Endpoint) -> None:
    endpoint.user("ann")
    operations = (post("bob"), post("ann"), post("carl", active="perhaps"), post("dora"))
    assert statuses(endpoint, *operations, failOnErrors=1) == ["201", "409"]
    assert statuses(endpoint, *operations, failOnErrors=2) == ["409", "409"]
    assert statuses(endpoint, *operations, failOnErrors=4) == ["409", "409", "400", "201"]


def test_a_version_is_counted_on(endpoint: Endpoint) -> None:
    ann = endpoint.user("ann")
    change = {"method": "PUT", "path": f"/Users/{ann}", "data": {"userName": "ann", "title": "Chef"}}
    delete = {"method": "DELETE", "path": f"/Users/{ann}"}
    asked = statuses(
        endpoint,
        {**change, "version": 'W/"7"'},
        {**change, "version": 'W/"1"'},
        {**delete, "version": 'W/"1"'},
        {**delete, "version": "2"},
        {**delete, "version": 'W/"2"'},
    )
    assert asked == ["412", "200", "412", "400", "204"]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({}, "400"),
        ({"method": "GET", "path": "/Users/1"}, "400"),
        ({"method": "post", "path": "/Users", "bulkId": "a", "data": {"userName": "a"}}, "400"),
        ({"method": 5, "path": "/Users"}, "400"),
        ({"method": "DELETE"}, "400"),
        ({"method": "DELETE", "path": 7}, "400"),
        ({"method": "DELETE", "path": "/Users/1", "version": 1}, "400"),
        ({"method": "POST", "path": "/Users", "data": {"userName": "a"}}, "400"),
        ({"method": "POST", "path": "/Users", "bulkId": "a"}, "400"),
        ({"method": "POST", "path": "/Users", "bulkId": "a", "data": []}, "400"),
        ({"method": "PUT", "path": "/Users/1"}, "400"),
        ({"method": "DELETE", "path": "/Users/bulkId:nobody"}, "400"),
        (post("a", title="bulkId:nobody"), "400"),
        (post("a", "/Users/bulkId:a"), "404"),
        ({"method": "DELETE", "path": "/Users"}, "404"),
        ({"method": "DELETE", "path": "/Users/"}, "404"),
        ({"method": "DELETE", "path": "/Me"}, "404"),
        (post("a", "/Bulk"), "404"),
        (post("a", "/.search"), "404"),
        (post("a", "/Users/.search"), "404"),
        ({"method": "PUT", "path": "/Schemas/x", "data": {}}, "404"),
    ],
)
def test_an_operation_that_is_none_is_refused_alone(
    endpoint: Endpoint, operation: Mapping[str, Any], status: str
) -> None:
    assert statuses(endpoint, operation, post("other")) == [status, "201"]
    assert endpoint.send("GET", "/Users").body["totalResults"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"Operations": []}, 400),
        ({"Operations": {}}, 400),
        ({"Operations": [post("a"), "b"]}, 400),
        ({"Operations": [post("a")], "failOnErrors": 0}, 400),
        ({"Operations": [post("a")], "failOnErrors": "1"}, 400),
        ({"Operations": [post("a")], "failOnErrors": True}, 400),
        ({"Operations": [post("a"), post("b"), post("c"), post("d")]}, 413),
        ({"Operations": [post("a", title="x" * 2000)]}, 413),
    ],
)
def test_what_is_no_bulk_request_or_too_large_is_refused_as_a_whole(body: Any, status: int) -> None:
    endpoint = Endpoint(Limits(bulk_operations=3, body_bytes=1500))
    answer = endpoint.send("POST", "/Bulk", body)
    assert answer.status == status
    assert answer.body.get("scimType") == ("invalidSyntax" if status == 400 else None)
    assert status == 400 or "3 operations" in answer.body["detail"] or "1500 bytes" in answer.body["detail"]
    assert endpoint.send("GET", "/Users").body["totalResults"] == 0


def test_a_body_that_does_not_say_what_it_is_is_forgiven_or_refused_by_the_profile() -> None:
    for profile, status in ((PROFILES["okta"], 200), (PROFILES["strict"], 400)):
        endpoint = Endpoint(profile=profile)
        assert endpoint.send("POST", "/Bulk", {"Operations": [post("ann")]}).status == status
        body = {"schemas": [urns.BULK_REQUEST], "Operations": [post("bob", schemas=[urns.USER])]}
        assert endpoint.send("POST", "/Bulk", body).body["Operations"][0]["status"] == "201"


def test_the_scopes_of_the_token_count_for_each_operation(endpoint: Endpoint) -> None:
    body = json.dumps({"Operations": [post("ann"), post("guides", "/Groups")]}).encode()
    for scope, expected in ((USERS_WRITE, ["201", "403"]), (GROUPS_WRITE, ["403", "201"])):
        request = ScimRequest("POST", "/Bulk", {}, body, MEDIA_TYPE, scopes=frozenset({scope}))
        told = json.loads(endpoint.answer(request).body)["Operations"]
        assert [one["status"] for one in told] == expected


# ------------------------------------------------------------------ references


def test_a_reference_forward_and_one_back_are_resolved(endpoint: Endpoint) -> None:
    found = outcomes(endpoint, group("guides", "ann", "bob"), post("ann"), post("bob"), group("others", "guides"))
    assert [one["status"] for one in found] == ["201"] * 4
    ids = [one["location"].rpartition("/")[2] for one in found]
    guides = endpoint.send("GET", f"/Groups/{ids[0]}").body
    assert [member["value"] for member in guides["members"]] == ids[1:3]
    assert guides["meta"]["version"] == found[0]["version"] == 'W/"1"'
    assert [member["value"] for member in endpoint.send("GET", f"/Groups/{ids[3]}").body["members"]] == ids[:1]


def test_a_path_and_the_path_of_a_patch_may_name_what_is_made(endpoint: Endpoint) -> None:
    removal = {"Operations": [{"op": "remove", "path": 'members[value eq "bulkId:ann"]'}]}
    found = outcomes(
        endpoint,
        {"method": "PATCH", "path": "/Groups/bulkId:guides", "data": removal},
        group("guides", "ann", "bob"),
        post("ann"),
        post("bob"),
        {"method": "DELETE", "path": "/Users/bulkId:ann"},
    )
    assert [one["status"] for one in found] == ["200", "201", "201", "201", "204"]
    members = endpoint.send("GET", found[0]["location"].removeprefix(BASE_URL)).body["members"]
    assert [member["value"] for member in members] == [found[3]["location"].rpartition("/")[2]]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 300])
def test_managers_in_a_circle_of_any_length_are_resolved(endpoint: Endpoint, length: int) -> None:
    names = [f"user{number}" for number in range(length)]
    operations = [managed_by(name, names[(place + 1) % length]) for place, name in enumerate(names)]
    found = outcomes(endpoint, *operations)
    assert {one["status"] for one in found} == {"201"}
    ids = [one["location"].rpartition("/")[2] for one in found]
    for place, one in enumerate(found):
        stored = endpoint.send("GET", f"/Users/{ids[place]}").body
        assert stored[ENTERPRISE]["manager"]["value"] == ids[(place + 1) % length]
        assert stored["meta"]["version"] == one["version"]


def test_a_chain_as_long_as_a_request_may_be_is_followed(endpoint: Endpoint) -> None:
    operations = [managed_by(f"user{number}", f"user{number + 1}") for number in range(999)]
    assert set(statuses(endpoint, *operations, post("user999"))) == {"201"}


def test_a_circle_that_cannot_be_closed_leaves_nothing_and_refuses_what_refers_to_it(endpoint: Endpoint) -> None:
    wrong = managed_by("bob", "carl")
    wrong["data"]["active"] = "perhaps"
    found = outcomes(
        endpoint, managed_by("ann", "bob"), wrong, managed_by("carl", "ann"), managed_by("dora", "ann"), post("emma")
    )
    assert [one["status"] for one in found] == ["409", "409", "409", "409", "201"]
    assert "active" in found[1]["response"]["detail"]
    assert [one["userName"] for one in endpoint.send("GET", "/Users").body["Resources"]] == ["emma"]


def test_a_circle_through_a_required_attribute_cannot_be_made(endpoint: Endpoint) -> None:
    first, second = post("ann", userName="bulkId:bob"), post("bob", userName="bulkId:ann")
    found = outcomes(endpoint, first, second)
    assert [one["status"] for one in found] == ["409", "409"]
    assert endpoint.send("GET", "/Users").body["totalResults"] == 0


def test_a_name_that_two_operations_claim_is_neither_ones(endpoint: Endpoint) -> None:
    twice = [post("ann"), {**post("bob"), "bulkId": "ann"}, group("guides", "ann"), post("carl")]
    found = outcomes(endpoint, *twice)
    assert [one["status"] for one in found] == ["400", "400", "409", "201"]


def test_what_refers_to_a_failed_operation_conflicts_and_so_on(endpoint: Endpoint) -> None:
    endpoint.user("ann")
    removal = {"method": "DELETE", "path": "/Users/bulkId:ann", "bulkId": "ann"}
    found = outcomes(endpoint, group("outer", "guides"), group("guides", "ann"), post("ann"), removal)
    assert [one["status"] for one in found] == ["409"] * 4
    assert found[2]["response"]["scimType"] == "uniqueness"
    assert "location" not in found[3]


def test_an_error_that_is_not_the_clients_ends_the_request(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(endpoint.store, "delete", break_down)
    with pytest.raises(ZeroDivisionError):
        send(endpoint, post("ann"), {"method": "DELETE", "path": "/Users/bulkId:ann"})


# ------------------------------------------------------------------ rules

_NAMES = st.sampled_from("abcdefg")


@given(st.lists(st.lists(_NAMES, max_size=3), max_size=7))
def test_what_is_referred_to_comes_first_unless_both_refer_to_one_another(edges: list[list[str]]) -> None:
    names = "abcdefg"[: len(edges)]
    operations = [
        BulkOperation("POST", "/Users", name, None, {"x": [f"bulkId:{target}" for target in targets]})
        for name, targets in zip(names, edges, strict=True)
    ]
    circles = in_order(operations)
    assert sorted(place for circle in circles for place in circle) == list(range(len(edges)))
    reach = {name: _reached(name, dict(zip(names, edges, strict=True))) for name in names}
    done: set[str] = set()
    for circle in circles:
        here = {names[place] for place in circle}
        done |= here
        for name in here:
            assert reach[name] <= done
            assert all(name in reach[other] for other in here - {name})


def _reached(name: str, edges: Mapping[str, list[str]]) -> set[str]:
    found, front = set(), [name]
    while front:
        new = [target for target in edges[front.pop()] if target in edges and target not in found]
        found.update(new)
        front += new
    return found


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a", "bulkId:a", "bulkId:b", 'x[value eq "bulkId:a"]']),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["path", "Path", "x"]), inner, max_size=3)
    ),
)


@given(_JSON)
@settings(max_examples=300)
def test_after_resolution_nothing_refers_to_anything(value: Any) -> None:
    ids = {"a": "id-1", "b": "id-2"}
    after = resolved(value, ids)
    assert not list(references(after))
    assert list(references(value)) or after == value
