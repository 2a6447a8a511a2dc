"""Writers of one group, each with a script of its own, and what they did as the answers tell it."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from threading import Barrier
from typing import Any

from syncd.bootstrap.system import SystemClock
from syncd.store import open_database
from tests.conftest import APP
from tests.workflows.pushing import Pusher


@dataclass(frozen=True)
class Deed:
    """One acknowledged request: after it the group was at `version`, with `present` and without `absent`.

    `exactly`: with `present` and nobody else.
    """

    version: int
    present: frozenset[str]
    absent: frozenset[str] = frozenset()
    exactly: bool = False


def write(pusher: Pusher, path: str, people: Sequence[str], seed: int, *, puts: bool) -> list[Deed]:
    """Send twelve requests that add and remove members, or, where `puts`, replace the whole group."""
    random = Random(seed)
    return [replace(pusher, path, people, random) if puts else change(pusher, path, people, random) for _ in range(12)]


def change(pusher: Pusher, path: str, people: Sequence[str], random: Random) -> Deed:
    """Add some members and remove others in one PATCH."""
    chosen = random.sample(people, 4)
    added, removed = chosen[:2], chosen[2:]
    operations = [
        {"op": "add", "path": "members", "value": [{"value": one} for one in added]},
        *({"op": "remove", "path": f'members[value eq "{one}"]'} for one in removed),
    ]
    answer = pusher.send("PATCH", path, {"Operations": operations})
    return Deed(_version(answer), frozenset(added), frozenset(removed))


def replace(pusher: Pusher, path: str, people: Sequence[str], random: Random) -> Deed:
    """Put the whole group, with about half of all people as its members."""
    members = random.sample(people, len(people) // 2)
    body = {"displayName": "guides", "members": [{"value": one} for one in members]}
    return Deed(_version(pusher.send("PUT", path, body)), frozenset(members), exactly=True)


def write_in_process(url: str, path: str, people: Sequence[str], putters: int, seeds: Sequence[int]) -> list[Deed]:
    """Run a writer for each seed, in threads of this process, on a database that it opens itself."""
    database = open_database(url, clock=SystemClock(), new_id=lambda: str(uuid.uuid4()))
    try:
        return write_in_threads(Pusher(database, APP), path, people, putters, seeds)
    finally:
        database.close()


def write_in_threads(
    pusher: Pusher, path: str, people: Sequence[str], putters: int, seeds: Sequence[int]
) -> list[Deed]:
    """Run a writer for each seed at the same time. Those with a seed below `putters` replace the whole group."""
    start = Barrier(len(seeds))

    def run(seed: int) -> list[Deed]:
        start.wait()
        return write(pusher, path, people, seed, puts=seed < putters)

    with ThreadPoolExecutor(len(seeds)) as pool:
        return [deed for done in pool.map(run, seeds) for deed in done]


def _version(answer: Any) -> int:
    assert answer.status == 200, answer
    return int(answer.headers["ETag"].removeprefix('W/"').removesuffix('"'))
