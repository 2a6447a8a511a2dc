"""A member of a group is deleted: the group has changed, and says so."""

from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.workflows.pushing import Pusher

CAUSE = Cause("test")


def test_a_group_has_another_version_when_a_member_was_deleted(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)
    user = pusher.user()
    group = pusher.send("POST", "/Groups", {"displayName": "guides", "members": [{"value": user}]})
    path = f"/Groups/{group.body['id']}"
    assert pusher.send("DELETE", f"/Users/{user}").status == 204
    after = pusher.send("GET", path, if_none_match=group.headers["ETag"])
    assert after.status == 200
    assert after.body.get("members", []) == []
    assert after.body["meta"]["lastModified"] >= group.body["meta"]["lastModified"]


def test_one_unit_of_work_sees_what_a_deletion_did_to_a_group_that_it_holds(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)
    ann, bob = pusher.user("ann"), pusher.user("bob")
    group = pusher.send("POST", "/Groups", {"displayName": "guides", "members": [{"value": ann}]}).body["id"]
    add_bob = {"Operations": [{"op": "add", "path": "members", "value": [{"value": bob}]}]}
    operations = [
        {
            "method": "PATCH",
            "path": f"/Groups/{group}",
            "data": {"Operations": [{"op": "add", "value": {"externalId": "x"}}]},
        },
        {"method": "DELETE", "path": f"/Users/{ann}"},
        {"method": "PATCH", "path": f"/Groups/{group}", "data": add_bob},
    ]
    answer = pusher.send("POST", "/Bulk", {"Operations": operations})
    assert [one["status"] for one in answer.body["Operations"]] == ["200", "204", "200"]
    with database.reading(APP) as unit:
        stored = unit.resources.read("Group", group)
        versions = [event.detail["version"] for event in unit.audit_trail(subject_id=group)]
    assert (stored.version, stored.member_count, len(stored.members or ())) == (4, 1, 1)
    assert versions == [4, 2, 1]
