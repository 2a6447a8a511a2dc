"""A worker that is stopped for longer than its lease, and goes on: what it would still do is refused."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Final

import orjson
from sqlalchemy import select

from syncd.bootstrap.system import new_id
from syncd.store import open_database
from syncd.store.tables import audit_event
from syncd.workflows.reconcile import reconcile
from tests.proof.kills import Site, is_effect, prepared
from tests.proof.world import Tapped, World

LEASE: Final = timedelta(seconds=1)
_STRIDE: Final = 4
_MOST_POINTS: Final = 500


def stop_everywhere(site: Site) -> Iterator[int]:
    """Stop a run at every fourth point until another one has taken over, then let it go on; yield each point.

    Raises AssertionError when the stale run has an effect after that.
    """
    for point in count(1, _STRIDE):
        if point > _MOST_POINTS:
            raise AssertionError("the run does not come to an end")
        app = f"stopped-at-{point}"
        with site.opened() as database:
            world = prepared(database, app)
        child = _stopped(site, world, point)
        if child is None:
            return
        time.sleep(LEASE.total_seconds() * 1.2)
        with site.opened() as database:
            world.database = database
            result = reconcile(replace(world.desk(database), actor="reconciler-2"), apply=True)
            before = _effects(world)
        os.kill(child, signal.SIGCONT)
        os.waitpid(child, 0)
        with site.opened() as database:
            world.database = database
            after = _effects(world)
        if after != before:
            raise AssertionError(f"stopped at point {point}: {after[len(before) :]} after {result.message}")
        yield point


def _stopped(site: Site, world: World, point: int) -> int | None:
    """Run in a forked process that stops itself at that point; return it, or None when it did not come to it."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            _work_and_stop(site, world, point)
        os._exit(0)
    _, status = os.waitpid(child, os.WUNTRACED)
    return child if os.WIFSTOPPED(status) else None


def _work_and_stop(site: Site, world: World, point: int) -> None:
    reached = 0

    def reach(_where: object) -> None:
        nonlocal reached
        reached += 1
        if reached == point:
            os.kill(os.getpid(), signal.SIGSTOP)

    database = open_database(site.url, clock=site.clock(), new_id=new_id)
    world.database, world.rng = database, random.Random(0)
    world.okta.before_page = world.okta.before_lookup = reach
    reconcile(replace(world.desk(Tapped(database, reach)), actor="reconciler-1", lease_lasts=LEASE), apply=True)


def _effects(world: World) -> list[tuple[str, str]]:
    """Return who changed whom, in order; what is about no resource is left out."""
    with world.database.reading(world.app) as unit:
        connection, app = unit._scope.connection, unit._scope.app
        bodies = connection.execute(
            select(audit_event.c.body).where(audit_event.c.app == app).order_by(audit_event.c.pk)
        ).scalars()
        return [(one["actor"], one["subject_id"]) for body in bodies if is_effect(one := orjson.loads(body))]
