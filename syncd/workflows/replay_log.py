"""What happened in Okta while a long run read its listing: the log from before page one, read after the last page."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from syncd.core.okta_events import GRANTING, UNASSIGNED, LogEvent, Turn, after_page
from syncd.ports import CursorLostError, EventLog, Place, SourceFault, SourceUnhealthyError

MOST_PAGES: Final = 200
TOLERANCE: Final = timedelta(minutes=1)  # between the clock that dates an answer and the one that dates an event


def take_places(log: EventLog) -> Mapping[str, Place]:
    """Return where each clause of the log stands now. Raises `SourceUnhealthyError`."""
    return {clause: log.start(clause) for clause in log.clauses}


def touched_since(log: EventLog, places: Mapping[str, Place]) -> frozenset[str]:
    """Return the Okta user ids of everybody to whom something happened since `take_places`.

    What a listing that was read meanwhile says of them may be past. Raises `SourceUnhealthyError` when the log cannot
    be read to its end.
    """
    return frozenset(one for clause, place in places.items() for one in _touched(log, clause, place))


def _touched(log: EventLog, clause: str, place: Place) -> set[str]:
    since = place.read_until - TOLERANCE
    try:
        events = [event for event in _events(log, clause, place.cursor) if event.published >= since]
    except CursorLostError as error:
        raise _unreadable(error.what, error.where) from error
    return {one for event in events for one in event.user_ids}


def removed_since(log: EventLog, moment: datetime) -> Mapping[str, datetime]:
    """Return when, by Okta's clock, somebody's assignment was taken away last, for everybody whose was since then.

    Somebody who was given access again after that is left out, in whatever order the log tells it. Raises
    `SourceUnhealthyError` and `CursorLostError`: half a log says nothing, the other half may have the assignment.
    """
    removed: dict[str, datetime] = {}
    given: dict[str, datetime] = {}
    for clause in log.clauses:
        for event in _events(log, clause, log.resume(clause, moment).cursor):
            kept = removed if event.event_type == UNASSIGNED and event.succeeded else given
            if kept is removed or event.event_type in GRANTING:
                for one in event.user_ids:
                    kept[one] = max(event.published, kept.get(one, event.published))
    return {one: at for one, at in removed.items() if one not in given or given[one] < at}


def _events(log: EventLog, clause: str, cursor: str) -> Iterator[LogEvent]:
    """Yield every event from a cursor to the end of the clause. Raises when there is none after so many pages."""
    asked: set[str] = set()
    turn = Turn.ON
    while turn is Turn.ON and len(asked) < MOST_PAGES:
        asked.add(cursor)
        page = log.page(clause, cursor)
        yield from page.events
        cursor = page.following.cursor
        turn = after_page(cursor, asked, ended=page.ended)
    if turn is not Turn.END:
        raise _unreadable(f"the System Log does not end after {len(asked)} pages", f"events of {clause}")


def _unreadable(what: str, where: str) -> SourceUnhealthyError:
    return SourceUnhealthyError(
        SourceFault.LISTING,
        what,
        where=where,
        remedy="Nothing was concluded from the listing. Run again when less is happening in Okta",
    )
