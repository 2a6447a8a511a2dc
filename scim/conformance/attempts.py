"""The rules of `ResourceStore.attempt`, and of what must be unique in an extension, as tests."""

from scim.conformance.examples import BADGE
from scim.conformance.steps import create_badged, create_group, create_user, give_up, refused
from scim.errors import NotFound, Uniqueness
from scim.resource import Member, MembershipChange
from scim.store import Query, ResourceStore

_NO_CHANGE = MembershipChange()


class AttemptContract:
    """What is undone, and what stays."""

    def test_an_attempt_that_succeeds_stays(self, store: ResourceStore) -> None:
        with store.attempt():
            user = create_user(store, "ann")
            with store.attempt():
                store.update(user, {"userName": "bob"}, _NO_CHANGE)
        assert store.read("User", user.id).document == {"userName": "bob"}

    def test_an_attempt_that_raises_leaves_nothing_of_what_it_did_and_all_of_what_was(
        self, store: ResourceStore
    ) -> None:
        ann, bob = create_user(store, "ann"), create_user(store, "bob")
        group = create_group(store, "guides", ann)
        with refused(NotFound), store.attempt():
            create_user(store, "carl")
            store.update(ann, {"userName": "zoe"}, _NO_CHANGE)
            store.update(group, {"displayName": "others"}, MembershipChange(add=(Member(bob.id),), remove=(ann.id,)))
            store.delete("User", bob.id)
            give_up()
        assert store.find(Query("User")).resources == tuple(store.read("User", one.id) for one in (ann, bob))
        assert store.read("User", ann.id).document == ann.document
        assert store.read("Group", group.id) == group

    def test_names_are_free_or_taken_again_after_an_attempt_that_raised(self, store: ResourceStore) -> None:
        ann = create_user(store, "ann")
        with refused(NotFound), store.attempt():
            store.update(ann, {"userName": "bob"}, _NO_CHANGE)
            create_user(store, "ann")
            give_up()
        with refused(Uniqueness):
            create_user(store, "ann")
        create_user(store, "bob")

    def test_what_was_read_before_an_attempt_that_raised_can_still_be_changed(self, store: ResourceStore) -> None:
        ann = create_user(store, "ann")
        with refused(NotFound), store.attempt():
            store.update(ann, {"userName": "bob"}, _NO_CHANGE)
            give_up()
        after = store.update(ann, {"userName": "carl"}, _NO_CHANGE)
        assert (after.version, store.read("User", ann.id)) == (ann.version + 1, after)

    def test_of_attempts_within_attempts_only_the_one_that_raises_is_undone(self, store: ResourceStore) -> None:
        with store.attempt():
            ann = create_user(store, "ann")
            with refused(Uniqueness), store.attempt():
                bob = create_user(store, "bob")
                store.update(bob, {"userName": "ANN"}, _NO_CHANGE)
            carl = create_user(store, "carl")
        assert [found.id for found in store.find(Query("User")).resources] == [ann.id, carl.id]


class UniquenessContract:
    """What only one resource may have."""

    def test_a_unique_value_of_an_extension_is_one_resources_alone(self, store: ResourceStore) -> None:
        ann = create_badged(store, "ann", number="A1", serial="s1")
        for taken in ({"number": "a1"}, {"serial": "s1"}):
            with refused(Uniqueness):
                create_badged(store, "bob", **taken)
        bob = create_badged(store, "bob", number="b1", serial="S1")
        for taken in ({"number": "A1"}, {"number": "b2", "serial": "s1"}):
            with refused(Uniqueness, BADGE.urn):
                store.update(bob, {"userName": "carl", BADGE.urn: taken}, _NO_CHANGE)
        assert store.find(Query("User")).resources == (ann, bob)
        again = store.update(ann, {"userName": "ann", BADGE.urn: {"number": "a1", "serial": "s1"}}, _NO_CHANGE)
        assert again.version == ann.version + 1

    def test_a_unique_part_of_a_value_is_one_resources_alone(self, store: ResourceStore) -> None:
        create_badged(store, "ann", doors=[{"value": "d1", "key": "k1"}, {"value": "d2", "key": "k1"}])
        with refused(Uniqueness, "doors.key"):
            create_badged(store, "bob", doors=[{"value": "d3", "key": "K1"}])
        create_badged(store, "bob", doors=[{"value": "d1", "key": "k2"}, {"value": "d2"}])

    def test_a_unique_value_is_free_again_after_change_deletion_and_an_attempt_that_raised(
        self, store: ResourceStore
    ) -> None:
        ann, bob = create_badged(store, "ann", number="1"), create_badged(store, "bob", number="2")
        store.update(ann, {"userName": "ann"}, _NO_CHANGE)
        store.delete("User", bob.id)
        with refused(NotFound), store.attempt():
            create_badged(store, "carl", number="3")
            give_up()
        create_badged(store, "dora", number="1", serial="x")
        create_badged(store, "emma", number="2")
        create_badged(store, "fred", number="3")
