"""The whole life of one user, in the order in which Okta sends it: seven requests, one after the other."""

import asyncio
import time
from collections.abc import Iterator

from bench import bodies, checks
from bench.directory import Directory, Person
from bench.load import MOST_WRONG, Bounds, Step, take
from bench.operations import GROUPS, prove
from bench.samples import Sample
from bench.wire import Connection


async def measure_flow(directory: Directory, bounds: Bounds) -> Sample:
    """Run lives until time is up, one on each connection, and return the sample: of lives, not of requests."""
    groups = [await directory.make_group(directory.unused_group_name(), bounds) for _ in range(GROUPS)]
    sample = Sample()
    known = [group for group in groups if group is not None]
    if len(known) < GROUPS:
        sample.wrong["a group could not be made"] += 1
        return sample
    worked = directory.server.cpu()
    started = time.perf_counter()
    end = started + bounds.seconds
    await asyncio.gather(*(_lives(directory, one, known, sample, (end, bounds)) for one in directory.connections))
    sample.wall = time.perf_counter() - started
    sample.cpu = directory.server.cpu() - worked
    directory.note(sample)
    if sample.is_right:
        await prove(directory, directory.memberships(known[0]), sample, bounds.patience)
    return sample


async def _lives(
    directory: Directory, connection: Connection, groups: list[str], sample: Sample, until: tuple[float, Bounds]
) -> None:
    end, bounds = until
    while time.perf_counter() < end and sample.wrong.total() < MOST_WRONG:
        number = next(directory.numbers)
        requests = Sample()
        started = time.perf_counter()
        for step in _life(directory, number, groups[number % len(groups)]):
            if not await take(connection, step, requests, bounds.patience):
                break
        if requests.wrong:
            sample.wrong += requests.wrong
        else:
            sample.seconds.append(time.perf_counter() - started)


def _life(directory: Directory, number: int, group_id: str) -> Iterator[Step]:
    """Yield the seven steps; from the third on they need the id that the second one brought."""
    requests, name = directory.requests, bodies.user_name(number)
    yield Step(requests.lookup(name), checks.lookup(name, None))
    ids: list[str] = []
    yield Step(requests.create_user(number), checks.created("userName", name, ids.append))
    user_id = ids[0]
    directory.users.append(Person(number, user_id))
    yield Step(requests.read_user(user_id), checks.shows({"id": user_id, "userName": name}))
    yield Step(requests.lookup(name), checks.lookup(name, user_id))
    yield Step(requests.put_user(number, user_id, "Renamed"), checks.shows({"name": {"familyName": "Renamed"}}))
    yield directory.addition(group_id, [Person(number, user_id)])
    yield Step(requests.patch_user(user_id, bodies.set_active(False)), checks.changed({"active": False}))
