"""Groups that name their members before they arrive, over SCIM and on each database."""

from typing import Any

import pytest

from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.workflows.register_account import register_account
from tests.conftest import APP
from tests.workflows.pushing import Pusher

OTHER = "other"


@pytest.fixture
def pusher(database: SqlDatabase) -> Pusher:
    return Pusher(database, APP)


def group_of(pusher: Pusher, *members: str) -> str:
    body = {"displayName": "guides", "members": [{"value": member} for member in members]}
    answer = pusher.send("POST", "/Groups", body)
    assert answer.status == 201, answer
    return str(answer.body["id"])


def members(pusher: Pusher, group: str) -> list[str]:
    shown = pusher.send("GET", f"/Groups/{group}").body
    return [member["value"] for member in shown.get("members", [])]


def patch(pusher: Pusher, group: str, **operation: Any) -> None:
    assert pusher.send("PATCH", f"/Groups/{group}", {"Operations": [operation]}).status == 200


def test_the_audit_trail_tells_who_waits_and_who_came(pusher: Pusher) -> None:
    group = group_of(pusher, "00u1", "00u2")
    patch(pusher, group, op="remove", path='members[value eq "00u2"]')
    patch(pusher, group, op="add", path="members", value=[{"value": "00u3"}])
    ann = pusher.user("ann", externalId="00u1")
    with pusher.database.reading(APP) as unit:
        came, waits, gone, created = (event.detail for event in unit.audit_trail(subject_id=group))
    assert created["members_parked"] == ["00u1", "00u2"]
    assert gone == {"members_unparked": ["00u2"]}
    assert waits == {"members_parked": ["00u3"]}
    assert came["members_added"] == [ann]
    assert members(pusher, group) == [ann]


def test_who_waits_is_admitted_in_its_own_application_only(pusher: Pusher) -> None:
    assert isinstance(pusher.database, SqlDatabase)
    pusher.database.ensure_app(OTHER, "0oaother000000000001")
    others = Pusher(pusher.database, OTHER)
    stranger = others.user("stranger", externalId="00u9")
    group = group_of(pusher, stranger, "00u1", "00u9")
    others.user("ann", externalId="00u1")
    assert members(pusher, group) == []
    assert others.send("GET", f"/Users/{stranger}").body.get("groups", []) == []
    mine = pusher.user("mine", externalId="00u9")
    assert members(pusher, group) == [mine]


@pytest.mark.parametrize("active", [True, False])
def test_who_is_there_is_no_member_by_another_name_than_its_id(pusher: Pusher, active: bool) -> None:
    ann = pusher.user("ann", externalId="00u1", active=active)
    local = register_account(pusher.database, APP, Cause("application"), {"userName": "bob", "externalId": "00u2"})
    group = group_of(pusher, "00u1", "00u2", "ann", "bob")
    pusher.send("PUT", f"/Users/{ann}", {"userName": "ann", "externalId": "ann", "active": True})
    assert members(pusher, group) == []
    patch(pusher, group, op="add", path="members", value=[{"value": local.id}])
    assert members(pusher, group) == [local.id]


def test_a_replacement_of_the_group_leaves_only_those_waiting_whom_it_names(pusher: Pusher) -> None:
    group = group_of(pusher, "00u1", "00u2")
    body = {"displayName": "guides", "members": [{"value": "00u2"}]}
    assert pusher.send("PUT", f"/Groups/{group}", body).status == 200
    pusher.user("ann", externalId="00u1")
    bob = pusher.user("bob", externalId="00u2")
    assert members(pusher, group) == [bob]
