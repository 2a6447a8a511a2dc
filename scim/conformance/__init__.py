"""The rules of `scim.store` as tests. Every `ResourceStore` passes them.

Owns: `ResourceStoreContract`, and in `examples` what it is run over. Never: knows one store from another. May import:
everything in `scim` below `service`.

Subclass `ResourceStoreContract` in a test module and give it a fixture `store`: a fresh, empty store in a unit of work
that may write, of `examples.RESOURCE_TYPES`. A test's name says what holds.
"""

from contextlib import suppress
from copy import deepcopy
from typing import Final

from scim.conformance.attempts import AttemptContract, UniquenessContract
from scim.conformance.examples import DOCUMENTS, GROUP_FILTERS, USER_FILTERS
from scim.conformance.lists import ListContract
from scim.conformance.nesting import NestingContract
from scim.conformance.parking import ParkingContract
from scim.conformance.returning import ReturningContract
from scim.conformance.steps import agree as _agree
from scim.conformance.steps import create_group as _group
from scim.conformance.steps import create_user as _user
from scim.conformance.steps import ids_of as _ids
from scim.conformance.steps import refused as _refused
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import Conflict, InvalidValue, NotFound, Uniqueness
from scim.filter.parser import parse_filter, parse_path
from scim.history import MOST_CHANGES
from scim.resource import Member, MembershipChange
from scim.store import Query, ResourceStore

UNKNOWN_ID: Final = "0f0f0f0f-0000-4000-8000-000000000000"
NO_CHANGE: Final = MembershipChange()


class ResourceStoreContract(
    AttemptContract, ListContract, NestingContract, ParkingContract, ReturningContract, UniquenessContract
):
    """What holds for every store. All tests take `store`, which the subclass provides."""

    # -------------------------------------------------------------- create, read, delete

    def test_what_was_created_is_read_again(self, store: ResourceStore) -> None:
        created = store.create("User", DOCUMENTS[1])
        assert created.resource_type == "User"
        assert created.id
        assert created.version == 1
        assert created.document == DOCUMENTS[1]
        assert created.created == created.last_modified
        assert created.created.utcoffset() is not None
        assert store.read("User", created.id) == created

    def test_a_user_has_no_members_and_a_group_has_no_groups(self, store: ResourceStore) -> None:
        user, group = _user(store, "ann"), _group(store, "guides")
        assert (user.members, user.member_count, user.groups) == (None, None, ())
        assert (group.members, group.member_count, group.groups) == ((), 0, ())

    def test_ids_are_the_stores_and_each_is_used_once(self, store: ResourceStore) -> None:
        first = _user(store, "ann")
        store.delete("User", first.id)
        second, group = _user(store, "ann"), _group(store, "ann")
        assert len({first.id, second.id, group.id}) == 3

    def test_a_resource_is_found_by_its_exact_id_and_type_only(self, store: ResourceStore) -> None:
        user = _user(store, "ann")
        wrong = [("Group", user.id), ("User", f"{user.id} "), ("User", f"x{user.id}"), ("User", ""), ("User", "1")]
        for resource_type, resource_id in wrong:
            with _refused(NotFound):
                store.read(resource_type, resource_id)

    def test_names_are_unique_whatever_their_case_and_unicode_form(self, store: ResourceStore) -> None:
        for taken, same in (("Ann@Example.com", "aNN@example.COM"), ("Jörg", "JO\u0308RG"), ("Straße", "STRASSE")):
            for create in (_user, _group):
                create(store, taken)
                with _refused(Uniqueness):
                    create(store, same)
        assert store.find(Query("User")).total == 3

    def test_a_name_is_free_again_after_deletion_and_renaming(self, store: ResourceStore) -> None:
        ann, bob = _user(store, "ann"), _user(store, "bob")
        store.delete("User", ann.id)
        store.update(bob, {"userName": "carl"}, NO_CHANGE)
        _user(store, "ann")
        _user(store, "bob")

    def test_what_was_deleted_is_gone(self, store: ResourceStore) -> None:
        user = _user(store, "ann")
        store.delete("User", user.id)
        for again in (store.read, store.delete):
            with _refused(NotFound):
                again("User", user.id)
        with _refused(NotFound):
            store.update(user, {"userName": "ann"}, NO_CHANGE)
        assert store.find(Query("User")).total == 0

    def test_an_id_that_cannot_be_is_not_found(self, store: ResourceStore) -> None:
        for resource_id in ("", "a\x00b", "\udc80", "\u202e", "é" * 2000):
            for ask in (store.read, store.delete):
                with _refused(NotFound):
                    ask("User", resource_id)

    def test_deletion_asks_for_the_right_type(self, store: ResourceStore) -> None:
        user = _user(store, "ann")
        with _refused(NotFound):
            store.delete("Group", user.id)
        assert store.read("User", user.id) == user

    def test_values_that_went_in_or_came_out_are_no_aliases(self, store: ResourceStore) -> None:
        given = deepcopy(dict(DOCUMENTS[1]))
        created = store.create("User", given)
        for document in (given, created.document, store.read("User", created.id).document):
            with suppress(TypeError):
                document["name"]["familyName"] = "changed"
        assert store.read("User", created.id).document == DOCUMENTS[1]

    # -------------------------------------------------------------- update

    def test_an_update_is_read_again_under_the_next_version(self, store: ResourceStore) -> None:
        before = _user(store, "ann")
        after = store.update(before, DOCUMENTS[1], NO_CHANGE)
        assert (after.id, after.version, after.document) == (before.id, before.version + 1, DOCUMENTS[1])
        assert after.created == before.created
        assert after.last_modified >= before.last_modified
        assert store.read("User", before.id) == after

    def test_an_update_that_changes_nothing_leaves_version_and_time(self, store: ResourceStore) -> None:
        user = store.create("User", DOCUMENTS[1])
        assert store.update(user, deepcopy(dict(DOCUMENTS[1])), NO_CHANGE) == user
        group = _group(store, "guides", user)
        same = MembershipChange(add=(Member(user.id, "another name"),), remove=(UNKNOWN_ID,))
        for change in (NO_CHANGE, same, MembershipChange(replace=True, add=(Member(user.id),))):
            assert store.update(group, group.document, change) == group
        assert store.read("Group", group.id) == group

    def test_of_two_updates_of_one_version_the_second_is_refused(self, store: ResourceStore) -> None:
        user = _user(store, "ann")
        kept = store.update(user, {"userName": "bob"}, NO_CHANGE)
        with _refused(Conflict):
            store.update(user, {"userName": "carl"}, NO_CHANGE)
        assert store.read("User", user.id) == kept

    def test_a_name_is_unique_on_update_too_and_ones_own_may_change_its_case(self, store: ResourceStore) -> None:
        user = _user(store, "ann")
        _user(store, "bob")
        with _refused(Uniqueness):
            store.update(user, {"userName": "BOB"}, NO_CHANGE)
        assert store.update(user, {"userName": "ANN"}, NO_CHANGE).document == {"userName": "ANN"}

    def test_a_document_is_known_as_it_was_at_each_of_its_youngest_versions(self, store: ResourceStore) -> None:
        resource = store.create("User", {"userName": "ann", "title": "0", "name": {"givenName": "Ann"}})
        seen = {resource.version: resource.document}
        for number in range(1, MOST_CHANGES + 1):
            titled = {"title": str(number)} if number % 3 else {}
            resource = store.update(resource, {"userName": f"ann{number % 4}", **titled}, NO_CHANGE)
            seen[resource.version] = resource.document
        resource = store.read("User", resource.id)
        assert {version: store.document_at(resource, version) for version in seen} == seen
        assert store.document_at(resource, resource.version + 1) is None
        assert store.document_at(resource, 0) is None

    def test_what_is_too_old_is_not_known_and_not_guessed(self, store: ResourceStore) -> None:
        resource = store.create("User", {"userName": "ann"})
        for number in range(MOST_CHANGES + 1):
            resource = store.update(resource, {"userName": f"ann{number}"}, NO_CHANGE)
        assert store.document_at(resource, 1) is None
        assert store.document_at(resource, 2) == {"userName": "ann0"}

    def test_a_change_of_members_alone_forgets_no_document(self, store: ResourceStore) -> None:
        group = _group(store, "guides")
        group = store.update(group, {"displayName": "scouts"}, NO_CHANGE)
        group = store.update(group, group.document, MembershipChange(add=(Member(_user(store, "ann").id),)))
        at = {version: store.document_at(group, version) for version in (1, 2, 3)}
        assert at == {1: {"displayName": "guides"}, 2: {"displayName": "scouts"}, 3: {"displayName": "scouts"}}

    # -------------------------------------------------------------- members

    def test_a_group_is_created_with_its_members_each_once(self, store: ResourceStore) -> None:
        user, inner = _user(store, "ann"), _group(store, "inner")
        members = (Member(user.id, "Ann"), Member(inner.id), Member(user.id, "Ann"))
        group = store.create("Group", {"displayName": "guides"}, members)
        assert {(member.value, member.type) for member in group.members or ()} == {
            (user.id, "User"),
            (inner.id, "Group"),
        }
        assert group.member_count == 2
        assert "Ann" in {member.display for member in group.members or ()}
        assert store.read("Group", group.id) == group

    def test_a_member_that_is_no_resource_is_named_and_nothing_is_written(self, store: ResourceStore) -> None:
        user = _user(store, "ann")
        group = _group(store, "guides", user)
        unknown = (Member(user.id), Member(UNKNOWN_ID))
        with _refused(InvalidValue, UNKNOWN_ID):
            store.create("Group", {"displayName": "others"}, unknown)
        for replace in (False, True):
            with _refused(InvalidValue, UNKNOWN_ID):
                store.update(group, {"displayName": "renamed"}, MembershipChange(replace=replace, add=unknown))
        assert store.read("Group", group.id) == group
        assert store.find(Query("Group")).total == 1

    def test_a_delta_touches_the_members_it_names_and_no_other(self, store: ResourceStore) -> None:
        ann, bob, carl, dora = (_user(store, name) for name in ("ann", "bob", "carl", "dora"))
        group = _group(store, "guides", ann, bob, carl)
        change = MembershipChange(add=(Member(dora.id), Member(ann.id)), remove=(bob.id, UNKNOWN_ID))
        after = store.update(group, group.document, change)
        assert _ids(after) == {ann.id, carl.id, dora.id}
        assert (after.version, after.member_count) == (group.version + 1, 3)
        assert store.read("Group", group.id) == after

    def test_replacement_leaves_exactly_the_named_members(self, store: ResourceStore) -> None:
        ann, bob, carl = (_user(store, name) for name in ("ann", "bob", "carl"))
        group = _group(store, "guides", ann, bob)
        swapped = store.update(group, group.document, MembershipChange(replace=True, add=(Member(carl.id),)))
        assert _ids(swapped) == {carl.id}
        emptied = store.update(swapped, swapped.document, MembershipChange(replace=True))
        assert (emptied.members, emptied.member_count, emptied.version) == ((), 0, group.version + 2)

    def test_members_are_left_out_and_still_counted_when_they_are_not_asked_for(self, store: ResourceStore) -> None:
        ann, bob = _user(store, "ann"), _user(store, "bob")
        group = _group(store, "guides", ann)
        read = store.read("Group", group.id, with_members=False)
        assert (read.members, read.member_count) == (None, 1)
        updated = store.update(read, read.document, MembershipChange(add=(Member(bob.id),)), with_members=False)
        assert (updated.members, updated.member_count) == (None, 2)
        listed = store.find(Query("Group", with_members=False)).resources
        assert [(found.members, found.member_count) for found in listed] == [(None, 2)]

    def test_a_deleted_member_is_no_member_any_more_and_the_group_has_changed(self, store: ResourceStore) -> None:
        ann, bob = _user(store, "ann"), _user(store, "bob")
        group = _group(store, "guides", ann, bob)
        store.delete("User", ann.id)
        after = store.read("Group", group.id)
        assert (_ids(after), after.member_count) == ({bob.id}, 1)
        assert after.version == group.version + 1
        assert after.last_modified >= group.last_modified

    def test_members_are_selected_by_a_condition(self, store: ResourceStore) -> None:
        ann, inner = _user(store, "ann"), _group(store, "inner")
        group = _group(store, "guides", ann, inner)
        other = _group(store, "others", ann)
        expected = {
            f'members[value eq "{ann.id}"]': {ann.id},
            f'members[value ne "{ann.id}"]': {inner.id},
            'members[type eq "group"]': {inner.id},
            f'members[type eq "Group" or value eq "{ann.id}"]': {ann.id, inner.id},
            'members[value eq "nobody"]': set(),
            f'members[value eq "{other.id}"]': set(),
        }
        for text, ids in expected.items():
            condition = parse_path(text, GROUP_TYPE).condition
            assert condition is not None
            assert set(store.matching_members(group.id, condition)) == ids, text

    # -------------------------------------------------------------- find

    def test_every_filter_finds_what_the_reference_meaning_says(self, store: ResourceStore) -> None:
        users = [store.create("User", document) for document in DOCUMENTS]
        guides = _group(store, "guides", users[0], users[2])
        _group(store, "others", guides)
        _group(store, "nobody")
        _agree(store, USER_TYPE, USER_FILTERS)
        _agree(store, GROUP_TYPE, [text.replace("{first}", users[0].id) for text in GROUP_FILTERS])

    def test_pages_follow_the_order_of_creation_and_cover_everything_once(self, store: ResourceStore) -> None:
        created = [_user(store, f"user{number}").id for number in range(7)]
        _group(store, "not a user")
        pages = [store.find(Query("User", start_index=start, count=3)) for start in (1, 4, 7, 10)]
        assert [page.total for page in pages] == [7, 7, 7, 7]
        assert [len(page.resources) for page in pages] == [3, 3, 1, 0]
        assert [found.id for page in pages for found in page.resources] == created

    def test_a_filtered_page_counts_and_skips_matches_only(self, store: ResourceStore) -> None:
        for number in range(6):
            store.create("User", {"userName": f"user{number}", "active": number % 2 == 0})
        page = store.find(Query("User", parse_filter("active eq true", USER_TYPE), start_index=2, count=1))
        assert page.total == 3
        assert [found.document["userName"] for found in page.resources] == ["user2"]

    def test_count_zero_asks_for_the_total_only(self, store: ResourceStore) -> None:
        _user(store, "ann")
        page = store.find(Query("User", count=0))
        assert (page.total, page.resources) == (1, ())

    def test_a_start_far_beyond_the_end_is_an_empty_page(self, store: ResourceStore) -> None:
        _user(store, "ann")
        page = store.find(Query("User", start_index=2**31 - 1))
        assert (page.total, page.resources) == (1, ())

    def test_what_is_listed_is_what_is_read(self, store: ResourceStore) -> None:
        user = store.create("User", DOCUMENTS[2])
        group = _group(store, "guides", user)
        assert store.find(Query("User")).resources == (store.read("User", user.id),)
        assert store.find(Query("Group")).resources == (store.read("Group", group.id),)

    def test_changed_resources_keep_their_place_in_the_list(self, store: ResourceStore) -> None:
        first, second = _user(store, "ann"), _user(store, "bob")
        store.update(first, {"userName": "zoe", "active": False}, NO_CHANGE)
        assert [found.id for found in store.find(Query("User")).resources] == [first.id, second.id]
