"""The application's users and groups, as `scim.store.ResourceStore` asks for them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from scim.core_schemas import GROUP_TYPE
from scim.errors import Forbidden
from scim.filter.syntax import Filter
from scim.history import as_it_was
from scim.resource import Document, Member, MembershipChange, StoredResource
from scim.store import Page, Query
from syncd.core.changes import Change
from syncd.core.subjects import Origin
from syncd.store.finding import find_members, find_page
from syncd.store.link import savepoint
from syncd.store.recording import hold
from syncd.store.returning import find_namesake
from syncd.store.rows import members_of, read_one, stored
from syncd.store.scope import Scope


class Directory:
    """A `ResourceStore` in one unit of work. It reads by itself; every write goes through the unit's door."""

    def __init__(self, scope: Scope, record: Callable[[Change], StoredResource | None]) -> None:
        self._scope = scope
        self._record = record

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Open a part that can be undone; see `ResourceStore.attempt`.

        What was locked in a part that is undone is locked no longer, and what was locked before may have another
        version in `held`: all of it is looked at again.
        """
        try:
            with savepoint(self._scope.link):
                yield
        except BaseException:
            self._scope.held.clear()
            raise

    def create(
        self,
        resource_type: str,
        document: Document,
        members: Sequence[Member] = (),
        *,
        revive: bool = False,
        park: bool = False,
    ) -> StoredResource:
        """Store a new resource; see `ResourceStore.create`."""
        added = MembershipChange(add=tuple(members), park=park)
        created = self._record(Change(resource_type, None, document, added, again=revive))
        return self._answer(created, with_members=True)

    def read(
        self, resource_type: str, resource_id: str, *, with_members: bool = True, with_groups: bool = True
    ) -> StoredResource:
        """Return a resource; see `ResourceStore.read`.

        Where it is held, members are read once it is: a statement that waits for the row sees the members from before.
        """
        at_once = with_members and self._scope.cause is None
        row = read_one(self._scope, resource_type, resource_id, with_members=at_once, with_groups=with_groups)
        return stored(row) if at_once else self._answer(stored(row), with_members=with_members)

    def update(
        self,
        resource: StoredResource,
        document: Document,
        members: MembershipChange,
        *,
        with_members: bool = True,
        based_on: int | None = None,
    ) -> StoredResource:
        """Change a resource; see `ResourceStore.update`."""
        changed = self._record(
            Change(resource.resource_type, self._managed(resource), document, members, based_on=based_on)
        )
        return self._answer(changed, with_members=with_members)

    def namesake(self, resource_type: str, document: Document) -> StoredResource | None:
        """Return the resource of the same name; see `ResourceStore.namesake`."""
        found = find_namesake(self._scope, resource_type, document)
        return None if found is None else stored(found)

    def take_up(self, resource: StoredResource, document: Document) -> StoredResource:
        """Write over an account; see `ResourceStore.take_up`."""
        change = Change(resource.resource_type, self._managed(resource), document, again=True)
        return self._answer(self._record(change), with_members=False)

    def document_at(self, resource: StoredResource, version: int) -> Document | None:
        """Return the document as it was; see `ResourceStore.document_at`."""
        past = hold(self._scope, resource).past
        return as_it_was(past, resource.version, resource.document, version)

    def delete(self, resource_type: str, resource_id: str) -> None:
        """Remove a resource; see `ResourceStore.delete`."""
        before = self._managed(self.read(resource_type, resource_id, with_members=False, with_groups=False))
        self._record(Change(resource_type, before, None))

    def find(self, query: Query) -> Page:
        """Return a page; see `ResourceStore.find`."""
        return find_page(self._scope, query)

    def matching_members(self, group_id: str, condition: Filter) -> tuple[str, ...]:
        """Return the ids of members that meet the condition; see `ResourceStore.matching_members`."""
        return find_members(self._scope, group_id, condition)

    def _managed(self, resource: StoredResource) -> StoredResource:
        """Return the resource. Raises `Forbidden` for an account that did not come over SCIM.

        Who provisions accounts must not take over one that the application made itself, by finding it and renaming it.
        """
        self._scope.refuse_reading()
        origin = hold(self._scope, resource).origin
        if origin != Origin.SCIM.value:
            raise Forbidden(
                f"The {resource.resource_type} {resource.id!r} did not come over SCIM (made by: {origin}), and is not"
                " changed over SCIM. Change it in the application, or delete it there to have it provisioned."
            )
        return resource

    def _answer(self, resource: StoredResource | None, *, with_members: bool) -> StoredResource:
        if resource is None:
            raise TypeError("only a deletion leaves no resource")
        if not with_members or resource.resource_type != GROUP_TYPE.name:
            return resource
        held = self._scope.held[resource.resource_type, resource.id]
        return replace(resource, members=members_of(self._scope, held.pk))
