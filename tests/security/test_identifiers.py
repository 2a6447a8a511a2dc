"""T1: what a client calls somebody never becomes who that is."""

import uuid

import pytest

from scim.urns import USER
from tests.security.stack import Client

CONFUSING = ["1", "0", "-1", "2", "00", "1e0", "0x1", "admin", "null", "None", "me", "*", "%", "undefined", "{}"]


@pytest.fixture
def people(client: Client) -> list[str]:
    """The ids of three users; on an empty database their rows are 1 to 3."""
    return [client.user(name, externalId=f"okta-{name}") for name in ("admin", "ann", "bob")]


def seen(client: Client, people: list[str]) -> list[object]:
    return [client.get(f"/Users/{person}") for person in people]


@pytest.mark.parametrize("attribute", ["id", "externalId", "userName"])
def test_cve_2025_41115_grafana_an_identifier_of_the_clients_choice_is_never_an_internal_one(
    client: Client, people: list[str], attribute: str
) -> None:
    before = seen(client, people)
    for number, value in enumerate([*CONFUSING, *people]):
        made = {"schemas": [USER], "userName": f"new-{number}", attribute: value}
        answer = client.send("POST", "/Users", made)
        if answer.status == 409:
            assert (attribute, value) == ("userName", "admin")
            continue
        assert answer.status == 201, answer.body
        new = answer.body["id"]
        assert str(uuid.UUID(new)) == new
        assert new not in {value, *people}
        assert client.ids("/Users", f'id eq "{value}"') == [person for person in people if person == value]
        assert client.ids("/Users", f'{attribute} eq "{value}"') == (
            [value] * (value in people) if attribute == "id" else [new]
        )
    assert seen(client, people) == before


@pytest.mark.parametrize("value", CONFUSING)
def test_cve_2025_41115_grafana_a_number_or_a_name_in_the_path_is_nobody(
    client: Client, people: list[str], value: str
) -> None:
    before = seen(client, people)
    path = f"/Users/{value.replace('%', '%25')}"
    assert client.send("GET", path).status == 404
    assert client.send("PUT", path, {"userName": "taken"}).status == 404
    assert client.patch(path, {"op": "replace", "path": "active", "value": False}).status == 404
    assert client.send("DELETE", path).status == 404
    assert seen(client, people) == before


def test_cve_2025_41115_grafana_the_id_in_a_body_does_not_say_who_is_changed(client: Client, people: list[str]) -> None:
    admin, ann, bob = people
    before = seen(client, [admin, bob])
    put = client.send("PUT", f"/Users/{ann}", {"id": admin, "userName": "ann", "externalId": bob, "title": "x"})
    patch = client.patch(f"/Users/{ann}", {"op": "replace", "value": {"id": admin, "externalId": admin, "title": "y"}})
    assert (put.status, put.body["id"]) == (patch.status, patch.body["id"]) == (200, ann)
    assert (
        client.patch(f"/Users/{ann}", {"op": "replace", "path": "id", "value": admin}).body["scimType"] == "mutability"
    )
    assert seen(client, [admin, bob]) == before
    assert client.get(f"/Users/{ann}")["title"] == "y"


def test_cve_2025_41115_grafana_a_member_is_named_by_our_id_and_by_nothing_else(
    client: Client, people: list[str]
) -> None:
    group = client.group("guides")
    for value in [*CONFUSING, "okta-admin", "ann", "admin", people[0].upper(), f" {people[0]}", f"Users/{people[0]}"]:
        answer = client.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": value}]})
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue"), value
    assert client.get(f"/Groups/{group}").get("members", []) == []


@pytest.mark.parametrize("change", ["create", "replace", "patch"])
@pytest.mark.parametrize("name", ["admin", "ADMIN", "Admin"])
def test_ghsa_rjg6_39jm_rgg4_better_auth_a_name_is_unique_when_it_changes_as_when_it_is_made(
    client: Client, people: list[str], change: str, name: str
) -> None:
    ann = people[1]
    before = seen(client, people)
    answer = {
        "create": lambda: client.send("POST", "/Users", {"userName": name}),
        "replace": lambda: client.send("PUT", f"/Users/{ann}", {"userName": name}),
        "patch": lambda: client.patch(f"/Users/{ann}", {"op": "replace", "path": "userName", "value": name}),
    }[change]()
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert seen(client, people) == before
