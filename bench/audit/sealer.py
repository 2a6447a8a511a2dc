"""The sequencer as the worker runs it, and nothing else of the worker: in a process of its own, with a key."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

import structlog

from bench.in_process.front_door import APP
from bench.servers.process import cpu_of
from bench.timing import SPAWN, Took, peak_memory, timed
from syncd.bootstrap.auditing import Sealer, heads_in
from syncd.bootstrap.system import SystemClock, new_id
from syncd.core.verification import Trust
from syncd.delivery.heads import HeadFolder
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase, open_database
from syncd.workflows.seal_audit import LEASE, Notary, seal
from syncd.workflows.verify_audit import Scope, Verdict, verify_log

ORIGIN: Final = "bench.example.com/syncd"
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Log:
    """A log: where its database is, the folder of its heads, and its key, which is made for the measurement."""

    url: str
    heads: Path
    key: str = field(repr=False)

    @classmethod
    def of(cls, url: str, heads: Path) -> "Log":
        """Make a key for the log of that database, and the folder."""
        heads.mkdir()
        return cls(url, heads, SigningKey.new(ORIGIN).secret_text())

    @contextmanager
    def opened(self) -> Iterator[tuple[SqlDatabase, Notary]]:
        """Open the database, with who seals its log."""
        database = open_database(self.url, clock=SystemClock(), new_id=new_id)
        key, heads = SigningKey.parse(self.key), HeadFolder(self.heads, ORIGIN)
        try:
            yield database, Notary(database.audit_log, SystemClock(), ORIGIN, key, is_signed, heads)
        finally:
            database.close()


@dataclass(slots=True)
class Worker:
    """A sequencer that runs. `worked` are the seconds of processor time that it has used."""

    pid: int

    @property
    def worked(self) -> float:
        """The seconds of processor time that it has used so far."""
        return cpu_of(self.pid)


@contextmanager
def worker(log: Log) -> Iterator[Worker]:
    """Run the sequencer in a process of its own until the block ends."""
    stop = SPAWN.Event()
    process = SPAWN.Process(target=_seal_until, args=(log, stop), daemon=True)
    process.start()
    try:
        yield Worker(process.pid or 0)
    finally:
        stop.set()
        process.join(_PATIENCE)
        if process.exitcode is None:
            process.kill()


def _seal_until(log: Log, stop: Event) -> None:
    """Seal as the worker does; what goes wrong is written where the measurement is."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with log.opened() as (database, notary):
        ended = threading.Event()
        thread = threading.Thread(target=Sealer(notary, database, [APP]).run, args=(ended,))
        thread.start()
        stop.wait()
        ended.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying came to: how many entries, the seconds, the peak of memory in MB, and what was wrong, in words."""

    entries: int
    took: Took
    memory: float
    faults: tuple[str, ...]


def seal_all(log: Log) -> tuple[int, Took]:
    """Seal all that waits, and return how many events that were and what it took."""
    with log.opened() as (database, notary):
        token = database.audit_log.take("bench", LEASE)
        sealed = 0
        with timed() as took:
            is_more = True
            while is_more:
                result = seal(notary, token)
                sealed, is_more = sealed + result.sealed, result.is_more
                if result.checkpoint:
                    notary.outside.publish(result.checkpoint.note)
        database.audit_log.release(token)
    return sealed, took


def verify(log: Log) -> Verified:
    """Verify the whole log, against its heads outside too."""
    with log.opened() as (database, _), timed() as took:
        key = SigningKey.parse(log.key).key
        scope = Scope(SystemClock().now(), outside=heads_in(log.heads, ORIGIN))
        verdict: Verdict = verify_log(database.audit_log, Trust(ORIGIN, [key], is_signed), scope)
    return Verified(verdict.size, took, peak_memory(), tuple(f"{one.kind}: {one.message}" for one in verdict.faults))
