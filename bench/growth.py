"""Second part: the same servers as their directory grows, and as one group grows.

All servers run side by side, filled at the same time; then they are measured in turn, while the others rest.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.big_group import BIG_GROUP, measure_group, spare_users
from bench.directory import Directory
from bench.load import Bounds
from bench.operations import GROWN, Prepare, measure
from bench.progress import say, told
from bench.results import Key, Results
from bench.samples import Sample
from bench.scale import CONNECTIONS, Scale
from bench.servers import KINDS


async def measure_growth(servers: Iterable[str], scale: Scale, results: Results, postgres_url: str | None) -> None:
    """Measure all that is in `GROWN` at each size of the directory, then what changes large groups."""
    with _all_running(servers, postgres_url) as directories:
        for size in scale.sizes:
            await _fill(directories, size, scale, results)
            for number in range(1, scale.grown_rounds + 1):
                for server, directory in directories.items():
                    say(f"{size:,} users, round {number}/{scale.grown_rounds}, {KINDS[server].title}:")
                    await _round(directory, Key("", size, server), scale, results)
            for server, directory in directories.items():
                results.add_memory(server, size, directory.server.memory(), directory.server.processes())
        await _fill(directories, max(scale.group_sizes) + spare_users(scale), scale, results)
        for size in scale.group_sizes:
            await measure_group(directories, size, scale, results)


@contextmanager
def _all_running(servers: Iterable[str], postgres_url: str | None) -> Iterator[dict[str, Directory]]:
    with ExitStack() as stack:
        directories: dict[str, Directory] = {}
        for server in servers:
            folder = stack.enter_context(TemporaryDirectory(prefix="bench-"))
            running = stack.enter_context(KINDS[server].launch(Path(folder), postgres_url))
            directories[server] = Directory(running)
            stack.callback(directories[server].close)
        yield directories


async def _fill(directories: dict[str, Directory], size: int, scale: Scale, results: Results) -> None:
    """Fill all servers at the same time. One that does not get there is written off, and closed."""
    say(f"filling to {size:,} users")
    bounds = Bounds(scale.filling, scale.grown.patience)
    await asyncio.gather(*(directory.fill(size, bounds) for directory in directories.values()))
    for server, directory in list(directories.items()):
        if len(directory.users) < size:
            say(f"  {KINDS[server].title}: only {len(directory.users):,} in {scale.filling:g} s")
            results.miss(GROWN, scale.sizes, server)
            results.miss(BIG_GROUP, scale.group_sizes, server)
            directories.pop(server).close()
        else:
            directory.server.settle()


async def _round(directory: Directory, at: Key, scale: Scale, results: Results) -> None:
    for name, (_, prepare) in GROWN.items():
        key = at._replace(operation=name)
        if not results.is_hopeless(key):
            sample = await _patiently(directory, prepare, scale)
            results.add(key, sample)
            told(name, sample)


async def _patiently(directory: Directory, prepare: Prepare, scale: Scale) -> Sample:
    """Measure on all connections, unless one request alone already takes as long as all of them may."""
    alone = await measure(directory, prepare, 1, scale.grown, connections=1)
    if not alone.is_right or alone.wall > scale.grown.seconds:
        return alone
    return await measure(directory, prepare, scale.grown_requests, scale.grown, CONNECTIONS)
