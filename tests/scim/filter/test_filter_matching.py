from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.attribute_path import AttributePath
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.filter.matching import comparison_key, is_present, matches, value_matches
from scim.filter.parser import parse_filter, parse_path
from scim.filter.syntax import Comparison, Literal, Operator
from scim.resource import Member, StoredResource, view
from scim.schema import Attribute, ResourceType, Schema, Type
from scim.urns import ENTERPRISE_USER, GROUP, USER

USER_VIEW = view(
    StoredResource(
        resource_type="User",
        id="Ab1",
        version=7,
        created=datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC),
        last_modified=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        document={
            "userName": "BJensen",
            "externalId": "00uX",
            "name": {"familyName": "Müller", "givenName": "Barbara"},
            "active": False,
            "profileUrl": "https://example.com/Babs",
            "emails": [
                {"value": "babs@Example.com", "type": "work", "primary": True},
                {"value": "home@example.org", "type": "home", "primary": False},
                {"value": "spare@example.net"},
            ],
            "x509Certificates": [{"value": "MIIabc="}],
            ENTERPRISE_USER: {"department": "Sales", "manager": {"value": "Boss1"}},
        },
        groups=(Member("g1", "Tour Guides", "direct"),),
    ),
    USER_TYPE,
)
GROUP_VIEW = {
    "schemas": [GROUP],
    "id": "g1",
    "displayName": "Tour Guides",
    "members": [{"value": "u1", "display": "Babs"}, {"value": "u2", "type": "User"}],
}
GAUGE = ResourceType(
    "Gauge",
    "/Gauges",
    "Numbers, many values, moments",
    Schema(
        "urn:example:Gauge",
        "Gauge",
        "Gauge",
        (
            Attribute(name="floor", type=Type.INTEGER),
            Attribute(name="levels", type=Type.DECIMAL, multi_valued=True),
            Attribute(name="seen", type=Type.DATE_TIME),
            Attribute(name="tags", multi_valued=True),
        ),
    ),
)
GAUGE_VIEW = {"floor": 0, "levels": [1.5, -2], "seen": "2026-03-01T09:00:00+01:00", "tags": ["Red", "blue"]}


def _user_matches(text: str) -> bool:
    return matches(parse_filter(text, USER_TYPE), USER_VIEW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # text that is not case-exact
        ('userName eq "bjensen"', True),
        ('userName eq "BJENSEN"', True),
        ('userName eq "bjense"', False),
        ('userName ne "bjensen"', False),
        ('userName ne "other"', True),
        ('userName co "JENS"', True),
        ('userName co ""', True),
        ('userName co "x"', False),
        ('userName sw "bj"', True),
        ('userName sw "j"', False),
        ('userName ew "SEN"', True),
        ('userName ew "se"', False),
        ('userName gt "bjensem"', True),
        ('userName gt "bjensen"', False),
        ('userName ge "bjensen"', True),
        ('userName lt "C"', True),
        ('userName lt "bjensen"', False),
        ('userName le "BJENSEN"', True),
        ('userName le "a"', False),
        ('name.familyName eq "MU\u0308LLER"', True),
        ('name.familyName gt "mz"', True),
        ('name.familyName eq "Muller"', False),
        # text that is
        ('id eq "Ab1"', True),
        ('id eq "ab1"', False),
        ('id ne "ab1"', True),
        ('id sw "ab"', False),
        ('id gt "AB1"', True),
        ('externalId eq "00UX"', False),
        ('meta.version eq "W/\\"7\\""', True),
        ('meta.resourceType eq "User"', True),
        ('profileUrl sw "https://example.com/B"', True),
        ('profileUrl eq "https://example.com/babs"', False),
        ('x509Certificates eq "MIIabc="', True),
        ('x509Certificates eq "miiabc="', False),
        (f'schemas eq "{USER}"', True),
        (f'schemas eq "{ENTERPRISE_USER}"', True),
        (f'schemas eq "{GROUP}"', False),
        # booleans
        ("active eq false", True),
        ("active eq true", False),
        ("active ne true", True),
        ("active pr", True),
        # moments
        ('meta.created eq "2026-03-01T08:00:00.123Z"', True),
        ('meta.created eq "2026-03-01T09:00:00.123+01:00"', True),
        ('meta.created gt "2026-03-01T08:00:00Z"', True),
        ('meta.created gt "2026-03-01T08:00:00.123999Z"', False),
        ('meta.created le "2026-03-01T07:59:59-01:00"', True),
        ('meta.lastModified lt "2026-03-02T09:30:00Z"', False),
        ('meta.lastModified le "2026-03-02T09:30:00Z"', True),
        # an extension
        (f'{ENTERPRISE_USER}:department eq "sales"', True),
        (f'{ENTERPRISE_USER}:manager eq "Boss1"', True),
        (f'{ENTERPRISE_USER}:manager.value eq "boss1"', False),
        (f"{ENTERPRISE_USER}:costCenter pr", False),
    ],
)
def test_a_single_value_compares_by_its_type(text: str, expected: bool) -> None:
    assert _user_matches(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('emails eq "home@example.org"', True),
        ('emails.value eq "BABS@example.com"', True),
        ('emails.value co "example"', True),
        ('emails.value ew ".edu"', False),
        ('emails.value ne "home@example.org"', False),
        ('emails.value ne "nobody@example.org"', True),
        ('emails.type ne "work"', False),
        ('emails.type eq "other"', False),
        ("emails.primary eq false", True),
        ("emails.primary ne true", False),
        ("emails pr", True),
        ("emails.display pr", False),
        ('groups eq "g1"', True),
        ('groups.display sw "tour"', True),
    ],
)
def test_of_many_values_one_suffices_and_ne_wants_none_equal(text: str, expected: bool) -> None:
    assert _user_matches(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('title eq "x"', False),
        ('title ne "x"', True),
        ('title co ""', False),
        ('title sw ""', False),
        ('title gt ""', False),
        ('title le "z"', False),
        ("title pr", False),
        ("title eq null", True),
        ("title ne null", False),
        ('not (title eq "x")', True),
        ('not (title ne "x")', False),
        ("userName eq null", False),
        ("userName ne null", True),
        ("active eq null", False),
        ("emails eq null", False),
        ("emails.display eq null", True),
        ("phoneNumbers eq null", True),
        ('phoneNumbers.type ne "work"', True),
        ("phoneNumbers[not (primary eq true)]", False),
        ("name pr", True),
        ("addresses pr", False),
        ("locale eq null and emails ne null", True),
    ],
)
def test_what_is_absent_meets_ne_and_eq_null_alone(text: str, expected: bool) -> None:
    assert _user_matches(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('emails[type eq "work" and value co "example.com"]', True),
        ('emails[type eq "home" and value co "example.com"]', False),
        ('emails.type eq "home" and emails.value co "example.com"', True),
        ('emails[type ne "work" and type ne "home"]', True),
        ('emails[not (type eq "work")]', True),
        ('not (emails[type eq "work"])', False),
        ("emails[type eq null]", True),
        ('emails[type eq "other" or primary eq true]', True),
        ('emails[type eq "home" and (primary eq true or value sw "x")]', False),
        ('emails[type eq "work"].value eq "babs@example.com"', True),
        ('emails[type eq "home"].value eq "babs@example.com"', False),
        ('emails[type eq "home"].value ne "babs@example.com"', True),
        ('emails[type eq "work"].value ne "babs@example.com"', False),
        ('emails[type eq "other"].value ne "babs@example.com"', True),
        ('emails[type eq "other"].value eq null', True),
        ('emails[type eq "work"].value eq null', False),
        ('emails[type eq "work"].value ne null', True),
        ('emails[type eq "work"].display pr', False),
    ],
)
def test_one_value_meets_the_whole_condition_of_a_value_path(text: str, expected: bool) -> None:
    assert _user_matches(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('displayName eq "tour guides"', True),
        ('members eq "u2"', True),
        ('members.value eq "U2"', False),
        ('members[value eq "u1" and type eq "User"]', False),
        ('members[value eq "u2" and type eq "user"]', True),
        ("members pr", True),
    ],
)
def test_groups_match_by_their_members(text: str, expected: bool) -> None:
    assert matches(parse_filter(text, GROUP_TYPE), GROUP_VIEW) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("floor eq 0", True),
        ("floor eq 0.0", True),
        ("floor pr", True),
        ("floor lt 0.5", True),
        ("floor gt -1", True),
        ("levels eq 1.5", True),
        ("levels lt -1", True),
        ("levels gt 2", False),
        ("levels ge 1.5", True),
        ("levels le -2", True),
        ("levels ne 3", True),
        ('tags eq "RED"', True),
        ('tags co "lu"', True),
        ('tags ne "red"', False),
        ('seen eq "2026-03-01T08:00:00Z"', True),
        ('seen lt "2026-03-01T08:30:00Z"', True),
    ],
)
def test_numbers_plain_lists_and_moments_with_offsets_compare(text: str, expected: bool) -> None:
    assert matches(parse_filter(text, GAUGE), GAUGE_VIEW) is expected


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("userName", 5), ("active", "true"), ("active", 1), ("meta", "x"), ("emails", ["x"]), ("name", [["x"]])],
)
def test_a_value_of_a_wrong_type_is_present_and_equals_nothing(attribute: str, value: object) -> None:
    resource = {attribute: value}
    compared = {
        "userName": 'userName eq "5"',
        "active": "active eq true",
        "meta": 'meta.version eq "x"',
        "emails": 'emails eq "x"',
        "name": 'name.familyName eq "x"',
    }[attribute]
    assert not matches(parse_filter(compared, USER_TYPE), resource)
    assert matches(parse_filter(compared.replace(" eq ", " ne "), USER_TYPE), resource)
    assert matches(parse_filter(f"{attribute} pr", USER_TYPE), resource)


def test_a_value_path_asks_objects_alone() -> None:
    assert not matches(parse_filter("emails[type eq null]", USER_TYPE), {"emails": ["x"]})
    assert matches(parse_filter("emails[type eq null]", USER_TYPE), {"emails": [{}]})


def test_references_and_binaries_are_exact_whatever_the_schema_says_of_their_case() -> None:
    for kind in (Type.REFERENCE, Type.BINARY):
        assert comparison_key(Attribute(name="x", type=kind), "Aé") == "Aé"
    assert comparison_key(Attribute(name="x"), "Aé") == "aé"


def test_a_moment_that_cannot_be_read_compares_with_nothing() -> None:
    for text, expected in (('seen lt "2030-01-01T00:00:00Z"', False), ('seen ne "2030-01-01T00:00:00Z"', True)):
        assert matches(parse_filter(text, GAUGE), {"seen": "yesterday"}) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        ("", False),
        ([], False),
        ({}, False),
        ([""], False),
        ({"value": ""}, False),
        ([{"value": None}, {}], False),
        (False, True),
        (0, True),
        (" ", True),
        ([False], True),
        ({"value": "", "type": "work"}, True),
    ],
)
def test_empty_text_lists_and_objects_are_not_present(value: object, expected: bool) -> None:
    assert is_present(value) is expected
    assert matches(parse_filter("name pr", USER_TYPE), {"name": value}) is expected
    assert matches(parse_filter("title eq null", USER_TYPE), {"title": value}) is not expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ('emails[type eq "WORK"]', {"type": "work"}, True),
        ('emails[type eq "work"].value', {"type": "home", "value": "work"}, False),
        ('emails[type ne "work"]', {"value": "x"}, True),
        ("emails[primary eq true]", {"primary": "true"}, False),
        ('emails[type eq "work" and not (value pr)]', {"type": "work"}, True),
        ('emails[type eq "work" or value sw "b"]', {"value": "Babs"}, True),
    ],
)
def test_the_condition_of_a_patch_path_selects_values(path: str, value: Mapping[str, Any], expected: bool) -> None:
    condition = parse_path(path, USER_TYPE).condition
    assert condition
    assert value_matches(condition, value) is expected


ATTRIBUTES = st.builds(
    Attribute, name=st.just("x"), type=st.sampled_from([kind for kind in Type if kind != "complex"]), case_exact=...
)
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)


@settings(deadline=None)
@given(ATTRIBUTES, VALUES, st.lists(VALUES, max_size=3))
def test_ne_denies_eq_and_order_is_total_for_every_type(
    attribute: Attribute, literal: Literal, values: list[object]
) -> None:
    wanted = None if comparison_key(attribute, literal) is None else literal
    path = AttributePath(attribute)

    def holds(operator: Operator) -> bool:
        return matches(Comparison(path, operator, wanted), {"x": values})

    assert holds(Operator.EQUAL) is not holds(Operator.NOT_EQUAL)
    if wanted is not None:
        comparable = any(comparison_key(attribute, value) is not None for value in values)
        assert comparable == (holds(Operator.LESS) or holds(Operator.GREATER_OR_EQUAL))
        assert holds(Operator.LESS_OR_EQUAL) == (holds(Operator.LESS) or holds(Operator.EQUAL))
        assert holds(Operator.GREATER_OR_EQUAL) == (holds(Operator.GREATER) or holds(Operator.EQUAL))
