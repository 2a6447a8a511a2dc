from datetime import timedelta

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.projection import Projection, read_projection
from scim.provider import Provider
from scim.representation import encode, represent, represent_all
from scim.resource import Member, StoredResource
from tests.scim.endpoint import BASE_URL, START

PROVIDER = Provider(BASE_URL)
LATER = START + timedelta(milliseconds=1)


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


def test_many_resources_are_represented_as_each_of_them_is() -> None:
    guides, others = Member("g", "guides", "direct"), Member("h", "others", "indirect")
    ann = StoredResource("User", "u", 1, START, START, {"userName": "ann"}, groups=(guides, others))
    bob = StoredResource("User", "v", 2, START, LATER, {"userName": "bob"}, groups=(others, Member("g", "guides")))
    group = StoredResource("Group", "g", 3, START, LATER, {"displayName": "guides"}, (Member("u", "Ann", "User"),))
    users, groups = read_projection({"attributes": "userName,groups.$ref,meta"}, USER_TYPE), Projection()
    for projections in ({"User": Projection(), "Group": groups}, {"User": users, "Group": groups}):
        assert represent_all((ann, group, bob), PROVIDER, projections) == [
            represent(ann, USER_TYPE, PROVIDER, projections["User"]),
            represent(group, GROUP_TYPE, PROVIDER, projections["Group"]),
            represent(bob, USER_TYPE, PROVIDER, projections["User"]),
        ]


def test_a_message_is_utf8_without_escapes() -> None:
    assert encode({"detail": "Jörg \U0001f600"}) == '{"detail":"Jörg \U0001f600"}'.encode()
