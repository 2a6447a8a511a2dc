"""One schedule: a world, a few runs of the reconciler, and what moves at which of their points.

Everything follows from one number, so a schedule that breaks an invariant can be run again.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import repeat
from typing import Any, ClassVar, Final

from sqlalchemy import select

from syncd.core.changes import Cause
from syncd.core.planning import Plan
from syncd.core.policy import Policy
from syncd.core.subjects import MarkKind, Origin
from syncd.ports import AlreadyDecidedError, LeaseLostError
from syncd.store import SqlDatabase
from syncd.store.tables import snapshot
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.running import RunResult
from tests.proof.invariants import Monitor, ViolationError
from tests.proof.world import QUESTION, DiedError, Person, Tapped, World

CONVERGES_EVERY: Final = 2
"""Of how many schedules one is played until both sides agree: that takes a third of the time."""
REORDERED_EVERY: Final = 8
MOVES_AT_A_POINT: Final = 0.05
MOVES_AT_A_QUESTION: Final = 0.3
ABOUT_WHOM: Final = 0.6
OPERATOR: Final = Cause("operator:ann")


def _still(_: str) -> None:
    """Move nothing."""


class Schedule:
    """One schedule, from its number to its verdict: so many runs, and how much has happened before the first."""

    runs: ClassVar[int] = 3
    drifts: ClassVar[tuple[int, int]] = (0, 6)

    def __init__(self, database: SqlDatabase, number: int) -> None:
        self._number = number
        self._rng = random.Random(number)
        self.world = self._new_world(database)
        self._monitor = self._new_monitor()
        self._tapped: Tapped | None = None
        self._is_nested = False
        self._told = "nothing"

    def _new_world(self, database: SqlDatabase) -> World:
        return World(database, f"app{self._number}", self._rng)

    def _new_monitor(self) -> Monitor:
        return Monitor(self.world)

    def _moves(self) -> Mapping[str, tuple[int, "Move"]]:
        """Return what can happen, how often beside the others, and how."""
        return MOVES

    def run(self) -> None:
        """Play the schedule. Raises `ViolationError` when an invariant does not hold."""
        self.world.populate()
        self._monitor.look()
        for _ in range(self._rng.randint(*self.drifts)):
            self._begin_with_drift()
        for number in range(self.runs):
            self._let_time_pass()
            self.world.log.append(f"-- run {number}")
            self._process(self._rng.choice([self._report, self._apply, self._apply, self._apply_approved]))
        self._monitor.ended()
        if self._number % REORDERED_EVERY == 1:
            self._reorder()
        if self._number % CONVERGES_EVERY == 0:
            self._converge()

    @property
    def broken(self) -> ViolationError | None:
        """The violation that was found, whatever became of it."""
        return self._monitor.broken

    def _begin_with_drift(self) -> None:
        person = self._rng.choice(self.world.people)
        move = self._rng.choice([self.world.unassign, self.world.unassign, self.world.dismiss])
        self.world.log.append(f"{move.__name__} {self.world.people.index(person)}")
        move(person)

    def _let_time_pass(self) -> None:
        """Let something happen between two runs, or nothing."""

    # -- processes

    def _process(self, work: Callable[[Desk], RunResult]) -> None:
        """Let a process of the reconciler work, until it ends or dies."""
        self._tapped = Tapped(self.world.database, self._point)
        self.world.okta.tell(self._point)
        try:
            result = work(self.world.desk(self._tapped))
            self.world.log.append(f"ended with {result.exit_code.name}: {result.message[:100]}")
        except DiedError:
            self.world.log.append("died")
            self.world.end_lease()
        except (LeaseLostError, AlreadyDecidedError) as error:
            self.world.log.append(str(error))
        finally:
            self._tapped = None
            self.world.okta.tell(_still)
        self._monitor.look()

    def _report(self, desk: Desk) -> RunResult:
        return report_drift(desk)

    def _apply(self, desk: Desk) -> RunResult:
        return reconcile(desk, apply=True)

    def _apply_approved(self, desk: Desk) -> RunResult:
        """Approve whatever the last plan was, then apply: the approval is of that plan, and this one may be another."""
        with self.world.database.transaction(self.world.app, OPERATOR) as unit:
            digest = next((one.plan_digest for one in unit.runs.latest(3) if one.plan_digest), None)
            if digest is not None:
                unit.decisions.approve(digest, "bob", "right", timedelta(hours=4))
        return reconcile(desk, apply=True)

    # -- points

    def _point(self, where: str) -> None:
        if self._is_nested:
            return
        self.world.now += 1
        self._is_nested = True
        try:
            if where == "after a commit":
                self._monitor.look()
            asked = where.partition(QUESTION)[2]
            while self._rng.random() < (MOVES_AT_A_QUESTION if asked else MOVES_AT_A_POINT):
                self._told = where
                self._move(asked)
        finally:
            self._is_nested = False
        if self._tapped is not None and self._tapped.is_dead:
            raise DiedError

    def _move(self, asked: str) -> None:
        """Move somebody; where Okta is asked about one, mostly that one."""
        about = [person for person in self.world.people if person.okta_user_id == asked]
        person = self._rng.choice(about if about and self._rng.random() < ABOUT_WHOM else self.world.people)
        moves = self._moves()
        name = self._rng.choices(list(moves), [weight for weight, _ in moves.values()])[0]
        self.world.log.append(f"{self.world.now}: {name} {self.world.people.index(person)} ({self._told})")
        moves[name][1](self, person)

    def die(self, _person: Person) -> None:
        """Kill the process that works."""
        if self._tapped is not None:
            self._tapped.is_dead = True

    def steal(self, _person: Person) -> None:
        """Let the lease run out, and another process do a whole run."""
        if self._tapped is None:
            return
        self.world.end_lease()
        self.world.okta.tell(_still)
        desk = self.world.desk(Tapped(self.world.database, self._watch))
        result = self._rng.choice([self._apply, self._report])(desk)
        self.world.log.append(f"the other run ended with {result.exit_code.name}")
        self.world.okta.tell(self._point)

    def _watch(self, where: str) -> None:
        if where == "after a commit":
            self._monitor.look()

    # -- the end

    def _reorder(self) -> None:
        """With nothing moving, the same rows in another order make the same plan (I17)."""
        okta = self.world.okta
        okta.failing_page, self._is_nested = None, True
        self._finish_walk(self.world.desk(self.world.database))
        # The second in a row knows all that is learnt by looking twice.
        orders = (str, str, lambda one: sha256(f"{self._number} {one}".encode()).hexdigest())
        plans = []
        for okta.order in orders:
            report = report_drift(self.world.desk(self.world.database)).report
            plans.append(report and (report.plan, report.counts))
        okta.order, self._is_nested = str, False
        if plans[1] != plans[2]:
            raise ViolationError("I17: another order made another plan\n" + "\n".join(self.world.log))

    def _converge(self) -> None:
        """With nothing moving and nothing failing, the two sides come to agree, and then nothing happens (I18)."""
        world = self.world
        if not world.okta.assigned:
            return  # nobody at all: a listing that no run believes
        world.okta.mend()
        world.log.append("-- nothing moves any more")
        before = world.policy
        world.policy = _lenient(before)
        self._is_nested = True
        believing, desk = self._believing(), world.desk(world.database)
        self._finish_walk(believing)
        for looking in (believing, *repeat(desk, _RUNS_TO_AGREE - 1)):
            result = report_drift(looking)
            if result.report is None:
                raise ViolationError(f"I18: {result.message}\n" + "\n".join(world.log))
            if self._is_over(result.report.plan):
                break
            reconcile(desk, apply=True, expected_digest=result.report.plan.digest)
        else:
            raise ViolationError("I18: the two sides do not come to agree\n" + "\n".join(world.log))
        self._agreed()
        self._rests(desk)
        self._balance(sum(result.report.counts.values()))

    def _finish_walk(self, desk: Any) -> None:
        """Take up the walk of a process that died: what it has read is of a time when things still moved."""
        with desk.database.reading(desk.app) as unit:
            begun = select(snapshot.c.pk).where(snapshot.c.app == unit._scope.app, snapshot.c.state == "open")
            is_open = unit._scope.connection.execute(begun).first() is not None
        if is_open:
            report_drift(desk)

    def _is_over(self, plan: Plan) -> bool:
        """Return whether a plan has nothing that happens by itself."""
        return all(item.proposed for item in plan.items)

    def _rests(self, desk: Desk, work: Callable[[Desk], RunResult] = report_drift) -> None:
        with desk.database.reading(desk.app) as unit:
            events = unit.count_audit_events()
        work(desk)
        with desk.database.reading(desk.app) as unit:
            if unit.count_audit_events() > events + _EVENTS_OF_A_REPORT:
                raise ViolationError("I18: a run that had nothing to do wrote something\n" + "\n".join(self.world.log))

    def _believing(self) -> Desk:
        """Return the desk of an operator who has looked how many people are assigned."""
        return replace(self.world.desk(self.world.database), accepted_rows=len(self.world.okta.assigned))

    def _balance(self, subjects: int) -> None:
        """Every subject of both sides is in exactly one situation (I19)."""
        with self.world.database.reading(self.world.app) as unit:
            documents = [unit.resources.read("User", one.account_id) for one in self.world.people]
        rows = self.world.okta.assigned.values()
        pointed = {key for row in rows for key in (row.okta_user_id, row.external_id, row.user_name)} - {None}
        keys = [{one.id, one.document["userName"], one.document.get("externalId")} for one in documents]
        expected = len(rows) + sum(each.isdisjoint(pointed) for each in keys)
        if subjects != expected:
            raise ViolationError(f"I19: {subjects} in situations, {expected} there are\n" + "\n".join(self.world.log))

    def _agreed(self) -> None:
        with self.world.database.reading(self.world.app) as unit:
            admins = unit.admins(self.world.policy.admin_groups)
            for person in self.world.people:
                is_open = unit.resources.read("User", person.account_id).document.get("active") is True
                ours = person.origin is Origin.SCIM and person.account_id not in self.world.spared
                last_admin = person.account_id in admins and len(admins) <= self.world.policy.min_admins
                flapping = unit.decisions.switches([person.account_id], unit.decisions.now() - timedelta(days=7))
                frozen = flapping.get(person.account_id, 0) >= self.world.policy.flapping
                if ours and is_open and self.world.is_nobodys(person) and not (last_admin or frozen):
                    who = self.world.people.index(person)
                    raise ViolationError(f"I18: account {who} stays open for good\n" + "\n".join(self.world.log))


class LongSchedule(Schedule):
    """One schedule of many runs: what is added up over them shows."""

    runs: ClassVar[int] = 6


_EVENTS_OF_A_REPORT: Final = 2
_RUNS_TO_AGREE: Final = 6


def _lenient(policy: Policy) -> Policy:
    rich = replace(policy, budget_day=1000, budget_week=1000, budget_members_day=1000, budget_members_week=1000)
    return replace(rich, max_deactivations=100, min_listing_percent=0.0)


def _fail_or_mend(schedule: Schedule, _person: Person) -> None:
    okta = schedule.world.okta
    okta.failing_page = None if okta.failing_page else schedule.world.rng.randint(1, 4)


def _answer_or_not(schedule: Schedule, person: Person) -> None:
    schedule.world.okta.unanswered ^= {person.okta_user_id or ""}


def _hide_or_show(schedule: Schedule, person: Person) -> None:
    schedule.world.okta.hidden ^= {person.okta_user_id or ""}


def _hide_many(schedule: Schedule, _person: Person) -> None:
    okta = schedule.world.okta
    okta.hidden = set() if okta.hidden else set(sorted(okta.assigned)[2:])


Move = Callable[[Any, Person], None]
"""What a schedule does to somebody, or to the world while it is somebody's turn."""

MOVES: Final[Mapping[str, tuple[int, Move]]] = {
    "an edit is pushed for": (4, lambda one, who: one.world.push(who, title=f"t{one.world.now}")),
    "a deactivation is pushed for": (2, lambda one, who: one.world.push(who, active=False)),
    "a reactivation is pushed for": (2, lambda one, who: one.world.push(who, active=True)),
    "Okta unassigns": (10, lambda one, who: one.world.unassign(who)),
    "Okta assigns": (5, lambda one, who: one.world.reassign(who)),
    "Okta deactivates": (6, lambda one, who: one.world.dismiss(who)),
    "Okta answers or not about": (3, _answer_or_not),
    "the listing hides or shows": (3, _hide_or_show),
    "the listing hides nearly everybody": (1, _hide_many),
    "a page fails or not": (2, _fail_or_mend),
    "somebody protects": (1, lambda one, who: one.world.mark(who, MarkKind.PROTECTED)),
    "somebody holds": (1, lambda one, who: one.world.mark(who, MarkKind.HOLD)),
    "somebody waives": (3, lambda one, who: one.world.waive(who, timedelta(hours=1))),
    "a waiver that is over is of": (2, lambda one, who: one.world.waive(who, timedelta(hours=-1))),
    "the administrators lose": (2, lambda one, who: one.world.leave_admins(who)),
    "the process dies": (3, Schedule.die),
    "another run takes over": (3, Schedule.steal),
}
"""What can happen, how often beside the others, and how."""
