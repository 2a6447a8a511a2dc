"""A closed loop: each connection sends its next request when the answer to the last one is there."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bench.checks import Check
from bench.samples import TIMED_OUT, Sample
from bench.wire import Connection

MOST_WRONG = 20
"""Wrong answers after which a run is not worth going on with."""


class Step(NamedTuple):
    """A request, and what its answer must be."""

    request: bytes
    check: Check


class Bounds(NamedTuple):
    """When a run ends: after that many seconds, or when one answer takes longer than `patience` seconds."""

    seconds: float
    patience: float


async def run(connections: Sequence[Connection], steps: Iterable[Step], bounds: Bounds) -> Sample:
    """Work through the steps, or as many as there is time for, and return what came of it."""
    sample = Sample()
    queue = iter(steps)
    started = time.perf_counter()
    end = started + bounds.seconds
    await asyncio.gather(*(_work(connection, queue, sample, end, bounds.patience) for connection in connections))
    sample.wall = time.perf_counter() - started
    return sample


async def _work(connection: Connection, queue: Iterator[Step], sample: Sample, end: float, patience: float) -> None:
    for step in queue:
        await take(connection, step, sample, patience)
        if time.perf_counter() > end or sample.wrong[TIMED_OUT] or sample.wrong.total() > MOST_WRONG:
            return


async def take(connection: Connection, step: Step, sample: Sample, patience: float) -> bool:
    """Take one step and write it into the sample; return whether the answer was right."""
    started = time.perf_counter()
    try:
        answer = await connection.exchange(step.request, patience)
        took = time.perf_counter() - started
        complaint = step.check(answer)
    except TimeoutError:
        complaint = TIMED_OUT
        took = 0.0
    except OSError as error:
        complaint = f"connection: {type(error).__name__}"
        took = 0.0
    if complaint is None:
        sample.seconds.append(took)
    else:
        sample.wrong[complaint] += 1
    return complaint is None
