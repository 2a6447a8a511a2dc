"""PATCH on a group's members: one fold, and no member read that is not asked for."""

from typing import Any

import pytest

from scim.errors import InvalidPath, InvalidValue, Mutability, ScimError
from scim.filter.syntax import Filter
from scim.resource import Member, MembershipChange
from tests.scim.patch.planned import operation, planned

GUIDES = {"displayName": "guides"}
A, B, C = Member("a"), Member("b"), Member("c")


def add(*ids: str) -> dict[str, Any]:
    return operation("add", "members", [{"value": member_id} for member_id in ids])


def remove(member_id: str) -> dict[str, Any]:
    return operation("remove", f'members[value eq "{member_id}"]')


def replace(*ids: str) -> dict[str, Any]:
    return operation("replace", "members", [{"value": member_id} for member_id in ids])


CLEAR = operation("remove", "members")

FOLDS: list[tuple[list[dict[str, Any]], MembershipChange]] = [
    ([add("a", "b")], MembershipChange(add=(A, B))),
    ([add()], MembershipChange()),
    ([remove("a")], MembershipChange(remove=("a",))),
    ([remove("a"), add("b")], MembershipChange(add=(B,), remove=("a",))),
    ([add("a"), remove("a")], MembershipChange(remove=("a",))),
    ([remove("a"), add("a")], MembershipChange(add=(A,))),
    ([add("a"), remove("a"), add("a")], MembershipChange(add=(A,))),
    ([replace("a")], MembershipChange(replace=True, add=(A,))),
    ([replace()], MembershipChange(replace=True)),
    ([CLEAR], MembershipChange(replace=True)),
    ([operation("remove", "members", None)], MembershipChange(replace=True)),
    ([operation("replace", "members", None)], MembershipChange(replace=True)),
    ([replace("a"), add("b"), remove("a")], MembershipChange(replace=True, add=(B,))),
    ([add("a"), replace("b")], MembershipChange(replace=True, add=(B,))),
    ([remove("a"), CLEAR, add("c")], MembershipChange(replace=True, add=(C,))),
    ([replace("a"), replace("b")], MembershipChange(replace=True, add=(B,))),
    ([operation("remove", "members", [{"value": "a"}, {"value": "b"}])], MembershipChange(remove=("a", "b"))),
    ([operation("remove", "members", {"value": "a"})], MembershipChange(remove=("a",))),
    ([operation("remove", "members", [])], MembershipChange()),
    ([operation("add", None, {"members": [{"value": "a"}]})], MembershipChange(add=(A,))),
    ([operation("replace", None, {"members": [], "id": "g"})], MembershipChange(replace=True)),
    ([operation("Add", "MEMBERS", {"value": "a"})], MembershipChange(add=(A,))),
    ([operation("add", "members", ["a"])], MembershipChange(add=(A,))),
    (
        [operation("add", "members", [{"value": "a", "display": "Ann", "type": "User"}])],
        MembershipChange(add=(Member("a", "Ann"),)),
    ),
]


@pytest.mark.parametrize(("operations", "change"), FOLDS, ids=lambda case: str(case) if isinstance(case, list) else "")
def test_operations_fold_into_one_change_without_reading_members(
    operations: list[dict[str, Any]], change: MembershipChange
) -> None:
    assert planned(GUIDES, *operations, group=True) == (GUIDES, change)


def test_other_conditions_ask_the_store_once_each() -> None:
    asked: list[Filter] = []

    def matching(condition: Filter) -> tuple[str, ...]:
        asked.append(condition)
        return ("a", "b")

    operations = (operation("remove", 'members[type eq "Group"]'), add("b"))
    change = planned(GUIDES, *operations, group=True, matching=matching)[1]
    assert change == MembershipChange(add=(B,), remove=("a",))
    assert len(asked) == 1


def test_a_condition_sees_what_the_same_request_added_before() -> None:
    added = operation("add", "members", [{"value": "a", "display": "Ann"}, {"value": "b", "display": "Bob"}])
    selected = operation("remove", 'members[display eq "ann"]')
    change = planned(GUIDES, added, selected, group=True, matching=lambda _: ())[1]
    assert change == MembershipChange(add=(Member("b", "Bob"),), remove=("a",))


def test_after_a_replacement_a_condition_looks_at_the_new_members_only() -> None:
    change = planned(GUIDES, replace("a", "b"), operation("remove", 'members[value ne "a"]'), group=True)[1]
    assert change == MembershipChange(replace=True, add=(A,))


def test_members_and_attributes_change_in_one_request() -> None:
    operations = (operation("replace", None, {"id": "g", "displayName": "New"}), remove("a"), add("b"))
    assert planned(GUIDES, *operations, group=True) == (
        {"displayName": "New"},
        MembershipChange(add=(B,), remove=("a",)),
    )


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("replace", 'members[value eq "a"].display', "Ann"), Mutability),
        (("add", "members.value", "a"), Mutability),
        (("remove", "members.display", ...), Mutability),
        (("add", 'members[value eq "a"]', {"value": "a"}), InvalidPath),
        (("replace", 'members[value eq "a"]', {"value": "b"}), InvalidPath),
        (("remove", 'members[bogus eq "a"]', ...), InvalidPath),
        (("add", "members", [{}]), InvalidValue),
        (("add", "members", 5), InvalidValue),
        (("add", "members", ...), InvalidValue),
        (("remove", "members", [{"display": "Ann"}]), InvalidValue),
        (("remove", "displayName", ...), Mutability),
        (("replace", "displayName", ""), InvalidValue),
    ],
    ids=str,
)
def test_what_cannot_be_done_to_a_group_is_refused(given: tuple[str, str, Any], error: type[ScimError]) -> None:
    with pytest.raises(error) as refusal:
        planned(GUIDES, operation(*given), group=True)
    assert type(refusal.value) is error
