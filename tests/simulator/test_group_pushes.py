"""Every request of Okta's SCIM client about a group, in both styles."""

import pytest

from syncd.simulator import OktaError, SimulatedOrg, Style
from tests.simulator.conftest import StartOrg
from tests.simulator.scim_recorder import Recorded, ScimRecorder

BOTH = pytest.mark.parametrize("style", list(Style))
SEARCH = "/Groups?filter=displayName%20eq%20%22Test%20SCIMv2%22&startIndex=1&count=100"
PATCH = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":['
GROUP = '"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]'
RENAME = PATCH + '{"op":"replace","value":{"id":"groups-1","displayName":"%s"}}]}'
ADA, BOB = "ada@okta.local", "bob@okta.local"
MEMBER_ADA, MEMBER_BOB = f'{{"value":"users-1","display":"{ADA}"}}', f'{{"value":"users-2","display":"{BOB}"}}'


def pushed(org: SimulatedOrg, scim: ScimRecorder) -> list[Recorded]:
    org.drain(10)
    assert org.tasks() == ()
    return scim.take()


def bodies(requests: list[Recorded]) -> list[str]:
    return [request.body.decode() for request in requests]


def team(org: SimulatedOrg, scim: ScimRecorder, *assigned: str) -> str:
    """Make a group of Ada and Bob, of whom the named ones are assigned to the app."""
    for login in (ADA, BOB):
        org.create_user(login, login[:3].title(), "Smith")
    for login in assigned:
        org.assign(login)
    pushed(org, scim)
    return org.create_group("Test SCIMv2", [ADA, BOB])


def test_a_catalogue_app_creates_and_then_fills_the_group(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    org.push_group(team(org, scim, ADA, BOB))
    requests = pushed(org, scim)
    assert [request.line for request in requests] == [
        ("GET", SEARCH),
        ("POST", "/Groups"),
        ("PATCH", "/Groups/groups-1"),
    ]
    assert bodies(requests)[1:] == [
        f'{{{GROUP},"displayName":"Test SCIMv2","members":[]}}',
        f'{PATCH}{{"op":"replace","path":"members","value":[{MEMBER_ADA},{MEMBER_BOB}]}}]}}',
    ]


def test_a_wizard_app_creates_reads_and_puts_the_group(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.AIW)
    org.push_group(team(org, scim, ADA))
    requests = pushed(org, scim)
    assert [request.line for request in requests] == [
        ("GET", SEARCH),
        ("POST", "/Groups"),
        ("GET", "/Groups/groups-1"),
        ("PUT", "/Groups/groups-1"),
    ]
    assert bodies(requests)[3] == (
        f'{{{GROUP},"displayName":"Test SCIMv2","members":[{{"value":"users-1","display":"{ADA}"}}]}}'
    )


def test_members_who_are_not_provisioned_are_left_out(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    org.push_group(team(org, scim))
    assert bodies(pushed(org, scim))[-1] == f'{PATCH}{{"op":"replace","path":"members","value":[]}}]}}'


def test_a_catalogue_app_names_the_group_with_each_membership_change(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    group = team(org, scim, ADA, BOB)
    org.push_group(group)
    pushed(org, scim)
    org.remove_member(group, ADA)
    org.add_member(group, ADA)
    assert bodies(pushed(org, scim)) == [
        RENAME % "Test SCIMv2",
        f'{PATCH}{{"op":"remove","path":"members[value eq \\"users-1\\"]"}}]}}',
        RENAME % "Test SCIMv2",
        f'{PATCH}{{"op":"add","path":"members","value":[{{"value":"users-1","display":"{ADA}"}}]}}]}}',
    ]


def test_a_wizard_app_puts_the_whole_group_with_each_membership_change(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.AIW)
    group = team(org, scim, ADA, BOB)
    org.push_group(group)
    pushed(org, scim)
    org.remove_member(group, ADA)
    read, put = pushed(org, scim)
    assert (read.method, put.method) == ("GET", "PUT")
    assert put.json["members"] == [{"value": "users-2", "display": BOB}]


def test_somebody_who_lost_the_app_first_is_still_removed_from_the_group(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    group = team(org, scim, ADA)
    org.push_group(group)
    org.unassign(ADA)
    pushed(org, scim)
    org.remove_member(group, ADA)
    assert "users-1" in bodies(pushed(org, scim))[-1]


@pytest.mark.parametrize(("style", "methods"), [(Style.OIN, ["PATCH"]), (Style.AIW, ["GET", "PUT"])])
def test_a_new_name_is_pushed(start: StartOrg, scim: ScimRecorder, style: Style, methods: list[str]) -> None:
    org = start(style)
    group = team(org, scim)
    org.push_group(group)
    pushed(org, scim)
    org.rename_group(group, "New name")
    requests = pushed(org, scim)
    assert [request.method for request in requests] == methods
    assert requests[-1].json.get("displayName") == "New name" or bodies(requests) == [RENAME % "New name"]


def test_push_now_overwrites_without_a_search(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    group = team(org, scim)
    org.push_group(group)
    pushed(org, scim)
    org.push_group(group)
    assert bodies(pushed(org, scim)) == [
        RENAME % "Test SCIMv2",
        f'{PATCH}{{"op":"replace","path":"members","value":[]}}]}}',
    ]


@BOTH
def test_a_group_that_is_found_is_linked_without_creation(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    scim.groups["kept-id"] = {"id": "kept-id", "displayName": "Test SCIMv2", "members": []}
    org.push_group(team(org, scim))
    requests = pushed(org, scim)
    assert "POST" not in [request.method for request in requests]
    assert requests[-1].line[1] == "/Groups/kept-id"


@BOTH
def test_unlinking_deletes_the_target_only_when_asked(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    group = team(org, scim)
    org.push_group(group)
    pushed(org, scim)
    org.unlink_group(group, delete_target=True)
    assert [request.line for request in pushed(org, scim)] == [("DELETE", "/Groups/groups-1")]
    org.push_group(group)
    pushed(org, scim)
    org.unlink_group(group)
    assert pushed(org, scim) == []
    with pytest.raises(OktaError, match="GroupPushMapping"):
        org.unlink_group(group)


@BOTH
def test_a_new_member_of_an_assigned_group_is_provisioned_before_the_membership(
    start: StartOrg, scim: ScimRecorder, style: Style
) -> None:
    org = start(style)
    group = team(org, scim)
    org.assign_group(group)
    org.push_group(group)
    pushed(org, scim)
    org.create_user("eve@okta.local", "Eve", "Smith")
    org.add_member(group, "eve@okta.local")
    requests = pushed(org, scim)
    assert requests[1].line == ("POST", "/Users")
    assert b"users-3" in requests[-1].body


def test_deleting_a_group_in_okta_leaves_the_group_in_the_app(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    group = team(org, scim)
    org.push_group(group)
    pushed(org, scim)
    org.delete_group(group)
    assert pushed(org, scim) == []
    assert list(scim.groups) == ["groups-1"]
    assert org.create_group("Test SCIMv2") != group
