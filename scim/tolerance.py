"""Leniencies: what clients send although the standard does not allow it, each with a name, and profiles of them.

A leniency says who needs it, with a source. A profile is what one kind of client is forgiven. A `Tolerance` is a
profile and what of it one request needed: it is made for the request, handed to every function that could refuse
something, and read when the request ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from scim.errors import InvalidSyntax, ScimError

STRICT: Final = "strict"
RFC: Final = "rfc"
OKTA: Final = "okta"
ENTRA: Final = "entra"
ONELOGIN: Final = "onelogin"
JUMPCLOUD: Final = "jumpcloud"

_CLIENTS: Final = frozenset({OKTA, ENTRA, ONELOGIN, JUMPCLOUD})
_HARMLESS: Final = _CLIENTS | {RFC}


class About(NamedTuple):
    """What a leniency is: its name, what is forgiven, who needs that and where it is told, and which profiles do."""

    label: str
    meaning: str
    who: str
    profiles: frozenset[str]


class Leniency(Enum):
    """What is forgiven. The names are stable: counters and reports rely on them."""

    BOOLEAN_AS_TEXT = About(
        "boolean-as-text",
        '"True" and "False" for a boolean',
        "Entra: AzureAD/SCIMReferenceCode#21, scimmyjs/scimmy#51, rancher/rancher#52996",
        _HARMLESS,
    )
    TEXT_FOR_COMPLEX = About(
        "text-for-complex",
        "text where an object with a value belongs, such as a role or the id of a member",
        "Entra's roles; the static models of scim2-models refuse them, measured",
        _HARMLESS,
    )
    MANAGER_AS_TEXT = About(
        "manager-as-text", "the id of the manager alone", "Entra: pranems/SCIMServer, its documentation", _HARMLESS
    )
    ONE_FOR_LIST = About(
        "one-for-list",
        "one value where a list belongs",
        "Entra and hand-written connectors: pranems/SCIMServer, its documentation",
        _HARMLESS,
    )
    EMPTY_AS_ABSENT = About(
        "empty-as-absent",
        '"" and objects without content for no value',
        "Okta: case C9337 of its manual test plan, empty profile fields",
        _HARMLESS,
    )
    SEVERAL_PRIMARY = About(
        "several-primary",
        "several values that are primary; the first stays so",
        "Okta and Entra, with custom mappings; scim2-models refuses them, measured",
        _HARMLESS,
    )
    SCHEMAS_MISSING = About(
        "schemas-missing",
        "a body whose schemas do not name what it is",
        "hand-written connectors",
        _HARMLESS,
    )
    PLAIN_JSON = About("plain-json", "application/json as media type", "Okta's SPEC test posts it", _HARMLESS)
    NO_MEDIA_TYPE = About("no-media-type", "a body without a media type", "hand-written connectors", _HARMLESS)
    UNKNOWN_ATTRIBUTES = About(
        "unknown-attributes",
        "attributes and schemas that are not known here are left out",
        "every identity provider; draft-zollner-scim-interop-profile-02 wants them refused",
        _HARMLESS,
    )
    OP_IN_ANY_CASE = About(
        "op-in-any-case", '"Add" and "Replace"', "Entra, without its feature flag aadOptscim062020", _HARMLESS
    )
    WITHOUT_PATH = About(
        "without-path",
        "PATCH operations without a path",
        "Okta's deactivation and renaming: Metatavu/keycloak-scim-server#100; RFC 7644 allows it, "
        "draft-zollner-scim-interop-profile-02 does not",
        _HARMLESS,
    )
    READ_ONLY_WITHOUT_PATH = About(
        "read-only-without-path",
        "read-only attributes in the value of an operation without a path are left out",
        "Okta sends a group's id with each renaming: Metatavu/keycloak-scim-server#101",
        _CLIENTS,
    )
    PATH_AS_NAME = About(
        "path-as-name",
        'paths as names in a value: {"name.familyName": ...}',
        "Entra: pranems/SCIMServer, its documentation; scim2-models drops them silently, measured",
        _CLIENTS,
    )
    EXTENSION_AS_PATH = About(
        "extension-as-path",
        "the URN of an extension as path, for all of it",
        "clients that manage an extension as a whole",
        _HARMLESS,
    )
    REMOVE_LISTED = About(
        "remove-listed",
        "remove with a list of values takes those only, where RFC 7644 would take all",
        "Entra's removal of members: goauthentik/authentik#23798, vouch-sh/vouch#1415",
        _CLIENTS,
    )
    ADD_MAKES_TARGET = About(
        "add-makes-target",
        "add to a value path that selects nothing makes what it describes",
        "Entra and OneLogin: Captain-P-Goldfish/scim-for-keycloak#73, zitadel/zitadel#9690",
        _HARMLESS,
    )
    REPLACE_MAKES_TARGET = About(
        "replace-makes-target",
        "replace at a value path that selects nothing makes what it describes",
        "Entra: Captain-P-Goldfish/scim-for-keycloak#73, better-auth/better-auth#10682",
        frozenset({ENTRA}),
    )
    REMOVE_AGAIN = About(
        "remove-again",
        "removing a member that is none is a success",
        "every client that repeats a request: jelhub/scimgateway does the same",
        _HARMLESS,
    )
    PARK_UNKNOWN_MEMBERS = About(
        "park-unknown-members",
        "members that nobody knows become members when they arrive",
        "group pushes that overtake their users: okta/terraform-provider-okta#1164, pulumi/docs#13236",
        _CLIENTS,
    )
    BRACKETS_IN_ATTRIBUTES = About(
        "brackets-in-attributes",
        'brackets in the parameters attributes and excludedAttributes: emails[type eq "work"]',
        "published SCIM test suites",
        _HARMLESS,
    )
    FILTER_ON_DISCOVERY = About(
        "filter-on-discovery",
        "a filter on /Schemas, /ResourceTypes or /ServiceProviderConfig is ignored",
        "clients that list with the same parameters everywhere: a published SCIM test suite in Go",
        _HARMLESS,
    )

    def __init__(self, label: str, meaning: str, who: str, profiles: frozenset[str]) -> None:
        self.label = label
        self.meaning = meaning
        self.who = who
        self.profiles = profiles

    # An Enum hashes its name each time; these are compared by identity anyway.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of client is forgiven."""

    name: str
    allows: frozenset[Leniency]


PROFILES: Final[Mapping[str, Profile]] = {
    name: Profile(name, frozenset(one for one in Leniency if name in one.profiles))
    for name in (STRICT, RFC, OKTA, ENTRA, ONELOGIN, JUMPCLOUD)
}
"""Every profile by its name, the strictest first."""

DEFAULT_PROFILE: Final = PROFILES[OKTA]


class Tolerance:
    """A profile, and the leniencies that were needed so far, granted or not."""

    __slots__ = ("profile", "used")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.used: frozenset[Leniency] = frozenset()

    def forgive(self, leniency: Leniency, refusal: type[ScimError], detail: str) -> None:
        """Note that a leniency is needed. Raises the refusal where the profile does not have it."""
        self.used |= {leniency}
        if leniency not in self.profile.allows:
            raise refusal(f"{detail} (The profile {self.profile.name} does not forgive {leniency.label}.)")

    def judge_schemas(self, body: Mapping[str, Any], urn: str) -> None:
        """Note where the `schemas` of a body do not name what it is. Raises `InvalidSyntax` if that is not forgiven."""
        schemas = body.get("schemas")
        if not isinstance(schemas, list) or urn not in schemas:
            self.forgive(Leniency.SCHEMAS_MISSING, InvalidSyntax, f"schemas: the body must name {urn}.")

    def forgives(self, leniency: Leniency) -> bool:
        """Note that a leniency is needed, and return whether the profile has it."""
        self.used |= {leniency}
        return leniency in self.profile.allows


def or_default(tolerance: Tolerance | None) -> Tolerance:
    """Return the tolerance, or one of its own with the default profile where nobody asks what is needed."""
    return Tolerance(DEFAULT_PROFILE) if tolerance is None else tolerance
