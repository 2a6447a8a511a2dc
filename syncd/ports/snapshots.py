"""Snapshots of the source, and what they say beside the accounts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from syncd.core.subjects import Subject
from syncd.ports.source import AssignmentPage, SourceIdentity


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a sealed snapshot is: evidence, and the yardstick for the next one. Times by the database's clock."""

    snapshot_id: str
    identity: SourceIdentity
    pages: int
    rows: int
    started: datetime
    sealed: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sealed snapshot held against the accounts as they are now.

    `in_sync` subjects are counted and not listed: linked by every key that is set, both sides active, attribute digests
    equal. Inactive accounts without an assignment are counted in `closed`: nothing is expected of them. All other
    subjects are in `differing`, ordered by account id, then Okta user id; conservation: `in_sync`, `closed` and
    `differing` together cover every assignment and every account. `managed_active` is the number of active accounts of
    origin scim, `without_external_id` of those in sync for which Okta holds no SCIM id (0 where there are some beyond),
    `unlisted` of all accounts to which no assignment points.

    Where no more than so many subjects were wanted, `foreign_beyond` counts the active accounts of another origin
    without an assignment that are not in `differing`, and `beyond` all others that are not. With any beyond, nothing
    may follow from `differing`: who is missing there may dispute what is there.
    """

    assignments: int
    accounts: int
    managed_active: int
    in_sync: int
    closed: int
    differing: tuple[Subject, ...]
    without_external_id: int = 0
    beyond: int = 0
    foreign_beyond: int = 0
    unlisted: int = 0


@dataclass(frozen=True, slots=True)
class Resumed:
    """An unsealed snapshot that another run takes up: what is staged, and the cursor behind the last page of it.

    `started` is when the walk began, by the database's clock: so old are its walk versions.
    """

    snapshot_id: str
    pages: int
    rows: int
    cursor: str
    started: datetime


class Staging(Protocol):
    """Snapshots of the source, staged page by page."""

    def begin(self, run_id: str, identity: SourceIdentity | None = None) -> str:
        """Open a snapshot and return its id. Copies the version of every account: those are the walk versions.

        Without an identity nobody can take the snapshot up later.
        """

    def resume(self, run_id: str, identity: SourceIdentity, max_age: timedelta) -> Resumed | None:
        """Let the run take up the youngest unsealed snapshot whose own run has ended, or return None.

        It was begun with the same identity, no longer than `max_age` ago by the database's clock, and its last page
        came with a cursor. Its walk versions stay those from before its first page.
        """

    def add_page(self, snapshot_id: str, page: AssignmentPage) -> None:
        """Stage one page with its cursor. Raises `SnapshotRefusedError` when an Okta user id was staged before."""

    def seal(self, snapshot_id: str, identity: SourceIdentity) -> Manifest:
        """Close the snapshot for good and return its manifest; from now on it may be compared.

        Brings the absences up to date: an account that no row belongs to has been missing in one more sealed
        snapshot, one that is listed again no longer is. Brings the disputes up to date: see `claimants`. Raises
        `SnapshotRefusedError` when it holds no page, or was begun with another identity.
        """

    def void(self, snapshot_id: str, reason: str) -> None:
        """Mark an unsealed snapshot as useless and drop its rows."""

    def last_sealed(self) -> Manifest | None:
        """Return the manifest of the youngest sealed snapshot of this application, or None."""

    def tombstones(self, okta_user_ids: Sequence[str]) -> dict[str, str]:
        """Return the SCIM id of the account that was deleted here, youngest first, for those of these that had one."""

    def listed(self, keys: Collection[str]) -> tuple[Subject, ...]:
        """Return the assignments of the last sealed snapshot that one of these names, each with its candidates.

        Their Okta user id does, the SCIM id that Okta holds of them, and their user name, in any case. Candidates
        by the work address, and tombstones, are not looked for. Empty before the first snapshot.
        """

    def buried(self, key: str) -> dict[str, str]:
        """Return the SCIM ids of accounts that were deleted here, by the Okta user id that they carried.

        Those which had that SCIM id, Okta user id, or user name in any case; the youngest of each person.
        """

    def claimants(self, account_ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return by SCIM id the Okta user ids of the others that these accounts were said to belong to.

        That is whoever a sealed snapshot lists with the SCIM id of an account that carries the Okta user id of another,
        and whose Okta user id the account carried before. It is so until a sealed snapshot has their row point to
        another account, or the account carries their id.
        """

    def is_disputed(self, account_id: str) -> bool:
        """Return whether the account has a claimant who is not settled."""

    def settle(self, okta_user_ids: Iterable[str]) -> None:
        """Write down that Okta says that these claimants have no access. It holds until they are listed again."""

    def managed_active(self) -> int:
        """Return how many active accounts of origin scim there are."""

    def compare(self, snapshot_id: str, most: int | None = None, also: Collection[str] = ()) -> Comparison:
        """Hold the snapshot against the accounts. Raises `SnapshotRefusedError` when it is not sealed.

        Assignments that are named in `also`, by their Okta user id, or by the SCIM id of an account that carries it or
        that Okta holds of them, are among the differing subjects though they agree.

        With `most`, at most so many subjects are in the comparison, and the others are counted: first come active
        accounts of origin scim without an assignment, then assignments, then active accounts of another origin.
        """
