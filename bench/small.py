"""First part: a small directory. Every round begins with empty servers, and visits them in turn."""

import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

from bench.directory import Directory
from bench.flow import measure_flow
from bench.load import Bounds
from bench.operations import OPERATIONS, measure
from bench.progress import say, told
from bench.results import Key, Results
from bench.scale import CONNECTIONS, Scale
from bench.servers import KINDS

FLOW = "flow"
_WARM_UP = Bounds(1, 20)
_FILLING = Bounds(120, 20)


async def measure_small(
    servers: Iterable[str], scale: Scale, wanted: Collection[str], results: Results, postgres_url: str | None
) -> None:
    """Measure the wanted operations, and the flow if it is among them, `scale.rounds` times on each server in turn."""
    for number in range(1, scale.rounds + 1):
        for server in servers:
            say(f"round {number}/{scale.rounds}, {KINDS[server].title}:")
            with (
                tempfile.TemporaryDirectory(prefix="bench-") as folder,
                KINDS[server].launch(Path(folder), postgres_url) as running,
            ):
                directory = Directory(running)
                try:
                    await _one_server(directory, server, scale, wanted, results)
                finally:
                    directory.close()


async def _one_server(
    directory: Directory, server: str, scale: Scale, wanted: Collection[str], results: Results
) -> None:
    await measure_flow(directory, _WARM_UP)
    if FLOW in wanted:
        sample = await measure_flow(directory, scale.flow)
        results.add(Key(FLOW, scale.users, server), sample)
        told(FLOW, sample)
    for name, (_, prepare) in OPERATIONS.items():
        key = Key(name, scale.users, server)
        if name in wanted and not results.is_hopeless(key):
            sample = await measure(directory, prepare, scale.users, scale.operation, CONNECTIONS)
            results.add(key, sample)
            told(name, sample)
        await directory.fill(scale.users, _FILLING)
    directory.server.settle()
