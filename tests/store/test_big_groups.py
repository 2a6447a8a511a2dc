"""What a change of a large group costs: that of the change, counted in what the database does, not in time."""

from functools import partial

import pytest
from sqlalchemy import text

from scim.resource import Member, MembershipChange
from syncd.store import SqlDatabase
from syncd.store.membership import _KEEP_ONLY
from tests.conftest import APP
from tests.store.big_groups import CAUSE, change, cost, furnish, member_ids

SMALL, LARGE = 100, 100_000


def test_one_member_costs_the_same_in_a_small_group_and_in_a_large_one(database: SqlDatabase) -> None:
    small, large = furnish(database, SMALL, LARGE)
    with database.transaction(APP, CAUSE) as unit:
        person = unit.resources.create("User", {"userName": "new"}).id
    for membership in (MembershipChange(add=(Member(person),)), MembershipChange(remove=(person,))):
        in_small, in_large = (cost(database, partial(change, membership, group)) for group in (small, large))
        assert in_large.statements == in_small.statements
        assert 0 < in_large.effort <= 1.1 * in_small.effort


def test_replacing_a_group_costs_in_proportion_to_it(database: SqlDatabase) -> None:
    sizes = (1_000, 4_000)
    costs = []
    for size, group in zip(sizes, furnish(database, *sizes), strict=True):
        wanted = MembershipChange(replace=True, add=tuple(map(Member, member_ids(size)[1:])))
        costs.append(cost(database, partial(change, wanted, group), grain=100))
        with database.reading(APP) as unit:
            assert unit.resources.read("Group", group, with_members=False).member_count == size - 1
    assert costs[0].statements == costs[1].statements
    assert costs[0].effort < costs[1].effort < 5 * costs[0].effort


@pytest.mark.postgres
def test_who_stays_in_a_replaced_group_is_looked_up_in_a_hash_table(postgres_database: SqlDatabase) -> None:
    furnish(postgres_database, 4_000)
    with postgres_database.transaction(APP, CAUSE) as unit:
        connection = unit._scope.connection
        connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        connection.exec_driver_sql(f"PREPARE keep_only AS {_KEEP_ONLY.on('postgresql').sql}")
        plan = connection.exec_driver_sql("EXPLAIN EXECUTE keep_only (1, '[]')").scalars().all()
    assert any("hashed SubPlan" in step for step in plan), plan
