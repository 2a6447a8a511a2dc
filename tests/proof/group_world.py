"""The world of `tests.proof.world` with pushed groups: in agreement at first, and beside some that nobody pushes.

Okta answers about one membership truly, or not at all. What it lists can be anything: short, empty, of a while ago.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from scim.errors import ScimError
from scim.resource import Member, MembershipChange
from syncd.core.changes import Change
from syncd.core.groups import Belonging, GroupMapping, LocalGroup, MembershipLookup
from syncd.core.policy import Policy
from syncd.core.subjects import Origin
from tests.proof.world import ADMINS, POLICY, PUSH, Person, Point, ProvedOkta, World

GROUPS_POLICY: Final[Policy] = replace(POLICY, groups=True, min_admins=2, budget_members_day=6, budget_members_week=6)
PUSHED: Final = {"ACTIVE", "ERROR"}
STAFF: Final = 22
PEOPLE_AT_ONCE: Final = 12
CREW, GUIDES, COOKS, BOARD, LEFTOVER, LATER = "Crew", "Guides", "Cooks", "Board", "Leftover", "Later"
BY_ID: Final = {ADMINS: range(3), CREW: range(20), GUIDES: range(3, 8)}
"""The groups that Okta pushes and knows the SCIM id of, and who is in them on both sides, by number."""


@dataclass(frozen=True)
class Look:
    """One answer to the question which groups Okta pushes: when it was asked, what came, and what was here then."""

    began: int
    told: tuple[GroupMapping, ...]
    here: tuple[LocalGroup, ...]


@dataclass
class MemberWalk:
    """One walk over the members of a group: whom it has listed, and whether it came to the end."""

    began: int
    okta_group_id: str
    listed: set[str] = field(default_factory=set)
    is_complete: bool = False


@dataclass(frozen=True)
class Answer:
    """One answer about a membership."""

    okta_group_id: str
    okta_user_id: str
    belonging: Belonging


@dataclass
class GroupsOkta(ProvedOkta):
    """An org that remembers what it told of its groups.

    `shown` has what the listing of a group shows in place of its members, `unlisted` the groups whose push is not
    listed; `lost_members_page` never arrives, and nobody is told. `pushed_lately` are the groups that were pushed when
    the process that works began, or when it asked.
    """

    page_size: int = PEOPLE_AT_ONCE
    shown: dict[str, list[str]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    lost_members_page: int | None = None
    looks: list[Look] = field(default_factory=list)
    member_walks: list[MemberWalk] = field(default_factory=list)
    memberships: list[Answer] = field(default_factory=list)
    pushed_lately: set[str] = field(default_factory=set)
    here: "GroupWorld | None" = None
    point: Point | None = None

    def tell(self, point: Point) -> None:
        """As there, and at the list of pushes and each page of members. What was answered before is forgotten."""
        super().tell(point)
        self.memberships.clear()
        self.pushed_lately = {name for name, one in self.mappings.items() if one.status in PUSHED}
        self.point = point
        self.before_members = lambda okta_group_id: point(f"members of {okta_group_id}")

    def mend(self) -> None:
        """Let nothing fail and nothing be left out any more."""
        super().mend()
        self.shown.clear()
        self.unlisted.clear()
        self.groups_hidden = False
        self.failing_members_page = self.lost_members_page = None

    def group_mappings(self) -> tuple[GroupMapping, ...]:
        """As the port says."""
        began, here = self.step(), self.here.groups_here() if self.here else ()
        if self.point is not None:
            self.point("list of pushes")
        self.looks.append(Look(began, (), here))
        told = tuple(one for one in super().group_mappings() if one.okta_group_id not in self.unlisted)
        self.looks[-1] = Look(began, told, here)
        self.pushed_lately |= {one.okta_group_id for one in told if one.status in PUSHED}
        return told

    def group_members(self, okta_group_id: str) -> Iterator[tuple[str, ...]]:
        """As the port says."""
        walk = MemberWalk(self.step(), okta_group_id)
        self.member_walks.append(walk)
        for number, page in enumerate(super().group_members(okta_group_id), start=1):
            if number != self.lost_members_page:
                walk.listed |= set(page)
                yield page
        walk.is_complete = True

    def listed_members(self, okta_group_id: str) -> Collection[str]:
        """Return whom the listing of a group shows now."""
        return self.shown.get(okta_group_id, self.members[okta_group_id])

    def look_up_membership(self, okta_group_id: str, okta_user_id: str) -> MembershipLookup:
        """As the port says."""
        answer = super().look_up_membership(okta_group_id, okta_user_id)
        self.memberships.append(Answer(okta_group_id, okta_user_id, answer.belonging))
        return answer


@dataclass
class GroupWorld(World):
    """An application whose groups Okta pushes.

    `unlinked` has the pushes that were taken away, `moved` when each group here was last changed by a push, by SCIM id,
    `confirmed` when a push of it last found nothing to change.
    """

    policy: Policy = field(default_factory=lambda: GROUPS_POLICY)
    okta: GroupsOkta = field(default_factory=GroupsOkta)
    unlinked: dict[str, GroupMapping] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.okta.here = self

    # -- how it begins

    def populate(self) -> None:
        """Hire people and form groups: pushed by id, pushed by name alone, of the application's own, and not pushed."""
        logins = [f"person{number:02}@example.com" for number in range(STAFF)]
        ids = [self.okta.hire(login) for login in logins]
        with self.database.transaction(self.app, PUSH) as unit:
            for login, okta_user_id in zip(logins, ids, strict=True):
                document = {"userName": login, "active": True, "externalId": okta_user_id}
                stored = unit.record(Change("User", None, document))
                assert stored is not None
                self.people.append(Person(stored.id, okta_user_id, Origin.SCIM))
        for person in self.people:
            self._belongs(person)
            self._echo(person)
        for name, numbers in BY_ID.items():
            self.okta.push_group(name, self._ids_in_okta(numbers), target=self.form(name, numbers))
        self.group_id = next(one.id for one in self.groups_here() if one.name == ADMINS)
        self.form(COOKS, (8, 9))
        self.okta.push_group(COOKS, self._ids_in_okta((8, 10)))
        self.form(BOARD, (1, 2), Origin.LOCAL)
        self.okta.push_group(BOARD, self._ids_in_okta((1,)))
        self.form(LEFTOVER, (11, 12))
        self.okta.push_group(LATER, self._ids_in_okta((13,)))

    def form(self, name: str, numbers: Iterable[int] = (), origin: Origin = Origin.SCIM) -> str:
        """Make a group here, and return its SCIM id."""
        added = MembershipChange(add=tuple(Member(self.people[number].account_id) for number in numbers))
        with self.database.transaction(self.app, PUSH) as unit:
            stored = unit.record(Change("Group", None, {"displayName": name}, added, origin=origin))
        assert stored is not None
        return stored.id

    def _ids_in_okta(self, numbers: Iterable[int]) -> list[str]:
        return [self.people[number].okta_user_id or "" for number in numbers]

    # -- how it is

    def groups_here(self) -> tuple[LocalGroup, ...]:
        """Return the groups here."""
        with self.database.reading(self.app) as unit:
            return unit.groups.all()

    def members_here(self, group_id: str) -> set[str]:
        """Return the SCIM ids of the members of a group here."""
        with self.database.reading(self.app) as unit:
            return {one.value for one in unit.resources.read("Group", group_id).members or ()}

    # -- moves

    def regroup(self, group_id: str, change: MembershipChange, **attributes: str) -> None:
        """Change a group as a push does; a push that is refused is lost."""
        with self.database.transaction(self.app, PUSH) as unit:
            try:
                stored = unit.resources.read("Group", group_id, with_members=False)
                changed = unit.record(Change("Group", stored, {**stored.document, **attributes}, change))
            except ScimError:
                return
        is_moved = changed is not None and changed.version != stored.version
        (self.moved if is_moved else self.confirmed)[group_id] = self.now

    def leave_admins(self, person: Person) -> None:
        """Take somebody out of the administrators, as a push does."""
        self.regroup(self.group_id, MembershipChange(remove=(person.account_id,)))

    def pushed_to(self, okta_group_id: str) -> str | None:
        """Return the SCIM id that a push of a group arrives at, or None where Okta does not push it."""
        mapping = self.okta.mappings.get(okta_group_id)
        return mapping.target_group_id if mapping and mapping.status == "ACTIVE" else None
