"""The tables of a pack: one function a file, evidence to CSV. Times are UTC."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.audit_log import Record
from syncd.core.changes import Action
from syncd.core.controls import SUPPORTS, Mapped
from syncd.core.movements import REASONS, Case, Movement, Outcome
from syncd.core.sampling import rank
from syncd.core.spreadsheets import write_csv
from syncd.workflows.collect_evidence import Evidence, policies_of
from syncd.workflows.log_records import Entry

POPULATION_COLUMNS: Final = (
    *("row", "movement", "outcome", "reason", "breach", "oktaUserId", "account", "userName"),
    *(
        "t0",
        "t0Event",
        "t0Uuid",
        "t0Actor",
        "t1",
        "t1Event",
        "t1Uuid",
        "t2Request",
        "t3",
        "t4Entry",
        "t4Checkpoint",
        "t4",
    ),
    *("source", "actor", "run", "elapsedSeconds", "slaSeconds", "events"),
)

DECISIONS: Final = frozenset(
    {
        f"log:{Record.KEY_ROTATED}",
        f"log:{Record.EPOCH}",
        Action.AUDIT_ERASED,
        Action.RUN_OVERRIDDEN,
        Action.PLAN_APPROVED,
        Action.APPROVAL_USED,
        Action.PLAN_QUARANTINED,
        Action.QUARANTINE_ENDED,
        Action.WAIVER_GIVEN,
        Action.WAIVER_ENDED,
        Action.ACCOUNT_MARKED,
        Action.ACCOUNT_UNMARKED,
        Action.TOKEN_CREATED,
        Action.TOKEN_REVOKED,
        Action.EVIDENCE_PACKED,
    }
)
"""What people decided beside the rules, and the keys and tokens that they made: the table of decisions has these."""


def row_id(case: Case) -> str:
    """Return what names a row of the population, and what a sample is drawn by."""
    return f"{case.movement.value}:{case.okta_user_id}:{case.first.uuid}"


def population(evidence: Evidence) -> bytes:
    """Return a row for each movement of the period, by t0."""
    return write_csv(POPULATION_COLUMNS, (_population_row(evidence, case) for case in evidence.population.cases))


def _population_row(evidence: Evidence, case: Case) -> list[object]:
    effect, wanted = case.effect, evidence.wanted
    sla = wanted.slas[case.movement]
    row: dict[str, object] = {
        "row": row_id(case),
        "movement": case.movement.value,
        "outcome": case.outcome.value,
        "reason": REASONS[case.outcome],
        "breach": case.breaches(sla, wanted.now),
        "oktaUserId": case.okta_user_id,
        "account": case.account_id,
        "userName": case.user_name,
        "t0": case.first.published,
        "t0Event": case.first.event_type,
        "t0Uuid": case.first.uuid,
        "t0Actor": case.first.actor,
        "t1": case.assignment.published,
        "t1Event": case.assignment.event_type,
        "t1Uuid": case.assignment.uuid,
        "slaSeconds": _seconds(sla),
        "events": " ".join(event.uuid for event in case.events),
    }
    if effect:
        sealed = evidence.sealed_by.get(effect.entry)
        row |= {
            "t2Request": effect.request_id,
            "t3": effect.at,
            "t4Entry": effect.entry,
            "t4Checkpoint": sealed.size if sealed else None,
            "t4": sealed.signed if sealed else None,
            "source": effect.source.value,
            "actor": effect.actor,
            "run": effect.run_id,
            "elapsedSeconds": _seconds(effect.at - case.first.published),
        }
    return [row.get(column) for column in POPULATION_COLUMNS]


def unmatched(evidence: Evidence) -> bytes:
    """Return what is on one side only: movements without an effect, and effects without an event, with the reason."""
    columns = ("side", "row", "at", "what", "account", "userName", "oktaUserId", "entry", "source", "actor", "reason")
    of_okta = [
        *(
            (
                "okta",
                row_id(one),
                one.first.published,
                one.first.event_type,
                one.account_id,
                one.user_name,
                one.okta_user_id,
                None,
                None,
                one.first.actor,
                REASONS[one.outcome],
            )
            for one in evidence.population.cases
            if one.outcome is not Outcome.MATCHED
        )
    ]
    of_here = [
        (
            "here",
            None,
            one.at,
            one.action,
            one.account_id,
            one.user_name,
            one.okta_user_id,
            one.entry,
            one.source.value,
            one.actor,
            why,
        )
        for one, why in evidence.population.unexplained
    ]
    return write_csv(columns, [*of_okta, *of_here])


def sample(evidence: Evidence, drawn: Mapping[Movement, Sequence[str]], seed: str) -> bytes:
    """Return the rows that were drawn, in the order in which they were."""
    by_id = {row_id(case): case for case in evidence.population.cases}
    rows = (
        (movement.value, number, one, rank(seed, one), _entry_of(by_id[one]), by_id[one].user_name)
        for movement, ids in drawn.items()
        for number, one in enumerate(ids, 1)
    )
    return write_csv(("movement", "number", "row", "rank", "entry", "userName"), rows)


def runs(evidence: Evidence) -> bytes:
    """Return every run of the period."""
    started = {
        one.entry.detail.get("run"): one.entry.actor
        for one in evidence.records
        if one.entry.action == Action.RUN_STARTED
    }
    policies = policies_of(evidence.records)
    columns = ("run", "kind", "startedBy", "started", "ended", "state", "exitCode", "plan", "policy", "counts")
    rows = (
        (
            one.run_id,
            one.kind,
            started.get(one.run_id),
            one.started,
            one.ended,
            one.state,
            one.exit_code,
            one.plan_digest,
            policies.get(one.run_id),
            json.dumps(dict(one.counts), sort_keys=True),
        )
        for one in evidence.runs
    )
    return write_csv(columns, rows)


def schedule(evidence: Evidence) -> bytes:
    """Return each moment at which a run was due, and the run that answered it."""
    rows = (
        (one.due, one.kept.value)
        + ((one.run.run_id, one.run.started, _seconds(one.delay), one.run.exit_code) if one.run else (None,) * 4)
        for one in evidence.schedule
    )
    return write_csv(("due", "kept", "run", "started", "delaySeconds", "exitCode"), rows)


def quarantines(evidence: Evidence) -> bytes:
    """Return the plans that were in quarantine in the period, and who let them out."""
    columns = ("quarantine", "plan", "run", "runs", "since", "objections", "ended", "endedBy", "outcome", "reason")
    rows = (
        (
            one.quarantine_id,
            one.digest,
            one.run_id,
            one.runs,
            one.since,
            "; ".join(map(str, one.objections)),
            one.ended,
            one.ended_by,
            one.outcome,
            one.reason,
        )
        for one in evidence.quarantines
    )
    return write_csv(columns, rows)


def decisions(evidence: Evidence) -> bytes:
    """Return what people decided beside the rules."""
    entries = (one.entry for one in evidence.records if one.entry.action in DECISIONS)
    return write_csv(_ENTRY_COLUMNS, map(_entry_row, entries))


def configuration_history(evidence: Evidence) -> bytes:
    """Return with which policy each run was made, and whether it is another one than that of the run before."""
    rows: list[tuple[object, ...]] = []
    before: object = None
    for entry in (one.entry for one in evidence.records if one.entry.action == Action.RUN_STARTED):
        policy = entry.detail.get("policy")
        changed = "first" if not rows else "yes" if policy != before else "no"
        rows.append((entry.at, entry.seq, entry.detail.get("run"), policy, changed))
        before = policy
    return write_csv(("at", "entry", "run", "policy", "changed"), rows)


def controls(mapping: Iterable[Mapped], counts: Mapping[str, int]) -> bytes:
    """Return each kind of record with the controls that it supports, and how many there are in this pack."""
    rows = (
        (kind, counts.get(kind, 0), one.shows, SUPPORTS, framework, control)
        for one in mapping
        for kind in one.records
        for framework, ids in one.controls.items()
        for control in ids
    )
    return write_csv(("record", "count", "shows", "relation", "framework", "control"), rows)


_ENTRY_COLUMNS: Final = ("at", "entry", "action", "actor", "subject", "name", "run", "detail")


def _entry_row(entry: Entry) -> tuple[object, ...]:
    detail = json.dumps(dict(entry.detail), sort_keys=True, ensure_ascii=False)
    return (
        *(entry.at, entry.seq, entry.action, entry.actor, entry.subject_id, entry.subject_name, entry.run_id),
        detail,
    )


def _entry_of(case: Case) -> int | None:
    return case.effect.entry if case.effect else None


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


def event_line(evidence: Evidence, event: Any) -> dict[str, Any]:
    """Return an event of the System Log as a line of JSON, with its place in the evidence."""
    return {
        "uuid": event.uuid,
        "published": timestamp(event.published),
        "eventType": event.event_type,
        "succeeded": event.succeeded,
        "actor": event.actor,
        "users": list(event.user_ids),
        "apps": list(event.app_ids),
        "groups": list(event.group_ids),
        "place": evidence.population.places[event.uuid].value,
    }
