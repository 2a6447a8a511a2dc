"""The tables of characteristics of User, Group and the enterprise extension (RFC 7643 sections 4 and 8.7.1).

Where the RFC leaves a choice, or says one thing in its text and another in its example, this is ours:

- A group's displayName is required and unique, as a user's userName is: identity providers find groups by it.
- Ids of other resources (`members.value`, `groups.value`, `manager.value`) are case-exact as `id` is, and so are
  references and binaries (sections 2.3.6 and 2.3.7), though the example schemas say otherwise.
- `members.display` is written by clients: identity providers send it and expect it back.
- An address may be primary: section 2.4 gives that sub-attribute to every multi-valued attribute.
"""

from typing import Final

from scim import urns
from scim.schema import Attribute, Mutability, ResourceType, Returned, Schema, Type, Uniqueness


def _plural(name: str, description: str, *sub_attributes: Attribute) -> Attribute:
    return Attribute(
        name=name,
        type=Type.COMPLEX,
        multi_valued=True,
        description=description,
        sub_attributes=sub_attributes,
    )


def _display() -> Attribute:
    return Attribute(name="display", description="A name of the value for people.")


def _type(*canonical_values: str) -> Attribute:
    return Attribute(name="type", description="What the value is used for.", canonical_values=canonical_values)


def _primary() -> Attribute:
    return Attribute(
        name="primary",
        type=Type.BOOLEAN,
        description="Whether this is the preferred value. True for one value at most.",
    )


_NAME = Attribute(
    name="name",
    type=Type.COMPLEX,
    description="The parts of the person's name.",
    sub_attributes=(
        Attribute(name="formatted", description="The whole name as it is shown, titles included."),
        Attribute(name="familyName", description="Family name, or last name."),
        Attribute(name="givenName", description="Given name, or first name."),
        Attribute(name="middleName", description="Middle names."),
        Attribute(name="honorificPrefix", description="What stands before the name, such as Dr."),
        Attribute(name="honorificSuffix", description="What stands after the name, such as III."),
    ),
)

_PLAIN_USER_ATTRIBUTES = (
    Attribute(
        name="userName",
        required=True,
        uniqueness=Uniqueness.SERVER,
        description="The name the person signs in with. Unique, whatever its case.",
    ),
    _NAME,
    Attribute(name="displayName", description="The name to show for the person."),
    Attribute(name="nickName", description="The casual name the person goes by."),
    Attribute(
        name="profileUrl",
        type=Type.REFERENCE,
        case_exact=True,
        reference_types=("external",),
        description="The address of a page about the person.",
    ),
    Attribute(name="title", description="Job title, such as Vice President."),
    Attribute(name="userType", description="How the person relates to the organization, such as Contractor."),
    Attribute(name="preferredLanguage", description="Preferred languages, as in an Accept-Language header."),
    Attribute(name="locale", description="Where the person is, for formats of dates and currency, such as en-US."),
    Attribute(name="timezone", description="Time zone by its IANA name, such as Europe/Paris."),
    Attribute(name="active", type=Type.BOOLEAN, description="Whether the account may be used."),
    Attribute(
        name="password",
        case_exact=True,
        mutability=Mutability.WRITE_ONLY,
        returned=Returned.NEVER,
        description="Clear-text password to set. Never returned, compared or searched.",
    ),
)

_ADDRESSES = _plural(
    "addresses",
    "Postal addresses.",
    Attribute(name="formatted", description="The whole address as it is written on an envelope."),
    Attribute(name="streetAddress", description="Street, house number, box and the like; may have several lines."),
    Attribute(name="locality", description="City or locality."),
    Attribute(name="region", description="State or region."),
    Attribute(name="postalCode", description="Postal code."),
    Attribute(name="country", description="Country, as an ISO 3166-1 alpha-2 code."),
    _type("work", "home", "other"),
    _primary(),
)

_GROUPS = Attribute(
    name="groups",
    type=Type.COMPLEX,
    multi_valued=True,
    mutability=Mutability.READ_ONLY,
    description="The groups the person belongs to. Changed through the groups.",
    sub_attributes=(
        Attribute(
            name="value",
            case_exact=True,
            mutability=Mutability.READ_ONLY,
            description="The id of the group.",
        ),
        Attribute(
            name="$ref",
            type=Type.REFERENCE,
            case_exact=True,
            mutability=Mutability.READ_ONLY,
            reference_types=("User", "Group"),
            description="The location of the group.",
        ),
        Attribute(name="display", mutability=Mutability.READ_ONLY, description="The name of the group."),
        Attribute(
            name="type",
            mutability=Mutability.READ_ONLY,
            canonical_values=("direct", "indirect"),
            description="Whether the person is a member of the group itself, or of a group in it.",
        ),
    ),
)

_PLURAL_USER_ATTRIBUTES = (
    _plural(
        "emails",
        "E-mail addresses.",
        Attribute(name="value", description="The address, such as bjensen@example.com."),
        _display(),
        _type("work", "home", "other"),
        _primary(),
    ),
    _plural(
        "phoneNumbers",
        "Telephone numbers.",
        Attribute(name="value", description="The number, best written as RFC 3966 has it."),
        _display(),
        _type("work", "home", "mobile", "fax", "pager", "other"),
        _primary(),
    ),
    _plural(
        "ims",
        "Instant messaging addresses.",
        Attribute(name="value", description="The address."),
        _display(),
        _type("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
        _primary(),
    ),
    _plural(
        "photos",
        "Pictures of the person.",
        Attribute(
            name="value",
            type=Type.REFERENCE,
            case_exact=True,
            reference_types=("external",),
            description="The address of the picture.",
        ),
        _display(),
        _type("photo", "thumbnail"),
        _primary(),
    ),
    _ADDRESSES,
    _GROUPS,
    _plural(
        "entitlements",
        "What the person is entitled to.",
        Attribute(name="value", description="The entitlement."),
        _display(),
        _type(),
        _primary(),
    ),
    _plural(
        "roles",
        "The roles of the person.",
        Attribute(name="value", description="The role."),
        _display(),
        _type(),
        _primary(),
    ),
    _plural(
        "x509Certificates",
        "Certificates issued to the person.",
        Attribute(
            name="value",
            type=Type.BINARY,
            case_exact=True,
            description="The certificate: DER, encoded as base64.",
        ),
        _display(),
        _type(),
        _primary(),
    ),
)

USER: Final = Schema(
    urn=urns.USER,
    name="User",
    description="User account",
    attributes=_PLAIN_USER_ATTRIBUTES + _PLURAL_USER_ATTRIBUTES,
)

_MANAGER = Attribute(
    name="manager",
    type=Type.COMPLEX,
    description="The person's manager.",
    sub_attributes=(
        Attribute(name="value", case_exact=True, description="The id of the manager's user resource."),
        Attribute(
            name="$ref",
            type=Type.REFERENCE,
            case_exact=True,
            reference_types=("User",),
            description="The location of the manager's user resource.",
        ),
        Attribute(name="displayName", mutability=Mutability.READ_ONLY, description="The name of the manager."),
    ),
)

ENTERPRISE_USER: Final = Schema(
    urn=urns.ENTERPRISE_USER,
    name="EnterpriseUser",
    description="What an organization adds to a user account",
    attributes=(
        Attribute(name="employeeNumber", description="Number or code the organization knows the person by."),
        Attribute(name="costCenter", description="The cost center."),
        Attribute(name="organization", description="The organization."),
        Attribute(name="division", description="The division."),
        Attribute(name="department", description="The department."),
        _MANAGER,
    ),
)

_MEMBERS = _plural(
    "members",
    "The members of the group.",
    Attribute(
        name="value",
        case_exact=True,
        mutability=Mutability.IMMUTABLE,
        description="The id of the member.",
    ),
    Attribute(
        name="$ref",
        type=Type.REFERENCE,
        case_exact=True,
        mutability=Mutability.IMMUTABLE,
        reference_types=("User", "Group"),
        description="The location of the member.",
    ),
    _display(),
    Attribute(
        name="type",
        mutability=Mutability.IMMUTABLE,
        canonical_values=("User", "Group"),
        description="The resource type of the member.",
    ),
)

GROUP: Final = Schema(
    urn=urns.GROUP,
    name="Group",
    description="Group",
    attributes=(
        Attribute(
            name="displayName",
            required=True,
            uniqueness=Uniqueness.SERVER,
            description="The name of the group. Unique, whatever its case.",
        ),
        _MEMBERS,
    ),
)

USER_TYPE: Final = ResourceType("User", "/Users", "User account", USER, (ENTERPRISE_USER,))
GROUP_TYPE: Final = ResourceType("Group", "/Groups", "Group", GROUP)
RESOURCE_TYPES: Final[tuple[ResourceType, ...]] = (USER_TYPE, GROUP_TYPE)
