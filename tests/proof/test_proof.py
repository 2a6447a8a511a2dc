"""The proof in part: as much of it as every change can afford. `make prove` is all of it."""

import pytest

from tests.proof.clocks import CLOCKS
from tests.proof.delta import DeltaSchedule
from tests.proof.dispute_mutants import DISPUTE_MUTANTS
from tests.proof.disputes import DisputeSchedule
from tests.proof.exploring import explore, first_violation, scratch_url
from tests.proof.faults import try_faults
from tests.proof.group_mutants import GROUP_MUTANTS
from tests.proof.groups import GroupSchedule
from tests.proof.kills import Site, kill_everywhere
from tests.proof.mutants import DELTA_MUTANTS, LONG_MUTANTS, MUTANTS, NEVER_ALIVE, REVIEW_MUTANTS
from tests.proof.reviews import ReviewSchedule
from tests.proof.schedules import LongSchedule
from tests.proof.stopped import stop_everywhere

SCHEDULES = 20_000
SHARDS = 40
EACH = SCHEDULES // SHARDS

on_every_clock = pytest.mark.parametrize("clock", CLOCKS)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_schedule_breaks_an_invariant(shard: int) -> None:
    clock = list(CLOCKS.values())[shard % len(CLOCKS)]
    explore(range(shard * EACH, (shard + 1) * EACH), clock=clock())


@pytest.mark.parametrize("name", MUTANTS)
def test_no_guard_can_be_taken_away_unnoticed(name: str) -> None:
    with MUTANTS[name]():
        assert first_violation(range(NEVER_ALIVE)), f"{name}: {NEVER_ALIVE} schedules did not notice"


def test_no_schedule_of_many_runs_breaks_an_invariant() -> None:
    explore(range(200), kind=LongSchedule)


@pytest.mark.parametrize("name", LONG_MUTANTS)
def test_no_guard_over_many_runs_can_be_taken_away_unnoticed(name: str) -> None:
    with LONG_MUTANTS[name]():
        assert first_violation(range(NEVER_ALIVE), LongSchedule), f"{name}: {NEVER_ALIVE} schedules did not notice"


def test_no_schedule_of_the_delta_feed_breaks_an_invariant() -> None:
    explore(range(400), kind=DeltaSchedule)


@pytest.mark.parametrize("name", DELTA_MUTANTS)
def test_no_guard_of_the_delta_feed_can_be_taken_away_unnoticed(name: str) -> None:
    with DELTA_MUTANTS[name]():
        assert first_violation(range(NEVER_ALIVE), DeltaSchedule), f"{name}: {NEVER_ALIVE} schedules did not notice"


def test_no_schedule_with_an_access_review_breaks_an_invariant() -> None:
    explore(range(400), kind=ReviewSchedule)


@pytest.mark.parametrize("name", REVIEW_MUTANTS)
def test_no_guard_of_a_rejection_can_be_taken_away_unnoticed(name: str) -> None:
    with REVIEW_MUTANTS[name]():
        assert first_violation(range(NEVER_ALIVE), ReviewSchedule), f"{name}: {NEVER_ALIVE} schedules did not notice"


def test_no_schedule_of_pushed_groups_breaks_an_invariant() -> None:
    explore(range(80), kind=GroupSchedule)


@pytest.mark.parametrize("name", GROUP_MUTANTS)
def test_no_guard_of_pushed_groups_can_be_taken_away_unnoticed(name: str) -> None:
    with GROUP_MUTANTS[name]():
        assert first_violation(range(NEVER_ALIVE), GroupSchedule), f"{name}: {NEVER_ALIVE} schedules did not notice"


def test_no_schedule_of_disputes_breaks_an_invariant() -> None:
    explore(range(250), kind=DisputeSchedule)


@pytest.mark.parametrize("name", DISPUTE_MUTANTS)
def test_no_guard_of_disputes_can_be_taken_away_unnoticed(name: str) -> None:
    with DISPUTE_MUTANTS[name]():
        assert first_violation(range(NEVER_ALIVE), DisputeSchedule), f"{name}: {NEVER_ALIVE} schedules did not notice"


@on_every_clock
def test_a_run_that_is_killed_anywhere_is_made_good_by_the_next(clock: str) -> None:
    with scratch_url() as url:
        assert sum(1 for _ in kill_everywhere(Site(url, CLOCKS[clock]))) > 20


@pytest.mark.postgres
@on_every_clock
def test_a_run_that_is_killed_anywhere_is_made_good_by_the_next_on_postgresql(postgres_url: str, clock: str) -> None:
    assert sum(1 for _ in kill_everywhere(Site(postgres_url, CLOCKS[clock]))) > 20


@pytest.mark.postgres
@on_every_clock
def test_a_run_that_was_stopped_for_longer_than_its_lease_has_no_further_effect(postgres_url: str, clock: str) -> None:
    assert sum(1 for _ in stop_everywhere(Site(postgres_url, CLOCKS[clock]))) > 5


@on_every_clock
def test_every_fault_on_every_page_costs_nobody_anything(clock: str) -> None:
    with scratch_url() as url:
        assert sum(1 for _ in try_faults(Site(url, CLOCKS[clock]))) > 60


@pytest.mark.postgres
@on_every_clock
def test_every_fault_on_every_page_costs_nobody_anything_on_postgresql(postgres_url: str, clock: str) -> None:
    assert sum(1 for _ in try_faults(Site(postgres_url, CLOCKS[clock]))) > 60
