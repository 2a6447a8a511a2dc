"""What holds for every PATCH."""

from contextlib import suppress
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scim import urns
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import ScimError
from scim.patch.operations import read_patch
from scim.validation import read_resource
from tests.scim.patch.planned import LIMITS, operation, patched, planned

TEXT = st.sampled_from(["", "a", "A", "b", "work", "home", "true"])
VALUE = st.fixed_dictionaries(
    {}, optional={"value": TEXT, "type": TEXT, "primary": st.booleans() | TEXT, "display": TEXT, "bogus": TEXT}
)
NAME = st.dictionaries(st.sampled_from(["familyName", "GIVENNAME", "bogus"]), TEXT | st.none())
EXTENSION = st.dictionaries(st.sampled_from(["department", "Manager", "bogus"]), TEXT | st.none())
ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "userName": TEXT,
    "title": TEXT | st.none() | st.integers(),
    "active": st.booleans() | TEXT,
    "name": NAME | TEXT,
    "emails": st.lists(VALUE, max_size=4) | VALUE,
    "roles": st.lists(VALUE | TEXT, max_size=4),
    urns.ENTERPRISE_USER: EXTENSION,
    "id": TEXT,
    "bogus": TEXT,
}
BODIES = st.fixed_dictionaries(
    {"userName": st.just("ann")}, optional={k: v for k, v in ATTRIBUTES.items() if k != "userName"}
)
PATHS = st.sampled_from(
    [
        *ATTRIBUTES,
        "name.familyName",
        "emails.value",
        'emails[type eq "work"]',
        'emails[type eq "work"].value',
        "emails[primary eq true].type",
        "emails[not (value pr)].display",
        'roles[value eq "a" or type eq "b"]',
        f"{urns.ENTERPRISE_USER}:department",
        f"{urns.ENTERPRISE_USER}:manager.value",
    ]
)
ANYTHING = st.one_of(*ATTRIBUTES.values(), st.none(), st.fixed_dictionaries({}, optional=ATTRIBUTES))
OPERATIONS = st.lists(
    st.builds(operation, st.sampled_from(["add", "Replace", "remove"]), PATHS | st.none(), ANYTHING | st.just(...)),
    min_size=1,
    max_size=4,
)


def stored(body: dict[str, Any]) -> Any:
    with suppress(ScimError):
        return read_resource(body, USER_TYPE)[0]
    return {"userName": "ann"}


@given(BODIES.map(stored), OPERATIONS)
def test_a_patch_is_refused_or_makes_a_canonical_document_and_never_touches_its_input(
    document: dict[str, Any], operations: list[Any]
) -> None:
    before, asked = deepcopy(document), deepcopy(operations)
    with suppress(ScimError):
        after = patched(document, *operations)
        assert read_resource(after, USER_TYPE)[0] == after
        assert "password" not in after
    assert (document, operations) == (before, asked)


@given(
    BODIES.map(stored),
    st.lists(VALUE, min_size=1, max_size=3).map(lambda values: stored({"userName": "ann", "ims": values})),
)
def test_what_was_added_and_is_removed_leaves_the_document_as_it_was(document: Any, added: Any) -> None:
    if "ims" in added:
        assert patched(document, operation("add", "ims", added["ims"]), operation("remove", "ims")) == document


@given(BODIES.map(stored), BODIES.map(stored))
def test_replacing_each_attribute_twice_is_the_same_as_once(document: Any, other: Any) -> None:
    replace = operation("replace", None, other)
    once = patched(document, replace)
    assert patched(once, replace) == once
    assert once["userName"] == other["userName"]


@given(BODIES.map(stored), BODIES.map(stored))
def test_adding_twice_is_the_same_as_once(document: Any, other: Any) -> None:
    once = patched(document, operation("add", None, other))
    twice = patched(once, operation("add", None, other))
    assert {name: value for name, value in twice.items() if not isinstance(value, list)} == {
        name: value for name, value in once.items() if not isinstance(value, list)
    }
    assert {name: len(value) for name, value in twice.items() if isinstance(value, list)} == {
        name: len(value) for name, value in once.items() if isinstance(value, list)
    }


IDS = st.sampled_from("abcd")
MEMBER_OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "replace", "remove", "listed", "clear"]), st.lists(IDS, max_size=3)), max_size=6
)


@given(st.frozensets(IDS), MEMBER_OPERATIONS)
def test_the_folded_membership_change_does_what_the_operations_do_one_by_one(
    members: frozenset[str], steps: list[tuple[str, list[str]]]
) -> None:
    expected = set(members)
    operations: list[Any] = [operation("replace", "displayName", "guides")]
    for kind, ids in steps:
        values = [{"value": member_id} for member_id in ids]
        if kind == "add":
            operations.append(operation("add", "members", values))
            expected |= set(ids)
        elif kind == "replace":
            operations.append(operation("replace", "members", values))
            expected = set(ids)
        elif kind == "clear":
            operations.append(operation("remove", "members"))
            expected = set()
        else:
            paths = [operation("remove", f'members[value eq "{member_id}"]') for member_id in ids]
            operations += [operation("remove", "members", values)] if kind == "listed" else paths
            expected -= set(ids)
    change = planned({"displayName": "guides"}, *operations, group=True)[1]
    added = {member.value for member in change.add}
    assert not added & set(change.remove)
    assert ((set() if change.replace else set(members) - set(change.remove)) | added) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "path", "value"]) | TEXT, inner),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["Operations", "operations", "schemas"]), JSON),
    st.sampled_from([USER_TYPE, GROUP_TYPE]),
)
def test_any_object_is_operations_or_a_scim_error(body: dict[str, Any], resource_type: Any) -> None:
    with suppress(ScimError):
        assert isinstance(read_patch(body, resource_type, LIMITS), tuple)
