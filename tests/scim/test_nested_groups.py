from tests.scim.endpoint import Endpoint


def test_a_group_does_not_come_to_contain_itself() -> None:
    endpoint = Endpoint()
    inner = endpoint.group("inner")
    outer = endpoint.group("outer", endpoint.group("middle", inner))
    member = {"value": outer}
    answers = [
        endpoint.patch(f"/Groups/{inner}", {"op": "add", "path": "members", "value": [member]}),
        endpoint.patch(f"/Groups/{inner}", {"op": "replace", "path": "members", "value": [member]}),
        endpoint.send("PUT", f"/Groups/{inner}", {"displayName": "inner", "members": [member]}),
    ]
    assert [(answer.status, answer.body["scimType"]) for answer in answers] == [(400, "invalidValue")] * 3
    assert all(outer in answer.body["detail"] for answer in answers)
    assert endpoint.send("GET", f"/Groups/{inner}").body.get("members", []) == []


def test_the_groups_of_a_user_are_derived_and_no_part_of_its_version() -> None:
    endpoint = Endpoint()
    user = endpoint.user()
    inner = endpoint.group("inner", user)
    before = endpoint.send("GET", f"/Users/{user}")
    outer = endpoint.group("outer", inner)
    after = endpoint.send("GET", f"/Users/{user}")
    shown = {group["value"]: (group["type"], group["$ref"].rpartition("/")[2]) for group in after.body["groups"]}
    assert shown == {inner: ("direct", inner), outer: ("indirect", outer)}
    assert after.body["meta"] == before.body["meta"]
