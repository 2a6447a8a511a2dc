"""A process that is stopped, loses its lease to an heir, and goes on: it spoils nothing of what the heir does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from syncd.store import SqlDatabase
from syncd.workflows.apply_plan import Outcome, Work, carry_out
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import reconcile
from syncd.workflows.running import ExitCode
from tests.workflows.approving import quarantines
from tests.workflows.conftest import LOGINS, Office, dismiss
from tests.workflows.dying import let_the_lease_run_out

PATIENCE = 20
CARRY_OUT = "syncd.workflows.reconcile.carry_out"


def heir(office: Office, before_page: Callable[[int], None] = lambda _: None) -> Desk:
    """Return what the next process works with: the same org and database."""
    return replace(office.desk, source=replace(office.okta, before_page=before_page), actor="heir")


def test_an_overtaken_process_leaves_the_walk_of_its_heir_alone(
    office: Office, crowd: list[str], database: SqlDatabase
) -> None:
    stopped, go_on = Event(), Event()

    def stop(page: int) -> None:
        if page == 2:
            stopped.set()
            assert go_on.wait(PATIENCE)

    office.okta.before_page = stop
    with ThreadPoolExecutor(1) as pool:
        overtaken = pool.submit(reconcile, office.desk, apply=True)

        def let_it_go_on(page: int) -> None:
            if page == 3:
                go_on.set()
                assert overtaken.result(PATIENCE).exit_code is ExitCode.LEASE_HELD

        try:
            assert stopped.wait(PATIENCE)
            let_the_lease_run_out(database)
            result = reconcile(heir(office, let_it_go_on), apply=True)
        finally:
            go_on.set()
    assert overtaken.done()
    assert (result.exit_code, result.message) == (ExitCode.CLEAN, "nothing to repair")


def test_an_overtaken_process_stops_where_its_heir_has_read_the_listing_to_its_end(
    office: Office, crowd: list[str], database: SqlDatabase
) -> None:
    def be_overtaken(page: int) -> None:
        if page == 2:
            let_the_lease_run_out(database)
            assert reconcile(heir(office), apply=True).exit_code is ExitCode.CLEAN

    office.okta.before_page = be_overtaken
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.LEASE_HELD
    assert all(office.is_open(one) for one in crowd)


def test_an_overtaken_process_ends_no_quarantine_of_its_heir(
    office: Office, crowd: list[str], database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.policy = replace(office.policy, max_deactivations=1)

    def be_overtaken(desk: Desk, work: Work) -> tuple[Outcome, ...]:
        monkeypatch.setattr(CARRY_OUT, carry_out)
        outcomes = carry_out(desk, work)
        let_the_lease_run_out(database)
        dismiss(office, *LOGINS[:2])
        assert reconcile(heir(office), apply=True).exit_code is ExitCode.BLOCKED
        return outcomes

    monkeypatch.setattr(CARRY_OUT, be_overtaken)
    reconcile(office.desk, apply=True)
    (one,) = quarantines(office, ended=True)
    assert one.ended is None
    assert all(office.is_open(one) for one in crowd)
