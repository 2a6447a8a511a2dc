"""Take a snapshot of the source: every page, sealed, or an error. Nothing here changes the directory."""

from syncd.core.guard import judge_listing, missing_sentinels
from syncd.ports import (
    Lease,
    Manifest,
    SnapshotRefusedError,
    SourceFault,
    SourceIdentity,
    SourceUnhealthyError,
)
from syncd.workflows.desk import Desk


def take_snapshot(desk: Desk, run_id: str, lease: Lease) -> Manifest:
    """Walk the listing into a snapshot and seal it.

    Raises `SourceUnhealthyError` when it cannot be read completely or is not believed, and `LeaseLostError` when a
    later run took over; then the snapshot is void.
    """
    desk.announce("asking Okta whether the application is there, active and readable")
    identity = desk.source.preflight()
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, desk.lease_lasts)
        last = unit.staging.last_sealed()
        snapshot_id = unit.staging.begin(run_id)
    try:
        rows, absent = _stage_pages(desk, snapshot_id, lease, last)
        _believe(desk, rows, absent, last, identity)
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.hold_lease(lease, desk.lease_lasts)
            return unit.staging.seal(snapshot_id, identity)
    except BaseException as error:
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.staging.void(snapshot_id, f"{type(error).__name__}: {error}")
        if isinstance(error, SnapshotRefusedError):
            raise unbelievable(str(error), identity) from error
        raise


def unbelievable(what: str, identity: SourceIdentity) -> SourceUnhealthyError:
    """Return the error that a listing, though it came, is not believed."""
    return SourceUnhealthyError(
        SourceFault.LISTING,
        what,
        where=f"the users of application {identity.okta_app_id} ({identity.app_label})",
        remedy="Nothing was changed. Look at the application's assignments in the Okta admin console, then run again",
    )


def _stage_pages(desk: Desk, snapshot_id: str, lease: Lease, last: Manifest | None) -> tuple[int, frozenset[str]]:
    """Stage every page; return how many rows there were, and which sentinels were not among them."""
    rows, absent = 0, desk.policy.sentinels
    for page in desk.source.pages():
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.hold_lease(lease, desk.lease_lasts)
            unit.staging.add_page(snapshot_id, page)
        rows += len(page.rows)
        absent = missing_sentinels(page.rows, absent)
        desk.announce(f"page {page.number} read, {rows} assignments so far{_remaining(page.number, last)}")
    return rows, absent


def _remaining(number: int, last: Manifest | None) -> str:
    """Return in words how many pages are left, by the last snapshot."""
    return f", about {last.pages - number} pages left" if last and last.pages > number else ""


def _believe(desk: Desk, rows: int, absent: frozenset[str], last: Manifest | None, identity: SourceIdentity) -> None:
    disbelief = judge_listing(rows, last.rows if last else None, desk.policy, desk.accepted_rows)
    if absent:
        disbelief = f"it does not hold {', '.join(sorted(absent))}, whom every listing has to hold (sentinels)"
    if disbelief:
        raise unbelievable(disbelief, identity)
