"""Every request of Okta's SCIM client about a person, byte by byte, in both styles."""

from typing import Any

import pytest

from syncd.simulator import SimulatedOrg, Style
from tests.simulator.conftest import StartOrg
from tests.simulator.scim_recorder import TOKEN, Recorded, ScimRecorder

BOTH = pytest.mark.parametrize("style", list(Style))
SEARCH = "/Users?filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100"
DEACTIVATION = (
    b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],'
    b'"Operations":[{"op":"replace","value":{"active":false}}]}'
)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def person(org: SimulatedOrg, **more: Any) -> str:
    return org.create_user("test.user@okta.local", "Test", "User", **more)


def pushed(org: SimulatedOrg, scim: ScimRecorder) -> list[Recorded]:
    org.drain(10)
    assert org.tasks() == ()
    return scim.take()


def assigned(org: SimulatedOrg, scim: ScimRecorder, **more: Any) -> str:
    user = person(org, **more)
    org.assign(user)
    pushed(org, scim)
    return user


@BOTH
def test_creation_searches_and_posts(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    user = person(org)
    org.assign(user)
    search, post = pushed(org, scim)
    assert search.line == ("GET", SEARCH)
    assert search.body == b""
    assert post.line == ("POST", "/Users")
    password = post.json["password"]
    assert len(password) == 8
    assert (
        post.body
        == (
            '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"test.user@okta.local",'
            '"name":{"givenName":"Test","familyName":"User"},'
            '"emails":[{"primary":true,"value":"test.user@okta.local","type":"work"}],"displayName":"Test User",'
            f'"locale":"en-US","externalId":"{user}","groups":[],"password":"{password}","active":true}}'
        ).encode()
    )


@BOTH
def test_headers_are_those_of_oktas_client(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    org.assign(person(org))
    search, post = pushed(org, scim)
    common = {
        "Host": scim.url.split("/")[2],
        "Accept": "application/scim+json",
        "Accept-Charset": "utf-8",
        "Accept-Encoding": "gzip,deflate",
        "User-Agent": "Okta SCIM Client 1.0.0",
        "Authorization": f"Bearer {TOKEN}",
    }
    assert dict(search.headers) == common
    assert dict(post.headers) == {
        **common,
        "Content-Type": "application/scim+json; charset=utf-8",
        "Content-Length": str(len(post.body)),
    }


@BOTH
def test_a_department_travels_in_the_enterprise_extension(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    org.assign(person(org, department="Tour Operations"))
    post = pushed(org, scim)[1].json
    assert post["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]
    assert post[ENTERPRISE] == {"department": "Tour Operations"}


@BOTH
def test_a_profile_update_puts_back_what_was_read(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    user = assigned(org, scim)
    held = scim.users["users-1"]
    held["name"] = {"givenName": "Test", "familyName": "User", "formatted": "Untouched"}
    held["nickName"] = "ours"
    org.update_profile(user, firstName="Another", department="")
    read, put = pushed(org, scim)
    assert (read.line, put.line) == (("GET", "/Users/users-1"), ("PUT", "/Users/users-1"))
    assert put.json == {
        **held,
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "name": {"givenName": "Another", "familyName": "User", "formatted": "Untouched"},
        "displayName": "Another User",
        ENTERPRISE: {"department": ""},
    }
    assert put.json["meta"]["created"] == "2026-11-23T00:00:00Z"
    assert "password" not in put.json


@BOTH
def test_an_update_brings_back_the_active_flag_it_read(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    user = assigned(org, scim)
    scim.users["users-1"]["active"] = False
    org.update_profile(user, lastName="Married")
    assert pushed(org, scim)[1].json["active"] is False


@BOTH
def test_an_email_change_edits_the_work_address_only(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    user = assigned(org, scim)
    scim.users["users-1"]["emails"] = [
        {"value": "home@example.com", "type": "home"},
        {"value": "test.user@okta.local", "type": "work"},
    ]
    org.update_profile(user, email="new@okta.local")
    assert pushed(org, scim)[1].json["emails"] == [
        {"value": "home@example.com", "type": "home"},
        {"value": "new@okta.local", "type": "work"},
    ]


def test_a_catalogue_app_deactivates_with_one_patch(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    org.unassign(assigned(org, scim))
    (patch,) = pushed(org, scim)
    assert (patch.line, patch.body) == (("PATCH", "/Users/users-1"), DEACTIVATION)


def test_a_wizard_app_deactivates_with_get_and_put(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.AIW)
    user = assigned(org, scim)
    before = dict(scim.users["users-1"])
    org.unassign(user)
    read, put = pushed(org, scim)
    assert (read.line, put.line) == (("GET", "/Users/users-1"), ("PUT", "/Users/users-1"))
    assert put.json == {**before, "active": False}


def test_a_catalogue_app_reactivates_the_user_it_finds(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    user = assigned(org, scim)
    org.unassign(user)
    pushed(org, scim)
    org.assign(user)
    search, read, put, patch = pushed(org, scim)
    assert [request.line for request in (search, read, put, patch)] == [
        ("GET", SEARCH),
        ("GET", "/Users/users-1"),
        ("PUT", "/Users/users-1"),
        ("PATCH", "/Users/users-1"),
    ]
    assert patch.body == DEACTIVATION.replace(b"false", b"true")
    assert scim.users["users-1"]["active"] is True


def test_a_wizard_app_reactivates_within_its_put(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.AIW)
    user = assigned(org, scim)
    org.unassign(user)
    pushed(org, scim)
    org.assign(user)
    search, read, put = pushed(org, scim)
    assert [request.line for request in (search, read, put)] == [
        ("GET", SEARCH),
        ("GET", "/Users/users-1"),
        ("PUT", "/Users/users-1"),
    ]
    assert put.json["active"] is True


def test_an_active_user_that_is_found_is_linked_without_creation(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    scim.add_user("kept-id", "test.user@okta.local", schemas=[], name={"givenName": "Old", "familyName": "Name"})
    user = person(org)
    org.assign(user)
    assert [request.line for request in pushed(org, scim)] == [
        ("GET", SEARCH),
        ("GET", "/Users/kept-id"),
        ("PUT", "/Users/kept-id"),
    ]
    assert scim.users["kept-id"]["name"]["givenName"] == "Test"
    org.unassign(user)
    assert pushed(org, scim)[0].line == ("PATCH", "/Users/kept-id")


def test_quotes_in_a_user_name_are_escaped_in_the_filter(start: StartOrg, scim: ScimRecorder) -> None:
    org = start(Style.OIN)
    org.assign(org.create_user('o"neil@okta.local', "O", "Neil"))
    assert pushed(org, scim)[0].line[1].startswith("/Users?filter=userName%20eq%20%22o%5C%22neil%40okta.local%22&")


@pytest.mark.parametrize(("style", "methods"), [(Style.OIN, ["PATCH"]), (Style.AIW, ["GET", "PUT"])])
def test_a_password_is_pushed_when_that_is_switched_on(
    start: StartOrg, scim: ScimRecorder, style: Style, methods: list[str]
) -> None:
    org = start(style)
    user = assigned(org, scim)
    org.set_password(user, "first")
    assert pushed(org, scim) == []
    org.set_features(["PUSH_PASSWORD_UPDATES"])
    org.set_password(user, "second")
    requests = pushed(org, scim)
    assert [request.method for request in requests] == methods
    assert b'"password":"second"' in requests[-1].body


@BOTH
def test_features_that_are_switched_off_push_nothing(start: StartOrg, scim: ScimRecorder, style: Style) -> None:
    org = start(style)
    user = assigned(org, scim)
    org.set_features([])
    org.update_profile(user, firstName="Quiet")
    org.unassign(user)
    org.assign(person_two := org.create_user("two@okta.local", "Two", "Two"))
    org.unassign(person_two)
    assert pushed(org, scim) == []


def test_the_connector_test_is_one_request(org: SimulatedOrg, scim: ScimRecorder) -> None:
    assert org.test_connection() == 200
    assert scim.lines() == [("GET", "/Users?startIndex=1&count=2")]


def test_an_import_reads_every_page_and_keeps_active_users(org: SimulatedOrg, scim: ScimRecorder) -> None:
    for number in range(205):
        scim.add_user(f"id-{number}", f"u{number}@example.com", active=number % 5 > 0)
    assert len(org.import_users()) == 164
    assert scim.lines() == [("GET", f"/Users?startIndex={start}&count=100") for start in (1, 101, 201)]
