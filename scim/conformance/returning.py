"""Accounts that come back: what is there, and what was deleted."""

from scim.conformance.steps import create_user, refused
from scim.errors import NotFound, Uniqueness
from scim.resource import MembershipChange
from scim.store import ResourceStore


class ReturningContract:
    """What holds for every store. All tests take `store`, which the subclass provides."""

    def test_a_namesake_is_found_whatever_its_case_and_only_among_its_type(self, store: ResourceStore) -> None:
        user = create_user(store, "Ann")
        store.create("Group", {"displayName": "bob"})
        found = store.namesake("User", {"userName": "aNN"})
        assert found is not None
        assert (found.id, found.version, found.document) == (user.id, 1, user.document)
        assert store.namesake("User", {"userName": "bob"}) is None

    def test_what_is_taken_up_keeps_its_id_and_gets_the_document(self, store: ResourceStore) -> None:
        user = store.create("User", {"userName": "ann", "active": False, "title": "x"})
        found = store.namesake("User", {"userName": "ANN"})
        assert found is not None
        taken = store.take_up(found, {"userName": "ANN", "active": True})
        assert (taken.id, taken.version, taken.document) == (user.id, 2, {"userName": "ANN", "active": True})
        assert store.read("User", user.id) == taken

    def test_what_was_deleted_comes_back_under_its_id_and_a_later_version(self, store: ResourceStore) -> None:
        document = {"userName": "ann", "externalId": "00u1"}
        first = store.create("User", document)
        first = store.update(first, {**document, "title": "x"}, MembershipChange())
        store.delete("User", first.id)
        back = store.create("User", {**document, "userName": "ANN"}, revive=True)
        assert (back.id, back.version) == (first.id, first.version + 1)
        assert store.read("User", first.id) == back
        assert store.document_at(back, first.version) is None
        store.delete("User", back.id)
        again = store.create("User", document, revive=True)
        assert (again.id, again.version) == (first.id, back.version + 1)

    def test_only_the_same_name_and_external_id_come_back_and_only_if_asked_for(self, store: ResourceStore) -> None:
        document = {"userName": "ann", "externalId": "00u1"}
        first = store.create("User", document)
        store.delete("User", first.id)
        for other in ({"userName": "ann"}, {"userName": "ann", "externalId": "00U1"}, {**document, "userName": "bob"}):
            created = store.create("User", other, revive=True)
            assert created.id != first.id
            store.delete("User", created.id)
        plain = store.create("User", document)
        assert (plain.id != first.id, plain.version) == (True, 1)
        with refused(Uniqueness), store.attempt():
            store.create("User", document, revive=True)
        store.delete("User", plain.id)
        youngest = store.create("User", document, revive=True)
        assert youngest.id == plain.id
        with refused(NotFound):
            store.read("User", first.id)
