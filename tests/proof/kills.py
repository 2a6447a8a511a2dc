"""kill -9 at every point of a run, in a process of its own; the next run makes it good.

The process is a fork, so that hundreds of them are cheap; it opens the database by itself and is ended by SIGKILL.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import orjson
from sqlalchemy import select

from syncd.bootstrap.system import SystemClock, new_id
from syncd.ports import Clock
from syncd.store import SqlDatabase, open_database
from syncd.store.tables import audit_event, plan_item
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import reconcile, report_drift
from tests.proof.world import Tapped, World

_MOST_POINTS: Final = 500


@dataclass(frozen=True, slots=True)
class Site:
    """Where processes come and go: one database, and what all of them take for the time."""

    url: str
    clock: Callable[[], Clock] = SystemClock

    @contextmanager
    def opened(self) -> Iterator[SqlDatabase]:
        """Open the database, and close it again: no connection may live through a fork."""
        database = open_database(self.url, clock=self.clock(), new_id=new_id)
        try:
            yield database
        finally:
            database.close()


@dataclass(frozen=True, slots=True)
class EndState:
    """What is left when everything has ended: who is open, which effects there were, and how each item ended."""

    accounts: tuple[tuple[str, bool], ...]
    effects: tuple[tuple[tuple[str, str], int], ...]
    outcomes: tuple[tuple[str, int], ...]


def kill_everywhere(site: Site) -> Iterator[int]:
    """Kill a run at its first point, its second, and so on, until one lives; yield the number of each point.

    Raises AssertionError when what the next run leaves is not what a run leaves that nobody killed.
    """
    expected = _end_state(site, "unharmed", None)
    for point in count(1):
        if point > _MOST_POINTS:
            raise AssertionError("the run does not come to an end")
        left = _end_state(site, f"killed-at-{point}", point)
        if left is None:
            return
        if left != expected:
            raise AssertionError(f"killed at point {point}: {left}, and unharmed: {expected}")
        yield point


def _end_state(site: Site, app: str, point: int | None) -> EndState | None:
    """Return what is left after a run that was killed at that point and another one; None when it was not killed."""
    with site.opened() as database:
        world = prepared(database, app)
    if point is not None and not _killed(site, world, point):
        return None
    with site.opened() as database:
        world.database = database
        world.end_lease()
        reconcile(world.desk(database), apply=True)
        return _read(world)


def prepared(database: SqlDatabase, app: str) -> World:
    """Return a world in which a run has two accounts to close, one to mend, and one to leave alone."""
    world = World(database, app, random.Random(app))
    world.populate()
    for person in world.people[2:4]:
        world.unassign(person)
    world.push(world.people[4], name={"givenName": "Old"})
    row = world.okta.assigned[world.people[4].okta_user_id or ""]
    world.okta.assigned[row.okta_user_id] = type(row)(
        row.okta_user_id, row.user_name, row.external_id, "ACTIVE", "ACTIVE", attributes={"name.givenName": "New"}
    )
    report_drift(world.desk(database))
    return world


def _killed(site: Site, world: World, point: int) -> bool:
    """Run in a forked process that is killed at that point; return whether it came to it."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            _work_until(site, world, point)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _work_until(site: Site, world: World, point: int) -> None:
    reached = 0

    def reach(_where: object) -> None:
        nonlocal reached
        reached += 1
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with site.opened() as database:
        world.database = database
        world.okta.before_page = world.okta.before_lookup = reach
        tapped = Tapped(database, reach)
        desk: Desk = world.desk(tapped)
        reconcile(desk, apply=True)


def _read(world: World) -> EndState:
    with world.database.reading(world.app) as unit:
        connection, app = unit._scope.connection, unit._scope.app
        people = (unit.resources.read("User", person.account_id) for person in world.people)
        accounts = tuple((one.document["userName"], one.document["active"] is True) for one in people)
        rows = connection.execute(select(audit_event.c.body, audit_event.c.personal).where(audit_event.c.app == app))
        told = (orjson.loads(row.body) | orjson.loads(row.personal) for row in rows)
        effects = Counter((event["action"], event["subject_name"]) for event in told if is_effect(event))
        items = connection.execute(select(plan_item).where(plan_item.c.app == app)).all()
        outcomes = Counter(row.outcome for row in items if row.outcome == "done")
    return EndState(accounts, tuple(sorted(effects.items())), tuple(sorted(outcomes.items())))


def is_effect(event: dict[str, Any]) -> bool:
    """Return whether an event is a change by the reconciler."""
    return event["actor"].startswith("reconciler") and event["subject_id"] is not None
