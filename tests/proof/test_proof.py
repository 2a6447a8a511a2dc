"""The proof in part: as much of it as every change can afford. `make prove` is all of it."""

import pytest

from tests.proof.clocks import CLOCKS
from tests.proof.exploring import explore, first_violation, scratch_url
from tests.proof.faults import try_faults
from tests.proof.kills import Site, kill_everywhere
from tests.proof.kinds import FURTHER, KINDS
from tests.proof.mutants import NEVER_ALIVE
from tests.proof.stopped import stop_everywhere

SCHEDULES = 20_000
SHARDS = 40
EACH = SCHEDULES // SHARDS

on_every_clock = pytest.mark.parametrize("clock", CLOCKS)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_schedule_breaks_an_invariant(shard: int) -> None:
    clock = list(CLOCKS.values())[shard % len(CLOCKS)]
    explore(range(shard * EACH, (shard + 1) * EACH), clock=clock())


OF_EACH = {
    "of many runs": 200,
    "of walks that are taken up": 200,
    "of the delta feed": 400,
    "with an access review": 400,
    "of pushed groups": 80,
    "of pushed groups over many runs": 40,
    "of a log that is sealed": 150,
    "of storms of pushes": 200,
    "of disputes": 250,
}


@pytest.mark.parametrize("of_what", FURTHER)
def test_no_schedule_of_a_further_kind_breaks_an_invariant(of_what: str) -> None:
    kind, _ = FURTHER[of_what]
    explore(range(OF_EACH[of_what]), kind=kind)


@pytest.mark.parametrize(("of_what", "name"), [(of_what, name) for of_what in KINDS for name in KINDS[of_what][1]])
def test_no_guard_can_be_taken_away_unnoticed(of_what: str, name: str) -> None:
    kind, mutants = KINDS[of_what]
    with mutants[name]():
        assert first_violation(range(NEVER_ALIVE), kind), f"{name}: {NEVER_ALIVE} schedules did not notice"


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
