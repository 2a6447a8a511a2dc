"""Many schedules, one after the other."""

import os
import random
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from syncd.bootstrap.system import SystemClock
from syncd.ports import Clock
from syncd.store import SqlDatabase, create_schema, drop_schema, open_database, upgrade, with_schema
from tests.proof.clocks import Wound
from tests.proof.invariants import ViolationError
from tests.proof.schedules import Schedule

AT_ONCE: Final = 200
"""How many schedules share a file, so that looking through its tables stays cheap."""
MEMORY: Final = Path("/dev/shm")


@contextmanager
def scratch_url() -> Iterator[str]:
    """Make an empty SQLite file, in memory where there is a file system in memory, and yield its URL."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        url = f"sqlite:///{folder}/proof.db"
        upgrade(url)
        yield url


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """Make an empty schema on PostgreSQL and yield its URL, or None where no server is named."""
    server = os.environ.get("SYNCD_TEST_POSTGRES_URL")
    if server is None:
        yield None
        return
    name = f"proof_{uuid.uuid4().hex}"
    create_schema(server, name)
    try:
        url = with_schema(server, name)
        upgrade(url)
        yield url
    finally:
        drop_schema(server, name)


@contextmanager
def scratch(clock: Clock | None = None) -> Iterator[SqlDatabase]:
    """Open an empty SQLite database."""
    with scratch_url() as url:
        # The order of a plan follows the ids: with these a schedule can be played again.
        ids = random.Random(0)
        new_id = lambda: str(uuid.UUID(int=ids.getrandbits(128), version=4))  # noqa: E731 -- as short as it is
        database = open_database(url, clock=Wound(clock or SystemClock()), new_id=new_id)
        try:
            yield database
        finally:
            database.close()


class Playable(Protocol):
    """A schedule."""

    @property
    def broken(self) -> ViolationError | None:
        """The violation that was found, whatever became of it."""

    def run(self) -> None:
        """Play it. Raises `ViolationError`."""


Kind = Callable[[SqlDatabase, int], Playable]


def explore(
    numbers: Iterable[int],
    done: Callable[[int], None] = lambda _: None,
    clock: Clock | None = None,
    kind: Kind = Schedule,
) -> None:
    """Play the schedules of these numbers.

    Raises `ViolationError` naming the first that breaks an invariant, or that raises anything else.
    """
    left = iter(numbers)
    while chunk := list(islice(left, AT_ONCE)):
        with scratch(clock) as database:
            for number in chunk:
                schedule = kind(database, number)
                try:
                    schedule.run()
                except Exception as error:
                    # What the code made of a violation on its way up does not matter.
                    raise ViolationError(f"schedule {number}: {schedule.broken or repr(error)}") from error
                done(number)


def first_violation(numbers: Iterable[int], kind: Kind = Schedule) -> tuple[int, str] | None:
    """Return how many schedules it took to break an invariant, and which, or None when none of these does."""
    played = 0

    def count(_number: int) -> None:
        nonlocal played
        played += 1

    try:
        explore(numbers, count, kind=kind)
    except ViolationError as error:
        return played + 1, str(error).partition(": ")[2].partition("\n")[0]
    return None
