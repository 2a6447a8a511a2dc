"""Users that differ in what filters look at, filters of every shape over them, and an extension of every trait."""

from typing import Final

from scim import urns
from scim.core_schemas import ENTERPRISE_USER, GROUP_TYPE, USER
from scim.resource import Document
from scim.schema import Attribute, Mutability, ResourceType, Returned, Schema, Type, Uniqueness

BADGE: Final = Schema(
    urn="urn:example:params:scim:schemas:extension:badge:2.0:User",
    name="Badge",
    description="What a badge says",
    attributes=(
        Attribute(name="number", uniqueness=Uniqueness.SERVER, indexed=True),
        Attribute(name="serial", uniqueness=Uniqueness.GLOBAL, case_exact=True),
        Attribute(name="issued", type=Type.DATE_TIME, mutability=Mutability.IMMUTABLE),
        Attribute(name="office", required=True),
        Attribute(name="pin", mutability=Mutability.WRITE_ONLY, returned=Returned.NEVER),
        Attribute(name="printed", mutability=Mutability.READ_ONLY),
        Attribute(name="note", returned=Returned.REQUEST),
        Attribute(name="secret", returned=Returned.NEVER),
        Attribute(name="colour", returned=Returned.ALWAYS, canonical_values=("red", "green")),
        Attribute(name="level", type=Type.INTEGER),
        Attribute(
            name="doors",
            type=Type.COMPLEX,
            multi_valued=True,
            sub_attributes=(
                Attribute(name="value", required=True, indexed=True, case_exact=True),
                Attribute(name="type"),
                Attribute(name="lock", mutability=Mutability.IMMUTABLE),
                Attribute(name="key", uniqueness=Uniqueness.SERVER),
                Attribute(name="code", returned=Returned.NEVER),
            ),
        ),
        Attribute(
            name="holder",
            type=Type.COMPLEX,
            sub_attributes=(
                Attribute(name="value", required=True),
                Attribute(name="since", mutability=Mutability.IMMUTABLE),
                Attribute(name="pin", mutability=Mutability.WRITE_ONLY, returned=Returned.NEVER),
                Attribute(name="remark", returned=Returned.REQUEST),
            ),
        ),
    ),
)

USER_WITH_BADGE: Final = ResourceType("User", "/Users", "User account", USER, (ENTERPRISE_USER, BADGE))
RESOURCE_TYPES: Final = (USER_WITH_BADGE, GROUP_TYPE)
"""What a store serves while it is held to the contract."""

DOCUMENTS: Final[tuple[Document, ...]] = (
    {"userName": "bjensen@example.com", "externalId": "00uAb", "active": True, "title": "Tour Guide"},
    {
        "userName": "Ann@Example.com",
        "externalId": "00uab",
        "active": False,
        "displayName": 'Ann \\ "Annie" O\'Neil 100%',
        "name": {"familyName": "O'Neil", "givenName": "Ann"},
        "emails": [
            {"value": "ann@work.example", "type": "work", "primary": True},
            {"value": "ann@home.example", "type": "home"},
        ],
    },
    {
        "userName": "müller_1@example.com",
        "displayName": "Jörg Müller",
        "emails": [{"value": "ann@home.example", "type": "work"}],
        urns.ENTERPRISE_USER: {"department": "Tour Operations", "manager": {"value": "26118915"}},
    },
    {
        "userName": "STRASSE%",
        "active": True,
        "nickName": "a_b",
        "phoneNumbers": [{"value": "+1 555 0100"}, {"value": "+1 555 0101", "type": "mobile", "primary": True}],
        urns.ENTERPRISE_USER: {"employeeNumber": "701984"},
    },
    {"userName": "zz", "title": "tour guide", "roles": [{"value": "admin"}, {"value": "reader", "primary": True}]},
)
USER_FILTERS: Final = (
    'userName eq "BJENSEN@example.com"',
    'userName ne "zz"',
    'userName co "example"',
    'userName sw "MÜ"',
    'userName ew "%"',
    'userName co "_"',
    'userName gt "b"',
    'userName le "strasse%"',
    'externalId eq "00uAb"',
    'externalId eq "00UAB"',
    'externalId ne "00uAb"',
    "externalId pr",
    'id eq "no such id"',
    "active eq true",
    "active eq false",
    "active ne true",
    "not (active eq true)",
    'title eq "Tour Guide"',
    "title pr",
    "not (title pr)",
    "title eq null",
    "title ne null",
    'name.familyName eq "o\'neil"',
    'name.givenName sw "a"',
    'displayName co "100%"',
    r'displayName co "\\ \"annie"',
    'displayName eq "jörg müller"',
    'nickName eq "a_b" or nickName eq "axb"',
    'emails.value eq "ANN@home.example"',
    'emails eq "ann@home.example"',
    'emails.type eq "work" and emails.value co "home"',
    'emails[type eq "work" and value co "home"]',
    'emails[type eq "work"].value eq "ann@work.example"',
    "emails[primary eq true]",
    'emails[not (type eq "home")]',
    'emails ne "ann@home.example"',
    "emails pr",
    'phoneNumbers[type eq "mobile"].value sw "+1"',
    'roles.value eq "admin" and roles.primary eq true',
    f'{urns.ENTERPRISE_USER}:department co "tour"',
    f'{urns.ENTERPRISE_USER}:employeeNumber eq "701984"',
    f'{urns.ENTERPRISE_USER}:manager.value eq "26118915"',
    f"{urns.ENTERPRISE_USER}:department pr and not (active eq true)",
    f'{urns.USER}:userName eq "zz"',
    'meta.created gt "2001-01-01T00:00:00Z"',
    'meta.lastModified lt "2001-01-01T00:00:00Z"',
    'meta.resourceType eq "User"',
    f'schemas eq "{urns.ENTERPRISE_USER}"',
    'groups.display eq "guides"',
    "groups pr",
    'userName eq "zz" or (active eq true and title pr)',
    'not (userName eq "zz" or active eq true)',
)
# "{first}" stands for the id of the first of the documents.
GROUP_FILTERS: Final = (
    'displayName eq "GUIDES"',
    'displayName ne "guides"',
    'members[value eq "{first}"]',
    'members.value eq "{first}"',
    'members eq "{first}"',
    'members.value ne "{first}"',
    'members[type eq "User"]',
    'members[type eq "Group"]',
    'members[value eq "{first}" and type eq "Group"]',
    'members.value eq "nobody"',
    "members pr",
    "not (members pr)",
    'displayName sw "g" and members.value eq "{first}"',
    "externalId pr",
)
