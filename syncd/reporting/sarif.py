"""SARIF, for dashboards that collect findings of all kinds.

Each situation that is drift is a rule, each subject in it a result. A fingerprint is made of application, situation and
whom it is about, so the same drift is the same result from run to run. A waiver is a suppression that was accepted.
What is unknown is "open": there was not enough to decide.
Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from syncd.core.severity import SEVERITIES, Severity
from syncd.core.situations import EFFECTS, NO_DRIFT, TAXONOMY, Situation
from syncd.reporting.document import Document, findings_of, group_findings_of, provenance

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT: Final = "syncdSubject/v1"

LEVELS: Final = {
    Severity.CRITICAL.value: "error",
    Severity.HIGH.value: "error",
    Severity.MEDIUM.value: "warning",
    Severity.LOW.value: "note",
    Severity.INFO.value: "none",
}
"""SARIF's level of a severity (section 3.27.10)."""

_SCORES: Final = {
    Severity.CRITICAL.value: "9.5",
    Severity.HIGH.value: "8.0",
    Severity.MEDIUM.value: "5.5",
    Severity.LOW.value: "2.5",
    Severity.INFO.value: "0.0",
}
_RULES: Final = tuple(situation for situation in Situation if situation not in NO_DRIFT)
_PLACES: Final = {situation.value: position for position, situation in enumerate(_RULES)}


def as_sarif(document: Document) -> bytes:
    """Return the document as a SARIF log of one run, in JSON."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(document)]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _run(document: Document) -> dict[str, Any]:
    app, run = document["report"]["app"], document["run"]
    return {
        "tool": {"driver": {"name": "syncd", "rules": [_rule(situation) for situation in _RULES]}},
        "automationDetails": {"id": f"syncd/{app}/{run['id']}"},
        "invocations": [
            {
                "executionSuccessful": True,
                "startTimeUtc": run["started"],
                "endTimeUtc": document["made"],
                "exitCode": document["exitCode"],
                "exitCodeDescription": document["message"],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": list(_results(document)),
        "properties": dict(provenance(document)),
    }


def _rule(situation: Situation) -> dict[str, Any]:
    kind, severity = TAXONOMY[situation], SEVERITIES[situation].value
    effect = EFFECTS.get(situation)
    repair = f"What repairs it: {effect}." if effect else "Nothing repairs it but a person."
    return {
        "id": situation.value,
        "name": "".join(word.capitalize() for word in situation.value.split("-")),
        "shortDescription": {"text": kind.meaning},
        "fullDescription": {"text": f"{kind.code}: {kind.meaning}."},
        "help": {"text": f"{kind.code}: {kind.meaning}. {repair} Why it holds for one account: syncd explain USER."},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"security-severity": _SCORES[severity], "tags": ["identity", "access", severity]},
    }


def _results(document: Document) -> Iterator[dict[str, Any]]:
    app = document["report"]["app"]
    waivers = {one["waiver"]: one for one in document["waivers"]}
    for finding in (*findings_of(document), *group_findings_of(document)):
        if finding["situation"] in _PLACES:
            waived = finding["waiver"] and {"suppressions": [_suppression(waivers.get(finding["waiver"]))]}
            yield {**_result(app, finding), **(waived or {})}


def _result(app: str, finding: Mapping[str, Any]) -> dict[str, Any]:
    situation, name = finding["situation"], finding["userName"] or finding.get("name") or ""
    is_open = situation == Situation.UNKNOWN
    return {
        "ruleId": situation,
        "ruleIndex": _PLACES[situation],
        "kind": "open" if is_open else "fail",
        "level": "none" if is_open else LEVELS[finding["severity"]],
        "message": {"text": _plain(f"{name or 'Somebody'}: {finding['meaning']}. {finding['reason']}")},
        "locations": [{"logicalLocations": list(_places(app, finding, name))}],
        "partialFingerprints": {FINGERPRINT: _fingerprint(app, finding)},
        "properties": {"severity": finding["severity"], "oktaUserId": finding["oktaUserId"]},
    }


def _plain(text: str) -> str:
    """Return a text in which no name becomes a link: brackets mean one (section 3.11.6)."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _places(app: str, finding: Mapping[str, Any], name: str) -> Iterator[dict[str, str]]:
    """Yield where it is: the account or the person, and the group."""
    which = f"accounts/{finding['account']}" if finding["account"] else f"okta-users/{finding['oktaUserId']}"
    if finding["account"] or finding["oktaUserId"]:
        yield {"name": name, "fullyQualifiedName": f"{app}/{which}", "kind": "resource"}
    if "name" in finding:
        group = finding["group"] or finding["oktaGroup"]
        yield {"name": finding["name"], "fullyQualifiedName": f"{app}/groups/{group}", "kind": "resource"}


def _suppression(waiver: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the waiver as a suppression; one that has ended since is not there to be quoted."""
    if waiver is None:
        return {"kind": "external", "status": "underReview"}
    why = f"{waiver['reason']} ({waiver['ticket']}; {waiver['owner']}, approved by {waiver['approver']})"
    return {"kind": "external", "status": "accepted", "justification": f"{why}, until {waiver['expires']}"}


def _fingerprint(app: str, finding: Mapping[str, Any]) -> str:
    named = [finding.get(name) for name in ("situation", "account", "oktaUserId", "group", "oktaGroup")]
    return hashlib.sha256(json.dumps([app, *named]).encode()).hexdigest()
