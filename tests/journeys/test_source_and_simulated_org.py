"""The real source reads the simulated org over HTTP: no fault that the org knows costs anybody their access."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scim.resource import Member, MembershipChange
from syncd.bootstrap.system import SystemClock, new_id
from syncd.core.changes import Cause, Change
from syncd.core.policy import Policy
from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.source import OktaSource, open_source
from syncd.ports import SourceUnhealthyError
from syncd.simulator import RequestFault, SimulatedOrg
from syncd.store import SqlDatabase, open_database, upgrade
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import reconcile
from tests.contracts.assignment_source import AssignmentSourceContract
from tests.support.waiting import Waiting

TOKEN, APP_ID, APP = "00-contract-token", "0oacontract000000001", "crm"
PEOPLE, PAGE = 25, 10
LAST_PAGE = 3
MEMBERS = "/api/v1/groups/*/users"


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    # Nobody listens at the SCIM address: every push fails, and only the listing is looked at.
    started = SimulatedOrg.start(
        scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", api_token=TOKEN, app_id=APP_ID
    )
    with started:
        yield started


@pytest.fixture
def source(org: SimulatedOrg) -> Iterator[OktaSource]:
    opened = open_page_by_page(org, PAGE)
    yield opened
    opened.close()


def open_page_by_page(org: SimulatedOrg, page_limit: int) -> OktaSource:
    settings = OktaSettings(org.url, APP_ID, api_token=TOKEN, page_limit=page_limit, request_timeout=0.3)
    return open_source(settings, announce=lambda _: None, clock=SystemClock(), patience=Waiting().patience)


def test_a_listing_and_a_lookup_tell_how_old_an_assignment_is(org: SimulatedOrg, source: OktaSource) -> None:
    (settled,), person = org.populate(1), org.create_user("new@example.com", "New", "Comer")
    org.assign(person)
    listed = {row.okta_user_id: row.age for page in source.pages() for row in page.rows}
    for ages in (listed, {one: source.look_up(one).age for one in (settled, person)}):
        young, old = ages[person], ages[settled]
        assert young is not None
        assert old is not None
        assert timedelta() <= young < timedelta(minutes=1)
        assert timedelta(days=1) <= old + timedelta(seconds=1) < timedelta(days=1, minutes=1)


class World:
    """The simulated org with the contract's words."""

    def __init__(self, org: SimulatedOrg, source: OktaSource) -> None:
        self.org, self.source = org, source

    def hire(self, login: str) -> str:
        person = self.org.create_user(login, "Ada", "Lovelace")
        self.org.assign(person)
        return person

    def unassign(self, okta_user_id: str) -> None:
        self.org.unassign(okta_user_id)

    def set_status(self, okta_user_id: str, status: str) -> None:
        change = {"SUSPENDED": self.org.suspend, "DEPROVISIONED": self.org.deactivate}
        change[status](okta_user_id)

    def delete(self, okta_user_id: str) -> None:
        self.org.delete(okta_user_id)

    def deactivate_app(self) -> None:
        self.org.deactivate_app()

    def break_page(self, number: int) -> None:
        self.org.faults.on_page(RequestFault.SERVER_ERROR, number, times=None)

    def push_group(self, name: str, members: list[str]) -> str:
        group_id = self.org.create_group(name, members)
        self.org.push_group(group_id)
        return group_id

    def hide_groups(self) -> None:
        for path in ("/api/v1/apps/*/group-push/mappings", "/api/v1/groups/*", "/api/v1/users/*/groups"):
            self.org.faults.on_request(RequestFault.FORBIDDEN, path, times=None)

    def break_members(self, number: int) -> None:
        self.org.faults.on_page(RequestFault.SERVER_ERROR, number, path=MEMBERS, times=None)


class TestOktaSourceOnTheSimulatedOrg(AssignmentSourceContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self, org: SimulatedOrg) -> Iterator[World]:
        source = open_page_by_page(org, 2)
        yield World(org, source)
        source.close()


# An answer that is complete in form and says that there is nobody is told from the truth by its size and by asking
# about each person: that is the reconciler's part, below.
FAULTS = [fault for fault in RequestFault if fault is not RequestFault.EMPTY_LISTING]


@pytest.mark.parametrize("page", range(1, LAST_PAGE + 1))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_in_all_rows_or_in_an_exception(
    org: SimulatedOrg, source: OktaSource, fault: RequestFault, page: int
) -> None:
    people = org.populate(PEOPLE)
    org.faults.on_page(fault, page, times=None, seconds=1.0)
    try:
        listed = [row.okta_user_id for page in source.pages() for row in page.rows]
    except SourceUnhealthyError:
        return
    assert sorted(listed) == sorted(people)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlDatabase]:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    upgrade(url)
    opened = open_database(url, clock=SystemClock(), new_id=new_id)
    opened.ensure_app(APP, APP_ID)
    yield opened
    opened.close()


@pytest.mark.parametrize("page", range(1, LAST_PAGE + 1))
@pytest.mark.parametrize("fault", list(RequestFault))
def test_no_fault_of_the_listing_closes_the_account_of_somebody_who_is_assigned(
    org: SimulatedOrg, source: OktaSource, store: SqlDatabase, fault: RequestFault, page: int
) -> None:
    people = org.populate(PEOPLE)
    with store.transaction(APP, Cause("test")) as unit:
        for number, person in enumerate(people):
            unit.record(Change("User", None, {"userName": f"p{number}", "externalId": person, "active": True}))
    desk = Desk(APP, Policy(min_listing_percent=0), source, store, lambda _: None)
    org.faults.on_page(fault, page, times=None, seconds=1.0)
    for _ in range(2):
        reconcile(desk, apply=True)
    with store.reading(APP) as unit:
        events = unit.audit_trail(limit=1000)
    assert [event for event in events if event.action == "account:deactivated"] == []


@pytest.mark.parametrize("page", [1, LAST_PAGE])
@pytest.mark.parametrize("fault", list(RequestFault))
def test_no_fault_of_a_group_s_listing_takes_anybody_out_who_is_a_member(
    org: SimulatedOrg, source: OktaSource, store: SqlDatabase, fault: RequestFault, page: int
) -> None:
    people = org.populate(PEOPLE)
    guides = org.create_group("Guides", people)
    org.push_group(guides)
    with store.transaction(APP, Cause("test")) as unit:
        accounts = []
        for number, person in enumerate(people):
            document = {"userName": f"p{number}", "externalId": person, "active": True}
            accounts.append(unit.record(Change("User", None, document)))
        members = MembershipChange(add=tuple(Member(one.id) for one in accounts if one))
        unit.record(Change("Group", None, {"displayName": "Guides", "externalId": guides}, members))
    policy = Policy(min_listing_percent=0, groups=True, group_max_percent=100)
    org.faults.on_page(fault, page, path=MEMBERS, times=None, seconds=1.0)
    result = reconcile(Desk(APP, policy, source, store, lambda _: None), apply=True)
    assert result.report is not None
    assert result.report.groups is not None
    with store.reading(APP) as unit:
        (group,) = unit.groups.all()
    assert group.members == PEOPLE
