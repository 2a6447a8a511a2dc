"""What every System Log does, the fake and the real one alike."""

from typing import Protocol

import pytest

from syncd.core.okta_events import LIFECYCLE, MEMBERSHIP, LogEvent
from syncd.ports import CursorLostError, EventLog, Place, SourceUnhealthyError

MOST = 50


class World(Protocol):
    """What a test does to the org behind the log."""

    log: EventLog

    def hire(self, login: str) -> str:
        """Add an active person who is assigned, and return their Okta user id."""

    def unassign(self, okta_user_id: str) -> None:
        """Take the assignment away."""

    def suspend(self, okta_user_id: str) -> None:
        """Suspend the person."""

    def come_late(self, okta_user_id: str) -> None:
        """Suspend the person now, with an event that is written down behind what happened after it."""

    def forget(self) -> None:
        """Let the log go back no further than to this moment."""

    def break_log(self) -> None:
        """Make the log fail from now on."""

    def stand_still(self) -> None:
        """Let every page lead to itself from now on."""


class EventLogContract:
    """Subclass it with a fixture `world` whose log has two events a page."""

    def read(self, world: World, clause: str, place: Place) -> tuple[list[LogEvent], Place]:
        """Follow the clause to its end for now."""
        events: list[LogEvent] = []
        for _ in range(MOST):
            page = world.log.page(clause, place.cursor)
            assert len(page.events) <= 2
            events += page.events
            place = page.following
            if page.ended:
                return events, place
        raise AssertionError("the log does not end")

    def people(self, events: list[LogEvent]) -> list[str]:
        return [one for event in events for one in event.user_ids]

    def test_the_clauses_have_names(self, world: World) -> None:
        assert set(world.log.clauses) == {MEMBERSHIP, LIFECYCLE}

    def test_from_a_start_everything_is_told_that_happens_then(self, world: World) -> None:
        leaver, sleeper = world.hire("a@example.com"), world.hire("b@example.com")
        starts = {clause: world.log.start(clause) for clause in world.log.clauses}
        world.unassign(leaver)
        world.suspend(sleeper)
        events = {clause: self.read(world, clause, place)[0] for clause, place in starts.items()}
        assert ("application.user_membership.remove", (leaver,)) in [
            (event.event_type, event.user_ids) for event in events[MEMBERSHIP]
        ]
        assert ("user.lifecycle.suspend", (sleeper,)) in [
            (event.event_type, event.user_ids) for event in events[LIFECYCLE]
        ]

    def test_a_start_overlaps_with_what_happened_just_before(self, world: World) -> None:
        hired = world.hire("a@example.com")
        events, _ = self.read(world, MEMBERSHIP, world.log.start(MEMBERSHIP))
        assert hired in self.people(events)

    def test_every_event_is_told_once_in_the_order_of_writing(self, world: World) -> None:
        start = world.log.start(MEMBERSHIP)
        hired = [world.hire(f"p{number}@example.com") for number in range(5)]
        events, _ = self.read(world, MEMBERSHIP, start)
        added = [event for event in events if event.event_type == "application.user_membership.add"]
        assert [event.user_ids[0] for event in added] == hired
        assert len({event.uuid for event in events}) == len(events)
        assert all(event.succeeded for event in added)

    def test_at_the_end_the_cursor_stays_and_goes_on_when_something_happens(self, world: World) -> None:
        hired = world.hire("a@example.com")
        _, end = self.read(world, LIFECYCLE, world.log.start(LIFECYCLE))
        for _ in range(2):
            page = world.log.page(LIFECYCLE, end.cursor)
            assert (page.events, page.ended, page.following.cursor) == ((), True, end.cursor)
        world.suspend(hired)
        events, _ = self.read(world, LIFECYCLE, end)
        assert self.people(events) == [hired]

    def test_a_late_event_is_told_behind_what_happened_after_it(self, world: World) -> None:
        late = world.hire("a@example.com")
        _, end = self.read(world, LIFECYCLE, world.log.start(LIFECYCLE))
        world.come_late(late)
        events, _ = self.read(world, LIFECYCLE, end)
        assert late in self.people(events)

    def test_the_log_is_taken_up_again_with_an_overlap(self, world: World) -> None:
        world.hire("a@example.com")
        told, end = self.read(world, MEMBERSHIP, world.log.start(MEMBERSHIP))
        again, _ = self.read(world, MEMBERSHIP, world.log.resume(MEMBERSHIP, end.read_until))
        assert {event.uuid for event in again} == {event.uuid for event in told}

    def test_a_log_that_fails_raises_and_is_never_an_empty_page(self, world: World) -> None:
        start = world.log.start(MEMBERSHIP)
        world.break_log()
        with pytest.raises(SourceUnhealthyError):
            world.log.page(MEMBERSHIP, start.cursor)
        with pytest.raises(SourceUnhealthyError):
            world.log.start(MEMBERSHIP)

    def test_a_cursor_before_what_the_log_holds_is_lost(self, world: World) -> None:
        start = world.log.start(MEMBERSHIP)
        for number in range(3):
            world.hire(f"p{number}@example.com")
        second = world.log.page(MEMBERSHIP, start.cursor).following
        world.forget()
        for cursor in (start.cursor, second.cursor):
            with pytest.raises(CursorLostError):
                world.log.page(MEMBERSHIP, cursor)

    def test_a_full_page_may_lead_to_itself_and_says_so(self, world: World) -> None:
        start = world.log.start(MEMBERSHIP)
        for number in range(3):
            world.hire(f"p{number}@example.com")
        world.stand_still()
        first = world.log.page(MEMBERSHIP, start.cursor)
        again = world.log.page(MEMBERSHIP, first.following.cursor)  # the link to itself may be spelled otherwise
        assert (again.ended, again.following.cursor) == (False, first.following.cursor)
        assert again.events == first.events

    def test_closing_twice_does_no_harm(self, world: World) -> None:
        world.log.close()
        world.log.close()
