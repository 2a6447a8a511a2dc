"""However the two sides are, every subject is in exactly one situation, and the report adds up."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.balance import Balance
from syncd.core.classification import classify
from syncd.core.correlation import correlate_by_address
from syncd.core.policy import Policy
from syncd.store import SqlDatabase
from syncd.workflows import survey
from tests.store.random_worlds import World, worlds
from tests.store.test_comparison import enact, undone


@given(world=worlds(), most=st.one_of(st.just(50_000), st.integers(0, 6)))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_report_of_any_world_balances(database: SqlDatabase, world: World, most: int) -> None:
    with undone(database) as unit:
        _, naive = enact(unit, world)
        last = unit.staging.last_sealed()
        assert last is not None
        comparison = unit.staging.compare(last.snapshot_id, most)
    subjects = correlate_by_address(comparison.differing)
    counts = survey._counts(comparison, classify(subjects, Policy().protects))
    linked = survey._linked(comparison, subjects)
    balance = Balance(len(naive.assignments), len(naive.accounts), linked, sum(counts.values()))
    assert balance.line().startswith(f"{len(world.listed)} assignments")
    with pytest.raises(Exception, match="does not balance"):
        Balance(len(naive.assignments), len(naive.accounts) + 1, linked, sum(counts.values())).line()
