"""CSV for spreadsheets, and for Vanta."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from syncd.core.spreadsheets import write_csv
from syncd.reporting.document import Document, checkpoint_of, findings_of, group_findings_of

COLUMNS: Final = (
    "record",
    "run",
    "situation",
    "severity",
    "count",
    "userName",
    "account",
    "active",
    "privileged",
    "oktaUserId",
    "group",
    "groupName",
    "since",
    "waiver",
    "reason",
    "app",
    "made",
    "snapshot",
    "sealed",
    "seal",
    "checkpoint",
    "policy",
    "unknown",
    "balance",
)
"""`record` is "report", "situation", "group-situation", "finding" or "group-finding". The last nine are of a report."""

VANTA_COLUMNS: Final = ("Account name", "Account owner", "Role", "Status")


def as_csv(document: Document) -> bytes:
    """Return a row for the report itself, one for each situation, and one for each finding, the worst first."""
    named = {"run": document["run"]["id"]}
    return _written(COLUMNS, ({**row, **named} for row in _rows(document)))


def as_vanta_csv(document: Document) -> bytes:
    """Return the accounts that are in the findings, in the columns of Vanta's access file.

    Account name and status (Active, Deactivated) are required there; the owner is an e-mail address in Vanta, or "No
    owner"; a role is text, and syncd knows none. Accounts that agree with Okta are counted in a report and not listed,
    so they are not in this file: it is what a reviewer has to decide, not the whole population. Source: Vanta Help
    Center, Access File Uploader (help.vanta.com, article 11345421).
    """
    accounts: dict[str, Mapping[str, Any]] = {}
    for finding in findings_of(document):
        if finding["account"] and finding["account"] not in accounts:
            accounts[finding["account"]] = {
                "Account name": finding["userName"],
                "Account owner": _owner(finding),
                "Status": "Active" if finding["active"] else "Deactivated",
            }
    return _written(VANTA_COLUMNS, accounts.values())


def _owner(finding: Mapping[str, Any]) -> str:
    """Return whose account it is: the address of the one person in Okta that it belongs to; else nobody is named."""
    named = finding["assignedTo"] or ""
    return named if "@" in named and finding["situation"] not in _DOUBTFUL else "No owner"


_DOUBTFUL: Final = {"disputed", "duplicate-source", "recycled-name", "unlinked"}


def _rows(document: Document) -> Iterable[Mapping[str, Any]]:
    report = document["report"]
    yield {
        "record": "report",
        "app": report["app"],
        "made": document["made"],
        "snapshot": report["snapshot"]["id"],
        **document["seal"],
        "seal": document["seal"]["digest"],
        "checkpoint": checkpoint_of(document),
        "policy": report["policy"],
        "unknown": document["unknown"],
        "balance": document["balance"]["line"],
        "count": document["balance"]["counted"],
        "reason": document["message"],
    }
    for row in document["situations"]:
        record = "situation" if row["of"] == "accounts" else "group-situation"
        yield {**row, "record": record, "reason": row["meaning"]}
    for finding in findings_of(document):
        yield {**finding, "record": "finding"}
    for finding in group_findings_of(document):
        yield {**finding, "record": "group-finding", "groupName": finding["name"]}


def _written(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    return write_csv(columns, ([row.get(column) for column in columns] for row in rows))
