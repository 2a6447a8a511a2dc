"""The drift reports of a period, for evidence."""

from syncd.core.changes import Action
from syncd.ports import Database
from syncd.workflows.collect_evidence import Evidence
from syncd.workflows.evidence import digest


def reports_in(database: Database, evidence: Evidence) -> dict[str, bytes]:
    """Return the kept documents of the runs that ended in the period, by run: those that the audit log names."""
    ended = (one.entry.detail for one in evidence.records if one.entry.action == Action.RUN_ENDED)
    named = {detail["run"]: detail["report"] for detail in ended if detail.get("report")}
    found: dict[str, bytes] = {}
    with database.reading(evidence.wanted.app) as unit:
        for run_id, wanted in named.items():
            kept = unit.runs.report_of(run_id)
            if kept and kept.document is not None and digest(kept.document) == wanted:
                found[run_id] = kept.document
    return found
