"""An Okta application in memory, for tests of what happens around it. Passes `AssignmentSourceContract`."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from syncd.core.groups import Belonging, GroupMapping, MembershipLookup
from syncd.core.subjects import Assignment, Lookup, Presence
from syncd.ports import AssignmentPage, SourceFault, SourceIdentity, SourceUnhealthyError

APP_ID = "0oa0fake0app0000001"


def refuse(what: str) -> SourceUnhealthyError:
    return SourceUnhealthyError(SourceFault.LISTING, what, where="the fake org", remedy="Mend the test's world")


def _taken_up(cursor: str | None) -> tuple[int, str, bool]:
    """Return the number of the last page that was read, the last id on it, and whether there is more."""
    if cursor is None:
        return 0, "", True
    found = re.fullmatch(r"(\d+) (\w*) (True|False)", cursor)
    if found is None:
        raise refuse(f"the cursor {cursor!r} is none of ours")
    return int(found[1]), found[2], found[3] == "True"


def _nothing(_: object) -> None:
    """Let the world stand still."""


@dataclass
class FakeOkta:
    """People, who of them is assigned, and what goes wrong.

    `before_page` and `before_lookup` are called with the page's number or the user's id: there a test moves the world.
    So is `before_members` with a group's id. `groups_hidden` takes away the right to see groups. `hidden` are assigned
    and not listed; a question about them is still answered truly.
    """

    page_size: int = 2
    people: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, Assignment] = field(default_factory=dict)
    app_active: bool = True
    failing_page: int | None = None
    unanswered: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    before_page: Callable[[int], None] = _nothing
    before_lookup: Callable[[str], None] = _nothing
    lookups: list[str] = field(default_factory=list)
    hired: int = 0
    mappings: dict[str, GroupMapping] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    groups_hidden: bool = False
    failing_members_page: int | None = None
    before_members: Callable[[str], None] = _nothing

    def hire(self, login: str, *, external_id: str | None = None) -> str:
        """Add an active person, assign them, and return their Okta user id."""
        self.hired += 1
        okta_user_id = f"00u{self.hired:017d}"
        self.people[okta_user_id] = "ACTIVE"
        self.assigned[okta_user_id] = Assignment(
            okta_user_id=okta_user_id,
            user_name=login,
            external_id=external_id,
            app_status="ACTIVE",
            user_status="ACTIVE",
            attributes={"userName": login},
        )
        return okta_user_id

    def unassign(self, okta_user_id: str) -> None:
        """Take the assignment away; the person stays."""
        del self.assigned[okta_user_id]

    def set_status(self, okta_user_id: str, status: str) -> None:
        """Set the person's status; a deactivated person loses the assignment, as in Okta."""
        self.people[okta_user_id] = status
        if status == "DEPROVISIONED":
            self.assigned.pop(okta_user_id, None)
        elif okta_user_id in self.assigned:
            self.assigned[okta_user_id] = replace(self.assigned[okta_user_id], user_status=status)

    def delete(self, okta_user_id: str) -> None:
        """Remove the person for good."""
        self.assigned.pop(okta_user_id, None)
        del self.people[okta_user_id]

    def push_group(self, name: str, members: Iterable[str] = (), *, target: str | None = None) -> str:
        """Add a group with these members, push it, and return its id. `target` is the SCIM id that Okta holds of it."""
        number = len(self.members) + 1
        okta_group_id = f"00g{number:017d}"
        self.members[okta_group_id] = list(members)
        mapping = GroupMapping(f"gPm{number:017d}", okta_group_id, name, target, "ACTIVE")
        self.mappings[okta_group_id] = mapping
        return okta_group_id

    def change_push(self, okta_group_id: str, **changes: str | None) -> None:
        """Change what the mapping of a group says: its `name`, `status` or `target_group_id`."""
        self.mappings[okta_group_id] = replace(self.mappings[okta_group_id], **changes)  # type: ignore[arg-type]  # texts

    # -- the port

    def preflight(self) -> SourceIdentity:
        """As the port says."""
        if not self.app_active:
            raise refuse("the application is inactive")
        return SourceIdentity(APP_ID, "Fake", "credential", "filter")

    def pages(self, resume: str | None = None) -> Iterator[AssignmentPage]:
        """As the port says; reads the world anew at each page."""
        number, last, more = _taken_up(resume)
        led_on = number > 0
        while more:
            number += 1
            self.before_page(number)
            if number == self.failing_page:
                raise refuse(f"page {number} answered 500")
            ids = [one for one in sorted(self.assigned.keys() - self.hidden) if one > last][: self.page_size]
            more = len(ids) == self.page_size
            if led_on and not ids:
                raise refuse(f"nobody is on page {number}, where the listing went on")
            led_on, last = False, ids[-1] if ids else last
            yield AssignmentPage(number, tuple(self.assigned[one] for one in ids), f"{number} {last} {more}")

    def look_up(self, okta_user_id: str) -> Lookup:
        """As the port says."""
        self.before_lookup(okta_user_id)
        self.lookups.append(okta_user_id)
        if okta_user_id in self.unanswered:
            return Lookup(Presence.UNKNOWN, "HTTP 500")
        status = self.people.get(okta_user_id)
        if okta_user_id in self.assigned:
            row = self.assigned[okta_user_id]
            return Lookup(Presence.ASSIGNED, "", status, row.app_status, sync_state=row.sync_state, age=row.age)
        if status is None:
            return Lookup(Presence.GONE, "")
        return Lookup(Presence.DEPROVISIONED if status == "DEPROVISIONED" else Presence.UNASSIGNED, "", status)

    def group_mappings(self) -> tuple[GroupMapping, ...]:
        """As the port says."""
        if self.groups_hidden:
            raise SourceUnhealthyError(
                SourceFault.PERMISSION, "HTTP 403", where="the fake's groups", remedy="Show them again"
            )
        return tuple(self.mappings.values())

    def group_members(self, okta_group_id: str) -> Iterator[tuple[str, ...]]:
        """As the port says; reads the world anew at each page."""
        last, number = "", 0
        while True:
            number += 1
            self.before_members(okta_group_id)
            if self.groups_hidden or number == self.failing_members_page or okta_group_id not in self.members:
                raise refuse(f"page {number} of group {okta_group_id} answered 500")
            ids = [one for one in sorted(self.listed_members(okta_group_id)) if one > last][: self.page_size]
            yield tuple(ids)
            if len(ids) < self.page_size:
                return
            last = ids[-1]

    def listed_members(self, okta_group_id: str) -> Collection[str]:
        """Return whom the listing of a group shows now."""
        return self.members[okta_group_id]

    def look_up_membership(self, okta_group_id: str, okta_user_id: str) -> MembershipLookup:
        """As the port says."""
        self.before_lookup(okta_user_id)
        self.lookups.append(okta_user_id)
        hidden = self.groups_hidden or okta_group_id not in self.members
        if hidden or okta_user_id in self.unanswered or okta_user_id not in self.people:
            return MembershipLookup(Belonging.UNKNOWN, "HTTP 500")
        is_member = okta_user_id in self.members[okta_group_id]
        return MembershipLookup(Belonging.MEMBER if is_member else Belonging.NOT_MEMBER, "")

    def close(self) -> None:
        """As the port says."""
