"""PATCH on a user's document: the rules of RFC 7644 section 3.5.2, and the dialects of clients."""

from typing import Any

import pytest

from scim import urns
from scim.core_schemas import USER_TYPE
from scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, PayloadTooLarge, ScimError
from scim.patch.operations import read_patch
from tests.scim.patch.planned import LIMITS, operation, patched

X = urns.ENTERPRISE_USER
WORK = {"value": "ann@work", "type": "work", "primary": True}
HOME = {"value": "ann@home", "type": "home"}
ANN: dict[str, Any] = {
    "userName": "ann",
    "active": True,
    "title": "Guide",
    "name": {"familyName": "Old", "givenName": "Ann"},
    "emails": [WORK, HOME],
    X: {"department": "IT", "manager": {"value": "m"}},
}


def ann(**changes: Any) -> dict[str, Any]:
    """Return Ann's document with attributes set, or left out where they are None."""
    return {name: value for name, value in {**ANN, **changes}.items() if value is not None}


# (operation, path, value): what it makes of ANN
CHANGES: list[tuple[tuple[str, str | None, Any], dict[str, Any]]] = [
    # simple attributes
    (("add", "title", "Chef"), ann(title="Chef")),
    (("replace", "title", "Chef"), ann(title="Chef")),
    (("replace", "nickName", "A"), ann(nickName="A")),
    (("remove", "title", ...), ann(title=None)),
    (("remove", "nickName", ...), ann()),
    (("replace", "title", ""), ann(title=None)),
    (("add", "title", None), ann(title=None)),
    (("Replace", "ACTIVE", "False"), ann(active=False)),
    (("replace", f"{urns.USER}:title", "Chef"), ann(title="Chef")),
    (("replace", "externalId", "00u"), ann(externalId="00u")),
    # complex attributes
    (("add", "name", {"familyName": "New"}), ann(name={"familyName": "New", "givenName": "Ann"})),
    (("replace", "name", {"FAMILYNAME": "New"}), ann(name={"familyName": "New", "givenName": "Ann"})),
    (("replace", "name", {"givenName": ""}), ann(name={"familyName": "Old"})),
    (("replace", "name", None), ann(name=None)),
    (("remove", "name", ...), ann(name=None)),
    (("replace", "name.familyName", "New"), ann(name={"familyName": "New", "givenName": "Ann"})),
    (("add", "name.middleName", "M"), ann(name={**ANN["name"], "middleName": "M"})),
    (("remove", "name.familyName", ...), ann(name={"givenName": "Ann"})),
    (("remove", "name.middleName", ...), ann()),
    # values of multi-valued attributes
    (("add", "emails", [{"value": "x"}]), ann(emails=[WORK, HOME, {"value": "x"}])),
    (("add", "emails", {"value": "x"}), ann(emails=[WORK, HOME, {"value": "x"}])),
    (("add", "emails", [HOME]), ann()),
    (("add", "emails", []), ann()),
    (("add", "emails", [{**HOME, "display": "H"}]), ann(emails=[WORK, {**HOME, "display": "H"}])),
    (("add", "emails", [{"value": "ANN@home", "type": "home"}]), ann(emails=[WORK, {**HOME, "value": "ANN@home"}])),
    (
        ("add", "emails", [{"value": "x", "primary": True}]),
        ann(emails=[{**WORK, "primary": False}, HOME, {"value": "x", "primary": True}]),
    ),
    (("add", "roles", "admin"), ann(roles=[{"value": "admin"}])),
    (("replace", "emails", [{"value": "x"}]), ann(emails=[{"value": "x"}])),
    (("replace", "emails", []), ann(emails=None)),
    (("remove", "emails", ...), ann(emails=None)),
    (("remove", "emails", [{"value": "ann@work"}]), ann(emails=[HOME])),
    (("remove", "emails", [{"value": "ann@work", "type": "home"}]), ann()),
    # selected values
    (("replace", 'emails[type eq "work"].value', "x"), ann(emails=[{**WORK, "value": "x"}, HOME])),
    (("replace", 'Emails[Type eq "WORK"].Value', "x"), ann(emails=[{**WORK, "value": "x"}, HOME])),
    (("replace", 'emails[type eq "work"]', {"value": "x"}), ann(emails=[{"value": "x"}, HOME])),
    (("add", 'emails[type eq "work"]', {"value": "x"}), ann(emails=[{**WORK, "value": "x"}, HOME])),
    (
        ("replace", 'emails[type eq "home"].primary', True),
        ann(emails=[{**WORK, "primary": False}, {**HOME, "primary": True}]),
    ),
    (("replace", "emails.display", "D"), ann(emails=[{**WORK, "display": "D"}, {**HOME, "display": "D"}])),
    (("remove", 'emails[type eq "work"]', ...), ann(emails=[HOME])),
    (("remove", "emails[value pr]", ...), ann(emails=None)),
    (("remove", "emails[value pr]", [{"value": "ann@work"}]), ann(emails=[HOME])),
    (("remove", 'emails[type eq "home"]', [{"value": "ann@work"}]), ann()),
    (("remove", 'emails[type eq "work"]', "ann@work"), ann(emails=[HOME])),
    (("remove", 'emails[type eq "work"].primary', ...), ann(emails=[{"value": "ann@work", "type": "work"}, HOME])),
    (("remove", 'emails[value co "home"].type', ...), ann(emails=[WORK, {"value": "ann@home"}])),
    (("remove", "phoneNumbers.type", ...), ann()),
    (
        ("add", 'phoneNumbers[type eq "work"].value', "+1"),
        ann(phoneNumbers=[{"type": "work", "value": "+1"}]),
    ),
    (
        ("add", 'phoneNumbers[type eq "work" and primary eq true]', {"value": "+1"}),
        ann(phoneNumbers=[{"type": "work", "primary": True, "value": "+1"}]),
    ),
    (("add", 'phoneNumbers[type eq "work"].value', ""), ann()),
    (("add", "phoneNumbers.value", "+1"), ann(phoneNumbers=[{"value": "+1"}])),
    # extensions
    (("replace", f"{X}:department", "HR"), ann(**{X: {"department": "HR", "manager": {"value": "m"}}})),
    (("replace", f"{X.upper()}:DEPARTMENT", "HR"), ann(**{X: {"department": "HR", "manager": {"value": "m"}}})),
    (("add", f"{X}:manager", "n"), ann(**{X: {"department": "IT", "manager": {"value": "n"}}})),
    (("replace", f"{X}:manager.value", "n"), ann(**{X: {"department": "IT", "manager": {"value": "n"}}})),
    (("remove", f"{X}:manager", ...), ann(**{X: {"department": "IT"}})),
    (("add", X, {"division": "D"}), ann(**{X: {**ANN[X], "division": "D"}})),
    (("remove", X, ...), ann(**{X: None})),
    (("replace", X, None), ann(**{X: None})),
    # no path
    (("replace", None, {"active": False}), ann(active=False)),
    (("replace", "", {"active": False}), ann(active=False)),
    (("add", None, {"title": "Chef", "bogus": 1}), ann(title="Chef")),
    (("replace", None, {"id": "id-1", "schemas": [], "meta": {}, "groups": [], "title": "Chef"}), ann(title="Chef")),
    (("replace", None, {"id": "id-1"}), ann()),
    (("replace", None, {"password": "secret"}), ann()),
    (("replace", "password", "secret"), ann()),
    (("replace", None, {"name": {"familyName": "New"}}), ann(name={"familyName": "New", "givenName": "Ann"})),
    (("replace", None, {"name.familyName": "New"}), ann(name={"familyName": "New", "givenName": "Ann"})),
    (("add", None, {'emails[type eq "work"].value': "x"}), ann(emails=[{**WORK, "value": "x"}, HOME])),
    (("replace", None, {f"{X}:department": "HR"}), ann(**{X: {"department": "HR", "manager": {"value": "m"}}})),
    (("replace", None, {X: {"department": "HR"}}), ann(**{X: {"department": "HR", "manager": {"value": "m"}}})),
    (("replace", None, {X: {"manager": {"displayName": "B"}}, "title": "Chef"}), ann(title="Chef")),
    (("add", None, {"emails": [{"value": "x"}]}), ann(emails=[WORK, HOME, {"value": "x"}])),
    (("replace", None, {"emails": [{"value": "x"}]}), ann(emails=[{"value": "x"}])),
]


@pytest.mark.parametrize(("given", "expected"), CHANGES, ids=lambda case: str(case) if isinstance(case, tuple) else "")
def test_an_operation_changes_what_it_names_and_nothing_else(
    given: tuple[str, str | None, Any], expected: dict[str, Any]
) -> None:
    assert patched(ANN, operation(*given)) == expected


REFUSALS: list[tuple[tuple[str, str | None, Any], type[ScimError]]] = [
    (("remove", None, ...), NoTarget),
    (("remove", None, {"title": "Guide"}), NoTarget),
    (("replace", 'emails[type eq "other"].value', "x"), NoTarget),
    (("replace", 'emails[type eq "other"]', {"value": "x"}), NoTarget),
    (("remove", 'emails[type eq "other"]', ...), NoTarget),
    (("add", 'emails[type ne "work" and value sw "z"].value', "x"), NoTarget),
    (("add", 'phoneNumbers[not (type eq "work")].value', "x"), NoTarget),
    (("remove", "userName", ...), Mutability),
    (("replace", "userName", ""), InvalidValue),
    (("replace", "userName", None), InvalidValue),
    (("replace", "id", "x"), Mutability),
    (("remove", "id", ...), Mutability),
    (("add", "groups", [{"value": "g"}]), Mutability),
    (("remove", 'groups[value eq "g"]', ...), Mutability),
    (("replace", "meta.created", "2026-01-01T00:00:00Z"), Mutability),
    (("replace", f"{X}:manager.displayName", "B"), Mutability),
    (("add", "schemas", [X]), Mutability),
    (("replace", "bogus", 1), InvalidPath),
    (("replace", "name.bogus", 1), InvalidPath),
    (("replace", "title.value", "x"), InvalidPath),
    (("replace", "urn:example:unknown:title", "x"), InvalidPath),
    (("replace", "emails[", "x"), InvalidPath),
    (("replace", 'emails[bogus eq "x"]', "x"), InvalidPath),
    (("replace", 'name[familyName eq "Old"]', {"givenName": "x"}), InvalidPath),
    (("replace", "a\x00", "x"), InvalidPath),
    (("replace", 5, "x"), InvalidPath),  # type: ignore[list-item]  # what a client may send
    (("replace", None, {"bogus": 1}), InvalidPath),
    (("replace", None, {"emails[": 1}), InvalidPath),
    (("replace", None, {}), InvalidPath),
    (("replace", None, {X: {"bogus": 1}}), InvalidPath),
    (("replace", X, {"bogus": 1}), InvalidPath),
    (("replace", "name", {"bogus": 1}), InvalidPath),
    (("replace", "emails", [{"bogus": 1}]), InvalidPath),
    (("replace", None, "x"), InvalidValue),
    (("replace", None, [{"active": False}]), InvalidValue),
    (("replace", None, None), InvalidValue),
    (("replace", "title", ...), InvalidValue),
    (("add", "title", 5), InvalidValue),
    (("replace", "title", ["a"]), InvalidValue),
    (("replace", "active", "yes"), InvalidValue),
    (("replace", "name", "Ann"), InvalidValue),
    (("replace", 'emails[type eq "work"].value', 5), InvalidValue),
    (("replace", 'emails[type eq "work"]', [5]), InvalidValue),
    (("replace", X, 5), InvalidValue),
    (("add", "roles", [{"value": str(number)} for number in range(1001)]), InvalidValue),
    (("move", "title", "x"), InvalidSyntax),
    ((None, "title", "x"), InvalidSyntax),  # type: ignore[list-item]  # what a client may send
]


@pytest.mark.parametrize(("given", "error"), REFUSALS, ids=lambda case: str(case)[:60])
def test_what_cannot_be_done_is_refused_by_its_kind(given: tuple[str, str | None, Any], error: type[ScimError]) -> None:
    with pytest.raises(error) as refusal:
        patched(ANN, operation(*given))
    assert type(refusal.value) is error


def test_operations_apply_in_their_order() -> None:
    first, second = operation("add", "title", "Chef"), operation("remove", "title")
    assert patched(ANN, first, second) == ann(title=None)
    assert patched(ANN, second, first) == ann(title="Chef")


def test_one_operation_that_is_refused_refuses_all() -> None:
    with pytest.raises(InvalidPath):
        patched(ANN, operation("replace", "title", "Chef"), operation("replace", "bogus", 1))


@pytest.mark.parametrize("operations", [None, [], {}, "add", [5], [None], [[]]])
def test_operations_that_are_no_list_of_objects_are_invalid_syntax(operations: Any) -> None:
    with pytest.raises(InvalidSyntax):
        read_patch({"Operations": operations}, USER_TYPE, LIMITS)


def test_too_many_operations_are_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        patched(ANN, *[operation("replace", "title", "x")] * 1001)


def test_values_cannot_pile_up_over_several_operations() -> None:
    many = [operation("add", "roles", [{"value": f"{part}-{number}"} for number in range(600)]) for part in "ab"]
    with pytest.raises(InvalidValue):
        patched(ANN, *many)
