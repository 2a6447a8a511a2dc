"""An Okta application in memory, for tests of what happens around it. Passes `AssignmentSourceContract`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

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
    """

    page_size: int = 2
    people: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, Assignment] = field(default_factory=dict)
    app_active: bool = True
    failing_page: int | None = None
    unanswered: set[str] = field(default_factory=set)
    before_page: Callable[[int], None] = _nothing
    before_lookup: Callable[[str], None] = _nothing
    lookups: list[str] = field(default_factory=list)
    hired: int = 0

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
            ids = [one for one in sorted(self.assigned) if one > last][: self.page_size]
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
            return Lookup(Presence.ASSIGNED, "", status, self.assigned[okta_user_id].app_status)
        if status is None:
            return Lookup(Presence.GONE, "")
        return Lookup(Presence.DEPROVISIONED if status == "DEPROVISIONED" else Presence.UNASSIGNED, "", status)

    def close(self) -> None:
        """As the port says."""
