"""The Management API as its clients see it: shapes, statuses, errors."""

from typing import Any

import pytest
import requests

from syncd.simulator import SimulatedOrg, Style
from tests.simulator.conftest import APP_ID, Api, StartOrg

NOW = "2026-11-23T10:00:00.000Z"
PROFILE = {"login": "ada@x.org", "email": "ada@x.org", "firstName": "Ada", "lastName": "Lovelace"}


@pytest.fixture
def ada(org: SimulatedOrg) -> str:
    user = org.create_user("ada@x.org", "Ada", "Lovelace", department="Mathematics")
    org.assign(user)
    org.drain(10)
    return user


def test_an_assignment_is_shown_as_okta_shows_it(org: SimulatedOrg, api: Api, ada: str) -> None:
    app, person = f"{org.url}/api/v1/apps/{APP_ID}", f"{org.url}/api/v1/users/{ada}"
    assert api.get(f"/api/v1/apps/{APP_ID}/users/{ada}") == {
        "id": ada,
        "externalId": "users-1",
        "created": NOW,
        "lastUpdated": NOW,
        "scope": "USER",
        "status": "PROVISIONED",
        "statusChanged": NOW,
        "passwordChanged": None,
        "syncState": "SYNCHRONIZED",
        "lastSync": NOW,
        "credentials": {"userName": "ada@x.org"},
        "profile": {
            "givenName": "Ada",
            "familyName": "Lovelace",
            "email": "ada@x.org",
            "emailType": "work",
            "displayName": "Ada Lovelace",
            "department": "Mathematics",
        },
        "_links": {"app": {"href": app}, "user": {"href": person}},
    }


def test_a_user_is_shown_as_okta_shows_it(org: SimulatedOrg, api: Api, ada: str) -> None:
    user = api.get("/api/v1/users/ada%40x.org")
    assert user["id"] == ada
    assert len(ada) == 20
    assert ada.startswith("00u")
    assert (user["status"], user["created"], user["activated"], user["lastLogin"]) == ("ACTIVE", NOW, NOW, None)
    assert user["profile"] == {
        "mobilePhone": None,
        "secondEmail": None,
        "login": "ada@x.org",
        "email": "ada@x.org",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "department": "Mathematics",
    }


def test_expanding_embeds_the_user(api: Api, ada: str) -> None:
    (row,) = api.get(f"/api/v1/apps/{APP_ID}/users?expand=user")
    assert row["_embedded"]["user"] == api.get(f"/api/v1/users/{ada}")
    (plain,) = api.get(f"/api/v1/apps/{APP_ID}/users")
    assert "_embedded" not in plain


@pytest.mark.parametrize("style", list(Style))
def test_an_app_tells_its_provisioning_features(start: StartOrg, api: Api, style: Style) -> None:
    shown = Api(start(style), api.session).get(f"/api/v1/apps/{APP_ID}")["features"]
    assert {"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION", "GROUP_PUSH"} <= set(shown)
    assert ("AUTO_CONFIRM_IMPORTS" in shown) is (style is Style.AIW)


def test_apps_are_shown_with_status_label_and_sign_on_mode(api: Api) -> None:
    app = api.get(f"/api/v1/apps/{APP_ID}")
    assert (app["id"], app["label"], app["status"], app["signOnMode"]) == (APP_ID, "Rehearsal", "ACTIVE", "SAML_2_0")
    assert api.get("/api/v1/apps") == [app]
    assert api.get("/api/v1/apps?q=reh") == [app]
    assert api.get("/api/v1/apps?q=other") == []


def test_group_endpoints_cover_the_life_of_a_group(org: SimulatedOrg, api: Api, ada: str) -> None:
    group = api("POST", "/api/v1/groups", {"profile": {"name": "Staff", "description": "All"}}).json()
    path = f"/api/v1/groups/{group['id']}"
    assert (group["type"], group["objectClass"]) == ("OKTA_GROUP", ["okta:user_group"])
    assert api("PUT", f"{path}/users/{ada}").status_code == 204
    assert [user["id"] for user in api.get(f"{path}/users")] == [ada]
    assert api("PUT", path, {"profile": {"name": "Crew"}}).json()["profile"] == {"name": "Crew", "description": ""}
    assert [row["id"] for row in api.get("/api/v1/groups?q=cre")] == [group["id"]]
    assert api("PUT", f"/api/v1/apps/{APP_ID}/groups/{group['id']}").json()["id"] == group["id"]
    assert [row["id"] for row in api.get(f"/api/v1/apps/{APP_ID}/groups")] == [group["id"]]
    assert api("DELETE", f"/api/v1/apps/{APP_ID}/groups/{group['id']}").status_code == 204
    assert api("DELETE", f"/api/v1/apps/{APP_ID}/groups/{group['id']}").status_code == 404
    assert api("DELETE", f"{path}/users/{ada}").status_code == 204
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404


def test_group_push_mappings_are_made_listed_and_deleted(org: SimulatedOrg, api: Api) -> None:
    group, mappings = org.create_group("Team"), f"/api/v1/apps/{APP_ID}/group-push/mappings"
    made = api("POST", mappings, {"sourceGroupId": group}).json()
    org.drain(10)
    (shown,) = api.get(f"{mappings}?status=ACTIVE&sourceGroupId={group}")
    assert shown == {**made, "targetGroupId": "groups-1", "lastPush": NOW, "lastUpdated": NOW}
    assert api.get(f"{mappings}/{made['id']}") == shown
    assert api.get(f"{mappings}?status=INACTIVE") == []
    assert api("POST", mappings, {"sourceGroupId": group}).status_code == 400
    assert api("DELETE", f"{mappings}/{made['id']}?deleteTargetGroup=true").status_code == 204
    assert api.get(mappings) == []


def test_a_mapping_may_name_an_existing_target_group(org: SimulatedOrg, api: Api) -> None:
    body = {"sourceGroupId": org.create_group("Team"), "targetGroupId": "kept-id"}
    made = api("POST", f"/api/v1/apps/{APP_ID}/group-push/mappings", body).json()
    assert made["targetGroupId"] == "kept-id"


def test_put_replaces_a_profile_and_post_changes_it(api: Api, ada: str) -> None:
    changed = api("POST", f"/api/v1/users/{ada}", {"profile": {"title": "Countess"}}).json()
    assert (changed["profile"]["title"], changed["profile"]["department"]) == ("Countess", "Mathematics")
    replaced = api("PUT", f"/api/v1/users/{ada}", {"profile": PROFILE}).json()
    assert {name: value for name, value in replaced["profile"].items() if value is not None} == PROFILE


def test_an_assignment_may_have_a_profile_of_its_own(org: SimulatedOrg, api: Api, ada: str) -> None:
    path = f"/api/v1/apps/{APP_ID}/users/{ada}"
    api("POST", path, {"credentials": {"userName": "own"}, "profile": {"title": "Countess", "givenName": "Augusta"}})
    row = api.get(path)
    assert (row["credentials"]["userName"], row["profile"]["title"]) == ("own", "Countess")
    org.update_profile(ada, firstName="Ada B.", login="new@x.org")
    row = api.get(path)
    assert (row["profile"]["givenName"], row["profile"]["title"]) == ("Ada B.", "Countess")
    assert row["credentials"]["userName"] == "own"


@pytest.mark.parametrize(
    ("query", "logins"),
    [
        ("", ["ada@x.org", "bob@x.org"]),
        ("?q=lov", ["ada@x.org"]),
        ('?filter=status eq "DEPROVISIONED"', ["eve@x.org"]),
        ('?search=status eq "ACTIVE" or status eq "DEPROVISIONED"', ["ada@x.org", "bob@x.org", "eve@x.org"]),
        ('?search=profile.login eq "bob@x.org"', ["bob@x.org"]),
    ],
)
def test_users_are_searched(org: SimulatedOrg, api: Api, ada: str, query: str, logins: list[str]) -> None:
    org.create_user("bob@x.org", "Bob", "B")
    org.create_user("eve@x.org", "Eve", "E")
    org.deactivate("eve@x.org")
    assert [user["profile"]["login"] for user in api.get(f"/api/v1/users{query}")] == logins


def test_assignments_are_searched_by_their_beginning(org: SimulatedOrg, api: Api, ada: str) -> None:
    org.assign(org.create_user("bob@x.org", "Bob", "B"))
    assert [row["id"] for row in api.get(f"/api/v1/apps/{APP_ID}/users?q=love")] == [ada]


def test_a_grant_names_user_and_app(api: Api, ada: str) -> None:
    body = {
        "grantType": "CUSTOM",
        "actor": "ADMIN",
        "targetPrincipal": {"externalId": ada, "type": "OKTA_USER"},
        "target": {"externalId": APP_ID, "type": "APPLICATION"},
    }
    answer = api("POST", "/governance/api/v1/grants", body)
    assert (answer.status_code, answer.json()["status"]) == (200, "ACTIVE")
    assert answer.json()["targetPrincipal"] == body["targetPrincipal"]
    assert api("POST", "/governance/api/v1/grants", {**body, "target": {}}).status_code == 404


BAD_LIMITS = [
    ("/users", "0"),
    ("/users", "501"),
    ("/users", "-1"),
    ("/users", "ten"),
    ("/groups", "19"),
    ("/groups", "201"),
    ("/group-push/mappings", "1001"),
]


@pytest.mark.parametrize(("listing", "limit"), BAD_LIMITS)
def test_a_limit_out_of_bounds_is_refused(api: Api, listing: str, limit: str) -> None:
    answer = api("GET", f"/api/v1/apps/{APP_ID}{listing}?limit={limit}")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "E0000001")


ERRORS: list[tuple[tuple[str, str, Any], int, str]] = [
    (("GET", "/api/v1/users/nobody", None), 404, "E0000007"),
    (("GET", "/api/v1/apps/0oanone", None), 404, "E0000007"),
    (("GET", f"/api/v1/apps/{APP_ID}/users/nobody", None), 404, "E0000007"),
    (("GET", "/api/v1/nothing", None), 404, "E0000007"),
    (("PATCH", f"/api/v1/apps/{APP_ID}", None), 405, "E0000022"),
    (("POST", f"/api/v1/apps/{APP_ID}/users", {}), 400, "E0000001"),
    (("POST", f"/api/v1/apps/{APP_ID}/users", {"id": "nobody"}), 404, "E0000007"),
    (("POST", f"/api/v1/apps/{APP_ID}/users", {"id": 7}), 400, "E0000003"),
    (("POST", f"/api/v1/apps/{APP_ID}/users", []), 400, "E0000003"),
    (("POST", f"/api/v1/apps/{APP_ID}/group-push/mappings", {}), 400, "E0000001"),
    (("POST", "/api/v1/users", {"profile": {**PROFILE, "email": ""}}), 400, "E0000001"),
    (("POST", "/api/v1/users", {"profile": {**PROFILE, "login": "ADA@X.org"}}), 400, "E0000001"),
    (("POST", "/api/v1/users", {"profile": "?"}), 400, "E0000003"),
    (("POST", "/api/v1/users/ada@x.org/lifecycle/activate", None), 403, "E0000016"),
    (("POST", "/api/v1/users/ada@x.org/lifecycle/unsuspend", None), 400, "E0000001"),
    (("POST", "/api/v1/users/ada@x.org/lifecycle/lock", None), 404, "E0000007"),
    (("GET", '/api/v1/users?search=status gt "A"', None), 400, "E0000031"),
    (("GET", "/api/v1/users?after=not%20a%20cursor", None), 400, "E0000001"),
    (("POST", "/api/v1/groups", {"profile": {}}), 400, "E0000001"),
]


@pytest.mark.parametrize(("request_", "status", "code"), ERRORS)
def test_errors_have_oktas_status_and_body(
    api: Api, ada: str, request_: tuple[str, str, Any], status: int, code: str
) -> None:
    answer = api(*request_)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert set(answer.json()) == {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}
    assert answer.json()["errorId"].startswith("oae")


def test_a_body_that_is_not_json_is_refused(api: Api) -> None:
    answer = api("POST", "/api/v1/users", data=b"{")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "E0000003")


def test_a_body_beyond_a_megabyte_is_refused(api: Api) -> None:
    assert api("POST", "/api/v1/users", data=b" " * 1_048_577).status_code == 413


def test_equal_seeds_make_equal_ids(start: StartOrg) -> None:
    one, other = start(), start()
    assert one.populate(3) == other.populate(3)


def test_every_answer_carries_oktas_headers(api: Api) -> None:
    headers = api("GET", f"/api/v1/apps/{APP_ID}").headers
    assert headers["Date"] == "Mon, 23 Nov 2026 10:00:00 GMT"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Okta-Request-Id"].startswith("req")
    assert headers["Set-Cookie"].startswith("JSESSIONID=")


def test_anybody_may_ask_which_org_it_is(org: SimulatedOrg) -> None:
    answer = requests.get(f"{org.url}/.well-known/okta-organization", timeout=5)
    assert (answer.status_code, answer.json()["_links"]["organization"]["href"]) == (200, org.url)
