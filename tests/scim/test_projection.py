from dataclasses import replace
from typing import Any

import pytest

from scim import urns
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.projection import read_projection
from scim.schema import Attribute, ResourceType, Returned, Schema, Type

X = urns.ENTERPRISE_USER
ANN: dict[str, Any] = {
    "schemas": [urns.USER, X],
    "id": "id-1",
    "userName": "ann",
    "name": {"familyName": "A", "givenName": "Ann"},
    "emails": [{"value": "a@work", "type": "work"}, {"value": "a@home"}],
    X: {"department": "IT", "manager": {"value": "m"}},
    "meta": {"version": 'W/"1"', "resourceType": "User"},
}
ALWAYS = {"schemas": ANN["schemas"], "id": "id-1"}


def shown(attributes: str = "", excluded: str = "") -> dict[str, Any]:
    return read_projection({"attributes": attributes, "excludedAttributes": excluded}, USER_TYPE).apply(ANN)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in ANN.items() if name not in names}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("userName", {"userName": "ann"}),
        ("USERNAME , emails", {"userName": "ann", "emails": ANN["emails"]}),
        (f"{urns.USER}:userName", {"userName": "ann"}),
        ("name.familyName", {"name": {"familyName": "A"}}),
        ("name.familyName,name", {"name": ANN["name"]}),
        ("name,name.familyName", {"name": ANN["name"]}),
        ("emails.value", {"emails": [{"value": "a@work"}, {"value": "a@home"}]}),
        ("emails.type", {"emails": [{"type": "work"}, {}]}),
        ('emails[type eq "work"]', {"emails": ANN["emails"]}),
        ('emails[type eq "a,]b\\"" and value pr].value,title', {"emails": [{"value": "a@work"}, {"value": "a@home"}]}),
        ("emails[unclosed", {"emails": ANN["emails"]}),
        (f"{X}:department", {X: {"department": "IT"}}),
        (f"{X}:manager.value", {X: {"manager": {"value": "m"}}}),
        (X.upper(), {X: ANN[X]}),
        ("meta.version", {"meta": {"version": 'W/"1"'}}),
        ("title", {}),
        ("bogus,name.bogus", {}),
        ("id", {}),
        ("password", {}),
    ],
)
def test_attributes_names_what_is_shown_besides_what_always_is(attributes: str, expected: dict[str, Any]) -> None:
    assert shown(attributes) == {**ALWAYS, **expected}


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ("", ANN),
        (" , ", ANN),
        ("userName", without("userName")),
        ("emails,NAME", without("emails", "name")),
        ("name.familyName", {**ANN, "name": {"givenName": "Ann"}}),
        ("emails.type", {**ANN, "emails": [{"value": "a@work"}, {"value": "a@home"}]}),
        ("id,schemas,bogus", ANN),
        (X, without(X)),
        (f"{X}:department", {**ANN, X: {"manager": {"value": "m"}}}),
        ("meta", without("meta")),
    ],
)
def test_excluded_attributes_are_left_out_unless_they_are_always_returned(
    excluded: str, expected: dict[str, Any]
) -> None:
    assert shown(excluded=excluded) == expected


def test_of_what_is_requested_the_excluded_is_left_out() -> None:
    assert shown("name,userName", "name.familyName") == {**ALWAYS, "name": {"givenName": "Ann"}, "userName": "ann"}


@pytest.mark.parametrize(
    ("query", "carries", "asks"),
    [
        ({}, True, False),
        ({"attributes": "displayName"}, False, False),
        ({"attributes": "members"}, True, True),
        ({"attributes": "members.value"}, True, True),
        ({"excludedAttributes": "members"}, False, False),
        ({"excludedAttributes": "members.display"}, True, False),
        ({"attributes": "members", "excludedAttributes": "members"}, False, False),
    ],
)
def test_it_is_told_beforehand_whether_members_are_needed(query: dict[str, str], carries: bool, asks: bool) -> None:
    projection = read_projection(query, GROUP_TYPE)
    assert (projection.carries("members"), projection.asks_for("members")) == (carries, asks)


SECRETIVE = ResourceType(
    "Thing",
    "/Things",
    "",
    Schema(
        "urn:example:Thing",
        "Thing",
        "",
        (
            Attribute(name="plain"),
            Attribute(name="onRequest", returned=Returned.REQUEST),
            Attribute(
                name="parts",
                type=Type.COMPLEX,
                sub_attributes=(Attribute(name="key", returned=Returned.ALWAYS), Attribute(name="more")),
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"plain": 1, "parts": {"key": 3, "more": 4}}),
        ({"excludedAttributes": "plain"}, {"parts": {"key": 3, "more": 4}}),
        ({"attributes": "onRequest"}, {"onRequest": 2}),
        ({"attributes": "parts.more"}, {"parts": {"key": 3, "more": 4}}),
        ({"excludedAttributes": "parts.key"}, {"plain": 1, "parts": {"key": 3, "more": 4}}),
    ],
)
def test_returned_decides_for_any_schema(query: dict[str, str], expected: dict[str, Any]) -> None:
    thing = {"plain": 1, "onRequest": 2, "parts": {"key": 3, "more": 4}}
    assert read_projection(query, SECRETIVE).apply(thing) == expected


def test_what_one_resource_type_withholds_another_one_of_its_name_shows() -> None:
    schema = replace(SECRETIVE.schema, attributes=(Attribute(name="plain"), Attribute(name="onRequest")))
    thing = {"plain": 1, "onRequest": 2}
    for _ in range(2):
        assert read_projection({}, SECRETIVE).apply(thing) == {"plain": 1}
        assert read_projection({}, replace(SECRETIVE, schema=schema)).apply(thing) == thing
