"""A token does what its scopes say: reading is not writing, and users are not groups."""

from collections.abc import Mapping

import pytest

from scim.scopes import ALL_SCOPES
from syncd.ports import Grant
from tests.conftest import APP
from tests.security.stack import Client, Stack

PATCH = {"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}


def requests(kind: str, one: str) -> dict[str, list[tuple[str, str, object]]]:
    """Return what needs each scope of a resource type, as method, path and body."""
    name = {"userName": "ann"} if kind == "Users" else {"displayName": "guides"}
    return {
        "read": [
            ("GET", f"/{kind}", None),
            ("GET", f"/{kind}/{one}", None),
            ("GET", f"/{kind}/nobody", None),
            ("POST", f"/{kind}/.search", {"count": 1}),
        ],
        "write": [
            ("PATCH", f"/{kind}/{one}", PATCH),
            ("PUT", f"/{kind}/{one}", {**name, "title": "x"} if kind == "Users" else name),
            ("POST", f"/{kind}", {key: f"{value}-new" for key, value in name.items()}),
            ("DELETE", f"/{kind}/{one}", None),
        ],
    }


@pytest.fixture
def people(stack: Stack) -> dict[str, str]:
    client = stack.client(APP)
    return {"Users": client.user("ann"), "Groups": client.group("guides")}


@pytest.mark.parametrize("scope", [*ALL_SCOPES, None])
def test_cve_2026_46425_budibase_a_token_with_one_scope_is_refused_whatever_needs_another(
    stack: Stack, people: dict[str, str], scope: str | None
) -> None:
    narrow = stack.client(APP, Grant(frozenset({scope} if scope else ())))
    for kind, one in people.items():
        for way, asked in requests(kind, one).items():
            allowed = scope == f"{kind.lower()}:{way}"
            for method, path, body in asked:
                status = narrow.send(method, path, body).status
                assert (status != 403) == allowed, (scope, method, path, status)
                assert not allowed or status < 500


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"])
def test_discovery_needs_a_token_and_no_scope(stack: Stack, path: str) -> None:
    assert stack.client(APP, Grant(frozenset())).send("GET", path).status == 200


def bulk(client: Client, *operations: Mapping[str, object]) -> list[str]:
    answer = client.send("POST", "/Bulk", {"Operations": list(operations)})
    return (
        [answer.body["status"]]
        if "Operations" not in answer.body
        else [one["status"] for one in answer.body["Operations"]]
    )


def test_cve_2026_46425_budibase_what_a_bulk_request_holds_needs_its_scope_each_by_itself(stack: Stack) -> None:
    users_only = stack.client(APP, Grant(frozenset({"users:write"})))
    create_user = {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "ben"}}
    create_group = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "g"}}
    assert bulk(users_only, create_user, create_group) == ["201", "403"]


@pytest.mark.parametrize("scope", ["users:read", "groups:read", "users:write"])
def test_cve_2026_46425_budibase_a_search_over_all_types_shows_only_what_may_be_read(
    stack: Stack, people: dict[str, str], scope: str
) -> None:
    answer = stack.client(APP, Grant(frozenset({scope}))).send("POST", "/.search", {})
    shown = {one["meta"]["resourceType"] for one in answer.body.get("Resources", [])}
    assert shown <= {{"users:read": "User", "groups:read": "Group"}.get(scope)}


def test_me_is_the_user_of_the_token_and_nobody_without_one(stack: Stack) -> None:
    client = stack.client(APP)
    ann = client.user("ann")
    assert client.send("GET", "/Me").status == 501
    assert stack.client(APP, Grant(None, ann)).get("/Me")["id"] == ann
