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
    since, asked, touched = place.read_until - TOLERANCE, set[str](), set[str]()
    turn = Turn.ON
    while turn is Turn.ON and len(asked) < MOST_PAGES:
        asked.add(place.cursor)
        try:
            page = log.page(clause, place.cursor)
        except CursorLostError as error:
            raise _unreadable(error.what, error.where) from error
        touched.update(one for event in page.events if event.published >= since for one in event.user_ids)
        place, turn = page.following, after_page(page.following.cursor, asked, ended=page.ended)
    if turn is not Turn.END:
        raise _unreadable(f"the System Log does not end after {len(asked)} pages", f"events of {clause}")
    return touched


def removed_since(log: EventLog, moment: datetime) -> Mapping[str, datetime]:
    """Return when, by Okta's clock, somebody's access was taken away last, for everybody whose was since the moment.

    Somebody who was assigned again after that is left out. Raises `SourceUnhealthyError` and `CursorLostError`.
    """
    removed: dict[str, datetime] = {}
    for clause in log.clauses:
        for event in _events(log, clause, log.resume(clause, moment).cursor):
            for one in event.user_ids:
                if event.event_type == UNASSIGNED and event.succeeded:
                    removed[one] = max(event.published, removed.get(one, event.published))
                elif event.event_type in GRANTING and removed.get(one, event.published) < event.published:
                    del removed[one]
    return removed


def _events(log: EventLog, clause: str, cursor: str) -> Iterator[LogEvent]:
    asked: set[str] = set()
    turn = Turn.ON
    while turn is Turn.ON and len(asked) < MOST_PAGES:
        asked.add(cursor)
        page = log.page(clause, cursor)
        yield from page.events
        cursor = page.following.cursor
        turn = after_page(cursor, asked, ended=page.ended)


def _unreadable(what: str, where: str) -> SourceUnhealthyError:
    return SourceUnhealthyError(
        SourceFault.LISTING,
        what,
        where=where,
        remedy="Nothing was concluded from the listing. Run again when less is happening in Okta",
    )
