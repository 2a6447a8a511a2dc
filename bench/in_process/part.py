"""The measurement in process, on SQLite and on PostgreSQL: load, measure, tell."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from bench.about import machine, machine_in_words
from bench.document import DOCUMENT, RESULTS, write_section
from bench.in_process.databases import POSTGRESQL, databases
from bench.in_process.front_door import front_door
from bench.in_process.loading import load
from bench.in_process.measuring import Cost, measure
from bench.in_process.telling import text_of
from bench.in_process.world import World
from bench.options import Options
from bench.progress import say
from bench.servers import postgres
from syncd.bootstrap.system import SystemClock, new_id

Costs = dict[str, dict[str, Cost]]
"""Costs by database and operation."""

_REQUESTS: Final = 500


def measure_in_process(options: Options) -> Path:
    """Measure, print the tables, write the results, and return where they are."""
    world = World(options.users)
    costs: Costs = {}
    facts = machine(options.postgres_url)
    say(machine_in_words(facts))
    with databases(options.postgres_url) as urls:
        say(f"loading {world.users:,} users and {world.groups:,} groups, the databases at the same time")
        with ProcessPoolExecutor(max_workers=len(urls), mp_context=get_context("spawn")) as pool:
            for loading in [pool.submit(_load, database, url, world) for database, url in urls.items()]:
                loading.result()
        for database, url in urls.items():
            costs[database] = dict(_measured(database, url, world))
    text = text_of(machine_in_words(facts), world, costs)
    say(f"\n{text}\n")
    path = RESULTS / f"in-process-{world.users}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": facts, "users": world.users, "costs": _plain(costs)}, indent=1))
    if options.document:
        write_section(DOCUMENT, "in process", text)
    return path


def _load(database: str, url: str, world: World) -> None:
    load(url, world, SystemClock(), lambda line: say(f"  {database}: {line}"))
    if database == POSTGRESQL:
        postgres.settle(url)


def _measured(database: str, url: str, world: World) -> Iterator[tuple[str, Cost]]:
    say(f"{database}, {world.users:,} users:")
    with front_door(url, SystemClock(), new_id) as door:
        for name, cost in measure(door, world, _REQUESTS):
            say(f"  {name:22} {cost.p50:8.3f} ms, 99 % below {cost.p99:8.3f} ms, {cost.cpu:8.3f} ms of work")
            yield name, cost


def _plain(costs: Costs) -> dict[str, dict[str, dict[str, Any]]]:
    return {database: {name: cost._asdict() for name, cost in found.items()} for database, found in costs.items()}
