"""No event is lost: not by pages of any size, cursors that repeat, late events, restarts, failures or crashes."""

import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from syncd.core.changes import Cause
from syncd.core.okta_events import MEMBERSHIP
from syncd.ports import LeaseHeldError
from syncd.store import SqlDatabase
from syncd.store.log_tables import hint
from syncd.workflows.follow_events import Followed, Watch, follow_events
from tests.conftest import APP, SteppingClock, opened
from tests.fakes.assignment_source import refuse
from tests.fakes.event_log import FakeEventLog
from tests.workflows.dying import Killed

TYPES = ("application.user_membership.add", "application.user_membership.remove", "user.lifecycle.suspend")


CAUSE = Cause("test")
MEMORY = Path("/dev/shm")  # where it is there, a commit waits for no disk


@dataclass
class World:
    """What happened, who was dealt with since, and chance."""

    database: SqlDatabase
    chance: Random
    log: FakeEventLog = field(default_factory=FakeEventLog)
    owed: dict[str, int] = field(default_factory=dict)
    failing: bool = True
    stands_still: float = 0.0

    def __post_init__(self) -> None:
        self.stands_still = self.chance.choice([0.0, 0.0, 0.05])
        self.log.next_limit = lambda: self.chance.randint(1, 4)
        self.log.before_page = self.trouble

    def happen(self) -> None:
        """Let something happen to somebody: from now on they are owed a look."""
        self.log.now += timedelta(seconds=self.chance.randint(0, 900))
        late = self.log.now - timedelta(seconds=self.chance.randint(0, 800))
        person = f"00u{self.chance.randint(0, 5)}"
        self.log.happen(self.chance.choice(TYPES), person, published=self.chance.choice([None, late]))
        self.owed[person] = self.log.made

    def trouble(self, _: object = None) -> None:
        """Let the world move, the log fail, its page stand still, or the process die."""
        if not self.failing:
            self.log.stuck = False
            return
        if self.chance.random() < 0.4:
            self.happen()
        self.log.stuck = self.chance.random() < self.stands_still
        if self.chance.random() < 0.1:
            raise refuse("HTTP 500")
        if self.chance.random() < 0.1:
            raise Killed

    def settle(self, okta_user_ids: Mapping[str, datetime | None]) -> Collection[str]:
        """Look at some of them; whatever happened to them before this moment is seen."""
        made = self.log.made
        self.trouble()
        if self.failing and self.chance.random() < 0.1:
            raise LeaseHeldError("busy")
        done = [one for one in okta_user_ids if not self.failing or self.chance.random() < 0.7]
        for one in done:
            if self.owed.get(one, made + 1) <= made:
                del self.owed[one]
        if self.failing and self.chance.random() < 0.1:
            raise Killed
        return done

    def poll(self, *, resume: bool) -> Followed:
        with self.database.transaction(APP, CAUSE) as unit:
            unit._scope.connection.execute(update(hint).values(due=0))  # who waits has waited long enough
        watch = Watch(APP, self.log, self.database, self.settle, lambda _: None)
        return follow_events(watch, resume=resume)


@contextmanager
def fresh(migrated: Path) -> Iterator[SqlDatabase]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path = Path(folder) / "syncd.db"
        shutil.copy(migrated, path)
        with opened(f"sqlite:///{path}", SteppingClock()) as database:
            yield database


@pytest.fixture(scope="session")
def migrated(migrated_sqlite_file: Path) -> Path:
    return migrated_sqlite_file


@given(seed=st.integers(0, 2**32), rounds=st.integers(1, 40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_something_happened_to_is_looked_at_after_it_or_a_full_run_is_asked_for(
    migrated: Path, seed: int, rounds: int
) -> None:
    with fresh(migrated) as database:
        world = World(database, Random(seed))
        world.failing = False
        world.poll(resume=False)
        world.failing = True
        with database.reading(APP) as unit:
            began = {clause: position.began for clause, position in unit.hints.positions().items()}
        resume = False
        for _ in range(rounds):
            for _ in range(world.chance.randint(0, 3)):
                world.happen()
            with suppress(Killed):
                world.poll(resume=resume)
                resume = False
                continue
            resume = True
        world.failing = False
        while (quiet := world.poll(resume=resume)).events or quiet.pending or quiet.troubles:
            resume = False
        with database.reading(APP) as unit:
            positions = unit.hints.positions()
            assert unit.hints.pending(10) == ()
        unbroken = all(positions[clause].began == began[clause] for clause in positions)
        assert MEMBERSHIP in positions
        assert not unbroken or not world.owed
