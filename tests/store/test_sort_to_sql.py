"""Sorted lists and walks in SQL against the reference meaning: random resources, every attribute, both databases."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.core_schemas import RESOURCE_TYPES
from scim.errors import InvalidPath
from scim.filter.parser import parse_filter
from scim.resource import StoredResource
from scim.sorting import Sort, read_sort, sort_key
from scim.store import START, Position, Query, ResourceStore
from syncd.store import SqlDatabase
from tests.store.random_filters import CHOICES, World, filters, populate, worlds
from tests.store.test_filter_to_sql import trial

TYPES = {one.name: one for one in RESOURCE_TYPES}


def sortable() -> list[str]:
    found = []
    for name in sorted({path for one in TYPES for path, _ in CHOICES[one]}):
        try:
            read_sort({"sortBy": name}, RESOURCE_TYPES)
        except InvalidPath:
            continue
        found.append(name)
    return found


SORTABLE = sortable()


def in_order(resources: Iterable[StoredResource], sort: Sort) -> list[str]:
    """Return the ids of resources, which come in the order of creation, as the reference meaning sorts them."""
    keys = [(sort_key(sort.path, one, TYPES[one.resource_type]), one.id) for one in resources]
    valued = sorted(((key, one) for key, one in keys if key is not None), key=lambda pair: pair[0])
    ordered = [*(one for _, one in valued), *(one for key, one in keys if key is None)]
    return ordered[::-1] if sort.descending else ordered


def walked(store: ResourceStore, query: Query) -> list[str]:
    found: list[str] = []
    position: Position | None = START
    while position is not None:
        page = store.find(replace(query, position=position))
        found += [one.id for one in page.resources]
        position = page.following
    return found


def test_most_attributes_can_be_sorted_by() -> None:
    assert {"userName", "emails.value", "meta.created", "active"} < set(SORTABLE)
    assert not {name for name in SORTABLE if name.startswith(("members", "groups"))}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    world=worlds,
    asked=st.lists(st.tuples(st.sampled_from(SORTABLE), st.booleans(), st.integers(1, 4)), min_size=6, max_size=10),
    text=filters(TYPES["User"]),
)
def test_sql_and_the_reference_meaning_sort_alike(
    database: SqlDatabase, world: World, asked: list[tuple[str, bool, int]], text: str
) -> None:
    everything = Query("User", beside=(("Group", None),), count=1000)
    some = Query("User", parse_filter(text, TYPES["User"]), count=1000)
    with trial(database) as store:
        populate(store, world)
        for (name, descending, count), query in ((one, query) for one in asked for query in (everything, some)):
            sort = read_sort({"sortBy": name, "sortOrder": "descending" if descending else ""}, RESOURCE_TYPES)
            assert sort is not None
            expected = in_order(store.find(query).resources, sort)
            ordered = replace(query, sort=sort)
            assert [one.id for one in store.find(ordered).resources] == expected, (name, descending)
            part = store.find(replace(ordered, start_index=2, count=count))
            assert [one.id for one in part.resources] == expected[1 : 1 + count]
            assert part.total == len(expected)
            assert walked(store, replace(ordered, count=count)) == expected, (name, descending, count)
