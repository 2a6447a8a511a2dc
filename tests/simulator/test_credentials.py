"""API tokens and service apps."""

from base64 import urlsafe_b64encode

import orjson
import pytest
import requests

from syncd.simulator import SimulatedOrg
from tests.simulator.conftest import APP_ID, Api, SetClock

CLIENT = "0oaserviceapp0000001"
USERS = f"/api/v1/apps/{APP_ID}/users"


def token(org: SimulatedOrg, scope: str, client: str = CLIENT, **more: str) -> requests.Response:
    claims = urlsafe_b64encode(orjson.dumps({"iss": client, "sub": client})).decode().rstrip("=")
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"header.{claims}.signature",
        **more,
    }
    return requests.post(f"{org.url}/oauth2/v1/token", data=form, timeout=5)


def status(api: Api, authorization: str, path: str = USERS, method: str = "GET") -> int:
    return api(method, path, headers={"Authorization": authorization}).status_code


@pytest.mark.parametrize("authorization", ["", "SSWS", "SSWS wrong", "Bearer wrong", "ssws 00rehearsal-api-token"])
def test_a_credential_that_is_not_valid_is_refused(org: SimulatedOrg, api: Api, authorization: str) -> None:
    answer = api("GET", USERS, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "E0000011")
    assert answer.json()["errorSummary"] == "Invalid token provided"


def test_revoked_tokens_are_refused(org: SimulatedOrg, api: Api) -> None:
    assert status(api, f"SSWS {org.api_token}") == 200
    org.revoke_tokens()
    assert status(api, f"SSWS {org.api_token}") == 401


def test_a_service_app_gets_the_scopes_it_was_granted(org: SimulatedOrg, api: Api, clock: SetClock) -> None:
    org.register_service_app(CLIENT, ["okta.apps.read", "okta.users.manage"])
    answer = token(org, "okta.apps.read okta.users.manage okta.groups.read").json()
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == (
        "Bearer",
        3600,
        "okta.apps.read okta.users.manage",
    )
    bearer = f"Bearer {answer['access_token']}"
    assert status(api, bearer) == 200
    assert status(api, bearer, "/api/v1/users") == 200
    assert status(api, bearer, "/api/v1/groups") == 403
    assert status(api, bearer, f"/api/v1/apps/{APP_ID}/lifecycle/deactivate", "POST") == 403
    assert status(api, bearer, "/simulator") == 403
    clock.advance(3600)
    assert status(api, bearer) == 401


def test_token_requests_are_refused_as_okta_refuses_them(org: SimulatedOrg) -> None:
    org.register_service_app(CLIENT, ["okta.apps.read"])
    refusals = [
        token(org, "okta.apps.read", client="unknown"),
        token(org, "okta.logs.read"),
        token(org, "okta.apps.read", grant_type="password"),
        token(org, "okta.apps.read", client_assertion="not.a-token.at all"),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in refusals] == [
        (401, "invalid_client"),
        (400, "invalid_scope"),
        (400, "unsupported_grant_type"),
        (401, "invalid_client"),
    ]
