"""Hints and cursors: kept together, known again, and closed only when they were dealt with."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import select, update

from syncd.core.okta_events import HintKind, NewHint
from syncd.ports import Hint, KeptEvent, Place, Position
from syncd.store import SqlDatabase
from syncd.store.log_tables import hint, okta_cursor
from tests.conftest import APP
from tests.store.snapshots import CAUSE

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
CLAUSE = "membership"
OTHER = "other"


def new(okta_user_id: str, uuid: str = "", *, kind: HintKind = HintKind.OTHER, minutes: int = 0) -> NewHint:
    moment = NOON + timedelta(minutes=minutes)
    return NewHint(okta_user_id, uuid or f"of {okta_user_id}", "some.event", moment, kind)


def note(
    database: SqlDatabase, *hints: NewHint, cursor: str = "c1", anew: str | None = "first", app: str = APP
) -> None:
    with database.transaction(app, CAUSE) as unit:
        unit.hints.note(CLAUSE, Place(cursor, NOON), hints, began_anew=anew)


def pending(database: SqlDatabase, limit: int = 100, app: str = APP) -> tuple[Hint, ...]:
    with database.reading(app) as unit:
        found = unit.hints.pending(limit)
        assert unit.hints.count_pending() >= len(found)
        return found


def people(database: SqlDatabase, limit: int = 100) -> list[str]:
    return [one.okta_user_id for one in pending(database, limit)]


def position(database: SqlDatabase) -> Position:
    with database.reading(APP) as unit:
        return unit.hints.positions()[CLAUSE]


def settle(database: SqlDatabase, hints: tuple[Hint, ...]) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.hints.settle(hints)


def let_time_pass(database: SqlDatabase, seconds: int) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit._scope.connection.execute(update(hint).values(due=hint.c.due - seconds * 1_000_000))


def postpone(database: SqlDatabase, hints: tuple[Hint, ...]) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.hints.postpone(hints)


# ------------------------------------------------------------------ places


def test_a_clause_that_never_was_followed_has_no_position(database: SqlDatabase) -> None:
    with database.reading(APP) as unit:
        assert unit.hints.positions() == {}
    with pytest.raises(ValueError, match="not followed before"):
        note(database, new("00u1"), anew=None)
    assert people(database) == []


def test_a_position_says_since_when_there_is_no_gap_and_why(database: SqlDatabase) -> None:
    note(database, cursor="/api?after=ä,1")
    first = position(database)
    assert (first.place, first.why) == (Place("/api?after=ä,1", NOON), "first")
    assert timedelta() <= first.age < timedelta(minutes=1)
    note(database, cursor="c2", anew=None)
    moved = position(database)
    assert (moved.place.cursor, moved.began, moved.why) == ("c2", first.began, "first")
    note(database, cursor="c3", anew="lost")
    again = position(database)
    assert (again.place.cursor, again.why) == ("c3", "lost")
    assert again.began > first.began


def test_the_age_of_a_position_is_told_by_the_databases_clock(database: SqlDatabase) -> None:
    note(database)
    with database.transaction(APP, CAUSE) as unit:
        three_days = 3 * 86_400 * 1_000_000
        unit._scope.connection.execute(update(okta_cursor).values(updated=okta_cursor.c.updated - three_days))
    assert timedelta(days=3) <= position(database).age < timedelta(days=3, minutes=1)


def test_hints_and_their_cursor_are_kept_together_or_not_at_all(database: SqlDatabase) -> None:
    note(database)
    with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
        unit.hints.note(CLAUSE, Place("c2", NOON), [new("00u1")])
        raise ZeroDivisionError
    assert (position(database).place.cursor, people(database)) == ("c1", [])


# ------------------------------------------------------------------ hints


def test_an_event_is_kept_once_for_each_of_its_people(database: SqlDatabase) -> None:
    for _ in range(2):
        note(database, new("00u1", "e1"), new("00u2", "e1"), new("00u1", "e2"))
    assert {one.okta_user_id: len(one.keys) for one in pending(database)} == {"00u1": 2, "00u2": 1}


def test_an_event_that_was_settled_is_known_again(database: SqlDatabase) -> None:
    note(database, new("00u1", "e1"))
    settle(database, pending(database))
    note(database, new("00u1", "e1"), new("00u1", "e2"))
    (found,) = pending(database)
    assert len(found.keys) == 1


def test_those_who_may_lose_access_come_first_then_the_oldest(database: SqlDatabase) -> None:
    note(database, new("00u1"), new("00u2"), new("00u3", kind=HintKind.REVOKING))
    assert people(database) == ["00u3", "00u1", "00u2"]
    assert people(database, 2) == ["00u3", "00u1"]


def test_who_was_tried_in_vain_waits_for_those_who_were_not(database: SqlDatabase) -> None:
    note(database, new("00u1", kind=HintKind.REVOKING), new("00u2"))
    postpone(database, pending(database, 1))
    assert people(database) == ["00u2"]
    let_time_pass(database, 31)
    assert people(database) == ["00u2", "00u1"]
    assert [one.tries for one in pending(database)] == [0, 1]
    note(database, new("00u1", "e9", kind=HintKind.REVOKING))
    assert people(database)[0] == "00u1"


def test_each_time_in_vain_makes_the_wait_longer_up_to_an_hour(database: SqlDatabase) -> None:
    note(database, new("00u1"))
    for seconds in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        postpone(database, pending(database))
        let_time_pass(database, seconds - 10)
        assert people(database) == []
        let_time_pass(database, 11)
        assert people(database) == ["00u1"]
    postpone(database, pending(database))
    note(database, new("00u1", "another"))
    assert people(database) == ["00u1"], "a new event does not wait"


def test_a_hint_tells_the_oldest_event_and_whether_any_may_end_access(database: SqlDatabase) -> None:
    note(database, new("00u1", "e1", minutes=3), new("00u1", "e2", kind=HintKind.REVOKING, minutes=1))
    (found,) = pending(database)
    assert (found.kind, found.published) == (HintKind.REVOKING, NOON + timedelta(minutes=1))
    assert found.removed is None


def test_a_hint_tells_when_okta_last_took_the_assignment_away(database: SqlDatabase) -> None:
    removals = [new("00u1", f"e{minutes}", kind=HintKind.REMOVED, minutes=minutes) for minutes in (5, 7, 2)]
    note(database, *removals, new("00u1", "e9", kind=HintKind.REVOKING, minutes=9))
    (found,) = pending(database)
    assert (found.kind, found.removed) == (HintKind.REMOVED, NOON + timedelta(minutes=7))


def test_settling_closes_what_was_read_and_nothing_that_came_since(database: SqlDatabase) -> None:
    note(database, new("00u1", "e1"), new("00u2", "e2"))
    read = pending(database)
    note(database, new("00u1", "e3"))
    settle(database, read)
    (left,) = pending(database)
    assert (left.okta_user_id, len(left.keys)) == ("00u1", 1)
    settle(database, read)
    assert people(database) == ["00u1"]


def test_settled_hints_are_forgotten_after_a_while_and_open_ones_never(database: SqlDatabase) -> None:
    note(database, new("00u1"), new("00u2"), new("00u3"))
    settle(database, pending(database, 2))
    with database.transaction(APP, CAUSE) as unit:
        assert unit.hints.forget(timedelta(days=7)) == 0
        eight_days = 8 * 86_400 * 1_000_000
        unit._scope.connection.execute(
            update(hint).values(settled=hint.c.settled - eight_days, noted=hint.c.noted - eight_days)
        )
        assert unit.hints.forget(timedelta(days=7)) == 2
        assert len(unit._scope.connection.execute(select(hint)).all()) == 1
    assert people(database) == ["00u3"]


def test_an_application_sees_its_own(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    note(database, new("00u1", "e1"))
    note(database, new("00u1", "e1"), app=OTHER)
    settle(database, pending(database))
    assert [one.okta_user_id for one in pending(database, app=OTHER)] == ["00u1"]
    settle(database, pending(database, app=OTHER))
    assert len(pending(database, app=OTHER)) == 1, "one application settles nothing of another"


def events(database: SqlDatabase, okta_user_id: str, limit: int = 10, app: str = APP) -> list[KeptEvent]:
    with database.reading(app) as unit:
        return list(unit.hints.events(okta_user_id, limit))


def test_the_events_of_a_person_are_told_whole_youngest_first_settled_or_not(database: SqlDatabase) -> None:
    told = NewHint("00u1", "e1", "some.event", NOON, HintKind.OTHER, "FAILURE: no", "eve@example.com")
    note(database, told, new("00u2", "e1"))
    settle(database, pending(database))
    note(database, new("00u1", "e3", minutes=2), new("00u1", "e2", minutes=1))
    youngest, _, oldest = found = events(database, "00u1")
    assert [one.uuid for one in found] == ["e3", "e2", "e1"]
    assert (youngest.outcome, youngest.actor, youngest.settled) == (None, None, None)
    assert (oldest.event_type, oldest.published) == ("some.event", NOON)
    assert (oldest.outcome, oldest.actor) == ("FAILURE: no", "eve@example.com")
    assert oldest.settled is not None
    assert events(database, "00u1", limit=1) == [youngest]
    assert events(database, "00u3") == []


def test_an_event_is_told_as_long_as_it_is_known_again(database: SqlDatabase) -> None:
    note(database, new("00u1", "e1"))
    settle(database, pending(database))
    note(database, new("00u1", "e2"))
    with database.transaction(APP, CAUSE) as unit:
        assert unit.hints.forget(timedelta(hours=1)) == 0
        assert unit.hints.forget(timedelta(microseconds=-1)) == 1
    assert [one.uuid for one in events(database, "00u1")] == ["e2"]


def test_the_events_of_another_application_are_not_told(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    note(database, new("00u1", "e1"))
    assert len(events(database, "00u1")) == 1
    assert events(database, "00u1", app=OTHER) == []


def test_an_event_is_kept_with_its_cursor_or_not_at_all(database: SqlDatabase) -> None:
    note(database)
    with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
        unit.hints.note(CLAUSE, Place("c2", NOON), [new("00u1")])
        raise ZeroDivisionError
    assert (position(database).place.cursor, events(database, "00u1")) == ("c1", [])


def test_a_unit_that_was_opened_for_reading_keeps_nothing(database: SqlDatabase) -> None:
    note(database, new("00u1"))
    found = pending(database)
    with database.reading(APP) as unit:
        for write in (
            lambda: unit.hints.note(CLAUSE, Place("c", NOON), []),
            lambda: unit.hints.settle(found),
            lambda: unit.hints.postpone(found),
            lambda: unit.hints.forget(timedelta()),
        ):
            with pytest.raises(RuntimeError):
                write()


# ------------------------------------------------------------------ bells


def test_a_bell_counts_how_often_it_was_rung_by_whomever(database: SqlDatabase) -> None:
    bell = database.bell("log")
    assert bell.rings() == 0
    ringers = [Thread(target=database.bell("log").ring) for _ in range(5)]
    for ringer in ringers:
        ringer.start()
    for ringer in ringers:
        ringer.join()
    database.bell("door").ring()
    assert (bell.rings(), database.bell("door").rings()) == (5, 1)
