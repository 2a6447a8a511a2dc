"""A `ResourceStore` in memory, for tests and trials: small, complete, and gone when the process ends.

It passes the same `conformance` suite as a store on disk. What it does not have is a transaction: every method checks
everything before it changes anything, so a request that fails leaves it as it was. Only `attempt` takes back what was
done, at the price of a copy.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import total_ordering
from itertools import count
from typing import Final

from scim.characteristics import unique_values
from scim.core_schemas import GROUP_TYPE, RESOURCE_TYPES, USER_TYPE
from scim.errors import Conflict, InvalidValue, NotFound, Uniqueness
from scim.filter.matching import matches, value_matches
from scim.filter.syntax import Filter, Literal
from scim.history import Past, as_it_was, remember
from scim.resource import Document, Member, MembershipChange, StoredResource, fold, view
from scim.schema import ResourceType
from scim.schema import Uniqueness as Unique
from scim.sorting import Sort, sort_key
from scim.store import Page, Position, Query

_GROUP: Final = GROUP_TYPE.name
_USER: Final = USER_TYPE.name

_Members = dict[str, Member]
_UniqueKey = tuple[str, str, str]


@total_ordering
@dataclass(frozen=True, slots=True)
class _Place:
    """Where a resource stands in a list: what has no value comes last, and of equals the one that was created first."""

    key: Literal
    row: int

    def __lt__(self, other: "_Place") -> bool:
        if self.key == other.key:
            return self.row < other.row
        if self.key is None or other.key is None:
            return other.key is None
        return self.key < other.key  # type: ignore[operator] # of one attribute: values of one type

    def position(self, *, backwards: bool = False) -> Position:
        return Position(self.key, self.row, backwards)


class MemoryStore:
    """Resources of one tenant. `new_id` makes ids and `now` tells the time, so that a run can be repeated exactly.

    `resource_types` are what may be stored, with their extensions.
    """

    def __init__(
        self,
        new_id: Callable[[], str],
        now: Callable[[], datetime],
        resource_types: Iterable[ResourceType] = RESOURCE_TYPES,
    ) -> None:
        self._types = {resource_type.name: resource_type for resource_type in resource_types}
        self._new_id = new_id
        self._now = now
        self._rows: dict[str, StoredResource] = {}
        self._members: dict[str, _Members] = {}
        self._owners: dict[_UniqueKey, str] = {}
        self._past: dict[str, Past] = {}
        self._numbers: dict[str, int] = {}
        self._deleted: tuple[StoredResource, ...] = ()
        self._parked: dict[str, _Members] = {}
        self._created = count(1)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Open a part that can be undone; see `ResourceStore.attempt`."""
        before = {group_id: dict(members) for group_id, members in self._members.items()}
        saved = dict(self._rows), before, dict(self._owners), dict(self._past), dict(self._numbers), self._deleted
        parked = dict(self._parked)
        try:
            yield
        except BaseException:
            self._rows, self._members, self._owners, self._past, self._numbers, self._deleted = saved
            self._parked = parked
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
        keys = _unique_keys(self._types[resource_type], document)
        self._refuse_taken(keys)
        known, parked = self._known(MembershipChange(add=tuple(members), park=park))
        moment = self._now()
        former = self._former(resource_type, document) if revive else None
        self._deleted = tuple(row for row in self._deleted if row is not former)
        resource_id, version = (former.id, former.version + 1) if former else (self._new_id(), 1)
        row = StoredResource(resource_type, resource_id, version, moment, moment, deepcopy(document))
        self._numbers[row.id] = next(self._created)
        self._put(row, keys, known)
        self._park(row.id, MembershipChange(), parked)
        self._admit(row)
        return replace(self._answer(row, with_members=True), parked=tuple(parked))

    def read(
        self, resource_type: str, resource_id: str, *, with_members: bool = True, with_groups: bool = True
    ) -> StoredResource:
        """Return a resource; see `ResourceStore.read`."""
        row = self._row(resource_type, resource_id)
        return self._answer(row, with_members=with_members, with_groups=with_groups)

    def update(
        self,
        resource: StoredResource,
        document: Document,
        members: MembershipChange,
        *,
        with_members: bool = True,
        based_on: int | None = None,  # noqa: ARG002 -- there is no record of changes to write it into
    ) -> StoredResource:
        """Change a resource; see `ResourceStore.update`."""
        row = self._current(resource)
        before_document = row.document
        keys = _unique_keys(self._types[row.resource_type], document)
        self._refuse_taken(keys, owner=row.id)
        before = self._members.get(row.id, {})
        added, parked = self._known(members)
        self._refuse_circles(row.id, added)
        after = _changed(before, members, added)
        if document != row.document or after.keys() != before.keys():
            self._forget_keys(row)
            row = replace(row, version=row.version + 1, last_modified=self._now(), document=deepcopy(document))
            self._put(row, keys, after)
            self._past[row.id] = remember(self._past.get(row.id), resource.version, before_document, row.document)
        self._park(row.id, members, parked)
        return replace(self._answer(row, with_members=with_members), parked=tuple(parked))

    def namesake(self, resource_type: str, document: Document) -> StoredResource | None:
        """Return the resource of the same name; see `ResourceStore.namesake`. All of them came over SCIM."""
        owner = self._owners.get(_unique_keys(self._types[resource_type], document)[0])
        return None if owner is None else self.read(resource_type, owner, with_members=False)

    def take_up(self, resource: StoredResource, document: Document) -> StoredResource:
        """Write over an account; see `ResourceStore.take_up`."""
        return self.update(resource, document, MembershipChange())

    def document_at(self, resource: StoredResource, version: int) -> Document | None:
        """Return the document as it was; see `ResourceStore.document_at`."""
        row = self._current(resource)
        return deepcopy(as_it_was(self._past.get(row.id), row.version, row.document, version))

    def delete(self, resource_type: str, resource_id: str) -> None:
        """Remove a resource; see `ResourceStore.delete`."""
        row = self._row(resource_type, resource_id)
        self._forget_keys(row)
        self._deleted = (*self._deleted, row)
        self._past.pop(resource_id, None)
        del self._rows[resource_id], self._numbers[resource_id]
        self._members.pop(resource_id, None)
        self._parked.pop(resource_id, None)
        for group_id in self._groups_with({resource_id}):
            del self._members[group_id][resource_id]
            group = self._rows[group_id]
            self._rows[group_id] = replace(group, version=group.version + 1, last_modified=self._now())

    def find(self, query: Query) -> Page:
        """Return a page; see `ResourceStore.find`. Everything is in memory, so that no bound is needed."""
        found = sorted(
            (self._place(row, query.sort), row)
            for name, condition in query.selections()
            for row in self._rows.values()
            if row.resource_type == name and (condition is None or self._meets(condition, row))
        )
        if query.sort is not None and query.sort.descending:
            found.reverse()
        if query.position is None:
            start = query.start_index - 1
            return Page(len(found), self._shown(found[start : start + query.count], query))
        return self._going_on(found, query, query.position)

    def _going_on(self, found: list[tuple[_Place, StoredResource]], query: Query, position: Position) -> Page:
        """Return the page of all that was found that comes next from a position."""
        places = [place for place, _ in found]
        start = 0
        if position.row is not None:
            bound = _Place(position.key, position.row)
            descends = query.sort is not None and query.sort.descending
            start = sum(place > bound if descends else place < bound for place in places)
            start += bound in places and not position.backwards
        end = start + query.count
        if position.backwards:
            start, end = max(0, start - query.count), start
        page = found[start:end]
        following = page[-1][0].position() if page and end < len(found) else None
        preceding = page[0][0].position(backwards=True) if page and start > 0 else None
        return Page(len(found), self._shown(page, query), following, preceding)

    def _shown(self, found: Iterable[tuple[_Place, StoredResource]], query: Query) -> tuple[StoredResource, ...]:
        return tuple(
            self._answer(row, with_members=query.with_members, with_groups=query.with_groups) for _, row in found
        )

    def _place(self, row: StoredResource, sort: Sort | None) -> _Place:
        key = None if sort is None else sort_key(sort.path, row, self._types[row.resource_type])
        return _Place(key, self._numbers[row.id])

    def matching_members(self, group_id: str, condition: Filter) -> tuple[str, ...]:
        """Return the ids of members that meet the condition; see `ResourceStore.matching_members`."""
        return tuple(
            member.value
            for member in self._members.get(group_id, {}).values()
            if value_matches(condition, {"value": member.value, "display": member.display, "type": member.type})
        )

    def _former(self, resource_type: str, document: Document) -> StoredResource | None:
        """Return what was deleted last, and had the same unique name and externalId."""
        name, external_id = _unique_keys(self._types[resource_type], document)[0], document.get("externalId")
        found = (
            row
            for row in reversed(self._deleted)
            if row.resource_type == resource_type
            and _unique_keys(self._types[resource_type], row.document)[0] == name
            and row.document.get("externalId") == external_id is not None
        )
        return next(found, None)

    def _row(self, resource_type: str, resource_id: str) -> StoredResource:
        row = self._rows.get(resource_id)
        if row is None or row.resource_type != resource_type:
            raise NotFound(f"There is no {resource_type} with id {resource_id!r}.")
        return row

    def _current(self, resource: StoredResource) -> StoredResource:
        row = self._row(resource.resource_type, resource.id)
        if row.version != resource.version:
            raise Conflict(f"{row.resource_type} {row.id} was changed in the meantime. Repeat the request.")
        return row

    def _put(self, row: StoredResource, keys: Iterable[_UniqueKey], members: _Members) -> None:
        self._rows[row.id] = row
        self._owners |= dict.fromkeys(keys, row.id)
        if row.resource_type == _GROUP:
            self._members[row.id] = members

    def _forget_keys(self, row: StoredResource) -> None:
        for key in _unique_keys(self._types[row.resource_type], row.document):
            del self._owners[key]

    def _answer(self, row: StoredResource, *, with_members: bool, with_groups: bool = True) -> StoredResource:
        document = deepcopy(row.document)
        if row.resource_type != _GROUP:
            return replace(row, document=document, groups=tuple(self._groups_of(row.id)) if with_groups else ())
        members = self._members[row.id]
        shown = tuple(members.values()) if with_members else None
        return replace(row, document=document, members=shown, member_count=len(members))

    def _groups_of(self, resource_id: str) -> Iterable[Member]:
        """Yield the groups that a resource is in, itself or through others (RFC 7643 section 4.1.2)."""
        direct, around = self._groups_with({resource_id}), self._groups_around(resource_id)
        for group_id in self._members:
            if group_id in around:
                kind = "direct" if group_id in direct else "indirect"
                yield Member(group_id, self._rows[group_id].document.get("displayName"), kind)

    def _groups_around(self, resource_id: str) -> set[str]:
        around: set[str] = set()
        found = {resource_id}
        while found:
            found = self._groups_with(found) - around
            around |= found
        return around

    def _groups_with(self, resource_ids: set[str]) -> set[str]:
        return {group_id for group_id, members in self._members.items() if not resource_ids.isdisjoint(members)}

    def _meets(self, condition: Filter, row: StoredResource) -> bool:
        return matches(condition, view(self._answer(row, with_members=True), self._types[row.resource_type]))

    def _known(self, change: MembershipChange) -> tuple[_Members, _Members]:
        """Return the added members by id, each with the resource type that its id belongs to, and those to park."""
        wanted = {member.value: member for member in change.add}
        unknown = {member_id: member for member_id, member in wanted.items() if member_id not in self._rows}
        if unknown and not change.park:
            raise InvalidValue(f"members: there is no resource with id {', '.join(map(repr, unknown))}.")
        known = {
            member_id: replace(member, type=self._rows[member_id].resource_type)
            for member_id, member in wanted.items()
            if member_id not in unknown
        }
        return known, unknown

    def _park(self, group_id: str, change: MembershipChange, unknown: _Members) -> None:
        """Bring those who wait up to date: only the unknown of a replacement, less the removed and those that came."""
        gone = {*change.remove, *(member.value for member in change.add)}
        kept = {} if change.replace else self._parked.get(group_id, {})
        self._parked[group_id] = {name: one for name, one in kept.items() if name not in gone} | unknown

    def _admit(self, row: StoredResource) -> None:
        """Make what was created a member of the groups in which it was waited for."""
        names = {row.id, row.document.get("externalId") if row.resource_type == _USER else None}
        for group_id, waiting in list(self._parked.items()):
            found = [member for name, member in waiting.items() if name in names]
            if found:
                group = self.read(_GROUP, group_id)
                self._parked[group_id] = {name: one for name, one in waiting.items() if name not in names}
                self.update(group, group.document, MembershipChange(add=(replace(found[0], value=row.id),)))

    def _refuse_circles(self, group_id: str, added: Iterable[str]) -> None:
        """Raise `InvalidValue` for members in which the group is contained, or which are the group itself."""
        above = {group_id} | self._groups_around(group_id)
        if circular := [member_id for member_id in added if member_id in above]:
            named = ", ".join(map(repr, circular))
            raise InvalidValue(f"members: a group cannot contain itself, directly or through others: {named}.")

    def _refuse_taken(self, keys: Iterable[_UniqueKey], owner: str | None = None) -> None:
        for key in keys:
            if self._owners.get(key, owner) != owner:
                raise Uniqueness(f"{key[1]}: {key[2]!r} is taken by another {key[0]}.")


def _unique_keys(resource_type: ResourceType, document: Document) -> list[_UniqueKey]:
    """Return (resource type, attribute, folded value) of each value that must be unique (RFC 7643 section 7).

    What is unique in an extension is so among resources of every type.
    """
    core = [
        (resource_type.name, attribute.name, fold(document[attribute.name]))
        for attribute in resource_type.schema.attributes
        if attribute.uniqueness is not Unique.NONE and attribute.name in document
    ]
    return [*core, *(("resource", path, key) for path, key in sorted(unique_values(resource_type, document)))]


def _changed(before: _Members, change: MembershipChange, added: _Members) -> _Members:
    """Return the members afterwards. One that is there already stays as it is."""
    if change.replace:
        return {member_id: before.get(member_id, member) for member_id, member in added.items()}
    removed = frozenset(change.remove)
    kept = {member_id: member for member_id, member in before.items() if member_id not in removed}
    return kept | {member_id: member for member_id, member in added.items() if member_id not in kept}
