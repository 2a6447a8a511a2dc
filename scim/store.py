"""What a service provider needs of a store, with the rules in words. `conformance` holds them as tests.

Every method works inside a unit of work that the caller opened and will commit or roll back; a store never commits.
Everything a store sees or returns belongs to one tenant. Values that go in and come out are never changed in place.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from scim.filter.syntax import Filter
from scim.resource import Document, Member, MembershipChange, StoredResource


@dataclass(frozen=True, slots=True)
class Query:
    """Which resources of one type to list.

    `start_index` counts from 1. `count` may be 0: then only the total is wanted. `with_members` False means that
    membership rows are not touched, and `members` of the answer is None.
    """

    resource_type: str
    filter: Filter | None = None
    start_index: int = 1
    count: int = 100
    with_members: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `total` matches in all, and the resources from `start_index` on, in an order that stays the same."""

    total: int
    resources: tuple[StoredResource, ...]


class ResourceStore(Protocol):
    """A tenant's users and groups."""

    def attempt(self) -> AbstractContextManager[None]:
        """Open a part of the unit of work: when its block raises, what was done in it is undone, and nothing else.

        The exception goes on. The unit of work can be used afterwards, and parts may be within parts.
        """

    def create(self, resource_type: str, document: Document, members: Sequence[Member] = ()) -> StoredResource:
        """Store a new resource under an id that the store makes, version 1, and return it with its members.

        Raises `Uniqueness` when a user's userName or a group's displayName equals another one's of the same type after
        folding (NFC, case), and `InvalidValue` naming each member that is no resource of this tenant, or that is a
        group in which this one is contained, directly or through others.
        """

    def read(self, resource_type: str, resource_id: str, *, with_members: bool = True) -> StoredResource:
        """Return the resource. In a writing unit of work nobody else can change it until that unit ends.

        Raises `NotFound` when this tenant has no resource of that type and id. Ids are compared exactly.
        """

    def update(
        self,
        resource: StoredResource,
        document: Document,
        members: MembershipChange,
        *,
        with_members: bool = True,
        based_on: int | None = None,
    ) -> StoredResource:
        """Write `document` and the membership change over `resource` and return the result.

        The version grows by one and lastModified moves only when something changed: an equal document and a membership
        change without effect leave both, and nothing is recorded. The cost is that of the change: members that are not
        named are not touched, unless `members.replace`, or `with_members` asks for them in the answer.

        `based_on` is the older version that the client worked from, for stores that keep a record of changes.

        Raises `Conflict` when the stored version is no longer `resource.version`, `NotFound` when it is gone, and
        `Uniqueness` and `InvalidValue` as `create` does.
        """

    def document_at(self, resource: StoredResource, version: int) -> Document | None:
        """Return the document as it was at an older version, or None when that is not known any more.

        At least `scim.history.MOST_CHANGES` changes are remembered, unless they are large. `resource` was read in this
        unit of work, which may write. Raises `Conflict` as `update` does.
        """

    def delete(self, resource_type: str, resource_id: str) -> None:
        """Remove the resource, its memberships in both directions, and keep a tombstone. Raises `NotFound`."""

    def find(self, query: Query) -> Page:
        """Return the page of resources that match, ordered by creation. Agrees with `scim.filter.matching`.

        Raises `TooMany` when the store will not do the work that the filter needs.
        """

    def matching_members(self, group_id: str, condition: Filter) -> tuple[str, ...]:
        """Return the ids of the group's members that meet the condition of a `members[...]` path."""
