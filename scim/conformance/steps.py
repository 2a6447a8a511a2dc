"""What the tests of the contract do again and again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from scim.conformance.examples import BADGE
from scim.errors import NotFound, ScimError
from scim.filter.matching import matches
from scim.filter.parser import parse_filter
from scim.resource import Member, StoredResource, view
from scim.schema import ResourceType
from scim.store import Query, ResourceStore


def create_user(store: ResourceStore, name: str) -> StoredResource:
    """Create a user of that name."""
    return store.create("User", {"userName": name})


def create_badged(store: ResourceStore, name: str, **badge: object) -> StoredResource:
    """Create a user with a badge (`examples.BADGE`)."""
    return store.create("User", {"userName": name, BADGE.urn: badge})


def create_group(store: ResourceStore, name: str, *members: StoredResource) -> StoredResource:
    """Create a group of that name with those members."""
    return store.create("Group", {"displayName": name}, [Member(member.id) for member in members])


def give_up() -> None:
    """Fail as an operation does at its end."""
    raise NotFound("as an operation does that fails at its end")


def ids_of(group: StoredResource) -> set[str]:
    """Return the ids of a group's members."""
    return {member.value for member in group.members or ()}


def agree(store: ResourceStore, resource_type: ResourceType, filters: Iterable[str]) -> None:
    """Hold that the store finds by each filter what `scim.filter.matching` says."""
    everything = store.find(Query(resource_type.name)).resources
    for text in filters:
        condition = parse_filter(text, resource_type)
        expected = [stored.id for stored in everything if matches(condition, view(stored, resource_type))]
        page = store.find(Query(resource_type.name, condition))
        assert [stored.id for stored in page.resources] == expected, text
        assert page.total == len(expected), text


@contextmanager
def refused(error: type[ScimError], naming: str = "") -> Iterator[None]:
    """Hold that the block raises that error and no other, with `naming` in its detail."""
    try:
        yield
    except error as raised:
        detail = raised.detail
    else:
        raise AssertionError(f"{error.__name__} was not raised")
    assert naming in detail, detail
