"""Accounts and listings for tests of snapshots: each person has a number, and everything else follows from it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from scim.resource import StoredResource
from syncd.core.attributes import compared_attributes
from syncd.core.changes import Cause, Change
from syncd.core.subjects import Assignment, Origin
from syncd.ports import AssignmentPage, Manifest, SourceIdentity, UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP

CAUSE = Cause("test")
IDENTITY = SourceIdentity("0oaacme0000000000001", "Acme", "credential", "filter")


def okta_id(number: int) -> str:
    return f"00u{number}"


def document(number: int, **changes: Any) -> dict[str, Any]:
    """Return the person's user as Okta pushes it; attributes that are changed to None are left out."""
    told = {
        "userName": f"Person{number}@example.com",
        "externalId": okta_id(number),
        "name": {"givenName": "Pat"},
        "active": True,
    }
    return {name: value for name, value in (told | changes).items() if value is not None}


def create(unit: UnitOfWork, number: int, origin: Origin = Origin.SCIM, **changes: Any) -> StoredResource:
    """Make the person's account."""
    created = unit.record(Change("User", None, document(number, **changes), origin=origin))
    assert created is not None
    return created


def assignment(number: int, account_id: str | None = None, **changes: Any) -> Assignment:
    """Return the row of Okta's listing that agrees with `document(number)`, except for the changes."""
    row = Assignment(
        okta_user_id=okta_id(number),
        user_name=f"person{number}@example.com",
        external_id=account_id,
        app_status="ACTIVE",
        user_status="ACTIVE",
        scope="USER",
        sync_state="SYNCHRONIZED",
        attributes=compared_attributes(document(number)),
    )
    return replace(row, **changes)


def stage(unit: UnitOfWork, snapshot_id: str, *pages: Sequence[Assignment]) -> None:
    for number, rows in enumerate(pages, 1):
        unit.staging.add_page(snapshot_id, AssignmentPage(number, tuple(rows)))


def snapshot_of(database: SqlDatabase, rows: Iterable[Assignment], app: str = APP) -> Manifest:
    """Take a snapshot with these rows on one page, and seal it."""
    with database.transaction(app, CAUSE) as unit:
        run_id = unit.runs.begin("drift-report", None)
        snapshot_id = unit.staging.begin(run_id)
        stage(unit, snapshot_id, tuple(rows))
        manifest = unit.staging.seal(snapshot_id, IDENTITY)
        unit.runs.end(run_id, 0, {})
        return manifest
