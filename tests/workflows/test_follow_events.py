"""Following the System Log: nothing that it says is lost, and what it cannot say asks for a full run."""

import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from syncd.core.changes import Cause
from syncd.core.okta_events import LIFECYCLE, MEMBERSHIP
from syncd.ports import LeaseHeldError, Position
from syncd.store import SqlDatabase
from syncd.store.log_tables import hint, okta_cursor
from syncd.workflows import follow_events as module
from syncd.workflows.follow_events import Followed, Watch, follow_events
from syncd.workflows.running import ExitCode
from tests.conftest import APP
from tests.fakes.event_log import FakeEventLog
from tests.support.program import ROOT
from tests.workflows.dying import Killed

REMOVE, ADD, SUSPEND = "application.user_membership.remove", "application.user_membership.add", "user.lifecycle.suspend"
CAUSE = Cause("test")


@dataclass
class Desk:
    """Deals with everybody but those who are `refused`, and notes whom it was given."""

    given: list[list[str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    fails: Exception | None = None
    removals: dict[str, datetime | None] = field(default_factory=dict)

    def __call__(self, removals: Mapping[str, datetime | None]) -> Collection[str]:
        self.given.append(list(removals))
        self.removals |= removals
        if self.fails:
            raise self.fails
        return removals.keys() - self.refused

    @property
    def people(self) -> list[str]:
        return [one for batch in self.given for one in batch]


@dataclass
class Scene:
    """A log, a database and a desk."""

    database: SqlDatabase
    log: FakeEventLog = field(default_factory=FakeEventLog)
    desk: Desk = field(default_factory=Desk)
    said: list[str] = field(default_factory=list)

    def poll(self, *, resume: bool = False) -> Followed:
        watch = Watch(APP, self.log, self.database, self.desk, self.said.append)
        return follow_events(watch, resume=resume)

    def positions(self) -> dict[str, Position]:
        with self.database.reading(APP) as unit:
            return dict(unit.hints.positions())

    def pending(self) -> list[str]:
        with self.database.reading(APP) as unit:
            return [one.okta_user_id for one in unit.hints.pending(1000)]

    def let_time_pass(self) -> None:
        with self.database.transaction(APP, CAUSE) as unit:
            unit._scope.connection.execute(update(hint).values(due=0))

    def full_run(self, code: ExitCode = ExitCode.CLEAN, kind: str = "apply") -> None:
        with self.database.transaction(APP, CAUSE) as unit:
            unit.runs.end(unit.runs.begin(kind, None), code, {})


@pytest.fixture
def scene(database: SqlDatabase) -> Scene:
    return Scene(database)


@pytest.fixture
def followed(scene: Scene) -> Scene:
    """A scene whose log is followed, with a full run since."""
    scene.poll()
    scene.full_run()
    assert scene.poll().full_run is None
    return scene


# ------------------------------------------------------------------ the usual course


def test_who_is_named_is_handed_over_and_the_hint_is_settled(followed: Scene) -> None:
    followed.log.happen(REMOVE, "00u1")
    followed.log.happen(SUSPEND, "00u2")
    result = followed.poll()
    assert (result.events, result.settled, result.pending, result.troubles) == (2, 2, 0, ())
    assert sorted(followed.desk.people) == ["00u1", "00u2"]
    assert followed.desk.removals == {"00u1": followed.log.now, "00u2": None}
    assert followed.poll().events == 0
    assert len(followed.desk.people) == 2


def test_those_who_may_lose_access_are_dealt_with_first(followed: Scene) -> None:
    followed.log.happen(ADD, "00u1")
    followed.log.happen(REMOVE, "00u2")
    followed.poll()
    assert followed.desk.people == ["00u2", "00u1"]


def test_a_person_with_many_events_is_looked_at_once(followed: Scene) -> None:
    for _ in range(7):
        followed.log.happen(ADD, "00u1")
    assert followed.poll().events == 7
    assert followed.desk.people == ["00u1"]


def test_a_log_is_read_to_its_end_page_by_page(followed: Scene) -> None:
    for number in range(5):
        followed.log.happen(ADD, f"00u{number}")
    followed.log.asked.clear()
    assert followed.poll().events == 5
    assert [clause for clause, _ in followed.log.asked] == [MEMBERSHIP] * 3 + [LIFECYCLE]


def test_a_page_that_is_full_to_the_brim_costs_one_more_that_is_empty(followed: Scene) -> None:
    for number in range(4):
        followed.log.happen(ADD, f"00u{number}")
    followed.log.asked.clear()
    assert followed.poll().events == 4
    assert [clause for clause, _ in followed.log.asked] == [MEMBERSHIP] * 3 + [LIFECYCLE]


def test_a_poll_reads_so_many_pages_and_the_next_one_goes_on(followed: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 3)
    for number in range(9):
        followed.log.happen(ADD, f"00u{number}")
    assert [followed.poll().events for _ in range(3)] == [6, 3, 0]
    assert len(followed.desk.people) == 9


def test_a_poll_deals_with_so_many_people_and_the_next_one_goes_on(
    followed: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PEOPLE", 4)
    monkeypatch.setattr(module, "BATCH", 2)
    for number in range(5):
        followed.log.happen(ADD, f"00u{number}")
    assert [followed.poll().pending for _ in range(2)] == [1, 0]
    assert sorted(followed.desk.people) == [f"00u{number}" for number in range(5)]


# ------------------------------------------------------------------ beginning, and beginning anew


def test_a_log_that_never_was_followed_begins_a_little_before_now_and_asks_for_a_full_run(scene: Scene) -> None:
    scene.log.happen(REMOVE, "00u1")
    result = scene.poll()
    assert result.full_run == "the System Log was not followed before"
    assert scene.desk.people == ["00u1"], "the quarter of an hour before"
    assert scene.poll().full_run is not None, "until there was one"
    scene.full_run()
    assert scene.poll().full_run is None


@pytest.mark.parametrize(
    ("code", "kind", "enough"),
    [
        (ExitCode.DRIFT, "dry-run", True),
        (ExitCode.BLOCKED, "apply", True),
        (ExitCode.SOURCE_UNHEALTHY, "apply", False),
        (ExitCode.ERROR, "apply", False),
        (ExitCode.CLEAN, "drift-report", False),
    ],
)
def test_only_a_run_that_looked_at_everybody_counts(scene: Scene, code: ExitCode, kind: str, enough: bool) -> None:
    scene.poll()
    scene.full_run(code, kind)
    assert (scene.poll().full_run is None) is enough


def test_a_full_run_from_before_the_log_was_followed_does_not_count(scene: Scene) -> None:
    scene.full_run()
    assert scene.poll().full_run is not None


def test_a_cursor_that_okta_has_lost_begins_anew_and_asks_for_a_full_run(followed: Scene) -> None:
    followed.log.oldest = followed.log.now + timedelta(days=1)
    followed.log.now += timedelta(days=2)
    followed.log.happen(REMOVE, "00u1")
    result = followed.poll()
    assert "does not go on with the System Log" in (result.full_run or "")
    assert (result.troubles, followed.desk.people) == ((), ["00u1"])
    followed.full_run()
    assert followed.poll().full_run is None


def test_a_gap_longer_than_the_log_goes_back_begins_anew_without_asking_for_the_old_cursor(followed: Scene) -> None:
    hundred_days = 100 * 86_400 * 1_000_000
    with followed.database.transaction(APP, CAUSE) as unit:
        unit._scope.connection.execute(update(okta_cursor).values(updated=okta_cursor.c.updated - hundred_days))
    old = {position.place.cursor for position in followed.positions().values()}
    followed.log.asked.clear()
    followed.log.now += timedelta(days=100)
    assert "last read 100 days ago" in (followed.poll().full_run or "")
    assert old.isdisjoint(cursor for _, cursor in followed.log.asked)


def test_a_full_page_that_leads_to_itself_is_kept_and_left_and_asks_for_a_full_run(followed: Scene) -> None:
    for number in range(4):
        followed.log.happen(REMOVE, f"00u{number}")
    followed.log.stuck = True
    result = followed.poll()
    assert "stands still" in (result.full_run or "")
    assert followed.desk.people == ["00u0", "00u1"], "what was seen of it is dealt with"
    followed.log.stuck = False
    followed.full_run()
    assert followed.poll().full_run is None
    assert sorted(followed.desk.people) == ["00u0", "00u1", "00u2", "00u3"]


def test_a_group_that_was_unassigned_asks_for_a_full_run(followed: Scene) -> None:
    followed.log.happen("group.application_assignment.remove", "00g1")
    assert "00g1" in (followed.poll().full_run or "")
    followed.full_run()
    assert followed.poll().full_run is None


def test_a_log_that_refuses_its_very_beginning_is_trouble_and_no_full_run_each_minute(scene: Scene) -> None:
    scene.log.oldest = scene.log.now + timedelta(days=1)
    result = scene.poll()
    assert len(result.troubles) == 2
    assert result.full_run is None
    assert scene.positions() == {}


def test_after_a_restart_the_log_is_taken_up_a_little_earlier(followed: Scene) -> None:
    """What Okta wrote down behind the cursor that it gave, and late, is found."""
    followed.log.happen(ADD, "00u1")
    followed.poll()
    late = followed.log.happen(REMOVE, "00u2")
    written = followed.log.written[MEMBERSHIP]
    written.insert(0, written.pop())  # it turns up before the cursor
    followed.poll()
    assert "00u2" not in followed.desk.people
    followed.poll(resume=True)
    assert late.user_ids[0] in followed.desk.people
    assert followed.desk.people.count("00u1") == 1, "and what is known is not dealt with again"


def test_where_the_earlier_place_is_lost_the_cursor_itself_is_gone_on_with(followed: Scene) -> None:
    followed.log.happen(ADD, "00u1")
    followed.log.happen(SUSPEND, "00u1")
    followed.poll()
    followed.log.oldest = followed.log.now
    followed.log.happen(REMOVE, "00u2")
    result = followed.poll(resume=True)
    assert (result.full_run, result.troubles) == (None, ())
    assert "00u2" in followed.desk.people


# ------------------------------------------------------------------ what fails


def test_a_clause_that_fails_keeps_its_place_and_does_not_hold_up_the_other(followed: Scene) -> None:
    before = followed.positions()[MEMBERSHIP].place
    followed.log.happen(REMOVE, "00u1")
    followed.log.happen(SUSPEND, "00u2")
    followed.log.unhealthy.add(MEMBERSHIP)
    result = followed.poll()
    assert len(result.troubles) == 1
    assert followed.desk.people == ["00u2"]
    assert followed.positions()[MEMBERSHIP].place == before
    followed.log.unhealthy.clear()
    followed.poll()
    assert followed.desk.people == ["00u2", "00u1"]


def test_a_hint_that_nobody_dealt_with_stays_and_is_tried_again(followed: Scene) -> None:
    followed.log.happen(REMOVE, "00u1")
    followed.log.happen(REMOVE, "00u2")
    followed.desk.refused = {"00u1"}
    result = followed.poll()
    assert (result.settled, result.pending, followed.pending()) == (1, 1, [])
    assert followed.desk.people == ["00u1", "00u2"], "once in a poll"
    followed.desk.refused = set()
    assert followed.poll().settled == 0, "not at once"
    followed.let_time_pass()
    assert followed.poll().settled == 1
    assert followed.pending() == []


def test_a_desk_that_cannot_work_leaves_every_hint_and_says_why(followed: Scene) -> None:
    followed.log.happen(REMOVE, "00u1")
    followed.desk.fails = LeaseHeldError("somebody is reconciling")
    result = followed.poll()
    assert (result.settled, result.pending, result.troubles) == (0, 1, ("somebody is reconciling",))
    followed.desk.fails = None
    followed.let_time_pass()
    assert followed.poll().settled == 1


def test_a_desk_that_breaks_leaves_every_hint(followed: Scene) -> None:
    followed.log.happen(REMOVE, "00u1")
    followed.desk.fails = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        followed.poll()
    followed.let_time_pass()
    assert followed.pending() == ["00u1"]


def test_a_process_that_dies_between_the_commit_and_the_settling_loses_nothing(followed: Scene) -> None:
    def die(_: Mapping[str, datetime | None]) -> Collection[str]:
        raise Killed

    followed.log.happen(REMOVE, "00u1")
    watch = Watch(APP, followed.log, followed.database, die, followed.said.append)
    with pytest.raises(Killed):
        follow_events(watch)
    followed.let_time_pass()
    assert followed.pending() == ["00u1"]
    assert followed.poll(resume=True).settled == 1
    assert followed.desk.people == ["00u1"]


KILLED = """
import os, uuid
from tests.conftest import APP, SteppingClock, opened
from tests.fakes.event_log import FakeEventLog
from syncd.workflows.follow_events import Watch, follow_events

log = FakeEventLog()
log.happen("application.user_membership.remove", "00u1")
with opened({url!r}, SteppingClock()) as database:
    follow_events(Watch(APP, log, database, lambda _: os._exit(9), print))
"""


def test_a_process_that_is_killed_between_the_commit_and_the_settling_leaves_the_hint(
    scene: Scene, database_url: str
) -> None:
    died = subprocess.run([sys.executable, "-c", KILLED.format(url=database_url)], cwd=ROOT, check=False)
    assert died.returncode == 9
    assert scene.pending() == ["00u1"]
    assert set(scene.positions()) == {MEMBERSHIP, LIFECYCLE}


def test_an_event_that_comes_while_its_person_is_looked_at_has_them_looked_at_again(followed: Scene) -> None:
    followed.log.happen(ADD, "00u1")

    def meanwhile(removals: Mapping[str, datetime | None]) -> Collection[str]:
        followed.log.happen(REMOVE, "00u1")
        other = Watch(APP, followed.log, followed.database, lambda _: (), followed.said.append)
        follow_events(other)
        return removals.keys()

    follow_events(Watch(APP, followed.log, followed.database, meanwhile, followed.said.append))
    followed.let_time_pass()
    assert followed.pending() == ["00u1"]


def test_no_transaction_is_open_while_okta_is_asked_or_people_are_dealt_with(followed: Scene) -> None:
    opened: list[int] = []

    def look(_: str) -> None:
        opened.append(followed.database.in_use)

    def settle(removals: Mapping[str, datetime | None]) -> Collection[str]:
        look("")
        return removals.keys()

    followed.log.happen(REMOVE, "00u1")
    followed.log.before_page = look
    follow_events(Watch(APP, followed.log, followed.database, settle, followed.said.append))
    assert opened == [0, 0, 0]
