"""A drift report as evidence: one document, made once when its run ends, from which every format is rendered.

It carries what an auditor asks beside the findings: whether it adds up, how fresh it is, what runs before it found, how
long access stayed open after its end, who accepted what, and what could not be determined.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.checkpoints import Checkpoint
from syncd.core.consents import Waiver
from syncd.core.reports import DriftReport
from syncd.core.severity import SEVERITIES
from syncd.core.situations import MEANINGS, NO_DRIFT, TAXONOMY, Situation

FORMAT: Final = "syncd-drift-report/2"
REVOCATIONS_WITHIN: Final = timedelta(days=90)
"""How far back a report tells how long access stayed open."""

PAST_RUNS: Final = 30
"""How many runs the trend of a report has, its own included."""

_BUCKETS: Final = (
    ("up to 5 minutes", timedelta(minutes=5)),
    ("up to 1 hour", timedelta(hours=1)),
    ("up to 4 hours", timedelta(hours=4)),
    ("up to 24 hours", timedelta(hours=24)),
    ("up to 48 hours", timedelta(hours=48)),
    ("up to 7 days", timedelta(days=7)),
    ("longer", timedelta.max),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run ended that the report is of. `outcomes` and `moved` as `RunResult` has them, as JSON."""

    exit_code: int
    message: str
    outcomes: Sequence[Mapping[str, Any]] = ()
    moved: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run over everybody. `counts` are by situation, those of groups under "groups/..."; empty where it read nothing.

    `exit_code` is None where nobody saw how it ended.
    """

    run_id: str
    kind: str
    started: datetime
    ended: datetime | None
    exit_code: int | None
    counts: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the run as JSON; `drifted` is null where it read nothing."""
        drifted = sum(count for name, count in self.counts.items() if _situation_of(name) not in NO_DRIFT)
        return {
            "run": self.run_id,
            "kind": self.kind,
            "started": timestamp(self.started),
            "ended": timestamp(self.ended) if self.ended else None,
            "exitCode": self.exit_code,
            "drifted": drifted if self.counts else None,
        }


@dataclass(frozen=True, slots=True)
class Closure:
    """A deactivation that a run carried out. `since` is from when on Okta is known not to grant access, if it is."""

    since: datetime | None
    closed: datetime

    @property
    def open_for(self) -> timedelta | None:
        """How long access stayed open too long, as far as that is known; never less than nothing."""
        return None if self.since is None else max(timedelta(), self.closed - self.since)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside a report, at the moment it is made.

    `runs` are the runs over everybody, youngest first, its own in front. `freshness` is how long there may be between
    two complete listings, `sla` how long an account may stay open after its assignment ended; 0 when nobody asks.
    """

    made: datetime
    runs: Sequence[PastRun]
    closures: Sequence[Closure] = ()
    waivers: Sequence[Waiver] = ()
    checkpoint: Checkpoint | None = None
    freshness: timedelta = timedelta(0)
    sla: timedelta = timedelta(0)


def make_document(report: DriftReport, ending: Ending, around: Surroundings) -> dict[str, Any]:
    """Return the report as evidence. Raises `UnbalancedError` where it does not add up."""
    own = replace(around.runs[0], counts=report.tally(), exit_code=ending.exit_code)
    runs = (own, *around.runs[1:])
    return {
        "format": FORMAT,
        "run": {"id": report.run_id, "kind": own.kind, "started": timestamp(own.started)},
        "made": timestamp(around.made),
        "exitCode": ending.exit_code,
        "message": ending.message,
        "report": report.as_json(),
        "seal": _seal(report),
        "checkpoint": around.checkpoint.as_json() if around.checkpoint else None,
        "balance": report.balance.as_json(),
        "unknown": report.unknown,
        "leftOut": report.left_out,
        "situations": _situations(report),
        "freshness": _freshness(report, around),
        "history": [run.as_json() for run in reversed(runs)],
        "revocations": _revocations(around),
        "waivers": [_waiver(one) for one in around.waivers],
        "moved": list(ending.moved),
        "outcomes": [dict(outcome) for outcome in ending.outcomes],
    }


def no_document(exit_code: int, message: str) -> dict[str, Any]:
    """Return what a program is told where nothing could be said: the same format, without a report."""
    return {
        "format": FORMAT,
        "exitCode": exit_code,
        "message": message,
        "report": None,
        "moved": [],
        "outcomes": [],
    }


def _seal(report: DriftReport) -> dict[str, Any]:
    """Return when the snapshot was closed for good, and the digest that names it with all that its listing was."""
    listing = report.listing.as_json() if report.listing else {}
    told = {
        **listing,
        "app": report.app,
        "snapshot": report.snapshot_id,
        "rows": report.assignments,
        "started": timestamp(report.started),
        "sealed": timestamp(report.sealed),
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return {"sealed": told["sealed"], "digest": f"sha256:{digest}"}


def _situations(report: DriftReport) -> list[dict[str, Any]]:
    of_groups = report.groups.counts if report.groups else {}
    rows = [("accounts", report.counts), ("groups", of_groups)]
    return [
        {
            "of": of,
            "situation": situation.value,
            "code": TAXONOMY[situation].code,
            "meaning": MEANINGS[situation],
            "severity": SEVERITIES[situation].value,
            "drift": situation not in NO_DRIFT,
            "count": counts[situation],
        }
        for of, counts in rows
        for situation in Situation
        if counts.get(situation)
    ]


def _freshness(report: DriftReport, around: Surroundings) -> dict[str, Any]:
    """Return how old the listing was, and how long there was none before it.

    A run that could read Okta left counts in the ledger; when it ended stands for when its snapshot was sealed.
    """
    before = next((run.ended for run in around.runs[1:] if run.counts and run.ended), None)
    gap = max(timedelta(), report.sealed - before) if before else None
    return {
        "sealed": timestamp(report.sealed),
        "ageSeconds": _seconds(max(timedelta(), around.made - report.sealed)),
        "runBefore": timestamp(before) if before else None,
        "gapSeconds": None if gap is None else _seconds(gap),
        "allowedSeconds": _seconds(around.freshness),
        "late": bool(around.freshness and gap and gap > around.freshness),
    }


def _revocations(around: Surroundings) -> dict[str, Any]:
    """Return how long access stayed open after its end, of the deactivations that runs carried out lately."""
    known = sorted(one.open_for for one in around.closures if one.open_for is not None)
    edges = [timedelta(-1), *(edge for _, edge in _BUCKETS)]
    counts = [sum(low < one <= high for one in known) for low, high in pairwise(edges)]
    return {
        "withinDays": REVOCATIONS_WITHIN.days,
        "carriedOut": len(around.closures),
        "withoutBeginning": len(around.closures) - len(known),
        "histogram": [
            {
                "label": label,
                "upToSeconds": None if edge == timedelta.max else _seconds(edge),
                "count": count,
            }
            for (label, edge), count in zip(_BUCKETS, counts, strict=True)
        ],
        "medianSeconds": _seconds(known[(len(known) - 1) // 2]) if known else None,
        "longestSeconds": _seconds(known[-1]) if known else None,
        "allowedSeconds": _seconds(around.sla),
        "late": sum(one > around.sla for one in known) if around.sla else 0,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "waiver": waiver.waiver_id,
        "account": waiver.account_id,
        "situation": waiver.situation.value if waiver.situation else None,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "reason": waiver.reason,
        "ticket": waiver.ticket,
        "expires": timestamp(waiver.expires),
    }


def _situation_of(name: str) -> str:
    return name.removeprefix("groups/")


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
