"""Okta's System Log, whom it names, and how far it was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from syncd.core.okta_events import HintKind, LogEvent, NewHint


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the log to go on: an opaque cursor, and the moment by Okta's clock before which all has been told."""

    cursor: str
    read_until: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log in the order of writing, and the place behind it.

    `ended` tells that the page was not full: there is no more for now.
    """

    events: tuple[LogEvent, ...]
    following: Place
    ended: bool


class EventLog(Protocol):
    """The part of an org's System Log that concerns one application, in clauses that are read one by one.

    Every method that asks raises `SourceUnhealthyError` when it has no answer that can be believed.
    """

    @property
    def clauses(self) -> tuple[str, ...]:
        """The names of the clauses: together they bring every event that may concern the application."""

    def start(self, clause: str) -> Place:
        """Return a place for "from now on": it overlaps with the past, and is made by Okta's clock, never by ours."""

    def resume(self, clause: str, read_until: datetime) -> Place:
        """Return the place at which to take a clause up again, overlapping with what was read. Asks nothing."""

    def page(self, clause: str, cursor: str) -> LogPage:
        """Return the page at a cursor of that clause, complete: an event that cannot be read raises.

        Raises `CursorLostError` when Okta does not accept the cursor.
        """

    def close(self) -> None:
        """Give back connections. May be called twice."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a clause has been followed.

    Since `began` it has been followed without a gap; `why` says why it began then. `age` is how long ago it was last
    read. Both by the database's clock.
    """

    place: Place
    began: datetime
    why: str
    age: timedelta


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody to look at again: all open hints at one person, by the store's keys, and the oldest of their events.

    `kind` is the most urgent one of the hints, `tries` how often the person was looked at in vain. `removed` is when
    Okta says that it last took the assignment away, by its own clock, or None.
    """

    okta_user_id: str
    keys: tuple[int, ...]
    kind: HintKind
    published: datetime
    tries: int
    removed: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event of the log that named somebody: when it happened by Okta's clock, and how and by whom, for people.

    `settled` is when the person was dealt with because of it, by the database's clock, or None.
    """

    uuid: str
    event_type: str
    published: datetime
    outcome: str | None
    actor: str | None
    settled: datetime | None


class Hints(Protocol):
    """The hints of an application and how far its log was read, kept together so that neither is lost alone."""

    def positions(self) -> Mapping[str, Position]:
        """Return how far each clause has been followed, by name; a clause that never was is not in it."""

    def note(self, clause: str, place: Place, hints: Iterable[NewHint], *, began_anew: str | None = None) -> None:
        """Keep hints and the place behind them. One that was kept before, by event and person, is not kept again.

        With `began_anew`, why, the clause has been followed without a gap from now on only. Raises ValueError without
        it when the clause never was.
        """

    def pending(self, limit: int) -> tuple[Hint, ...]:
        """Return whom to look at now: at most that many people, the least tried first, then the most urgent.

        Who was tried in vain waits before the next time, longer after each.
        """

    def count_pending(self) -> int:
        """Return how many people there are to look at, those who wait included."""

    def settle(self, hints: Iterable[Hint]) -> None:
        """Close these hints. One that was noted since they were read stays open, of the same person too."""

    def postpone(self, hints: Iterable[Hint]) -> None:
        """Count that these were tried in vain: they stay open, and wait for half a minute, doubling up to an hour."""

    def events(self, okta_user_id: str, limit: int) -> tuple[KeptEvent, ...]:
        """Return the events that named a person, the youngest first; what was forgotten is not among them."""

    def forget(self, kept: timedelta) -> int:
        """Delete hints that were settled longer ago than that, and return how many."""


class Bell(Protocol):
    """Wakes whoever follows the log, in another process too."""

    def ring(self) -> None:
        """Say that the log has something new."""

    def rings(self) -> int:
        """Return how often it was rung so far: who sees another number than before wakes up."""
