from collections.abc import Iterator

import pytest

from scim.core_schemas import ENTERPRISE_USER, GROUP, GROUP_TYPE, RESOURCE_TYPES, USER, USER_TYPE
from scim.schema import COMMON, Attribute, Mutability, Returned, Schema, Type, Uniqueness
from scim.urns import ENTERPRISE_USER as ENTERPRISE_URN
from scim.urns import GROUP as GROUP_URN
from scim.urns import USER as USER_URN

SCHEMAS = (USER, GROUP, ENTERPRISE_USER)

# RFC 7643 section 8.7.1, in its order, and the additions that the module's docstring gives reasons for.
SUB_ATTRIBUTES = {
    "name": "formatted familyName givenName middleName honorificPrefix honorificSuffix",
    "emails": "value display type primary",
    "phoneNumbers": "value display type primary",
    "ims": "value display type primary",
    "photos": "value display type primary",
    "addresses": "formatted streetAddress locality region postalCode country type primary",
    "groups": "value $ref display type",
    "entitlements": "value display type primary",
    "roles": "value display type primary",
    "x509Certificates": "value display type primary",
    "members": "value $ref display type",
    "manager": "value $ref displayName",
}


def _named(prefix: str, attributes: tuple[Attribute, ...]) -> Iterator[tuple[str, Attribute]]:
    for attribute in attributes:
        yield prefix + attribute.name, attribute
        yield from _named(f"{prefix}{attribute.name}.", attribute.sub_attributes)


ATTRIBUTES = {
    **dict(_named("", COMMON)),
    **{name: attribute for schema in SCHEMAS for name, attribute in _named(f"{schema.name}.", schema.attributes)},
}
each_attribute = pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
USER_NAMES = """
    userName name displayName nickName profileUrl title userType preferredLanguage locale timezone active password
    emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates
"""


@pytest.mark.parametrize(
    ("schema", "urn", "names"),
    [
        (USER, USER_URN, USER_NAMES),
        (GROUP, GROUP_URN, "displayName members"),
        (ENTERPRISE_USER, ENTERPRISE_URN, "employeeNumber costCenter organization division department manager"),
    ],
)
def test_a_schema_has_every_attribute_of_the_rfc(schema: Schema, urn: str, names: str) -> None:
    assert schema.urn == urn
    assert [attribute.name for attribute in schema.attributes] == names.split()


def test_complex_attributes_have_every_sub_attribute_of_the_rfc() -> None:
    held = {
        attribute.name: " ".join(sub.name for sub in attribute.sub_attributes)
        for schema in SCHEMAS
        for attribute in schema.attributes
        if attribute.sub_attributes
    }
    assert held == SUB_ATTRIBUTES


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("emails", "work home other"),
        ("phoneNumbers", "work home mobile fax pager other"),
        ("ims", "aim gtalk icq xmpp msn skype qq yahoo"),
        ("photos", "photo thumbnail"),
        ("addresses", "work home other"),
        ("groups", "direct indirect"),
        ("roles", ""),
    ],
)
def test_types_have_the_canonical_values_of_the_rfc(name: str, values: str) -> None:
    attribute = USER.attribute(name)
    assert attribute
    kind = attribute.sub_attribute("type")
    assert kind
    assert kind.canonical_values == tuple(values.split())


def test_exactly_these_attributes_differ_from_the_default_mutability() -> None:
    held = {name: attribute.mutability.value for name, attribute in ATTRIBUTES.items() if name[0].isupper()}
    assert {name: mutability for name, mutability in held.items() if mutability != "readWrite"} == {
        "User.password": "writeOnly",
        "User.groups": "readOnly",
        "User.groups.value": "readOnly",
        "User.groups.$ref": "readOnly",
        "User.groups.display": "readOnly",
        "User.groups.type": "readOnly",
        "Group.members.value": "immutable",
        "Group.members.$ref": "immutable",
        "Group.members.type": "immutable",
        "EnterpriseUser.manager.displayName": "readOnly",
    }


def test_exactly_these_attributes_are_required_or_unique() -> None:
    required = [name for name, attribute in ATTRIBUTES.items() if attribute.required]
    assert required == ["schemas", "User.userName", "Group.displayName"]
    unique = [name for name, attribute in ATTRIBUTES.items() if attribute.uniqueness is not Uniqueness.NONE]
    assert unique == ["id", "User.userName", "Group.displayName"]


def test_names_that_people_type_ignore_case_and_ids_do_not() -> None:
    exact = {name for name, attribute in ATTRIBUTES.items() if attribute.case_exact}
    assert {"id", "externalId", "Group.members.value", "User.groups.value", "EnterpriseUser.manager.value"} <= exact
    assert not {"User.userName", "Group.displayName", "User.emails.value", "User.emails.type"} & exact


@each_attribute
def test_sub_attributes_belong_to_complex_attributes_alone_and_are_never_complex(attribute: Attribute) -> None:
    """RFC 7643 sections 2.3.8 and 7: a complex attribute has sub-attributes, and none of them is complex."""
    assert bool(attribute.sub_attributes) == (attribute.type is Type.COMPLEX)
    assert all(sub.type is not Type.COMPLEX for sub in attribute.sub_attributes)


@each_attribute
def test_sub_attribute_names_are_unique_ignoring_case(attribute: Attribute) -> None:
    names = [sub.name.lower() for sub in attribute.sub_attributes]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_attribute_names_are_unique_ignoring_case_and_not_those_of_common_attributes(schema: Schema) -> None:
    names = [attribute.name.lower() for attribute in (*schema.attributes, *COMMON)]
    assert len(set(names)) == len(names)


@each_attribute
def test_reference_types_belong_to_references(attribute: Attribute) -> None:
    """RFC 7643 section 7: referenceTypes is for attributes of type reference."""
    assert attribute.type is Type.REFERENCE or not attribute.reference_types


@each_attribute
def test_references_and_binaries_are_case_exact(attribute: Attribute) -> None:
    """RFC 7643 sections 2.3.6 and 2.3.7."""
    assert attribute.case_exact or attribute.type not in {Type.REFERENCE, Type.BINARY}


@each_attribute
def test_what_is_not_text_has_no_case_and_no_canonical_values(attribute: Attribute) -> None:
    """RFC 7643 sections 2.3.2 and 2.3.5: a boolean and a dateTime have no case-sensitivity and no uniqueness."""
    if attribute.type in {Type.BOOLEAN, Type.DATE_TIME, Type.COMPLEX}:
        assert not attribute.case_exact
        assert attribute.uniqueness is Uniqueness.NONE
        assert not attribute.canonical_values


@each_attribute
def test_what_only_clients_write_is_never_returned(attribute: Attribute) -> None:
    """RFC 7643 section 7: a writeOnly attribute usually has a returned setting of never."""
    assert (attribute.mutability is Mutability.WRITE_ONLY) == (attribute.returned is Returned.NEVER)


@each_attribute
def test_what_is_below_a_read_only_attribute_is_read_only(attribute: Attribute) -> None:
    if attribute.mutability is Mutability.READ_ONLY:
        assert all(sub.mutability is Mutability.READ_ONLY for sub in attribute.sub_attributes)


def test_every_attribute_of_a_schema_is_described() -> None:
    attributes = [attribute for schema in SCHEMAS for attribute in schema.attributes]
    assert all(attribute.description for attribute in attributes)
    assert all(sub.description for attribute in attributes for sub in attribute.sub_attributes)


def test_users_come_first_and_carry_the_enterprise_extension() -> None:
    assert RESOURCE_TYPES == (USER_TYPE, GROUP_TYPE)
    assert [(kind.name, kind.endpoint, kind.schema) for kind in RESOURCE_TYPES] == [
        ("User", "/Users", USER),
        ("Group", "/Groups", GROUP),
    ]
    assert USER_TYPE.extension(ENTERPRISE_URN.upper()) is ENTERPRISE_USER
    assert list(GROUP_TYPE.schemas()) == [GROUP]
