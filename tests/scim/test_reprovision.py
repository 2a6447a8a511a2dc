"""A user is created who is here already, or was."""

from dataclasses import replace
from typing import Any

import pytest

from scim.reprovision import Reprovision
from tests.scim.endpoint import Endpoint

ANN = {"userName": "ann", "externalId": "00u1", "title": "new"}


def endpoint(policy: Reprovision) -> Endpoint:
    made = Endpoint()
    made.provider = replace(made.provider, reprovision=policy)
    return made


def create_again(policy: Reprovision, there: dict[str, Any], **given: Any) -> tuple[int, Any]:
    """Return status and id of a creation of ann where such an account is there, as id-0001."""
    server = endpoint(policy)
    server.store.create("User", {"userName": "Ann", **there})
    answer = server.send("POST", "/Users", {**ANN, **given})
    shown = server.send("GET", "/Users/id-0001").body
    if answer.status == 201:
        assert answer.headers["Location"].endswith("/Users/id-0001")
        assert answer.body["title"] == shown["title"] == "new"
        assert (shown["userName"], shown["meta"]["version"]) == ("ann", 'W/"2"')
    else:
        assert answer.body["scimType"] == "uniqueness"
        assert (shown["userName"], shown["meta"]["version"]) == ("Ann", 'W/"1"')
    return answer.status, shown.get("active")


CLOSED, OPEN = {"active": False}, {"active": True}
SAME, OTHER = {"externalId": "00u1"}, {"externalId": "00u2"}


@pytest.mark.parametrize(
    ("there", "conflict", "reactivate", "adopt"),
    [
        (CLOSED, 409, 201, 201),
        (CLOSED | SAME, 409, 201, 201),
        (CLOSED | OTHER, 409, 409, 409),
        (SAME, 409, 201, 201),
        (OPEN, 409, 409, 409),
        (OPEN | SAME, 409, 409, 201),
        (OPEN | OTHER, 409, 409, 409),
    ],
)
def test_a_closed_account_is_reactivated_and_a_repeated_creation_adopted(
    there: dict[str, Any], conflict: int, reactivate: int, adopt: int
) -> None:
    expected = {Reprovision.CONFLICT: conflict, Reprovision.REACTIVATE: reactivate, Reprovision.ADOPT: adopt}
    for policy, status in expected.items():
        assert create_again(policy, there) == (status, True if status == 201 else there.get("active"))


def test_what_is_created_closed_stays_closed() -> None:
    assert create_again(Reprovision.REACTIVATE, CLOSED, active=False) == (201, False)


def test_a_deleted_account_comes_back_only_where_it_is_adopted() -> None:
    for policy, comes_back in {Reprovision.REACTIVATE: False, Reprovision.ADOPT: True}.items():
        server = endpoint(policy)
        user = server.send("POST", "/Users", ANN).body["id"]
        server.send("DELETE", f"/Users/{user}")
        again = server.send("POST", "/Users", ANN)
        assert again.status == 201
        assert (again.body["id"] == user) is comes_back


def test_a_creation_that_is_repeated_makes_nobody_and_changes_nothing() -> None:
    server = endpoint(Reprovision.ADOPT)
    first, second = server.send("POST", "/Users", ANN), server.send("POST", "/Users", ANN)
    assert (second.status, second.body) == (201, first.body)


def test_groups_are_not_taken_up() -> None:
    server = endpoint(Reprovision.ADOPT)
    server.group("guides")
    assert server.send("POST", "/Groups", {"displayName": "guides"}).status == 409
