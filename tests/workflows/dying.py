"""A run that dies while it carries its plan out, and what became of the plan."""

from syncd.core.changes import Cause
from syncd.ports import OutcomeKind
from syncd.workflows.apply_plan import Outcome, Work, apply_plan
from syncd.workflows.desk import LEASE_LASTS
from syncd.workflows.survey import survey
from tests.workflows.conftest import APP, Office

ANN = Cause("operator:ann", reason="because")


def die(office: Office, dies_after: int) -> str:
    """Let a run die after so many steps, with its lease gone; return its id."""
    with office.database.transaction(APP, ANN) as unit:
        lease = unit.acquire_lease("dies", LEASE_LASTS)
        run_id = unit.runs.begin("apply", lease)
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
