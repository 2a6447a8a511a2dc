"""Follow Okta's System Log, and have everybody whom it names looked at again.

Whom a page names and the place behind it are kept in one commit, so neither is ever there without the other: after a
crash at any point a page is read again or its hints are there. A hint is settled after its person was dealt with, and
not before. What the log cannot tell any more, only a full run can.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from syncd.core.changes import Cause
from syncd.core.okta_events import Turn, after_page, beyond_hints, full_run_due, gap, hints_of
from syncd.ports import (
    Announce,
    CursorLostError,
    Database,
    EventLog,
    Hint,
    LeaseHeldError,
    LeaseLostError,
    Place,
    Position,
    SourceFault,
    SourceUnhealthyError,
)
from syncd.workflows.running import ExitCode

Settle = Callable[[Mapping[str, datetime | None]], Collection[str]]
"""Looks at people again, by Okta user id, each as Okta and the application hold them now; returns who was dealt with.

It is given when Okta says that it took each one's assignment away, None where it says nothing of that. It may raise
`SourceUnhealthyError`, `LeaseHeldError` and `LeaseLostError`: then nobody of them was dealt with.
"""

MOST_PAGES: Final = 20
MOST_PEOPLE: Final = 200
BATCH: Final = 50
KEPT: Final = timedelta(days=30)
"""How long the events of settled hints are known again, and told by `syncd explain`. The first needs no more than the
quarter of an hour by which a log is taken up again further back."""

FULL_RUNS: Final = ("apply", "dry-run")
_LOOKED: Final = frozenset({ExitCode.CLEAN, ExitCode.DRIFT, ExitCode.PARTIAL, ExitCode.BLOCKED})
"""How a run ends that has looked at everybody, whatever came of it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What following works with.

    `retention` is how long the org keeps its log, `full_runs` are the kinds of runs that look at everybody.
    """

    app: str
    log: EventLog
    database: Database
    settle: Settle
    announce: Announce
    actor: str = "event-log"
    retention: timedelta = timedelta(days=90)
    full_runs: tuple[str, ...] = FULL_RUNS

    def cause(self) -> Cause:
        """Return to whom what is kept is attributed."""
        return Cause(self.actor)


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of one poll.

    `events` were read, `settled` people dealt with, `pending` are left. `full_run` says why a full run is needed, or is
    None. `troubles` are what kept a clause from being read, or people from being dealt with; they are tried again.
    """

    events: int
    settled: int
    pending: int
    full_run: str | None
    troubles: tuple[str, ...] = field(default=())


def follow_events(watch: Watch, *, resume: bool = False) -> Followed:
    """Read every clause of the log to its end, then have the people of all open hints looked at.

    With `resume`, as after a restart, the log is taken up a little before the place where it was left. A clause that
    cannot be read keeps its place, and touches neither the others nor the hints that are there.
    """
    events = 0
    troubles: list[str] = []
    for clause in watch.log.clauses:
        try:
            for count in _follow(watch, clause, resume=resume):
                events += count
        except SourceUnhealthyError as error:
            troubles.append(str(error))
    settled = 0
    try:
        for count in _settle_pending(watch):
            settled += count
    except (SourceUnhealthyError, LeaseHeldError, LeaseLostError) as error:
        troubles.append(str(error))
    with watch.database.transaction(watch.app, watch.cause()) as unit:
        unit.hints.forget(KEPT)
        pending, positions = unit.hints.count_pending(), unit.hints.positions()
        runs = unit.runs.latest(50, watch.full_runs)
    last = next((run.started for run in runs if run.exit_code in _LOOKED), None)
    return Followed(events, settled, pending, _full_run(positions.values(), last), tuple(troubles))


def _full_run(positions: Collection[Position], last: datetime | None) -> str | None:
    return next((one.why for one in positions if full_run_due(one.began, last)), None)


# ------------------------------------------------------------------ reading


def _follow(watch: Watch, clause: str, *, resume: bool) -> Iterator[int]:
    """Read a clause to its end, and yield the number of events of each page once they are kept."""
    with watch.database.reading(watch.app) as unit:
        position = unit.hints.positions().get(clause)
    broken = gap(position.age if position else None, watch.retention)
    if broken is None and position is not None:
        places = [watch.log.resume(clause, position.place.read_until)] if resume else []
        for place in (*places, position.place):
            try:
                yield from _read_on(watch, clause, place, None)
            except CursorLostError as error:
                broken = f"Okta does not go on with the System Log where it was left: {error}"
            else:
                return
    yield from _begin_anew(watch, clause, broken or "the System Log was not followed before")


def _begin_anew(watch: Watch, clause: str, why: str) -> Iterator[int]:
    watch.announce(f"following {clause} events from now on: {why}")
    try:
        yield from _read_on(watch, clause, watch.log.start(clause), why)
    except CursorLostError as error:
        raise SourceUnhealthyError(
            SourceFault.LISTING,
            f"Okta does not accept a query of its System Log from now on: {error.what}",
            where=error.where,
            remedy="Look at the message; the nightly run goes on without the log",
        ) from error


def _read_on(watch: Watch, clause: str, place: Place, began_anew: str | None) -> Iterator[int]:
    """Read pages from a place to the end, at most so many, and keep each with the place behind it."""
    asked: set[str] = set()
    turn = Turn.ON
    while turn is Turn.ON and len(asked) < MOST_PAGES:
        asked.add(place.cursor)
        page = watch.log.page(clause, place.cursor)
        place, turn = page.following, after_page(page.following.cursor, asked, ended=page.ended)
        why = beyond_hints(page.events) or began_anew
        if turn is Turn.STUCK:
            place, why = watch.log.start(clause), f"the System Log stands still, a full page of {clause} leads nowhere"
            watch.announce(f"following {clause} events from now on: {why}")
        with watch.database.transaction(watch.app, watch.cause()) as unit:
            unit.hints.note(clause, place, hints_of(page.events), began_anew=why)
        began_anew = None
        yield len(page.events)


# ------------------------------------------------------------------ settling


def _settle_pending(watch: Watch) -> Iterator[int]:
    """Have people looked at, each once at most, and yield the number of those who were dealt with."""
    tried: set[str] = set()
    while len(tried) < MOST_PEOPLE:
        with watch.database.reading(watch.app) as unit:
            batch = [one for one in unit.hints.pending(BATCH) if one.okta_user_id not in tried]
        if not batch:
            return
        tried.update(one.okta_user_id for one in batch)
        yield _settle_batch(watch, batch)


def _settle_batch(watch: Watch, batch: Sequence[Hint]) -> int:
    done: Collection[str] = ()
    try:
        done = frozenset(watch.settle({one.okta_user_id: one.removed for one in batch}))
    finally:
        with watch.database.transaction(watch.app, watch.cause()) as unit:
            unit.hints.settle(one for one in batch if one.okta_user_id in done)
            unit.hints.postpone(one for one in batch if one.okta_user_id not in done)
    return len([one for one in batch if one.okta_user_id in done])
