"""Read Okta's System Log of a period for evidence: all of it, or say in words what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from syncd.core.okta_events import LogEvent, Turn, after_page
from syncd.ports import Announce, CursorLostError, EventLog, SourceUnhealthyError


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Events of the System Log, each once. `lacking` is why they are not all of them, None where they are.

    `where` says in words where they come from, `since` from when on they were asked for.
    """

    events: tuple[LogEvent, ...]
    where: str
    since: datetime
    lacking: str | None = None

    def since_then(self, moment: datetime) -> "ReadLog":
        """Return it without what is older: what was done then is not looked at, so nothing may be concluded of it."""
        events = tuple(event for event in self.events if event.published >= moment)
        return replace(self, events=events, since=moment)


def read_log(log: EventLog, since: datetime, announce: Announce, where: str) -> ReadLog:
    """Return every event from `since` up to now. It is read to its end: an event may be written down late.

    What cannot be read is told in `lacking`; what was read before is kept, and is never taken for all there is.
    """
    events: dict[str, LogEvent] = {}
    lacking = []
    for clause in log.clauses:
        try:
            for event in _events(log, clause, since):
                events[event.uuid] = event
        except (SourceUnhealthyError, CursorLostError) as error:
            lacking.append(f"the events of {clause} could not be read to their end: {error}")
        announce(f"System Log, {clause}: {len(events)} events so far")
    return ReadLog(tuple(events.values()), where, since, "; ".join(lacking) or None)


def _events(log: EventLog, clause: str, since: datetime) -> Iterator[LogEvent]:
    cursor = log.resume(clause, since).cursor
    asked: set[str] = set()
    turn = Turn.ON
    while turn is Turn.ON:
        asked.add(cursor)
        page = log.page(clause, cursor)
        yield from page.events
        cursor = page.following.cursor
        turn = after_page(cursor, asked, ended=page.ended)
    if turn is Turn.STUCK:
        what = "a full page of the System Log leads back to one that was read"
        raise CursorLostError(what, where=f"events of {clause}")
