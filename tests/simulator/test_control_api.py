"""/simulator: steering an org that runs by itself."""

from typing import Any

import pytest

from syncd.simulator import SimulatedOrg
from tests.simulator.conftest import APP_ID, Api
from tests.simulator.scim_recorder import ScimRecorder

USERS = f"/api/v1/apps/{APP_ID}/users"


def test_faults_are_set_listed_and_cleared(org: SimulatedOrg, api: Api) -> None:
    org.populate(2)
    assert api("POST", "/simulator/faults", {"kind": "server-error"}).status_code == 201
    assert api("GET", USERS).status_code == 500
    body = {"on": "page", "kind": "lost-link", "page": 1, "times": None, "path": "/api/v1/users"}
    assert api("POST", "/simulator/faults", body).status_code == 201
    assert "next" not in api("GET", "/api/v1/users?limit=1").links
    (rule,) = api.get("/simulator/faults")
    assert (rule["kind"], rule["remaining"], rule["path"]) == ("lost-link", None, "/api/v1/users")
    assert api("DELETE", "/simulator/faults").status_code == 204
    assert "next" in api("GET", "/api/v1/users?limit=1").links


def test_a_lookup_and_a_push_can_be_struck(org: SimulatedOrg, api: Api, scim: ScimRecorder) -> None:
    api("POST", "/simulator/faults", {"on": "request", "kind": "forbidden", "path": f"/api/v1/apps/{APP_ID}"})
    assert api("GET", f"/api/v1/apps/{APP_ID}").status_code == 403
    api("POST", "/simulator/faults", {"on": "push", "kind": "lost", "operation": "provision"})
    org.assign(org.create_user("ada@x.org", "Ada", "L"))
    counts = api("POST", "/simulator/drain", {"timeoutSeconds": 5}).json()
    assert counts == {"users": 1, "groups": 0, "apps": 1, "assignments": 1, "pushes": 1, "tasks": 1, "faults": 0}
    assert api.get("/simulator") == counts == org.counts()
    assert [(push["method"], push["status"], push["fault"]) for push in api.get("/simulator/pushes")] == [
        ("GET", None, "lost")
    ]
    assert api.get("/simulator/pushes?after=1") == []
    assert [task["label"] for task in api.get("/simulator/tasks")] == ["ada@x.org"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "none-such"},
        {},
        {"on": "moon", "kind": "lost"},
        {"on": "request", "kind": "dropped"},
        {"on": "push", "kind": "lost", "operation": "sing"},
        {"kind": "dropped", "surprise": 1},
        [],
    ],
)
def test_a_fault_that_does_not_exist_is_refused(org: SimulatedOrg, api: Api, body: Any) -> None:
    assert api("POST", "/simulator/faults", body).status_code == 400
    assert org.faults.in_force() == ()


def test_rate_limits_are_set(api: Api) -> None:
    assert api("PUT", "/simulator/rate-limits", {"perMinute": {"/api/v1/apps": 1}, "otherwise": 7}).status_code == 200
    assert [api("GET", USERS).status_code for _ in range(2)] == [200, 429]
    assert api("GET", "/api/v1/users").headers["X-Rate-Limit-Limit"] == "7"
    assert api("PUT", "/simulator/rate-limits", {"enabled": False}).status_code == 200
    assert api("GET", USERS).status_code == 200
    assert api("PUT", "/simulator/rate-limits", {"otherwise": "many"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/simulator/nothing", None, 404),
        ("DELETE", "/simulator", None, 404),
        ("GET", "/simulator/pushes?after=x", None, 400),
        ("POST", "/simulator/drain", {"timeoutSeconds": "soon"}, 400),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(api: Api, method: str, path: str, body: Any, status: int) -> None:
    assert api(method, path, body).status_code == status


def test_a_drain_that_takes_too_long_is_a_504(org: SimulatedOrg, api: Api) -> None:
    org.faults.on_push("rate-limited-forever")
    org.assign(org.create_user("ada@x.org", "Ada", "L"))
    assert api("POST", "/simulator/drain", {"timeoutSeconds": 0.001}).status_code == 504


def test_steering_needs_the_api_token(api: Api) -> None:
    assert api("DELETE", "/simulator/faults", headers={"Authorization": ""}).status_code == 401
