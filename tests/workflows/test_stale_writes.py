"""Okta reads a user, edits it and puts it back, without If-Match, while others change the account."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.changes import Cause, Change
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.scim.endpoint import Endpoint
from tests.workflows.pushing import Pusher

RECONCILER = Cause("reconciler")
STEPS = ("okta reads", "okta puts a title", "okta switches active", "reconciler deactivates", "somebody renames")
NUMBERS = count()


@dataclass
class World:
    """One account, what Okta holds of it, and what `active` has to be: as whoever meant to change it last wanted."""

    send: Any
    deactivate: Any
    path: str
    copy: dict[str, Any] = field(default_factory=dict)
    open: bool = True
    closed_unseen: bool = False
    steps: int = 0

    def step(self, name: str) -> None:
        moves: dict[str, Callable[[], object]] = {
            "okta reads": self.read,
            "okta puts a title": lambda: self.put(title=str(self.steps)),
            "okta switches active": self.switch,
            "reconciler deactivates": self.close,
            "somebody renames": lambda: self.send("PATCH", self.path, rename(f"Name {self.steps}")),
        }
        moves[name]()
        self.steps += 1

    def read(self) -> None:
        self.copy = self.send("GET", self.path).body
        self.closed_unseen = False

    def put(self, **changes: Any) -> None:
        """Put the copy back with changes. Okta goes on with what it read, until it reads again."""
        assert self.send("PUT", self.path, {**self.copy, **changes}).status == 200

    def switch(self) -> None:
        """Okta means it, unless the account was closed after it read."""
        wanted = not self.copy["active"]
        self.put(active=wanted)
        self.open = wanted and (self.open or not self.closed_unseen)

    def close(self) -> None:
        self.deactivate()
        self.closed_unseen |= self.open
        self.open = False


def rename(name: str) -> dict[str, Any]:
    return {"Operations": [{"op": "replace", "path": "nickName", "value": name}]}


def play(world: World, steps: list[str]) -> None:
    world.read()
    for step in steps:
        world.step(step)
        assert world.send("GET", world.path).body["active"] is world.open, steps


def memory_world() -> World:
    endpoint = Endpoint()
    path = f"/Users/{endpoint.user()}"
    return World(endpoint.send, lambda: endpoint.patch(path, {"op": "replace", "value": {"active": False}}), path)


def database_world(database: SqlDatabase) -> World:
    pusher = Pusher(database, APP)
    user = pusher.user(f"user{next(NUMBERS)}")

    def deactivate() -> None:
        with database.transaction(APP, RECONCILER) as unit:
            _, resource = unit.account(user) or pytest.fail("the account is gone")
            unit.record(Change("User", resource, {**resource.document, "active": False}))

    return World(pusher.send, deactivate, f"/Users/{user}")


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=14))
@settings(max_examples=300, deadline=None)
def test_an_account_is_open_only_if_okta_itself_switched_it_so(steps: list[str]) -> None:
    play(memory_world(), steps)


def test_an_old_copy_of_a_closed_account_does_not_open_it_again() -> None:
    world = memory_world()
    for step in ("reconciler deactivates", "okta reads", "okta switches active", "reconciler deactivates"):
        world.step(step)
    world.step("okta switches active")
    assert world.send("GET", world.path).body["active"] is False


@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_the_same_on_a_database(database: SqlDatabase, steps: list[str]) -> None:
    play(database_world(database), steps)


def test_a_merge_is_told_in_the_audit_trail(database: SqlDatabase) -> None:
    world = database_world(database)
    world.read()
    world.step("reconciler deactivates")
    world.step("okta puts a title")
    with database.reading(APP) as unit:
        (last, before, *_) = unit.audit_trail(subject_id=world.path.rpartition("/")[2])
    assert last.detail["merged_from_version"] == 1
    assert last.detail["after"] == {"title": "1"}
    assert "merged_from_version" not in before.detail
