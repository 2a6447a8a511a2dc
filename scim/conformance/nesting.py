"""The rules of groups within groups, and of the groups that a user is in, as tests."""

from scim.conformance.steps import agree, create_group, create_user, ids_of, refused
from scim.core_schemas import USER_TYPE
from scim.errors import InvalidValue
from scim.resource import Member, MembershipChange
from scim.store import Query, ResourceStore


class NestingContract:
    """Who is in a group, itself or through others (RFC 7643 section 4.1.2)."""

    def test_the_groups_of_a_user_follow_from_the_members_of_groups(self, store: ResourceStore) -> None:
        ann = create_user(store, "ann")
        guides, others = create_group(store, "guides", ann), create_group(store, "others", ann)
        groups = store.read("User", ann.id).groups
        assert {(group.value, group.display, group.type) for group in groups} == {
            (guides.id, "guides", "direct"),
            (others.id, "others", "direct"),
        }
        store.delete("Group", guides.id)
        assert [group.value for group in store.read("User", ann.id).groups] == [others.id]
        store.update(others, others.document, MembershipChange(remove=(ann.id,)))
        assert store.read("User", ann.id).groups == ()

    def test_no_group_comes_to_contain_itself(self, store: ResourceStore) -> None:
        inner = create_group(store, "inner")
        middle = create_group(store, "middle", inner)
        outer = create_group(store, "outer", middle, inner)
        for group in (inner, middle, outer):
            for change in (
                MembershipChange(add=(Member(outer.id),)),
                MembershipChange(replace=True, add=(Member(outer.id),)),
            ):
                with refused(InvalidValue, outer.id):
                    store.update(group, group.document, change)
            assert store.read("Group", group.id) == group

    def test_a_group_moves_freely_where_no_circle_closes(self, store: ResourceStore) -> None:
        inner = create_group(store, "inner")
        left, right = create_group(store, "left", inner), create_group(store, "right")
        right = store.update(right, right.document, MembershipChange(add=(Member(inner.id), Member(left.id))))
        assert ids_of(right) == {inner.id, left.id}
        left = store.update(left, left.document, MembershipChange(remove=(inner.id,)))
        inner = store.update(inner, inner.document, MembershipChange(add=(Member(left.id),)))
        assert ids_of(inner) == {left.id}

    def test_a_user_is_in_the_groups_around_its_groups_too_and_in_each_once(self, store: ResourceStore) -> None:
        ann, bob = create_user(store, "ann"), create_user(store, "bob")
        inner = create_group(store, "inner", ann)
        middle = create_group(store, "middle", inner, bob)
        outer = create_group(store, "outer", middle, inner, ann)
        assert _groups_of(store, ann.id) == {inner.id: "direct", middle.id: "indirect", outer.id: "direct"}
        assert _groups_of(store, bob.id) == {middle.id: "direct", outer.id: "indirect"}
        listed = {one.id: one.groups for one in store.find(Query("User")).resources}
        assert listed == {one.id: store.read("User", one.id).groups for one in (ann, bob)}

    def test_groups_of_users_follow_what_becomes_of_groups_and_no_user_changes(self, store: ResourceStore) -> None:
        ann = create_user(store, "ann")
        inner = create_group(store, "inner", ann)
        middle, other = create_group(store, "middle", inner), create_group(store, "other")
        outer = create_group(store, "outer", middle)
        store.update(outer, {"displayName": "renamed"}, MembershipChange())
        assert {group.display for group in store.read("User", ann.id).groups} == {"inner", "middle", "renamed"}
        store.update(middle, middle.document, MembershipChange(remove=(inner.id,)))
        assert _groups_of(store, ann.id) == {inner.id: "direct"}
        other = store.update(other, other.document, MembershipChange(add=(Member(inner.id),)))
        assert _groups_of(store, ann.id) == {inner.id: "direct", other.id: "indirect"}
        store.delete("Group", inner.id)
        assert _groups_of(store, ann.id) == {}
        assert store.read("User", ann.id).version == ann.version

    def test_a_filter_sees_all_groups_of_a_user_and_how_it_is_in_each(self, store: ResourceStore) -> None:
        ann, bob = create_user(store, "ann"), create_user(store, "bob")
        create_user(store, "carl")
        inner = create_group(store, "inner", ann)
        outer = create_group(store, "outer", inner, bob)
        around = create_group(store, "around", outer, ann)
        filters = [
            *(f'groups.value eq "{group.id}"' for group in (inner, outer, around)),
            *(f'groups[value eq "{around.id}" and type eq "{kind}"]' for kind in ("direct", "indirect")),
            'groups[type eq "indirect"]',
            'groups[not (type eq "direct")]',
            'groups.type eq "indirect" and groups.type eq "direct"',
            'groups.type ne "indirect"',
            'groups.display co "OUT"',
            'groups[display co "ou" and type eq "direct"]',
            f'not (groups.value eq "{outer.id}")',
            f'groups.value ne "{outer.id}"',
            'groups.value eq "nobody"',
            "groups pr",
            "not (groups pr)",
        ]
        agree(store, USER_TYPE, filters)


def _groups_of(store: ResourceStore, user_id: str) -> dict[str, str | None]:
    groups = store.read("User", user_id).groups
    kinds = {group.value: group.type for group in groups}
    assert len(kinds) == len(groups)
    return kinds
