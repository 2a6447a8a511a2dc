"""Schedules with storms of pushed deactivations: told or held, undone and released, at any point of a run.

What has to hold beside the other invariants (I21): a push is honoured unless holding is asked for, what is refused
leaves nothing behind, a storm is told exactly while there is one, and its undo opens what it closed and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, NamedTuple, cast

from syncd.core.alarms import StormRule
from syncd.core.notices import NoticeKind
from syncd.store import SqlDatabase
from syncd.workflows.hold_storm import HoldingDatabase, PushHeldError, release_storm
from syncd.workflows.notify import watch_push_storm
from syncd.workflows.undo_storm import undo_storm
from tests.proof.schedules import MOVES, OPERATOR, Move
from tests.proof.timed import TimedSchedule
from tests.proof.world import Person

MOST: Final = 2
WINDOW: Final = timedelta(minutes=10)
RELEASED_FOR: Final = timedelta(minutes=4)
ALWAYS: Final = datetime(2020, 1, 1, tzinfo=UTC)


class State(NamedTuple):
    """What an account is."""

    is_open: bool
    version: int


@dataclass(frozen=True)
class Closing:
    """A push that closed an account: when, whose, and the version that it left."""

    at: datetime
    account_id: str
    version: int


class StormSchedule(TimedSchedule):
    """One schedule of an application that watches for storms; with an odd number, it holds them.

    It remembers for itself what was closed, whether pushes are held, until when they are let through, and whether a
    storm is told.
    """

    runs: ClassVar[int] = 5
    # No sum of these is a window or a release, so that nothing depends on the time that a look takes.
    pauses = (timedelta(minutes=3), timedelta(minutes=8))
    longest = timedelta(minutes=40)

    def __init__(self, database: SqlDatabase, number: int) -> None:
        super().__init__(database, number)
        self._rule = StormRule(MOST, WINDOW, hold=number % 2 == 1)
        rules = {self.world.app: self._rule} if self._rule.hold else {}
        self.world.database = cast("SqlDatabase", HoldingDatabase(database, rules, self._clock))
        self._closings: list[Closing] = []
        self._is_held = self._is_told = False
        self._released = ALWAYS

    def _let_time_pass(self) -> None:
        self.pause(self.world.people[0])

    def _moves(self) -> Mapping[str, tuple[int, Move]]:
        return STORM_MOVES

    def _state(self, account_id: str) -> State:
        with self.world.database.reading(self.world.app) as unit:
            stored = unit.resources.read("User", account_id)
        return State(stored.document.get("active") is True, stored.version)

    def _hold(self, holds: bool, otherwise: str) -> None:
        self._monitor._hold(holds, f"I21: {otherwise}")

    # -- what moves

    def push(self, person: Person, *, active: bool) -> None:
        """Push that an account is open or closed. It may be refused, exactly where that is to be."""
        before = self._state(person.account_id)
        is_closing = before.is_open and not active
        is_due = is_closing and self._rule.hold and self._is_beyond()
        try:
            self.world.push(person, active=active)
        except PushHeldError:
            self._hold(is_due, "a push was refused that was to be honoured")
            self._hold(self._state(person.account_id) == before, "something is left of a push that was refused")
            self._is_held = self._is_told = True
            return
        self._hold(not is_due, "a push was honoured that was to be held")
        after = self._state(person.account_id)
        if is_closing:
            self._hold(not after.is_open, "a push was not honoured")
            self._closings.append(Closing(self._clock.now(), person.account_id, after.version))

    def _is_beyond(self) -> bool:
        now = self._clock.now()
        if now < self._released:
            return False
        return self._is_held or self._closed_since(max(now - WINDOW, self._released)) + 1 > MOST

    def _closed_since(self, moment: datetime) -> int:
        return sum(one.at >= moment for one in self._closings)

    def watch(self, _person: Person) -> None:
        """Let the worker look for a storm: it is told exactly while there is one."""
        watch_push_storm(self.world.database, self.world.app, self._rule, self._clock)
        if not self._is_held:
            most = MOST // 2 if self._is_told else MOST
            self._is_told = self._closed_since(self._clock.now() - WINDOW) > most
        with self.world.database.reading(self.world.app) as unit:
            kinds = {one.notice.kind for one in unit.notices.standing() if one.ended is None}
        told = NoticeKind.PUSH_STORM in kinds
        self._hold(told == self._is_told, "a storm was not told" if self._is_told else "a storm was told that is over")

    def undo(self, _person: Person) -> None:
        """Let a person open again what was closed: that, and nothing that was touched since."""
        since = self._rng.choice([ALWAYS, self._clock.now() - WINDOW])
        before = {one.account_id: self._state(one.account_id) for one in self.world.people}
        last = {one.account_id: one for one in self._closings if one.at >= since}
        due = {name for name, one in last.items() if before[name] == State(is_open=False, version=one.version)}
        undo_storm(self.world.database, self.world.app, OPERATOR, since)
        for person in self.world.people:
            state = self._state(person.account_id)
            if person.account_id in due:
                self._hold(state.is_open, "the undo left an account closed")
                person.pushed_at = self.world.now
            else:
                self._hold(state == before[person.account_id], "the undo touched what had changed since")

    def release(self, _person: Person) -> None:
        """Let a person let pushes through."""
        if self._rule.hold:
            release_storm(self.world.database, self.world.app, RELEASED_FOR, self._clock, OPERATOR)
            self._is_held = self._is_told = False
            self._released = self._clock.now() + RELEASED_FOR


STORM_MOVES: Final[Mapping[str, tuple[int, Move]]] = {
    **{name: (max(1, weight // 2), move) for name, (weight, move) in MOVES.items()},
    "a deactivation is pushed for": (30, lambda one, who: one.push(who, active=False)),
    "a reactivation is pushed for": (8, lambda one, who: one.push(who, active=True)),
    "time passes for": (16, StormSchedule.pause),
    "the worker looks for a storm at": (12, StormSchedule.watch),
    "somebody undoes a storm at": (10, StormSchedule.undo),
    "somebody releases a storm at": (3, StormSchedule.release),
}
"""What can happen, how often beside the others, and how."""
