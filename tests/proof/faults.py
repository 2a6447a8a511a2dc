"""Every fault that the simulated org knows, on every page, through a whole run over HTTP."""

from collections.abc import Iterator
from typing import Final

from syncd.core.changes import Cause, Change
from syncd.core.policy import Policy
from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.source import open_source
from syncd.ports import Clock, Database
from syncd.simulator import RequestFault, SimulatedOrg
from syncd.store import SqlDatabase
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import reconcile
from syncd.workflows.running import ExitCode
from tests.proof.kills import Site
from tests.support.waiting import Waiting

TOKEN, APP_ID = "00-proof-token", "0oaproof000000000001"
PEOPLE: Final = 25
PAGE: Final = 10
PAGES: Final = 3


def try_faults(site: Site) -> Iterator[tuple[RequestFault, int]]:
    """Let each fault strike each page, for good, through two runs that may repair; yield each that was tried.

    Raises AssertionError when an account was closed, or a snapshot was sealed that is not the truth. An answer that is
    complete in form and says that there is nobody is sealed here, where no listing is too small: then it is the
    question about each person that keeps their account open.
    """
    with site.opened() as database:
        for fault in RequestFault:
            for page in range(1, PAGES + 1):
                _try(database, f"{fault.value}-{page}", fault, page, site.clock())
                yield fault, page


def _try(database: SqlDatabase, app: str, fault: RequestFault, page: int, clock: Clock) -> None:
    # Nobody listens at the SCIM address: every push fails, and only the listing is looked at.
    nowhere = "http://127.0.0.1:9/scim/v2"
    with SimulatedOrg.start(scim_url=nowhere, scim_token="unused", api_token=TOKEN, app_id=APP_ID) as org:
        people = org.populate(PEOPLE)
        database.ensure_app(app, f"0oa{app}")
        with database.transaction(app, Cause("test")) as unit:
            for number, person in enumerate(people):
                unit.record(Change("User", None, {"userName": f"p{number}", "externalId": person, "active": True}))
        org.faults.on_page(fault, page, times=None, seconds=1.0)
        settings = OktaSettings(org.url, APP_ID, api_token=TOKEN, page_limit=PAGE, request_timeout=0.3)
        source = open_source(settings, announce=lambda _: None, clock=clock, patience=Waiting().patience)
        try:
            desk = Desk(app, Policy(min_listing_percent=0), source, database, lambda _: None)
            results = [reconcile(desk, apply=True) for _ in range(2)]
        finally:
            source.close()
    for result in results:
        is_sealed = result.exit_code is not ExitCode.SOURCE_UNHEALTHY and fault is not RequestFault.EMPTY_LISTING
        if is_sealed and (result.report is None or result.report.assignments != PEOPLE):
            raise AssertionError(f"{app}: a snapshot was sealed that is not the truth: {result.message}")
    if open_accounts(database, app) != PEOPLE:
        raise AssertionError(f"{app}: an account was closed")


def open_accounts(database: Database, app: str) -> int:
    """Return how many accounts have not been closed."""
    with database.reading(app) as unit:
        closed = [event for event in unit.audit_trail(limit=1000) if event.action == "account:deactivated"]
    return PEOPLE - len(closed)
