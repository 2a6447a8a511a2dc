"""T10 where one request is about many resources: searches, lists of everything, cursors, bulk requests, revivals."""

from dataclasses import replace
from typing import Any

import pytest

from scim.reprovision import Reprovision
from scim.service.routes import OF_ITEM
from scim.urns import BULK_REQUEST, SEARCH_REQUEST
from syncd.bootstrap.system import SystemClock
from syncd.store import SqlDatabase
from syncd.web.cursor_seal import CursorSealer
from tests.conftest import APP
from tests.security.stack import PROVIDER, Client, Stack

USERS = 3


@pytest.fixture
def stack(database: SqlDatabase) -> Stack:
    """An endpoint with cursors, where deleted accounts are taken up again."""
    seal = CursorSealer(lambda: b"k" * 32, SystemClock())
    return Stack(database, replace(PROVIDER, cursors=seal, reprovision=Reprovision.ADOPT))


@pytest.fixture
def mine(stack: Stack) -> Client:
    return stack.client(APP)


@pytest.fixture
def theirs(stack: Stack) -> Client:
    return stack.client("rival")


def furnish(client: Client) -> dict[str, str]:
    """Make the same users and the same group for an application, and return their ids."""
    users = {f"user-{number}": client.user(f"user-{number}", title="guide") for number in range(USERS)}
    return users | {"guides": client.group("guides", *users.values())}


@pytest.mark.parametrize("path", ["/.search", "/Users/.search", "/Groups/.search", "/"])
def test_cve_2026_67330_better_auth_a_search_finds_ones_own(mine: Client, theirs: Client, path: str) -> None:
    own, foreign = furnish(mine), furnish(theirs)
    for condition in (None, "id pr", 'displayName sw "g" or not (id eq "x")', f'id eq "{foreign["user-0"]}" or id pr'):
        asked: dict[str, Any] = {"schemas": [SEARCH_REQUEST]} | ({"filter": condition} if condition else {})
        query = {"filter": condition} if condition else {}
        answer = mine.send("GET", path, query=query) if path == "/" else mine.send("POST", path, asked)
        assert answer.status == 200, answer.body
        assert answer.body["totalResults"] > 0
        assert {one["id"] for one in answer.body["Resources"]} <= set(own.values())


def test_cve_2026_67330_better_auth_a_cursor_of_another_application_opens_nothing(mine: Client, theirs: Client) -> None:
    own, _ = furnish(mine), furnish(theirs)
    cursors = [client.get("/Users", cursor="", count="1")["nextCursor"] for client in (mine, theirs)]
    stolen = mine.send("GET", "/Users", query={"cursor": cursors[1], "count": "1"})
    assert (stolen.status, stolen.body["scimType"]) == (400, "invalidCursor")
    following = mine.get("/Users", cursor=cursors[0], count="1")
    assert {one["id"] for one in following["Resources"]} < set(own.values())


BODIES: dict[str, Any] = {
    "GET": None,
    "DELETE": None,
    "PUT": {"userName": "taken", "displayName": "taken"},
    "PATCH": {"Operations": [{"op": "replace", "value": {"displayName": "taken"}}]},
}


@pytest.mark.parametrize("method", sorted(OF_ITEM.keys() - {"GET"}))
def test_cve_2026_67330_better_auth_a_bulk_request_reaches_nothing_of_another_application(
    mine: Client, theirs: Client, method: str
) -> None:
    furnish(mine)
    foreign = furnish(theirs)
    before = theirs.get("/")
    for path in (f"/Users/{foreign['user-0']}", f"/Groups/{foreign['guides']}"):
        operation = {"method": method, "path": path} | ({"data": BODIES[method]} if BODIES[method] else {})
        answer = mine.send("POST", "/Bulk", {"schemas": [BULK_REQUEST], "Operations": [operation]})
        assert answer.status == 200, answer.body
        assert [one["status"] for one in answer.body["Operations"]] == ["404"]
    member = {"displayName": "new", "members": [{"value": foreign["user-0"]}]}
    created = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": member}
    answer = mine.send("POST", "/Bulk", {"schemas": [BULK_REQUEST], "Operations": [created]})
    assert [one["status"] for one in answer.body["Operations"]] == ["400"]
    assert theirs.get("/") == before


def test_cve_2026_67330_better_auth_nobody_is_revived_from_another_application(mine: Client, theirs: Client) -> None:
    gone = theirs.user("ann", externalId="okta-ann", title="secret")
    assert theirs.send("DELETE", f"/Users/{gone}").status == 204
    new = mine.created("/Users", {"userName": "ann", "externalId": "okta-ann"})
    assert new["id"] != gone
    assert "secret" not in str(new)
    assert theirs.ids("/Users", 'userName eq "ann"') == []
    assert theirs.user("ann", externalId="okta-ann") == gone
