"""What each lifecycle operation does to the user, to the assignment, and what it pushes."""

import pytest

from syncd.simulator import OktaError, SimulatedOrg, UserStatus
from syncd.simulator.lifecycle import TRANSITIONS, Action, next_status
from tests.simulator.conftest import APP_ID, Api
from tests.simulator.scim_recorder import ScimRecorder

S = UserStatus
WITH_PASSWORD = (S.ACTIVE, S.LOCKED_OUT, S.PASSWORD_EXPIRED, S.RECOVERY)
ALLOWED: dict[Action, dict[UserStatus, UserStatus]] = {
    Action.ACTIVATE: {S.STAGED: S.ACTIVE, S.DEPROVISIONED: S.ACTIVE},
    Action.REACTIVATE: {S.PROVISIONED: S.PROVISIONED, S.RECOVERY: S.PROVISIONED},
    Action.DEACTIVATE: {status: S.DEPROVISIONED for status in S if status is not S.DEPROVISIONED},
    Action.SUSPEND: {S.ACTIVE: S.SUSPENDED},
    Action.UNSUSPEND: {S.SUSPENDED: S.ACTIVE},
    Action.UNLOCK: {S.LOCKED_OUT: S.ACTIVE},
    Action.EXPIRE_PASSWORD: dict.fromkeys(WITH_PASSWORD, S.PASSWORD_EXPIRED),
    Action.RESET_PASSWORD: dict.fromkeys(WITH_PASSWORD, S.RECOVERY),
    Action.LOCK: dict.fromkeys(WITH_PASSWORD, S.LOCKED_OUT),
}


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", list(UserStatus))
def test_every_operation_in_every_status(action: Action, status: UserStatus) -> None:
    assert set(ALLOWED) == set(TRANSITIONS)
    target = ALLOWED[action].get(status)
    if target is None:
        with pytest.raises(OktaError) as refused:
            next_status(action, status, has_password=True)
        assert refused.value.status in {400, 403}
    else:
        assert next_status(action, status, has_password=True) is target


def test_somebody_without_a_password_is_provisioned_by_activation() -> None:
    assert next_status(Action.ACTIVATE, S.STAGED, has_password=False) is S.PROVISIONED


@pytest.fixture
def ada(org: SimulatedOrg, scim: ScimRecorder) -> str:
    user = org.create_user("ada@okta.local", "Ada", "Lovelace")
    org.assign(user)
    org.drain(10)
    scim.take()
    return user


def status_of(api: Api, user: str) -> str:
    status: str = api.get(f"/api/v1/users/{user}")["status"]
    return status


@pytest.mark.parametrize("operation", ["suspend", "expire_password", "reset_password"])
def test_only_deactivation_touches_the_assignment(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, ada: str, operation: str
) -> None:
    assert api("POST", f"/api/v1/users/{ada}/lifecycle/{operation}").status_code == 200
    org.drain(10)
    assert scim.requests == []
    assert api.assignments()[ada]["status"] == "PROVISIONED"


def test_suspension_and_its_end_push_nothing(org: SimulatedOrg, api: Api, scim: ScimRecorder, ada: str) -> None:
    org.suspend(ada)
    assert status_of(api, ada) == "SUSPENDED"
    org.unsuspend(ada)
    org.lock_out(ada)
    assert status_of(api, ada) == "LOCKED_OUT"
    org.drain(10)
    assert scim.requests == []


def test_deactivation_removes_the_assignment_and_pushes_once(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, ada: str
) -> None:
    org.deactivate(ada)
    org.drain(10)
    assert api.assignments() == {}
    assert api("GET", f"/api/v1/apps/{APP_ID}/users/{ada}").status_code == 404
    assert scim.lines() == [("PATCH", "/Users/users-1")]
    assert status_of(api, ada) == "DEPROVISIONED"


def test_activation_brings_no_personal_assignment_back(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, ada: str
) -> None:
    org.deactivate(ada)
    org.activate(ada)
    org.drain(10)
    assert status_of(api, ada) == "ACTIVE"
    assert api.assignments() == {}
    org.assign(ada)
    org.drain(10)
    assert api.assignments()[ada]["externalId"] == "users-1"


def test_deletion_pushes_the_deactivation_only(org: SimulatedOrg, api: Api, scim: ScimRecorder, ada: str) -> None:
    org.delete(ada)
    org.drain(10)
    assert scim.lines() == [("PATCH", "/Users/users-1")]
    assert api("GET", f"/api/v1/users/{ada}").status_code == 404
    assert api("GET", f"/api/v1/apps/{APP_ID}/users/{ada}").status_code == 404


def test_the_first_delete_deactivates_and_the_second_deletes(org: SimulatedOrg, api: Api, ada: str) -> None:
    assert api("DELETE", f"/api/v1/users/{ada}").status_code == 204
    assert status_of(api, ada) == "DEPROVISIONED"
    assert api("DELETE", f"/api/v1/users/{ada}").status_code == 204
    assert api("GET", f"/api/v1/users/{ada}").status_code == 404
    assert org.create_user("ada@okta.local", "Ada", "Again") != ada


def test_somebody_staged_is_pushed_on_activation(org: SimulatedOrg, api: Api, scim: ScimRecorder) -> None:
    profile = {"login": "new@okta.local", "email": "new@okta.local", "firstName": "New", "lastName": "One"}
    user = api("POST", "/api/v1/users?activate=false", {"profile": profile}).json()["id"]
    org.assign(user)
    org.drain(10)
    assert (status_of(api, user), api.assignments()[user]["status"], scim.requests) == ("STAGED", "STAGED", [])
    assert api("POST", f"/api/v1/users/{user}/lifecycle/activate").status_code == 200
    org.drain(10)
    assert status_of(api, user) == "PROVISIONED"
    assert api.assignments()[user]["externalId"] == "users-1"


def test_a_deprovisioned_user_cannot_be_assigned(org: SimulatedOrg, ada: str) -> None:
    org.deactivate(ada)
    with pytest.raises(OktaError, match="Api validation failed: id"):
        org.assign(ada)


def test_a_change_of_login_changes_the_user_name_in_the_app(org: SimulatedOrg, api: Api, ada: str) -> None:
    org.update_profile(ada, login="countess@okta.local")
    org.drain(10)
    assert api.assignments()[ada]["credentials"]["userName"] == "countess@okta.local"
    assert api.get("/api/v1/users/COUNTESS@okta.local")["id"] == ada
    assert api("GET", "/api/v1/users/ada@okta.local").status_code == 404
