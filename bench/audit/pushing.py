"""Pushes from 16 clients, with the sequencer and without, in turn: what sealing takes from them, how soon it comes."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from bench import bodies, checks
from bench.audit.lag import ask, lags, watched
from bench.audit.sealer import Log, Verified, verify, worker
from bench.directory import Directory
from bench.load import Bounds, Step, run
from bench.progress import say
from bench.samples import Sample
from bench.scale import Scale
from bench.servers import Running
from bench.timing import alone

CLIENTS: Final = 16
_BOUNDS: Final = Bounds(600, 20)
_WARM_UP: Final = 200
_DRAINED: Final = 120.0
_WAITS: Final = "SELECT count(*) FROM audit_pending"
_SIZE: Final = "SELECT size FROM audit_head"
_EVENTS: Final = "SELECT count(*) FROM audit_event WHERE subject_id IS NOT NULL"
_DEADLOCKS: Final = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class NotSealedError(Exception):
    """The sequencer did not come to the end of what waits; the message says how much waited."""


@dataclass(slots=True)
class Stretch:
    """A stretch of pushes: with the sequencer or without, and what waited at its end.

    `sealer` are the seconds of processor time of the sequencer, `drained` those by the clock after the last answer
    until nothing waited any more, `lags` the seconds that each event waited.
    """

    is_sealed: bool
    sample: Sample
    waited: int
    sealer: float
    drained: float
    lags: list[float]


@dataclass(slots=True)
class Pushed:
    """All stretches, the seconds it took to seal what each one without the sequencer left, and the log at the end.

    `acknowledged` are the writes that were answered, `events` those that there are of them, `deadlocks` how many the
    database counted.
    """

    stretches: list[Stretch]
    backlogs: list[tuple[int, float]]
    acknowledged: int
    events: int
    deadlocks: int
    verified: Verified


def measure_pushing(server: Running, folder: Path, scale: Scale, runner: asyncio.Runner) -> Pushed:
    """Push in turn with the sequencer and without, and verify the log at the end. Raises `NotSealedError`."""
    url = server.database_url or ""
    log, directory = Log.of(url, folder / "heads"), Directory(server, CLIENTS)
    deadlocks, before = ask(url, _DEADLOCKS), ask(url, _EVENTS)
    pushes = _pushes(directory)
    stretches, backlogs = [], []
    try:
        warm = runner.run(run(directory.connections, islice(pushes, _WARM_UP), _BOUNDS))
        server.settle()
        for number in range(scale.sealing_rounds):
            for is_sealed in (bool(number % 2), not number % 2):
                backlogs.append(_seal_backlog(log))
                one = _stretch(log, directory, islice(pushes, scale.sealing_writes), runner, is_sealed=is_sealed)
                stretches.append(one)
                say(f"  {'sealing' if is_sealed else 'stopped'}: {one.sample.summary()}, {one.waited} wait")
    finally:
        runner.run(_closed(directory))
    backlogs.append(_seal_backlog(log))
    acknowledged = sum(len(one.seconds) for one in (warm, *(one.sample for one in stretches)))
    return Pushed(
        stretches,
        [one for one in backlogs if one[0] >= scale.sealing_writes],
        acknowledged,
        ask(url, _EVENTS) - before,
        ask(url, _DEADLOCKS) - deadlocks,
        alone(verify, log),
    )


def _pushes(directory: Directory) -> Iterator[Step]:
    """Yield pushes without end: accounts are made, and each is closed as soon as its id is known."""
    closed = 0
    while True:
        yield directory.creation(next(directory.numbers))
        if closed < len(directory.users):
            request = directory.requests.patch_user(directory.users[closed].id, bodies.set_active(False))
            closed += 1
            yield Step(request, checks.changed({"active": False}))


def _stretch(
    log: Log, directory: Directory, steps: Iterator[Step], runner: asyncio.Runner, *, is_sealed: bool
) -> Stretch:
    """Push once. What is to be sealed is sealed before the stretch ends."""
    start = ask(log.url, _SIZE)
    with watched(log.url) as growth, worker(log) if is_sealed else nullcontext() as sealer:
        if sealer:
            _wait_for_sealer(log)
        worked = directory.server.cpu(), sealer.worked if sealer else 0.0
        sample = runner.run(run(directory.connections, steps, _BOUNDS))
        sample.cpu = directory.server.cpu() - worked[0]
        sealer_cpu = sealer.worked - worked[1] if sealer else 0.0
        waited = ask(log.url, _WAITS)
        drained = _until_sealed(log) if sealer else 0.0
    waits = lags(log.url, growth, start, ask(log.url, _SIZE)) if is_sealed else []
    return Stretch(is_sealed, sample, waited, sealer_cpu, drained, waits)


def _seal_backlog(log: Log) -> tuple[int, float]:
    """Seal what a stretch has left, and return how many events that were, and the seconds it took."""
    if not (waiting := ask(log.url, _WAITS)):
        return 0, 0.0
    with worker(log):
        _wait_for_sealer(log)
        return waiting, _until_sealed(log)


def _wait_for_sealer(log: Log) -> None:
    """Wait until the sequencer has the log: a process takes a second to begin."""
    _wait(log, "SELECT holder IS NOT NULL FROM audit_head")


def _until_sealed(log: Log) -> float:
    """Return the seconds until nothing waits any more."""
    return _wait(log, "SELECT NOT EXISTS (SELECT FROM audit_pending)")


def _wait(log: Log, question: str) -> float:
    started = time.perf_counter()
    while not ask(log.url, question):
        took = time.perf_counter() - started
        if took > _DRAINED:
            raise NotSealedError(f"after {took:.0f} s, {ask(log.url, _WAITS)} events wait to be sealed")
        time.sleep(0.05)
    return time.perf_counter() - started


async def _closed(directory: Directory) -> None:
    """Close the connections, in the loop that they belong to."""
    directory.close()
