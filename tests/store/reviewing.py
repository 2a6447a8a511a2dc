"""Access reviews for tests of the store."""

from dataclasses import replace
from datetime import date
from typing import Any

from syncd.core.changes import Cause
from syncd.core.checkpoints import Checkpoint
from syncd.core.reviews import (
    Decision,
    Entry,
    Judgement,
    Review,
    ReviewItem,
    Scope,
    population_digest,
    row_digest,
)
from syncd.ports import SavedPlan
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.snapshots import CAUSE, IDENTITY, assignment, stage

ANN = Cause("operator:ann")


def finished(database: SqlDatabase, *numbers: int, exit_code: int = 2, saved: bool = True) -> str:
    """Return the snapshot of a run that listed these people, held it against the accounts, and ended."""
    with database.transaction(APP, CAUSE) as unit:
        run_id = unit.runs.begin("drift-report", None)
        snapshot_id = unit.staging.begin(run_id)
        stage(unit, snapshot_id, [assignment(number, scope="GROUP" if number % 2 else "USER") for number in numbers])
        unit.staging.seal(snapshot_id, IDENTITY)
        if saved:
            unit.runs.save_plan(run_id, SavedPlan("d", (), "allowed", True, snapshot_id, "p", IDENTITY))
        unit.runs.end(run_id, exit_code, {})
    return snapshot_id


def population(database: SqlDatabase, snapshot_id: str, only: list[str] | None = None) -> list[Entry]:
    with database.reading(APP) as unit:
        return list(unit.reviews.population(snapshot_id, only))


def opened(database: SqlDatabase, entries: list[Entry], review_id: str = "r-1", **changes: Any) -> Review:
    with database.transaction(APP, ANN) as unit:
        review = replace(
            Review(
                review_id=review_id,
                scope=Scope.ALL,
                period=(date(2026, 7, 1), date(2026, 9, 30)),
                reviewer="grace",
                due=date(2026, 10, 31),
                snapshot_id="snapshot",
                digest=population_digest(entries),
                size=len(entries),
                generated={"rows": 2},
                checkpoint=Checkpoint("log", 7, b"\xab" * 32),
                opened=unit.decisions.now(),
                opened_by="operator:ann",
            ),
            **changes,
        )
        unit.reviews.open(review, [ReviewItem(one, row_digest(review_id, one)) for one in entries])
    return review


def decide(
    database: SqlDatabase, review_id: str, decision: Decision, *account_ids: str, reviewer: str = "grace"
) -> None:
    with database.transaction(APP, ANN) as unit:
        unit.reviews.decide(review_id, [Judgement(one, decision, reviewer, "because") for one in account_ids])


def rejected(database: SqlDatabase) -> set[tuple[str, str]]:
    with database.reading(APP) as unit:
        return {(one.account_id, one.review_id) for one in unit.reviews.rejections()}
