from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.projection import Projection
from scim.provider import Provider
from scim.representation import encode, represent
from scim.resource import Member, StoredResource
from tests.scim.endpoint import BASE_URL, START

PROVIDER = Provider(BASE_URL)


def test_a_member_refers_to_its_resource_where_it_is_known_what_it_is() -> None:
    members = (Member("1", "Ann", "User"), Member("2", None, "Group"), Member("3"), Member("4", None, "Device"))
    group = StoredResource("Group", "g", 3, START, START, {"displayName": "guides"}, members)
    assert represent(group, GROUP_TYPE, PROVIDER, Projection())["members"] == [
        {"value": "1", "display": "Ann", "type": "User", "$ref": f"{BASE_URL}/Users/1"},
        {"value": "2", "type": "Group", "$ref": f"{BASE_URL}/Groups/2"},
        {"value": "3"},
        {"value": "4", "type": "Device"},
    ]


def test_groups_and_location_are_built_from_the_base_url() -> None:
    user = StoredResource("User", "u", 1, START, START, {"userName": "ann"}, groups=(Member("g", "guides", "direct"),))
    shown = represent(user, USER_TYPE, PROVIDER, Projection())
    assert shown["meta"]["location"] == f"{BASE_URL}/Users/u"
    assert shown["groups"] == [{"value": "g", "display": "guides", "type": "direct", "$ref": f"{BASE_URL}/Groups/g"}]


def test_a_message_is_utf8_without_escapes() -> None:
    assert encode({"detail": "Jörg \U0001f600"}) == '{"detail":"Jörg \U0001f600"}'.encode()
