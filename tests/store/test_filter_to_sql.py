"""Filters in SQL against the reference meaning: random resources, random filters, both databases."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.core_schemas import GROUP_TYPE, RESOURCE_TYPES, USER_TYPE
from scim.filter.matching import matches, value_matches
from scim.filter.parser import parse_filter, parse_path
from scim.filter.syntax import Operator
from scim.resource import view
from scim.schema import ResourceType, Type
from scim.store import Query, ResourceStore
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.store.filter_tests import successor
from tests.conftest import APP
from tests.store.random_filters import LITERALS, TEXTS, World, conditions, filters, populate, worlds


class RolledBackError(Exception):
    """Ends a unit of work so that nothing of it stays."""


@contextmanager
def trial(database: SqlDatabase) -> Iterator[ResourceStore]:
    """An empty store, of which nothing stays."""
    with suppress(RolledBackError), database.transaction(APP, Cause("test")) as unit:
        yield unit.resources
        raise RolledBackError


def check(store: ResourceStore, resource_type: ResourceType, text: str) -> None:
    condition = parse_filter(text, resource_type)
    everything = store.find(Query(resource_type.name)).resources
    expected = [one.id for one in everything if matches(condition, view(one, resource_type))]
    page = store.find(Query(resource_type.name, condition))
    assert [one.id for one in page.resources] == expected, text
    assert page.total == len(expected)
    assert store.find(Query(resource_type.name, condition, count=0)).total == len(expected)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    world=worlds,
    users=st.lists(filters(USER_TYPE), min_size=8, max_size=12),
    groups=st.lists(filters(GROUP_TYPE), min_size=4, max_size=6),
)
def test_sql_and_the_reference_meaning_give_the_same_resources(
    database: SqlDatabase, world: World, users: list[str], groups: list[str]
) -> None:
    with trial(database) as store:
        populate(store, world)
        for text in users:
            check(store, USER_TYPE, text)
        for text in groups:
            check(store, GROUP_TYPE, text)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds, texts=st.lists(conditions("Group.members"), min_size=4, max_size=8))
def test_members_that_meet_a_condition_are_those_of_the_reference(
    database: SqlDatabase, world: World, texts: list[str]
) -> None:
    with trial(database) as store:
        populate(store, world)
        for group in store.find(Query("Group")).resources:
            values = view(group, GROUP_TYPE)["members"]
            for text in texts:
                condition = parse_path(f"members[{text}]", GROUP_TYPE).condition
                assert condition is not None
                expected = tuple(one["value"] for one in values if value_matches(condition, one))
                assert store.matching_members(group.id, condition) == expected, text


@pytest.mark.parametrize("path", ["nickName", "displayName", "emails.value"])
def test_each_operator_gives_the_reference_answer_for_each_pair_of_texts(database: SqlDatabase, path: str) -> None:
    """In the JSON document, in a column, and in the index of values."""
    with trial(database) as store:
        for number, text in enumerate(TEXTS):
            value = {"emails": [{"value": text}]} if path == "emails.value" else {path: text}
            store.create("User", {"userName": str(number), **value})
        people = [(one.id, view(one, USER_TYPE)) for one in store.find(Query("User")).resources]
        for operator, text in product(Operator, LITERALS[::3]):
            condition = parse_filter(f"{path} {operator} {json.dumps(text)}", USER_TYPE)
            expected = [one for one, attributes in people if matches(condition, attributes)]
            assert [one.id for one in store.find(Query("User", condition)).resources] == expected, (operator, text)


@pytest.mark.parametrize("text", TEXTS)
def test_the_successor_of_a_text_comes_after_all_that_start_with_it_and_before_the_rest(text: str) -> None:
    end = successor(text)
    for other in (*TEXTS, *(f"{text}{tail}" for tail in TEXTS)):
        assert other.startswith(text) == (other >= text and (end is None or other < end))


def test_surrogates_are_no_successors_and_the_last_code_point_has_none() -> None:
    assert successor("\ud7ff") == "\ue000"
    assert successor("a\U0010ffff") == "b"
    assert successor("\U0010ffff\U0010ffff") is None


def test_lists_within_documents_are_lists_of_complex_values() -> None:
    """The compiler relies on it: a list of plain texts is not reached in the JSON document."""
    attributes = [one for kind in RESOURCE_TYPES for schema in kind.schemas() for one in schema.attributes]
    assert all(one.type is Type.COMPLEX for one in attributes if one.multi_valued)
    assert not any(part.multi_valued for one in attributes for part in one.sub_attributes)
