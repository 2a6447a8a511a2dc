"""A System Log in memory, for tests of what follows it. Passes `EventLogContract`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from syncd.core.okta_events import LIFECYCLE, MEMBERSHIP, LogEvent
from syncd.ports import CursorLostError, LogPage, Place
from tests.fakes.assignment_source import refuse

OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True)
class Written:
    """An event with the time at which it was written down."""

    event: LogEvent
    at: datetime


def _nothing(_clause: str) -> None:
    """Let the world stand still."""


@dataclass
class FakeEventLog:
    """Events of two clauses in the order of writing, and what goes wrong.

    `now` is Okta's clock. A cursor is "since:moment" or "after:number". `before_page` is called with the clause: there
    a test moves the world or raises. `limits` gives the size of each page in turn.
    """

    limit: int = 2
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    written: dict[str, list[Written]] = field(default_factory=lambda: {MEMBERSHIP: [], LIFECYCLE: []})
    unhealthy: set[str] = field(default_factory=set)
    stuck: bool = False
    oldest: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    before_page: Callable[[str], None] = _nothing
    next_limit: Callable[[], int] | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    made: int = 0

    clauses: tuple[str, ...] = (MEMBERSHIP, LIFECYCLE)

    def happen(self, event_type: str, okta_user_id: str, *, published: datetime | None = None) -> LogEvent:
        """Write an event down; `published` earlier than now makes it a late one."""
        self.made += 1
        people = () if okta_user_id.startswith("00g") else (okta_user_id,)
        groups = (okta_user_id,) if okta_user_id.startswith("00g") else ()
        event = LogEvent(
            f"uuid-{self.made}",
            published or self.now,
            event_type,
            True,
            people,
            (),
            groups,
            "SUCCESS",
            "admin@example.com",
        )
        clause = LIFECYCLE if event_type.startswith("user.") else MEMBERSHIP
        self.written[clause].append(Written(event, self.now))
        return event

    # -- the port

    def start(self, clause: str) -> Place:
        """As the port says."""
        self._answer(clause)
        return self.resume(clause, self.now)

    def resume(self, clause: str, read_until: datetime) -> Place:
        """As the port says."""
        return Place(f"since:{(read_until - OVERLAP).isoformat()}", read_until)

    def page(self, clause: str, cursor: str) -> LogPage:
        """As the port says."""
        self.before_page(clause)
        self.asked.append((clause, cursor))
        self._answer(clause)
        number = self._number(clause, cursor)
        limit = self.next_limit() if self.next_limit else self.limit
        found = list(islice(self.written[clause], number, number + limit))
        events = tuple(one.event for one in found)
        ended = len(events) < limit
        following = cursor if (self.stuck and not ended) or not events else f"after:{number + len(events)}"
        read_until = self.now if ended else events[-1].published
        return LogPage(events, Place(following, read_until), ended)

    def close(self) -> None:
        """As the port says."""

    def _answer(self, clause: str) -> None:
        if clause in self.unhealthy:
            raise refuse("the log answered 500")

    def _number(self, clause: str, cursor: str) -> int:
        kind, _, text = cursor.partition(":")
        written = self.written[clause]
        if kind == "since":
            since = datetime.fromisoformat(text)
            if since < self.oldest:
                raise CursorLostError("HTTP 400", where="the fake log")
            return sum(one.at < since for one in written)
        number = int(text)
        if number and written[number - 1].at < self.oldest:
            raise CursorLostError("HTTP 400", where="the fake log")
        return number
