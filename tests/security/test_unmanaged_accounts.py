"""T2, T2b, T3: an account that did not come over SCIM stays what it is, and nothing that came is called verified."""

from dataclasses import replace
from typing import Any

import pytest

from scim.reprovision import Reprovision
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.workflows.register_account import register_account
from tests.conftest import APP
from tests.security.stack import PROVIDER, Client, Stack
from tests.store.inspection import rows_of

ROOT: dict[str, Any] = {
    "userName": "root",
    "externalId": "local-1",
    "displayName": "Root",
    "active": True,
    "emails": [{"value": "root@example.com", "type": "work"}],
}
CLAIM = {"userName": "mallory", "emails": [{"value": "mallory@example.com", "type": "work"}], "active": False}


@pytest.fixture
def local(database: SqlDatabase) -> str:
    """The id of an account that the application made itself."""
    return register_account(database, APP, Cause("the application"), ROOT).id


def kept(url: str, account: str) -> tuple[Any, ...]:
    (row,) = (row for row in rows_of(url)["resource"] if account in row)
    return row


@pytest.mark.parametrize("name", ["root", "ROOT", "Root"])
@pytest.mark.parametrize("also", [{}, {"externalId": "local-1"}, {"emails": ROOT["emails"]}, {"active": False}])
def test_cve_2022_1680_gitlab_who_posts_the_name_of_an_account_that_is_not_ours_is_refused(
    client: Client, local: str, database_url: str, name: str, also: dict[str, Any]
) -> None:
    before = kept(database_url, local)
    answer = client.send("POST", "/Users", {"userName": name, **also})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert local not in answer.raw.decode()
    assert kept(database_url, local) == before


@pytest.mark.parametrize("same", ["emails", "externalId", "displayName"])
def test_cve_2026_9092_casdoor_who_posts_its_address_or_number_gets_an_account_of_their_own(
    client: Client, local: str, database_url: str, same: str
) -> None:
    before = kept(database_url, local)
    assert client.user("mallory", **{same: ROOT[same]}) != local
    assert kept(database_url, local) == before


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PUT", CLAIM),
        ("PUT", ROOT | {"active": False}),
        ("PATCH", {"Operations": [{"op": "replace", "value": CLAIM}]}),
        ("PATCH", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
        ("PATCH", {"Operations": [{"op": "add", "path": 'emails[type eq "work"].value', "value": "m@example.com"}]}),
        ("PATCH", {"Operations": [{"op": "remove", "path": "externalId"}]}),
        ("DELETE", None),
    ],
)
def test_ciso_assistant_pr_4658_an_account_that_is_not_ours_is_seen_and_never_changed(
    client: Client, local: str, database_url: str, method: str, body: Any
) -> None:
    before = rows_of(database_url)["resource"], rows_of(database_url)["tombstone"]
    answer = client.send(method, f"/Users/{local}", body)
    assert answer.status == 403, answer.body
    assert "over SCIM" in answer.body["detail"]
    assert (rows_of(database_url)["resource"], rows_of(database_url)["tombstone"]) == before
    assert client.get(f"/Users/{local}")["userName"] == "root"


def test_cve_2022_1680_gitlab_no_change_of_a_name_reaches_an_account_that_is_not_ours(
    client: Client, local: str, database_url: str
) -> None:
    before = kept(database_url, local)
    mallory = client.user("mallory")
    renamed = {"op": "replace", "path": "userName", "value": "Root"}
    assert client.patch(f"/Users/{mallory}", renamed).status == 409
    assert client.send("PUT", f"/Users/{mallory}", {"userName": "rOOt"}).status == 409
    address = {"op": "replace", "path": "emails", "value": ROOT["emails"]}
    assert client.patch(f"/Users/{mallory}", address).status == 200
    assert kept(database_url, local) == before


@pytest.mark.parametrize("reprovision", Reprovision)
@pytest.mark.parametrize("same", [{"userName": "root"}, {"userName": "ROOT", "externalId": "local-1"}])
@pytest.mark.parametrize("active", [True, False])
def test_ciso_assistant_pr_4658_no_policy_of_reprovisioning_takes_it_up(
    database: SqlDatabase, database_url: str, reprovision: Reprovision, same: dict[str, Any], *, active: bool
) -> None:
    local = register_account(database, APP, Cause("the application"), {**ROOT, "active": active}).id
    before = kept(database_url, local)
    client = Stack(database, replace(PROVIDER, reprovision=reprovision)).client(APP)
    answer = client.send("POST", "/Users", {**same, "active": True, "title": "taken over"})
    assert answer.status in {403, 409}, answer.body
    assert kept(database_url, local) == before
    client.send("POST", "/Users", {"userName": "mallory", "externalId": "local-1", "active": True})
    assert kept(database_url, local) == before


CLAIMS = {"verified": True, "emailVerified": True, "email_verified": "true", "isVerified": 1}


def test_gitlab_h1_565883_nothing_that_came_over_scim_is_called_verified(client: Client, database_url: str) -> None:
    address = {"value": "ann@example.com", "type": "work", **CLAIMS}
    ann = client.user("ann", emails=[address], **CLAIMS)
    client.send("PUT", f"/Users/{ann}", {"userName": "ann", "title": "x", "emails": [address], **CLAIMS})
    client.patch(f"/Users/{ann}", {"op": "add", "value": {"title": "y", **CLAIMS}})
    client.patch(f"/Users/{ann}", {"op": "replace", "path": "emails", "value": [address]})
    refused = client.patch(f"/Users/{ann}", {"op": "add", "path": 'emails[type eq "work"].verified', "value": True})
    assert (refused.status, refused.body["scimType"]) == (400, "invalidPath")
    assert "verified" not in str(client.get(f"/Users/{ann}")).lower()
    assert "verified" not in repr(rows_of(database_url)).lower()


def test_gitlab_h1_565883_what_is_told_of_an_account_says_that_it_came_over_scim(
    client: Client, database: SqlDatabase
) -> None:
    ann = client.user("ann")
    with database.reading(APP) as unit:
        (event,) = unit.audit_trail(subject_id=ann)
    assert event.detail["origin"] == "scim"
    assert event.actor.startswith("token:")
