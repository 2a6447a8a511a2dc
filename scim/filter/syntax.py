"""The trees of a parsed filter and of a PATCH path: every path is resolved, every comparison typed."""

from dataclasses import dataclass
from enum import StrEnum

from scim.attribute_path import AttributePath


class Operator(StrEnum):
    """Comparison operators (RFC 7644 table 3)."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    CONTAINS = "co"
    STARTS_WITH = "sw"
    ENDS_WITH = "ew"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    LESS = "lt"
    LESS_OR_EQUAL = "le"


Literal = str | bool | int | float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator literal`. The literal has the type of the path's leaf, or is null with eq or ne.

    A dateTime literal is the moment as `scim.resource.timestamp` renders it, so that comparing text compares moments.
    Other text is as the client wrote it, not folded.
    """

    path: AttributePath
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True)
class Present:
    """`path pr`: there is a value, and it is not empty."""

    path: AttributePath


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`path[condition]`: one and the same value of the multi-valued complex attribute meets the whole condition.

    Paths inside `condition` name sub-attributes: their `attribute` is the multi-valued attribute itself, their
    `sub_attribute` the part that is compared.
    """

    path: AttributePath
    condition: "Filter"


@dataclass(frozen=True, slots=True)
class Not:
    """`not (term)`."""

    term: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """All terms hold. At least two terms, none of them an And."""

    terms: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one term holds. At least two terms, none of them an Or."""

    terms: tuple["Filter", ...]


Filter = Comparison | Present | ValuePath | Not | And | Or


@dataclass(frozen=True, slots=True)
class PatchPath:
    """The target of a PATCH operation (RFC 7644 section 3.5.2).

    `members[value eq "x"]`: `path` is members, `condition` selects among its values, as in `ValuePath`.
    `emails[type eq "work"].value`: `path` is emails.value, `condition` selects among the emails. Without brackets,
    `condition` is None.
    """

    path: AttributePath
    condition: Filter | None = None
