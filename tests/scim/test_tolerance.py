"""Each leniency by its name: forgiven by the profiles that have it, refused by the others, and noted by all."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from scim import urns
from scim.exchange import MEDIA_TYPE, ScimRequest
from scim.resource import Member
from scim.tolerance import PROFILES, RFC, STRICT, Leniency, Profile
from tests.scim.endpoint import Endpoint

USER = {"schemas": [urns.USER], "userName": "bob"}
WORK = 'emails[type eq "work"]'


@dataclass(frozen=True)
class Case:
    """A request that needs one leniency, what becomes of it, and how it is refused."""

    method: str
    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    content_type: str | None = MEDIA_TYPE
    refused: tuple[int, str | None] = (400, "invalidValue")
    shows: dict[str, Any] = field(default_factory=dict)


def create(attributes: dict[str, Any], refused: str = "invalidValue", **shows: Any) -> Case:
    return Case("POST", "/Users", {**USER, **attributes}, refused=(400, refused), shows=shows)


def patch(path: str, refused: str, operation: dict[str, Any], **shows: Any) -> Case:
    body = {"schemas": [urns.PATCH_OP], "Operations": [operation]}
    return Case("PATCH", path, body, refused=(400, refused), shows=shows)


ANN, GROUP = "/Users/id-0001", "/Groups/id-0003"
CASES = {
    Leniency.BOOLEAN_AS_TEXT: create({"active": "False"}, active=False),
    Leniency.TEXT_FOR_COMPLEX: create({"roles": ["admin"]}, roles=[{"value": "admin"}]),
    Leniency.MANAGER_AS_TEXT: create({urns.ENTERPRISE_USER: {"manager": "id-0001"}}),
    Leniency.ONE_FOR_LIST: create({"emails": {"value": "a@b"}}, emails=[{"value": "a@b"}]),
    Leniency.EMPTY_AS_ABSENT: create({"title": "", "name": {"familyName": "X"}}),
    Leniency.SEVERAL_PRIMARY: create({"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]}),
    Leniency.SCHEMAS_MISSING: Case("POST", "/Users", {"userName": "bob"}, refused=(400, "invalidSyntax")),
    Leniency.PLAIN_JSON: Case("POST", "/Users", USER, content_type="application/json", refused=(415, None)),
    Leniency.NO_MEDIA_TYPE: Case("POST", "/Users", USER, content_type=None, refused=(415, None)),
    Leniency.UNKNOWN_ATTRIBUTES: create({"bogus": 1}, "invalidSyntax"),
    Leniency.OP_IN_ANY_CASE: patch(
        ANN, "invalidSyntax", {"op": "Replace", "path": "title", "value": "Chef"}, title="Chef"
    ),
    Leniency.WITHOUT_PATH: patch(ANN, "invalidSyntax", {"op": "replace", "value": {"active": False}}, active=False),
    Leniency.READ_ONLY_WITHOUT_PATH: patch(
        GROUP, "mutability", {"op": "replace", "value": {"id": "x", "displayName": "new"}}, displayName="new"
    ),
    Leniency.PATH_AS_NAME: patch(
        ANN, "invalidPath", {"op": "replace", "value": {"name.givenName": "A"}}, name={"givenName": "A"}
    ),
    Leniency.EXTENSION_AS_PATH: patch(
        ANN, "invalidPath", {"op": "replace", "path": urns.ENTERPRISE_USER, "value": {"department": "IT"}}
    ),
    Leniency.REMOVE_LISTED: patch(
        GROUP, "invalidValue", {"op": "remove", "path": "members", "value": [{"value": "id-0001"}]}
    ),
    Leniency.ADD_MAKES_TARGET: patch(
        ANN,
        "noTarget",
        {"op": "add", "path": f"{WORK}.value", "value": "a@b"},
        emails=[{"type": "work", "value": "a@b"}],
    ),
    Leniency.REPLACE_MAKES_TARGET: patch(
        ANN,
        "noTarget",
        {"op": "replace", "path": f"{WORK}.value", "value": "a@b"},
        emails=[{"type": "work", "value": "a@b"}],
    ),
    Leniency.REMOVE_AGAIN: patch(GROUP, "noTarget", {"op": "remove", "path": 'members[value eq "nobody"]'}),
    Leniency.PARK_UNKNOWN_MEMBERS: patch(
        GROUP, "invalidValue", {"op": "add", "path": "members", "value": [{"value": "nobody"}]}, displayName="guides"
    ),
    Leniency.BRACKETS_IN_ATTRIBUTES: Case("GET", ANN, query={"attributes": WORK}),
    Leniency.FILTER_ON_DISCOVERY: Case("GET", "/Schemas", query={"filter": "x"}, refused=(403, None)),
}
# Without a path, read-only attributes and paths as names cannot be sent: a profile that forgives the one needs both.
IMPLIED = {
    Leniency.READ_ONLY_WITHOUT_PATH: Leniency.WITHOUT_PATH,
    Leniency.PATH_AS_NAME: Leniency.WITHOUT_PATH,
}


def endpoint(profile: Profile) -> Endpoint:
    """Return an endpoint with two users and a group of both."""
    made = Endpoint(profile=profile)
    made.store.create("User", {"userName": "ann", "active": True})
    made.store.create("User", {"userName": "carl", "active": True})
    made.store.create("Group", {"displayName": "guides"}, [Member("id-0001"), Member("id-0002")])
    return made


def test_every_leniency_has_a_case_a_source_and_a_profile() -> None:
    assert CASES.keys() == set(Leniency)
    assert len({one.label for one in Leniency}) == len(Leniency)
    for one in Leniency:
        assert one.meaning
        assert one.who
        assert one.profiles
        assert one.profiles <= PROFILES.keys()


def test_the_profiles_grow_from_strict_to_those_of_clients() -> None:
    assert not PROFILES[STRICT].allows
    assert all(PROFILES[RFC].allows < profile.allows for name, profile in PROFILES.items() if name not in {STRICT, RFC})


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("leniency", Leniency, ids=lambda one: one.label)
def test_a_leniency_is_forgiven_by_the_profiles_that_have_it(leniency: Leniency, profile: Profile) -> None:
    case, server = CASES[leniency], endpoint(profile)
    body = b"" if case.body is None else json.dumps(case.body).encode()
    response = server.answer(ScimRequest(case.method, case.path, case.query, body, case.content_type))
    answer = json.loads(response.body)
    implied = IMPLIED.get(leniency)
    if leniency in profile.allows:
        assert response.status in {200, 201}, answer
        assert {name: answer.get(name) for name in case.shows} == case.shows
        assert server.needed == {leniency} | ({implied} if implied else set())
    elif implied is None or implied in profile.allows:
        assert (response.status, answer.get("scimType")) == case.refused, answer
        assert leniency in server.needed or leniency in {Leniency.REMOVE_AGAIN, Leniency.PARK_UNKNOWN_MEMBERS}
        assert server.store.read("Group", "id-0003").member_count == 2


def test_without_a_leniency_nothing_is_noted_and_the_strictest_agrees() -> None:
    server = endpoint(PROFILES[STRICT])
    whole = {
        **USER,
        "externalId": "x",
        "active": True,
        "emails": [{"value": "a@b", "type": "work", "primary": True}],
        "name": {"familyName": "X"},
        "nickName": None,
        "roles": [],
        "id": "mine",
        "groups": [],
        "meta": {"resourceType": "User"},
        "password": "p",
        urns.ENTERPRISE_USER: {"manager": {"value": "id-0001"}},
    }
    operations = [
        {"op": "replace", "path": "active", "value": False},
        {"op": "remove", "path": "title"},
        {"op": "add", "path": f"{WORK}.value", "value": "c@d"},
    ]
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "new", "members": []}
    requests = [
        ("POST", "/Users", whole, {}),
        ("GET", "/Users/id-0004", None, {"attributes": "userName,emails.value"}),
        ("PUT", "/Users/id-0004", whole, {}),
        ("PATCH", "/Users/id-0004", {"schemas": [urns.PATCH_OP], "Operations": operations}, {}),
        ("POST", "/Groups", {**group, "members": [{"value": "id-0001", "display": "Ann"}]}, {}),
        ("GET", "/Users", None, {"filter": 'userName eq "bob"'}),
    ]
    for method, path, body, query in requests:
        raw = b"" if body is None else json.dumps(body).encode()
        response = server.answer(ScimRequest(method, path, query, raw, MEDIA_TYPE if raw else None))
        assert response.status < 300, response.body
        assert not server.needed, (method, path, server.needed)


def test_a_group_is_not_emptied_by_a_removal_that_lists_members() -> None:
    for profile in PROFILES.values():
        server = endpoint(profile)
        operation = {"op": "remove", "path": "members", "value": [{"value": "id-0001"}]}
        server.send("PATCH", GROUP, {"schemas": [urns.PATCH_OP], "Operations": [operation]})
        assert server.store.read("Group", "id-0003").member_count in {1, 2}
