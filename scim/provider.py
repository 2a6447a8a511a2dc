"""The service provider: who answers, of what, within which limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scim.core_schemas import RESOURCE_TYPES
from scim.cursors import CursorSeal
from scim.exchange import Limits
from scim.reprovision import Reprovision
from scim.schema import ResourceType, Schema
from scim.tolerance import DEFAULT_PROFILE, Profile


@dataclass(frozen=True, slots=True)
class Provider:
    """What the service provider says of itself.

    `base_url` is the public URL of the endpoint without a trailing slash; locations are built from it and never from a
    request header. `documentation_uri` goes into ServiceProviderConfig. `resource_types` are what it serves: User and
    Group, with the extensions that this installation knows. `cursors` seals the cursors of lists; without it there are
    none. `profile` is what the client is forgiven, and `reprovision` what
    becomes of a creation of a user who is here already, or was. `places` has, by the name of the resource type, what
    an id is appended to for the location of the resource.
    """

    base_url: str
    limits: Limits = field(default_factory=Limits)
    documentation_uri: str | None = None
    resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES
    cursors: CursorSeal | None = None
    profile: Profile = DEFAULT_PROFILE
    reprovision: Reprovision = Reprovision.CONFLICT
    places: Mapping[str, str] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        places = {one.name: f"{self.base_url}{one.endpoint}/" for one in self.resource_types}
        object.__setattr__(self, "places", places)

    def resource_type(self, name: str) -> ResourceType | None:
        """Return the resource type of that name, or None. Names are compared exactly."""
        return next((one for one in self.resource_types if one.name == name), None)

    def at_endpoint(self, endpoint: str) -> ResourceType | None:
        """Return the resource type that lives at an endpoint ("/Users"), or None."""
        return next((one for one in self.resource_types if one.endpoint == endpoint), None)

    def schemas(self) -> Iterator[Schema]:
        """Yield every schema once, users' first."""
        known = {schema.urn: schema for one in self.resource_types for schema in one.schemas()}
        yield from known.values()
