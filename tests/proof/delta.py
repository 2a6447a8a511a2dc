"""One schedule of the delta feed: events of the System Log, true and false, pages that fail, and a process that dies.

What has to hold: nobody is closed whom Okta assigns, whatever an event says; and when nothing fails any more, everybody
whose removal was told is closed.
"""

import random
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import update

from syncd.core.policy import Policy
from syncd.ports import LeaseHeldError
from syncd.store import SqlDatabase
from syncd.store.log_tables import hint
from syncd.workflows.follow_events import Watch, follow_events
from syncd.workflows.reconcile_subjects import reconcile_subjects
from tests.fakes.assignment_source import refuse
from tests.fakes.event_log import FakeEventLog
from tests.proof.invariants import ViolationError
from tests.proof.world import PUSH, DiedError, Person, World

REMOVE: Final = "application.user_membership.remove"
ADD: Final = "application.user_membership.add"
POLLS: Final = 8
TROUBLE: Final = 0.15


class DeltaSchedule:
    """One schedule, from its number to its verdict."""

    def __init__(self, database: SqlDatabase, number: int) -> None:
        self._rng = random.Random(number)
        self._world = World(database, f"delta{number}", self._rng, policy=Policy())
        self._log = FakeEventLog(now=datetime(2026, 3, 1, 12, tzinfo=UTC))
        self._fails = False
        self.broken: ViolationError | None = None

    def run(self) -> None:
        """Play the schedule. Raises `ViolationError` when something does not hold."""
        self._world.populate()
        self._log.before_page = lambda _: self._trouble()
        self._poll()  # goes well: what was before the log is followed is a full run's part
        self._fails = True
        for _ in range(POLLS):
            self._happen()
            self._poll()
        self._fails = False
        for _ in range(4):
            self._let_time_pass()
            self._poll()
        self._judge(everything=True)

    def _happen(self) -> None:
        person = self._rng.choice(self._world.people[:6])
        self._log.now += timedelta(seconds=self._rng.randint(1, 600))
        okta_user_id = person.okta_user_id or ""
        what = self._rng.choice(["removed", "removed", "said to be removed", "assigned again"])
        self._world.log.append(f"{what}: {self._world.people.index(person)}")
        if what == "removed":
            self._world.unassign(person)
        elif what == "assigned again":
            self._world.reassign(person)
        self._log.happen(ADD if what == "assigned again" else REMOVE, okta_user_id)

    def _trouble(self) -> None:
        if self._fails and self._rng.random() < TROUBLE:
            raise refuse("HTTP 500")
        if self._fails and self._rng.random() < TROUBLE / 3:
            raise DiedError

    def _settle(self, removals: Mapping[str, datetime | None]) -> Collection[str]:
        if self._fails and self._rng.random() < TROUBLE:
            raise LeaseHeldError("somebody is reconciling")
        reconcile_subjects(self._world.desk(self._world.database), removals)
        return list(removals)

    def _poll(self) -> None:
        watch = Watch(self._world.app, self._log, self._world.database, self._settle, lambda _: None)
        try:
            follow_events(watch, resume=not self._fails)
        except DiedError:
            self._world.end_lease()
        self._judge(everything=False)

    def _let_time_pass(self) -> None:
        """Let the time be over for which what was tried in vain has to wait."""
        with self._world.database.transaction(self._world.app, PUSH) as unit:
            unit._scope.connection.execute(update(hint).values(due=0))

    def _judge(self, *, everything: bool) -> None:
        for person in self._world.people[:6]:
            is_open = self._is_open(person)
            assigned = person.okta_user_id in self._world.okta.assigned
            if assigned and not is_open and not self._was_removed(person):
                self._break("I3: an account was closed that Okta never took away", person)
            if everything and is_open and not assigned:
                self._break("an event was lost: an account stays open that Okta took away", person)

    def _was_removed(self, person: Person) -> bool:
        number = self._world.people.index(person)
        return f"removed: {number}" in self._world.log

    def _is_open(self, person: Person) -> bool:
        with self._world.database.reading(self._world.app) as unit:
            return unit.resources.read("User", person.account_id).document.get("active") is True

    def _break(self, what: str, person: Person) -> None:
        number = self._world.people.index(person)
        self.broken = ViolationError(f"{what} ({number})\n" + "\n".join(self._world.log))
        raise self.broken
