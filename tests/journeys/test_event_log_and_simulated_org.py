"""The real reader of the System Log keeps its contract over HTTP, and no fault of the org loses an event."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from syncd.core.okta_events import LIFECYCLE, MEMBERSHIP
from syncd.okta_source.event_log import PATH, OktaEventLog, open_event_log
from syncd.okta_source.settings import OktaSettings
from syncd.ports import CursorLostError, Place, SourceUnhealthyError
from syncd.simulator import RequestFault, SimulatedOrg
from tests.contracts.event_log import EventLogContract
from tests.support.waiting import Waiting

TOKEN, APP_ID = "00-log-token", "0oaeventlog000000001"
PEOPLE = 5


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    started = SimulatedOrg.start(
        scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", api_token=TOKEN, app_id=APP_ID
    )
    with started:
        started.set_features([])  # nothing is pushed, so nothing fails
        yield started


def open_log(org: SimulatedOrg) -> OktaEventLog:
    settings = OktaSettings(org.url, APP_ID, api_token=TOKEN, request_timeout=0.3)
    return open_event_log(settings, announce=lambda _: None, patience=Waiting().patience, limit=2)


@pytest.fixture
def log(org: SimulatedOrg) -> Iterator[OktaEventLog]:
    opened = open_log(org)
    yield opened
    opened.close()


class World:
    """The simulated org with the contract's words."""

    def __init__(self, org: SimulatedOrg, log: OktaEventLog) -> None:
        self.org, self.log = org, log

    def hire(self, login: str) -> str:
        person = self.org.create_user(login, "Ada", "Lovelace")
        self.org.assign(person)
        return person

    def unassign(self, okta_user_id: str) -> None:
        self.org.unassign(okta_user_id)

    def suspend(self, okta_user_id: str) -> None:
        self.org.suspend(okta_user_id)

    def come_late(self, okta_user_id: str) -> None:
        with self.org.late_events():
            self.org.suspend(okta_user_id)

    def forget(self) -> None:
        self.org.forget_log(timedelta(0))

    def break_log(self) -> None:
        self.org.faults.on_request(RequestFault.SERVER_ERROR, PATH, times=None)

    def stand_still(self) -> None:
        self.org.faults.on_request(RequestFault.NEXT_IS_SELF, PATH, times=None)


class TestOktaEventLogOnTheSimulatedOrg(EventLogContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self, org: SimulatedOrg, log: OktaEventLog) -> World:
        return World(org, log)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("fault", list(RequestFault))
def test_a_fault_ends_in_all_events_or_in_an_exception_and_never_moves_past_one(
    org: SimulatedOrg, log: OktaEventLog, fault: RequestFault, page: int
) -> None:
    world = World(org, log)
    place = log.start(MEMBERSHIP)
    hired = [world.hire(f"p{number}@example.com") for number in range(PEOPLE)]
    org.faults.on_page(fault, page, path=PATH, times=None, seconds=1.0)
    seen: set[str] = set()
    for _ in range(8):
        try:
            found = log.page(MEMBERSHIP, place.cursor)
        except (SourceUnhealthyError, CursorLostError):
            org.faults.clear()
            continue
        seen.update(one for event in found.events for one in event.user_ids)
        if found.following.cursor == place.cursor:
            org.faults.clear()
        place = found.following
    assert seen == set(hired)


def test_what_another_app_and_other_types_of_event_say_is_not_asked_for(org: SimulatedOrg, log: OktaEventLog) -> None:
    person = World(org, log).hire("a@example.com")
    org.update_profile(person, lastName="Other")
    org.create_group("Team", [person])
    events = [event for clause in log.clauses for event in walk(log, clause)]
    assert {event_type for event_type, _ in events} == {"user.lifecycle.activate", "application.user_membership.add"}


def walk(log: OktaEventLog, clause: str) -> list[tuple[str, tuple[str, ...]]]:
    place: Place = log.start(clause)
    events = []
    while True:
        page = log.page(clause, place.cursor)
        events += [(event.event_type, event.user_ids) for event in page.events]
        place = page.following
        if page.ended:
            return events


def test_a_credential_that_may_not_read_the_log_is_told_what_is_missing(org: SimulatedOrg, log: OktaEventLog) -> None:
    org.faults.on_request(RequestFault.FORBIDDEN, PATH, times=None)
    with pytest.raises(SourceUnhealthyError, match=r"okta\.logs\.read"):
        log.start(LIFECYCLE)
