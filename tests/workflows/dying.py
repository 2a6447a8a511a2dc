"""A run that dies while it carries its plan out, or whose process is killed or overtaken, and what became of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import update

from syncd.core.changes import Cause
from syncd.ports import Database, OutcomeKind, UnitOfWork
from syncd.store import SqlDatabase
from syncd.store.tables import lease as lease_row
from syncd.workflows.apply_plan import Outcome, Work, apply_plan
from syncd.workflows.desk import LEASE_LASTS
from syncd.workflows.survey import survey
from tests.workflows.conftest import APP, Office

ANN = Cause("operator:ann", reason="because")


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Killable:
    """The database as one process sees it: nothing comes of what that does after it was killed."""

    database: Database
    is_killed: bool = False

    def kill(self) -> None:
        self.is_killed = True
        raise Killed

    @contextmanager
    def transaction(self, app: str, cause: Cause) -> Iterator[UnitOfWork]:
        self._live()
        with self.database.transaction(app, cause) as unit:
            yield unit

    @contextmanager
    def reading(self, app: str) -> Iterator[UnitOfWork]:
        self._live()
        with self.database.reading(app) as unit:
            yield unit

    @contextmanager
    def asking(self, app: str) -> Iterator[UnitOfWork]:
        self._live()
        with self.database.asking(app) as unit:
            yield unit

    def _live(self) -> None:
        if self.is_killed:
            raise Killed


def let_the_lease_run_out(database: SqlDatabase) -> None:
    """Let the next process have the application, whatever the one that holds it does."""
    with database.transaction(APP, ANN) as unit:
        unit._scope.connection.execute(update(lease_row).values(expires=0))


def die(office: Office, dies_after: int, kind: str = "apply") -> str:
    """Let a run of that kind die after so many steps, with its lease gone; return its id."""
    with office.database.transaction(APP, ANN) as unit:
        lease = unit.acquire_lease("dies", LEASE_LASTS)
        run_id = unit.runs.begin(kind, lease)
    items = survey(office.desk, run_id, lease).plan.items
    outcomes: list[Outcome] = []
    kernel = apply_plan(office.desk, Work(run_id, lease, tuple(enumerate(items))), outcomes)
    for _ in range(dies_after):
        next(kernel)
    kernel.close()
    with office.database.transaction(APP, ANN) as unit:
        unit.release_lease(lease)
    return run_id


def outcomes_of(office: Office, run_id: str) -> list[OutcomeKind | None]:
    with office.database.reading(APP) as unit:
        kept = unit.runs.kept(run_id)
    assert kept is not None
    return [one.outcome for one in kept.items]
