"""What happened to one account or person, from everywhere where something of it is written down, in one order.

Each source is asked for its youngest entries, so that the youngest of all of them together are among these.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.changes import Action
from syncd.ports import AuditEvent, KeptEvent, KeptRun, LedgerItem, UnitOfWork

MOST_ENTRIES: Final = 50
MOST_PATHS: Final = 3
"""How many changed attributes a line names; of more it tells how many there are."""

_DECISIONS: Final = frozenset(
    {Action.ACCOUNT_MARKED, Action.ACCOUNT_UNMARKED, Action.WAIVER_GIVEN, Action.WAIVER_ENDED}
)


class Source(StrEnum):
    """Where an entry comes from.

    PUSH: a request of a SCIM client. RUN: what a run of the reconciler changed. PLAN: what one planned, and what became
    of it. DECISION: what a person decided. BY_HAND: any other change. OKTA_LOG: an event of Okta's System Log.
    """

    PUSH = "push"
    RUN = "run"
    PLAN = "plan"
    DECISION = "decision"
    BY_HAND = "by hand"
    OKTA_LOG = "okta log"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    `at` is by the clock of where it was written down: of an event of Okta's log Okta's, of plans and approvals the
    database's, of changes that of the machine they were made on. Nothing is decided by their order. `what` is its name,
    `by` who or what did it, `text` for people. `run_id` is the run's that it belongs to. `detail` is JSON: all that is
    known.
    """

    at: datetime
    source: Source
    what: str
    by: str
    text: str
    run_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the entry as JSON."""
        return {
            "at": timestamp(self.at),
            "source": self.source.value,
            "what": self.what,
            "by": self.by,
            "text": self.text,
            "run": self.run_id,
            "detail": dict(self.detail),
        }


def read_timeline(unit: UnitOfWork, account_ids: Iterable[str], okta_user_id: str | None) -> tuple[Entry, ...]:
    """Return the youngest entries about accounts, and about a person in Okta, youngest first.

    The accounts are named by their SCIM ids, and may be deleted by now. Of a person, what was planned where there was
    no account of theirs is told too.
    """
    ids = tuple(account_ids)
    entries = [_of_audit(event) for one in ids for event in unit.audit_trail(subject_id=one, limit=MOST_ENTRIES)]
    runs = [kept for one in ids for kept in unit.runs.about(one, MOST_ENTRIES)]
    if okta_user_id is not None:
        runs += unit.runs.about_person(okta_user_id, MOST_ENTRIES)
        entries += map(_of_log, unit.hints.events(okta_user_id, MOST_ENTRIES))
    # What made an account is about the account and about the person.
    planned = {(kept.record.run_id, item.position): (kept, item) for kept in runs for item in kept.items}
    entries += (_of_plan(kept, item) for kept, item in planned.values())
    entries += _of_decisions(unit, {kept.record.plan_digest for kept in runs} - {None})
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)[:MOST_ENTRIES])


def _of_audit(event: AuditEvent) -> Entry:
    if event.action in _DECISIONS:
        source = Source.DECISION
    elif event.run_id is not None:
        source = Source.RUN
    else:
        source = Source.BY_HAND if event.request_id is None else Source.PUSH
    detail = dict(event.detail) | ({"request": event.request_id} if event.request_id else {})
    return Entry(event.at, source, event.action, event.actor, _told(event.detail), event.run_id, detail)


def _told(detail: Mapping[str, Any]) -> str:
    """Return in one line what a change changed, or what was decided, and why."""
    before, after = detail.get("before", {}), detail.get("after", {})
    paths = sorted({*before, *after})
    changes = [f"{path}: {before.get(path)!r} -> {after.get(path)!r}" for path in paths[:MOST_PATHS]]
    beyond = [f"{len(paths) - MOST_PATHS} more"] if len(paths) > MOST_PATHS else []
    decided = [str(detail[name]) for name in ("mark", "waiver", "situation") if detail.get(name)]
    ends = [f"until {detail[name]}" for name in ("until", "expires") if detail.get(name)]
    whys = [str(detail[name]) for name in ("why", "reason") if detail.get(name)]
    return "; ".join((*changes, *beyond, *decided, *ends, *whys))


def _of_plan(kept: KeptRun, one: LedgerItem) -> Entry:
    record, item = kept.record, one.item
    became = one.outcome.value if one.outcome else "not carried out"
    said = [f"{item.situation}: {item.reason}", f"{became}: {one.reason}" if one.reason else became]
    said += [f"the plan was stopped: {kept.verdict}"] if kept.verdict not in {None, "allowed"} else []
    said += [item.waits] if item.waits and one.outcome is None else []
    return Entry(
        one.concluded or record.started,
        Source.PLAN,
        f"plan:{item.effect}",
        record.kind,
        "; ".join(said),
        record.run_id,
        {
            "plan": record.plan_digest,
            "item": item.as_json(),
            "outcome": one.outcome and one.outcome.value,
            "reason": one.reason,
            "verdict": kept.verdict,
            "approval": kept.approval,
        },
    )


def _of_decisions(unit: UnitOfWork, digests: set[str | None]) -> Iterator[Entry]:
    """Yield what was decided about these plans: approvals, and the beginning and the end of quarantines."""
    known = {digest for digest in digests if digest is not None}
    for given, one in unit.decisions.approvals(known) if known else ():
        detail = {"plan": one.digest, "approval": one.approval_id, "expires": timestamp(one.expires)}
        yield Entry(given, Source.DECISION, Action.PLAN_APPROVED, one.approver, one.reason, one.used_by, detail)
    for kept in unit.decisions.quarantines(ended=True) if known else ():
        if kept.digest in known:
            detail = {"plan": kept.digest, "quarantine": kept.quarantine_id}
            why = "; ".join(map(str, kept.objections))
            yield Entry(kept.since, Source.PLAN, Action.PLAN_QUARANTINED, "guard", why, kept.run_id, detail)
            if kept.ended is not None:
                # A person discards a plan; that it was released or passed is told by the run that carried it out.
                source = Source.DECISION if kept.outcome == "discarded" else Source.PLAN
                text, by = f"{kept.outcome}: {kept.reason}", kept.ended_by or ""
                yield Entry(kept.ended, source, Action.QUARANTINE_ENDED, by, text, None, detail)


def _of_log(event: KeptEvent) -> Entry:
    detail = {"uuid": event.uuid, "settled": timestamp(event.settled) if event.settled else None}
    text = (event.outcome or "outcome not kept") + ("" if event.settled else "; not dealt with yet")
    return Entry(event.published, Source.OKTA_LOG, event.event_type, event.actor or "", text, None, detail)
