"""Assignments that come through groups, and what an app does with them."""

import pytest

from syncd.simulator import OktaError, SimulatedOrg
from tests.simulator.conftest import Api
from tests.simulator.scim_recorder import ScimRecorder


@pytest.fixture
def staff(org: SimulatedOrg) -> str:
    """Make a group of two that is assigned to the app."""
    for login in ("ada@x.org", "bob@x.org"):
        org.create_user(login, login[:3], "S")
    group = org.create_group("Staff", ["ada@x.org", "bob@x.org"])
    org.assign_group(group)
    org.drain(10)
    return group


def scopes(api: Api) -> dict[str, str]:
    return {row["credentials"]["userName"]: row["scope"] for row in api.assignments().values()}


def test_members_of_an_assigned_group_are_assigned_through_it(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, staff: str
) -> None:
    assert scopes(api) == {"ada@x.org": "GROUP", "bob@x.org": "GROUP"}
    assert len(scim.users) == 2
    row = next(iter(api.assignments().values()))
    assert row["_links"]["group"]["href"].endswith(f"/api/v1/groups/{staff}")


def test_a_personal_assignment_outweighs_the_group_and_falls_back_to_it(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, staff: str
) -> None:
    org.assign("ada@x.org")
    assert scopes(api)["ada@x.org"] == "USER"
    org.unassign("ada@x.org")
    assert scopes(api)["ada@x.org"] == "GROUP"
    org.drain(10)
    assert all(user["active"] for user in scim.users.values())
    with pytest.raises(OktaError, match="through a group"):
        org.unassign("ada@x.org")


def test_leaving_the_last_assigned_group_deactivates(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, staff: str
) -> None:
    second = org.create_group("Board", ["ada@x.org"])
    org.assign_group(second)
    org.remove_member(staff, "ada@x.org")
    assert "ada@x.org" in scopes(api)
    org.remove_member(second, "ada@x.org")
    org.drain(10)
    assert scopes(api) == {"bob@x.org": "GROUP"}
    assert [user["active"] for user in scim.users.values()] == [False, True]


def test_unassigning_a_group_spares_who_is_assigned_in_person(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, staff: str
) -> None:
    org.assign("ada@x.org")
    org.unassign_group(staff)
    org.drain(10)
    assert scopes(api) == {"ada@x.org": "USER"}
    assert [user["active"] for user in scim.users.values()] == [True, False]


def test_activation_assigns_through_the_group_again(org: SimulatedOrg, api: Api, staff: str) -> None:
    org.deactivate("ada@x.org")
    assert scopes(api) == {"bob@x.org": "GROUP"}
    org.activate("ada@x.org")
    assert scopes(api) == {"ada@x.org": "GROUP", "bob@x.org": "GROUP"}


def test_deleting_a_group_or_a_member_takes_the_assignment(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, staff: str
) -> None:
    org.delete("ada@x.org")
    assert [row["profile"]["login"] for row in api.get(f"/api/v1/groups/{staff}/users")] == ["bob@x.org"]
    org.delete_group(staff)
    org.drain(10)
    assert scopes(api) == {}
    assert not any(user["active"] for user in scim.users.values())


def test_a_deactivated_app_loses_group_assignments_and_pushes_nothing(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, staff: str
) -> None:
    org.create_user("eve@x.org", "Eve", "S")
    org.assign("eve@x.org")
    org.drain(10)
    scim.take()
    org.deactivate_app()
    org.update_profile("eve@x.org", firstName="Quiet")
    org.drain(10)
    assert (scopes(api), scim.requests) == ({"eve@x.org": "USER"}, [])
    assert api.get(f"/api/v1/apps/{org.app_id}")["status"] == "INACTIVE"
    org.activate_app()
    assert scopes(api) == {"ada@x.org": "GROUP", "bob@x.org": "GROUP", "eve@x.org": "USER"}
