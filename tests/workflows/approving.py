"""Plans that somebody approves, and the ones in quarantine."""

from collections.abc import Sequence

from syncd.core.changes import Cause
from syncd.ports import Quarantine
from syncd.workflows.decide import approve_plan
from syncd.workflows.running import RunResult
from tests.workflows.conftest import APP, Office

ANN = Cause("operator:ann", reason="because")


def approve(office: Office, shown: RunResult) -> None:
    """Approve the plan that a run has shown."""
    assert shown.report is not None
    approve_plan(office.database, APP, ANN, shown.report.plan.digest, "bob")


def quarantines(office: Office, *, ended: bool = False) -> Sequence[Quarantine]:
    with office.database.reading(APP) as unit:
        return unit.decisions.quarantines(ended=ended)
