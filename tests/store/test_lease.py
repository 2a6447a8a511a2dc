"""One run at a time reconciles an application, and whoever was overtaken changes nothing more."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import select

from syncd.ports import Lease, LeaseHeldError, LeaseLostError
from syncd.store import SqlDatabase
from syncd.store.tables import lease as lease_table
from tests.conftest import APP
from tests.store.snapshots import CAUSE

HOUR = timedelta(hours=1)
OVER = timedelta()
"""A lease that lasts no time has expired by the time of the next statement, by whichever clock."""

OTHER = "other"
NIGHT, DAY = "worker:night", "operator:day"


def acquire(database: SqlDatabase, holder: str, lasting: timedelta = HOUR, app: str = APP) -> Lease:
    with database.transaction(app, CAUSE) as unit:
        return unit.acquire_lease(holder, lasting)


def hold(database: SqlDatabase, lease: Lease, lasting: timedelta = HOUR) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.hold_lease(lease, lasting)


def release(database: SqlDatabase, lease: Lease) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)


def test_a_second_holder_is_told_who_holds_it_and_until_when(database: SqlDatabase) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert acquire(database, NIGHT) == Lease(APP, NIGHT, 1)
    with pytest.raises(LeaseHeldError, match=f"{NIGHT} is reconciling {APP}") as refusal:
        acquire(database, DAY)
    until = datetime.fromisoformat(str(refusal.value).rpartition(" ")[2])
    assert before + HOUR <= until <= datetime.now(UTC) + HOUR


def test_the_same_name_does_not_get_it_twice(database: SqlDatabase) -> None:
    acquire(database, NIGHT)
    with pytest.raises(LeaseHeldError):
        acquire(database, NIGHT)


def test_each_holder_has_a_greater_token(database: SqlDatabase) -> None:
    tokens = []
    for holder, lasting in ((NIGHT, HOUR), (DAY, OVER), (NIGHT, OVER), (NIGHT, HOUR)):
        lease = acquire(database, holder, lasting)
        tokens.append(lease.token)
        if lasting:
            release(database, lease)
    assert tokens == [1, 2, 3, 4]


def test_who_was_overtaken_holds_nothing_and_gives_nothing_back(database: SqlDatabase) -> None:
    overtaken = acquire(database, NIGHT, OVER)
    current = acquire(database, DAY)
    with pytest.raises(LeaseLostError, match=APP):
        hold(database, overtaken)
    release(database, overtaken)
    hold(database, current)
    with pytest.raises(LeaseHeldError, match=DAY):
        acquire(database, NIGHT)


def test_who_took_its_own_lease_over_lost_the_first_one(database: SqlDatabase) -> None:
    first, second = acquire(database, NIGHT, OVER), acquire(database, NIGHT)
    with pytest.raises(LeaseLostError):
        hold(database, first)
    hold(database, second)


def test_holding_extends_from_now_and_an_expired_lease_that_nobody_took_is_still_held(database: SqlDatabase) -> None:
    lease = acquire(database, NIGHT, OVER)
    hold(database, lease, HOUR)
    with pytest.raises(LeaseHeldError):
        acquire(database, DAY)
    hold(database, lease, OVER)
    assert acquire(database, DAY).token == 2


def test_a_lease_that_was_given_back_is_free_and_no_longer_held(database: SqlDatabase) -> None:
    lease = acquire(database, NIGHT)
    release(database, lease)
    with pytest.raises(LeaseLostError):
        hold(database, lease)
    release(database, lease)
    assert acquire(database, DAY).token == 2


def test_a_token_that_was_never_given_out_holds_nothing(database: SqlDatabase) -> None:
    lease = acquire(database, NIGHT)
    for forged in (replace(lease, token=lease.token + 1), replace(lease, holder=DAY)):
        with pytest.raises(LeaseLostError):
            hold(database, forged)


def test_each_application_has_a_lease_of_its_own(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    acquire(database, NIGHT)
    assert acquire(database, DAY, app=OTHER) == Lease(OTHER, DAY, 1)
    with database.transaction(OTHER, CAUSE) as unit, pytest.raises(LeaseLostError):
        unit.hold_lease(Lease(APP, NIGHT, 1), HOUR)


def test_a_lease_that_was_not_committed_was_not_taken(database: SqlDatabase) -> None:
    with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
        unit.acquire_lease(NIGHT, HOUR)
        raise ZeroDivisionError
    assert acquire(database, DAY).token == 1


def test_expiry_is_by_the_clock_of_the_database(database: SqlDatabase) -> None:
    """The clock that the store was given says 2026-03-01, whatever the day is."""
    acquire(database, NIGHT)
    with database.reading(APP) as unit:
        expires = unit._scope.connection.execute(select(lease_table.c.expires)).scalar_one()
    assert abs(expires / 1e6 - (datetime.now(UTC) + HOUR).timestamp()) < 60


def test_of_many_at_once_one_gets_it(database: SqlDatabase) -> None:
    barrier = Barrier(4)

    def attempt(number: int) -> Lease | LeaseHeldError:
        barrier.wait()
        try:
            return acquire(database, f"worker:{number}")
        except LeaseHeldError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Lease)]
    assert winner.token == 1
    assert all(winner.holder in str(outcome) for outcome in outcomes if outcome is not winner)


def test_nobody_takes_the_lease_while_its_holder_is_at_work_in_a_unit(database: SqlDatabase) -> None:
    expired = acquire(database, NIGHT, OVER)
    trying = Event()

    def overtake() -> str:
        trying.set()
        with pytest.raises(LeaseHeldError) as refusal:
            acquire(database, DAY)
        return str(refusal.value)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(APP, CAUSE) as unit:
            unit.hold_lease(expired, HOUR)
            attempt = pool.submit(overtake)
            trying.wait()
            with pytest.raises(TimeoutError):
                attempt.result(timeout=0.2)
        assert NIGHT in attempt.result()
