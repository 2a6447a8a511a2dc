"""Groups within groups at random: the databases, the memory store and a naive closure name the same groups."""

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scim.core_schemas import USER_TYPE
from scim.errors import InvalidValue
from scim.filter.matching import matches
from scim.filter.parser import parse_filter
from scim.resource import Member, MembershipChange, view
from scim.store import Query, ResourceStore
from syncd.store import SqlDatabase
from tests.scim.endpoint import memory_store
from tests.store.test_filter_to_sql import trial

GROUPS, USERS = 6, 4
Step = tuple[str, int, int]

steps = st.lists(
    st.tuples(
        st.sampled_from(["put in", "put in", "put in", "put in", "take out", "delete"]),
        st.integers(0, GROUPS - 1),
        st.integers(0, GROUPS + USERS - 1),
    ),
    max_size=30,
)
CHAIN = [("put in", group + 1, group) for group in range(GROUPS - 1)] + [("put in", 0, GROUPS), ("put in", 0, 5)]


class Naive:
    """Pairs of (group, member), by their numbers, and what follows from them."""

    def __init__(self) -> None:
        self.pairs: set[tuple[int, int]] = set()

    def closure(self) -> set[tuple[int, int]]:
        closed = set(self.pairs)
        while more := {(a, d) for a, b in closed for c, d in closed if b == c} - closed:
            closed |= more
        return closed

    def may_put_in(self, group: int, member: int) -> bool:
        return group != member and (member, group) not in self.closure()

    def groups_of(self, user: int) -> dict[int, str]:
        return {
            group: "direct" if (group, user) in self.pairs else "indirect"
            for group, member in self.closure()
            if member == user
        }


def play(store: ResourceStore, script: list[Step]) -> None:
    """Do the steps, and hold the store to the naive closure after them, by reading, by listing and by filters."""
    ids = [store.create("Group", {"displayName": f"g{number}"}).id for number in range(GROUPS)]
    ids += [store.create("User", {"userName": f"u{number}"}).id for number in range(USERS)]
    naive, gone = Naive(), set[int]()
    for what, group, member in script:
        if {group, member} & gone:
            continue
        if what == "delete":
            store.delete("Group", ids[group])
            gone.add(group)
            naive.pairs = {pair for pair in naive.pairs if group not in pair}
        elif what == "take out":
            change(store, ids[group], MembershipChange(remove=(ids[member],)))
            naive.pairs.discard((group, member))
        else:
            allowed = naive.may_put_in(group, member)
            refusal = put_in(store, ids[group], ids[member])
            assert refusal is None if allowed else ids[member] in str(refusal)
            naive.pairs |= {(group, member)} if allowed else set()
    hold(store, ids, naive)


def put_in(store: ResourceStore, group_id: str, member_id: str) -> str | None:
    """Return why it was refused, if it was."""
    try:
        change(store, group_id, MembershipChange(add=(Member(member_id),)))
    except InvalidValue as error:
        return error.detail
    return None


def change(store: ResourceStore, group_id: str, membership: MembershipChange) -> None:
    group = store.read("Group", group_id, with_members=False)
    store.update(group, group.document, membership, with_members=False)


def hold(store: ResourceStore, ids: list[str], naive: Naive) -> None:
    listed = store.find(Query("User")).resources
    for number, user in enumerate(listed, GROUPS):
        expected = [Member(ids[group], f"g{group}", kind) for group, kind in sorted(naive.groups_of(number).items())]
        assert list(user.groups) == expected
        assert store.read("User", user.id) == user
    for group in ids[:GROUPS]:
        value = json.dumps(group)
        for text in (
            f"groups.value eq {value}",
            f'groups[value eq {value} and type eq "indirect"]',
            f'groups[value eq {value} and type ne "indirect"]',
            'groups[type eq "indirect" and display co "3"]',
        ):
            condition = parse_filter(text, USER_TYPE)
            expected_ids = [one.id for one in listed if matches(condition, view(one, USER_TYPE))]
            assert [one.id for one in store.find(Query("User", condition)).resources] == expected_ids, text


@settings(max_examples=100, deadline=None)
@given(steps)
@example(CHAIN)
def test_a_store_in_memory_names_the_groups_of_the_naive_closure(script: list[Step]) -> None:
    play(memory_store(), script)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=steps)
@example(script=CHAIN)
def test_a_database_names_the_groups_of_the_naive_closure(database: SqlDatabase, script: list[Step]) -> None:
    with trial(database) as store:
        play(store, script)
