"""Lost and failed pushes: what reaches the SCIM server, what Okta believes afterwards, and which task it shows."""

import pytest

from syncd.simulator import OktaError, Operation, PushFault, SimulatedOrg
from tests.simulator.conftest import Api
from tests.simulator.scim_recorder import ScimRecorder, Scripted

ADA = "ada@okta.local"


def assign_ada(org: SimulatedOrg) -> str:
    user = org.create_user(ADA, "Ada", "Lovelace")
    org.assign(user)
    org.drain(10)
    return user


@pytest.mark.parametrize(
    ("fault", "stored", "error"),
    [
        (PushFault.LOST, False, "No answer from the remote server: the request was lost on the way"),
        (PushFault.ANSWER_LOST, True, "No answer from the remote server: the answer was lost on the way"),
        (PushFault.SERVER_ERROR, False, "Errors reported by remote server: Internal Server Error"),
        (PushFault.BAD_GATEWAY_HTML, False, "Invalid JSON: Unrecognized token: <html>"),
        (PushFault.EMPTY_BODY, True, "Create new user returned empty user"),
        (PushFault.TRUNCATED_JSON, True, "Invalid JSON: Unrecognized token: {"),
        (PushFault.RATE_LIMITED_FOREVER, False, "Rate limited by the remote server; given up after 10 attempts"),
    ],
)
def test_a_creation_that_failed_is_a_task_and_never_tried_again(
    org: SimulatedOrg, api: Api, scim: ScimRecorder, fault: PushFault, stored: bool, error: str
) -> None:
    org.faults.on_push(fault)
    user = assign_ada(org)
    assert bool(scim.users) is stored
    (task,) = org.tasks()
    assert task.error.startswith(error)
    assert (task.operation, task.target_id, task.label) == (Operation.PROVISION, user, ADA)
    row = api.assignments()[user]
    assert (row["status"], row["syncState"], "externalId" in row) == ("STAGED", "ERROR", False)
    before = len(org.pushes())
    org.update_profile(user, firstName="Countess")
    org.drain(10)
    assert len(org.pushes()) == before


def test_lost_pushes_send_nothing_at_all(org: SimulatedOrg, scim: ScimRecorder) -> None:
    with org.lose_pushes():
        assign_ada(org)
    assert scim.requests == []
    assert [(record.method, record.status, record.fault) for record in org.pushes()] == [("GET", None, PushFault.LOST)]


def test_only_pushes_decided_inside_the_block_are_lost(org: SimulatedOrg, scim: ScimRecorder) -> None:
    for login in ("a@x.org", "b@x.org", "c@x.org"):
        org.create_user(login, "A", "B")
    org.assign("a@x.org")
    with org.lose_pushes():
        org.assign("b@x.org")
    org.assign("c@x.org")
    org.drain(10)
    assert [user["userName"] for user in scim.users.values()] == ["a@x.org", "c@x.org"]


def test_a_lost_deactivation_leaves_the_account_open_and_okta_done(
    org: SimulatedOrg, api: Api, scim: ScimRecorder
) -> None:
    user = assign_ada(org)
    with org.lose_pushes():
        org.deactivate(user)
        org.drain(10)
    assert scim.users["users-1"]["active"] is True
    assert api.assignments() == {}
    assert org.tasks()[0].operation is Operation.DEACTIVATE


def test_a_fault_strikes_only_its_operation_and_target(org: SimulatedOrg, scim: ScimRecorder) -> None:
    ada = assign_ada(org)
    bob = org.create_user("bob@okta.local", "Bob", "B")
    org.faults.on_push(PushFault.LOST, operation=Operation.DEACTIVATE, target_id=ada, times=None)
    org.assign(bob)
    org.unassign(bob)
    org.unassign(ada)
    org.drain(10)
    assert [task.target_id for task in org.tasks()] == [ada]
    assert [user["active"] for user in scim.users.values()] == [True, False]


def test_editing_the_assignment_tries_a_failed_creation_again(org: SimulatedOrg, api: Api, scim: ScimRecorder) -> None:
    org.faults.on_push(PushFault.SERVER_ERROR)
    user = assign_ada(org)
    api("POST", f"/api/v1/apps/{org.app_id}/users/{user}", {"profile": {"title": "Countess"}})
    org.drain(10)
    assert scim.users["users-1"]["title"] == "Countess"
    assert api.assignments()[user]["externalId"] == "users-1"


def test_an_administrator_provisions_a_backlog_one_by_one(org: SimulatedOrg, api: Api, scim: ScimRecorder) -> None:
    first, _second = org.populate(2)
    org.update_profile(first, department="Legal")
    org.drain(10)
    assert scim.requests == []
    org.provision(first)
    org.drain(10)
    assert len(scim.users) == 1
    assert [row.get("externalId") for row in api.assignments().values()] == ["users-1", None]


@pytest.mark.parametrize("retry_after", ["1", "", "Mon, 23 Nov 2026 10:00:00 GMT", "1.5"])
def test_a_rate_limited_push_is_tried_again(org: SimulatedOrg, scim: ScimRecorder, retry_after: str) -> None:
    scim.script = [Scripted(429, b"{}", {"Retry-After": retry_after} if retry_after else {})] * 3
    assign_ada(org)
    assert org.tasks() == ()
    assert [record.status for record in org.pushes()] == [200, 429, 429, 429, 201]


def test_ten_attempts_are_the_end(org: SimulatedOrg, scim: ScimRecorder) -> None:
    scim.script = [Scripted(429)] * 20
    assign_ada(org)
    assert len(org.tasks()) == 1
    assert [record.status for record in org.pushes()].count(429) == 10


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Scripted(409, b'{"detail":"userName is taken"}'), "Errors reported by remote server: userName is taken"),
        (Scripted(501), "Errors reported by remote server: HTTP 501"),
        (Scripted(201, b'{"id":"x","active":false}'), "There was a delay in reactivating remote User. Rescheduling"),
        (Scripted(201, b'{"active":true}'), "Create new user returned no id"),
        (Scripted(201, b"[]"), "Invalid JSON: an object was expected, not a list"),
        (Scripted(201, b"<p>"), "Invalid JSON: Unrecognized token: <p>"),
    ],
)
def test_what_the_server_said_is_the_text_of_the_task(
    org: SimulatedOrg, scim: ScimRecorder, answer: Scripted, error: str
) -> None:
    scim.script = [answer]
    assign_ada(org)
    assert [task.error for task in org.tasks()] == [error]


def test_an_answer_that_makes_no_sense_does_not_end_the_worker(org: SimulatedOrg, scim: ScimRecorder) -> None:
    scim.add_user("odd", ADA, name="not an object")
    assign_ada(org)
    assert org.tasks()[0].error.startswith("The answer could not be understood: ")
    org.create_user("next@okta.local", "Next", "One")
    org.assign("next@okta.local")
    org.drain(10)
    assert len(org.tasks()) == 1


def test_a_refused_patch_has_no_fallback(org: SimulatedOrg, scim: ScimRecorder) -> None:
    user = assign_ada(org)
    scim.script = [Scripted(501, b'{"detail":"no PATCH here"}')]
    org.unassign(user)
    org.drain(10)
    assert scim.requests[-1].method == "PATCH"
    assert org.tasks()[0].error == "Errors reported by remote server: no PATCH here"


def test_a_search_answered_with_404_means_that_nobody_is_there(org: SimulatedOrg, scim: ScimRecorder) -> None:
    scim.search_answer = Scripted(404, b'{"detail":"no such user","status":"404"}')
    org.create_user(ADA, "Ada", "Lovelace")
    org.assign(ADA)
    org.drain(10)
    assert scim.lines()[-1] == ("POST", "/Users")


def test_a_failed_group_push_is_an_error_of_its_mapping(org: SimulatedOrg, api: Api) -> None:
    org.faults.on_push(PushFault.SERVER_ERROR, operation=Operation.PUSH_GROUP)
    org.push_group(org.create_group("Team"))
    org.drain(10)
    (mapping,) = api.get(f"/api/v1/apps/{org.app_id}/group-push/mappings")
    assert mapping["status"] == "ERROR"
    assert mapping["errorSummary"] == org.tasks()[0].error


def test_the_log_never_holds_the_bearer_token_or_a_password(org: SimulatedOrg) -> None:
    assign_ada(org)
    told = f"{org.pushes()}{org.tasks()}"
    assert "rehearsal-token" not in told
    assert "password" not in told


def test_a_drain_that_takes_too_long_says_how_many_wait(org: SimulatedOrg) -> None:
    org.faults.on_push(PushFault.RATE_LIMITED_FOREVER)
    org.create_user(ADA, "Ada", "Lovelace")
    org.assign(ADA)
    with pytest.raises(TimeoutError, match="1 pushes are still waiting"):
        org.drain(0.001)


def test_a_method_about_somebody_unknown_raises_what_the_api_would_answer(org: SimulatedOrg) -> None:
    with pytest.raises(OktaError, match=r"Resource not found: nobody \(User\)"):
        org.assign("nobody")
