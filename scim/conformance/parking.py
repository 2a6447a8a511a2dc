"""Members that are named before they are there."""

from scim.conformance.steps import create_group, create_user, ids_of, refused
from scim.errors import InvalidValue
from scim.resource import Member, MembershipChange, StoredResource
from scim.store import ResourceStore

WAITING = (Member("00u1", "Ann"), Member("00u2"))


def _parked(store: ResourceStore, *members: Member) -> StoredResource:
    return store.create("Group", {"displayName": "guides"}, members, park=True)


def _arrive(store: ResourceStore, external_id: str, name: str = "") -> StoredResource:
    return store.create("User", {"userName": name or external_id, "externalId": external_id})


class ParkingContract:
    """What holds for every store. All tests take `store`, which the subclass provides."""

    def test_whom_nobody_knows_is_neither_shown_nor_counted_and_comes_in_when_it_arrives(
        self, store: ResourceStore
    ) -> None:
        bob = create_user(store, "bob")
        group = _parked(store, Member(bob.id), *WAITING)
        assert (ids_of(group), group.member_count, set(group.parked)) == ({bob.id}, 1, {"00u1", "00u2"})
        ann = _arrive(store, "00u1")
        assert [one.value for one in ann.groups] == [group.id]
        after = store.read("Group", group.id)
        assert (ids_of(after), after.member_count, after.version) == ({bob.id, ann.id}, 2, group.version + 1)
        assert {one.display for one in after.members or () if one.value == ann.id} == {"Ann"}
        assert store.read("User", ann.id).groups == ann.groups
        second = _arrive(store, "00u1", "another")
        assert second.groups == ()

    def test_parking_changes_no_version_and_waits_once(self, store: ResourceStore) -> None:
        group = create_group(store, "guides")
        change = MembershipChange(add=WAITING, park=True)
        first = store.update(group, group.document, change)
        second = store.update(first, first.document, change)
        assert (first.version, second.version) == (group.version, group.version)
        assert set(first.parked) == set(second.parked) == {"00u1", "00u2"}
        _arrive(store, "00u2")
        assert store.read("Group", group.id).member_count == 1

    def test_nobody_is_parked_unless_it_is_asked_for(self, store: ResourceStore) -> None:
        group = create_group(store, "guides")
        with refused(InvalidValue, "00u1"):
            store.update(group, group.document, MembershipChange(add=WAITING))
        with refused(InvalidValue, "00u1"):
            store.create("Group", {"displayName": "others"}, WAITING)
        assert _arrive(store, "00u1").groups == ()

    def test_who_is_there_is_known_by_the_id_alone(self, store: ResourceStore) -> None:
        ann = _arrive(store, "00u1")
        group = _parked(store, Member("00u1"))
        assert (group.members, group.parked) == ((), ("00u1",))
        store.update(ann, {**ann.document, "title": "x"}, MembershipChange())
        assert store.read("User", ann.id).groups == ()

    def test_names_are_compared_exactly_and_those_of_users_only(self, store: ResourceStore) -> None:
        group = _parked(store, Member("00u1"), Member("ann"), Member("a@b"))
        store.create("Group", {"displayName": "ann", "externalId": "00u1"})
        store.create("User", {"userName": "ann", "externalId": "00U1", "emails": [{"value": "a@b"}]})
        assert store.read("Group", group.id).member_count == 0

    def test_who_waits_can_be_removed_and_replaced(self, store: ResourceStore) -> None:
        group = _parked(store, *WAITING, Member("00u3"))
        group = store.update(group, group.document, MembershipChange(remove=("00u1",)))
        only = MembershipChange(replace=True, add=(Member("00u3"),), park=True)
        group = store.update(group, group.document, only)
        for external_id in ("00u1", "00u2", "00u3"):
            _arrive(store, external_id)
        assert store.read("Group", group.id).member_count == 1
        group = store.read("Group", group.id)
        assert store.update(group, group.document, MembershipChange(replace=True)).member_count == 0

    def test_a_deleted_group_waits_for_nobody(self, store: ResourceStore) -> None:
        group = _parked(store, *WAITING)
        store.delete("Group", group.id)
        assert _arrive(store, "00u1").groups == ()

    def test_whoever_comes_back_under_its_id_is_let_in(self, store: ResourceStore) -> None:
        ann = _arrive(store, "00u1")
        store.delete("User", ann.id)
        group = _parked(store, Member(ann.id, "Ann"), Member("00u1"))
        back = store.create("User", ann.document, revive=True)
        assert back.id == ann.id
        assert [one.value for one in back.groups] == [group.id]
        assert store.read("Group", group.id).member_count == 1
        other = _arrive(store, "00u1", "other")
        assert other.groups == ()

    def test_what_is_undone_parks_and_admits_nobody(self, store: ResourceStore) -> None:
        group = _parked(store, Member("00u1"))
        for external_id in ("00u1", "00u2"):
            with refused(InvalidValue), store.attempt():
                store.update(group, group.document, MembershipChange(add=(Member("00u2"),), park=True))
                _arrive(store, external_id)
                raise InvalidValue("")
        assert _arrive(store, "00u2").groups == ()
        assert [one.value for one in _arrive(store, "00u1").groups] == [group.id]
