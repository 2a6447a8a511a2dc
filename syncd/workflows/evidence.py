"""Make the document of a run's report, and find it again.

It is made once, while the run ends, and kept as bytes: whatever is shown of it later is made from these.
"""

import hashlib
from typing import Any, Final

import orjson

from syncd.core.evidence import PAST_RUNS, REVOCATIONS_WITHIN, Ending, PastRun, Surroundings, make_document
from syncd.core.reports import DriftReport
from syncd.ports import OF_SOME, Database, RunRecord, UnitOfWork
from syncd.workflows.desk import Desk

OVER_EVERYBODY: Final = ("drift-report", "dry-run", "apply", f"dry-run{OF_SOME}", f"apply{OF_SOME}")
"""The kinds of runs that read the whole listing: they have a report."""


_AS_A_FILE: Final = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


class NoReportError(Exception):
    """There is no such run, or it has no report that could be shown."""


def document_of(desk: Desk, report: DriftReport, ending: Ending) -> bytes:
    """Return the document of a run that is about to end, as a JSON file: UTF-8, keys in order, indented.

    Raises `UnbalancedError` where the report does not add up.
    """
    with desk.database.reading(desk.app) as unit:
        around = _look_around(desk, unit, report.run_id)
    return orjson.dumps(make_document(report, ending, around), option=_AS_A_FILE)


def digest(document: bytes) -> str:
    """Return the SHA-256 of a document in hex: what `sha256sum` says of the JSON file."""
    return hashlib.sha256(document).hexdigest()


def kept_document(database: Database, app: str, run_id: str) -> bytes:
    """Return the document of an earlier run, the bytes that were kept. Raises `NoReportError` with the reason."""
    with database.reading(app) as unit:
        found = unit.runs.report_of(run_id)
    if found is None:
        raise NoReportError(f"{app} has no run {run_id}; syncd plan list --app {app} shows the last ones")
    if found.document is None:
        raise NoReportError(f"run {run_id} of {app} has no report: {_why_none(found.record)}")
    return found.document


def _why_none(record: RunRecord) -> str:
    if record.state == "running":
        return "it has not ended yet"
    if record.kind not in OVER_EVERYBODY:
        return f"it is a run of the kind {record.kind}, which is not over everybody"
    if not record.counts:
        return f"it ended before there was anything to say of everybody (exit code {record.exit_code})"
    return "it was not kept, or longer ago than reports are kept (report_days)"


def _look_around(desk: Desk, unit: UnitOfWork, run_id: str) -> Surroundings:
    runs = unit.runs.latest(PAST_RUNS, OVER_EVERYBODY)
    own = next(index for index, run in enumerate(runs) if run.run_id == run_id)
    return Surroundings(
        made=unit.decisions.now(),
        runs=tuple(map(_past, runs[own:])),
        closures=unit.runs.closures(REVOCATIONS_WITHIN),
        waivers=unit.decisions.waivers(),
        checkpoint=unit.newest_checkpoint(),
        freshness=desk.freshness,
        sla=desk.revocation_sla,
    )


def _past(run: RunRecord) -> PastRun:
    return PastRun(run.run_id, run.kind, run.started, run.ended, run.exit_code, run.counts)


def as_json(document: bytes) -> dict[str, Any]:
    """Return a document as JSON."""
    told: dict[str, Any] = orjson.loads(document)
    return told
