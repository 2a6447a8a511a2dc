"""The org's System Log: what happened, in the order in which it was written down.

Okta orders what is polled by the time at which it wrote an event down, not by `published`: an event may come late.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from syncd.simulator.identifiers import IdFactory

RETENTION: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Target:
    """What an event is about; `type` is Okta's: User, AppUser, AppInstance, UserGroup."""

    id: str
    type: str
    alternate_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event. `number` counts from 1 in the order of writing; `failure` is why it failed, None for a success."""

    number: int
    uuid: str
    event_type: str
    targets: tuple[Target, ...]
    published: datetime
    persisted: datetime
    failure: str | None = None


class SystemLog:
    """The events of an org. Not safe by itself: whoever reads or adds holds the org's lock.

    `watchers` are told of each event when it is written down; what is older than `retention` is not told any more.
    """

    def __init__(self, ids: IdFactory, clock: Callable[[], datetime]) -> None:
        self.retention = RETENTION
        self.watchers: list[Callable[[LogEvent], None]] = []
        self._ids, self._clock = ids, clock
        self._events: list[LogEvent] = []
        self._held: list[LogEvent] | None = None
        self._silent = False

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event_type: str, *targets: Target, failure: str | None = None) -> None:
        """Write an event down, or keep it back while events are held."""
        if self._silent:
            return
        now = self._clock()
        event = LogEvent(0, self._ids.uuid(), event_type, targets, now, now, failure)
        if self._held is None:
            self._write(event)
        else:
            self._held.append(event)

    def hold(self) -> None:
        """Keep events back from now on: they are written down late, behind what happens after `release`."""
        self._held = self._held or []

    def release(self) -> None:
        """Write down what was held, with the time at which it happened, and hold no longer."""
        held, self._held = self._held or (), None
        for event in held:
            self._write(event)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Write nothing down inside the block: what is made there was there before the log began."""
        before, self._silent = self._silent, True
        try:
            yield
        finally:
            self._silent = before

    def after(self, number: int) -> Iterator[LogEvent]:
        """Yield the events that were written down behind that number, 0 being before all."""
        return islice(self._events, number, None)

    def number_before(self, moment: datetime) -> int:
        """Return the number of the last event that was written down before that moment; 0 when there is none."""
        return bisect_left(self._events, moment, key=lambda event: event.persisted)

    def oldest(self) -> datetime:
        """Return the moment before which nothing is told any more."""
        return self._clock() - self.retention

    def _write(self, event: LogEvent) -> None:
        written = replace(event, number=len(self._events) + 1, persisted=self._clock())
        self._events.append(written)
        for watcher in self.watchers:
            watcher(written)
