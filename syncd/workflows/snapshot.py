"""Take a snapshot of the source: every page, sealed, or an error. Nothing here changes the directory."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from syncd.core.listings import judge_listing, missing_sentinels
from syncd.ports import (
    Lease,
    LeaseLostError,
    Manifest,
    Resumed,
    SnapshotRefusedError,
    SourceFault,
    SourceIdentity,
    SourceUnhealthyError,
)
from syncd.workflows.desk import Desk

RESUMED_WITHIN: Final = timedelta(hours=1)
"""How long after its first page a walk is gone on with. Okta says nothing of how long its cursors live."""


def take_snapshot(desk: Desk, run_id: str, lease: Lease) -> Manifest:
    """Walk the listing into a snapshot and seal it.

    A walk that a run had begun when it died, with the same credential and not long ago, is gone on with: its versions
    are those from before its first page. Raises `SourceUnhealthyError` when it cannot be read completely or is not
    believed, and `LeaseLostError` when a later run took over; then the snapshot is void.
    """
    desk.announce("asking Okta whether the application is there, active and readable")
    identity = desk.source.preflight()
    with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
        unit.hold_lease(lease, desk.lease_lasts)
        last = unit.staging.last_sealed()
        resumed = None if desk.policy.sentinels else unit.staging.resume(run_id, identity, RESUMED_WITHIN)
        snapshot_id = resumed.snapshot_id if resumed else unit.staging.begin(run_id, identity)
    if resumed:
        desk.announce(f"going on behind page {resumed.pages}, where a run died with {resumed.rows} assignments read")
    try:
        rows, absent = _stage_pages(desk, Walk(snapshot_id, lease, last, resumed))
        _believe(desk, rows, absent, last, identity)
        with desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.hold_lease(lease, desk.lease_lasts)
            return unit.staging.seal(snapshot_id, identity)
    except BaseException as error:
        # Whoever was overtaken leaves the walk alone: it may have been taken up, or sealed.
        with suppress(LeaseLostError), desk.database.transaction(desk.app, desk.cause(run_id)) as unit:
            unit.hold_lease(lease, desk.lease_lasts)
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


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk: into which snapshot, under which lease, after which sealed one, and where it is gone on with."""

    snapshot_id: str
    lease: Lease
    last: Manifest | None
    resumed: Resumed | None = None


def _stage_pages(desk: Desk, walk: Walk) -> tuple[int, frozenset[str]]:
    """Stage every page; return how many rows there are, and which sentinels are not among them."""
    rows, absent = walk.resumed.rows if walk.resumed else 0, desk.policy.sentinels
    for page in desk.source.pages(walk.resumed.cursor if walk.resumed else None):
        with desk.database.transaction(desk.app, desk.cause()) as unit:
            unit.hold_lease(walk.lease, desk.lease_lasts)
            unit.staging.add_page(walk.snapshot_id, page)
        rows += len(page.rows)
        absent = missing_sentinels(page.rows, absent)
        desk.announce(f"page {page.number} read, {rows} assignments so far{_remaining(page.number, walk.last)}")
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
