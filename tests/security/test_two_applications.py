"""T10, T11: two applications on one database see and change nothing of one another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from scim.core_schemas import RESOURCE_TYPES
from scim.service.routes import OF_ITEM
from syncd.store.engine import make_engine
from syncd.store.tables import METADATA
from tests.security.stack import Client
from tests.store.inspection import rows_of

PERSON = {
    "externalId": "okta-ann",
    "displayName": "Ann",
    "title": "guide",
    "emails": [{"value": "ann@example.com", "type": "work"}],
}
TYPES = [one.endpoint for one in RESOURCE_TYPES]


@dataclass(frozen=True)
class Tenant:
    """An application with one user in one group. Both are called alike in every application."""

    client: Client
    user: str
    group: str

    def path(self, endpoint: str) -> str:
        return f"{endpoint}/{self.user if endpoint == '/Users' else self.group}"

    def seen(self) -> list[Any]:
        return [self.client.get(self.path(endpoint)) for endpoint in TYPES]


def furnished(client: Client) -> Tenant:
    user = client.user("ann", **PERSON)
    return Tenant(client, user, client.group("guides", user))


@pytest.fixture
def mine(client: Client) -> Tenant:
    return furnished(client)


@pytest.fixture
def theirs(rival: Client) -> Iterator[Tenant]:
    """The other application's rows; afterwards nothing of them has changed."""
    tenant = furnished(rival)
    before = tenant.seen()
    yield tenant
    assert tenant.seen() == before


REQUESTS: dict[str, Any] = {
    "GET": None,
    "DELETE": None,
    "PUT": {"userName": "taken", "displayName": "taken", "members": []},
    "PATCH": {"Operations": [{"op": "replace", "value": {"displayName": "taken"}}]},
}


@pytest.mark.parametrize("endpoint", TYPES)
@pytest.mark.parametrize("method", REQUESTS)
def test_cve_2026_67330_better_auth_what_belongs_to_another_application_is_not_found(
    mine: Tenant, theirs: Tenant, endpoint: str, method: str
) -> None:
    before = mine.seen()
    answer = mine.client.send(method, theirs.path(endpoint), REQUESTS[method])
    assert (answer.status, answer.body["status"]) == (404, "404")
    nobody = theirs.path(endpoint).rpartition("/")[2][:-4] + "0000"
    same = mine.client.send(method, f"{endpoint}/{nobody}", REQUESTS[method])
    assert same.body["detail"].replace(nobody, "x") == answer.body["detail"].replace(
        theirs.path(endpoint).rpartition("/")[2], "x"
    )
    assert mine.seen() == before


def test_every_method_of_a_resource_is_tried_on_those_of_another_application() -> None:
    assert set(OF_ITEM) == set(REQUESTS)


@pytest.mark.parametrize(
    "condition",
    [
        "userName pr",
        'userName eq "ann"',
        'externalId eq "okta-ann"',
        'displayName sw "a"',
        'title eq "guide"',
        'not (title eq "x")',
        'emails.value eq "ann@example.com"',
        'emails[type eq "work" and value co "ann"]',
        'groups.display eq "guides"',
        'meta.resourceType eq "User"',
        'userName eq "ann" or userName ne "ann"',
        "id pr or id eq null",
    ],
)
def test_cve_2026_67330_better_auth_no_filter_finds_users_of_another_application(
    mine: Tenant, theirs: Tenant, condition: str
) -> None:
    assert mine.client.ids("/Users", condition) == [mine.user]
    assert theirs.client.ids("/Users", condition) == [theirs.user]


@pytest.mark.parametrize(
    ("endpoint", "condition"),
    [
        ("/Users", 'id eq "{user}"'),
        ("/Users", 'groups.value eq "{group}"'),
        ("/Users", 'groups[value eq "{group}"]'),
        ("/Users", 'id eq "{user}" or groups[value eq "{group}"]'),
        ("/Groups", 'id eq "{group}"'),
        ("/Groups", 'members.value eq "{user}"'),
        ("/Groups", 'members[value eq "{user}"]'),
        ("/Groups", 'members[value eq "{user}" or value eq "{group}"]'),
    ],
)
def test_cve_2026_67330_better_auth_an_id_of_another_application_finds_nothing(
    mine: Tenant, theirs: Tenant, endpoint: str, condition: str
) -> None:
    asked = condition.format(user=theirs.user, group=theirs.group)
    assert mine.client.ids(endpoint, asked) == []
    assert theirs.client.ids(endpoint, asked) == [theirs.path(endpoint).rpartition("/")[2]]


def test_cve_2026_67330_better_auth_lists_and_totals_count_ones_own(mine: Tenant, theirs: Tenant) -> None:
    theirs.client.user("bob")
    for endpoint, own in (("/Users", mine.user), ("/Groups", mine.group)):
        listed = mine.client.get(endpoint)
        assert (listed["totalResults"], [one["id"] for one in listed["Resources"]]) == (1, [own])
        assert mine.client.get(endpoint, count="0")["totalResults"] == 1
        assert mine.client.get(endpoint, startIndex="2")["Resources"] == []
    gone = theirs.client.ids("/Users", 'userName eq "bob"')
    assert theirs.client.send("DELETE", f"/Users/{gone[0]}").status == 204


OPERATIONS: dict[str, Callable[[str], dict[str, Any]]] = {
    "add": lambda one: {"op": "add", "path": "members", "value": [{"value": one}]},
    "replace": lambda one: {"op": "replace", "path": "members", "value": [{"value": one}]},
    "without a path": lambda one: {"op": "add", "value": {"members": [{"value": one}]}},
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_cve_2026_67330_better_auth_nobody_of_another_application_becomes_a_member(
    mine: Tenant, theirs: Tenant, operation: str
) -> None:
    before = mine.seen()
    for stranger in (theirs.user, theirs.group):
        members = [{"value": mine.user}, {"value": stranger}]
        refused = [
            mine.client.send("POST", "/Groups", {"displayName": "new", "members": members}),
            mine.client.send("PUT", f"/Groups/{mine.group}", {"displayName": "guides", "members": members}),
            mine.client.patch(f"/Groups/{mine.group}", OPERATIONS[operation](stranger)),
        ]
        assert [(one.status, one.body["scimType"]) for one in refused] == [(400, "invalidValue")] * 3
    assert mine.seen() == before
    assert mine.client.get("/Groups")["totalResults"] == 1


def test_cve_2026_67330_better_auth_removing_a_stranger_removes_nobody(mine: Tenant, theirs: Tenant) -> None:
    before = mine.seen()
    for operation in (
        {"op": "remove", "path": f'members[value eq "{theirs.user}"]'},
        {"op": "remove", "path": "members", "value": [{"value": theirs.user}]},
    ):
        assert mine.client.patch(f"/Groups/{mine.group}", operation).status == 200
    assert mine.seen() == before


def test_cve_2026_67330_better_auth_a_name_is_taken_in_its_own_application_only(mine: Tenant, theirs: Tenant) -> None:
    bob = theirs.client.user("bob")
    assert mine.client.user("bob") != bob
    assert theirs.client.send("DELETE", f"/Users/{bob}").status == 204
    assert mine.client.ids("/Users", 'userName eq "bob"') != []


# ------------------------------------------------------------------ T11

# Of the audit log there is one: its entries are hashes, and those of one application are in no query of another.
OF_THE_LOG = {f"audit_{part}" for part in ("pending", "log", "node", "checkpoint", "cosignature", "head")}
OF_THE_INSTALLATION = {"app", "indexed_attribute", "shared_key", "bell"} | OF_THE_LOG
OWNED = sorted(METADATA.tables.keys() - OF_THE_INSTALLATION)
OWNERS = {"app", "group_pk", "member_pk", "resource_pk", "event_pk", "snapshot_pk", "origin", "digest"}


@pytest.fixture
def connection(database_url: str, mine: Tenant) -> Iterator[Connection]:
    with make_engine(database_url).connect() as connection:
        yield connection


def test_ghsa_j8v8_g9cx_5qf4_better_auth_no_owner_can_be_null(connection: Connection) -> None:
    found = inspect(connection)
    nullable = {
        (table, column["name"])
        for table in OWNED
        for column in found.get_columns(table)
        if column["name"] in OWNERS and column["nullable"]
    }
    # A group has no digest of compared attributes: in that table it says nothing about access. The tombstone of an
    # account that was deleted before tombstones had an origin tells none, and is never revived.
    assert nullable == {("resource", "digest"), ("tombstone", "origin")}
    assert [table for table in OWNED if "app" not in {column["name"] for column in found.get_columns(table)}] == []


@pytest.mark.parametrize("table", ["token", "resource", "member", "attr_value", "audit_event", "outbox", "lease"])
def test_ghsa_j8v8_g9cx_5qf4_better_auth_a_row_cannot_lose_its_owner_or_change_it(
    connection: Connection, rival: Client, table: str
) -> None:
    assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() > 0
    with pytest.raises(IntegrityError):
        connection.execute(text(f"UPDATE {table} SET app = NULL"))
    with pytest.raises(IntegrityError):
        connection.execute(text(f"UPDATE {table} SET app = 4711"))


def test_a_member_of_one_application_cannot_be_written_into_a_group_of_another(
    connection: Connection, mine: Tenant, theirs: Tenant, database_url: str
) -> None:
    rows = {row[3]: row for row in rows_of(database_url)["resource"]}
    group, user = rows[mine.group], rows[theirs.user]
    for app in (group[1], user[1]):
        with pytest.raises(IntegrityError):
            connection.execute(
                text(f"INSERT INTO member (app, group_pk, member_pk) VALUES ({app}, {group[0]}, {user[0]})")
            )
