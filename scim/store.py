"""What a service provider needs of a store, with the rules in words. `conformance` holds them as tests.

Every method works inside a unit of work that the caller opened and will commit or roll back; a store never commits.
Everything a store sees or returns belongs to one tenant. Values that go in and come out are never changed in place.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from scim.filter.syntax import Filter, Literal
from scim.resource import Document, Member, MembershipChange, StoredResource
from scim.sorting import Sort


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list, between two resources: what a cursor stands for (RFC 9865).

    `key` is the `scim.sorting.sort_key` of the resource that the place is next to, and `row` the store's own number of
    it, in the order of creation. Going on from there means forwards, or `backwards`.
    """

    key: Literal = None
    row: int | None = None
    backwards: bool = False


START: Final = Position()
"""The place before the first resource."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which resources to list: those of one type, and those of other types `beside` it, each with its filter.

    They come in the order of creation, or sorted; resources of several types in one order. `start_index` counts from 1;
    with a `position` it does not count, and the page goes on from there. `count` may be 0: then only the total is
    wanted. `with_members` False means that membership rows are not touched, and `members` of groups in the answer is
    None; `with_groups` False means the same for `groups` of users, which are none then. `scan_limit` is how many
    resources a store may look at one by one, where a filter or an order has no index; None sets no bound.
    """

    resource_type: str
    filter: Filter | None = None
    start_index: int = 1
    count: int = 100
    with_members: bool = True
    with_groups: bool = True
    sort: Sort | None = None
    position: Position | None = None
    beside: tuple[tuple[str, Filter | None], ...] = ()
    scan_limit: int | None = None

    def selections(self) -> Iterator[tuple[str, Filter | None]]:
        """Yield each resource type with its filter."""
        yield self.resource_type, self.filter
        yield from self.beside


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `total` matches in all, and the resources that the query asks for, in an order that stays the same.

    Of a query with a position, `following` and `preceding` are where to go on in both directions; None means that
    nothing comes there.
    """

    total: int
    resources: tuple[StoredResource, ...]
    following: Position | None = None
    preceding: Position | None = None


class ResourceStore(Protocol):
    """A tenant's users and groups."""

    def attempt(self) -> AbstractContextManager[None]:
        """Open a part of the unit of work: when its block raises, what was done in it is undone, and nothing else.

        The exception goes on. The unit of work can be used afterwards, and parts may be within parts.
        """

    def create(
        self,
        resource_type: str,
        document: Document,
        members: Sequence[Member] = (),
        *,
        revive: bool = False,
        park: bool = False,
    ) -> StoredResource:
        """Store a new resource under an id that the store makes, version 1, and return it with its members.

        With `revive`, one that was deleted, of that type and with the same unique name and externalId, comes back:
        under its id, and the version after its last one. Of several the one that was deleted last.

        With `park`, members that nobody knows are no error, here and in `update` (`MembershipChange.park`): they wait
        until a resource with that id, or a user with exactly that externalId, is created, and become members then. Who
        is there already is known by the id alone. They are neither shown nor counted, and wait no longer when they are
        removed, when the members are replaced, and when the group is deleted.

        Raises `Uniqueness` when a user's userName or a group's displayName equals another one's of the same type after
        folding (NFC, case), and `InvalidValue` naming each member that is no resource of this tenant, or that is a
        group in which this one is contained, directly or through others.
        """

    def read(
        self, resource_type: str, resource_id: str, *, with_members: bool = True, with_groups: bool = True
    ) -> StoredResource:
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

    def namesake(self, resource_type: str, document: Document) -> StoredResource | None:
        """Return the resource whose unique name is that of the document, without members; None where there is none.

        One that did not come over SCIM is never returned. It is held as by `read`.
        """

    def take_up(self, resource: StoredResource, document: Document) -> StoredResource:
        """Write `document` over an account that its client creates again; as `update`, and recorded as that."""

    def document_at(self, resource: StoredResource, version: int) -> Document | None:
        """Return the document as it was at an older version, or None when that is not known any more.

        At least `scim.history.MOST_CHANGES` changes are remembered, unless they are large. `resource` was read in this
        unit of work, which may write. Raises `Conflict` as `update` does.
        """

    def delete(self, resource_type: str, resource_id: str) -> None:
        """Remove the resource, its memberships in both directions, and keep a tombstone. Raises `NotFound`.

        Each group that it was a member of has its next version then.
        """

    def find(self, query: Query) -> Page:
        """Return the page of resources that match. Agrees with `scim.filter.matching` and `scim.sorting`.

        Raises `TooMany` when no index serves the filter or the order and there are more resources than `scan_limit`.
        """

    def matching_members(self, group_id: str, condition: Filter) -> tuple[str, ...]:
        """Return the ids of the group's members that meet the condition of a `members[...]` path."""
