"""The rules of sorted lists, of walks by position, and of lists over several resource types, as tests."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from scim.conformance.examples import BADGE, DOCUMENTS, USER_WITH_BADGE
from scim.conformance.steps import create_badged, create_group, create_user
from scim.core_schemas import GROUP_TYPE
from scim.filter.matching import matches
from scim.filter.parser import parse_filter
from scim.resource import MembershipChange, StoredResource, view
from scim.schema import ResourceType
from scim.sorting import Sort, read_sort, sort_key
from scim.store import START, Position, Query, ResourceStore

_TYPES = {one.name: one for one in (USER_WITH_BADGE, GROUP_TYPE)}
_NO_CHANGE = MembershipChange()
_SORTS = (
    *("userName", "id", "externalId", "displayName", "active", "title", "name.familyName", "emails", "emails.type"),
    *("phoneNumbers.value", "roles", "meta.created", "meta.lastModified", "meta.version", "meta.resourceType"),
    *("schemas", f"{BADGE.urn}:level", f"{BADGE.urn}:issued", f"{BADGE.urn}:doors.value"),
)
_MIXED_FILTERS = (
    'displayName co "u"',
    'userName eq "zz" or displayName eq "guides"',
    'userName ne "zz"',
    'not (members.value eq "nobody")',
    'meta.resourceType eq "Group"',
    "emails pr",
    'emails[type eq "work"] or members pr',
)


class ListContract:
    """What holds for the order of lists, and for going through them."""

    def test_every_order_is_that_of_the_reference_meaning(self, store: ResourceStore) -> None:
        everything = _furnish(store)
        users = [one for one in everything if one.resource_type == "User"]
        for name, descending in product(_SORTS, (False, True)):
            sort = _sort(name, descending=descending, resource_types=(USER_WITH_BADGE,))
            expected = _ids(_sorted(users, sort))
            found = store.find(Query("User", sort=sort))
            assert (_ids(found.resources), found.total) == (expected, len(users)), (name, descending)
            paged = store.find(Query("User", sort=sort, start_index=3, count=2))
            assert (_ids(paged.resources), paged.total) == (expected[2:4], len(users)), (name, descending)

    def test_what_has_no_value_is_last_in_ascending_order_and_first_in_descending_order(
        self, store: ResourceStore
    ) -> None:
        for name, title in (("a", "Chef"), ("b", None), ("c", "Baker"), ("d", None)):
            store.create("User", {"userName": name} | ({"title": title} if title else {}))
        titles = {False: ["c", "a", "b", "d"], True: ["d", "b", "a", "c"]}
        for descending, expected in titles.items():
            page = store.find(Query("User", sort=_sort("title", descending=descending)))
            assert [one.document["userName"] for one in page.resources] == expected

    def test_of_several_values_the_primary_one_sorts_else_the_first_one(self, store: ResourceStore) -> None:
        values = {"first": [("c", False), ("x", False)], "primary": [("z", False), ("b", True)], "only": [("a", False)]}
        for name, emails in values.items():
            mails = [{"value": value, "primary": primary} for value, primary in emails]
            store.create("User", {"userName": name, "emails": mails})
        page = store.find(Query("User", sort=_sort("emails")))
        assert [one.document["userName"] for one in page.resources] == ["only", "primary", "first"]

    def test_a_sorted_list_may_be_filtered(self, store: ResourceStore) -> None:
        for number in (3, 1, 2, 4):
            store.create("User", {"userName": f"u{number}", "active": number != 2})
        condition = parse_filter("active eq true", USER_WITH_BADGE)
        page = store.find(Query("User", condition, sort=_sort("userName", descending=True), start_index=2, count=5))
        assert ([one.document["userName"] for one in page.resources], page.total) == (["u3", "u1"], 3)

    def test_several_types_are_one_list_with_one_total(self, store: ResourceStore) -> None:
        everything = _furnish(store)
        for count in (1, 3, 100):
            starts = range(1, len(everything) + 2, count)
            pages = [store.find(Query("User", beside=(("Group", None),), start_index=at, count=count)) for at in starts]
            assert {page.total for page in pages} == {len(everything)}
            assert [one for page in pages for one in page.resources] == everything
        for name, descending in product(("displayName", "userName", "meta.lastModified", "id"), (False, True)):
            sort = _sort(name, descending=descending)
            page = store.find(Query("Group", beside=(("User", None),), sort=sort, start_index=2, count=4))
            assert _ids(page.resources) == _ids(_sorted(everything, sort))[1:5], (name, descending)

    def test_a_type_has_no_value_for_an_attribute_of_another_type(self, store: ResourceStore) -> None:
        everything = _furnish(store)
        for text in _MIXED_FILTERS:
            query = _mixed(text)
            conditions = dict(query.selections())
            expected = [one for one in everything if _meets(one, conditions[one.resource_type])]
            page = store.find(query)
            assert (_ids(page.resources), page.total) == (_ids(expected), len(expected)), text

    def test_a_walk_meets_everything_once_in_order_in_both_directions(self, store: ResourceStore) -> None:
        everything = _furnish(store)
        users = [one for one in everything if one.resource_type == "User"]
        queries = [(Query("User"), users), (Query("User", beside=(("Group", None),)), everything)]
        for (query, expected), name, count in product(queries, (None, "title", "active"), (2, 50)):
            for descending in (False, True) if name else (False,):
                sort = _sort(name, descending=descending) if name else None
                ordered = _sorted(expected, sort) if sort else expected
                there = list(_walk(store, replace(query, sort=sort, count=count)))
                assert _ids(one for page in there for one in page) == _ids(ordered), (name, descending, count)
                assert all(len(page) == count for page in there[:-1])

    def test_a_walk_goes_on_where_it_was_whatever_comes_and_goes(self, store: ResourceStore) -> None:
        first, second, third = (create_user(store, name) for name in ("b", "d", "f"))
        sort = _sort("userName")
        page = store.find(Query("User", sort=sort, count=2, position=START))
        assert (_ids(page.resources), page.preceding) == ([first.id, second.id], None)
        store.delete("User", second.id)
        create_user(store, "a")
        between = create_user(store, "e")
        rest = store.find(Query("User", sort=sort, count=5, position=page.following))
        assert (_ids(rest.resources), rest.following) == ([between.id, third.id], None)

    def test_a_walk_may_be_filtered_and_counts_what_matches(self, store: ResourceStore) -> None:
        _furnish(store)
        query = replace(_mixed('displayName co "u"'), count=1)
        found = [one for page in _walk(store, query) for one in page]
        assert _ids(found) == _ids(store.find(replace(query, count=100)).resources)
        assert store.find(replace(query, position=START)).total == len(found)

    def test_a_walk_of_pages_without_resources_is_at_its_end(self, store: ResourceStore) -> None:
        create_user(store, "ann")
        for query in (Query("User", count=0, position=START), Query("Group", position=START)):
            page = store.find(query)
            assert (page.resources, page.following, page.preceding) == ((), None, None)

    def test_groups_are_left_out_when_they_are_not_asked_for(self, store: ResourceStore) -> None:
        user = create_user(store, "ann")
        create_group(store, "guides", user)
        assert store.read("User", user.id, with_groups=False) == replace(store.read("User", user.id), groups=())
        for query in (Query("User"), Query("User", sort=_sort("userName"), count=1), Query("User", position=START)):
            (found,) = store.find(replace(query, with_groups=False)).resources
            assert found.groups == ()
            (found,) = store.find(query).resources
            assert [group.display for group in found.groups] == ["guides"]


def _furnish(store: ResourceStore) -> list[StoredResource]:
    """Create users and groups of every kind, in turn, and return them in the order of creation, as lists show them."""
    users = [store.create("User", document) for document in DOCUMENTS]
    guides = create_group(store, "guides", users[0], users[2])
    high = create_badged(
        store, "badge1", level=10, issued="2026-01-01T00:00:00.000Z", office="x", doors=[{"value": "d9"}]
    )
    low = create_badged(store, "badge2", level=9, office="x", doors=[{"value": "D1"}, {"value": "d1"}])
    about = create_group(store, "über uns")
    store.update(about, {**about.document, "externalId": "00g"}, _NO_CHANGE)
    store.update(users[1], {**users[1].document, "title": "Baker"}, _NO_CHANGE)
    return [store.read(one.resource_type, one.id) for one in (*users, guides, high, low, about)]


def _sort(
    name: str, *, descending: bool = False, resource_types: tuple[ResourceType, ...] = (USER_WITH_BADGE, GROUP_TYPE)
) -> Sort:
    order = "descending" if descending else "ascending"
    sort = read_sort({"sortBy": name, "sortOrder": order}, resource_types)
    assert sort is not None
    return sort


def _sorted(resources: Iterable[StoredResource], sort: Sort) -> list[StoredResource]:
    """Return the resources, which come in the order of creation, in the order that the reference meaning says."""
    keyed = [(sort_key(sort.path, one, _TYPES[one.resource_type]), one) for one in resources]
    valued = sorted(((key, one) for key, one in keyed if key is not None), key=lambda pair: pair[0])
    ordered = [*(one for _, one in valued), *(one for key, one in keyed if key is None)]
    return ordered[::-1] if sort.descending else ordered


def _mixed(text: str) -> Query:
    """Return a query for users and groups with the filter as it means for each."""
    user = parse_filter(text, USER_WITH_BADGE, beside=[GROUP_TYPE])
    group = parse_filter(text, GROUP_TYPE, beside=[USER_WITH_BADGE])
    return Query("User", user, beside=(("Group", group),))


def _meets(stored: StoredResource, condition: object) -> bool:
    return matches(condition, view(stored, _TYPES[stored.resource_type]))  # type: ignore[arg-type] # it was parsed


def _walk(store: ResourceStore, query: Query) -> Iterator[tuple[StoredResource, ...]]:
    """Yield the pages of a list from its start to its end, having found that the way back leads through the same."""
    position: Position | None = START
    before: tuple[StoredResource, ...] = ()
    while position is not None:
        page = store.find(replace(query, position=position))
        assert (page.preceding is None) == (not before)
        if page.preceding is not None:
            assert store.find(replace(query, position=page.preceding)).resources == before
        yield page.resources
        before, position = page.resources, page.following


def _ids(resources: Iterable[StoredResource]) -> list[str]:
    return [one.id for one in resources]
