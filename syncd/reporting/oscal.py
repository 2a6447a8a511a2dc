"""OSCAL assessment results, for tools of governance and compliance.

The run is a result, what was counted and each subject in drift an observation, a waiver and a late revocation a risk,
what a control is judged by a finding. "Satisfied" is said of what this run looked at, and of nothing else. Ids are made
of the run and the content (UUID version 5, RFC 9562), so the same document is the same bytes.
Source: NIST, OSCAL 1.2.1, assessment results model.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

import orjson

from syncd.core.severity import Severity
from syncd.core.situations import NO_DRIFT, Situation
from syncd.reporting.document import Document, digest_of, findings_of, group_findings_of, provenance
from syncd.reporting.references import broken_references

OSCAL_VERSION: Final = "1.2.1"
NAMESPACE: Final = "urn:syncd:oscal"
"""Of our properties, which are not NIST's."""

_IDS: Final = UUID("5a4d2a64-1f0b-5c0e-9f53-6f1d9a0f7c21")

_OPEN_AFTER_THE_END: Final = frozenset(
    {
        Situation.ORPHAN_UNASSIGNED.value,
        Situation.ORPHAN_GONE.value,
        Situation.ZOMBIE_DEPROVISIONED.value,
        Situation.ZOMBIE_SUSPENDED.value,
        Situation.PROTECTED_DRIFT.value,
    }
)

CONTROLS: Final[Mapping[str, tuple[str, frozenset[str] | None]]] = {
    "ac-2": ("Account management: accounts are those that Okta's assignments ask for", None),
    "ac-2.3": ("Disable accounts: nobody keeps access whose assignment has ended", _OPEN_AFTER_THE_END),
}
"""Controls of NIST SP 800-53 revision 5, what a run says of each, and by which situations; None for every drift."""

_PLAN: Final = (
    "The standing plan: every run reads all assignments of the application from Okta, seals that listing, holds every "
    "account against it, asks Okta about each account that the listing misses, and counts every subject in exactly one "
    "situation. It rests on the policy whose digest is among the properties of the result."
)


class BrokenReferencesError(Exception):
    """What was made does not hold together; that is a bug."""


def as_oscal(document: Document) -> bytes:
    """Return the document as OSCAL assessment results in JSON. Raises `BrokenReferencesError`."""
    made = _Results(document).all()
    broken = broken_references(made)
    if broken:
        raise BrokenReferencesError("; ".join(broken[:10]))
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


class _Results:
    """One document on its way to OSCAL."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._report = document["report"]
        self._run = uuid5(_IDS, f"{self._report['app']}/{document['run']['id']}")
        self._plan = self._id("plan")
        self._evidence = self._id("document")
        self._findings = [
            one
            for one in (*findings_of(document), *group_findings_of(document))
            if one["situation"] not in NO_DRIFT and one["severity"] != Severity.INFO
        ]
        self._exceptions = [self._exception(position, one) for position, one in enumerate(self._findings)]

    def all(self) -> dict[str, Any]:
        """Return the whole model."""
        return {
            "assessment-results": {
                "uuid": self._id("assessment-results"),
                "metadata": {
                    "title": f"Drift report of {_line(self._report['app'])}",
                    "last-modified": self._document["made"],
                    "version": "1",
                    "oscal-version": OSCAL_VERSION,
                },
                "import-ap": {"href": f"#{self._plan}"},
                "results": [self._result()],
                "back-matter": {"resources": self._resources()},
            }
        }

    def _result(self) -> dict[str, Any]:
        population = self._population()
        risks = self._risks()
        return {
            "uuid": self._id("result"),
            "title": f"Run {_line(self._document['run']['id'])}",
            "description": self._document["message"],
            "start": self._document["run"]["started"],
            "end": self._document["made"],
            "props": [_prop(name, value) for name, value in self._properties()],
            "reviewed-controls": {
                "control-selections": [{"include-controls": [{"control-id": control} for control in CONTROLS]}]
            },
            "observations": [population, *self._exceptions],
            **({"risks": risks} if risks else {}),
            "findings": [self._finding(control, population["uuid"]) for control in CONTROLS],
        }

    def _properties(self) -> Iterator[tuple[str, str]]:
        yield from provenance(self._document)
        yield "coverage-percent", str(self._report["coveragePercent"])
        yield "freshness", "late" if self._document["freshness"]["late"] else "in time"
        if checkpoint := self._document["checkpoint"]:
            yield from ((f"checkpoint-{name}", str(value)) for name, value in checkpoint.items())

    def _population(self) -> dict[str, Any]:
        """Return the observation of everybody: how many there are, and how many in each situation."""
        rows = self._document["situations"]
        return {
            "uuid": self._id("population"),
            "title": "Population",
            "description": self._document["balance"]["line"],
            "props": [_prop(f"{row['of']}-{row['situation']}", str(row["count"])) for row in rows],
            "methods": ["TEST"],
            "types": ["control-objective"],
            "relevant-evidence": [self._from_document()],
            "collected": self._document["seal"]["sealed"],
        }

    def _exception(self, position: int, finding: Mapping[str, Any]) -> dict[str, Any]:
        """Return the observation of one subject, group or membership in drift."""
        named = {name: finding.get(name) for name in ("account", "oktaUserId", "group", "waiver")}
        return {
            "uuid": self._id("exception", position, finding),
            "title": f"{finding['situation']}: {_line(finding.get('name') or finding['userName'] or 'somebody')}",
            "description": f"{finding['meaning']}. {finding['reason']}",
            "props": [
                _prop("situation", finding["situation"]),
                _prop("severity", finding["severity"]),
                *(_prop(name, str(value)) for name, value in named.items() if value),
            ],
            "methods": ["TEST"],
            "types": ["finding"],
            "relevant-evidence": [self._from_document()],
            "collected": self._document["seal"]["sealed"],
        }

    def _risks(self) -> list[dict[str, Any]]:
        """Return the waivers in force, and that access stayed open for too long, where it did."""
        accepted: dict[str, list[str]] = {}
        for finding, exception in zip(self._findings, self._exceptions, strict=True):
            accepted.setdefault(finding["waiver"] or "", []).append(exception["uuid"])
        risks = [self._waived(one, accepted.get(one["waiver"], [])) for one in self._document["waivers"]]
        told = self._document["revocations"]
        if told["late"]:
            statement = (
                f"{told['late']} of {told['carriedOut']} deactivations by runs in the last {told['withinDays']} days "
                f"came more than {told['allowedSeconds']} seconds after the end of the assignment; the longest took "
                f"{told['longestSeconds']} seconds."
            )
            risks.append(_risk(self._id("late"), "Access was taken away too late", statement, "open"))
        return risks

    def _waived(self, waiver: Mapping[str, Any], observations: list[str]) -> dict[str, Any]:
        statement = (
            f"{waiver['owner']} accepts {waiver['situation'] or 'any drift'} of account {waiver['account']}, approved "
            f"by {waiver['approver']} ({waiver['ticket']}): {waiver['reason']}"
        )
        risk = _risk(self._id("waiver", waiver["waiver"]), "A drift is accepted", statement, "deviation-approved")
        risk["deadline"] = waiver["expires"]
        if observations:
            risk["related-observations"] = [{"observation-uuid": one} for one in observations]
        return risk

    def _finding(self, control: str, population: str) -> dict[str, Any]:
        """Return what is said of a control. What nobody knows is not satisfied."""
        title, situations = CONTROLS[control]
        against = [
            exception["uuid"]
            for finding, exception in zip(self._findings, self._exceptions, strict=True)
            if (situations is None or finding["situation"] in situations) and not finding["waiver"]
        ]
        doubtful = self._document["unknown"] or self._document["leftOut"] or self._document["freshness"]["late"]
        reason = "fail" if against else "other" if doubtful else "pass"
        state = "satisfied" if reason == "pass" else "not-satisfied"
        remarks = "It is said of what this run looked at, at that moment." + (
            f" Undetermined: {self._document['unknown']}." if doubtful else ""
        )
        return {
            "uuid": self._id("finding", control),
            "title": title,
            "description": f"{len(against)} exceptions that nobody has accepted. {self._document['balance']['line']}",
            "target": {
                "type": "objective-id",
                "target-id": f"{control}_obj",
                "status": {"state": state, "reason": reason, "remarks": remarks},
            },
            "related-observations": [{"observation-uuid": one} for one in (population, *against)],
        }

    def _resources(self) -> list[dict[str, Any]]:
        run = _line(self._document["run"]["id"])
        return [
            {"uuid": self._plan, "title": "Standing assessment plan of syncd", "description": _PLAN},
            {
                "uuid": self._evidence,
                "title": "The drift report that this is made from",
                "description": "What syncd drift-report --from-run prints as JSON; keep it beside this file.",
                "rlinks": [
                    {
                        "href": f"drift-report-{run}.json",
                        "media-type": "application/json",
                        "hashes": [{"algorithm": "SHA-256", "value": digest_of(self._document)}],
                    }
                ],
            },
        ]

    def _from_document(self) -> dict[str, str]:
        return {"href": f"#{self._evidence}", "description": "the drift report as JSON"}

    def _id(self, kind: str, *parts: object) -> str:
        return str(uuid5(self._run, json.dumps([kind, *parts], sort_keys=True)))


def _risk(uuid: str, title: str, statement: str, status: str) -> dict[str, Any]:
    return {"uuid": uuid, "title": title, "description": title, "statement": statement, "status": status}


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": _line(value)}


def _line(text: str) -> str:
    """Return a text as OSCAL has a string: on one line, not empty, no white space around it."""
    return " ".join(str(text).split()) or "-"
