"""What every format has to say of a document, whatever it looks like."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from syncd.core.balance import Balance, UnbalancedError
from syncd.core.severity import Severity

Document = Mapping[str, Any]
"""A report as `docs/drift-report.schema.json` has it, with a report in it."""

NO_CHECKPOINT: Final = (
    "none: the audit trail was in no tamper-evident log when this was made, so nothing outside of the database vouches "
    "for it"
)

_ORDER: Final = {severity.value: position for position, severity in enumerate(Severity)}


def check(document: Document) -> None:
    """Find that every subject is in exactly one situation. Raises `UnbalancedError`."""
    told, report = document["balance"], document["report"]
    counted = sum(report["counts"].values())
    balance = Balance(report["snapshot"]["rows"], report["accounts"], told["linkedAccounts"], counted)
    if balance.as_json() != told:
        raise UnbalancedError("the report does not balance: its line says something else than its counts")
    unlisted = [row["count"] for row in document["situations"] if row["of"] == "accounts"]
    if sum(unlisted) != counted:
        raise UnbalancedError("the report does not balance: its list of situations says something else than its counts")


def in_json(document: Document) -> bytes:
    """Return the document as a JSON file: UTF-8, indented, keys in order, a line break at its end."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def digest_of(document: Document) -> str:
    """Return the SHA-256 of the JSON file in hex: what `sha256sum report.json` says."""
    return hashlib.sha256(in_json(document)).hexdigest()


def checkpoint_of(document: Document) -> str:
    """Return the checkpoint in words."""
    found = document["checkpoint"]
    return f"{found['origin']}, {found['size']} entries, root {found['root']}" if found else NO_CHECKPOINT


def provenance(document: Document) -> Iterator[tuple[str, str]]:
    """Yield name and value of what says where the report comes from: the same in every format."""
    report = document["report"]
    yield "application", report["app"]
    yield "run", f"{document['run']['id']} ({document['run']['kind']})"
    yield "made", document["made"]
    yield "snapshot", report["snapshot"]["id"]
    yield "sealed", document["seal"]["sealed"]
    yield "seal", document["seal"]["digest"]
    yield "checkpoint", checkpoint_of(document)
    yield "policy", report["policy"]
    yield "unknown", str(document["unknown"])
    yield "balance", document["balance"]["line"]


def findings_of(document: Document) -> list[Mapping[str, Any]]:
    """Return the findings about accounts, the worst first, then by situation and user name."""
    return sorted(document["report"]["findings"], key=_place)


def group_findings_of(document: Document) -> list[Mapping[str, Any]]:
    """Return the findings about groups and memberships, the worst first."""
    groups = document["report"]["groups"]
    return sorted(groups["findings"], key=_place) if groups else []


def _place(finding: Mapping[str, Any]) -> tuple[int, str, str, str, str, str]:
    names = ("situation", "name", "userName", "account", "oktaUserId")
    first, second, third, fourth, fifth = (finding.get(name) or "" for name in names)
    return (_ORDER[finding["severity"]], first, second, third, fourth, fifth)
