"""The vocabulary of attribute characteristics (RFC 7643 sections 2 and 7).

One table of these drives validation, `/Schemas`, projection, the typing of filters and the choice of indexes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """Data types (RFC 7643 section 2.3)."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    REFERENCE = "reference"
    BINARY = "binary"
    COMPLEX = "complex"


class Mutability(StrEnum):
    """When a client may write the attribute (RFC 7643 section 7)."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    """When the attribute is part of an answer (RFC 7643 section 7)."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(StrEnum):
    """How far the service provider holds a value to be unique (RFC 7643 section 7)."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute definition. Defaults are those of RFC 7643 section 2.2.

    `indexed` is no characteristic and is not published: a store is to find resources quickly by the attribute.
    """

    name: str
    type: Type = Type.STRING
    description: str = ""
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()
    indexed: bool = False
    _by_name: dict[str, "Attribute"] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {sub.name.lower(): sub for sub in self.sub_attributes})

    def sub_attribute(self, name: str) -> "Attribute | None":
        """Return the sub-attribute of that name in any case, or None (RFC 7643 section 2.1: names ignore case)."""
        return self._by_name.get(name.lower())


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: its URN, and its attributes.

    `immutable`, `demanding`, `unique`, `indexed` and `withheld` are those attributes that are so, or have parts that
    are so. Demanding ones are required; withheld ones are returned never, or on request.
    """

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    immutable: tuple[Attribute, ...] = field(init=False, repr=False, compare=False, hash=False)
    demanding: tuple[Attribute, ...] = field(init=False, repr=False, compare=False, hash=False)
    unique: tuple[Attribute, ...] = field(init=False, repr=False, compare=False, hash=False)
    indexed: tuple[Attribute, ...] = field(init=False, repr=False, compare=False, hash=False)
    withheld: tuple[Attribute, ...] = field(init=False, repr=False, compare=False, hash=False)
    _by_name: dict[str, Attribute] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {attribute.name.lower(): attribute for attribute in self.attributes})
        for name, holds in _SELECTIONS.items():
            object.__setattr__(self, name, tuple(one for one in self.attributes if _in_any_part(one, holds)))

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name in any case, or None."""
        return self._by_name.get(name.lower())


_WITHHELD: Final = frozenset({Returned.NEVER, Returned.REQUEST})
_SELECTIONS: Final[Mapping[str, Callable[[Attribute], bool]]] = {
    "immutable": lambda attribute: attribute.mutability is Mutability.IMMUTABLE,
    "demanding": lambda attribute: attribute.required,
    "unique": lambda attribute: attribute.uniqueness is not Uniqueness.NONE,
    "indexed": lambda attribute: attribute.indexed,
    "withheld": lambda attribute: attribute.returned in _WITHHELD,
}


def _in_any_part(attribute: Attribute, holds: Callable[[Attribute], bool]) -> bool:
    return holds(attribute) or any(map(holds, attribute.sub_attributes))


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A resource type: where it lives and which schemas its resources carry (RFC 7643 section 6).

    `withheld` has the keys that lead to each attribute and sub-attribute that is returned never, or on request, with
    which of the two it is. `names` has the names of the core attributes and the URNs of the extensions.
    """

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    withheld: tuple[tuple[tuple[str, ...], Returned], ...] = field(init=False, repr=False, compare=False, hash=False)
    names: frozenset[str] = field(init=False, repr=False, compare=False, hash=False)
    _by_urn: dict[str, Schema] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        by_urn = {schema.urn.lower(): schema for schema in reversed(self.extensions)}
        object.__setattr__(self, "withheld", tuple(_withheld(self)))
        object.__setattr__(self, "_by_urn", by_urn)
        core = (attribute.name for attribute in (*COMMON, *self.schema.attributes))
        object.__setattr__(self, "names", frozenset([*core, *(schema.urn for schema in self.extensions)]))

    def extension(self, urn: str) -> Schema | None:
        """Return the extension with that URN in any case, or None."""
        return self._by_urn.get(urn.lower())

    def schemas(self) -> Iterator[Schema]:
        """Yield the core schema, then the extensions."""
        yield self.schema
        yield from self.extensions


def _withheld(resource_type: ResourceType) -> Iterator[tuple[tuple[str, ...], Returned]]:
    for schema in resource_type.schemas():
        above = () if schema is resource_type.schema else (schema.urn,)
        for attribute in schema.withheld:
            keys = (*above, attribute.name)
            for where, part in ((keys, attribute), *(((*keys, one.name), one) for one in attribute.sub_attributes)):
                if part.returned in _WITHHELD:
                    yield where, part.returned


# RFC 7643 section 3.1: attributes of every resource, in no schema of their own.
META: Final = Attribute(
    name="meta",
    type=Type.COMPLEX,
    description="What the service provider knows of the resource itself.",
    mutability=Mutability.READ_ONLY,
    sub_attributes=(
        Attribute(name="resourceType", mutability=Mutability.READ_ONLY, case_exact=True),
        Attribute(name="created", type=Type.DATE_TIME, mutability=Mutability.READ_ONLY),
        Attribute(name="lastModified", type=Type.DATE_TIME, mutability=Mutability.READ_ONLY),
        Attribute(name="location", type=Type.REFERENCE, mutability=Mutability.READ_ONLY, case_exact=True),
        Attribute(name="version", mutability=Mutability.READ_ONLY, case_exact=True),
    ),
)
COMMON: Final = (
    Attribute(
        name="schemas",
        type=Type.REFERENCE,
        multi_valued=True,
        required=True,
        case_exact=True,
        returned=Returned.ALWAYS,
        description="The URNs of the schemas that the resource carries.",
    ),
    Attribute(
        name="id",
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        returned=Returned.ALWAYS,
        uniqueness=Uniqueness.SERVER,
        description="The service provider's identifier of the resource; it never changes and is never used again.",
    ),
    Attribute(name="externalId", case_exact=True, description="The provisioning client's identifier of the resource."),
    META,
)
