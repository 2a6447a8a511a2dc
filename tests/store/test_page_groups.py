"""Groups on pages: what is read once for a page tells of every user what the store in memory tells."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.resource import Member, MembershipChange, StoredResource
from scim.store import Query, ResourceStore
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.store.page_groups import PageGroups
from tests.conftest import APP
from tests.scim.endpoint import memory_store
from tests.store.test_filter_to_sql import trial

USERS, GROUPS = 5, 4
EVERYTHING = (("Group", None),)
Edge = tuple[int, int]


def edges(members: st.SearchStrategy[int]) -> st.SearchStrategy[list[Edge]]:
    return st.lists(st.tuples(st.integers(0, GROUPS - 1), members), max_size=12)


def fill(store: ResourceStore) -> tuple[list[str], list[str]]:
    """Create users and groups in turn, so that a page of everything has both, and return the ids of each."""
    users, groups = [], []
    for number in range(max(USERS, GROUPS)):
        if number < USERS:
            users.append(store.create("User", {"userName": f"u{number}"}).id)
        if number < GROUPS:
            groups.append(store.create("Group", {"displayName": f"g{number}"}).id)
    return users, groups


def put_in(store: ResourceStore, group_id: str, member_id: str) -> None:
    group = store.read("Group", group_id, with_members=False)
    store.update(group, group.document, MembershipChange(add=(Member(member_id),)), with_members=False)


def pages(store: ResourceStore, size: int) -> list[tuple[int | None, list[tuple[str, str | None]]]]:
    """Return what every page tells of groups, by display and type, of users and of everything."""
    told = []
    for beside in ((), EVERYTHING):
        for start in range(1, USERS + GROUPS + 1, size):
            found = store.find(Query("User", start_index=start, count=size, beside=beside, with_members=False))
            told += [
                (one.member_count, [(str(group.display), group.type) for group in one.groups])
                for one in found.resources
            ]
    return told


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(direct=edges(st.integers(0, USERS - 1)), nested=edges(st.integers(0, GROUPS - 1)), size=st.integers(1, 9))
def test_a_page_tells_of_groups_what_the_store_in_memory_tells(
    database: SqlDatabase, direct: list[Edge], nested: list[Edge], size: int
) -> None:
    reference = memory_store()
    with trial(database) as store:
        filled = [(one, *fill(one)) for one in (store, reference)]
        for group, user in direct:
            for one, users, groups in filled:
                put_in(one, groups[group], users[user])
        assert pages(store, size) == pages(reference, size)
        for outer, inner in nested:
            if outer > inner:  # no circle
                for one, _, groups in filled:
                    put_in(one, groups[outer], groups[inner])
                assert pages(store, size) == pages(reference, size)


def test_a_group_around_a_group_is_on_the_next_page_that_is_asked_for(database: SqlDatabase) -> None:
    def listed() -> dict[str, StoredResource]:
        with database.asking(APP) as unit:
            return {one.id: one for one in unit.resources.find(Query("User")).resources}

    with database.transaction(APP, Cause("test")) as unit:
        (ann, bob, *_), (inner, outer, *_) = fill(unit.resources)
        put_in(unit.resources, inner, ann)
        put_in(unit.resources, outer, bob)
    assert listed()[ann].groups == (Member(inner, "g0", "direct"),)
    with database.transaction(APP, Cause("test")) as unit:
        put_in(unit.resources, outer, inner)
    assert listed()[ann].groups == (Member(inner, "g0", "direct"), Member(outer, "g1", "indirect"))
    assert listed()[bob].groups == (Member(outer, "g1", "direct"),)


def test_users_of_a_page_share_what_their_groups_are_made_of(database: SqlDatabase) -> None:
    with trial(database) as store:
        (ann, bob, *_), (group, *_) = fill(store)
        for user in (ann, bob):
            put_in(store, group, user)
        first, second, *_ = store.find(Query("User")).resources
        assert first.groups[0] is second.groups[0]


def test_groups_that_contain_each_other_are_told_once() -> None:
    groups = PageGroups([(0, 1, "a", "A"), (2, 1, "a", "A"), (1, 2, "b", "B"), (0, 3, "c", None), (2, 3, "c", None)])
    b, c = Member("b", "B", "indirect"), Member("c", None, "indirect")
    assert groups.of([1]) == (Member("a", "A", "direct"), b, c)
    assert groups.of([3, 1]) == (Member("a", "A", "direct"), b, Member("c", None, "direct"))
    assert groups.of([3]) == (Member("c", None, "direct"),)
