"""Shared by the tests of PATCH: operations as JSON -> what becomes of a resource."""

from collections.abc import Mapping
from typing import Any

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.exchange import Limits
from scim.filter.syntax import Filter
from scim.patch.membership import MatchingMembers
from scim.patch.operations import read_patch
from scim.patch.planning import plan
from scim.resource import Document, MembershipChange, StoredResource
from tests.scim.endpoint import START

LIMITS = Limits()


def never_asked(condition: Filter) -> tuple[str, ...]:
    raise AssertionError(f"asked for the members that meet {condition}")


def planned(
    document: Document, *operations: Any, group: bool = False, matching: MatchingMembers = never_asked
) -> tuple[Document, MembershipChange]:
    """Return the document and the membership change after operations on a user, or on a group."""
    resource_type = GROUP_TYPE if group else USER_TYPE
    stored = StoredResource(resource_type.name, "id-1", 1, START, START, document)
    return plan(read_patch({"Operations": list(operations)}, resource_type, LIMITS), stored, matching)


def patched(document: Mapping[str, Any], *operations: Any) -> Document:
    """Return the document of a user after operations."""
    return planned(document, *operations)[0]


def operation(op: str, path: str | None = None, value: Any = ...) -> dict[str, Any]:
    """Return an operation as a client writes it; `...` leaves the value out."""
    return {"op": op} | ({} if path is None else {"path": path}) | ({} if value is ... else {"value": value})
