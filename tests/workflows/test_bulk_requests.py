from itertools import count
from typing import Any

import pytest

from scim import urns
from scim.tolerance import PROFILES, RFC
from syncd.store import SqlDatabase, open_database
from tests.conftest import APP, SteppingClock
from tests.workflows.pushing import Pusher

ENTERPRISE = urns.ENTERPRISE_USER


def made(name: str, path: str = "/Users", **data: Any) -> dict[str, Any]:
    named = {"userName" if path == "/Users" else "displayName": name}
    return {"method": "POST", "path": path, "bulkId": name, "data": {**named, **data}}


def managed(name: str, manager: str) -> dict[str, Any]:
    return {**made(name), "data": {"userName": name, ENTERPRISE: {"manager": {"value": f"bulkId:{manager}"}}}}


def outcomes(pusher: Pusher, *operations: Any) -> Any:
    answer = pusher.send("POST", "/Bulk", {"Operations": list(operations)})
    assert answer.status == 200, answer
    return answer.body["Operations"]


def test_three_managers_in_a_circle_and_their_group_are_made_at_once(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)
    team = made("team", "/Groups", members=[{"value": f"bulkId:{name}"} for name in ("ann", "bob", "carl")])
    found = outcomes(pusher, team, managed("ann", "bob"), managed("bob", "carl"), managed("carl", "ann"))
    assert [one["status"] for one in found] == ["201"] * 4
    group, *ids = (one["location"].rpartition("/")[2] for one in found)
    users = [pusher.send("GET", f"/Users/{user}").body for user in ids]
    assert [user[ENTERPRISE]["manager"]["value"] for user in users] == [*ids[1:], ids[0]]
    assert {user["groups"][0]["value"] for user in users} == {group}
    assert [user["meta"]["version"] for user in users] == [one["version"] for one in found[1:]]


def test_an_operation_that_fails_leaves_nothing_and_the_others_stay(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP, profile=PROFILES[RFC])
    ann = pusher.user("ann")
    rename = {"method": "PUT", "path": f"/Users/{ann}", "data": {"userName": "bob"}}
    team = made("team", "/Groups", members=[{"value": ann}, {"value": "nobody"}])
    found = outcomes(pusher, made("bob"), rename, team, made("ann"), {**rename, "data": {"userName": "carl"}})
    assert [one["status"] for one in found] == ["201", "409", "400", "409", "200"]
    names = [user["userName"] for user in pusher.send("GET", "/Users").body["Resources"]]
    assert names == ["carl", "bob"]
    assert pusher.send("GET", "/Groups").body["totalResults"] == 0
    with database.reading(APP) as unit:
        assert [event.action for event in unit.audit_trail(subject_id=ann)] == ["account:updated", "account:created"]


def test_a_circle_that_fails_halfway_is_undone_as_a_whole(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)
    pusher.user("bob")
    found = outcomes(pusher, managed("ann", "bob"), managed("bob", "ann"), made("carl"))
    assert [one["status"] for one in found] == ["409", "409", "201"]
    names = [user["userName"] for user in pusher.send("GET", "/Users").body["Resources"]]
    assert names == ["bob", "carl"]


def test_groups_within_groups_are_made_and_groups_in_a_circle_are_refused(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)

    def group(name: str, *inner: str) -> dict[str, Any]:
        return made(name, "/Groups", members=[{"value": f"bulkId:{one}"} for one in inner])

    nested = outcomes(pusher, group("outer", "middle"), group("middle", "inner", "ann"), group("inner"), made("ann"))
    assert [one["status"] for one in nested] == ["201"] * 4
    found = outcomes(pusher, group("a", "b"), group("b", "c"), group("c", "a"), group("d", "d"), group("e", "a"))
    assert [one["status"] for one in found] == ["409"] * 5
    names = [one["displayName"] for one in pusher.send("GET", "/Groups").body["Resources"]]
    assert sorted(names) == ["inner", "middle", "outer"]


def test_a_manager_and_a_group_may_refer_to_one_another(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)
    team = made("team", "/Groups", members=[{"value": "bulkId:ann"}])
    found = outcomes(pusher, team, managed("ann", "team"))
    assert [one["status"] for one in found] == ["201", "201"]
    group, user = (one["location"].rpartition("/")[2] for one in found)
    assert pusher.send("GET", f"/Users/{user}").body[ENTERPRISE]["manager"]["value"] == group
    assert pusher.send("GET", f"/Groups/{group}").body["members"][0]["value"] == user


def test_an_error_that_nobody_foresaw_undoes_the_whole_request(database_url: str, clock: SteppingClock) -> None:
    numbers = count(1)

    def new_id() -> str:
        if (number := next(numbers)) == 3:
            raise ZeroDivisionError
        return f"id-{number}"

    database = open_database(database_url, clock=clock, new_id=new_id)
    database.ensure_app(APP, "0oaacme0000000000001")
    pusher = Pusher(database, APP)
    with pytest.raises(ZeroDivisionError):
        outcomes(pusher, made("ann"), made("bob"), made("carl"))
    assert pusher.send("GET", "/Users").body["totalResults"] == 0
    assert [one["status"] for one in outcomes(pusher, made("ann"))] == ["201"]
    database.close()
