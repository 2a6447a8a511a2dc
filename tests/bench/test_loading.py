"""A directory that was loaded in bulk is the one that the front door would have made."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.in_process.front_door import front_door, send
from bench.in_process.loading import load
from bench.in_process.world import World, group_body, identity, user_body
from syncd.core.audit_log import PERSONAL, commitment
from syncd.store import create_schema, drop_schema, upgrade, with_schema
from syncd.store.tables import METADATA
from tests.conftest import new_schema_name
from tests.store.inspection import rows_of

WORLD = World(users=50)


class StandingClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


def nothing(_: str) -> None:
    """Say nothing."""


def through_the_front_door(url: str) -> None:
    names = [identity("User", number) for number in range(1, WORLD.users + 1)]
    names += [identity("Group", number) for number in range(1, WORLD.groups + 1)]
    with front_door(url, StandingClock(), iter(names).__next__) as door:
        for number in range(1, WORLD.users + 1):
            assert door.answer(send("POST", "/Users", user_body(number))).status == 201
        for number in range(1, WORLD.groups + 1):
            assert door.answer(send("POST", "/Groups", group_body(number, WORLD.members(number)))).status == 201


def comparable(url: str) -> dict[str, Any]:
    """Return all rows; of counters only their sums, because a write may choose any shard of them.

    What an event commits to is salted: it is checked, and the personal part itself is compared.
    """
    rows: dict[str, Any] = dict(rows_of(url))
    names = [column.name for column in METADATA.tables["audit_event"].columns]
    rows["audit_event"] = [_unsalted(dict(zip(names, row, strict=True))) for row in rows["audit_event"]]
    columns = [column.name for column in METADATA.tables["counter"].columns]
    sums: dict[int, list[int]] = {}
    for row in rows.pop("counter"):
        counted = dict(zip(columns, row, strict=True))
        held = sums.setdefault(counted["type"], [0, 0])
        sums[counted["type"]] = [held[0] + counted["live"], held[1] + counted["deleted"]]
    return {**rows, "counter": sums}


def _unsalted(event: dict[str, Any]) -> dict[str, Any]:
    body = orjson.loads(event["body"])
    assert body.pop(PERSONAL) == commitment(event.pop("salt"), event["personal"])
    return event | {"body": body}


@pytest.fixture
def another_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """A second empty database of the same kind."""
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'another.db'}"
        upgrade(url)
        yield url
        return
    server, name = request.getfixturevalue("postgres_server_url"), new_schema_name()
    create_schema(server, name)
    try:
        upgrade(with_schema(server, name))
        yield with_schema(server, name)
    finally:
        drop_schema(server, name)


def test_loading_in_bulk_writes_what_the_front_door_writes(database_url: str, another_url: str) -> None:
    through_the_front_door(database_url)
    load(another_url, WORLD, StandingClock(), nothing)
    assert comparable(another_url) == comparable(database_url)


def test_the_front_door_goes_on_where_loading_ended(database_url: str) -> None:
    load(database_url, WORLD, StandingClock(), nothing)
    with front_door(database_url, StandingClock(), lambda: "new") as door:
        made = door.answer(send("POST", "/Users", user_body(WORLD.users + 1)))
        assert made.status == 201
        taken = door.answer(send("POST", "/Users", user_body(WORLD.users)))
        assert (taken.status, orjson.loads(taken.body)["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize("users", [50, 20_000, 1_000_000])
def test_a_world_has_five_memberships_for_each_user_and_nobody_twice_in_a_group(users: int) -> None:
    world = World(users)
    assert world.groups == max(3, users // 100)
    sizes = [len(set(world.members(group))) for group in (1, 2, 3, world.groups)]
    assert sizes[1] == users // 10
    assert all(set(world.members(group)) <= set(range(1, users + 1)) for group in (1, 2, 3))
    if users > 1000:
        assert sizes[0] == 100
        total = sizes[0] + sizes[1] + sizes[2] * (world.groups - 2)
        assert total == pytest.approx(5 * users, rel=0.01)
