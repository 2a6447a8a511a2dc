"""JSON: one document, or one object on a line."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from syncd.reporting.document import Document, findings_of, group_findings_of, in_json

_LINE = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def as_json(document: Document) -> bytes:
    """Return the whole document as `docs/drift-report.schema.json` has it."""
    return in_json(document)


def as_lines(document: Document) -> bytes:
    """Return the document as newline-delimited JSON.

    `record` says what a line is: first "report" with all that is no list, then "situation", "finding",
    "group-finding", "item" (of the plan), "outcome", "waiver" and "past-run". Each line names application and run.
    """
    named = {"app": document["report"]["app"], "run": document["run"]["id"]}
    written = io.BytesIO()  # of a hundred thousand lines, each kept by itself, the memory would be several times this
    written.writelines(orjson.dumps({**line, **named}, option=_LINE) for line in _lines(document))
    return written.getvalue()


def _lines(document: Document) -> Iterator[Mapping[str, Any]]:
    report = document["report"]
    groups = report["groups"]
    yield {
        "record": "report",
        **{name: document[name] for name in _OF_DOCUMENT},
        **{name: report[name] for name in ("snapshot", "accounts", "coveragePercent", "policy", "counts", "drifted")},
        "kind": document["run"]["kind"],
        "groups": {name: value for name, value in groups.items() if name != "findings"} if groups else None,
        "plan": {name: value for name, value in report["plan"].items() if name != "items"},
    }
    lists = {
        "situation": document["situations"],
        "finding": findings_of(document),
        "group-finding": group_findings_of(document),
        "item": report["plan"]["items"],
        "outcome": document["outcomes"],
        "waiver": document["waivers"],
    }
    for record, values in lists.items():
        yield from ({"record": record, **value} for value in values)
    yield from ({"record": "past-run", "past": past} for past in document["history"])


_OF_DOCUMENT = (
    "format",
    "made",
    "exitCode",
    "message",
    "seal",
    "checkpoint",
    "balance",
    "unknown",
    "leftOut",
    "freshness",
    "revocations",
)
