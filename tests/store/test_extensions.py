"""What is kept for extensions follows their definitions, however they change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from scim import urns
from scim.conformance.examples import BADGE
from scim.conformance.examples import RESOURCE_TYPES as EXAMPLES
from scim.core_schemas import ENTERPRISE_USER, GROUP_TYPE, RESOURCE_TYPES, USER, USER_TYPE
from scim.errors import Uniqueness
from scim.filter.parser import parse_filter
from scim.resource import MembershipChange
from scim.schema import Attribute, ResourceType, Schema, Type
from scim.schema import Uniqueness as Unique
from scim.store import Query
from syncd.core.changes import Cause
from syncd.store import (
    DuplicateValuesError,
    SchemaBehindError,
    SqlDatabase,
    check_extensions,
    extensions,
    open_database,
    upgrade_extensions,
)
from tests.conftest import APP, SteppingClock, opened, statements_during
from tests.workflows.pushing import Pusher

URN = BADGE.urn
CAUSE = Cause("test")
Types = tuple[ResourceType, ...]


def badge(**number: Any) -> Types:
    """Return resource types of which users have a badge: its number is defined so."""
    door = Attribute(name="value", case_exact=True, indexed=bool(number.get("indexed")))
    doors = Attribute(name="doors", type=Type.COMPLEX, multi_valued=True, sub_attributes=(door, Attribute(name="type")))
    schema = Schema(URN, "Badge", "", (Attribute(name="number", **number), doors))
    return ResourceType("User", "/Users", "", USER, (ENTERPRISE_USER, schema)), GROUP_TYPE


PLAIN, MARKED, EXACT, UNIQUE = (
    badge(),
    badge(indexed=True),
    badge(indexed=True, case_exact=True),
    badge(uniqueness=Unique.SERVER),
)


def renew(url: str, types: Sequence[ResourceType]) -> int:
    return upgrade_extensions(url, types, lambda _: None)


def create(database: SqlDatabase, name: str, number: str, app: str = APP) -> str:
    document = {"userName": name, URN: {"number": number, "doors": [{"value": f"D{number}", "type": "front"}]}}
    with database.transaction(app, CAUSE) as unit:
        return unit.resources.create("User", document).id


def found(database: SqlDatabase, types: Types, text: str, app: str = APP) -> list[str]:
    condition = parse_filter(text.replace("URN", URN), types[0])
    with database.reading(app) as unit:
        return [str(one.document["userName"]) for one in unit.resources.find(Query("User", condition)).resources]


FILTERS = {
    'URN:number eq "a1"': ["ann"],
    'URN:number sw "a"': ["ann", "bob"],
    'URN:number gt "a1"': ["bob", "carl"],
    'URN:number ne "a1"': ["bob", "carl", "dora"],
    "URN:number pr": ["ann", "bob", "carl"],
    'URN:doors.value eq "Db1"': ["carl"],
    'URN:doors.value eq "DB1"': [],
    'URN:doors eq "DA1"': ["ann"],
    'URN:doors[value eq "DA2" and type eq "front"]': ["bob"],
    'URN:doors[value eq "DA2" and type eq "back"]': [],
    'not (URN:doors.value eq "DA2")': ["ann", "carl", "dora"],
}


def furnish(database: SqlDatabase) -> None:
    for name, number in (("ann", "A1"), ("bob", "A2"), ("carl", "b1")):
        create(database, name, number)
    with database.transaction(APP, CAUSE) as unit:
        unit.resources.create("User", {"userName": "dora"})


def agree(database: SqlDatabase, types: Types) -> None:
    assert {text: found(database, types, text) for text in FILTERS} == FILTERS


def test_with_and_without_an_index_the_same_is_found_also_while_it_is_incomplete(
    database_url: str, clock: SteppingClock
) -> None:
    with opened(database_url, clock, PLAIN) as database:
        furnish(database)
        agree(database, PLAIN)
    with opened(database_url, clock, MARKED) as database:
        agree(database, MARKED)
    assert renew(database_url, MARKED) == 1
    with opened(database_url, clock, MARKED) as database:
        agree(database, MARKED)
        create(database, "emma", "A3")
        assert found(database, MARKED, 'URN:number eq "a3"') == ["emma"]
        with database.transaction(APP, CAUSE) as unit:
            emma = unit.resources.find(Query("User", parse_filter('userName eq "emma"', USER_TYPE))).resources[0]
            unit.resources.update(emma, {"userName": "emma", URN: {"number": "A4"}}, MembershipChange())
        assert found(database, MARKED, 'URN:number eq "a3"') == []
        assert found(database, MARKED, 'URN:number eq "a4"') == ["emma"]


def test_an_index_is_used_once_it_is_complete_and_not_before(sqlite_url: str, clock: SteppingClock) -> None:
    def asked() -> str:
        with opened(sqlite_url, clock, MARKED) as database:
            found(database, MARKED, 'userName eq "warm"')

            def ask() -> None:
                found(database, MARKED, 'URN:number eq "a1"')

            return "".join(statements_during(ask))

    renew(sqlite_url, PLAIN)
    assert "attr_value" not in asked()
    renew(sqlite_url, MARKED)
    assert "attr_value" in asked()


def test_a_changed_definition_is_refused_until_it_is_made_anew(database_url: str, clock: SteppingClock) -> None:
    check_extensions(database_url, RESOURCE_TYPES)
    for types in (PLAIN, MARKED, EXACT, RESOURCE_TYPES, PLAIN):
        with pytest.raises(SchemaBehindError, match=f"{URN}.*syncd db upgrade"):
            check_extensions(database_url, types)
        assert renew(database_url, types) == 1
        check_extensions(database_url, types)
        assert renew(database_url, types) == 0


def test_what_case_means_follows_the_definition(database_url: str, clock: SteppingClock) -> None:
    with opened(database_url, clock, MARKED) as database:
        furnish(database)
    for types, expected in ((EXACT, []), (MARKED, ["ann"]), (EXACT, [])):
        renew(database_url, types)
        with opened(database_url, clock, types) as database:
            assert found(database, types, 'URN:number eq "a1"') == expected
            assert found(database, types, 'URN:number eq "A1"') == ["ann"]


def test_what_was_taken_away_and_came_back_is_complete_again(database_url: str, clock: SteppingClock) -> None:
    renew(database_url, MARKED)
    with opened(database_url, clock, MARKED) as database:
        furnish(database)
    renew(database_url, RESOURCE_TYPES)
    with opened(database_url, clock, RESOURCE_TYPES) as database, database.transaction(APP, CAUSE) as unit:
        ann = unit.resources.find(Query("User", parse_filter('userName eq "ann"', USER_TYPE))).resources[0]
        unit.resources.update(ann, {"userName": "ann"}, MembershipChange())
    renew(database_url, MARKED)
    with opened(database_url, clock, MARKED) as database:
        assert found(database, MARKED, 'URN:number eq "a1"') == []
        assert found(database, MARKED, 'URN:number eq "a2"') == ["bob"]


def test_what_becomes_unique_is_claimed_and_duplicates_are_told_without_their_value(
    database_url: str, clock: SteppingClock
) -> None:
    with opened(database_url, clock, PLAIN) as database:
        ids = [create(database, "ann", "secret"), create(database, "bob", "SECRET"), create(database, "carl", "other")]
    with pytest.raises(DuplicateValuesError, match=f"number of User {ids[1]}") as told:
        renew(database_url, UNIQUE)
    assert "secret" not in str(told.value).lower()
    with pytest.raises(SchemaBehindError):
        check_extensions(database_url, UNIQUE)
    with opened(database_url, clock, PLAIN) as database, database.transaction(APP, CAUSE) as unit:
        bob = unit.resources.read("User", ids[1])
        unit.resources.update(bob, {"userName": "bob", URN: {"number": "own"}}, MembershipChange())
    renew(database_url, UNIQUE)
    with opened(database_url, clock, UNIQUE) as database:
        with pytest.raises(Uniqueness):
            create(database, "dora", "Secret")
        create(database, "dora", "new")


def test_many_are_made_anew_in_batches_with_progress_and_each_application_for_itself(
    database_url: str, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "_NEXT", extensions._NEXT.limit(2))
    with opened(database_url, clock, PLAIN) as database:
        database.ensure_app("other", "0oaother000000000001")
        for number in range(5):
            create(database, f"user{number}", f"n{number}")
            create(database, f"user{number}", f"n{number}", "other")
    told: list[str] = []
    upgrade_extensions(database_url, UNIQUE, told.append)
    assert told[-1] == f"{URN}: 10 resources of type User looked at"
    assert len(told) == 12
    with opened(database_url, clock, UNIQUE) as database:
        for app in (APP, "other"):
            with pytest.raises(Uniqueness):
                create(database, "more", "N3", app)


def test_a_renewal_that_was_stopped_is_repeated_from_the_start(
    database_url: str, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew(database_url, MARKED)
    with opened(database_url, clock, MARKED) as database:
        furnish(database)

    def stop(message: str) -> None:
        if "looked at" in message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade_extensions(database_url, EXACT, stop)
    for types in (MARKED, EXACT):
        with pytest.raises(SchemaBehindError):
            check_extensions(database_url, types)
    renew(database_url, EXACT)
    with opened(database_url, clock, EXACT) as database:
        assert found(database, EXACT, 'URN:number eq "A1"') == ["ann"]


def test_of_two_renewals_at_once_the_later_one_is_done_and_the_earlier_one_told(
    database_url: str, clock: SteppingClock
) -> None:
    with opened(database_url, clock, PLAIN) as database:
        furnish(database)
    told: list[str] = []

    def interrupt(message: str) -> None:
        told.append(message)
        if len(told) == 1:
            renew(database_url, MARKED)

    with pytest.raises(SchemaBehindError, match="took over"):
        upgrade_extensions(database_url, EXACT, interrupt)
    check_extensions(database_url, MARKED)
    with opened(database_url, clock, MARKED) as database:
        agree(database, MARKED)


def test_an_index_that_is_being_made_anew_is_not_used_by_those_who_still_run(
    database_url: str, clock: SteppingClock
) -> None:
    renew(database_url, MARKED)

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with opened(database_url, clock, MARKED) as running:
        furnish(running)
        agree(running, MARKED)
        with pytest.raises(KeyboardInterrupt):
            upgrade_extensions(database_url, EXACT, stop)
        agree(running, MARKED)


def test_an_extension_that_is_not_served_is_not_shown(database_url: str, clock: SteppingClock) -> None:
    with opened(database_url, clock, PLAIN) as database:
        user = create(database, "ann", "A1")
    database = open_database(database_url, clock=clock, new_id=lambda: "unused")
    body = Pusher(database, APP).send("GET", f"/Users/{user}").body
    database.close()
    assert URN not in body
    assert body["schemas"] == [urns.USER]


def test_what_is_never_returned_is_in_no_audit_event(database_url: str, clock: SteppingClock) -> None:
    secrets = {"secret": "hush-1", "doors": [{"value": "d1", "code": "hush-2"}], "number": "told"}
    with opened(database_url, clock, EXAMPLES) as database:
        with database.transaction(APP, CAUSE) as unit:
            user = unit.resources.create("User", {"userName": "ann", URN: secrets})
            changed = {"userName": "ann", URN: {**secrets, "secret": "hush-3", "number": "told-2"}}
            unit.resources.update(user, changed, MembershipChange())
            unit.resources.delete("User", user.id)
        with database.reading(APP) as unit:
            trail = str(unit.audit_trail(subject_id=user.id))
            assert unit.count_audit_events() == 3
    assert "told-2" in trail
    assert "hush" not in trail


def test_a_definition_that_differs_in_nothing_kept_is_the_same() -> None:
    user, group = PLAIN
    described = replace(user.extensions[1], description="Another text")
    again = replace(user, extensions=(ENTERPRISE_USER, described)), group
    assert extensions.definitions(again) == extensions.definitions(PLAIN)
    assert extensions.definitions(RESOURCE_TYPES) == {}
