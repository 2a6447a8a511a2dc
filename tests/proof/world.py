"""A small application, its org, and everything that can happen to either while the reconciler works.

The world is moved at points: before and after each transaction of the reconciler, at each page, at each question to
Okta, and at each step of the apply kernel. A process can die at any of them: nothing it would do afterwards happens.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from scim.errors import ScimError
from scim.resource import Member, MembershipChange
from syncd.core.changes import Cause, Change
from syncd.core.consents import Waiver
from syncd.core.policy import Policy
from syncd.core.subjects import Assignment, Lookup, MarkKind, Origin, Presence
from syncd.ports import AssignmentPage, Database, SourceIdentity, UnitOfWork
from syncd.store import SqlDatabase
from syncd.store.tables import lease
from syncd.workflows.desk import Desk
from tests.fakes.assignment_source import FakeOkta, refuse

PUSH = Cause("token:okta")
PEOPLE = 6
ADMINS = "Admins"
QUESTION = "question about "
POLICY = Policy(
    max_deactivations=2,
    budget_day=3,
    budget_week=3,
    admin_groups=frozenset({ADMINS.casefold()}),
    min_admins=1,
    absence_grace=timedelta(days=365),
)


class DiedError(BaseException):
    """The process that works for the reconciler was killed."""


Point = Callable[[str], None]


class Tapped:
    """A database whose user can be killed between any two transactions; see `ports.Database`."""

    def __init__(self, database: SqlDatabase, point: Point) -> None:
        self._database = database
        self._point = point
        self.is_dead = False

    @contextmanager
    def transaction(self, app: str, cause: Cause) -> Iterator[UnitOfWork]:
        """As the port says."""
        self._reach("before a transaction")
        with self._database.transaction(app, cause) as unit:
            yield unit
        self._reach("after a commit")

    @contextmanager
    def reading(self, app: str) -> Iterator[UnitOfWork]:
        """As the port says."""
        self._reach("before reading")
        with self._database.reading(app) as unit:
            yield unit

    asking = reading

    def _reach(self, where: str) -> None:
        if self.is_dead:
            raise DiedError
        self._point(where)
        if self.is_dead:
            raise DiedError


@dataclass
class Walk:
    """One walk over the listing: when its first page was asked, whom each page had, and whether it came to the end."""

    began: int
    pages: list[frozenset[str]] = field(default_factory=list)
    is_complete: bool = False

    @property
    def listed(self) -> frozenset[str]:
        """The Okta user ids that it has listed."""
        return frozenset().union(*self.pages)


@dataclass
class ProvedOkta(FakeOkta):
    """A fake org that remembers its walks and what it answered. `order` is that of the rows that it lists."""

    step: Callable[[], int] = lambda: 0
    order: Callable[[str], str] = str
    walks: list[Walk] = field(default_factory=list)
    answers: list[tuple[int, str, Lookup]] = field(default_factory=list)

    def tell(self, point: Point) -> None:
        """From now on, tell at each page and each question where it is."""
        self.before_page = lambda number: point(f"page {number}")
        self.before_lookup = lambda asked: point(f"{QUESTION}{asked}")

    def pages(self, resume: str | None = None) -> Iterator[AssignmentPage]:
        """As the port says. Whoever takes a walk up has its pages as they were, and begins when it began."""
        walk, last, more = Walk(self.step()), "", "more"
        if resume is not None:
            which, number, more, last = resume.split(" ")
            # A process that was killed took what it remembered with it, and nobody judges what it had listed.
            forgotten = Walk(walk.began, [frozenset()] * int(number))
            taken_up = self.walks[int(which)] if int(which) < len(self.walks) else forgotten
            walk = Walk(taken_up.began, taken_up.pages[: int(number)])
        place = len(self.walks)
        self.walks.append(walk)
        while more:
            self.before_page(len(walk.pages) + 1)
            ids = self._page(last, len(walk.pages) + 1)
            more = "more" if len(ids) == self.page_size else ""
            last = self.order(ids[-1]) if ids else last
            walk.pages.append(frozenset(ids))
            cursor = f"{place} {len(walk.pages)} {more} {last}"
            yield AssignmentPage(len(walk.pages), tuple(self.assigned[one] for one in ids), cursor)
        walk.is_complete = True

    def _page(self, last: str, number: int) -> list[str]:
        if number == self.failing_page:
            raise refuse(f"page {number} answered 500")
        shown = sorted(self.assigned.keys() - self.hidden, key=self.order)
        return [one for one in shown if self.order(one) > last][: self.page_size]

    def mend(self) -> None:
        """Let nothing fail and nothing be left out any more."""
        self.unanswered.clear()
        self.hidden.clear()
        self.failing_page = None

    def look_up(self, okta_user_id: str) -> Lookup:
        """As the port says."""
        answer = super().look_up(okta_user_id)
        self.answers.append((self.step(), okta_user_id, answer))
        return answer


@dataclass
class Person:
    """Somebody with an account: the ids on both sides, and what has been said of the account.

    `pushed_at` is when a push changed it last, `confirmed_at` when one came last that found nothing to change.
    """

    account_id: str
    okta_user_id: str | None
    origin: Origin
    pushed_at: int = -1
    confirmed_at: int = -1


@dataclass
class World:
    """An application with its people.

    `now` counts points; `log` is what happened at which. `spared` has the ids of accounts about which people decided.
    `owners` has since when each account belongs to which person in Okta, by SCIM id, `told` whom a push or a sealed
    listing has said that it belongs to.
    """

    database: SqlDatabase
    app: str
    rng: random.Random
    policy: Policy = POLICY
    okta: ProvedOkta = field(default_factory=ProvedOkta)
    people: list[Person] = field(default_factory=list)
    now: int = 0
    log: list[str] = field(default_factory=list)
    group_id: str = ""
    spared: set[str] = field(default_factory=set)
    owners: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.okta.step = lambda: self.now
        self.database.ensure_app(self.app, f"0oa{self.app}")

    # -- how it begins

    def populate(self) -> None:
        """Hire people, two of them administrators; one account is the application's own."""
        for number in range(PEOPLE):
            login = f"person{number}@example.com"
            okta_user_id = self.okta.hire(login)
            self.people.append(Person(self._create(login, okta_user_id), okta_user_id, Origin.SCIM))
            self._belongs(self.people[-1])
            self._echo(self.people[-1])
        self.people.append(Person(self._create("local@example.com", None, Origin.LOCAL), None, Origin.LOCAL))
        # A local account that carries an Okta user id: linked in appearance, and not ours.
        stray = self.okta.hire("stray@example.com")
        self.people.append(Person(self._create("stray@example.com", stray, Origin.IMPORT), stray, Origin.IMPORT))
        self._echo(self.people[-1])
        with self.database.transaction(self.app, PUSH) as unit:
            members = [Member(person.account_id) for person in self.people[:2]]
            self.group_id = unit.resources.create("Group", {"displayName": ADMINS}, members).id

    def _create(self, login: str, okta_user_id: str | None, origin: Origin = Origin.SCIM) -> str:
        document = {"userName": login, "active": True, **({"externalId": okta_user_id} if okta_user_id else {})}
        with self.database.transaction(self.app, PUSH) as unit:
            stored = unit.record(Change("User", None, document, origin=origin))
        assert stored is not None
        return stored.id

    def _belongs(self, person: Person, *, is_told: bool = True) -> None:
        """Write down whose an account is from now on, and whether the application was told."""
        okta_user_id = person.okta_user_id or ""
        self.owners.setdefault(person.account_id, []).append((self.now, okta_user_id))
        if is_told:
            self.told.setdefault(person.account_id, set()).add(okta_user_id)

    def owner(self, account_id: str, at: int) -> str:
        """Return which person in Okta an account belonged to at that time."""
        return next(one for since, one in reversed(self.owners[account_id]) if since <= at)

    def _echo(self, person: Person) -> None:
        """Let Okta know the account's id, as it does after a creation."""
        row = self.okta.assigned[person.okta_user_id or ""]
        self.okta.assigned[row.okta_user_id] = replace(row, external_id=person.account_id)

    # -- a process of the reconciler

    def desk(self, database: Database, **changes: Any) -> Desk:
        """Return what a run works with."""
        return Desk(self.app, self.policy, self.okta, database, lambda _: None, **changes)

    # -- moves

    def push(self, person: Person, **changes: object) -> None:
        """Change an account as a push does; a push about nobody is lost."""
        with self.database.transaction(self.app, PUSH) as unit:
            try:
                stored = unit.resources.read("User", person.account_id)
                changed = unit.record(Change("User", stored, {**stored.document, **changes}))
            except ScimError:
                return
        if changed is not None and changed.version != stored.version:
            person.pushed_at = self.now
        else:
            person.confirmed_at = self.now

    def reassign(self, person: Person) -> None:
        """Assign somebody again."""
        if person.okta_user_id in self.okta.people and person.okta_user_id not in self.okta.assigned:
            okta_user_id = person.okta_user_id or ""
            self.okta.people[okta_user_id] = "ACTIVE"
            login = self.login(person)
            self.okta.assigned[okta_user_id] = Assignment(
                okta_user_id, login, person.account_id, "ACTIVE", "ACTIVE", attributes={"userName": login}
            )

    def unassign(self, person: Person) -> None:
        """Take an assignment away, and lose the push about it."""
        self.okta.assigned.pop(person.okta_user_id or "", None)

    def dismiss(self, person: Person) -> None:
        """Deactivate somebody in Okta, and lose the push about it."""
        if person.okta_user_id in self.okta.people:
            self.okta.set_status(person.okta_user_id or "", "DEPROVISIONED")

    def relink(self, person: Person, *, lands: bool) -> str:
        """Give an account to another user of Okta's; the push may be lost. Return the other's id."""
        login = self.login(person)
        self.unassign(person)
        person.okta_user_id = self.okta.hire(login, external_id=person.account_id)
        self._belongs(person, is_told=lands)
        if lands:
            self.push(person, externalId=person.okta_user_id)
        return person.okta_user_id

    def login(self, person: Person) -> str:
        """Return somebody's user name."""
        with self.database.reading(self.app) as unit:
            name: str = unit.resources.read("User", person.account_id).document["userName"]
        return name

    def mark(self, person: Person, kind: MarkKind) -> None:
        """Mark an account."""
        with self.database.transaction(self.app, Cause("operator:ann")) as unit:
            unit.decisions.mark(person.account_id, kind, "because", None)
        self.spared.add(person.account_id)

    def waive(self, person: Person, lasting: timedelta) -> None:
        """Accept whatever drift an account is in."""
        with self.database.transaction(self.app, Cause("operator:ann")) as unit:
            expires = unit.decisions.now() + lasting
            name = f"waiver-{self.app}-{self.now}-{len(self.log)}"
            unit.decisions.waive(person.account_id, Waiver(name, person.account_id, None, "a", "b", "c", "d", expires))
        if lasting > timedelta(0):
            self.spared.add(person.account_id)

    def leave_admins(self, person: Person) -> None:
        """Take somebody out of the administrators, as a push does."""
        with self.database.transaction(self.app, PUSH) as unit:
            group = unit.resources.read("Group", self.group_id)
            unit.record(Change("Group", group, group.document, MembershipChange(remove=(person.account_id,))))

    def end_lease(self) -> None:
        """Let the lease run out, as it does when its holder is stopped for too long."""
        with self.database.transaction(self.app, PUSH) as unit:
            unit._scope.connection.execute(update(lease).where(lease.c.app == unit._scope.app).values(expires=0))

    def is_nobodys(self, person: Person) -> bool:
        """Whether Okta, asked now, would say definitively that whoever has had the account has no access."""
        owners = self.owners.get(person.account_id, [])
        answers = {FakeOkta.look_up(self.okta, one).presence for _, one in owners}
        return bool(owners) and answers <= {Presence.UNASSIGNED, Presence.DEPROVISIONED, Presence.GONE}

    def identity(self) -> SourceIdentity:
        """Return what snapshots are taken with."""
        return self.okta.preflight()
