"""What is done for every push, as SQLite plans it: its cost does not grow with the directory or with the group."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.filter.parser import parse_filter, parse_path
from scim.resource import Member, MembershipChange
from scim.store import Query
from syncd.core.changes import Cause
from syncd.ports import UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.statements import watched

CAUSE = Cause("test")
# A step that reads a table from end to end, or all rows of an application, of a type, or of a group. Of those who wait
# to become members, the question is whether there are any.
GROWS = re.compile(
    r"SCAN (?!(around|json_each|anon_\d+|page|other_item)\b)"
    r"|\(app=\?\)|\(app=\? AND type=\?\)|(?<!parked_member USING )PRIMARY KEY \(group_pk=\?\)"
)

NEW = {"userName": "new", "emails": [{"value": "new@x.example"}]}


@pytest.fixture
def furnished(sqlite_database: SqlDatabase) -> SqlDatabase:
    """Three users, u0 to u2; u0 and u1 are in the group."""
    with sqlite_database.transaction(APP, CAUSE) as unit:
        people = [
            unit.resources.create("User", {"userName": f"u{n}", "emails": [{"value": f"u{n}@x.example"}]})
            for n in range(3)
        ]
        unit.resources.create("Group", {"displayName": "guides"}, [Member(one.id) for one in people[:2]])
    return sqlite_database


def user_id(unit: UnitOfWork, name: str) -> str:
    found = unit.resources.find(Query("User", parse_filter(f'userName eq "{name}"', USER_TYPE)))
    return found.resources[0].id


def group_id(unit: UnitOfWork) -> str:
    guides = parse_filter('displayName eq "guides"', GROUP_TYPE)
    return unit.resources.find(Query("Group", guides, with_members=False)).resources[0].id


def change_group(unit: UnitOfWork, change: MembershipChange) -> None:
    group = unit.resources.read("Group", group_id(unit), with_members=False)
    unit.resources.update(group, group.document, change, with_members=False)


def add_member(unit: UnitOfWork) -> None:
    change_group(unit, MembershipChange(add=(Member(user_id(unit, "u2")),)))


def remove_member(unit: UnitOfWork) -> None:
    change_group(unit, MembershipChange(remove=(user_id(unit, "u0"),)))


def rename_user(unit: UnitOfWork) -> None:
    user = unit.resources.read("User", user_id(unit, "u0"))
    unit.resources.update(user, NEW, MembershipChange())


def delete_user(unit: UnitOfWork) -> None:
    unit.resources.delete("User", user_id(unit, "u0"))


def select_member(unit: UnitOfWork) -> None:
    selected = parse_path(f'members[value eq "{user_id(unit, "u0")}"]', GROUP_TYPE).condition
    assert selected is not None
    assert len(unit.resources.matching_members(group_id(unit), selected)) == 1


def create_user(unit: UnitOfWork) -> None:
    unit.resources.create("User", NEW)


def look_up_account(unit: UnitOfWork) -> None:
    unit.account(user_id(unit, "u0"))
    unit.find_accounts("u0@x.example")


def read_audit_trail(unit: UnitOfWork) -> None:
    unit.audit_trail(subject_id="x")


WORK = [
    create_user,
    rename_user,
    delete_user,
    add_member,
    remove_member,
    select_member,
    look_up_account,
    read_audit_trail,
]
FILTERS = {
    "User": [
        'userName eq "u0"',
        'userName sw "u"',
        'externalId eq "x"',
        'displayName eq "x"',
        'id eq "x"',
        'emails.value eq "u0@x.example"',
        'emails[type eq "work" and value eq "u0@x.example"]',
    ],
    "Group": [
        'members.value eq "x"',
        'members[value eq "x"]',
        'displayName eq "guides" and members.value eq "x"',
    ],
}


def growing_steps(database: SqlDatabase, url: str, work: Callable[[UnitOfWork], object]) -> list[tuple[str, str]]:
    """Return (statement, step) of what work does that would take longer in a larger directory."""
    with statements() as sent, database.transaction(APP, CAUSE) as unit:
        work(unit)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        plans = [(sql, step) for sql, bound in sent for step in plan(connection, sql, bound)]
    assert sent
    return [(sql, step) for sql, step in plans if GROWS.search(step)]


@pytest.mark.parametrize("work", WORK)
def test_a_push_costs_the_same_in_any_directory(
    furnished: SqlDatabase, sqlite_url: str, work: Callable[[UnitOfWork], object]
) -> None:
    assert growing_steps(furnished, sqlite_url, work) == []


@pytest.mark.parametrize(("resource_type", "text"), [(kind, text) for kind, texts in FILTERS.items() for text in texts])
def test_a_filter_on_an_indexed_attribute_uses_the_index(
    furnished: SqlDatabase, sqlite_url: str, resource_type: str, text: str
) -> None:
    condition = parse_filter(text, USER_TYPE if resource_type == "User" else GROUP_TYPE)
    query = Query(resource_type, condition, with_members=False)
    assert growing_steps(furnished, sqlite_url, lambda unit: unit.resources.find(query)) == []


@pytest.mark.parametrize("text", ['groups.value eq "x"', 'groups[value eq "x" and type eq "indirect"]'])
def test_the_users_of_a_group_are_found_from_the_group_on(furnished: SqlDatabase, sqlite_url: str, text: str) -> None:
    """Its members are read, and those of the groups in it. What they are in is asked of each."""
    query = Query("User", parse_filter(text, USER_TYPE), with_groups=False)
    steps = growing_steps(furnished, sqlite_url, lambda unit: unit.resources.find(query))
    assert {step for _, step in steps if "USING PRIMARY KEY (group_pk=?)" not in step} == set()


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    sent: list[tuple[str, Any]] = []

    def keep(statement: str, parameters: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            sent.append((statement, parameters))

    with watched(keep):
        yield sent


def plan(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[str]:
    return [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
